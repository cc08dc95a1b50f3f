package sequence

import (
	"strconv"
	"strings"

	"htapdb/htap/catalog"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// Options reads the options of CREATE SEQUENCE and of identity columns
// into q, for values of the type t, which AS may change.
func Options(q *catalog.Sequence, options []*parser.Option, t types.Type) error {
	q.Increment = 1
	given := map[string]int64{}
	for _, o := range options {
		text, _ := o.Text()
		name := strings.ToLower(o.Name)
		switch name {
		case "start", "increment", "minvalue", "maxvalue", "cache":
			if o.Values[0].Kind == parser.OptionWord {
				continue // NO MINVALUE
			}
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return sqlstate.New(sqlstate.InvalidParameterValue, "sequence option %s must be a number, not %q", strings.ToUpper(name), text)
			}
			given[name] = n
		case "cycle":
			q.Cycle = text != "no"
		case "as":
			kind, ok := map[string]types.Type{"smallint": types.TInt2, "int2": types.TInt2, "integer": types.TInt4, "int": types.TInt4,
				"int4": types.TInt4, "bigint": types.TInt8, "int8": types.TInt8}[strings.ToLower(text)]
			if !ok {
				return sqlstate.New(sqlstate.InvalidParameterValue, "sequence type must be smallint, integer, or bigint")
			}
			t = kind
		case "owned by":
		default:
			return sqlstate.New(sqlstate.FeatureNotSupported, "sequence option %s is not supported", strings.ToUpper(name))
		}
	}
	if n, ok := given["increment"]; ok {
		q.Increment = n
	}
	return bounds(q, given, t)
}

// bounds completes and checks the range of a sequence.
func bounds(q *catalog.Sequence, given map[string]int64, t types.Type) error {
	if q.Increment == 0 {
		return sqlstate.New(sqlstate.InvalidParameterValue, "INCREMENT must not be zero")
	}
	limits := map[types.Kind]int64{types.Int2: 1<<15 - 1, types.Int4: 1<<31 - 1, types.Int8: 1<<63 - 1}[t.Kind]
	q.Min, q.Max = 1, limits
	if q.Increment < 0 {
		q.Min, q.Max = -limits-1, -1
	}
	if n, ok := given["minvalue"]; ok {
		q.Min = n
	}
	if n, ok := given["maxvalue"]; ok {
		q.Max = n
	}
	q.Start = q.Min
	if q.Increment < 0 {
		q.Start = q.Max
	}
	if n, ok := given["start"]; ok {
		q.Start = n
	}
	invalid := func(format string, args ...any) error {
		return sqlstate.New(sqlstate.InvalidParameterValue, format, args...)
	}
	n, hasCache := given["cache"]
	switch {
	case q.Min < -limits-1:
		return invalid("MINVALUE (%d) is out of range for sequence data type %s", q.Min, t)
	case q.Max > limits:
		return invalid("MAXVALUE (%d) is out of range for sequence data type %s", q.Max, t)
	case q.Min >= q.Max:
		return invalid("MINVALUE (%d) must be less than MAXVALUE (%d)", q.Min, q.Max)
	case q.Start < q.Min:
		return invalid("START value (%d) cannot be less than MINVALUE (%d)", q.Start, q.Min)
	case q.Start > q.Max:
		return invalid("START value (%d) cannot be greater than MAXVALUE (%d)", q.Start, q.Max)
	case hasCache && n < 1:
		return invalid("CACHE (%d) must be greater than zero", n)
	}
	return nil
}
