package driver

import (
	"database/sql/driver"
	"encoding"
	"fmt"
	"reflect"
	"time"

	"htapdb/htap"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// CheckNamedValue accepts what the engine converts: besides database/sql's own
// kinds pointers, text marshalers and Stringers (decimals, big numbers, UUIDs).
func (c *Conn) CheckNamedValue(v *driver.NamedValue) error { return checkValue(v) }

func checkValue(v *driver.NamedValue) error {
	if v.Name != "" {
		return sqlstate.New(sqlstate.FeatureNotSupported, "the named parameter %q is not supported: use $%d or ?", v.Name, v.Ordinal)
	}
	var err error
	v.Value, err = argument(v.Value)
	return err
}

// argument simplifies a value as far as that loses nothing.
func argument(v any) (any, error) {
	switch x := v.(type) {
	case nil, int64, float64, bool, string, []byte, time.Time, time.Duration, types.Datum:
		return v, nil
	case driver.Valuer:
		if p := reflect.ValueOf(v); p.Kind() == reflect.Pointer && p.IsNil() {
			return nil, nil
		}
		return x.Value()
	}
	p := reflect.ValueOf(v)
	if p.Kind() == reflect.Pointer {
		if p.IsNil() {
			return nil, nil
		}
		if !isText(v) {
			return argument(p.Elem().Interface())
		}
		return v, nil
	}
	if isText(v) || p.Kind() == reflect.Uint64 || p.Kind() == reflect.Uint || p.Kind() == reflect.Uintptr {
		return v, nil // the engine reads numbers beyond int64 as NUMERIC
	}
	return driver.DefaultParameterConverter.ConvertValue(v)
}

// isText reports values that say themselves how they are written.
func isText(v any) bool {
	switch v.(type) {
	case encoding.TextMarshaler, fmt.Stringer:
		return true
	}
	return false
}

// arguments readies checked values for a statement's parameters.
func arguments(values []driver.NamedValue, params []types.Type) []any {
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v.Value
		if d, ok := v.Value.(time.Duration); ok {
			args[i] = int64(d)
			if i < len(params) && params[i].Kind == types.Interval {
				args[i] = types.NewInterval(types.IntervalValue{Micros: d.Microseconds()})
			}
		}
	}
	return args
}

// declared gives the binder the types of arguments whose Go type has only one
// meaning, for parameters that the statement says nothing of.
func declared(values []driver.NamedValue) []types.Type {
	var ts []types.Type
	for i, v := range values {
		if _, ok := v.Value.([]byte); ok {
			if ts == nil {
				ts = make([]types.Type, len(values))
			}
			ts[i] = types.TBytea
		}
	}
	return ts
}

// value returns a cell as database/sql wants it; text is copied, because a
// batch's strings may point into memory that the engine takes back.
func value(d types.Datum, t types.Type) driver.Value {
	v := htap.GoValue(d, t)
	if s, ok := v.(string); ok && t.Physical() == types.PhysString {
		return string([]byte(s))
	}
	return v
}
