package vector

import (
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// FromArrow copies a record batch into a batch of flat vectors, of the types
// that FromArrowType gives.
func FromArrow(rec arrow.RecordBatch) (*Batch, error) {
	b := &Batch{Len: int(rec.NumRows())}
	for i, col := range rec.Columns() {
		v, err := FromArrowArray(col, rec.ColumnName(i))
		if err != nil {
			return nil, err
		}
		b.Cols = append(b.Cols, v)
	}
	return b, nil
}

// FromArrowArray copies an array into a flat vector; column names it in errors.
func FromArrowArray(a arrow.Array, column string) (*Vector, error) {
	t, err := FromArrowType(a.DataType(), column)
	if err != nil {
		return nil, err
	}
	n := a.Len()
	v := New(t, n)
	if a.NullN() > 0 {
		valid := v.EnsureValid()
		for i := range n {
			if a.IsNull(i) {
				valid[i] = 0
			}
		}
	}
	if err := fillFromArrow(v, a, n); err != nil {
		return nil, err
	}
	return v, nil
}

// fillFromArrow copies the values of the n rows.
func fillFromArrow(v *Vector, a arrow.Array, n int) error {
	switch a := a.(type) {
	case *array.Boolean:
		for i := range n {
			if a.Value(i) {
				v.Bool[i] = 1
			}
		}
	case *array.Int8:
		widen(v.I16, a.Int8Values())
	case *array.Uint8:
		widen(v.I16, a.Uint8Values())
	case *array.Int16:
		copy(v.I16, a.Int16Values())
	case *array.Uint16:
		widen(v.I32, a.Uint16Values())
	case *array.Int32:
		copy(v.I32, a.Int32Values())
	case *array.Uint32:
		widen(v.I64, a.Uint32Values())
	case *array.Int64:
		copy(v.I64, a.Int64Values())
	case *array.Float32:
		copy(v.F32, a.Float32Values())
	case *array.Float64:
		copy(v.F64, a.Float64Values())
	case *array.Date32:
		for i, d := range a.Date32Values() {
			v.I32[i] = int32(d)
		}
	case *array.Date64:
		for i, d := range a.Date64Values() {
			v.I32[i] = int32(floorDiv(int64(d), 86_400_000))
		}
	case *array.Decimal128:
		for i, d := range a.Values() {
			x := types.Int128{Hi: d.HighBits(), Lo: d.LowBits()}
			if v.Type.Physical() == types.PhysInt64 {
				v.I64[i] = int64(x.Lo)
			} else {
				v.I128[i] = x
			}
		}
	case *array.Time32, *array.Time64, *array.Timestamp:
		fillTimes(v, a)
	case *array.MonthDayNanoInterval:
		for i, iv := range a.MonthDayNanoIntervalValues() {
			v.Iv[i] = types.IntervalValue{Months: iv.Months, Days: iv.Days, Micros: iv.Nanoseconds / 1000}
		}
	default:
		return fillStrings(v, a, n)
	}
	return nil
}

// fillStrings copies text and binary arrays of every layout, and dictionaries.
func fillStrings(v *Vector, a arrow.Array, n int) error {
	switch a := a.(type) {
	case *array.FixedSizeBinary:
		for i := range n {
			if a.IsValid(i) {
				v.Str[i] = string(a.Value(i))
			}
		}
	case *array.Dictionary:
		dict, err := FromArrowArray(a.Dictionary(), "")
		if err != nil {
			return err
		}
		sel := make([]int32, n)
		for i := range n {
			if a.IsValid(i) {
				sel[i] = int32(a.GetValueIndex(i))
			}
		}
		if dict.Len == 0 {
			return nil
		}
		valid := v.Valid
		CopyInto(v, 0, dict, sel)
		for i := range valid {
			v.EnsureValid()[i] &= valid[i]
		}
	case interface{ Value(int) string }:
		for i := range n {
			if !v.IsNull(i) {
				v.Str[i] = string(append([]byte(nil), a.Value(i)...))
			}
		}
	case interface{ Value(int) []byte }:
		for i := range n {
			if !v.IsNull(i) {
				v.Str[i] = string(a.Value(i))
			}
		}
	default:
		return sqlstate.New(sqlstate.FeatureNotSupported, "Arrow array of type %s is not supported", a.DataType())
	}
	return nil
}

// fillTimes scales times and timestamps to µs, truncating towards the past.
func fillTimes(v *Vector, a arrow.Array) {
	switch a := a.(type) {
	case *array.Time32:
		unit := a.DataType().(*arrow.Time32Type).Unit
		for i, x := range a.Time32Values() {
			v.I64[i] = toMicros(int64(x), unit)
		}
	case *array.Time64:
		unit := a.DataType().(*arrow.Time64Type).Unit
		for i, x := range a.Time64Values() {
			v.I64[i] = toMicros(int64(x), unit)
		}
	case *array.Timestamp:
		unit := a.DataType().(*arrow.TimestampType).Unit
		for i, x := range a.TimestampValues() {
			v.I64[i] = toMicros(int64(x), unit)
		}
	}
}

func toMicros(x int64, unit arrow.TimeUnit) int64 {
	switch unit {
	case arrow.Second:
		return x * 1_000_000
	case arrow.Millisecond:
		return x * 1000
	case arrow.Nanosecond:
		return floorDiv(x, 1000)
	}
	return x
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func widen[D, S Int](dst []D, src []S) {
	for i, x := range src {
		dst[i] = D(x)
	}
}
