package htap

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"time"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// inferTypes gives the binder the types of arguments whose Go type says enough,
// for parameters whose context does not: SELECT $1.
func inferTypes(args []any) []types.Type {
	if len(args) == 0 {
		return nil
	}
	// Context decides first: declaring INT8 for 7 would make smallint = $1 compare
	// as bigint, which costs the index. Only what has one meaning is declared.
	ts := make([]types.Type, len(args))
	for i, a := range args {
		switch a.(type) {
		case []byte:
			ts[i] = types.TBytea
		}
	}
	return ts
}

// arguments converts Go values to the parameters' types.
func (st *Stmt) arguments(args []any) ([]types.Datum, error) {
	if len(args) != len(st.params) {
		return nil, sqlstate.New(sqlstate.ProtocolViolation, "the statement has %d parameters, got %d arguments", len(st.params), len(args))
	}
	if len(args) == 0 {
		return nil, nil
	}
	out := make([]types.Datum, len(args))
	for i, a := range args {
		d, err := toDatum(a, st.params[i], st.s.TextStyle().Zone)
		if err != nil {
			return nil, sqlstate.Wrap(sqlstate.CodeOf(err), err, "parameter $%d: %v", i+1, message(err))
		}
		out[i] = d
	}
	return out, nil
}

// message is an error's text without the SQLSTATE.
func message(err error) string {
	if e, ok := err.(*sqlstate.Error); ok {
		return e.Message
	}
	return err.Error()
}

// toDatum converts a Go value to a value of type t.
func toDatum(a any, t types.Type, loc *time.Location) (types.Datum, error) {
	switch v := a.(type) {
	case nil:
		return types.NullDatum, nil
	case types.Datum:
		return v, nil
	case int64:
		return convert(types.NewInt64(v), types.TInt8, t)
	case int:
		return convert(types.NewInt64(int64(v)), types.TInt8, t)
	case int32:
		return convert(types.NewInt64(int64(v)), types.TInt8, t)
	case bool:
		return convert(types.NewBool(v), types.TBool, t)
	case float64:
		return convert(types.NewFloat64(v), types.TFloat8, t)
	case string:
		return types.Parse(v, t, loc)
	case []byte:
		if t.Kind == types.Bytea {
			return types.NewString(string(v)), nil
		}
		return types.Parse(string(v), t, loc)
	case time.Time:
		return timeDatum(v, t)
	case encoding.TextMarshaler:
		text, err := v.MarshalText()
		if err != nil {
			return types.NullDatum, sqlstate.Wrap(sqlstate.InvalidParameterValue, err, "%T: %v", a, err)
		}
		return types.Parse(string(text), t, loc)
	case fmt.Stringer:
		return types.Parse(v.String(), t, loc)
	}
	return reflectDatum(a, t, loc)
}

// reflectDatum handles named types and pointers.
func reflectDatum(a any, t types.Type, loc *time.Location) (types.Datum, error) {
	v := reflect.ValueOf(a)
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return types.NullDatum, nil
		}
		return toDatum(v.Elem().Interface(), t, loc)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return toDatum(v.Int(), t, loc)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if u := v.Uint(); u <= math.MaxInt64 {
			return toDatum(int64(u), t, loc)
		}
		return types.Parse(fmt.Sprint(v.Uint()), t, loc)
	case reflect.Float32, reflect.Float64:
		return toDatum(v.Float(), t, loc)
	case reflect.Bool:
		return toDatum(v.Bool(), t, loc)
	case reflect.String:
		return toDatum(v.String(), t, loc)
	}
	return types.NullDatum, sqlstate.New(sqlstate.FeatureNotSupported, "a Go value of type %T cannot be a parameter", a)
}

// convert casts a value to the parameter's type, as an assignment would.
func convert(d types.Datum, from, to types.Type) (types.Datum, error) {
	switch {
	case from == to:
		return d, nil
	case from.Kind == types.Int8 && to.Kind == types.Int4 && d.Int() == int64(int32(d.Int())):
		return types.NewInt32(int32(d.Int())), nil
	}
	e, err := fn.NewCast(&fn.Literal{Value: d, Typ: from}, to, fn.ExplicitCast)
	if err != nil {
		return types.NullDatum, err
	}
	return fn.EvalScalar(&fn.Context{ZoneName: "UTC"}, e)
}

// timeDatum converts a time.Time.
func timeDatum(v time.Time, t types.Type) (types.Datum, error) {
	switch t.Kind {
	case types.TimestampTZ:
		return types.NewInt64(v.UnixMicro()), nil
	case types.Timestamp:
		_, offset := v.Zone()
		return types.NewInt64(v.UnixMicro() + int64(offset)*1_000_000), nil
	case types.Date:
		return types.NewInt32(int32(types.DaysFromCivil(v.Year(), int(v.Month()), v.Day()))), nil
	case types.Time:
		day := time.Date(v.Year(), v.Month(), v.Day(), 0, 0, 0, 0, v.Location())
		return types.NewInt64(v.Sub(day).Microseconds()), nil
	}
	return types.Parse(v.Format("2006-01-02 15:04:05.999999Z07:00"), t, time.UTC)
}
