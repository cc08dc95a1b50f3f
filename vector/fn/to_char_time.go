package fn

import (
	"strconv"
	"strings"
	"time"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// timeFormatFunctions are to_char of dates, timestamps and intervals; an empty
// template gives NULL.
func timeFormatFunctions() []overload {
	const txt = types.Text
	return []overload{
		{name: "to_char", args: []types.Kind{types.Timestamp, txt}, result: txt, bound: templateBytes, kernel: nullable2(func(us int64, f string) (string, bool, error) {
			return formatTime(f, newTimeParts(us, nil))
		})},
		{name: "to_char", args: []types.Kind{types.TimestampTZ, txt}, result: txt, bound: templateBytes, vol: Stable, kernel: withContext(func(ctx *Context) (Kernel, error) {
			loc, err := types.Zone(ctx.ZoneName)
			return nullable2(func(us int64, f string) (string, bool, error) { return formatTime(f, newTimeParts(us, loc)) }), err
		})},
		{name: "to_char", args: []types.Kind{types.Interval, txt}, result: txt, bound: templateBytes, kernel: nullable2(func(v types.IntervalValue, f string) (string, bool, error) {
			return formatTime(f, intervalParts(v))
		})},
	}
}

// timeParts is what the patterns of to_char show.
type timeParts struct {
	types.Civil
	days         int64 // since 1970; of an interval not set
	dayOfYear    int64
	offset       int64
	zone         string
	interval     bool
	hour, minute int64
	second       int64
	micros       int64
}

// newTimeParts splits a timestamp, or with a zone an instant.
func newTimeParts(us int64, loc *time.Location) timeParts {
	var p timeParts
	if loc != nil {
		p.offset, p.zone = types.OffsetAt(loc, us), types.ZoneAbbreviation(loc, us)
		us += p.offset * types.MicrosPerSecond
	}
	var of int64
	p.days, of = types.SplitMicros(us)
	p.Civil = types.CivilFromDays(p.days)
	p.dayOfYear = int64(types.DayOfYear(p.days))
	p.setClock(of)
	return p
}

// intervalParts splits an interval; its day of the year is about the length in days.
func intervalParts(v types.IntervalValue) timeParts {
	p := timeParts{interval: true, dayOfYear: int64(v.Months)*30 + int64(v.Days)}
	p.Civil = types.Civil{Year: int(v.Months / 12), Month: int(v.Months % 12), Day: int(v.Days)}
	p.days = types.DaysFromCivil(p.Year, p.Month, p.Day)
	p.setClock(v.Micros)
	return p
}

func (p *timeParts) setClock(us int64) {
	p.hour, p.minute, p.second = us/types.MicrosPerHour, us/types.MicrosPerMinute%60, us/types.MicrosPerSecond%60
	p.micros = us % types.MicrosPerSecond
}

// year is the year in its era.
func (p *timeParts) year() int64 { return p.inEra(p.Year) }

func (p *timeParts) inEra(y int) int64 {
	if y <= 0 && !p.interval {
		return int64(1 - y)
	}
	return int64(y)
}

// formatTime writes p by a template: patterns in upper or lower case, FM before one
// drops its padding, TH or th after a number is its ordinal, "text" and the
// rest are copied. ok is false for an empty template.
//
// Errors: 22007 a pattern that means nothing for an interval, 0A000 one of which
// PostgreSQL makes something there that no calendar has.
func formatTime(format string, p timeParts) (text string, ok bool, err error) {
	if format == "" {
		return "", false, nil
	}
	var buf [96]byte
	b := buf[:0]
	nodes := parseTimeTemplate(format).nodes
	for i := range nodes {
		n := &nodes[i]
		if n.kind != patternNode {
			b = append(b, n.text...)
			continue
		}
		if b, err = p.append(b, n); err != nil {
			return "", false, err
		}
	}
	return string(b), true, nil
}

// append writes one pattern.
func (p *timeParts) append(b []byte, n *templateNode) ([]byte, error) {
	if p.interval && !n.spec.forIntervals() {
		return b, sqlstate.New(sqlstate.InvalidDatetimeFormat, "invalid format specification for an interval value").
			WithHint("Intervals are not tied to specific calendar dates.")
	}
	if p.interval && (n.spec.calendar == isoCalendar || n.spec.key == keyJulian) {
		return b, sqlstate.New(sqlstate.FeatureNotSupported, "to_char pattern %q is not supported for intervals", n.spec.name)
	}
	if v, width, ok := p.number(n.spec); ok {
		return n.appendNumber(b, v, width), nil
	}
	switch n.spec.key {
	case keyAM, keyAMDots:
		return append(b, n.pick(p.hour%24 >= 12, "AM", "PM", "A.M.", "P.M.")...), nil
	case keyAD, keyADDots:
		return append(b, n.pick(p.Year <= 0, "AD", "BC", "A.D.", "B.C.")...), nil
	case keyMonthName, keyMonthShort:
		if p.Month == 0 {
			return b, nil
		}
		return n.appendName(b, monthNames[p.Month-1]), nil
	case keyDayName, keyDayShort:
		return n.appendName(b, dayNames[types.ISOWeekday(p.days)%7]), nil
	case keyRoman:
		return n.appendRoman(b, p), nil
	case keyZone:
		if n.letter == lowerCase {
			return append(b, strings.ToLower(p.zone)...), nil
		}
		return append(b, p.zone...), nil
	case keyZoneHour:
		return appendSigned(b, p.offset, 2), nil
	case keyOffset:
		width := 2
		if n.fill {
			width = 0
		}
		b = appendSigned(b, p.offset, width)
		if rest := max(p.offset, -p.offset) % 3600; rest != 0 {
			b = appendPadded(append(b, ':'), rest/60, 2)
		}
		return b, nil
	case keyYearComma:
		y := p.year()
		start := len(b)
		b = appendPadded(append(strconv.AppendInt(b, y/1000, 10), ','), y%1000, 3)
		return n.appendOrdinal(b, start), nil
	case keyQuarter:
		if p.Month == 0 {
			return b, nil
		}
		return n.appendNumber(b, int64((p.Month-1)/3+1), 0), nil
	}
	return b, nil // FX
}

// forIntervals reports a pattern that means something without a calendar date.
func (s *timeSpec) forIntervals() bool {
	switch s.key {
	case keyAD, keyADDots, keyMonthName, keyMonthShort, keyDayName, keyDayShort, keyWeekday, keyISODay, keyZone, keyZoneHour, keyZoneMinute, keyOffset:
		return false
	}
	return true
}

// number is the value of a pattern that shows a number and its width with zeros.
func (p *timeParts) number(s *timeSpec) (v int64, width int, ok bool) {
	switch s.key {
	case keyHour12:
		return hourOfClock(p.hour), widthOf(p.hour, 2), true
	case keyHour24:
		return p.hour, widthOf(p.hour, 2), true
	case keyMinute:
		return p.minute, widthOf(p.minute, 2), true
	case keySecond:
		return p.second, widthOf(p.second, 2), true
	case keyFraction:
		return p.micros / pow10Int(6-s.digits), s.digits, true
	case keyMillis:
		return p.micros / 1000, 3, true
	case keyMicros:
		return p.micros, 6, true
	case keySecondOfDay:
		return p.hour*3600 + p.minute*60 + p.second, 0, true
	case keyZoneMinute:
		return max(p.offset, -p.offset) % 3600 / 60, 2, true
	}
	return p.calendarNumber(s)
}

// calendarNumber is number for the parts of dates.
func (p *timeParts) calendarNumber(s *timeSpec) (v int64, width int, ok bool) {
	switch s.key {
	case keyMonth:
		return int64(p.Month), widthOf(int64(p.Month), 2), true
	case keyDayOfYear:
		return p.dayOfYear, 3, true
	case keyISODayOfYear:
		_, week := types.ISOWeek(p.days)
		return int64(week-1)*7 + int64(types.ISOWeekday(p.days)), 3, true
	case keyDay:
		return int64(p.Day), 2, true
	case keyWeekday:
		return int64(types.ISOWeekday(p.days)%7) + 1, 0, true
	case keyISODay:
		return int64(types.ISOWeekday(p.days)), 0, true
	case keyWeek:
		return (p.dayOfYear-1)/7 + 1, 2, true
	case keyISOWeek:
		_, week := types.ISOWeek(p.days)
		return int64(week), 2, true
	case keyWeekOfMonth:
		return int64(p.Day-1)/7 + 1, 0, true
	case keyCC:
		c := int64(p.Year / 100)
		if !p.interval {
			c = int64(yearsGroup(p.Year, 100))
		}
		return c, widthOf(c, 2), true
	case keyYear:
		v := p.year()
		return v % pow10Int(yearDigits(s)), widthOf(v, s.digits), true
	case keyISOYear:
		y, _ := types.ISOWeek(p.days)
		return p.inEra(y) % pow10Int(yearDigits(s)), widthOf(p.year(), s.digits), true
	case keyJulian:
		return p.days - int64(types.MinDate), 0, true
	}
	return 0, 0, false
}

// yearDigits is how many digits of a year a pattern shows; YYYY shows all.
func yearDigits(s *timeSpec) int {
	if s.digits == 4 {
		return 18
	}
	return s.digits
}

// widthOf is the width of a number with zeros, one more for a sign.
func widthOf(v int64, digits int) int {
	if v < 0 {
		return digits + 1
	}
	return digits
}

func pow10Int(n int) int64 {
	v := int64(1)
	for range n {
		v *= 10
	}
	return v
}

func hourOfClock(h int64) int64 {
	if h%12 == 0 {
		return 12
	}
	return h % 12
}

// appendPadded appends v with zeros up to width, its sign counted.
func appendPadded(b []byte, v int64, width int) []byte {
	var digits [20]byte
	d := strconv.AppendInt(digits[:0], max(v, -v), 10)
	if v < 0 {
		b, width = append(b, '-'), width-1
	}
	for n := len(d); n < width; n++ {
		b = append(b, '0')
	}
	return append(b, d...)
}

// appendSigned appends an offset's sign and hours.
func appendSigned(b []byte, offset int64, width int) []byte {
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	return appendPadded(append(b, sign), offset/3600, width)
}

// appendNumber appends a number, without its zeros for FM. Fractions keep theirs.
func (n *templateNode) appendNumber(b []byte, v int64, width int) []byte {
	switch n.spec.key {
	case keyFraction, keyMillis, keyMicros, keyZoneMinute:
	default:
		if n.fill {
			width = 0
		}
	}
	start := len(b)
	return n.appendOrdinal(appendPadded(b, v, width), start)
}

// appendOrdinal appends st, nd, rd or th, if asked for, to the number from start.
func (n *templateNode) appendOrdinal(b []byte, start int) []byte {
	if n.ordinal == 0 || n.spec.key == keyZoneMinute {
		return b
	}
	return append(b, ordinal(b[start:], n.ordinal == 'T')...)
}

// ordinal is the ending of the number whose digits end b: th for all of 10 to 19.
func ordinal(b []byte, upper bool) string {
	ending := "th"
	if n := len(b); n > 0 && (n < 2 || b[n-2] != '1') {
		switch b[n-1] {
		case '1':
			ending = "st"
		case '2':
			ending = "nd"
		case '3':
			ending = "rd"
		}
	}
	if upper {
		return strings.ToUpper(ending)
	}
	return ending
}

// pick is one of two words, in the pattern's form.
func (n *templateNode) pick(second bool, a, b, aDots, bDots string) string {
	if n.spec.key == keyAMDots || n.spec.key == keyADDots {
		a, b = aDots, bDots
	}
	if second {
		a = b
	}
	if n.letter == lowerCase {
		return strings.ToLower(a)
	}
	return a
}

// appendName appends a month's or a day's name, full ones with blanks to nine characters.
func (n *templateNode) appendName(b []byte, name string) []byte {
	width := 9
	if n.spec.key == keyMonthShort || n.spec.key == keyDayShort {
		name, width = name[:3], 0
	}
	switch n.letter {
	case upperCase:
		name = strings.ToUpper(name)
	case lowerCase:
		name = strings.ToLower(name)
	}
	b = append(b, name...)
	if n.fill || n.local {
		return b
	}
	return append(b, "         "[:max(width-len(name), 0)]...)
}

// appendRoman appends the month in Roman numerals; an interval's counts down
// from the year if it is negative.
func (n *templateNode) appendRoman(b []byte, p *timeParts) []byte {
	i := 12 - p.Month
	switch {
	case p.Month == 0 && p.Year == 0:
		return b
	case p.Month == 0 && p.Year > 0:
		i = 0
	case p.Month == 0:
		i = 11
	case p.Month < 0:
		i = -p.Month - 1
	}
	name := romanNumbers[i]
	if n.letter == lowerCase {
		name = strings.ToLower(name)
	}
	b = append(b, name...)
	if n.fill {
		return b
	}
	return append(b, "    "[:4-len(name)]...)
}
