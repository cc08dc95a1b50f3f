package types

import (
	"strings"
	"time"

	"htapdb/sql/sqlstate"
)

// datetime is what a text says about a date and a time of day.
type datetime struct {
	year, month, day int
	hasDate          bool
	micros           int64 // since midnight; a day or a little more for 24:00 and leap seconds
	hasTime          bool
	offset           int // seconds east of UTC
	hasOffset        bool
	zone             *time.Location // a named zone, instead of offset
}

// fieldRange is 22008 for a part of a date or time that no calendar has.
func fieldRange(s string) error {
	return sqlstate.New(sqlstate.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", s)
}

// timeError words what went wrong in reading s as t.
func timeError(err error, s string, t Type) error {
	switch err {
	case errRange:
		return fieldRange(s)
	case errInfinity:
		return sqlstate.New(sqlstate.FeatureNotSupported, "infinite values of type %s are not supported", t)
	}
	return BadText(s, t)
}

// ParseDate reads a date; a time of day after it is dropped, as in PostgreSQL.
func ParseDate(s string) (int32, error) {
	dt, err := scanDatetime(s)
	if err == nil && !dt.hasDate {
		err = errSyntax
	}
	if err != nil {
		return 0, timeError(err, s, TDate)
	}
	days := DaysFromCivil(dt.year, dt.month, dt.day)
	if days < int64(MinDate) || days > int64(MaxDate) {
		return 0, sqlstate.New(sqlstate.DatetimeFieldOverflow, "date out of range: \"%s\"", s)
	}
	return int32(days), nil
}

// ParseTime reads a time of day in µs since midnight, up to 24:00:00.
func ParseTime(s string) (int64, error) {
	dt, err := scanDatetime(s)
	if err == nil && !dt.hasTime {
		err = errSyntax
	}
	if err == nil && dt.micros > MicrosPerDay {
		err = errRange
	}
	if err != nil {
		return 0, timeError(err, s, TTime)
	}
	return dt.micros, nil
}

// ParseTimestamp reads a timestamp; a zone in it is ignored, as in PostgreSQL.
func ParseTimestamp(s string) (int64, error) {
	dt, err := scanDatetime(s)
	if err == nil && !dt.hasDate {
		err = errSyntax
	}
	if err != nil {
		return 0, timeError(err, s, TTimestamp)
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

// ParseTimestampTZ reads an instant; loc (nil is UTC) is the zone when the text has none.
func ParseTimestampTZ(s string, loc *time.Location) (int64, error) {
	dt, err := scanDatetime(s)
	if err == nil && !dt.hasDate {
		err = errSyntax
	}
	if err != nil {
		return 0, timeError(err, s, TTimestampTZ)
	}
	us, err := dt.local(s)
	if err != nil {
		return 0, err
	}
	switch {
	case dt.zone != nil:
		us = InstantMicros(dt.zone, us)
	case dt.hasOffset:
		us -= int64(dt.offset) * MicrosPerSecond
	default:
		us = InstantMicros(loc, us)
	}
	if us < MinTimestamp || us > MaxTimestamp {
		return 0, timestampRange(s)
	}
	return us, nil
}

// HasZone reports whether a timestamp's text names its zone, so that it means
// the same instant in every session.
func HasZone(s string) bool {
	dt, err := scanDatetime(s)
	return err == nil && (dt.hasOffset || dt.zone != nil)
}

// scanDatetime reads the ISO form at once and other forms word by word.
func scanDatetime(s string) (datetime, error) {
	in := strings.Trim(s, space)
	if dt, ok, err := scanISO(in); ok {
		return dt, err
	}
	return scanWords(in)
}

// scanISO reads YYYY-MM-DD[{ |T}HH:MM[:SS[.f]][zone]]. ok is false if the text
// has another form.
func scanISO(s string) (dt datetime, ok bool, err error) {
	y, rest, n := leadingInt(s)
	if n < 4 || n > 7 || rest == "" || rest[0] != '-' {
		return dt, false, nil
	}
	m, rest, n := leadingInt(rest[1:])
	if n == 0 || n > 2 || rest == "" || rest[0] != '-' {
		return dt, false, nil
	}
	d, rest, n := leadingInt(rest[1:])
	if n == 0 || n > 2 {
		return dt, false, nil
	}
	dt.year, dt.month, dt.day, dt.hasDate = y, m, d, true
	if rest == "" {
		return dt, true, dt.check(false)
	}
	if rest[0] != ' ' && rest[0] != 'T' && rest[0] != 't' || len(rest) < 2 || rest[1] < '0' || rest[1] > '9' {
		return dt, false, nil
	}
	rest, err = dt.scanClock(rest[1:])
	if err != nil {
		return dt, true, err
	}
	if rest != "" {
		if strings.ContainsAny(rest, " \t") { // AM, BC, a named zone after a blank
			return dt, false, nil
		}
		if err = dt.scanZone(rest); err != nil {
			return dt, false, nil
		}
	}
	return dt, true, dt.check(false)
}

// leadingInt reads the digits at the start of s; n is how many (9 at most are taken).
func leadingInt(s string) (v int, rest string, n int) {
	for n < len(s) && n < 9 && s[n] >= '0' && s[n] <= '9' {
		v = v*10 + int(s[n]-'0')
		n++
	}
	return v, s[n:], n
}

// scanClock reads HH:MM[:SS[.ffffff]] at the start of s.
func (dt *datetime) scanClock(s string) (rest string, err error) {
	h, rest, n := leadingInt(s)
	if n == 0 || n > 3 || rest == "" || rest[0] != ':' {
		return s, errSyntax
	}
	m, rest, n := leadingInt(rest[1:])
	if n == 0 || n > 2 {
		return s, errSyntax
	}
	var sec int
	var frac int64
	if rest != "" && rest[0] == ':' {
		if sec, rest, n = leadingInt(rest[1:]); n == 0 || n > 2 {
			return s, errSyntax
		}
		if rest != "" && (rest[0] == '.' || rest[0] == ',') {
			if frac, rest = scanFraction(rest[1:]); frac < 0 {
				return s, errSyntax
			}
		}
	}
	us := int64(h)*MicrosPerHour + int64(m)*MicrosPerMinute + int64(sec)*MicrosPerSecond + frac
	if h > 24 || m > 59 || sec > 60 || h == 24 && us > MicrosPerDay {
		return rest, errRange
	}
	dt.micros, dt.hasTime = us, true
	return rest, nil
}

// scanFraction reads decimals of a second, rounded to µs.
func scanFraction(s string) (us int64, rest string) {
	i, scale := 0, int64(100_000)
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		switch {
		case scale > 0:
			us += int64(s[i]-'0') * scale
			scale /= 10
		case i == 6 && s[i] >= '5':
			us++
		}
		i++
	}
	return us, s[i:]
}

// parseOffset reads {+|-}HH[[:]MM[[:]SS]] at the start of s, in seconds east.
func parseOffset(s string) (offset int, rest string, ok bool) {
	if s == "" || s[0] != '+' && s[0] != '-' {
		return 0, s, false
	}
	v, rest, n := leadingInt(s[1:])
	h, m, sec := v, 0, 0
	switch {
	case n == 0 || n > 6 || n == 5:
		return 0, s, false
	case n == 6:
		h, m, sec = v/10000, v/100%100, v%100
	case n >= 3:
		h, m = v/100, v%100
	case rest != "" && rest[0] == ':':
		if m, rest, n = leadingInt(rest[1:]); n != 2 {
			return 0, s, false
		}
		if rest != "" && rest[0] == ':' {
			if sec, rest, n = leadingInt(rest[1:]); n != 2 {
				return 0, s, false
			}
		}
	}
	if h > 15 || m > 59 || sec > 59 {
		return 0, s, false
	}
	offset = h*3600 + m*60 + sec
	if s[0] == '-' {
		offset = -offset
	}
	return offset, rest, true
}

// scanZone reads an offset, Z or a zone name; s is all of it.
func (dt *datetime) scanZone(s string) error {
	if offset, rest, ok := parseOffset(s); ok && rest == "" {
		dt.offset, dt.hasOffset = offset, true
		return nil
	}
	if s == "" || s[0] == '+' || s[0] == '-' {
		return errSyntax
	}
	if hours, ok := zoneAbbreviations[strings.ToUpper(s)]; ok {
		dt.offset, dt.hasOffset = hours*3600, true
		return nil
	}
	loc, err := Zone(s)
	if err != nil {
		return errSyntax
	}
	dt.zone = loc
	return nil
}

// zoneAbbreviations are the fixed ones in common use, in hours east.
var zoneAbbreviations = map[string]int{
	"Z": 0, "UTC": 0, "GMT": 0, "UT": 0, "ZULU": 0, "WET": 0, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3, "BST": 1,
	"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "JST": 9,
}

// check validates the date and turns a year BC into the astronomical count.
func (dt *datetime) check(bc bool) error {
	if !dt.hasDate {
		return nil
	}
	if dt.year == 0 {
		return errRange // there is no year 0
	}
	if bc {
		dt.year = 1 - dt.year
	}
	if dt.month < 1 || dt.month > 12 || dt.day < 1 || dt.day > DaysInMonth(dt.year, dt.month) {
		return errRange
	}
	return nil
}
