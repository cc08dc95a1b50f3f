//go:build !cgo

package duckdb

import (
	"errors"
	"strings"
	"testing"
)

// TestNoCgo checks that asking for DuckDB in a build without cgo is a clear error.
func TestNoCgo(t *testing.T) {
	if _, err := Open(); !errors.Is(err, ErrNoCgo) || !strings.Contains(err.Error(), "CGO_ENABLED=1") {
		t.Fatal(err)
	}
}
