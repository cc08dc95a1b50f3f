// Package bench holds what measures and checks the whole engine against its
// peers: the differential corpus (every query by the row path, the column path
// and DuckDB) and the benchmarks of what the project claims, with DuckDB or
// PostgreSQL beside in the same run.
//
// DuckDB needs cgo; without it those parts are left out by their build constraint.
package bench
