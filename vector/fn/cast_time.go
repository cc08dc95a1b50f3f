package fn

import (
	"time"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// castTime converts among dates, times, timestamps and intervals.
func castTime(s *Scalar, from, to types.Type) {
	round := func(us int64) int64 { return types.RoundMicros(us, to) }
	switch [2]types.Kind{from.Kind, to.Kind} {
	case [2]types.Kind{types.Date, types.Timestamp}:
		s.Kernel = try1(dateToTimestamp)
	case [2]types.Kind{types.Date, types.TimestampTZ}:
		zoned(s, func(loc *time.Location) Kernel {
			return try1(func(d int32) (int64, error) {
				us, err := dateToTimestamp(d)
				if err != nil {
					return 0, err
				}
				return inRange(types.InstantMicros(loc, us))
			})
		})
	case [2]types.Kind{types.Timestamp, types.TimestampTZ}:
		zoned(s, func(loc *time.Location) Kernel {
			return try1(func(us int64) (int64, error) { return inRange(round(types.InstantMicros(loc, us))) })
		})
	case [2]types.Kind{types.TimestampTZ, types.Timestamp}:
		zoned(s, func(loc *time.Location) Kernel {
			return try1(func(us int64) (int64, error) { return inRange(round(types.LocalMicros(loc, us))) })
		})
	case [2]types.Kind{types.TimestampTZ, types.Date}:
		zoned(s, func(loc *time.Location) Kernel {
			return map1(func(us int64) int32 { return timestampToDate(types.LocalMicros(loc, us)) })
		})
	case [2]types.Kind{types.TimestampTZ, types.Time}:
		zoned(s, func(loc *time.Location) Kernel {
			return map1(func(us int64) int64 { return round(timeOfDay(types.LocalMicros(loc, us))) })
		})
	case [2]types.Kind{types.Timestamp, types.Date}:
		s.Kernel = map1(timestampToDate)
	case [2]types.Kind{types.Timestamp, types.Time}:
		s.Kernel = map1(func(us int64) int64 { return round(timeOfDay(us)) })
	case [2]types.Kind{types.Time, types.Interval}:
		s.Kernel = map1(func(us int64) types.IntervalValue { return types.FitInterval(types.IntervalValue{Micros: us}, to) })
	case [2]types.Kind{types.Interval, types.Time}:
		s.Kernel = map1(func(v types.IntervalValue) int64 { return round(timeOfDay(v.Micros)) })
	}
}

// castModifiers applies the fields and the precision of to to a value of its kind.
func castModifiers(s *Scalar, to types.Type) {
	switch {
	case to == types.Base(to.Kind):
		s.relabel, s.Total = true, true
	case to.Kind == types.Interval:
		s.Kernel, s.Total = map1(func(v types.IntervalValue) types.IntervalValue { return types.FitInterval(v, to) }), true
	default:
		s.Kernel, s.Total = map1(func(us int64) int64 { return types.RoundMicros(us, to) }), true
	}
}

// zoned makes s a Stable function of the session's time zone.
func zoned(s *Scalar, make func(loc *time.Location) Kernel) {
	s.Volatility = Stable
	s.Kernel = withContext(func(ctx *Context) (Kernel, error) {
		loc, err := types.Zone(ctx.ZoneName)
		if err != nil {
			return nil, err
		}
		return make(loc), nil
	})
}

func timestampRange() error {
	return sqlstate.New(sqlstate.DatetimeFieldOverflow, "timestamp out of range")
}

// inRange refuses a timestamp that a time zone's offset has moved out of the range.
func inRange(us int64) (int64, error) {
	if us < types.MinTimestamp || us > types.MaxTimestamp {
		return 0, timestampRange()
	}
	return us, nil
}

func dateRange() error {
	return sqlstate.New(sqlstate.DatetimeFieldOverflow, "date out of range")
}

func dateToTimestamp(d int32) (int64, error) {
	if int64(d) > types.MaxTimestamp/types.MicrosPerDay {
		return 0, sqlstate.New(sqlstate.DatetimeFieldOverflow, "date out of range for timestamp")
	}
	return int64(d) * types.MicrosPerDay, nil
}

func timestampToDate(us int64) int32 {
	days, _ := types.SplitMicros(us)
	return int32(days)
}

func timeOfDay(us int64) int64 {
	_, of := types.SplitMicros(us)
	return of
}
