package types

import (
	"math"
	"strconv"
	"strings"

	"htapdb/sql/sqlstate"
)

// spanUnit is a unit of an interval.
type spanUnit uint8

const (
	noUnit spanUnit = iota
	microsecondUnit
	millisecondUnit
	secondUnit
	minuteUnit
	hourUnit
	dayUnit
	weekUnit
	monthUnit
	yearUnit
	decadeUnit
	centuryUnit
	millenniumUnit
	agoUnit     // negates all before it
	unknownUnit // a unit that no interval takes
)

// spanUnits are the units by their names in lower case.
var spanUnits = func() map[string]spanUnit {
	m := map[string]spanUnit{"ago": agoUnit, "quarter": unknownUnit, "qtr": unknownUnit, "timezone": unknownUnit}
	for unit, names := range map[spanUnit]string{
		microsecondUnit: "us usec usecs usecond useconds microsecond microseconds",
		millisecondUnit: "ms msec msecs msecond mseconds millisecond milliseconds",
		secondUnit:      "s sec secs second seconds", minuteUnit: "m min mins minute minutes", hourUnit: "h hr hrs hour hours",
		dayUnit: "d day days", weekUnit: "w week weeks", monthUnit: "mon mons month months", yearUnit: "y yr yrs year years",
		decadeUnit: "dec decs decade decades", centuryUnit: "c cent century centuries", millenniumUnit: "mil mils millennium millennia",
	} {
		for _, name := range strings.Fields(names) {
			m[name] = unit
		}
	}
	return m
}()

// maxUnitLetters is how many letters of a unit's name PostgreSQL looks at.
const maxUnitLetters = 10

func lookupUnit(name string) (spanUnit, bool) {
	if u, ok := spanUnits[name]; ok {
		return u, true
	}
	if len(name) >= maxUnitLetters {
		for known, u := range spanUnits {
			if len(known) >= maxUnitLetters && known[:maxUnitLetters] == name[:maxUnitLetters] {
				return u, true
			}
		}
	}
	return noUnit, false
}

// span collects an interval's parts; fractions cascade as in PostgreSQL: of a
// year into months, of a month and a week into days, of a day into time.
type span struct {
	years, months, days     int64
	hours, minutes, seconds int64
	fraction                int64 // µs
	seen                    [unknownUnit]bool
	// oneSign has every number negative: the one sign of the SQL standard counts for all.
	oneSign bool
}

// addSeconds adds a fraction of a unit of so many seconds.
func (a *span) addSeconds(f float64, seconds float64) {
	f *= seconds
	whole := math.Trunc(f)
	a.seconds += int64(whole)
	a.fraction += int64(math.RoundToEven((f - whole) * 1e6))
}

// addDays adds a fraction of a unit of so many days.
func (a *span) addDays(f float64, days float64) {
	f *= days
	whole := math.Trunc(f)
	a.days += int64(whole)
	a.addSeconds(f-whole, 86400)
}

// add adds v units and the fraction f of one.
func (a *span) add(v int64, f float64, u spanUnit) error {
	switch u {
	case microsecondUnit:
		a.fraction += v + int64(math.RoundToEven(f))
	case millisecondUnit:
		a.seconds += v / 1000
		a.fraction += int64(math.RoundToEven((float64(v%1000) + f) * 1000))
	case secondUnit:
		a.seconds += v
		a.fraction += int64(math.RoundToEven(f * 1e6))
	case minuteUnit:
		a.minutes += v
		a.addSeconds(f, 60)
	case hourUnit:
		a.hours += v
		a.addSeconds(f, 3600)
	case dayUnit:
		a.days += v
		a.addSeconds(f, 86400)
	case weekUnit:
		a.days += v * 7
		a.addDays(f, 7)
	case monthUnit:
		a.months += v
		a.addDays(f, 30)
	case yearUnit, decadeUnit, centuryUnit, millenniumUnit:
		years := map[spanUnit]int64{yearUnit: 1, decadeUnit: 10, centuryUnit: 100, millenniumUnit: 1000}[u]
		a.years += v * years
		a.months += int64(math.RoundToEven(f * 12 * float64(years)))
	default:
		return errSyntax
	}
	if !fitsInt32(a.years) || !fitsInt32(a.months) || !fitsInt32(a.days) || absInt(a.hours) > math.MaxInt64/MicrosPerHour {
		return errRange
	}
	return nil
}

// once notes that a unit is given, which each may be but once.
func (a *span) once(units ...spanUnit) error {
	for _, u := range units {
		if a.seen[u] {
			return errSyntax
		}
		a.seen[u] = true
	}
	return nil
}

func (a *span) negate() {
	a.years, a.months, a.days = -a.years, -a.months, -a.days
	a.hours, a.minutes, a.seconds, a.fraction = -a.hours, -a.minutes, -a.seconds, -a.fraction
}

// maxSpanDigits keeps the sums of an interval's numbers, in µs, within 128 bits.
const maxSpanDigits = 18

// errSpan is the internal sign for an interval beyond its representation.
var errSpan = sqlstate.New(sqlstate.DatetimeFieldOverflow, "interval out of range")

// value checks the ranges of the parts.
func (a *span) value() (IntervalValue, error) {
	months := a.years*12 + a.months
	micros, ok := Mul64(a.hours*3600+a.minutes*60+a.seconds, MicrosPerSecond).Add(Int128From(a.fraction))
	us, fits := micros.Int64()
	switch {
	case !ok || !fits, !fitsInt32(a.years), !fitsInt32(a.months), !fitsInt32(a.days):
		return IntervalValue{}, errRange
	case !fitsInt32(months):
		return IntervalValue{}, errSpan
	}
	return IntervalValue{Months: int32(months), Days: int32(a.days), Micros: us}, nil
}

func fitsInt32(v int64) bool { return int64(int32(v)) == v }

// ParseInterval reads an interval: "1 year 2 mons 3 days 04:05:06", "@ 1 day ago",
// "1-2", ISO 8601 "P1Y2M3DT4H5M6S", or a number of the last unit of t's fields
// ("day", "year to month" …), of seconds if t names none. What lies below the last field is cut off.
func (st *TextStyle) ParseInterval(s string, t Type) (IntervalValue, error) {
	a, v := span{}, IntervalValue{}
	a.oneSign = st.Interval == SQLIntervals
	err := a.decode(s, t.IntervalFields())
	if err == errSyntax {
		a = span{}
		err = a.decodeISO(strings.TrimLeft(s, space))
	}
	if err == nil {
		v, err = a.value()
	}
	switch err {
	case nil:
		return FitInterval(v, t), nil
	case errSpan:
		return v, err
	case errRange:
		return IntervalValue{}, sqlstate.New(sqlstate.IntervalFieldOverflow, "interval field value out of range: \"%s\"", s)
	}
	return IntervalValue{}, timeError(err, s, TInterval)
}

// ParseInterval is TextStyle.ParseInterval in the default style, with the fields
// in words: "", "day", "year to month".
func ParseInterval(s, fields string) (IntervalValue, error) {
	t, err := IntervalType(fields, -1)
	if err != nil {
		return IntervalValue{}, err
	}
	return plainStyle.ParseInterval(s, t)
}

// decode reads the fields of s from right to left, so that a unit is known when its number comes.
func (a *span) decode(s string, fields IntervalFields) error {
	parts, ok := splitFields(s)
	if !ok {
		return errSyntax
	}
	a.oneSign = a.oneSign && len(parts) > 0 && parts[0].text[0] == '-' && !signsAfterFirst(parts)
	unit, ago, any := noUnit, false, false
	for i := len(parts) - 1; i >= 0; i-- {
		p := parts[i]
		var err error
		switch p.kind {
		case timeField:
			if err = a.addClock(p.text, fields); err == nil {
				err = a.once(hourUnit, minuteUnit, secondUnit, millisecondUnit, microsecondUnit)
			}
			unit, any = dayUnit, true // of a number before it
		case wordField, specialField:
			u, known := lookupUnit(p.text)
			switch {
			case known && u == agoUnit:
				ago = true
			case known && u != unknownUnit:
				unit = u
			default:
				return errSyntax
			}
		default:
			any = true
			unit, err = a.addNumber(p, unit, fields)
		}
		if err != nil {
			return err
		}
	}
	if !any {
		return errSyntax
	}
	if ago {
		a.negate()
	}
	return nil
}

func signsAfterFirst(parts []textField) bool {
	for _, p := range parts[1:] {
		if p.text[0] == '-' || p.text[0] == '+' {
			return true
		}
	}
	return false
}

// addClock adds h:mm[:ss[.f]], which may be longer than a day.
func (a *span) addClock(s string, fields IntervalFields) error {
	sign := int64(1)
	if a.oneSign {
		sign = -1
	}
	if s[0] == '+' || s[0] == '-' {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	h, m, sec, us, err := decodeClock(s, fields == MinuteField|SecondField)
	a.hours, a.minutes, a.seconds, a.fraction = a.hours+sign*int64(h), a.minutes+sign*int64(m), a.seconds+sign*int64(sec), a.fraction+sign*us
	return err
}

// addNumber adds a number with the unit that stood after it and returns the unit
// of a bare number before it.
func (a *span) addNumber(p textField, unit spanUnit, fields IntervalFields) (spanUnit, error) {
	s := p.text
	if p.kind == zoneField && strings.Contains(s[1:], ":") {
		b := *a
		if err := b.addClock(s, fields); err == nil {
			*a = b
			return dayUnit, a.once(hourUnit, minuteUnit, secondUnit, millisecondUnit, microsecondUnit)
		}
	}
	if unit == noUnit {
		unit = fields.lastUnit()
	}
	neg := s[0] == '-' || a.oneSign
	digits := strings.TrimLeft(s, "+-")
	n, rest, count := leadingInt(digits)
	if count > maxSpanDigits {
		return unit, errRange
	}
	v, f := int64(n), 0.0
	if neg {
		v = -v
	}
	switch {
	case rest == "" && count > 0:
	case rest != "" && rest[0] == '-' && count > 0:
		m, rest, mc := leadingInt(rest[1:])
		if m > 11 {
			return unit, errRange
		}
		if rest != "" || mc == 0 {
			return unit, errSyntax
		}
		if neg {
			m = -m
		}
		unit, v = monthUnit, v*12+int64(m)
		if int64(int32(v)) != v {
			return unit, errRange
		}
	case rest != "" && rest[0] == '.':
		var err error
		if f, err = strconv.ParseFloat("0"+rest+"0", 64); err != nil {
			return unit, errSyntax
		}
		if neg {
			f = -f
		}
	default:
		return unit, errSyntax
	}
	if err := a.add(v, f, unit); err != nil {
		return unit, err
	}
	if unit == secondUnit && f != 0 {
		if err := a.once(millisecondUnit, microsecondUnit); err != nil {
			return unit, err
		}
	}
	if err := a.once(unit); err != nil {
		return unit, err
	}
	if unit == hourUnit {
		return dayUnit, nil
	}
	return unit, nil
}
