package fn

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// timeFormatFunctions are to_char of dates, timestamps and intervals.
func timeFormatFunctions() []overload {
	const txt = types.Text
	return []overload{
		{name: "to_char", args: []types.Kind{types.Timestamp, txt}, result: txt, kernel: try2(func(us int64, f string) (string, error) {
			return formatTime(f, newTimeParts(us, nil))
		})},
		{name: "to_char", args: []types.Kind{types.TimestampTZ, txt}, result: txt, vol: Stable, kernel: withContext(func(ctx *Context) (Kernel, error) {
			loc, err := types.Zone(ctx.ZoneName)
			return try2(func(us int64, f string) (string, error) { return formatTime(f, newTimeParts(us, loc)) }), err
		})},
		{name: "to_char", args: []types.Kind{types.Interval, txt}, result: txt, kernel: try2(func(v types.IntervalValue, f string) (string, error) {
			return formatTime(f, intervalParts(v))
		})},
	}
}

// timeParts is what the patterns of to_char show.
type timeParts struct {
	types.Civil
	days         int64
	us           int64 // of the day; of an interval, all
	offset       int64
	zone         string
	interval     bool
	hour, minute int64
	second       int64
}

// newTimeParts splits a timestamp, or with a zone an instant.
func newTimeParts(us int64, loc *time.Location) timeParts {
	var p timeParts
	if loc != nil {
		p.offset = types.OffsetAt(loc, us)
		p.zone, _ = time.UnixMicro(us).In(loc).Zone()
		us += p.offset * types.MicrosPerSecond
	}
	p.days, p.us = types.SplitMicros(us)
	p.Civil = types.CivilFromDays(p.days)
	p.setClock()
	return p
}

func intervalParts(v types.IntervalValue) timeParts {
	p := timeParts{interval: true, us: v.Micros}
	p.Civil = types.Civil{Year: int(v.Months / 12), Month: int(v.Months % 12), Day: int(v.Days)}
	p.setClock()
	return p
}

func (p *timeParts) setClock() {
	p.hour, p.minute, p.second = p.us/types.MicrosPerHour, p.us/types.MicrosPerMinute%60, p.us/types.MicrosPerSecond%60
}

// timePattern is a template pattern and its text for a time.
type timePattern struct {
	name string
	// width is that of the number with its leading zeros, 0 for text.
	width int
	value func(p *timeParts) int64
	text  func(p *timeParts) string
}

// timePatterns are matched in order, longer before shorter.
var timePatterns = buildTimePatterns()

func buildTimePatterns() []timePattern {
	num := func(name string, width int, f func(p *timeParts) int64) timePattern {
		return timePattern{name: name, width: width, value: f}
	}
	text := func(name string, f func(p *timeParts) string) timePattern { return timePattern{name: name, text: f} }
	year := func(p *timeParts) int64 {
		if p.Year <= 0 && !p.interval {
			return int64(1 - p.Year)
		}
		return int64(p.Year)
	}
	isoYear := func(p *timeParts) int64 { y, _ := types.ISOWeek(p.days); return int64(y) }
	hour12 := func(p *timeParts) int64 { return (p.hour+11)%12 + 1 }
	micros := func(div int64) func(p *timeParts) int64 {
		return func(p *timeParts) int64 { return p.us % types.MicrosPerSecond / div }
	}
	name := func(names []string, i func(p *timeParts) int, short bool, style func(string) string) func(p *timeParts) string {
		return func(p *timeParts) string {
			n := i(p)
			if n < 0 || n >= len(names) {
				return ""
			}
			s := names[n]
			if short {
				s = s[:3]
			} else {
				s += strings.Repeat(" ", 9-len(s)) // padded unless FM
			}
			return style(s)
		}
	}
	month := func(p *timeParts) int { return p.Month - 1 }
	day := func(p *timeParts) int { return types.ISOWeekday(p.days) % 7 }
	keep := func(s string) string { return s }
	meridiem := func(am, pm string) func(p *timeParts) string {
		return func(p *timeParts) string {
			if p.hour%24 >= 12 {
				return pm
			}
			return am
		}
	}
	era := func(ad, bc string) func(p *timeParts) string {
		return func(p *timeParts) string {
			if p.Year <= 0 && !p.interval {
				return bc
			}
			return ad
		}
	}
	return []timePattern{
		text("Y,YYY", func(p *timeParts) string { y := year(p); return fmt.Sprintf("%d,%03d", y/1000, y%1000) }),
		num("YYYY", 4, year), num("IYYY", 4, isoYear), num("IDDD", 3, isoDayOfYear), num("HH24", 2, func(p *timeParts) int64 { return p.hour }),
		num("HH12", 2, hour12), num("SSSSS", 1, func(p *timeParts) int64 { return p.us / types.MicrosPerSecond }),
		num("SSSS", 1, func(p *timeParts) int64 { return p.us / types.MicrosPerSecond }),
		num("YYY", 3, func(p *timeParts) int64 { return year(p) % 1000 }), num("IYY", 3, func(p *timeParts) int64 { return isoYear(p) % 1000 }),
		num("YY", 2, func(p *timeParts) int64 { return year(p) % 100 }), num("IY", 2, func(p *timeParts) int64 { return isoYear(p) % 100 }),
		text("MONTH", name(monthNames, month, false, strings.ToUpper)), text("Month", name(monthNames, month, false, keep)),
		text("month", name(monthNames, month, false, strings.ToLower)),
		text("MON", name(monthNames, month, true, strings.ToUpper)), text("Mon", name(monthNames, month, true, keep)),
		text("mon", name(monthNames, month, true, strings.ToLower)),
		text("DAY", name(dayNames, day, false, strings.ToUpper)), text("Day", name(dayNames, day, false, keep)),
		text("day", name(dayNames, day, false, strings.ToLower)),
		num("DDD", 3, func(p *timeParts) int64 { return int64(types.DayOfYear(p.days)) }),
		text("DY", name(dayNames, day, true, strings.ToUpper)), text("Dy", name(dayNames, day, true, keep)), text("dy", name(dayNames, day, true, strings.ToLower)),
		num("DD", 2, func(p *timeParts) int64 { return int64(p.Day) }),
		num("ID", 1, func(p *timeParts) int64 { return int64(types.ISOWeekday(p.days)) }),
		num("HH", 2, hour12), num("MI", 2, func(p *timeParts) int64 { return p.minute }), num("MM", 2, func(p *timeParts) int64 { return int64(p.Month) }),
		num("MS", 3, micros(1000)), num("US", 6, micros(1)), num("SS", 2, func(p *timeParts) int64 { return p.second }),
		num("FF1", 1, micros(100000)), num("FF2", 2, micros(10000)), num("FF3", 3, micros(1000)),
		num("FF4", 4, micros(100)), num("FF5", 5, micros(10)), num("FF6", 6, micros(1)),
		num("WW", 2, func(p *timeParts) int64 { return int64(types.DayOfYear(p.days)-1)/7 + 1 }),
		num("IW", 2, func(p *timeParts) int64 { _, w := types.ISOWeek(p.days); return int64(w) }),
		num("CC", 2, func(p *timeParts) int64 { return int64(yearsGroup(p.Year, 100)) }),
		text("A.M.", meridiem("A.M.", "P.M.")), text("P.M.", meridiem("A.M.", "P.M.")), text("a.m.", meridiem("a.m.", "p.m.")), text("p.m.", meridiem("a.m.", "p.m.")),
		text("AM", meridiem("AM", "PM")), text("PM", meridiem("AM", "PM")), text("am", meridiem("am", "pm")), text("pm", meridiem("am", "pm")),
		text("B.C.", era("A.D.", "B.C.")), text("A.D.", era("A.D.", "B.C.")), text("BC", era("AD", "BC")), text("AD", era("AD", "BC")),
		text("b.c.", era("a.d.", "b.c.")), text("a.d.", era("a.d.", "b.c.")), text("bc", era("ad", "bc")), text("ad", era("ad", "bc")),
		text("TZH", func(p *timeParts) string { return offsetText(p.offset)[:3] }),
		num("TZM", 2, func(p *timeParts) int64 { return max(p.offset, -p.offset) / 60 % 60 }),
		text("TZ", func(p *timeParts) string { return p.zone }), text("tz", func(p *timeParts) string { return strings.ToLower(p.zone) }),
		text("OF", func(p *timeParts) string { return offsetText(p.offset) }),
		text("RM", func(p *timeParts) string { return romanMonth(p.Month) }), text("rm", func(p *timeParts) string { return strings.ToLower(romanMonth(p.Month)) }),
		num("Y", 1, func(p *timeParts) int64 { return year(p) % 10 }), num("I", 1, func(p *timeParts) int64 { return isoYear(p) % 10 }),
		num("D", 1, func(p *timeParts) int64 { return int64(types.ISOWeekday(p.days)%7) + 1 }),
		num("W", 1, func(p *timeParts) int64 { return int64(p.Day-1)/7 + 1 }),
		num("Q", 1, func(p *timeParts) int64 { return int64(p.Month+2) / 3 }),
		num("J", 1, func(p *timeParts) int64 { return p.days - int64(types.MinDate) }),
	}
}

func isoDayOfYear(p *timeParts) int64 {
	_, week := types.ISOWeek(p.days)
	return int64(week-1)*7 + int64(types.ISOWeekday(p.days))
}

var monthNames = []string{
	"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
}

var dayNames = []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}

func romanMonth(m int) string {
	roman := []string{"I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"}
	if m < 1 || m > 12 {
		return ""
	}
	return fmt.Sprintf("%-4s", roman[m-1])
}

func offsetText(seconds int64) string {
	sign := "+"
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	s := fmt.Sprintf("%s%02d", sign, seconds/3600)
	if seconds/60%60 != 0 {
		s += fmt.Sprintf(":%02d", seconds/60%60)
	}
	return s
}

// formatTime writes p by a template: patterns (numbers match in any case), FM
// before one drops its padding, TH or th after a number its ordinal, "text" and the rest as they are.
//
// Errors: 22007 a pattern that means nothing for an interval.
func formatTime(format string, p timeParts) (string, error) {
	var b strings.Builder
	for i := 0; i < len(format); {
		if format[i] == '"' {
			end := strings.IndexByte(format[i+1:], '"')
			if end < 0 {
				b.WriteString(format[i+1:])
				break
			}
			b.WriteString(format[i+1 : i+1+end])
			i += end + 2
			continue
		}
		fill := true
		at := i
		if len(format)-at >= 2 && (strings.EqualFold(format[at:at+2], "FM") || format[at:at+2] == "TM") {
			fill = false
			at += 2
		}
		pat := matchTimePattern(format[at:])
		if pat == nil {
			if !fill { // FM alone
				i = at
				continue
			}
			b.WriteByte(format[i])
			i++
			continue
		}
		if p.interval {
			if err := pat.forInterval(); err != nil {
				return "", err
			}
		}
		i = at + len(pat.name)
		i += pat.write(&b, &p, fill, format[i:])
	}
	return b.String(), nil
}

// notOfIntervals are the patterns that need a date, and those of which
// PostgreSQL makes something for an interval that this does not.
var notOfIntervals = buildNotOfIntervals()

func buildNotOfIntervals() map[string]sqlstate.Code {
	out := map[string]sqlstate.Code{}
	for code, names := range map[sqlstate.Code]string{
		sqlstate.InvalidDatetimeFormat: "MONTH Month month MON Mon mon DAY Day day DY Dy dy D ID B.C. A.D. b.c. a.d. BC AD bc ad TZ tz TZH TZM OF",
		sqlstate.FeatureNotSupported:   "IYYY IYY IY I IDDD IW WW DDD J Q RM rm",
	} {
		for _, name := range strings.Fields(names) {
			out[name] = code
		}
	}
	return out
}

// forInterval returns an error unless the pattern is one for intervals.
func (pat *timePattern) forInterval() error {
	switch notOfIntervals[pat.name] {
	case sqlstate.InvalidDatetimeFormat:
		return sqlstate.New(sqlstate.InvalidDatetimeFormat, "invalid format specification for an interval value").
			WithHint("Intervals are not tied to specific calendar dates.")
	case sqlstate.FeatureNotSupported:
		return sqlstate.New(sqlstate.FeatureNotSupported, "to_char pattern %q is not supported for intervals", pat.name)
	}
	return nil
}

// matchTimePattern finds the pattern at the start of format.
func matchTimePattern(format string) *timePattern {
	for k := range timePatterns {
		pat := &timePatterns[k]
		if strings.HasPrefix(format, pat.name) {
			return pat
		}
	}
	for k := range timePatterns {
		pat := &timePatterns[k]
		if pat.value != nil && len(format) >= len(pat.name) && strings.EqualFold(format[:len(pat.name)], pat.name) {
			return pat
		}
	}
	return nil
}

// isFraction reports a pattern whose digits follow a point: FM leaves them.
func (pat *timePattern) isFraction() bool {
	return pat.name == "MS" || pat.name == "US" || strings.HasPrefix(pat.name, "FF")
}

// write writes the pattern's text and returns how much of rest (an ordinal) it used.
func (pat *timePattern) write(b *strings.Builder, p *timeParts, fill bool, rest string) int {
	if pat.text != nil {
		s := pat.text(p)
		if !fill {
			s = strings.TrimRight(s, " ")
		}
		b.WriteString(s)
		return 0
	}
	v := pat.value(p)
	s := strconv.FormatInt(max(v, -v), 10)
	if (fill || pat.isFraction()) && len(s) < pat.width {
		s = strings.Repeat("0", pat.width-len(s)) + s
	}
	if v < 0 {
		s = "-" + s
	}
	b.WriteString(s)
	if strings.HasPrefix(rest, "TH") || strings.HasPrefix(rest, "th") {
		suffix := ordinal(v)
		if rest[0] == 'T' {
			suffix = strings.ToUpper(suffix)
		}
		b.WriteString(suffix)
		return 2
	}
	return 0
}

// ordinal is st, nd, rd or th.
func ordinal(v int64) string {
	if v < 0 {
		v = -v
	}
	if v%100 >= 11 && v%100 <= 13 {
		return "th"
	}
	switch v % 10 {
	case 1:
		return "st"
	case 2:
		return "nd"
	case 3:
		return "rd"
	}
	return "th"
}
