package fn

import (
	"math"
	"strings"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// dateParseFunctions are to_date and to_timestamp with a template.
func dateParseFunctions() []overload {
	const txt = types.Text
	return []overload{
		{name: "to_date", args: []types.Kind{txt, txt}, result: types.Date, kernel: try2(func(s, f string) (int32, error) {
			p, err := parseTemplate(s, f)
			if err != nil {
				return 0, err
			}
			days, err := p.date()
			return int32(days), err
		})},
		{name: "to_timestamp", args: []types.Kind{txt, txt}, result: types.TimestampTZ, vol: Stable, kernel: withContext(func(ctx *Context) (Kernel, error) {
			loc, err := types.Zone(ctx.ZoneName)
			return try2(func(s, f string) (int64, error) {
				p, err := parseTemplate(s, f)
				if err != nil {
					return 0, err
				}
				days, err := p.date()
				if err != nil {
					return 0, err
				}
				us, err := p.clock(s)
				if err != nil {
					return 0, err
				}
				if p.hasOffset {
					return days*types.MicrosPerDay + us - p.offset*types.MicrosPerSecond, nil
				}
				return types.InstantMicros(loc, days*types.MicrosPerDay+us), nil
			}), err
		})},
	}
}

// makeTimestamp is make_timestamp(year, month, day, hour, minute, second).
func makeTimestamp(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
	at := func(k, i int) int32 { return args[k].I32[i&step(args[k])] }
	return eachRow(sel, n, func(i int) error {
		days, err := makeDate(at(0, i), at(1, i), at(2, i))
		if err != nil {
			return err
		}
		us, err := makeTime(at(3, i), at(4, i), args[5].F64[i&step(args[5])])
		if err != nil {
			return err
		}
		if days > types.MaxTimestamp/types.MicrosPerDay {
			return timestampRange()
		}
		out.I64[i] = days*types.MicrosPerDay + us
		return nil
	})
}

// templateParts is what to_date and to_timestamp read.
type templateParts struct {
	year, month, day, doy int
	hour, minute, second  int
	micros                int64
	bc, pm, hour12        bool
	offset                int64
	hasOffset             bool
	julian                int64
}

// date is the day read; a month or day that was not given is 1, the year 1 BC.
func (p *templateParts) date() (int64, error) {
	if p.julian != 0 {
		return p.julian + int64(types.MinDate), nil
	}
	year := p.year
	if p.bc {
		year = -year
	}
	if year == 0 {
		year = -1 // the year before 1, as in PostgreSQL
	}
	if p.doy > 0 {
		days, err := makeDate(int32(year), 1, 1)
		if p.doy > 366 {
			return 0, sqlstate.New(sqlstate.DatetimeFieldOverflow, "date/time field value out of range: day %d of the year", p.doy)
		}
		return days + int64(p.doy) - 1, err
	}
	return makeDate(int32(year), int32(max(p.month, 1)), int32(max(p.day, 1)))
}

// clock is the time of day read from s.
func (p *templateParts) clock(s string) (int64, error) {
	h := p.hour
	if p.hour12 {
		if h < 1 || h > 12 {
			return 0, sqlstate.New(sqlstate.InvalidDatetimeFormat, "hour \"%d\" is invalid for the 12-hour clock", h).
				WithHint("Use the 24-hour clock, or give an hour between 1 and 12.")
		}
		h %= 12
		if p.pm {
			h += 12
		}
	}
	if h > 23 || p.minute > 59 || p.second > 59 {
		return 0, sqlstate.New(sqlstate.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", s)
	}
	return int64(h)*types.MicrosPerHour + int64(p.minute)*types.MicrosPerMinute + int64(p.second)*types.MicrosPerSecond + p.micros, nil
}

// parseTemplate reads s by a template of to_char's patterns.
func parseTemplate(s, format string) (*templateParts, error) {
	p := &templateParts{}
	in := s
	for format != "" {
		up := strings.ToUpper(format)
		if strings.HasPrefix(up, "FM") || strings.HasPrefix(up, "FX") || strings.HasPrefix(up, "TM") {
			format = format[2:]
			continue
		}
		pat := readPattern(up)
		if pat == "" {
			// Separators of the template skip separators of the text, other characters skip one.
			if format[0] == '"' {
				end := strings.IndexByte(format[1:], '"')
				if end < 0 {
					end = len(format) - 2
				}
				in = in[min(len(in), end):]
				format = format[min(len(format), end+2):]
				continue
			}
			if isLetterOrDigit(format[0]) {
				in = in[min(1, len(in)):]
			} else {
				in = strings.TrimLeft(in, " \t-/.,:;_")
			}
			format = format[1:]
			continue
		}
		if unreadPatterns[pat] {
			return nil, sqlstate.New(sqlstate.FeatureNotSupported, "template pattern %q is not supported in dates that are read", pat)
		}
		format = format[len(pat):]
		if in = strings.TrimLeft(in, " \t"); in == "" {
			break
		}
		// A number is read only to its width if another pattern follows at once.
		adjacent := format != "" && readPattern(strings.ToUpper(format)) != ""
		rest, err := p.read(pat, in, adjacent)
		if err != nil {
			return nil, err
		}
		in = rest
	}
	return p, nil
}

func isLetterOrDigit(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
}

// readPatterns are the patterns that can be read, longer before shorter.
var readPatterns = []string{
	"MONTH", "SSSSS", "YYYY", "HH24", "HH12", "A.M.", "P.M.", "B.C.", "A.D.", "SSSS", "YYY", "MON", "DAY", "DDD", "TZH", "TZM", "YY", "MM", "DD", "DY", "HH", "MI", "SS",
	"MS", "US", "FF1", "FF2", "FF3", "FF4", "FF5", "FF6", "AM", "PM", "BC", "AD", "OF", "Y", "J",
	"IYYY", "IDDD", "IYY", "IY", "ID", "IW", "WW", "CC", "RM", "I", "W",
}

// unreadPatterns are those of readPatterns that would need another calendar.
var unreadPatterns = map[string]bool{
	"IYYY": true, "IDDD": true, "IYY": true, "IY": true, "ID": true, "IW": true, "WW": true, "CC": true, "RM": true, "I": true, "W": true,
}

func readPattern(up string) string {
	for _, p := range readPatterns {
		if strings.HasPrefix(up, p) {
			return p
		}
	}
	return ""
}

// read takes one pattern's text off the start of in.
func (p *templateParts) read(pat, in string, adjacent bool) (rest string, err error) {
	switch pat {
	case "MONTH", "MON":
		return p.readName(monthNames, in, pat, func(i int) { p.month = i + 1 })
	case "DAY", "DY":
		return p.readName(dayNames, in, pat, func(int) {})
	case "AM", "PM", "A.M.", "P.M.", "BC", "AD", "B.C.", "A.D.":
		if len(in) < len(pat) {
			return in, badTemplate(in, pat)
		}
		switch strings.ToUpper(in[:1]) {
		case "P":
			p.pm, p.hour12 = true, true
		case "B":
			p.bc = true
		}
		return in[len(pat):], nil
	case "OF", "TZH":
		sign := int64(1)
		if in[0] == '+' || in[0] == '-' {
			if in[0] == '-' {
				sign = -1
			}
			in = in[1:]
		}
		v, rest, err := readDigits(in, 2, pat)
		p.offset, p.hasOffset = sign*int64(v)*3600, true
		return rest, err
	}
	width := map[string]int{"YYYY": 4, "YYY": 3, "DDD": 3, "MS": 3, "US": 6, "Y": 1, "J": 7, "SSSS": 5, "SSSSS": 5,
		"FF1": 1, "FF2": 2, "FF3": 3, "FF4": 4, "FF5": 5, "FF6": 6}[pat]
	if width == 0 {
		width = 2
	}
	limit := width
	if !adjacent && pat == "YYYY" {
		limit = 7
	}
	v, rest, err := readDigits(in, limit, pat)
	if err != nil {
		return in, err
	}
	p.set(pat, v, len(in)-len(rest))
	return rest, nil
}

// set stores the number of a pattern that was written with so many digits.
func (p *templateParts) set(pat string, v, digits int) {
	switch pat {
	case "YYYY":
		p.year = v
	case "YYY", "YY", "Y":
		switch {
		case digits > 2:
			p.year = v + 2000*int(b2u(v < 520)) + 1000*int(b2u(v >= 520 && v < 1000))
		case v < 70:
			p.year = 2000 + v
		default:
			p.year = 1900 + v
		}
	case "MM":
		p.month = v
	case "DD":
		p.day = v
	case "DDD":
		p.doy = v
	case "J":
		p.julian = int64(v)
	case "HH24":
		p.hour = v
	case "HH", "HH12":
		p.hour, p.hour12 = v, true
	case "MI":
		p.minute = v
	case "SS":
		p.second = v
	case "SSSS", "SSSSS":
		p.hour, p.minute, p.second = v/3600, v/60%60, v%60
	case "TZM":
		if p.offset < 0 {
			v = -v
		}
		p.offset += int64(v) * 60
	default: // MS, US, FFn: decimals of the second
		p.micros = int64(math.Round(float64(v) * math.Pow10(6-digits)))
	}
}

func (p *templateParts) readName(names []string, in, pat string, set func(int)) (rest string, err error) {
	short := pat == "MON" || pat == "DY"
	for i, n := range names {
		if short {
			n = n[:3]
		}
		if len(in) >= len(n) && strings.EqualFold(in[:len(n)], n) {
			set(i)
			return in[len(n):], nil
		}
	}
	return in, badTemplate(in, pat)
}

func readDigits(in string, limit int, pat string) (v int, rest string, err error) {
	n := 0
	for n < len(in) && n < limit && in[n] >= '0' && in[n] <= '9' {
		v = v*10 + int(in[n]-'0')
		n++
	}
	if n == 0 {
		return 0, in, badTemplate(in, pat)
	}
	return v, in[n:], nil
}

func badTemplate(in, pat string) error {
	return sqlstate.New(sqlstate.InvalidDatetimeFormat, "invalid value \"%s\" for \"%s\"", strings.ToValidUTF8(in[:min(len(in), 10)], ""), pat)
}
