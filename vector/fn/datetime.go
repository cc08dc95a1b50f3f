package fn

import (
	"time"

	"htapdb/sql/types"
)

// datetimeFunctions are the operators on dates, times and timestamps.
func datetimeFunctions() []overload {
	const d, t, ts, tz, iv, i4 = types.Date, types.Time, types.Timestamp, types.TimestampTZ, types.Interval, types.Int4
	out := []overload{
		{name: "-", args: []types.Kind{d, d}, result: i4, kernel: try2(func(a, b int32) (int32, error) {
			if v := int64(a) - int64(b); v == int64(int32(v)) {
				return int32(v), nil
			}
			return 0, outOfRange(i4)
		})},
		{name: "-", args: []types.Kind{d, i4}, result: d, kernel: try2(func(a, n int32) (int32, error) { return addDays(a, -int64(n)) })},
		{name: "-", args: []types.Kind{ts, ts}, result: iv, kernel: map2(subTimestamps)},
		{name: "-", args: []types.Kind{tz, tz}, result: iv, kernel: map2(subTimestamps)},
		{name: "-", args: []types.Kind{t, t}, result: iv, kernel: map2(func(a, b int64) types.IntervalValue { return types.IntervalValue{Micros: a - b} })},
		{name: "-", args: []types.Kind{d, iv}, result: ts, kernel: try2(func(a int32, v types.IntervalValue) (int64, error) { return dateInterval(a, v, -1) })},
		{name: "-", args: []types.Kind{ts, iv}, result: ts, kernel: try2(func(a int64, v types.IntervalValue) (int64, error) { return shiftTimestamp(a, v, -1) })},
		{name: "-", args: []types.Kind{tz, iv}, result: tz, vol: Stable, kernel: zonedShift(-1)},
		{name: "-", args: []types.Kind{t, iv}, result: t, kernel: map2(func(a int64, v types.IntervalValue) int64 { return timeOfDay(a - v.Micros%types.MicrosPerDay) })},
	}
	out = append(out, commuted("+", d, i4, d,
		try2(func(a, n int32) (int32, error) { return addDays(a, int64(n)) }),
		try2(func(n, a int32) (int32, error) { return addDays(a, int64(n)) }))...)
	out = append(out, commuted("+", d, iv, ts,
		try2(func(a int32, v types.IntervalValue) (int64, error) { return dateInterval(a, v, 1) }),
		try2(func(v types.IntervalValue, a int32) (int64, error) { return dateInterval(a, v, 1) }))...)
	out = append(out, commuted("+", d, t, ts,
		try2(func(a int32, us int64) (int64, error) { return dateTime(a, us) }),
		try2(func(us int64, a int32) (int64, error) { return dateTime(a, us) }))...)
	out = append(out, commuted("+", ts, iv, ts,
		try2(func(a int64, v types.IntervalValue) (int64, error) { return shiftTimestamp(a, v, 1) }),
		try2(func(v types.IntervalValue, a int64) (int64, error) { return shiftTimestamp(a, v, 1) }))...)
	out = append(out, commuted("+", t, iv, t,
		map2(func(a int64, v types.IntervalValue) int64 { return timeOfDay(a + v.Micros%types.MicrosPerDay) }),
		map2(func(v types.IntervalValue, a int64) int64 { return timeOfDay(a + v.Micros%types.MicrosPerDay) }))...)
	zoned := commuted("+", tz, iv, tz, zonedShift(1), withContext(func(ctx *Context) (Kernel, error) {
		loc, err := types.Zone(ctx.ZoneName)
		return try2(func(v types.IntervalValue, a int64) (int64, error) { return shiftInstant(loc, a, v, 1) }), err
	}))
	zoned[0].vol, zoned[1].vol = Stable, Stable
	return append(out, zoned...)
}

// commuted declares a op b and b op a.
func commuted(name string, a, b, result types.Kind, ab, ba Kernel) []overload {
	return []overload{
		{name: name, args: []types.Kind{a, b}, result: result, kernel: ab},
		{name: name, args: []types.Kind{b, a}, result: result, kernel: ba},
	}
}

func addDays(a int32, n int64) (int32, error) {
	v := int64(a) + n
	if v < int64(types.MinDate) || v > int64(types.MaxDate) {
		return 0, dateRange()
	}
	return int32(v), nil
}

func dateTime(a int32, us int64) (int64, error) {
	base, err := dateToTimestamp(a)
	return base + us, err
}

// subTimestamps is a − b in whole days and a rest of the same sign, as PostgreSQL gives it.
func subTimestamps(a, b int64) types.IntervalValue {
	us := a - b // both are far from the ends of int64
	return types.IntervalValue{Days: int32(us / types.MicrosPerDay), Micros: us % types.MicrosPerDay}
}

// shiftTimestamp adds sign times v: first the months (the day clipped to the
// month), then the days, then the time.
func shiftTimestamp(us int64, v types.IntervalValue, sign int64) (int64, error) {
	days, of := types.SplitMicros(us)
	days, err := shiftDays(days, v, sign)
	if err != nil {
		return 0, err
	}
	return addMicros(days*types.MicrosPerDay+of, sign, v.Micros)
}

// shiftDays adds an interval's months and days to a day count.
func shiftDays(days int64, v types.IntervalValue, sign int64) (int64, error) {
	if v.Months != 0 {
		days = types.AddMonths(days, int(sign)*int(v.Months))
	}
	days += sign * int64(v.Days)
	if days < int64(types.MinDate) || days > types.MaxTimestamp/types.MicrosPerDay {
		return 0, timestampRange()
	}
	return days, nil
}

// addMicros adds and checks the range of timestamps.
func addMicros(us, sign, micros int64) (int64, error) {
	sum := us + sign*micros
	wraps := (sum > us) != (sign*micros > 0) && micros != 0
	if wraps || sum < types.MinTimestamp || sum > types.MaxTimestamp {
		return 0, timestampRange()
	}
	return sum, nil
}

func dateInterval(a int32, v types.IntervalValue, sign int64) (int64, error) {
	us, err := dateToTimestamp(a)
	if err != nil {
		return 0, err
	}
	return shiftTimestamp(us, v, sign)
}

// shiftInstant adds months and days in the zone's calendar and time absolutely.
func shiftInstant(loc *time.Location, us int64, v types.IntervalValue, sign int64) (int64, error) {
	if v.Months != 0 || v.Days != 0 {
		days, of := types.SplitMicros(types.LocalMicros(loc, us))
		days, err := shiftDays(days, v, sign)
		if err != nil {
			return 0, err
		}
		us = types.InstantMicros(loc, days*types.MicrosPerDay+of)
	}
	return addMicros(us, sign, v.Micros)
}

func zonedShift(sign int64) Kernel {
	return withContext(func(ctx *Context) (Kernel, error) {
		loc, err := types.Zone(ctx.ZoneName)
		return try2(func(a int64, v types.IntervalValue) (int64, error) { return shiftInstant(loc, a, v, sign) }), err
	})
}
