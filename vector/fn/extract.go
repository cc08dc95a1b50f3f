package fn

import (
	"strings"
	"time"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// dateField is a field of EXTRACT, date_part and date_trunc.
type dateField uint8

const (
	noField dateField = iota
	fieldMicroseconds
	fieldMilliseconds
	fieldSecond
	fieldMinute
	fieldHour
	fieldDay
	fieldWeek
	fieldMonth
	fieldQuarter
	fieldYear
	fieldDecade
	fieldCentury
	fieldMillennium
	fieldDow
	fieldIsodow
	fieldDoy
	fieldIsoyear
	fieldEpoch
	fieldJulian
	fieldTimezone
	fieldTimezoneHour
	fieldTimezoneMinute
)

// dateFields are the names of the fields with PostgreSQL's abbreviations.
var dateFields = map[string]dateField{
	"microseconds": fieldMicroseconds, "microsecond": fieldMicroseconds, "us": fieldMicroseconds, "usec": fieldMicroseconds, "usecs": fieldMicroseconds,
	"milliseconds": fieldMilliseconds, "millisecond": fieldMilliseconds, "ms": fieldMilliseconds, "msec": fieldMilliseconds, "msecs": fieldMilliseconds,
	"second": fieldSecond, "seconds": fieldSecond, "sec": fieldSecond, "secs": fieldSecond, "s": fieldSecond,
	"minute": fieldMinute, "minutes": fieldMinute, "min": fieldMinute, "mins": fieldMinute, "m": fieldMinute,
	"hour": fieldHour, "hours": fieldHour, "hr": fieldHour, "hrs": fieldHour, "h": fieldHour,
	"day": fieldDay, "days": fieldDay, "d": fieldDay,
	"week": fieldWeek, "weeks": fieldWeek, "w": fieldWeek,
	"month": fieldMonth, "months": fieldMonth, "mon": fieldMonth, "mons": fieldMonth,
	"quarter": fieldQuarter, "qtr": fieldQuarter,
	"year": fieldYear, "years": fieldYear, "yr": fieldYear, "yrs": fieldYear, "y": fieldYear,
	"decade": fieldDecade, "decades": fieldDecade, "dec": fieldDecade, "decs": fieldDecade,
	"century": fieldCentury, "centuries": fieldCentury, "cent": fieldCentury, "c": fieldCentury,
	"millennium": fieldMillennium, "millennia": fieldMillennium, "mil": fieldMillennium, "mils": fieldMillennium,
	"dow": fieldDow, "isodow": fieldIsodow, "doy": fieldDoy, "isoyear": fieldIsoyear, "epoch": fieldEpoch,
	"julian": fieldJulian, "j": fieldJulian, "jd": fieldJulian,
	"timezone": fieldTimezone, "timezone_hour": fieldTimezoneHour, "timezone_minute": fieldTimezoneMinute,
}

// lookupField finds a field by name.
func lookupField(name string) dateField { return dateFields[strings.ToLower(strings.TrimSpace(name))] }

func badField(name string, k types.Kind, known bool) error {
	if known {
		return sqlstate.New(sqlstate.FeatureNotSupported, "unit \"%s\" not supported for type %s", strings.ToLower(name), k)
	}
	return sqlstate.New(sqlstate.InvalidParameterValue, "unit \"%s\" not recognized for type %s", strings.ToLower(name), k)
}

// extractFunctions are extract (NUMERIC) and date_part (DOUBLE PRECISION).
//
// EXTRACT of a literal field has the field's own scale: whole fields are
// NUMERIC(10,0) and print as 1995, second and epoch have six decimals and
// milliseconds three, as in PostgreSQL. With a field that is not literal it is NUMERIC(20,6).
func extractFunctions() []overload {
	var out []overload
	for _, k := range []types.Kind{types.Date, types.Time, types.Timestamp, types.TimestampTZ, types.Interval} {
		vol := Immutable
		if k == types.TimestampTZ {
			vol = Stable
		}
		args := []types.Kind{types.Text, k}
		out = append(out,
			overload{name: "extract", args: args, result: types.Numeric, vol: vol, bind: bindExtract},
			overload{name: "date_part", args: args, result: types.Float8, vol: vol, bind: bindDatePart})
	}
	return out
}

// bindExtract chooses the result type by the field if it is known.
func bindExtract(b *binding) error {
	b.Result = types.TNumeric(20, 6)
	b.Kernel = extractKernel(b.Args[1].Kind, func(out *vector.Vector, i int, micro int64) { out.I128[i] = types.Int128From(micro) })
	lit := b.lits[0]
	if lit == nil || lit.Value.IsNull() {
		return nil
	}
	f := lookupField(lit.Value.Str())
	if f == noField {
		return badField(lit.Value.Str(), b.Args[1].Kind, false)
	}
	div := int64(1)
	switch f {
	case fieldEpoch, fieldJulian:
		if b.Args[1].Kind != types.Date {
			return nil
		}
		b.Result, div = types.TNumeric(18, 0), types.MicrosPerSecond
	case fieldSecond:
		b.Result = types.TNumeric(8, 6)
	case fieldMilliseconds:
		b.Result, div = types.TNumeric(8, 3), 1000
	default:
		b.Result, div = types.TNumeric(10, 0), types.MicrosPerSecond
	}
	b.Kernel = extractKernel(b.Args[1].Kind, func(out *vector.Vector, i int, micro int64) { out.I64[i] = micro / div })
	if b.Args[1].Kind == types.Date && f == fieldYear {
		b.Kernel = yearOfDates
	}
	return nil
}

// firstYear and lastYear bound the years that yearOfDates looks up.
const firstYear, lastYear = 1800, 2200

// yearStarts are the days on which the years from firstYear on begin, and that after the last.
var yearStarts = func() (t [lastYear - firstYear + 2]int32) {
	for i := range t {
		t[i] = int32(types.DaysFromCivil(firstYear+i, 1, 1))
	}
	return t
}()

// yearOfDates is EXTRACT(YEAR FROM date), the one that analytic queries use most,
// by a table of years: an estimate that is at most one too high, and one comparison.
func yearOfDates(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
	a, m, r := args[1].I32, step(args[1]), out.I64
	if sel == nil {
		for i := range r[:n] {
			r[i] = yearOfDate(a[i&m])
		}
		return nil
	}
	for _, i := range sel {
		r[i] = yearOfDate(a[int(i)&m])
	}
	return nil
}

func yearOfDate(d int32) int64 {
	from := int64(d) - int64(yearStarts[0])
	if from < 0 || d >= yearStarts[len(yearStarts)-1] {
		return int64(displayYear(types.CivilFromDays(int64(d)).Year))
	}
	y := (from + 1) * 400 / 146097 // years of the average length; exact but around January 1st
	switch {
	case d < yearStarts[y]:
		y--
	case d >= yearStarts[y+1]:
		y++
	}
	return firstYear + y
}

// displayYear counts years BC from −1 downward: there is no year 0.
func displayYear(y int) int {
	if y <= 0 {
		return y - 1
	}
	return y
}

func bindDatePart(b *binding) error {
	k := b.Args[1].Kind
	put := func(out *vector.Vector, i int, micro int64) { out.F64[i] = float64(micro) / 1e6 }
	if lit := b.lits[0]; lit != nil && lookupField(lit.Value.Str()) == fieldSecond {
		put = func(out *vector.Vector, i int, micro int64) { // the sum that PostgreSQL rounds
			out.F64[i] = float64(micro/types.MicrosPerSecond) + float64(micro%types.MicrosPerSecond)/1e6
		}
	}
	b.Kernel = extractKernel(k, put)
	if lit := b.lits[0]; lit != nil && lookupField(lit.Value.Str()) == fieldJulian && (k == types.Timestamp || k == types.TimestampTZ) {
		b.Kernel = julianDays(k)
	}
	if lit := b.lits[0]; lit != nil && k == types.Interval && lookupField(lit.Value.Str()) == fieldEpoch {
		b.Kernel = map2(func(_ string, v types.IntervalValue) float64 { return intervalSeconds(v) })
	}
	if k == types.Date { // of its midnight: an hour is 0
		onTimestamps := extractKernel(types.Timestamp, put)
		toTimestamp := try1(dateToTimestamp)
		b.Kernel = func(ctx *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
			midnights := vector.New(types.TTimestamp, args[1].Len)
			midnights.Enc = args[1].Enc
			dates := sel
			if args[1].Enc == vector.Const {
				dates = nil // its value is at 0, which need not be among the rows
			}
			if err := toTimestamp(ctx, args[1:], dates, len(midnights.I64), midnights); err != nil {
				return err
			}
			return onTimestamps(ctx, []*vector.Vector{args[0], midnights}, sel, n, out)
		}
	}
	return nil
}

// julianDays is date_part('julian') with all the digits that a float has.
func julianDays(k types.Kind) Kernel {
	return withContext(func(ctx *Context) (Kernel, error) {
		loc, err := time.UTC, error(nil)
		if k == types.TimestampTZ {
			loc, err = types.Zone(ctx.ZoneName)
		}
		return map2(func(_ string, us int64) float64 {
			days, of := types.SplitMicros(types.LocalMicros(loc, us))
			return float64(days-int64(types.MinDate)) + float64(of)/float64(types.MicrosPerDay)
		}), err
	})
}

// extractKernel evaluates the field of argument 0 on argument 1 and passes put a millionth of the result.
func extractKernel(k types.Kind, put func(out *vector.Vector, i int, micro int64)) Kernel {
	return func(ctx *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		loc := time.UTC
		if k == types.TimestampTZ {
			var err error
			if loc, err = types.Zone(ctx.ZoneName); err != nil {
				return err
			}
		}
		names, mn, mv := args[0].Str, step(args[0]), step(args[1])
		last, field := "", noField
		return eachRow(sel, n, func(i int) error {
			if name := names[i&mn]; name != last || field == noField {
				last, field = name, lookupField(name)
			}
			micro, ok := int64(0), false
			var err error
			switch k {
			case types.Date:
				if field == fieldEpoch {
					micro, err = dateToTimestamp(args[1].I32[i&mv])
					ok = true
					break
				}
				micro, ok = dateFieldMicros(field, args[1].I32[i&mv])
			case types.Time:
				micro, ok = clockField(field, args[1].I64[i&mv])
				if field == fieldEpoch {
					micro, ok = args[1].I64[i&mv], true
				}
			case types.Timestamp:
				micro, ok = timestampField(field, args[1].I64[i&mv])
			case types.TimestampTZ:
				micro, ok = instantField(field, args[1].I64[i&mv], loc)
			case types.Interval:
				if field == fieldEpoch {
					micro, err = intervalEpoch(args[1].Iv[i&mv])
					ok = true
					break
				}
				micro, ok = intervalField(field, args[1].Iv[i&mv])
			}
			if err != nil {
				return err
			}
			if !ok {
				return badField(last, k, field != noField)
			}
			put(out, i, micro)
			return nil
		})
	}
}

// clockField is a field of a time of day in millionths; us may be negative (intervals).
func clockField(f dateField, us int64) (micro int64, ok bool) {
	switch f {
	case fieldMicroseconds:
		return us % types.MicrosPerMinute * types.MicrosPerSecond, true
	case fieldMilliseconds:
		return us % types.MicrosPerMinute * 1000, true
	case fieldSecond:
		return us % types.MicrosPerMinute, true
	case fieldMinute:
		return us / types.MicrosPerMinute % 60 * types.MicrosPerSecond, true
	case fieldHour:
		return us / types.MicrosPerHour * types.MicrosPerSecond, true
	}
	return 0, false
}

// dateFieldMicros is a field of a date in millionths.
func dateFieldMicros(f dateField, days int32) (micro int64, ok bool) {
	d := int64(days)
	if f == fieldJulian {
		return (d - int64(types.MinDate)) * types.MicrosPerSecond, true
	}
	v, ok := calendarField(f, d)
	return int64(v) * types.MicrosPerSecond, ok
}

// calendarField is a whole field of a day.
func calendarField(f dateField, d int64) (v int, ok bool) {
	switch f {
	case fieldDow:
		return types.ISOWeekday(d) % 7, true
	case fieldIsodow:
		return types.ISOWeekday(d), true
	case fieldDoy:
		return types.DayOfYear(d), true
	case fieldWeek:
		_, w := types.ISOWeek(d)
		return w, true
	case fieldIsoyear:
		y, _ := types.ISOWeek(d)
		return displayYear(y), true
	}
	c := types.CivilFromDays(d)
	switch f {
	case fieldDay:
		return c.Day, true
	case fieldMonth:
		return c.Month, true
	case fieldQuarter:
		return (c.Month + 2) / 3, true
	case fieldYear:
		return displayYear(c.Year), true
	case fieldDecade:
		return int(floorDiv(int64(c.Year), 10)), true
	case fieldCentury:
		return yearsGroup(c.Year, 100), true
	case fieldMillennium:
		return yearsGroup(c.Year, 1000), true
	}
	return 0, false
}

// yearsGroup numbers centuries and millennia: the first began with year 1, the one before it is −1.
func yearsGroup(year, size int) int {
	if year > 0 {
		return (year + size - 1) / size
	}
	return -((size - 1 - (year - 1)) / size)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// timestampField is a field of a wall clock in millionths.
func timestampField(f dateField, us int64) (micro int64, ok bool) {
	switch f {
	case fieldEpoch:
		return us, true
	case fieldJulian:
		days, of := types.SplitMicros(us)
		return (days-int64(types.MinDate))*types.MicrosPerSecond + of/86400, true
	}
	days, of := types.SplitMicros(us)
	if v, ok := clockField(f, of); ok {
		return v, true
	}
	v, ok := calendarField(f, days)
	return int64(v) * types.MicrosPerSecond, ok
}

// instantField is a field of an instant in a zone.
func instantField(f dateField, us int64, loc *time.Location) (micro int64, ok bool) {
	offset := types.OffsetAt(loc, us)
	switch f {
	case fieldEpoch:
		return us, true
	case fieldTimezone:
		return offset * types.MicrosPerSecond, true
	case fieldTimezoneHour:
		return offset / 3600 * types.MicrosPerSecond, true
	case fieldTimezoneMinute:
		return offset / 60 % 60 * types.MicrosPerSecond, true
	}
	return timestampField(f, us+offset*types.MicrosPerSecond)
}

// intervalField is a field of an interval in millionths.
func intervalField(f dateField, v types.IntervalValue) (micro int64, ok bool) {
	if us, ok := clockField(f, v.Micros); ok {
		return us, true
	}
	months := int64(v.Months)
	whole := int64(0)
	switch f {
	case fieldDay:
		whole = int64(v.Days)
	case fieldMonth:
		whole = months % 12
	case fieldQuarter:
		whole = months%12/3 + 1
	case fieldYear:
		whole = months / 12
	case fieldDecade:
		whole = months / 120
	case fieldCentury:
		whole = months / 1200
	case fieldMillennium:
		whole = months / 12000
	default:
		return 0, false
	}
	return whole * types.MicrosPerSecond, true
}

// intervalSeconds is the length in seconds with the rounding of floats.
func intervalSeconds(v types.IntervalValue) float64 {
	s := float64(v.Micros) / 1e6
	s += 365.25 * 86400 * float64(v.Months/12)
	s += 30 * 86400 * float64(v.Months%12)
	return s + 86400*float64(v.Days)
}

// intervalEpoch is the length in µs, a year of 365.25 days and a month of 30.
func intervalEpoch(v types.IntervalValue) (int64, error) {
	quarterDays := int64(v.Months/12)*1461 + int64(v.Months%12)*120 + int64(v.Days)*4
	us, _ := types.Mul64(quarterDays, types.MicrosPerDay/4).Add(types.Int128From(v.Micros))
	micro, ok := us.Int64()
	if !ok {
		return 0, intervalRange()
	}
	return micro, nil
}
