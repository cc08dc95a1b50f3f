// Package testutil holds what tests of many packages share: finding the data
// beside the repository, and skipping in one way.
//
// Not here: the DuckDB oracle (internal/testutil/duckdb), which needs cgo.
package testutil

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"
)

// Missing skips the test because what it needs is not on this machine. With
// HTAPDB_REQUIRE=1, as the project's CI sets it, that is a failure instead.
func Missing(t testing.TB, format string, args ...any) {
	t.Helper()
	msg := fmt.Sprintf(format, args...)
	if os.Getenv("HTAPDB_REQUIRE") == "1" {
		t.Fatalf("HTAPDB_REQUIRE=1 forbids to skip: %s", msg)
	}
	t.Skip("skipped: " + msg)
}

// Root returns the repository's root directory.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// Shared returns the path of a file or folder of the shared data: below
// $HTAPDB_SHARED, by default ../shared beside the repository. The test is
// skipped when it is absent.
func Shared(t testing.TB, elem ...string) string {
	t.Helper()
	dir := os.Getenv("HTAPDB_SHARED")
	if dir == "" {
		dir = filepath.Join(Root(), "..", "shared")
	}
	path := filepath.Join(append([]string{dir}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		Missing(t, "no %s (set HTAPDB_SHARED to the folder with the shared data)", filepath.Join(elem...))
	}
	return path
}

// Long reports whether the long sizes were asked for (HTAPDB_LONG=1).
func Long() bool { return os.Getenv("HTAPDB_LONG") == "1" }

// Rand returns a random source whose seed is printed when the test fails;
// HTAPDB_SEED repeats a run.
func Rand(t testing.TB) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("HTAPDB_SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("repeat with HTAPDB_SEED=%d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, seed))
}
