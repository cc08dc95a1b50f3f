package types

import (
	"math"
	"strconv"
	"strings"

	"htapdb/sql/sqlstate"
)

// intervalUnit is what one of a unit adds to an interval.
type intervalUnit struct {
	months, days int32
	micros       int64
}

// intervalUnits are the names and abbreviations of units, singular; 'm' is minutes in
// PostgreSQL's verbose form.
var intervalUnits = map[string]intervalUnit{
	"millennium": {months: 12000}, "mil": {months: 12000}, "millennia": {months: 12000},
	"century": {months: 1200}, "centurie": {months: 1200}, "cent": {months: 1200}, "c": {months: 1200},
	"decade": {months: 120}, "dec": {months: 120},
	"year": {months: 12}, "yr": {months: 12}, "y": {months: 12},
	"month": {months: 1}, "mon": {months: 1},
	"week": {days: 7}, "w": {days: 7},
	"day": {days: 1}, "d": {days: 1},
	"hour": {micros: MicrosPerHour}, "hr": {micros: MicrosPerHour}, "h": {micros: MicrosPerHour},
	"minute": {micros: MicrosPerMinute}, "min": {micros: MicrosPerMinute}, "m": {micros: MicrosPerMinute},
	"second": {micros: MicrosPerSecond}, "sec": {micros: MicrosPerSecond}, "s": {micros: MicrosPerSecond},
	"millisecond": {micros: 1000}, "msec": {micros: 1000}, "ms": {micros: 1000},
	"microsecond": {micros: 1}, "usec": {micros: 1}, "us": {micros: 1},
}

// lookupUnit finds a unit by a name in any case, singular or plural.
func lookupUnit(name string) (intervalUnit, bool) {
	name = strings.ToLower(name)
	u, ok := intervalUnits[name]
	if !ok {
		u, ok = intervalUnits[strings.TrimSuffix(name, "s")]
	}
	return u, ok
}

// intervalSum collects an interval's parts; fractions cascade as in PostgreSQL:
// of a year into months, of a month into days, of a day into time.
type intervalSum struct {
	months, days, micros float64 // exact: each is checked to stay below 2^53 or in its own range
	exactMicros          int64
	seen                 map[intervalUnit]bool
}

// once notes that units are given, which each may be but once.
func (a *intervalSum) once(units ...intervalUnit) error {
	if a.seen == nil {
		a.seen = map[intervalUnit]bool{}
	}
	for _, u := range units {
		if a.seen[u] {
			return errSyntax
		}
		a.seen[u] = true
	}
	return nil
}

// add adds n units. Whole numbers stay integers; the fraction cascades.
func (a *intervalSum) add(n float64, u intervalUnit) {
	whole, frac := math.Modf(n)
	switch {
	case u.months > 0:
		a.months += whole * float64(u.months)
		wm, fm := math.Modf(frac * float64(u.months))
		if u.months > 1 {
			// Fractions of years and longer units round to whole months.
			a.months += math.Round(wm + fm)
			return
		}
		wd, fd := math.Modf(math.Round(fm*30*1e6) / 1e6)
		a.days += wd
		a.micros += math.Round(fd * float64(MicrosPerDay))
	case u.days > 0:
		a.days += whole * float64(u.days)
		wd, fd := math.Modf(math.Round(frac*float64(u.days)*1e12) / 1e12)
		a.days += wd
		a.micros += math.Round(fd * float64(MicrosPerDay))
	default:
		a.micros += whole*float64(u.micros) + math.Round(frac*float64(u.micros))
	}
}

// value checks the ranges of the sum.
func (a *intervalSum) value(neg bool) (IntervalValue, error) {
	if math.Abs(a.months) > math.MaxInt32 || math.Abs(a.days) > math.MaxInt32 || math.Abs(a.micros) >= 1<<62 {
		return IntervalValue{}, errRange
	}
	v := IntervalValue{Months: int32(a.months), Days: int32(a.days), Micros: int64(a.micros) + a.exactMicros}
	if neg {
		v = IntervalValue{Months: -v.Months, Days: -v.Days, Micros: -v.Micros}
	}
	return v, nil
}

// ParseInterval reads an interval: "1 year 2 mons 3 days 04:05:06", "@ 1 day ago",
// "1-2", ISO 8601 "P1Y2M3DT4H5M6S", or a number of unit when unit ("day",
// "year to month" …) qualifies the literal, else of seconds.
func ParseInterval(s, unit string) (IntervalValue, error) {
	v, err := scanInterval(strings.Trim(s, space), strings.ToLower(unit))
	switch err {
	case nil:
		return TruncateInterval(v, unit), nil
	case errRange:
		return v, sqlstate.New(sqlstate.IntervalFieldOverflow, "interval field value out of range: \"%s\"", s)
	case errInfinity:
		return v, timeError(err, s, TInterval)
	}
	return v, BadText(s, TInterval)
}

func scanInterval(s, unit string) (IntervalValue, error) {
	if s == "" {
		return IntervalValue{}, errSyntax
	}
	if t := strings.ToLower(strings.TrimLeft(s, "+-")); t == "infinity" || t == "inf" {
		return IntervalValue{}, errInfinity
	}
	if t := strings.TrimPrefix(s, "-"); t[:min(1, len(t))] == "P" {
		return scanISOInterval(t[1:], len(t) < len(s))
	}
	// A qualifier names the last field of a bare number: YEAR TO MONTH gives months.
	last := unit
	if i := strings.LastIndex(unit, " "); i >= 0 {
		last = unit[i+1:]
	}
	var sum intervalSum
	words := strings.Fields(spaceUnits(strings.TrimPrefix(s, "@")))
	neg := false
	for i := 0; i < len(words); i++ {
		w := words[i]
		if strings.EqualFold(w, "ago") && i == len(words)-1 && i > 0 {
			neg = true
			continue
		}
		if strings.Contains(w, ":") {
			err := sum.clock(w, unit)
			if err == nil {
				err = sum.once(intervalUnits["hour"], intervalUnits["minute"], intervalUnits["second"])
			}
			if err != nil {
				return IntervalValue{}, err
			}
			continue
		}
		if y, m, ok := yearMonth(w); ok {
			sum.months += float64(y*12 + m)
			if err := sum.once(intervalUnits["month"]); err != nil {
				return IntervalValue{}, err
			}
			continue
		}
		n, err := parseQuantity(w)
		if err != nil {
			return IntervalValue{}, err
		}
		name := last
		switch {
		case i+1 < len(words) && isLetter(words[i+1][0]) && !strings.EqualFold(words[i+1], "ago"):
			i++
			name = words[i]
		case i+1 < len(words) && strings.Contains(words[i+1], ":"):
			name = "day" // '3 04:05:06'
		case name == "":
			name = "second"
		}
		u, ok := lookupUnit(name)
		if !ok {
			return IntervalValue{}, errSyntax
		}
		if err := sum.once(u); err != nil {
			return IntervalValue{}, err
		}
		sum.add(n, u)
	}
	return sum.value(neg)
}

// spaceUnits puts a blank between a number and the unit that follows it ("3d").
func spaceUnits(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if i > 0 && isLetter(s[i]) && (s[i-1] >= '0' && s[i-1] <= '9' || s[i-1] == '.') {
			b.WriteByte(' ')
		}
		if s[i] == ',' {
			b.WriteByte(' ')
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// parseQuantity reads a signed decimal number.
func parseQuantity(w string) (float64, error) {
	if strings.ContainsAny(w, "xX_pPnNiI") {
		return 0, errSyntax
	}
	n, err := strconv.ParseFloat(w, 64)
	if err != nil {
		return 0, errSyntax
	}
	if math.Abs(n) >= 1<<53 {
		return 0, errRange
	}
	return n, nil
}

// yearMonth reads the SQL form y-m.
func yearMonth(w string) (y, m int, ok bool) {
	t := strings.TrimLeft(w, "+-")
	y, rest, n := leadingInt(t)
	if n == 0 || rest == "" || rest[0] != '-' || len(w)-len(t) > 1 {
		return 0, 0, false
	}
	m, rest, n = leadingInt(rest[1:])
	if n == 0 || rest != "" || m > 11 {
		return 0, 0, false
	}
	if w[0] == '-' {
		return -y, -m, true
	}
	return y, m, true
}

// clock reads [+-]h:mm[:ss[.f]]; with the qualifier MINUTE TO SECOND two parts are m:ss.
func (a *intervalSum) clock(w, unit string) error {
	t := strings.TrimLeft(w, "+-")
	parts := strings.Split(t, ":")
	if len(parts) > 3 || len(w)-len(t) > 1 {
		return errSyntax
	}
	if len(parts) == 2 && (unit == "minute to second" || strings.Contains(parts[1], ".")) {
		parts = append([]string{"0"}, parts...)
	}
	var us int64
	h, rest, n := leadingInt(parts[0])
	if n == 0 || rest != "" {
		return errSyntax
	}
	m, rest, n := leadingInt(parts[1])
	if n == 0 || rest != "" {
		return errSyntax
	}
	us = int64(h)*MicrosPerHour + int64(m)*MicrosPerMinute
	if len(parts) == 3 {
		sec, rest, n := leadingInt(parts[2])
		if n == 0 {
			return errSyntax
		}
		var frac int64
		if rest != "" {
			if rest[0] != '.' {
				return errSyntax
			}
			if frac, rest = scanFraction(rest[1:]); rest != "" {
				return errSyntax
			}
		}
		if sec > 59 {
			return errRange
		}
		us += int64(sec)*MicrosPerSecond + frac
	}
	if m > 59 {
		return errRange
	}
	if w[0] == '-' {
		us = -us
	}
	a.exactMicros += us
	return nil
}

// scanISOInterval reads what follows the P of ISO 8601: 1Y2M3W4DT5H6M7.8S.
func scanISOInterval(s string, neg bool) (IntervalValue, error) {
	if s == "" {
		return IntervalValue{}, errSyntax
	}
	var sum intervalSum
	inTime := false
	for s != "" {
		if s[0] == 'T' && !inTime && len(s) > 1 {
			inTime = true
			s = s[1:]
			continue
		}
		i := 0
		for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.' || s[i] == '-' || s[i] == '+') {
			i++
		}
		if i == 0 || i == len(s) {
			return IntervalValue{}, errSyntax
		}
		n, err := parseQuantity(s[:i])
		if err != nil {
			return IntervalValue{}, err
		}
		names := map[byte]string{'Y': "year", 'M': "month", 'W': "week", 'D': "day"}
		if inTime {
			names = map[byte]string{'H': "hour", 'M': "minute", 'S': "second"}
		}
		u, ok := lookupUnit(names[s[i]])
		if !ok {
			return IntervalValue{}, errSyntax
		}
		sum.add(n, u)
		s = s[i+1:]
	}
	return sum.value(neg)
}

// TruncateInterval drops the fields below a qualifier's last one: DAY drops the
// time, YEAR the months. An unknown or empty qualifier drops nothing.
func TruncateInterval(v IntervalValue, unit string) IntervalValue {
	unit = strings.ToLower(unit)
	if i := strings.LastIndex(unit, " "); i >= 0 {
		unit = unit[i+1:]
	}
	switch unit {
	case "year":
		return IntervalValue{Months: v.Months / 12 * 12}
	case "month":
		return IntervalValue{Months: v.Months}
	case "day":
		v.Micros = 0
	case "hour":
		v.Micros -= v.Micros % MicrosPerHour
	case "minute":
		v.Micros -= v.Micros % MicrosPerMinute
	}
	return v
}
