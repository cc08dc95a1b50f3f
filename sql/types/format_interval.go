package types

import "strconv"

// spanParts are an interval's parts as its texts show them, all with their signs.
type spanParts struct {
	years, months, days     int64
	hours, minutes, seconds int64
	fraction                int64 // µs
}

func splitInterval(v IntervalValue) spanParts {
	return spanParts{
		years: int64(v.Months) / 12, months: int64(v.Months) % 12, days: int64(v.Days),
		hours: v.Micros / MicrosPerHour, minutes: v.Micros / MicrosPerMinute % 60, seconds: v.Micros / MicrosPerSecond % 60,
		fraction: v.Micros % MicrosPerSecond,
	}
}

func absInt(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}

// appendISOInterval appends P1Y2M3DT4H5M6.7S.
func appendISOInterval(dst []byte, v IntervalValue) []byte {
	if v == (IntervalValue{}) {
		return append(dst, "PT0S"...)
	}
	p := splitInterval(v)
	dst = append(dst, 'P')
	part := func(n int64, unit byte) {
		if n != 0 {
			dst = append(strconv.AppendInt(dst, n, 10), unit)
		}
	}
	part(p.years, 'Y')
	part(p.months, 'M')
	part(p.days, 'D')
	if v.Micros == 0 {
		return dst
	}
	dst = append(dst, 'T')
	part(p.hours, 'H')
	part(p.minutes, 'M')
	if p.seconds == 0 && p.fraction == 0 {
		return dst
	}
	if p.seconds < 0 || p.fraction < 0 {
		dst = append(dst, '-')
	}
	dst = strconv.AppendInt(dst, absInt(p.seconds), 10)
	return append(appendFraction(dst, absInt(p.fraction)), 'S')
}

// appendVerboseInterval appends @ 1 year 2 mons 3 days 4 hours 5 mins 6.7 secs,
// with ago if the first part is negative.
func appendVerboseInterval(dst []byte, v IntervalValue) []byte {
	p := splitInterval(v)
	dst = append(dst, '@')
	zero, ago := true, false
	part := func(n int64, unit string) {
		if n == 0 {
			return
		}
		if zero {
			ago, n = n < 0, absInt(n)
		} else if ago {
			n = -n
		}
		dst = strconv.AppendInt(append(dst, ' '), n, 10)
		dst = append(append(dst, ' '), unit...)
		if n != 1 {
			dst = append(dst, 's')
		}
		zero = false
	}
	part(p.years, "year")
	part(p.months, "mon")
	part(p.days, "day")
	part(p.hours, "hour")
	part(p.minutes, "min")
	if p.seconds != 0 || p.fraction != 0 {
		dst = append(dst, ' ')
		switch negative := p.seconds < 0 || p.fraction < 0; {
		case negative && zero:
			ago = true
		case negative != ago:
			dst = append(dst, '-')
		}
		dst = strconv.AppendInt(dst, absInt(p.seconds), 10)
		dst = append(appendFraction(dst, absInt(p.fraction)), " sec"...)
		if absInt(p.seconds) != 1 || p.fraction != 0 {
			dst = append(dst, 's')
		}
		zero = false
	}
	if zero {
		dst = append(dst, " 0"...)
	}
	if ago {
		dst = append(dst, " ago"...)
	}
	return dst
}

// appendSQLInterval appends the literals of the SQL standard, 1-2 and 3 4:05:06,
// and where a value is neither (years with days, signs that differ) all parts with signs.
func appendSQLInterval(dst []byte, v IntervalValue) []byte {
	p := splitInterval(v)
	negative := v.Months < 0 || v.Days < 0 || v.Micros < 0
	positive := v.Months > 0 || v.Days > 0 || v.Micros > 0
	sign := func(n int64) {
		if n < 0 {
			dst = append(dst, '-')
		} else {
			dst = append(dst, '+')
		}
	}
	number := func(n int64) { dst = strconv.AppendInt(dst, absInt(n), 10) }
	clock := func() {
		number(p.hours)
		dst = append(dst, ':')
		dst = append(appendDigits(dst, uint64(absInt(p.minutes)), 2), ':')
		dst = appendFraction(appendDigits(dst, uint64(absInt(p.seconds)), 2), absInt(p.fraction))
	}
	if negative && positive || v.Months != 0 && (v.Days != 0 || v.Micros != 0) {
		sign(int64(v.Months))
		number(p.years)
		dst = append(dst, '-')
		number(p.months)
		dst = append(dst, ' ')
		sign(p.days)
		number(p.days)
		dst = append(dst, ' ')
		sign(v.Micros)
		clock()
		return dst
	}
	if negative {
		dst = append(dst, '-')
	}
	switch {
	case !negative && !positive:
		return append(dst, '0')
	case v.Months != 0:
		number(p.years)
		dst = append(dst, '-')
		number(p.months)
		return dst
	case v.Days != 0:
		number(p.days)
		dst = append(dst, ' ')
	}
	clock()
	return dst
}
