package flight

import (
	"context"

	"htapdb/sql/types"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql/schema_ref"
)

// xdbcType is a row of GetXdbcTypeInfo: a type as ODBC and JDBC number them.
type xdbcType struct {
	t types.Type
	// code is the data type's number; sqlCode and subcode are those of dates and
	// times, where ODBC has a general one.
	code, sqlCode, subcode int32
	// size is the number of digits or characters, 0 for none.
	size int32
	// quoted literals are in apostrophes.
	quoted bool
	// params are what CREATE TABLE takes in parentheses.
	params []string
	// radix of numbers, 0 for other types.
	radix int32
	// scale is the largest number of decimals, −1 where there are none.
	scale int32
}

var xdbcTypes = []xdbcType{
	{t: types.TBool, code: -7, sqlCode: -7, size: 1, scale: -1},
	{t: types.TInt2, code: 5, sqlCode: 5, size: 5, radix: 10},
	{t: types.TInt4, code: 4, sqlCode: 4, size: 10, radix: 10},
	{t: types.TInt8, code: -5, sqlCode: -5, size: 19, radix: 10},
	{t: types.TFloat4, code: 7, sqlCode: 7, size: 24, radix: 2, scale: -1},
	{t: types.TFloat8, code: 8, sqlCode: 8, size: 53, radix: 2, scale: -1},
	{t: types.Base(types.Numeric), code: 2, sqlCode: 2, size: types.MaxPrecision, radix: 10, scale: types.MaxPrecision, params: []string{"precision", "scale"}},
	{t: types.Base(types.Char), code: 1, sqlCode: 1, quoted: true, params: []string{"length"}, scale: -1},
	{t: types.Base(types.Varchar), code: 12, sqlCode: 12, quoted: true, params: []string{"length"}, scale: -1},
	{t: types.TText, code: -1, sqlCode: -1, quoted: true, scale: -1},
	{t: types.TBytea, code: -3, sqlCode: -3, quoted: true, scale: -1},
	{t: types.TDate, code: 91, sqlCode: 9, subcode: 1, size: 10, quoted: true, scale: -1},
	{t: types.TTime, code: 92, sqlCode: 9, subcode: 2, size: 15, quoted: true, scale: 6},
	{t: types.TTimestamp, code: 93, sqlCode: 9, subcode: 3, size: 26, quoted: true, scale: 6},
	{t: types.TTimestampTZ, code: 93, sqlCode: 9, subcode: 3, size: 32, quoted: true, scale: 6},
	{t: types.TInterval, code: 113, sqlCode: 10, subcode: 13, quoted: true, scale: 6},
	{t: types.TUUID, code: -11, sqlCode: -11, size: 36, quoted: true, scale: -1},
	{t: types.TJSON, code: 12, sqlCode: 12, quoted: true, scale: -1},
	{t: types.TJSONB, code: 12, sqlCode: 12, quoted: true, scale: -1},
}

// GetFlightInfoXdbcTypeInfo describes the list of types.
func (v *service) GetFlightInfoXdbcTypeInfo(_ context.Context, _ flightsql.GetXdbcTypeInfo, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return v.describe(desc, schema_ref.XdbcTypeInfo)
}

// DoGetXdbcTypeInfo lists the types, or those with a number.
func (v *service) DoGetXdbcTypeInfo(_ context.Context, cmd flightsql.GetXdbcTypeInfo) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return v.records(schema_ref.XdbcTypeInfo, func(b *array.RecordBuilder) error {
		for i := range xdbcTypes {
			if code := cmd.GetDataType(); code == nil || *code == xdbcTypes[i].code {
				xdbcTypes[i].append(b)
			}
		}
		return nil
	})
}

// append adds the row; the columns are those of schema_ref.XdbcTypeInfo.
func (x *xdbcType) append(b *array.RecordBuilder) {
	number := func(column int, n int32, ok bool) {
		if f := b.Field(column).(*array.Int32Builder); ok {
			f.Append(n)
		} else {
			f.AppendNull()
		}
	}
	flag := func(column int, on, ok bool) {
		if f := b.Field(column).(*array.BooleanBuilder); ok {
			f.Append(on)
		} else {
			f.AppendNull()
		}
	}
	text := func(column int, s string, ok bool) {
		if f := b.Field(column).(*array.StringBuilder); ok {
			f.Append(s)
		} else {
			f.AppendNull()
		}
	}
	const searchable = 3 // in every kind of WHERE
	name := x.t.BaseName()
	isNumber := x.radix > 0
	text(0, name, true)
	number(1, x.code, true)
	number(2, x.size, x.size > 0)
	text(3, "'", x.quoted)
	text(4, "'", x.quoted)
	params := b.Field(5).(*array.ListBuilder)
	params.Append(x.params != nil)
	for _, p := range x.params {
		params.ValueBuilder().(*array.StringBuilder).Append(p)
	}
	number(6, 1, true) // nullable
	flag(7, x.t.IsString(), true)
	number(8, searchable, true)
	flag(9, false, isNumber)
	flag(10, false, true)
	flag(11, false, isNumber)
	text(12, name, true)
	number(13, 0, x.scale >= 0)
	number(14, x.scale, x.scale >= 0)
	number(15, x.sqlCode, true)
	number(16, x.subcode, x.subcode > 0)
	number(17, x.radix, isNumber)
	number(18, 6, x.t.Kind == types.Interval)
}
