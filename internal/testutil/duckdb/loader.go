//go:build cgo

package duckdb

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"time"

	driver "github.com/duckdb/duckdb-go/v2"
)

// Loader appends rows to a table. It is used by one goroutine and ends with Close, after which the rows
// are visible. It holds a connection until then.
type Loader struct {
	conn     *sql.Conn
	appender *driver.Appender
	columns  []loaderColumn
	row      []sqldriver.Value
}

// loaderColumn is a column of the table that is loaded.
type loaderColumn struct {
	name, typeName string
	convert        func(v any) (sqldriver.Value, error)
}

// Append loads rows into a table, one vector for each of its columns. See Loader for many batches.
func (d *DB) Append(ctx context.Context, table string, columns ...Vector) error {
	l, err := d.NewLoader(ctx, table)
	if err != nil {
		return err
	}
	if err := l.Append(columns...); err != nil {
		l.abandon()
		return err
	}
	return l.Close()
}

// NewLoader starts to load a table of the main schema.
func (d *DB) NewLoader(ctx context.Context, table string) (*Loader, error) {
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("duckdb: %w", err)
	}
	l := &Loader{conn: conn}
	if err := l.open(ctx, table); err != nil {
		conn.Close()
		return nil, fmt.Errorf("duckdb: load %s: %w", table, err)
	}
	return l, nil
}

func (l *Loader) open(ctx context.Context, table string) error {
	name := `"` + strings.ReplaceAll(table, `"`, `""`) + `"`
	rows, err := l.conn.QueryContext(ctx, "SELECT * FROM "+name+" LIMIT 0")
	if err != nil {
		return err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	for _, t := range types {
		convert, err := converter(t.DatabaseTypeName())
		if err != nil {
			return fmt.Errorf("column %s: %w", t.Name(), err)
		}
		l.columns = append(l.columns, loaderColumn{t.Name(), t.DatabaseTypeName(), convert})
	}
	if err := rows.Close(); err != nil {
		return err
	}
	l.row = make([]sqldriver.Value, len(l.columns))
	return l.conn.Raw(func(c any) error {
		l.appender, err = driver.NewAppenderFromConn(c.(sqldriver.Conn), "", table)
		return err
	})
}

// Append adds rows: one vector for each column of the table, all of one length. After an error the rows
// of this call may be there in part; the caller gives up.
func (l *Loader) Append(columns ...Vector) error {
	if len(columns) != len(l.columns) {
		return fmt.Errorf("duckdb: %d vectors for %d columns", len(columns), len(l.columns))
	}
	values := make([]func(int) any, len(columns))
	rows := 0
	for i, v := range columns {
		n, at, err := elements(v.Values)
		if err != nil {
			return fmt.Errorf("duckdb: column %s: %w", l.columns[i].name, err)
		}
		if i > 0 && n != rows || v.Valid != nil && len(v.Valid) != n {
			return fmt.Errorf("duckdb: column %s: %d values and %d marks of validity in a batch of %d rows",
				l.columns[i].name, n, len(v.Valid), rows)
		}
		rows, values[i] = n, at
	}
	for row := range rows {
		for i := range columns {
			l.row[i] = nil
			if columns[i].Valid != nil && !columns[i].Valid[row] {
				continue
			}
			v := values[i](row)
			if v == nil {
				continue
			}
			var err error
			if l.row[i], err = l.columns[i].convert(v); err != nil {
				return fmt.Errorf("duckdb: column %s: %w", l.columns[i].name, err)
			}
		}
		if err := l.appender.AppendRow(l.row...); err != nil {
			return fmt.Errorf("duckdb: %w", err)
		}
	}
	return nil
}

// Close makes the rows visible and ends the loader. Rows that violate a constraint fail here.
func (l *Loader) Close() error {
	err := l.appender.Close()
	if closeErr := l.conn.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("duckdb: %w", err)
	}
	return nil
}

// abandon ends the loader after an error that its caller reports instead of Close's.
func (l *Loader) abandon() {
	_ = l.appender.Clear()
	_ = l.Close()
}

// elements returns the length of a slice and its access. Values of other types are an error.
func elements(values any) (int, func(int) any, error) {
	switch v := values.(type) {
	case []bool:
		return len(v), func(i int) any { return v[i] }, nil
	case []int16:
		return len(v), func(i int) any { return int64(v[i]) }, nil
	case []int32:
		return len(v), func(i int) any { return int64(v[i]) }, nil
	case []int64:
		return len(v), func(i int) any { return v[i] }, nil
	case []float32:
		return len(v), func(i int) any { return v[i] }, nil
	case []float64:
		return len(v), func(i int) any { return v[i] }, nil
	case []string:
		return len(v), func(i int) any { return v[i] }, nil
	case [][]byte:
		return len(v), func(i int) any { return v[i] }, nil
	case [][16]byte:
		return len(v), func(i int) any { return v[i] }, nil
	case []*big.Int:
		return len(v), func(i int) any { return v[i] }, nil
	case []Interval:
		return len(v), func(i int) any { return v[i] }, nil
	case []any:
		return len(v), func(i int) any { return widen(v[i]) }, nil
	}
	return 0, nil, fmt.Errorf("a vector cannot be %T", values)
}

// widen returns integers as int64.
func widen(v any) any {
	switch v := v.(type) {
	case int16:
		return int64(v)
	case int32:
		return int64(v)
	case int:
		return int64(v)
	}
	return v
}

// converter returns the function that makes what the appender takes for a column of the type.
func converter(typeName string) (func(v any) (sqldriver.Value, error), error) {
	name, _, _ := strings.Cut(typeName, "(")
	switch name {
	case "BOOLEAN":
		return as(func(v bool) sqldriver.Value { return v }), nil
	case "SMALLINT":
		return ranged(math.MinInt16, math.MaxInt16), nil
	case "INTEGER":
		return ranged(math.MinInt32, math.MaxInt32), nil
	case "BIGINT":
		return ranged(math.MinInt64, math.MaxInt64), nil
	case "FLOAT", "DOUBLE":
		return toFloat, nil
	case "VARCHAR":
		return as(func(v string) sqldriver.Value { return v }), nil
	case "BLOB":
		return as(func(v []byte) sqldriver.Value { return v }), nil
	case "DATE":
		return as(func(v int64) sqldriver.Value { return time.Unix(v*86400, 0).UTC() }), nil
	case "TIME", "TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE":
		return as(func(v int64) sqldriver.Value { return time.UnixMicro(v).UTC() }), nil
	case "INTERVAL":
		return as(func(v Interval) sqldriver.Value {
			return driver.Interval{Months: v.Months, Days: v.Days, Micros: v.Micros}
		}), nil
	case "UUID":
		return as(func(v [16]byte) sqldriver.Value { return driver.UUID(v) }), nil
	case "HUGEINT":
		return toDigits(38), nil
	case "DECIMAL":
		var width, scale int
		if _, err := fmt.Sscanf(typeName, "DECIMAL(%d,%d)", &width, &scale); err != nil {
			return nil, fmt.Errorf("the type %s is not understood", typeName)
		}
		return toDigits(width), nil
	}
	return nil, fmt.Errorf("columns of type %s cannot be loaded here", typeName)
}

// as returns a converter from one Go type.
func as[T any](f func(T) sqldriver.Value) func(any) (sqldriver.Value, error) {
	return func(v any) (sqldriver.Value, error) {
		x, ok := v.(T)
		if !ok {
			return nil, fmt.Errorf("a %T, want a %v", v, reflect.TypeFor[T]())
		}
		return f(x), nil
	}
}

// ranged returns a converter of integers that refuses those outside low … high: the appender would
// drop their high bits.
func ranged(low, high int64) func(any) (sqldriver.Value, error) {
	return func(v any) (sqldriver.Value, error) {
		x, ok := v.(int64)
		if !ok || x < low || x > high {
			return nil, fmt.Errorf("%v (%T) is not an integer of %d … %d", v, v, low, high)
		}
		return v, nil
	}
}

func toFloat(v any) (sqldriver.Value, error) {
	switch v.(type) {
	case float32, float64:
		return v, nil
	}
	return nil, fmt.Errorf("a %T, want a float", v)
}

// toDigits returns a converter of scaled integers that refuses those of more than width digits.
func toDigits(width int) func(any) (sqldriver.Value, error) {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(width)), nil)
	small := int64(math.MaxInt64)
	if limit.IsInt64() {
		small = limit.Int64() - 1
	}
	return func(v any) (sqldriver.Value, error) {
		switch x := v.(type) {
		case int64:
			if x > small || x < -small {
				return nil, fmt.Errorf("%d has more than %d digits", x, width)
			}
			if width > 18 {
				return big.NewInt(x), nil
			}
			return v, nil
		case *big.Int:
			if x.CmpAbs(limit) >= 0 {
				return nil, fmt.Errorf("%d has more than %d digits", x, width)
			}
			if width > 18 {
				return x, nil
			}
			return x.Int64(), nil
		}
		return nil, fmt.Errorf("a %T, want an integer of the decimal's last digit", v)
	}
}
