package files

import (
	"time"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// leaf is how one Parquet column becomes a SQL column.
type leaf struct {
	Column
	index int // leaf column index in the file
	kind  parquet.Kind
	// unitPerMicro scales times: value·mul/div = µs; 0 means as is.
	mul, div int64
	// optional columns have definition levels.
	optional bool
	// unsigned marks 8, 16 and 32-bit unsigned integers, which widen.
	unsigned bool
}

// leafOf maps a flat column of the schema.
func leafOf(file string, f parquet.Field, index int) (leaf, error) {
	l := leaf{Column: Column{Name: f.Name()}, index: index}
	if !f.Leaf() || f.Repeated() {
		return l, sqlstate.New(sqlstate.FeatureNotSupported, "column %q of %s is nested, which is not supported", f.Name(), file)
	}
	l.kind, l.optional = f.Type().Kind(), f.Optional()
	t, err := l.sqlType(f.Type())
	if err != nil {
		return l, err
	}
	if t.Kind == types.Invalid {
		return l, sqlstate.New(sqlstate.FeatureNotSupported, "column %q of %s has the Parquet type %s, which is not supported", f.Name(), file, f.Type())
	}
	l.Type = t
	return l, nil
}

// sqlType chooses the SQL type by the logical, the legacy converted and the physical type.
func (l *leaf) sqlType(t parquet.Type) (types.Type, error) {
	if lt := t.LogicalType(); lt != nil {
		if st, ok := l.logical(lt, t); ok {
			return st, nil
		}
	}
	if ct := t.ConvertedType(); ct != nil {
		if st, ok := l.converted(*ct); ok {
			return st, nil
		}
	}
	switch l.kind {
	case parquet.Boolean:
		return types.TBool, nil
	case parquet.Int32:
		return types.TInt4, nil
	case parquet.Int64:
		return types.TInt8, nil
	case parquet.Int96:
		return types.TTimestamp, nil
	case parquet.Float:
		return types.TFloat4, nil
	case parquet.Double:
		return types.TFloat8, nil
	}
	return types.TBytea, nil
}

// logical maps a logical type; ok is false for one that adds nothing.
func (l *leaf) logical(lt *format.LogicalType, t parquet.Type) (st types.Type, ok bool) {
	switch v := lt.Value.(type) {
	case *format.StringType, *format.EnumType:
		return types.TText, true
	case *format.JsonType:
		return types.TJSON, true
	case *format.UUIDType:
		return types.TUUID, true
	case *format.DateType:
		return types.TDate, true
	case *format.TimeType:
		l.scale(v.Unit)
		return types.TTime, true
	case *format.TimestampType:
		l.scale(v.Unit)
		if v.IsAdjustedToUTC {
			return types.TTimestampTZ, true
		}
		return types.TTimestamp, true
	case *format.DecimalType:
		if v.Precision > types.MaxPrecision || v.Scale < 0 || v.Scale > v.Precision {
			return types.Type{}, true
		}
		return types.TNumeric(int(v.Precision), int(v.Scale)), true
	case *format.IntType:
		return l.integer(int(v.BitWidth), v.IsSigned)
	}
	return types.Type{}, false
}

// scale notes how the unit becomes µs.
func (l *leaf) scale(u format.TimeUnit) {
	switch {
	case u.Value == nil:
	case u.Value.Duration() == time.Millisecond:
		l.mul, l.div = 1000, 1
	case u.Value.Duration() == time.Nanosecond:
		l.mul, l.div = 1, 1000
	}
}

// integer maps an annotated integer; unsigned ones take the next wider type.
func (l *leaf) integer(width int, signed bool) (types.Type, bool) {
	l.unsigned = !signed
	switch {
	case width == 64 && !signed:
		return types.TNumeric(20, 0), true
	case width == 64, width == 32 && !signed:
		return types.TInt8, true
	case width == 32, width == 16 && !signed:
		return types.TInt4, true
	}
	return types.TInt2, true
}

// converted maps the annotations of old files.
func (l *leaf) converted(ct deprecated.ConvertedType) (types.Type, bool) {
	switch ct {
	case deprecated.UTF8, deprecated.Enum:
		return types.TText, true
	case deprecated.Json:
		return types.TJSON, true
	case deprecated.Date:
		return types.TDate, true
	case deprecated.TimeMillis:
		l.mul, l.div = 1000, 1
		return types.TTime, true
	case deprecated.TimeMicros:
		return types.TTime, true
	case deprecated.TimestampMillis:
		l.mul, l.div = 1000, 1
		return types.TTimestampTZ, true
	case deprecated.TimestampMicros:
		return types.TTimestampTZ, true
	case deprecated.Int8, deprecated.Int16, deprecated.Int32, deprecated.Int64:
		return l.integer(8<<(ct-deprecated.Int8), true)
	case deprecated.Uint8, deprecated.Uint16, deprecated.Uint32, deprecated.Uint64:
		return l.integer(8<<(ct-deprecated.Uint8), false)
	}
	return types.Type{}, false
}
