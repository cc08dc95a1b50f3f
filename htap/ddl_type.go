package htap

import (
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// typeNames are the SQL names of the types, PostgreSQL's aliases included.
var typeNames = map[string]types.Type{
	"boolean": types.TBool, "bool": types.TBool,
	"smallint": types.TInt2, "int2": types.TInt2, "integer": types.TInt4, "int": types.TInt4, "int4": types.TInt4,
	"bigint": types.TInt8, "int8": types.TInt8, "real": types.TFloat4, "float4": types.TFloat4,
	"double precision": types.TFloat8, "float8": types.TFloat8, "double": types.TFloat8, "float": types.TFloat8,
	"numeric": types.Base(types.Numeric), "decimal": types.Base(types.Numeric), "dec": types.Base(types.Numeric),
	"text": types.TText, "varchar": types.Base(types.Varchar), "character varying": types.Base(types.Varchar),
	"char": {Kind: types.Char, Length: 1}, "character": {Kind: types.Char, Length: 1}, "bpchar": types.Base(types.Char),
	"name": types.TText, "bytea": types.TBytea, "date": types.TDate,
	"time": types.TTime, "time without time zone": types.TTime,
	"timestamp": types.TTimestamp, "timestamp without time zone": types.TTimestamp,
	"timestamptz": types.TTimestampTZ, "timestamp with time zone": types.TTimestampTZ,
	"interval": types.TInterval, "uuid": types.TUUID, "json": types.TJSON, "jsonb": types.TJSONB,
	"oid": types.TInt8,
}

// serials are the pseudo-types that stand for an integer with a sequence.
var serials = map[string]types.Type{
	"smallserial": types.TInt2, "serial2": types.TInt2, "serial": types.TInt4, "serial4": types.TInt4,
	"bigserial": types.TInt8, "serial8": types.TInt8,
}

// columnType resolves a column's type; serial reports a pseudo-type with a sequence.
func columnType(n *parser.TypeName, sql string) (t types.Type, serial bool, err error) {
	at := func(e *sqlstate.Error) error { return e.WithPosition(parser.Position(sql, n.Pos())) }
	if len(n.Dims) > 0 {
		return t, false, at(sqlstate.New(sqlstate.FeatureNotSupported, "array type %s[] is not supported", n.Name))
	}
	if t, ok := serials[n.Name]; ok {
		return t, true, nil
	}
	t, ok := typeNames[n.Name]
	if !ok {
		return t, false, at(sqlstate.New(sqlstate.UndefinedObject, "type %q does not exist", n.Name))
	}
	switch t.Kind {
	case types.Numeric:
		if len(n.Args) > 0 {
			scale := 0
			if len(n.Args) > 1 {
				scale = n.Args[1]
			}
			if p := n.Args[0]; p < 1 || p > types.MaxPrecision || scale < 0 || scale > p {
				return t, false, at(sqlstate.New(sqlstate.InvalidParameterValue, "NUMERIC precision %d and scale %d must have 1 to %d digits", p, scale, types.MaxPrecision))
			}
			t = types.TNumeric(n.Args[0], scale)
		}
	case types.Varchar, types.Char:
		if len(n.Args) > 0 {
			if n.Args[0] < 1 || n.Args[0] > 10_485_760 {
				return t, false, at(sqlstate.New(sqlstate.InvalidParameterValue, "length for type %s must be between 1 and 10485760", n.Name))
			}
			t.Length = int32(n.Args[0])
		}
	case types.Float8:
		if n.Name == "float" && len(n.Args) > 0 && n.Args[0] <= 24 {
			t = types.TFloat4
		}
	}
	return t, false, nil
}
