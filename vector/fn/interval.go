package fn

import (
	"math"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// intervalFunctions are arithmetic on INTERVAL and the justify functions.
func intervalFunctions() []overload {
	const iv, f8 = types.Interval, types.Float8
	one, two := []types.Kind{iv}, []types.Kind{iv, iv}
	times := func(v types.IntervalValue, f float64) (types.IntervalValue, error) {
		return scaleInterval(v, func(x float64) float64 { return x * f })
	}
	return []overload{
		{name: "+", args: two, result: iv, kernel: try2(func(a, b types.IntervalValue) (types.IntervalValue, error) { return addIntervals(a, b, 1) })},
		{name: "-", args: two, result: iv, kernel: try2(func(a, b types.IntervalValue) (types.IntervalValue, error) { return addIntervals(a, b, -1) })},
		{name: "-", args: one, result: iv, kernel: try1(func(a types.IntervalValue) (types.IntervalValue, error) {
			return addIntervals(types.IntervalValue{}, a, -1)
		})},
		{name: "*", args: []types.Kind{iv, f8}, result: iv, kernel: try2(times)},
		{name: "*", args: []types.Kind{f8, iv}, result: iv, kernel: try2(func(f float64, v types.IntervalValue) (types.IntervalValue, error) { return times(v, f) })},
		{name: "/", args: []types.Kind{iv, f8}, result: iv, kernel: try2(divInterval)},
		{name: "justify_hours", args: one, result: iv, kernel: try1(justifyHours)},
		{name: "justify_days", args: one, result: iv, kernel: try1(justifyDays)},
		{name: "justify_interval", args: one, result: iv, kernel: try1(justifyInterval)},
		{name: "make_interval", args: []types.Kind{types.Int4, types.Int4, types.Int4, types.Int4}, result: iv,
			kernel: try4(func(y, m, w, d int32) (types.IntervalValue, error) {
				return checkInterval(int64(y)*12+int64(m), int64(w)*7+int64(d), 0)
			})},
	}
}

func intervalRange() error {
	return sqlstate.New(sqlstate.DatetimeFieldOverflow, "interval out of range")
}

func checkInterval(months, days, micros int64) (types.IntervalValue, error) {
	if int64(int32(months)) != months || int64(int32(days)) != days {
		return types.IntervalValue{}, intervalRange()
	}
	return types.IntervalValue{Months: int32(months), Days: int32(days), Micros: micros}, nil
}

// addIntervals is a + sign·b, part by part.
func addIntervals(a, b types.IntervalValue, sign int64) (types.IntervalValue, error) {
	var us types.Int128
	if sign > 0 {
		us, _ = types.Int128From(a.Micros).Add(types.Int128From(b.Micros))
	} else {
		us, _ = types.Int128From(a.Micros).Sub(types.Int128From(b.Micros))
	}
	micros, ok := us.Int64()
	if !ok {
		return types.IntervalValue{}, intervalRange()
	}
	return checkInterval(int64(a.Months)+sign*int64(b.Months), int64(a.Days)+sign*int64(b.Days), micros)
}

func divInterval(v types.IntervalValue, f float64) (types.IntervalValue, error) {
	if f == 0 {
		return v, divisionByZero()
	}
	return scaleInterval(v, func(x float64) float64 { return x / f })
}

// scaleInterval scales the parts; the fraction of months becomes days of a
// 30-day month and the fraction of days becomes time, as PostgreSQL cascades them.
func scaleInterval(v types.IntervalValue, scale func(float64) float64) (types.IntervalValue, error) {
	micro := func(f float64) float64 { return math.RoundToEven(f*1e6) / 1e6 }
	months, days, micros := scale(float64(v.Months)), scale(float64(v.Days)), scale(float64(v.Micros))
	if !(math.Abs(months) < math.MaxInt32 && math.Abs(days) < math.MaxInt32 && math.Abs(micros) < 1<<62) {
		return types.IntervalValue{}, intervalRange()
	}
	wholeMonths, wholeDays := math.Trunc(months), math.Trunc(days)
	monthDays := micro((months - wholeMonths) * 30)
	seconds := micro((days - wholeDays + monthDays - math.Trunc(monthDays)) * 86400)
	if math.Abs(seconds) >= 86400 {
		carry := math.Trunc(seconds / 86400)
		wholeDays += carry
		seconds -= carry * 86400
	}
	wholeDays += math.Trunc(monthDays)
	if math.Abs(wholeDays) > math.MaxInt32 {
		return types.IntervalValue{}, intervalRange()
	}
	return types.IntervalValue{
		Months: int32(wholeMonths), Days: int32(wholeDays), Micros: int64(math.RoundToEven(micros + seconds*1e6)),
	}, nil
}

// justifyHours turns 24 hours into a day.
func justifyHours(v types.IntervalValue) (types.IntervalValue, error) {
	days, us := int64(v.Days)+v.Micros/types.MicrosPerDay, v.Micros%types.MicrosPerDay
	switch {
	case days > 0 && us < 0:
		days, us = days-1, us+types.MicrosPerDay
	case days < 0 && us > 0:
		days, us = days+1, us-types.MicrosPerDay
	}
	return checkInterval(int64(v.Months), days, us)
}

// justifyDays turns 30 days into a month.
func justifyDays(v types.IntervalValue) (types.IntervalValue, error) {
	months, days := int64(v.Months)+int64(v.Days)/30, int64(v.Days)%30
	switch {
	case months > 0 && days < 0:
		months, days = months-1, days+30
	case months < 0 && days > 0:
		months, days = months+1, days-30
	}
	return checkInterval(months, days, v.Micros)
}

// justifyInterval does both and makes the signs agree.
func justifyInterval(v types.IntervalValue) (types.IntervalValue, error) {
	days := int64(v.Days) + v.Micros/types.MicrosPerDay
	us := v.Micros % types.MicrosPerDay
	months := int64(v.Months) + days/30
	days %= 30
	if months > 0 && (days < 0 || days == 0 && us < 0) {
		months, days = months-1, days+30
	} else if months < 0 && (days > 0 || days == 0 && us > 0) {
		months, days = months+1, days-30
	}
	if days > 0 && us < 0 {
		days, us = days-1, us+types.MicrosPerDay
	} else if days < 0 && us > 0 {
		days, us = days+1, us-types.MicrosPerDay
	}
	return checkInterval(months, days, us)
}
