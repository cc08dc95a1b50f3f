package fn

import (
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// dateParseFunctions are to_date and to_timestamp with a template.
func dateParseFunctions() []overload {
	const txt = types.Text
	return []overload{
		{name: "to_date", args: []types.Kind{txt, txt}, result: types.Date, kernel: try2(func(s, f string) (int32, error) {
			r, err := readTemplate(s, f)
			if err != nil {
				return 0, err
			}
			days := types.DaysFromCivil(r.Year, r.Month, r.Day)
			if days < int64(types.MinDate) || days > int64(types.MaxDate) {
				return 0, sqlstate.New(sqlstate.DatetimeFieldOverflow, "date out of range: \"%s\"", s)
			}
			return int32(days), nil
		})},
		{name: "to_timestamp", args: []types.Kind{txt, txt}, result: types.TimestampTZ, vol: Stable, kernel: withContext(func(ctx *Context) (Kernel, error) {
			loc, err := types.Zone(ctx.ZoneName)
			return try2(func(s, f string) (int64, error) {
				r, err := readTemplate(s, f)
				if err != nil {
					return 0, err
				}
				days := types.DaysFromCivil(r.Year, r.Month, r.Day)
				if days < int64(types.MinDate) || days > types.MaxTimestamp/types.MicrosPerDay {
					return 0, sqlstate.New(sqlstate.DatetimeFieldOverflow, "timestamp out of range: \"%s\"", s)
				}
				us := days*types.MicrosPerDay + r.micros
				if r.zoned {
					us -= r.offset * types.MicrosPerSecond
				} else {
					us = types.InstantMicros(loc, us)
				}
				us = types.RoundMicros(us, types.TTimestampTZ.WithTimePrecision(r.decimals))
				return addMicros(us, 1, 0)
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

// templateTime is the date and time that a text gave by its template.
type templateTime struct {
	types.Civil
	micros   int64 // of the day
	offset   int64 // seconds east, if zoned
	zoned    bool
	decimals int // of the seconds, −1 for all
}

// readTemplate reads s by a template of to_char's patterns.
//
// Errors: 22007 the text does not follow the template, 22008 a value out of
// range, 0A000 a pattern that only to_char knows.
func readTemplate(s, format string) (templateTime, error) {
	r := templateReader{s: s}
	if err := r.run(parseTimeTemplate(format).nodes); err != nil {
		return templateTime{}, err
	}
	return r.parts.resolve(s)
}

// templateParts are the numbers that a text gave; 0 is none.
type templateParts struct {
	hour, minute, second, secondOfDay int
	millis, micros, decimals          int
	twelve                            bool // the hours are of a 12-hour clock
	pm, bc                            int
	year, yearDigits, century         int
	month, week, weekOfMonth          int
	day, weekday, dayOfYear, julian   int
	zoneSign, zoneHour, zoneMinute    int
	calendar                          uint8
}

// resolve puts the parts together and checks their ranges.
func (p *templateParts) resolve(s string) (templateTime, error) {
	t := templateTime{Civil: types.Civil{Month: 1, Day: 1}, decimals: -1}
	bad := sqlstate.New(sqlstate.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", s)
	hour, err := p.clockHour()
	if err != nil {
		return t, err
	}
	minute, second := p.secondOfDay/60%60, p.secondOfDay%60
	if p.minute != 0 {
		minute = p.minute
	}
	if p.second != 0 {
		second = p.second
	}
	if err := p.resolveDate(&t, bad); err != nil {
		return t, err
	}
	fraction := int64(p.millis)*1000 + int64(p.micros)
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || fraction < 0 || fraction >= types.MicrosPerSecond {
		return t, bad
	}
	t.micros = int64(hour)*types.MicrosPerHour + int64(minute)*types.MicrosPerMinute + int64(second)*types.MicrosPerSecond + fraction
	if p.decimals != 0 {
		t.decimals = p.decimals
	}
	if p.zoneSign != 0 {
		if p.zoneHour < 0 || p.zoneHour > 15 || p.zoneMinute < 0 || p.zoneMinute > 59 {
			return t, sqlstate.New(sqlstate.InvalidTimeZone, "time zone displacement out of range: \"%s\"", s)
		}
		t.zoned, t.offset = true, int64(p.zoneSign)*(int64(p.zoneHour)*3600+int64(p.zoneMinute)*60)
	}
	return t, nil
}

// clockHour is the hour on a 24-hour clock.
func (p *templateParts) clockHour() (int, error) {
	hour := p.secondOfDay / 3600
	if p.hour != 0 {
		hour = p.hour
	}
	if !p.twelve {
		return hour, nil
	}
	if hour < 1 || hour > 12 {
		return 0, sqlstate.New(sqlstate.InvalidDatetimeFormat, "hour \"%d\" is invalid for the 12-hour clock", hour).
			WithHint("Use the 24-hour clock, or give an hour between 1 and 12.")
	}
	hour %= 12
	if p.pm != 0 {
		hour += 12
	}
	return hour, nil
}

// resolveDate sets t's date; what the text does not give is 1, the year 1 BC.
func (p *templateParts) resolveDate(t *templateTime, bad error) error {
	year, given := p.fullYear()
	t.Year = year
	haveMonth, haveDay := false, false
	if p.julian != 0 {
		t.Civil = types.CivilFromDays(int64(p.julian) + int64(types.MinDate))
		given, haveMonth, haveDay = true, true, true
	}
	dayOfYear, day := p.dayOfYear, p.day
	switch {
	case p.week != 0 && p.calendar == isoCalendar:
		t.Civil = types.CivilFromDays(isoWeekStart(t.Year, p.week) + int64(p.isoDay()))
		given, haveMonth, haveDay = true, true, true
	case p.week != 0:
		dayOfYear = (p.week-1)*7 + 1
	}
	if p.weekOfMonth != 0 {
		day = (p.weekOfMonth-1)*7 + 1
	}
	if day != 0 {
		t.Day, haveDay = day, true
	}
	if p.month != 0 {
		t.Month, haveMonth = p.month, true
	}
	if dayOfYear != 0 && (t.Month <= 1 || t.Day <= 1) {
		if t.Year == 0 && p.bc == 0 {
			return sqlstate.New(sqlstate.InvalidDatetimeFormat, "cannot calculate day of year without year information")
		}
		if p.calendar == isoCalendar {
			t.Civil = types.CivilFromDays(isoWeekStart(t.Year, 1) - 1 + int64(dayOfYear))
			given = true
		} else {
			setDayOfYear(&t.Civil, dayOfYear)
		}
		haveMonth, haveDay = true, true
	}
	if haveMonth && (t.Month < 1 || t.Month > 12) || haveDay && (t.Day < 1 || t.Day > 31) {
		return bad
	}
	if given && haveMonth && haveDay && t.Day > types.DaysInMonth(t.Year, t.Month) {
		return bad
	}
	// Without all of them the parts that were not given are in range by themselves.
	if t.Day > types.DaysInMonth(t.Year, t.Month) {
		t.Civil = types.CivilFromDays(types.DaysFromCivil(t.Year, t.Month, t.Day))
	}
	return nil
}

// fullYear is the year in the astronomical count, 0 if none was given.
func (p *templateParts) fullYear() (year int, given bool) {
	c := p.century
	if p.bc != 0 {
		c = -c
	}
	switch {
	case p.year != 0 && c != 0 && p.yearDigits <= 2:
		switch year = p.year % 100; {
		case year == 0 && c >= 0:
			year = c * 100
		case year == 0:
			year = c*100 + 1
		case c >= 0:
			year += (c - 1) * 100
		default:
			year = (c+1)*100 - year + 1
		}
	case p.year != 0:
		if year = p.year; p.bc != 0 {
			year = -year
		}
		if year < 0 {
			year++
		}
	case c > 0:
		year = (c-1)*100 + 1
	case c < 0:
		year = c*100 + 1
	default:
		return 0, false
	}
	return year, true
}

// isoDay is the day of an ISO week from Monday as 0; the weekday counts from
// Sunday as 1.
func (p *templateParts) isoDay() int {
	switch {
	case p.weekday > 1:
		return p.weekday - 2
	case p.weekday == 0:
		return 0
	}
	return 6
}

// isoWeekStart is the Monday of an ISO week.
func isoWeekStart(year, week int) int64 {
	fourth := types.DaysFromCivil(year, 1, 4) // is in the first week
	return fourth - int64(types.ISOWeekday(fourth)-1) + int64(week-1)*7
}

// setDayOfYear sets the parts of c that are 1 by a day of the year. Days beyond
// the year become days of a month that there is not.
func setDayOfYear(c *types.Civil, day int) {
	month, before := 1, 0
	for month <= 12 {
		n := types.DaysInMonth(c.Year, month)
		if day <= before+n {
			break
		}
		before += n
		month++
	}
	if c.Month <= 1 {
		c.Month = month
	}
	if c.Day <= 1 {
		c.Day = day - before
	}
}
