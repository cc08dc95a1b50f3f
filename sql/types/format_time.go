package types

import (
	"strconv"
	"time"
)

// AppendDate appends YYYY-MM-DD, with " BC" for years before 1.
func AppendDate(dst []byte, days int32) []byte {
	c := CivilFromDays(int64(days))
	dst = appendCivil(dst, c)
	return appendEra(dst, c)
}

func appendCivil(dst []byte, c Civil) []byte {
	y := c.Year
	if y <= 0 {
		y = 1 - y
	}
	dst = appendDigits(dst, uint64(y), 4)
	dst = append(dst, '-')
	dst = appendDigits(dst, uint64(c.Month), 2)
	dst = append(dst, '-')
	return appendDigits(dst, uint64(c.Day), 2)
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

// AppendTimestamp appends YYYY-MM-DD HH:MM:SS[.ffffff].
func AppendTimestamp(dst []byte, us int64) []byte {
	days, of := SplitMicros(us)
	c := CivilFromDays(days)
	dst = append(appendCivil(dst, c), ' ')
	return appendEra(AppendTime(dst, of), c)
}

// AppendTimestampTZ appends the instant in loc's clock with its offset: +02, -03:30.
func AppendTimestampTZ(dst []byte, us int64, loc *time.Location) []byte {
	offset := OffsetAt(loc, us)
	days, of := SplitMicros(us + offset*MicrosPerSecond)
	c := CivilFromDays(days)
	dst = append(appendCivil(dst, c), ' ')
	dst = AppendTime(dst, of)
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
	return appendEra(dst, c)
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
