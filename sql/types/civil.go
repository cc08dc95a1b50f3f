package types

// MicrosPerDay, MicrosPerHour, MicrosPerMinute and MicrosPerSecond convert
// between the parts of times, which are counted in µs.
const (
	MicrosPerSecond int64 = 1_000_000
	MicrosPerMinute       = 60 * MicrosPerSecond
	MicrosPerHour         = 60 * MicrosPerMinute
	MicrosPerDay          = 24 * MicrosPerHour
)

// The ranges of dates and timestamps: from 4714-11-24 BC, where PostgreSQL
// begins too, to what the representation holds with whole years to spare.
const (
	MinDate      int32 = -2440588            // 4714-11-24 BC
	MaxDate      int32 = 2145042905          // 5874897-12-31
	MinTimestamp int64 = -210866803200000000 // 4714-11-24 00:00:00 BC
	MaxTimestamp int64 = 9223371244799999999 // 294246-12-31 23:59:59.999999
)

// Civil is a date of the proleptic Gregorian calendar. Year 0 is 1 BC.
type Civil struct{ Year, Month, Day int }

// DaysFromCivil returns the days since 1970-01-01. Month may be any number and
// is carried into the year; Day is not checked.
//
// Method: H. Hinnant, "chrono-compatible low-level date algorithms" (days
// counted in 400-year eras that begin in March).
func DaysFromCivil(year, month, day int) int64 {
	y, m := int64(year), int64(month)-1
	y += floorDiv(m, 12)
	m -= floorDiv(m, 12) * 12
	mp := (m + 10) % 12 // March is 0
	if m < 2 {
		y--
	}
	era := floorDiv(y, 400)
	yoe := y - era*400
	doy := (153*mp+2)/5 + int64(day) - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468
}

// CivilFromDays is the inverse of DaysFromCivil.
func CivilFromDays(days int64) Civil {
	z := days + 719468
	era := floorDiv(z, 146097)
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	c := Civil{Year: int(yoe + era*400), Month: int(mp + 3), Day: int(doy - (153*mp+2)/5 + 1)}
	if mp >= 10 {
		c.Month -= 12
		c.Year++
	}
	return c
}

// DaysInMonth returns the length of a month, 1 ≤ month ≤ 12.
func DaysInMonth(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// floorDiv is a/b rounded toward −∞, b > 0.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// SplitMicros splits µs since 1970-01-01 into whole days and the µs of the day, which are ≥ 0.
func SplitMicros(us int64) (days, ofDay int64) {
	days = floorDiv(us, MicrosPerDay)
	return days, us - days*MicrosPerDay
}

// AddMonths moves a day count by whole months, the day clipped to the new month's length.
func AddMonths(days int64, months int) int64 {
	c := CivilFromDays(days)
	m := c.Month - 1 + months
	y := c.Year + int(floorDiv(int64(m), 12))
	m = m - int(floorDiv(int64(m), 12))*12 + 1
	return DaysFromCivil(y, m, min(c.Day, DaysInMonth(y, m)))
}

// ISOWeek returns the ISO 8601 year and week of a day count.
func ISOWeek(days int64) (year, week int) {
	// The Thursday of the week decides the year.
	thursday := days + 3 - isoWeekday0(days)
	year = CivilFromDays(thursday).Year
	return year, int(thursday-DaysFromCivil(year, 1, 1))/7 + 1
}

// isoWeekday0 is 0 for Monday to 6 for Sunday; 1970-01-01 was a Thursday.
func isoWeekday0(days int64) int64 { return days + 3 - floorDiv(days+3, 7)*7 }

// ISOWeekday returns 1 for Monday to 7 for Sunday.
func ISOWeekday(days int64) int { return int(isoWeekday0(days)) + 1 }

// DayOfYear returns 1 for January 1st.
func DayOfYear(days int64) int {
	return int(days-DaysFromCivil(CivilFromDays(days).Year, 1, 1)) + 1
}
