package htap

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"time"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// Scan copies the current row into dest, one pointer per column: to the Go
// types that fit (integers, floats, string, []byte, bool, time.Time, any), to
// sql.Scanner-like types, or **T for values that may be NULL.
func (r *Rows) Scan(dest ...any) error {
	if len(dest) != len(r.cols) {
		return sqlstate.New(sqlstate.InvalidParameterValue, "the row has %d columns, Scan was given %d", len(r.cols), len(dest))
	}
	for i, d := range dest {
		if err := scanDatum(d, r.Datum(i), r.cols[i].Type); err != nil {
			return sqlstate.Wrap(sqlstate.DatatypeMismatch, err, "column %q: %v", r.cols[i].Name, err)
		}
	}
	return nil
}

// Values returns the current row as Go values: nil, bool, int64, float64,
// string, []byte, time.Time; NUMERIC, INTERVAL, TIME and UUID as text.
func (r *Rows) Values() []any {
	out := make([]any, len(r.cols))
	for i := range out {
		out[i] = GoValue(r.Datum(i), r.cols[i].Type)
	}
	return out
}

// GoValue returns a value as Values does.
func GoValue(d types.Datum, t types.Type) any {
	if d.IsNull() {
		return nil
	}
	switch t.Kind {
	case types.Bool:
		return d.Bool()
	case types.Int2, types.Int4, types.Int8:
		return d.Int()
	case types.Float4, types.Float8:
		return d.Float()
	case types.Bytea:
		return []byte(d.Str())
	case types.Date:
		return time.Unix(d.Int()*86400, 0).UTC()
	case types.Timestamp, types.TimestampTZ:
		return time.UnixMicro(d.Int()).UTC()
	}
	return types.Format(d, t, time.UTC)
}

// scanner is database/sql's Scanner, without importing it.
type scanner interface{ Scan(src any) error }

// scanDatum stores one value.
func scanDatum(dest any, d types.Datum, t types.Type) error {
	switch p := dest.(type) {
	case *types.Datum:
		*p = d
		return nil
	case *any:
		*p = GoValue(d, t)
		return nil
	case scanner:
		return p.Scan(GoValue(d, t))
	}
	v := reflect.ValueOf(dest)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return fmt.Errorf("destination %T is not a pointer", dest)
	}
	v = v.Elem()
	if v.Kind() == reflect.Pointer {
		if d.IsNull() {
			v.SetZero()
			return nil
		}
		fresh := reflect.New(v.Type().Elem())
		if err := scanDatum(fresh.Interface(), d, t); err != nil {
			return err
		}
		v.Set(fresh)
		return nil
	}
	if d.IsNull() {
		if b, ok := dest.(*[]byte); ok {
			*b = nil
			return nil
		}
		return fmt.Errorf("NULL does not fit %s: scan into a pointer to it", v.Type())
	}
	return scanValue(v, d, t)
}

// scanValue stores a value that is not NULL into an addressable Go value.
func scanValue(v reflect.Value, d types.Datum, t types.Type) error {
	if tm, ok := v.Addr().Interface().(*time.Time); ok {
		if x, isTime := GoValue(d, t).(time.Time); isTime {
			*tm = x
			return nil
		}
		return fmt.Errorf("%s does not fit time.Time", t)
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(types.Format(d, t, time.UTC))
		return nil
	case reflect.Bool:
		if t.Kind == types.Bool {
			v.SetBool(d.Bool())
			return nil
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		x, ok := integer(d, t)
		if ok && !v.OverflowInt(x) {
			v.SetInt(x)
			return nil
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		x, ok := integer(d, t)
		if ok && x >= 0 && !v.OverflowUint(uint64(x)) {
			v.SetUint(uint64(x))
			return nil
		}
	case reflect.Float32, reflect.Float64:
		if x, ok := float(d, t); ok {
			v.SetFloat(x)
			return nil
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			if t.Kind == types.Bytea {
				v.SetBytes([]byte(d.Str()))
			} else {
				v.SetBytes(types.AppendFormat(nil, d, t, time.UTC))
			}
			return nil
		}
	}
	return fmt.Errorf("value %s of type %s does not fit %s", types.Format(d, t, time.UTC), t, v.Type())
}

// integer returns an integral number.
func integer(d types.Datum, t types.Type) (int64, bool) {
	switch {
	case t.IsInteger():
		return d.Int(), true
	case t.Kind == types.Numeric:
		q, r := d.Int128().QuoRem(types.Pow10(int(t.Scale)))
		x, ok := q.Int64()
		return x, ok && r.Sign() == 0
	case t.IsFloat():
		f := d.Float()
		return int64(f), f == math.Trunc(f) && math.Abs(f) < 1<<53
	}
	return 0, false
}

// float returns a number as a double.
func float(d types.Datum, t types.Type) (float64, bool) {
	switch {
	case t.IsInteger():
		return float64(d.Int()), true
	case t.IsFloat():
		return d.Float(), true
	case t.Kind == types.Numeric:
		r, ok := new(big.Rat).SetString(types.Format(d, t, time.UTC))
		if !ok {
			return 0, false
		}
		f, _ := r.Float64()
		return f, true
	}
	return 0, false
}
