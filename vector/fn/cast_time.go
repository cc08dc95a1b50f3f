package fn

import (
	"time"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// castTime converts among dates, times, timestamps and intervals.
func castTime(s *Scalar, from, to types.Type) {
	switch [2]types.Kind{from.Kind, to.Kind} {
	case [2]types.Kind{types.Date, types.Timestamp}:
		s.Kernel = try1(dateToTimestamp)
	case [2]types.Kind{types.Date, types.TimestampTZ}:
		zoned(s, func(loc *time.Location) Kernel {
			return try1(func(d int32) (int64, error) {
				us, err := dateToTimestamp(d)
				return types.InstantMicros(loc, us), err
			})
		})
	case [2]types.Kind{types.Timestamp, types.TimestampTZ}:
		zoned(s, func(loc *time.Location) Kernel {
			return map1(func(us int64) int64 { return types.InstantMicros(loc, us) })
		})
	case [2]types.Kind{types.TimestampTZ, types.Timestamp}:
		zoned(s, func(loc *time.Location) Kernel {
			return map1(func(us int64) int64 { return types.LocalMicros(loc, us) })
		})
	case [2]types.Kind{types.TimestampTZ, types.Date}:
		zoned(s, func(loc *time.Location) Kernel {
			return map1(func(us int64) int32 { return timestampToDate(types.LocalMicros(loc, us)) })
		})
	case [2]types.Kind{types.TimestampTZ, types.Time}:
		zoned(s, func(loc *time.Location) Kernel {
			return map1(func(us int64) int64 { return timeOfDay(types.LocalMicros(loc, us)) })
		})
	case [2]types.Kind{types.Timestamp, types.Date}:
		s.Kernel = map1(timestampToDate)
	case [2]types.Kind{types.Timestamp, types.Time}:
		s.Kernel = map1(timeOfDay)
	case [2]types.Kind{types.Time, types.Interval}:
		s.Kernel = map1(func(us int64) types.IntervalValue { return types.IntervalValue{Micros: us} })
	case [2]types.Kind{types.Interval, types.Time}:
		s.Kernel = map1(func(v types.IntervalValue) int64 { return timeOfDay(v.Micros) })
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

// relativeTime is the value of a special date word at the statement's now.
func relativeTime(word string, to types.Type, ctx *Context, loc *time.Location) (types.Datum, error) {
	local := types.LocalMicros(loc, ctx.NowMicros)
	if word == "epoch" {
		switch to.Kind {
		case types.Date:
			return types.NewInt32(0), nil
		case types.Time:
			return types.NullDatum, types.BadText(word, to)
		}
		return types.NewInt64(0), nil
	}
	if word != "now" {
		local -= timeOfDay(local)
		switch word {
		case "tomorrow":
			local += types.MicrosPerDay
		case "yesterday":
			local -= types.MicrosPerDay
		}
	}
	switch to.Kind {
	case types.Date:
		return types.NewInt32(timestampToDate(local)), nil
	case types.Time:
		return types.NewInt64(timeOfDay(local)), nil
	case types.TimestampTZ:
		return types.NewInt64(types.InstantMicros(loc, local)), nil
	}
	return types.NewInt64(local), nil
}
