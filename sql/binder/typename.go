package binder

import (
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// typeNames maps spellings, as the parser normalises them, to kinds.
var typeNames = map[string]types.Kind{
	"bool": types.Bool, "boolean": types.Bool,
	"int2": types.Int2, "smallint": types.Int2, "smallserial": types.Int2, "serial2": types.Int2,
	"int": types.Int4, "int4": types.Int4, "integer": types.Int4, "serial": types.Int4, "serial4": types.Int4,
	"int8": types.Int8, "bigint": types.Int8, "bigserial": types.Int8, "serial8": types.Int8,
	"float4": types.Float4, "real": types.Float4,
	"float8": types.Float8, "double precision": types.Float8, "double": types.Float8, "float": types.Float8,
	"numeric": types.Numeric, "decimal": types.Numeric, "dec": types.Numeric,
	"text": types.Text, "string": types.Text, "name": types.Text,
	"varchar": types.Varchar, "character varying": types.Varchar,
	"character": types.Char, "char": types.Char, "bpchar": types.Char,
	"bytea": types.Bytea, "date": types.Date,
	"time": types.Time, "timestamp": types.Timestamp, "datetime": types.Timestamp,
	"timestamptz": types.TimestampTZ, "timestamp with time zone": types.TimestampTZ,
	"interval": types.Interval, "uuid": types.UUID, "json": types.JSON, "jsonb": types.JSONB,
	"oid": types.Int8, "regclass": types.Text, "regtype": types.Text, "regproc": types.Text,
}

// maxStringLength is PostgreSQL's limit on n in VARCHAR(n) and CHAR(n).
const maxStringLength = 10485760

// ResolveType returns the type that a name means. Errors: 42704 for an unknown
// name, 0A000 for arrays, 22023 for modifiers out of range. They carry no position.
func ResolveType(t *parser.TypeName) (types.Type, error) {
	if len(t.Dims) > 0 {
		return types.Type{}, sqlstate.New(sqlstate.FeatureNotSupported, "array types are not supported yet")
	}
	kind, ok := typeNames[t.Name]
	if t.Catalog != "" && t.Catalog != "htap" {
		return types.Type{}, sqlstate.New(sqlstate.FeatureNotSupported, "cross-database references are not implemented: %s.%s.%s", t.Catalog, t.Schema, t.Name)
	}
	if t.Schema != "" && t.Schema != "pg_catalog" {
		return types.Type{}, sqlstate.New(sqlstate.UndefinedObject, "type %q does not exist", t.Schema+"."+t.Name)
	}
	if !ok {
		return types.Type{}, sqlstate.New(sqlstate.UndefinedObject, "type %q does not exist", t.Name)
	}
	switch kind {
	case types.Numeric:
		return numericType(t.Args)
	case types.Varchar, types.Char:
		return stringType(t, kind)
	case types.Float8:
		if t.Name == "float" && len(t.Args) == 1 {
			return floatType(t.Args[0])
		}
	case types.Time, types.Timestamp, types.TimestampTZ, types.Interval:
		return timeType(t, kind)
	}
	if len(t.Args) > 0 {
		return types.Type{}, sqlstate.New(sqlstate.SyntaxError, "type modifier is not allowed for type %q", t.Name)
	}
	return types.Base(kind), nil
}

// timeType is a time, timestamp or interval with the decimals of its seconds; a
// precision beyond µs is cut to them, as in PostgreSQL.
func timeType(t *parser.TypeName, kind types.Kind) (types.Type, error) {
	decimals := -1
	switch {
	case len(t.Args) > 1:
		return types.Type{}, sqlstate.New(sqlstate.InvalidParameterValue, "invalid type modifier")
	case len(t.Args) == 1:
		if decimals = t.Args[0]; decimals < 0 {
			return types.Type{}, sqlstate.New(sqlstate.InvalidParameterValue, "precision of %s(%d) must not be negative", t.Name, decimals)
		}
	}
	if kind == types.Interval {
		return types.IntervalType(t.Fields, decimals)
	}
	return types.Type{Kind: kind}.WithTimePrecision(decimals), nil
}

func numericType(args []int) (types.Type, error) {
	if len(args) == 0 {
		return types.Base(types.Numeric), nil
	}
	p, s := args[0], 0
	if len(args) > 1 {
		s = args[1]
	}
	switch {
	case len(args) > 2:
		return types.Type{}, sqlstate.New(sqlstate.InvalidParameterValue, "invalid NUMERIC type modifier")
	case p < 1 || p > types.MaxPrecision:
		return types.Type{}, sqlstate.New(sqlstate.InvalidParameterValue, "NUMERIC precision %d must be between 1 and %d", p, types.MaxPrecision)
	case s < 0 || s > p:
		return types.Type{}, sqlstate.New(sqlstate.InvalidParameterValue, "NUMERIC scale %d must be between 0 and precision %d", s, p)
	}
	return types.TNumeric(p, s), nil
}

func stringType(t *parser.TypeName, kind types.Kind) (types.Type, error) {
	switch {
	case len(t.Args) > 1:
		return types.Type{}, sqlstate.New(sqlstate.InvalidParameterValue, "invalid type modifier")
	case len(t.Args) == 1:
		n := t.Args[0]
		if n < 1 || n > maxStringLength {
			return types.Type{}, sqlstate.New(sqlstate.InvalidParameterValue,
				"length for type %s must be between 1 and %d", t.Name, maxStringLength)
		}
		return types.Type{Kind: kind, Length: int32(n)}, nil
	case t.Name == "character":
		return types.Type{Kind: kind, Length: 1}, nil
	}
	return types.Type{Kind: kind}, nil
}

func floatType(bits int) (types.Type, error) {
	switch {
	case bits >= 1 && bits <= 24:
		return types.TFloat4, nil
	case bits <= 53 && bits >= 1:
		return types.TFloat8, nil
	}
	return types.Type{}, sqlstate.New(sqlstate.InvalidParameterValue, "precision for type float must be between 1 and 53 bits")
}

// typeName resolves a type and places its error.
func (b *binder) typeName(t *parser.TypeName) (types.Type, error) {
	typ, err := ResolveType(t)
	if err != nil {
		return typ, b.locate(err, t.Pos())
	}
	return typ, nil
}
