// Package duckdb runs SQL in an in-memory DuckDB, the oracle of differential tests and the peer of
// benchmarks. It is not part of the engine.
//
// # Main types
//
//   - DB: a database; Exec, Query, SetThreads.
//   - Loader: fills a table from typed columns (Vector), without SQL text on the way.
//   - Result: a query's rows as text, one form for each value (below), to compare with another engine's.
//
// # Text form
//
// Values look as PostgreSQL prints them, whatever DuckDB's own form is:
//
//   - booleans t and f; integers in decimal; decimals with all digits of their scale;
//   - floats with the fewest digits that read back the same, 1e+15 and 1e-05 beyond 15 digits before and
//     four zeros behind the point (six for REAL), Infinity, -Infinity, NaN;
//   - dates 2001-02-03; times 04:05:06.789; timestamps 2001-02-03 04:05:06.789 with up to six digits of a
//     second; timestamps with time zone likewise, in UTC, ending in +00;
//   - intervals 1 year 2 mons 3 days 04:05:06; bytes \x0aff; UUIDs in lower case; arrays {1,2,NULL};
//   - NULL is NULL, and a string that reads NULL is 'NULL' (with the quotes).
//
// # cgo
//
// DuckDB is a C++ library, so the package works only in builds with CGO_ENABLED=1. Without it everything
// compiles and Open returns ErrNoCgo. Linking takes long: the project keeps the number of test
// programs that import this package small.
//
// # Concurrency
//
// A DB may be used by several goroutines; a Loader by one.
package duckdb

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// ErrNoCgo is what Open returns in a build without cgo.
var ErrNoCgo = errors.New("duckdb: this program was built without cgo; build it with CGO_ENABLED=1 to compare with DuckDB")

// Null is the text of NULL in a Result.
const Null = "NULL"

// Vector is a column of values to load.
//
// The type of Values follows from the table's column, whose range is checked:
//
//	BOOLEAN                         []bool
//	SMALLINT, INTEGER, BIGINT       []int16, []int32, []int64
//	REAL, DOUBLE                    []float32, []float64
//	DECIMAL(p,s)                    []int64 or []*big.Int, the value times 10^s
//	HUGEINT                         []int64 or []*big.Int
//	VARCHAR                         []string
//	BLOB                            [][]byte
//	DATE                            []int32, days since 1970-01-01
//	TIME                            []int64, microseconds since midnight
//	TIMESTAMP, TIMESTAMPTZ          []int64, microseconds since 1970-01-01 00:00 UTC
//	INTERVAL                        []Interval
//	UUID                            [][16]byte
//
// []any with elements of these types, or nil for NULL, does for every column.
type Vector struct {
	Values any
	// Valid is false for NULLs; nil if there are none.
	Valid []bool
}

// Interval is a span of time; the parts are independent of each other.
type Interval struct {
	Months, Days int32
	Micros       int64
}

// Result is what a query returned.
type Result struct {
	Columns []string   // names
	Types   []string   // DuckDB's names of the types, such as DECIMAL(15,2)
	Rows    [][]string // in the package's text form
}

// formatFloat returns the shortest text that reads back as the same number of bits bits, without an
// exponent while there are at most digits digits before the point and four zeros behind it.
func formatFloat(v float64, bits, digits int) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "Infinity"
	case math.IsInf(v, -1):
		return "-Infinity"
	}
	s := strconv.FormatFloat(v, 'e', -1, bits)
	_, exponent, _ := strings.Cut(s, "e")
	if e, err := strconv.Atoi(exponent); err == nil && e >= -4 && e < digits {
		return strconv.FormatFloat(v, 'f', -1, bits)
	}
	return s
}

// formatInterval returns PostgreSQL's form of an interval: years, months and days if not zero, then the
// time if not zero or alone.
func formatInterval(v Interval) string {
	var parts []string
	unit := func(n int64, one, many string) {
		switch n {
		case 0:
		case 1:
			parts = append(parts, "1 "+one)
		default:
			parts = append(parts, strconv.FormatInt(n, 10)+" "+many)
		}
	}
	unit(int64(v.Months/12), "year", "years")
	unit(int64(v.Months%12), "mon", "mons")
	unit(int64(v.Days), "day", "days")
	if v.Micros != 0 || len(parts) == 0 {
		parts = append(parts, formatClock(v.Micros))
	}
	return strings.Join(parts, " ")
}

// formatClock returns microseconds as hours, minutes and seconds, with as many decimals as needed.
func formatClock(micros int64) string {
	sign := ""
	if micros < 0 {
		sign, micros = "-", -micros
	}
	seconds := micros / 1e6
	s := sign + pad(seconds/3600, 2) + ":" + pad(seconds/60%60, 2) + ":" + pad(seconds%60, 2)
	if fraction := micros % 1e6; fraction != 0 {
		s += "." + strings.TrimRight(pad(fraction, 6), "0")
	}
	return s
}

// pad returns a number that is not negative with leading zeros.
func pad(n int64, width int) string {
	s := strconv.FormatInt(n, 10)
	return strings.Repeat("0", max(0, width-len(s))) + s
}

// quoteElement returns an array element as PostgreSQL prints it: quoted where it would be misread.
func quoteElement(s string) string {
	if s != "" && !strings.EqualFold(s, Null) && !strings.ContainsAny(s, "{},\"\\ \t\n\r\v\f") {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
