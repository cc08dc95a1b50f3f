//go:build !cgo

package duckdb

import (
	"context"
)

// DB is a database. Without cgo there is none: Open fails.
type DB struct{}

// Open returns ErrNoCgo.
func Open() (*DB, error) { return nil, ErrNoCgo }

// Close returns ErrNoCgo.
func (*DB) Close() error { return ErrNoCgo }

// SetThreads returns ErrNoCgo.
func (*DB) SetThreads(context.Context, int) error { return ErrNoCgo }

// Exec returns ErrNoCgo.
func (*DB) Exec(context.Context, string, ...any) error { return ErrNoCgo }

// Query returns ErrNoCgo.
func (*DB) Query(context.Context, string, ...any) (*Result, error) { return nil, ErrNoCgo }

// Append returns ErrNoCgo.
func (*DB) Append(context.Context, string, ...Vector) error { return ErrNoCgo }

// NewLoader returns ErrNoCgo.
func (*DB) NewLoader(context.Context, string) (*Loader, error) { return nil, ErrNoCgo }

// Loader fills a table. Without cgo there is none.
type Loader struct{}

// Append returns ErrNoCgo.
func (*Loader) Append(...Vector) error { return ErrNoCgo }

// Close returns ErrNoCgo.
func (*Loader) Close() error { return ErrNoCgo }
