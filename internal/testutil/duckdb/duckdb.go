//go:build cgo

package duckdb

import (
	"context"
	"database/sql"
	"fmt"

	driver "github.com/duckdb/duckdb-go/v2"
)

// DB is an in-memory database. It ends with Close.
type DB struct{ db *sql.DB }

// Open makes an empty in-memory database. It has as many threads as the machine has processors, until
// SetThreads.
func Open() (*DB, error) {
	connector, err := driver.NewConnector("", nil)
	if err != nil {
		return nil, fmt.Errorf("duckdb: open: %w", err)
	}
	return &DB{sql.OpenDB(connector)}, nil
}

// Close frees the database and its data.
func (d *DB) Close() error { return d.db.Close() }

// SetThreads sets how many threads queries may use, at least one.
func (d *DB) SetThreads(ctx context.Context, n int) error {
	return d.Exec(ctx, fmt.Sprintf("SET threads TO %d", n))
}

// Exec runs a statement, or several with semicolons between them, and drops rows that they return.
// Parameters are $1, $2 …
func (d *DB) Exec(ctx context.Context, query string, args ...any) error {
	if _, err := d.db.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("duckdb: %w", err)
	}
	return nil
}

// Query runs a query and returns all its rows as text.
func (d *DB) Query(ctx context.Context, query string, args ...any) (*Result, error) {
	rows, err := d.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("duckdb: %w", err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, fmt.Errorf("duckdb: %w", err)
	}
	result := &Result{}
	values, targets := make([]any, len(types)), make([]any, len(types))
	for i, t := range types {
		result.Columns = append(result.Columns, t.Name())
		result.Types = append(result.Types, t.DatabaseTypeName())
		targets[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return nil, fmt.Errorf("duckdb: %w", err)
		}
		row := make([]string, len(values))
		for i, v := range values {
			if row[i], err = formatValue(v, result.Types[i]); err != nil {
				return nil, fmt.Errorf("duckdb: column %s: %w", result.Columns[i], err)
			}
		}
		result.Rows = append(result.Rows, row)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("duckdb: %w", err)
	}
	return result, nil
}
