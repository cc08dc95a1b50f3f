package types

import (
	"math"
	"strconv"
	"strings"

	"htapdb/sql/sqlstate"
)

// fieldRange is 22008 for a part of a date or time that no calendar has.
func fieldRange(s string) error {
	return sqlstate.New(sqlstate.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", s)
}

// timeError words what went wrong in reading s as t.
func timeError(err error, s string, t Type) error {
	switch err {
	case errRange:
		return fieldRange(s)
	case errZone:
		return sqlstate.New(sqlstate.InvalidTimeZone, "time zone displacement out of range: \"%s\"", s)
	case errInfinity:
		return sqlstate.New(sqlstate.FeatureNotSupported, "infinite values of type %s are not supported", t)
	case errSyntax:
		return BadText(s, t)
	}
	return err
}

// ParseDate reads a date; a time of day after it is dropped, as in PostgreSQL.
func (st *TextStyle) ParseDate(s string) (int32, error) {
	dt := datetime{style: st}
	if err := dt.scan(s); err != nil {
		return 0, timeError(err, s, TDate)
	}
	if dt.epoch {
		return 0, nil
	}
	days := DaysFromCivil(dt.year, dt.month, dt.day)
	if days < int64(MinDate) || days > int64(MaxDate) {
		return 0, sqlstate.New(sqlstate.DatetimeFieldOverflow, "date out of range: \"%s\"", s)
	}
	return int32(days), nil
}

// ParseTime reads a time of day in µs since midnight, up to 24:00:00.
func (st *TextStyle) ParseTime(s string) (int64, error) {
	dt := datetime{style: st, clock: true}
	if err := dt.decode(s); err != nil {
		return 0, timeError(err, s, TTime)
	}
	return dt.micros, nil
}

// ParseTimestamp reads a timestamp; a zone in it is ignored, as in PostgreSQL.
func (st *TextStyle) ParseTimestamp(s string) (int64, error) {
	dt := datetime{style: st}
	if err := dt.scan(s); err != nil {
		return 0, timeError(err, s, TTimestamp)
	}
	if dt.epoch {
		return 0, nil
	}
	return dt.local(s)
}

// local is the wall clock in µs since 1970-01-01.
func (dt *datetime) local(s string) (int64, error) {
	days := DaysFromCivil(dt.year, dt.month, dt.day)
	if days < int64(MinDate) || days > MaxTimestamp/MicrosPerDay {
		return 0, timestampRange(s)
	}
	us := days*MicrosPerDay + dt.micros
	if us > MaxTimestamp {
		return 0, timestampRange(s)
	}
	return us, nil
}

func timestampRange(s string) error {
	return sqlstate.New(sqlstate.DatetimeFieldOverflow, "timestamp out of range: \"%s\"", s)
}

// ParseTimestampTZ reads an instant; the style's zone is that of a text without one.
func (st *TextStyle) ParseTimestampTZ(s string) (int64, error) {
	dt := datetime{style: st}
	if err := dt.scan(s); err != nil {
		return 0, timeError(err, s, TTimestampTZ)
	}
	if dt.epoch {
		return 0, nil
	}
	us, err := dt.local(s)
	if err != nil {
		return 0, err
	}
	switch {
	case dt.named:
		us = dt.zone.Instant(us)
	case dt.has(zonePart):
		us -= int64(dt.offset) * MicrosPerSecond
	default:
		us = InstantMicros(st.Zone, us)
	}
	if us < MinTimestamp || us > MaxTimestamp {
		return 0, timestampRange(s)
	}
	return us, nil
}

// DependsOnSession reports a text whose value as t is not the same in every
// session and statement: its numbers stand in the session's order (01/02/03), it
// is a word for the statement's time (now, today), or an instant without a zone.
func DependsOnSession(s string, t Type) bool {
	switch t.Kind {
	case Interval:
		return signsDepend(s)
	case Date, Timestamp, TimestampTZ, Time:
	default:
		return false
	}
	dt := datetime{style: plainStyle, clock: t.Kind == Time}
	err := dt.scan(s)
	return dt.ordered || dt.relative || err == nil && t.Kind == TimestampTZ && !dt.epoch && !dt.has(zonePart)
}

// signsDepend reports an interval with one sign before several numbers, which
// IntervalStyle decides the scope of.
func signsDepend(s string) bool {
	if !strings.HasPrefix(strings.TrimLeft(s, space), "-") {
		return false
	}
	parts, _ := splitFields(s)
	numbers := 0
	for _, p := range parts {
		if p.kind < wordField {
			numbers++
		}
	}
	return numbers > 1 && !signsAfterFirst(parts)
}

// scan reads the ISO form at once and other forms field by field.
func (dt *datetime) scan(s string) error {
	if !dt.clock && dt.scanISO(strings.Trim(s, space)) {
		return nil
	}
	return dt.decode(s)
}

// scanISO reads a valid YYYY-MM-DD[{ |T}HH:MM[:SS[.f]][±HH[:MM]]]. ok is false if
// the text has another form or its values are out of range: decode looks closer.
func (dt *datetime) scanISO(s string) (ok bool) {
	y, rest, n := leadingInt(s)
	if n < 4 || n > 7 || rest == "" || rest[0] != '-' {
		return false
	}
	m, rest, n := leadingInt(rest[1:])
	if n == 0 || n > 2 || rest == "" || rest[0] != '-' {
		return false
	}
	d, rest, n := leadingInt(rest[1:])
	if n == 0 || n > 2 || y == 0 || m < 1 || m > 12 || d < 1 || d > DaysInMonth(y, m) {
		return false
	}
	us, offset, parts := int64(0), 0, dateParts
	if rest != "" {
		if rest[0] != ' ' && rest[0] != 'T' && rest[0] != 't' || len(rest) < 2 || !isDigit(rest[1]) {
			return false
		}
		if us, rest, ok = scanClock(rest[1:]); !ok {
			return false
		}
		parts |= timeParts
	}
	if rest != "" {
		var err error
		if offset, err = decodeOffset(rest); err != nil {
			return false
		}
		parts |= zonePart
	}
	dt.year, dt.month, dt.day, dt.micros, dt.offset, dt.parts = y, m, d, us, offset, parts
	return true
}

// leadingInt reads the digits at the start of s; n is how many there are. Beyond
// 18 digits the value is none that any range takes.
func leadingInt(s string) (v int, rest string, n int) {
	for n < len(s) && isDigit(s[n]) {
		if n < 18 {
			v = v*10 + int(s[n]-'0')
		}
		n++
	}
	return v, s[n:], n
}

// scanClock reads HH:MM[:SS[.ffffff]] at the start of s, within a day.
func scanClock(s string) (us int64, rest string, ok bool) {
	h, rest, n := leadingInt(s)
	if n == 0 || n > 2 || rest == "" || rest[0] != ':' {
		return 0, s, false
	}
	m, rest, n := leadingInt(rest[1:])
	if n == 0 || n > 2 {
		return 0, s, false
	}
	var sec int
	var frac int64
	if rest != "" && rest[0] == ':' {
		if sec, rest, n = leadingInt(rest[1:]); n == 0 || n > 2 {
			return 0, s, false
		}
		if rest != "" && rest[0] == '.' {
			digits := rest[1:]
			frac, rest = scanFraction(digits)
			if n := len(digits) - len(rest); n == 0 || n > 6 {
				return 0, s, false
			}
		}
	} else if rest != "" && rest[0] == '.' {
		return 0, s, false
	}
	us = int64(h)*MicrosPerHour + int64(m)*MicrosPerMinute + int64(sec)*MicrosPerSecond + frac
	return us, rest, h <= 24 && m <= 59 && sec <= 60 && us <= MicrosPerDay
}

// scanFraction reads decimals of a second, rounded to µs.
func scanFraction(s string) (us int64, rest string) {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	if n > 6 {
		// As PostgreSQL rounds it: the nearest of the double's.
		f, _ := strconv.ParseFloat("0."+s[:n], 64) // the syntax is right and the range too
		return int64(math.RoundToEven(f * 1e6)), s[n:]
	}
	scale := int64(100_000)
	for i := range n {
		us += int64(s[i]-'0') * scale
		scale /= 10
	}
	return us, s[n:]
}
