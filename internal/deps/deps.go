// Package deps keeps the modules of the build in go.mod while packages are being written.
package deps

import (
	_ "github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	_ "github.com/apache/arrow-go/v18/parquet/pqarrow"
	_ "github.com/cockroachdb/pebble/v2"
	_ "github.com/jackc/pgx/v5/pgproto3"
	_ "github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/mmcloughlin/avo/build"
	_ "github.com/parquet-go/parquet-go"
	_ "github.com/peterh/liner"
	_ "github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/zeebo/xxh3"
	_ "golang.org/x/sys/unix"
	_ "golang.org/x/term"
	_ "gonum.org/v1/gonum/mat"
	_ "gonum.org/v1/gonum/optimize"
	_ "github.com/duckdb/duckdb-go/v2"
	_ "pgregory.net/rapid"
	_ "github.com/axiomhq/hyperloglog"
	_ "github.com/alecthomas/kong"
)
