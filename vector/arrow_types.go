package vector

import (
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"

	"github.com/apache/arrow-go/v18/arrow"
)

// arrowKinds is the Arrow type of each kind; NUMERIC depends on its precision.
var arrowKinds = map[types.Kind]arrow.DataType{
	types.Unknown:     arrow.BinaryTypes.String,
	types.Bool:        arrow.FixedWidthTypes.Boolean,
	types.Int2:        arrow.PrimitiveTypes.Int16,
	types.Int4:        arrow.PrimitiveTypes.Int32,
	types.Int8:        arrow.PrimitiveTypes.Int64,
	types.Float4:      arrow.PrimitiveTypes.Float32,
	types.Float8:      arrow.PrimitiveTypes.Float64,
	types.Text:        arrow.BinaryTypes.String,
	types.Varchar:     arrow.BinaryTypes.String,
	types.Char:        arrow.BinaryTypes.String,
	types.Bytea:       arrow.BinaryTypes.Binary,
	types.Date:        arrow.FixedWidthTypes.Date32,
	types.Time:        arrow.FixedWidthTypes.Time64us,
	types.Timestamp:   &arrow.TimestampType{Unit: arrow.Microsecond},
	types.TimestampTZ: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"},
	types.Interval:    arrow.FixedWidthTypes.MonthDayNanoInterval,
	types.UUID:        &arrow.FixedSizeBinaryType{ByteWidth: 16},
	types.JSON:        arrow.BinaryTypes.String,
	types.JSONB:       arrow.BinaryTypes.String,
}

// ArrowType returns the Arrow type that holds values of t.
func ArrowType(t types.Type) arrow.DataType {
	if t.Kind == types.Numeric {
		return &arrow.Decimal128Type{Precision: int32(t.Precision), Scale: int32(t.Scale)}
	}
	return arrowKinds[t.Kind]
}

// FromArrowType returns the SQL type for values of an Arrow type, of which
// there may be several: the plainest one. Types without a place here are
// FeatureNotSupported and name the column.
func FromArrowType(dt arrow.DataType, column string) (types.Type, error) {
	switch dt := dt.(type) {
	case *arrow.BooleanType:
		return types.TBool, nil
	case *arrow.Int8Type, *arrow.Int16Type, *arrow.Uint8Type:
		return types.TInt2, nil
	case *arrow.Int32Type, *arrow.Uint16Type:
		return types.TInt4, nil
	case *arrow.Int64Type, *arrow.Uint32Type:
		return types.TInt8, nil
	case *arrow.Float32Type:
		return types.TFloat4, nil
	case *arrow.Float64Type:
		return types.TFloat8, nil
	case *arrow.Decimal128Type:
		if dt.Scale >= 0 && dt.Scale <= dt.Precision {
			return types.TNumeric(int(dt.Precision), int(dt.Scale)), nil
		}
	case *arrow.StringType, *arrow.LargeStringType, *arrow.StringViewType:
		return types.TText, nil
	case *arrow.BinaryType, *arrow.LargeBinaryType, *arrow.BinaryViewType:
		return types.TBytea, nil
	case *arrow.Date32Type, *arrow.Date64Type:
		return types.TDate, nil
	case *arrow.Time32Type, *arrow.Time64Type:
		return types.TTime, nil
	case *arrow.TimestampType:
		if dt.TimeZone != "" {
			return types.TTimestampTZ, nil
		}
		return types.TTimestamp, nil
	case *arrow.MonthDayNanoIntervalType:
		return types.TInterval, nil
	case *arrow.FixedSizeBinaryType:
		if dt.ByteWidth == 16 {
			return types.TUUID, nil
		}
		return types.TBytea, nil
	case *arrow.DictionaryType:
		return FromArrowType(dt.ValueType, column)
	}
	return types.Type{}, sqlstate.New(sqlstate.FeatureNotSupported, "column %q has the Arrow type %s, which is not supported", column, dt)
}

// ArrowSchema returns the schema of result batches with the named columns.
func ArrowSchema(names []string, ts []types.Type) *arrow.Schema {
	fields := make([]arrow.Field, len(names))
	for i := range names {
		fields[i] = arrow.Field{Name: names[i], Type: ArrowType(ts[i]), Nullable: true}
	}
	return arrow.NewSchema(fields, nil)
}
