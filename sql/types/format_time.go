package types

import (
	"strconv"
	"time"
)

// AppendDate appends a date in the session's style, with " BC" for years before 1.
func (st *TextStyle) AppendDate(dst []byte, days int32) []byte {
	c := CivilFromDays(int64(days))
	if st != nil && st.Date.Output != ISODates {
		dst = st.appendNumbers(dst, c)
	} else {
		dst = appendCivil(dst, c)
	}
	return appendEra(dst, c)
}

// appendCivil appends YYYY-MM-DD.
func appendCivil(dst []byte, c Civil) []byte {
	dst = appendYear(dst, c)
	dst = append(dst, '-')
	dst = appendDigits(dst, uint64(c.Month), 2)
	dst = append(dst, '-')
	return appendDigits(dst, uint64(c.Day), 2)
}

// appendYear appends the year in its era.
func appendYear(dst []byte, c Civil) []byte {
	y := c.Year
	if y <= 0 {
		y = 1 - y
	}
	return appendDigits(dst, uint64(y), 4)
}

// appendNumbers appends day, month and year in the order and with the punctuation
// of a style other than ISO.
func (st *TextStyle) appendNumbers(dst []byte, c Civil) []byte {
	mark := map[DateOutput]byte{SQLDates: '/', PostgresDates: '-', GermanDates: '.'}[st.Date.Output]
	first, second := c.Month, c.Day
	if st.Date.Order == DayMonthYear || st.Date.Output == GermanDates {
		first, second = c.Day, c.Month
	}
	dst = append(appendDigits(dst, uint64(first), 2), mark)
	dst = append(appendDigits(dst, uint64(second), 2), mark)
	return appendYear(dst, c)
}

func appendEra(dst []byte, c Civil) []byte {
	if c.Year <= 0 {
		return append(dst, " BC"...)
	}
	return dst
}

// AppendTime appends HH:MM:SS and the fraction without trailing zeros; us is ≥ 0.
func AppendTime(dst []byte, us int64) []byte {
	dst = appendDigits(dst, uint64(us/MicrosPerHour), 2)
	dst = append(dst, ':')
	dst = appendDigits(dst, uint64(us/MicrosPerMinute%60), 2)
	dst = append(dst, ':')
	dst = appendDigits(dst, uint64(us/MicrosPerSecond%60), 2)
	return appendFraction(dst, us%MicrosPerSecond)
}

// appendFraction appends .ffffff without trailing zeros, nothing for 0.
func appendFraction(dst []byte, us int64) []byte {
	if us == 0 {
		return dst
	}
	dst = append(dst, '.')
	dst = appendDigits(dst, uint64(us), 6)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// AppendTimestamp appends a timestamp in the session's style.
func (st *TextStyle) AppendTimestamp(dst []byte, us int64) []byte {
	days, of := SplitMicros(us)
	c := CivilFromDays(days)
	if st != nil && st.Date.Output != ISODates {
		return appendEra(st.appendWords(dst, days, of), c)
	}
	dst = append(appendCivil(dst, c), ' ')
	return appendEra(AppendTime(dst, of), c)
}

// appendWords appends a wall clock in a style other than ISO, without its era.
func (st *TextStyle) appendWords(dst []byte, days, of int64) []byte {
	c := CivilFromDays(days)
	if st.Date.Output != PostgresDates {
		return AppendTime(append(st.appendNumbers(dst, c), ' '), of)
	}
	title := func(names []string, i int) {
		dst = append(dst, names[i][0]&^0x20)
		dst = append(append(dst, names[i][1:3]...), ' ')
	}
	title(dayNames, ISOWeekday(days)%7)
	if st.Date.Order == DayMonthYear {
		dst = append(appendDigits(dst, uint64(c.Day), 2), ' ')
		title(monthNames, c.Month-1)
	} else {
		title(monthNames, c.Month-1)
		dst = append(appendDigits(dst, uint64(c.Day), 2), ' ')
	}
	return appendYear(append(AppendTime(dst, of), ' '), c)
}

// AppendTimestampTZ appends the instant on the zone's clock: in ISO style with
// its offset, +02, -03:30, in the others with the zone's abbreviation.
func (st *TextStyle) AppendTimestampTZ(dst []byte, us int64) []byte {
	var loc *time.Location
	if st != nil {
		loc = st.Zone
	}
	offset := OffsetAt(loc, us)
	days, of := SplitMicros(us + offset*MicrosPerSecond)
	c := CivilFromDays(days)
	if st != nil && st.Date.Output != ISODates {
		dst = append(st.appendWords(dst, days, of), ' ')
		return appendEra(append(dst, ZoneAbbreviation(loc, us)...), c)
	}
	dst = append(appendCivil(dst, c), ' ')
	dst = AppendTime(dst, of)
	return appendEra(AppendOffset(dst, offset), c)
}

// AppendOffset appends an offset from UTC in seconds: +02, -03:30.
func AppendOffset(dst []byte, offset int64) []byte {
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	dst = append(dst, sign)
	dst = appendDigits(dst, uint64(offset/3600), 2)
	if offset%3600 != 0 {
		dst = append(dst, ':')
		dst = appendDigits(dst, uint64(offset/60%60), 2)
		if offset%60 != 0 {
			dst = append(dst, ':')
			dst = appendDigits(dst, uint64(offset%60), 2)
		}
	}
	return dst
}

// ZoneAbbreviation is what a zone is called at an instant: CEST.
func ZoneAbbreviation(loc *time.Location, us int64) string {
	if loc == nil {
		loc = time.UTC
	}
	name, _ := time.Unix(floorDiv(us, MicrosPerSecond), 0).In(loc).Zone()
	return name
}

// AppendInterval appends an interval in the session's style.
func (st *TextStyle) AppendInterval(dst []byte, v IntervalValue) []byte {
	if st != nil {
		switch st.Interval {
		case PostgresVerboseIntervals:
			return appendVerboseInterval(dst, v)
		case SQLIntervals:
			return appendSQLInterval(dst, v)
		case ISOIntervals:
			return appendISOInterval(dst, v)
		}
	}
	return AppendInterval(dst, v)
}

// AppendInterval appends PostgreSQL's intervalstyle 'postgres':
// "1 year 2 mons 3 days 04:05:06.7", a sign where it changes.
func AppendInterval(dst []byte, v IntervalValue) []byte {
	start := len(dst)
	before := false // the previous part was negative
	part := func(n int64, unit string) {
		if n == 0 {
			return
		}
		if len(dst) > start {
			dst = append(dst, ' ')
		}
		if before && n > 0 {
			dst = append(dst, '+')
		}
		dst = strconv.AppendInt(dst, n, 10)
		dst = append(append(dst, ' '), unit...)
		if n != 1 {
			dst = append(dst, 's')
		}
		before = n < 0
	}
	part(int64(v.Months)/12, "year")
	part(int64(v.Months)%12, "mon")
	part(int64(v.Days), "day")
	if v.Micros == 0 && len(dst) > start {
		return dst
	}
	if len(dst) > start {
		dst = append(dst, ' ')
	}
	us := uint64(v.Micros)
	switch {
	case v.Micros < 0:
		dst = append(dst, '-')
		us = -us
	case before:
		dst = append(dst, '+')
	}
	dst = appendDigits(dst, us/uint64(MicrosPerHour), 2)
	dst = append(dst, ':')
	dst = appendDigits(dst, us/uint64(MicrosPerMinute)%60, 2)
	dst = append(dst, ':')
	dst = appendDigits(dst, us/uint64(MicrosPerSecond)%60, 2)
	return appendFraction(dst, int64(us%uint64(MicrosPerSecond)))
}
