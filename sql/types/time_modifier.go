package types

import (
	"strconv"
	"strings"

	"htapdb/sql/sqlstate"
)

// IntervalFields is the set of fields of INTERVAL YEAR TO MONTH and its like; 0
// is all. The bits are PostgreSQL's, which stand in atttypmod.
type IntervalFields int32

// The fields.
const (
	MonthField  IntervalFields = 1 << 1
	YearField   IntervalFields = 1 << 2
	DayField    IntervalFields = 1 << 3
	HourField   IntervalFields = 1 << 10
	MinuteField IntervalFields = 1 << 11
	SecondField IntervalFields = 1 << 12
)

// fullRange stands in atttypmod for an interval with a precision and all fields.
const fullRange = 0x7fff

// fieldOrder are the fields from the longest.
var fieldOrder = []struct {
	field IntervalFields
	name  string
	unit  spanUnit
}{
	{YearField, "year", yearUnit}, {MonthField, "month", monthUnit}, {DayField, "day", dayUnit},
	{HourField, "hour", hourUnit}, {MinuteField, "minute", minuteUnit}, {SecondField, "second", secondUnit},
}

// String is the fields in SQL: "day to minute".
func (f IntervalFields) String() string {
	var first, last string
	for _, o := range fieldOrder {
		if f&o.field == 0 {
			continue
		}
		if first == "" {
			first = o.name
		}
		last = o.name
	}
	if first == last {
		return first
	}
	return first + " to " + last
}

// last is the shortest field, 0 of none.
func (f IntervalFields) last() (field IntervalFields, unit spanUnit) {
	unit = secondUnit
	for _, o := range fieldOrder {
		if f&o.field != 0 {
			field, unit = o.field, o.unit
		}
	}
	return field, unit
}

// lastUnit is the unit of a number without one.
func (f IntervalFields) lastUnit() spanUnit {
	_, u := f.last()
	return u
}

// IntervalType is INTERVAL with fields in words ("", "day", "hour to second") and a
// precision of its seconds from 0 to 6, −1 for none.
//
// Errors: 42601 for fields that are none.
func IntervalType(fields string, precision int) (Type, error) {
	t := Type{Kind: Interval}
	if fields != "" {
		from, to, ranged := strings.Cut(strings.ToLower(fields), " to ")
		at := func(name string) int {
			for i, o := range fieldOrder {
				if o.name == name {
					return i
				}
			}
			return -1
		}
		lo, hi := at(from), at(from)
		if ranged {
			hi = at(to)
		}
		// Years and months do not mix with the rest.
		if lo < 0 || hi < lo || ranged && hi == lo || (lo < 2) != (hi < 2) {
			return t, sqlstate.New(sqlstate.SyntaxError, "invalid fields of an interval: %q", fields)
		}
		for i := lo; i <= hi; i++ {
			t.Length |= int32(fieldOrder[i].field)
		}
	}
	return t.WithTimePrecision(precision), nil
}

// IntervalFields are the fields that an INTERVAL was declared with, 0 for all.
func (t Type) IntervalFields() IntervalFields {
	if t.Kind != Interval {
		return 0
	}
	return IntervalFields(t.Length)
}

// maxTimePrecision is µs, what the representation holds.
const maxTimePrecision = 6

// WithTimePrecision returns the time, timestamp or interval type t with so many
// decimals of its seconds; 6 and more, and −1, mean what the representation holds.
func (t Type) WithTimePrecision(decimals int) Type {
	t.Precision = 0
	if decimals >= 0 && decimals < maxTimePrecision {
		t.Precision = uint8(decimals) + 1
	}
	return t
}

// TimePrecision is the number of decimals of the seconds; ok is false if the type does not limit them.
func (t Type) TimePrecision() (decimals int, ok bool) {
	if t.Kind < Time || t.Kind > Interval || t.Precision == 0 {
		return maxTimePrecision, false
	}
	return int(t.Precision) - 1, true
}

// timeSuffix is "(3)" for a type with three decimals.
func (t Type) timeSuffix() string {
	if p, ok := t.TimePrecision(); ok {
		return "(" + strconv.Itoa(p) + ")"
	}
	return ""
}

// timeName is the SQL name of a time type with its modifiers.
func (t Type) timeName(name string) string {
	if t.Kind == Interval {
		if f := t.IntervalFields(); f != 0 {
			name += " " + f.String()
		}
		return name + t.timeSuffix()
	}
	word, rest, _ := strings.Cut(name, " ")
	return word + t.timeSuffix() + " " + rest
}

// timeTypMod is PostgreSQL's atttypmod of a time type.
func (t Type) timeTypMod() int32 {
	p, limited := t.TimePrecision()
	if t.Kind != Interval {
		if !limited {
			return -1
		}
		return int32(p)
	}
	if !limited && t.Length == 0 {
		return -1
	}
	fields, decimals := t.Length, int32(0xffff)
	if fields == 0 {
		fields = fullRange
	}
	if limited {
		decimals = int32(p)
	}
	return fields<<16 | decimals
}

// WithTypMod returns the time type t with PostgreSQL's atttypmod; −1 is none.
func (t Type) WithTypMod(mod int32) Type {
	if mod < 0 {
		return Base(t.Kind)
	}
	if t.Kind == Interval {
		if t.Length = mod >> 16 & fullRange; t.Length == fullRange {
			t.Length = 0
		}
		mod &= 0xffff
	}
	return t.WithTimePrecision(int(mod))
}

// timeScales are the µs of a unit of each number of decimals.
var timeScales = [...]int64{1_000_000, 100_000, 10_000, 1_000, 100, 10, 1}

// RoundMicros rounds a time or timestamp to the decimals of its type t, half away from zero.
func RoundMicros(us int64, t Type) int64 {
	p, limited := t.TimePrecision()
	if !limited {
		return us
	}
	scale := timeScales[p]
	if t.Kind == Timestamp || t.Kind == TimestampTZ {
		// PostgreSQL counts from 2000: that is where halves turn round.
		const epoch = 946_684_800_000_000
		return roundTo(us-epoch, scale) + epoch
	}
	return roundTo(us, scale)
}

func roundTo(us, scale int64) int64 {
	if us >= 0 {
		return (us + scale/2) / scale * scale
	}
	return -((-us + scale/2) / scale * scale)
}

// FitInterval drops what lies below the last field of INTERVAL's type t (DAY
// drops the time, YEAR the months) and rounds the seconds to its precision.
func FitInterval(v IntervalValue, t Type) IntervalValue {
	switch last, _ := t.IntervalFields().last(); last {
	case YearField:
		return IntervalValue{Months: v.Months / 12 * 12}
	case MonthField:
		return IntervalValue{Months: v.Months}
	case DayField:
		v.Micros = 0
	case HourField:
		v.Micros -= v.Micros % MicrosPerHour
	case MinuteField:
		v.Micros -= v.Micros % MicrosPerMinute
	}
	if p, limited := t.TimePrecision(); limited {
		v.Micros = roundTo(v.Micros, timeScales[p])
	}
	return v
}
