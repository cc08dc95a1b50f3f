//go:build cgo

package demo

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"

	"htapdb/htap"
	"htapdb/internal/testutil/duckdb"
)

// oracleTransactions is how much the booking office has done before it is asked.
const oracleTransactions = 6000

// tolerance is how far a double may be from DuckDB's, relatively: both add up
// to 200,000 doubles, in different orders. All other values must be equal.
const tolerance = 1e-12

// modelTolerance is that of queries with models. DuckDB computes the models'
// formulas from weights that are differences of predictions, which cost digits.
const modelTolerance = 1e-10

// TestDuckDB proves that each query of queries.sql has one answer by the row
// path, the column path, the planner's choice, and DuckDB over the same rows:
// 3 million flights, and the bookings of a writer with a fixed seed. The text of
// the queries is the same; predict and predict_proba, which DuckDB has not, are
// macros there that compute the two models' formulas from their weights.
func TestDuckDB(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: -short leaves out 3 million rows")
	}
	s := openOffice(t)
	peer := openPeer(t, s)
	all, err := queries()
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range ofKind(all, "live", "all", "export") {
		t.Run(q.name, func(t *testing.T) { compareWithPeer(t, s, peer, q, tolerance) })
	}
	t.Run("models", func(t *testing.T) {
		trainModels(t, s)
		peerModels(t, s, peer)
		leastSquares(t, peer)
		mostLikely(t, peer)
	})
	for _, q := range ofKind(all, "model") {
		t.Run(q.name+", by the models' formulas", func(t *testing.T) { compareWithPeer(t, s, peer, q, modelTolerance) })
	}
	for _, q := range ofKind(all, "one") {
		t.Run(q.name+", by the models' formulas", func(t *testing.T) {
			for id := int64(1); id <= 17_000; id += 997 {
				compareWithPeer(t, s, peer, q, modelTolerance, id)
			}
		})
	}
}

// openOffice makes the demo's tables in memory and lets one writer work, so that
// there are bookings that stand, moved ones and cancelled ones.
func openOffice(t *testing.T) *htap.Session {
	t.Helper()
	dir := t.TempDir()
	if err := unpack(dir); err != nil {
		t.Fatal(err)
	}
	db, err := htap.Open("", htap.WithFiles(dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	s := db.Session(t.Context())
	for _, step := range steps(schemaSQL) {
		for _, sql := range step.statements {
			if _, err := s.Exec(t.Context(), sql); err != nil {
				t.Fatalf("%s: %v", step.title, err)
			}
		}
	}
	o := &office{db: db, m: newMeters()}
	n, err := parseInt(mustCollect(t, s, "SELECT count(*) FROM departures"))
	if err != nil {
		t.Fatal(err)
	}
	o.departures = n
	const seed = 29
	w, err := newWriter(t.Context(), o, seed)
	if err != nil {
		t.Fatal(err)
	}
	defer w.s.Close()
	for range oracleTransactions {
		if err := w.retry(t.Context(), w.choose()); err != nil && err != errSoldOut {
			t.Fatal(err)
		}
	}
	return s
}

// openPeer makes the same tables in DuckDB. It reads the flights from the file,
// and the rows of the other tables from the row store.
func openPeer(t *testing.T, s *htap.Session) *duckdb.DB {
	t.Helper()
	peer, err := duckdb.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := peer.Close(); err != nil {
			t.Error(err)
		}
	})
	dir := t.TempDir()
	if err := unpack(dir); err != nil {
		t.Fatal(err)
	}
	if err := peer.Exec(t.Context(), "CREATE TABLE flights AS SELECT * FROM read_parquet('"+strings.ReplaceAll(dir, "'", "''")+"/flights-3m.parquet')"); err != nil {
		t.Fatal(err)
	}
	for _, step := range steps(schemaSQL) {
		for _, sql := range step.statements {
			// Comments may come before.
			_, table, ok := strings.Cut(sql, "CREATE TABLE ")
			if !ok || strings.HasPrefix(table, "flights ") {
				continue
			}
			if err := peer.Exec(t.Context(), "CREATE TABLE "+table); err != nil {
				t.Fatal(err)
			}
		}
	}
	route(t, s, "row")
	for _, table := range tables {
		if table != "flights" {
			copyToPeer(t, s, peer, table)
		}
	}
	for table, least := range map[string]int{"flights": 3_000_000, "bookings": 4000, "payments": 4500,
		"bookings WHERE status = 'booked'": 3500, "bookings WHERE status = 'cancelled'": 500, "seats WHERE sold > 0": 2500} {
		found := peerRows(t, peer, "SELECT count(*) FROM "+table)
		if n, err := strconv.Atoi(found[0][0]); err != nil || n < least {
			t.Fatalf("DuckDB has %s of %s, expected at least %d", found[0][0], table, least)
		}
	}
	return peer
}

// copyToPeer copies a table's rows as text, which DuckDB casts to its columns' types.
func copyToPeer(t *testing.T, s *htap.Session, peer *duckdb.DB, table string) {
	t.Helper()
	cols, rows, err := collect(t.Context(), s, "SELECT * FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defs := make([]string, len(cols))
	vectors := make([]duckdb.Vector, len(cols))
	for i, c := range cols {
		defs[i] = c.Name + " VARCHAR"
		values := make([]any, len(rows))
		for k, r := range rows {
			if r[i] != null {
				values[k] = r[i]
			}
		}
		vectors[i].Values = values
	}
	if err := peer.Exec(t.Context(), "CREATE OR REPLACE TABLE copied ("+strings.Join(defs, ", ")+")"); err != nil {
		t.Fatal(err)
	}
	if err := peer.Append(t.Context(), "copied", vectors...); err != nil {
		t.Fatal(err)
	}
	if err := peer.Exec(t.Context(), "INSERT INTO "+table+" SELECT * FROM copied; DROP TABLE copied"); err != nil {
		t.Fatalf("%s: %v", table, err)
	}
}

func trainModels(t *testing.T, s *htap.Session) {
	t.Helper()
	route(t, s, "auto")
	for _, step := range steps(modelsSQL) {
		for _, sql := range step.statements {
			if _, err := s.Exec(t.Context(), sql); err != nil {
				t.Fatalf("%s: %v", step.title, err)
			}
		}
	}
}

// peerModels gives DuckDB the formulas of the models. A linear model's weights
// are its predictions at 0 and the differences between predictions; the spans
// are powers of two, so that dividing by them is exact.
func peerModels(t *testing.T, s *htap.Session, peer *duckdb.DB) {
	t.Helper()
	const distance, hour = 1024, 16
	minutes := func(distance, hour int) float64 {
		return number(t, s, fmt.Sprintf("SELECT predict('delay_minutes', distance => %d, hour => %d, origin => 'ATL')", distance, hour))
	}
	logit := func(distance, hour int) float64 {
		p := number(t, s, fmt.Sprintf("SELECT predict_proba('delay_late', distance => %d, hour => %d)", distance, hour))
		return math.Log(p / (1 - p))
	}
	slope := func(f func(distance, hour int) float64) string {
		return fmt.Sprintf("(%.17g) * distance + (%.17g) * hour", (f(distance, 0)-f(0, 0))/distance, (f(0, hour)-f(0, 0))/hour)
	}
	var airports []any
	var weights []float64
	for _, r := range mustCollect(t, s, "SELECT origin, predict('delay_minutes', distance => 0, hour => 0, origin => origin) FROM (SELECT DISTINCT origin FROM flights) o") {
		w, err := strconv.ParseFloat(r[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		airports, weights = append(airports, r[0]), append(weights, w)
	}
	if err := peer.Exec(t.Context(), "CREATE TABLE origins (airport VARCHAR, weight DOUBLE)"); err != nil {
		t.Fatal(err)
	}
	if err := peer.Append(t.Context(), "origins", duckdb.Vector{Values: airports}, duckdb.Vector{Values: weights}); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"CREATE MACRO predict(model, distance := 0, hour := 0, origin := '') AS (SELECT weight FROM origins WHERE airport = origin) + " + slope(minutes),
		fmt.Sprintf("CREATE MACRO predict_proba(model, distance := 0, hour := 0) AS 1 / (1 + exp(-((%.17g) + %s)))", logit(0, 0), slope(logit)),
		// The errors, summed up for flights that are the same to the models.
		"CREATE TABLE predicted AS SELECT origin, distance, hour, flights, " +
			"delay - flights * predict('delay_minutes', distance => distance, hour => hour, origin => origin) AS minutes, " +
			"late - flights * predict_proba('delay_late', distance => distance, hour => hour) AS late FROM (" +
			"SELECT origin, distance, extract(hour FROM date) AS hour, count(*) AS flights, sum(delay) AS delay, " +
			"count(*) FILTER (WHERE delay > 15) AS late FROM flights GROUP BY ALL)",
	} {
		if err := peer.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
}

// leastSquares proves in DuckDB that the linear model's weights are those with
// the least squares: the errors of the 3 million predictions are orthogonal to
// every feature.
func leastSquares(t *testing.T, peer *duckdb.DB) {
	t.Helper()
	orthogonal(t, peer, "SELECT fsum(minutes) / sum(abs(minutes)), fsum(minutes * distance) / sum(abs(minutes * distance)), "+
		"fsum(minutes * hour) / sum(abs(minutes * hour)) FROM predicted")
	orthogonal(t, peer, "SELECT max(abs(bias)) FROM (SELECT fsum(minutes) / sum(flights) AS bias FROM predicted GROUP BY origin)")
}

// mostLikely proves the same of the logistic model: the likelihood's gradient is zero.
func mostLikely(t *testing.T, peer *duckdb.DB) {
	t.Helper()
	orthogonal(t, peer, "SELECT fsum(late) / sum(abs(late)), fsum(late * distance) / sum(abs(late * distance)), "+
		"fsum(late * hour) / sum(abs(late * hour)) FROM predicted")
}

// orthogonal proves that the numbers of a row, sums of errors by those of their
// sizes or by how many they are, are zero.
func orthogonal(t *testing.T, peer *duckdb.DB, sql string) {
	t.Helper()
	const zero = 1e-9
	for _, v := range peerRows(t, peer, sql)[0] {
		if x, err := strconv.ParseFloat(v, 64); err != nil || !(math.Abs(x) <= zero) {
			t.Errorf("%s\ngives %s, expected 0 within %g", sql, v, zero)
		}
	}
}

// compareWithPeer runs a query by each route and compares it with DuckDB.
func compareWithPeer(t *testing.T, s *htap.Session, peer *duckdb.DB, q query, tolerance float64, args ...any) {
	t.Helper()
	want, err := peer.Query(t.Context(), q.sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	if len(want.Rows) == 0 {
		t.Fatalf("%v: DuckDB has no answer", args)
	}
	for _, r := range []string{"row", "column", "auto"} {
		route(t, s, r)
		cols, got, err := collect(t.Context(), s, q.sql, args...)
		if err != nil {
			t.Errorf("by route %s: %v", r, err)
			continue
		}
		if d := differsFromPeer(cols, got, want, tolerance); d != "" {
			t.Errorf("by route %s %v: %s", r, args, d)
		}
	}
	route(t, s, "auto")
}

// differsFromPeer says how an answer differs from DuckDB's, "" if it does not.
// Integers and decimals are compared as numbers, because the scales of results
// are the systems' own.
func differsFromPeer(cols []htap.Column, got [][]string, want *duckdb.Result, tolerance float64) string {
	names := make([]string, len(cols))
	for i, c := range cols {
		names[i] = c.Name
	}
	if !slices.Equal(names, want.Columns) {
		return fmt.Sprintf("columns %v, DuckDB %v", names, want.Columns)
	}
	if len(got) != len(want.Rows) {
		return fmt.Sprintf("%d rows, DuckDB %d", len(got), len(want.Rows))
	}
	for i, row := range got {
		for k, x := range row {
			y := want.Rows[i][k]
			switch same := x == y; {
			case same:
			case isFloat(cols[k].Type) && relative(x, y) <= tolerance:
			case !isFloat(cols[k].Type) && isNumber(cols[k].Type) && equalNumbers(x, y):
			default:
				return fmt.Sprintf("row %d, %s: %s, DuckDB %s", i+1, cols[k].Name, x, y)
			}
		}
	}
	return ""
}

// relative is how far two doubles are apart, NaN for what is none.
func relative(x, y string) float64 {
	a, err := strconv.ParseFloat(x, 64)
	b, err2 := strconv.ParseFloat(y, 64)
	if err != nil || err2 != nil {
		return math.NaN()
	}
	return math.Abs(a-b) / max(math.Abs(a), math.Abs(b))
}

func equalNumbers(x, y string) bool {
	a, ok := new(big.Rat).SetString(x)
	b, ok2 := new(big.Rat).SetString(y)
	return ok && ok2 && a.Cmp(b) == 0
}

func route(t *testing.T, s *htap.Session, name string) {
	t.Helper()
	if _, err := s.Exec(context.Background(), "SET htap.route = '"+name+"'"); err != nil {
		t.Fatal(err)
	}
}

func mustCollect(t *testing.T, s *htap.Session, sql string) [][]string {
	t.Helper()
	_, rows, err := collect(t.Context(), s, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return rows
}

// number is the result of a query with one double.
func number(t *testing.T, s *htap.Session, sql string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(mustCollect(t, s, sql)[0][0], 64)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return x
}

func peerRows(t *testing.T, peer *duckdb.DB, sql string) [][]string {
	t.Helper()
	r, err := peer.Query(t.Context(), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return r.Rows
}
