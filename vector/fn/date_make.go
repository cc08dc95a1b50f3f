package fn

import (
	"math"
	"strconv"
	"time"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// dateFunctions make, cut and measure dates and timestamps.
func dateFunctions() []overload {
	const d, ts, tz, iv, i4, f8, txt = types.Date, types.Timestamp, types.TimestampTZ, types.Interval, types.Int4, types.Float8, types.Text
	kinds := func(k ...types.Kind) []types.Kind { return k }
	return []overload{
		{name: "date_trunc", args: kinds(txt, ts), result: ts, kernel: try2(func(f string, us int64) (int64, error) { return truncTimestamp(f, us, ts) })},
		{name: "date_trunc", args: kinds(txt, tz), result: tz, vol: Stable, kernel: withContext(func(ctx *Context) (Kernel, error) {
			loc, err := types.Zone(ctx.ZoneName)
			return try2(func(f string, us int64) (int64, error) { return truncInstant(f, us, loc) }), err
		})},
		{name: "date_trunc", args: kinds(txt, tz, txt), result: tz, kernel: try3(func(f string, us int64, zone string) (int64, error) {
			z, err := types.ExprZone(zone)
			if err != nil {
				return 0, err
			}
			return truncInstant(f, us, z.Location())
		})},
		{name: "date_trunc", args: kinds(txt, iv), result: iv, kernel: try2(truncInterval)},
		{name: "date_bin", args: kinds(iv, ts, ts), result: ts, kernel: try3(dateBin)},
		{name: "date_bin", args: kinds(iv, tz, tz), result: tz, kernel: try3(dateBin)},
		{name: "age", args: kinds(ts, ts), result: iv, kernel: map2(age)},
		{name: "age", args: kinds(tz, tz), result: iv, vol: Stable, kernel: withContext(func(ctx *Context) (Kernel, error) {
			loc, err := types.Zone(ctx.ZoneName)
			return map2(func(a, b int64) types.IntervalValue { return age(types.LocalMicros(loc, a), types.LocalMicros(loc, b)) }), err
		})},
		{name: "age", args: kinds(ts), result: iv, vol: Stable, kernel: withContext(func(ctx *Context) (Kernel, error) {
			loc, err := types.Zone(ctx.ZoneName)
			now := types.LocalMicros(loc, ctx.NowMicros)
			return map1(func(b int64) types.IntervalValue { return age(now-timeOfDay(now), b) }), err
		})},
		{name: "age", args: kinds(tz), result: iv, vol: Stable, kernel: withContext(func(ctx *Context) (Kernel, error) {
			loc, err := types.Zone(ctx.ZoneName)
			now := types.LocalMicros(loc, ctx.NowMicros)
			return map1(func(b int64) types.IntervalValue { return age(now-timeOfDay(now), types.LocalMicros(loc, b)) }), err
		})},
		{name: "make_date", args: kinds(i4, i4, i4), result: d, kernel: try3(func(y, m, day int32) (int32, error) {
			v, err := makeDate(y, m, day)
			return int32(v), err
		})},
		{name: "make_time", args: kinds(i4, i4, f8), result: types.Time, kernel: try3(makeTime)},
		{name: "make_timestamp", args: kinds(i4, i4, i4, i4, i4, f8), result: ts, kernel: makeTimestamp},
		{name: "timezone", args: kinds(txt, ts), result: tz, kernel: try2(func(zone string, us int64) (int64, error) {
			z, err := types.ExprZone(zone)
			if err != nil {
				return 0, err
			}
			return inRange(z.Instant(us))
		})},
		{name: "timezone", args: kinds(txt, tz), result: ts, kernel: try2(func(zone string, us int64) (int64, error) {
			z, err := types.ExprZone(zone)
			if err != nil {
				return 0, err
			}
			return inRange(z.Local(us))
		})},
		{name: "timezone", args: kinds(iv, ts), result: tz, kernel: try2(func(zone types.IntervalValue, us int64) (int64, error) {
			loc, err := intervalZone(zone)
			if err != nil {
				return 0, err
			}
			return inRange(types.InstantMicros(loc, us))
		})},
		{name: "timezone", args: kinds(iv, tz), result: ts, kernel: try2(func(zone types.IntervalValue, us int64) (int64, error) {
			loc, err := intervalZone(zone)
			if err != nil {
				return 0, err
			}
			return inRange(types.LocalMicros(loc, us))
		})},
		{name: "to_timestamp", args: kinds(f8), result: tz, kernel: try1(epochToTimestamp)},
		{name: "isfinite", args: kinds(d), result: types.Bool, kernel: map1(func(int32) uint8 { return 1 })},
		{name: "isfinite", args: kinds(ts), result: types.Bool, kernel: map1(func(int64) uint8 { return 1 })},
		{name: "isfinite", args: kinds(tz), result: types.Bool, kernel: map1(func(int64) uint8 { return 1 })},
	}
}

// intervalZone is the zone that is an interval ahead of UTC.
func intervalZone(v types.IntervalValue) (*time.Location, error) {
	if v.Months != 0 || v.Days != 0 {
		return nil, sqlstate.New(sqlstate.InvalidParameterValue, "interval time zone \"%s\" must not include months or days", types.AppendInterval(nil, v))
	}
	return time.FixedZone("", int(v.Micros/types.MicrosPerSecond)), nil
}

func makeDate(y, m, d int32) (int64, error) {
	year := int(y)
	if y < 0 {
		year = int(y) + 1
	}
	if y == 0 || m < 1 || m > 12 || d < 1 || int(d) > types.DaysInMonth(year, int(m)) {
		return 0, sqlstate.New(sqlstate.DatetimeFieldOverflow, "date field value out of range: %d-%02d-%02d", y, m, d)
	}
	days := types.DaysFromCivil(year, int(m), int(d))
	if days < int64(types.MinDate) || days > int64(types.MaxDate) {
		return 0, sqlstate.New(sqlstate.DatetimeFieldOverflow, "date out of range: %d-%02d-%02d", y, m, d)
	}
	return days, nil
}

func makeTime(h, m int32, s float64) (int64, error) {
	us := int64(h)*types.MicrosPerHour + int64(m)*types.MicrosPerMinute
	if h < 0 || h > 24 || m < 0 || m > 59 || !(s >= 0 && s <= 60) || us+int64(math.RoundToEven(s*1e6)) > types.MicrosPerDay {
		seconds := strconv.FormatFloat(s, 'f', -1, 64)
		if s >= 0 && s < 10 {
			seconds = "0" + seconds
		}
		return 0, sqlstate.New(sqlstate.DatetimeFieldOverflow, "time field value out of range: %d:%02d:%s", h, m, seconds)
	}
	return us + int64(math.RoundToEven(s*1e6)), nil
}

// epochToTimestamp converts seconds since 1970, rounded to µs.
func epochToTimestamp(s float64) (int64, error) {
	us := math.RoundToEven(s * 1e6)
	if !(us >= float64(types.MinTimestamp) && us <= float64(types.MaxTimestamp)) {
		return 0, sqlstate.New(sqlstate.DatetimeFieldOverflow, "timestamp out of range: \"%v\"", s)
	}
	return int64(us), nil
}

// truncDays cuts a day count to a field; ok is false for fields below a day.
func truncDays(f dateField, days int64) (cut int64, ok bool) {
	c := types.CivilFromDays(days)
	first := func(year, month int) (int64, bool) { return types.DaysFromCivil(year, month, 1), true }
	switch f {
	case fieldDay:
		return days, true
	case fieldWeek:
		return days - int64(types.ISOWeekday(days)-1), true
	case fieldMonth:
		return first(c.Year, c.Month)
	case fieldQuarter:
		return first(c.Year, (c.Month-1)/3*3+1)
	case fieldYear:
		return first(c.Year, 1)
	case fieldDecade:
		return first(int(floorDiv(int64(c.Year), 10))*10, 1)
	case fieldCentury:
		return first(int(floorDiv(int64(c.Year)-1, 100))*100+1, 1)
	case fieldMillennium:
		return first(int(floorDiv(int64(c.Year)-1, 1000))*1000+1, 1)
	}
	return 0, false
}

// clockUnit is the length of a field of the clock, 0 for other fields.
func clockUnit(f dateField) int64 {
	switch f {
	case fieldMicroseconds:
		return 1
	case fieldMilliseconds:
		return 1000
	case fieldSecond:
		return types.MicrosPerSecond
	case fieldMinute:
		return types.MicrosPerMinute
	case fieldHour:
		return types.MicrosPerHour
	}
	return 0
}

func truncTimestamp(name string, us int64, k types.Kind) (int64, error) {
	f := lookupField(name)
	days, of := types.SplitMicros(us)
	if unit := clockUnit(f); unit > 0 {
		return us - of%unit, nil
	}
	cut, ok := truncDays(f, days)
	if !ok {
		return 0, badTruncField(name, f, k)
	}
	return cut * types.MicrosPerDay, nil
}

// badTruncField is badField for date_trunc, to which the fields that only
// extract knows are words like others.
func badTruncField(name string, f dateField, k types.Kind) error {
	return badField(name, k, f == fieldWeek || f >= fieldTimezone)
}

// truncInstant cuts in the zone's calendar.
func truncInstant(name string, us int64, loc *time.Location) (int64, error) {
	local := types.LocalMicros(loc, us)
	cut, err := truncTimestamp(name, local, types.TimestampTZ)
	if err != nil {
		return 0, err
	}
	if local-cut < types.MicrosPerHour {
		return us - (local - cut), nil // stays on the same side of a clock change
	}
	return types.InstantMicros(loc, cut), nil
}

func truncInterval(name string, v types.IntervalValue) (types.IntervalValue, error) {
	f := lookupField(name)
	if unit := clockUnit(f); unit > 0 {
		v.Micros -= v.Micros % unit
		return v, nil
	}
	months := map[dateField]int32{
		fieldMonth: 1, fieldQuarter: 3, fieldYear: 12, fieldDecade: 120, fieldCentury: 1200, fieldMillennium: 12000,
	}[f]
	switch {
	case f == fieldDay:
		v.Micros = 0
		return v, nil
	case months == 0:
		return v, badTruncField(name, f, types.Interval)
	}
	return types.IntervalValue{Months: v.Months - v.Months%months}, nil
}

// dateBin is the start of the stride-long bin, counted from origin, that us falls into.
func dateBin(stride types.IntervalValue, us, origin int64) (int64, error) {
	if stride.Months != 0 {
		return 0, sqlstate.New(sqlstate.FeatureNotSupported, "timestamps cannot be binned into intervals containing months or years")
	}
	length, ok := types.Mul64(int64(stride.Days), types.MicrosPerDay).Add(types.Int128From(stride.Micros))
	width, fits := length.Int64()
	if !ok || !fits || width <= 0 {
		return 0, sqlstate.New(sqlstate.DatetimeFieldOverflow, "stride must be greater than zero")
	}
	diff := us - origin
	return addMicros(origin, 1, floorDiv(diff, width)*width)
}

// age is a − b in years, months, days and time, as a person counts.
func age(a, b int64) types.IntervalValue {
	if a < b {
		v := age(b, a)
		return types.IntervalValue{Months: -v.Months, Days: -v.Days, Micros: -v.Micros}
	}
	daysA, ofA := types.SplitMicros(a)
	daysB, ofB := types.SplitMicros(b)
	ca, cb := types.CivilFromDays(daysA), types.CivilFromDays(daysB)
	us := ofA - ofB
	day := ca.Day - cb.Day
	months := (ca.Year-cb.Year)*12 + ca.Month - cb.Month
	if us < 0 {
		us += types.MicrosPerDay
		day--
	}
	if day < 0 {
		// Borrow the length of the earlier date's month.
		day += types.DaysInMonth(cb.Year, cb.Month)
		months--
	}
	return types.IntervalValue{Months: int32(months), Days: int32(day), Micros: us}
}
