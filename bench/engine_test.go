package bench

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"htapdb/bench/tpch"
	"htapdb/htap"
	"htapdb/sql/types"
	"htapdb/vector"
)

// openEngine opens a database in memory with a session.
func openEngine(t testing.TB, dir string) (*htap.DB, *htap.Session) {
	t.Helper()
	db, err := htap.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := db.Session(context.Background())
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("closing the database: %v", err)
		}
	})
	return db, s
}

// exec runs statements that must succeed.
func exec(t testing.TB, s *htap.Session, sql string, args ...any) htap.Result {
	t.Helper()
	res, err := s.Exec(context.Background(), sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return res
}

// query returns a statement's rows as text, NULL as "NULL".
func query(s *htap.Session, sql string, args ...any) ([][]string, error) {
	rows, err := s.Query(context.Background(), sql, args...)
	if err != nil {
		return nil, err
	}
	cols := rows.Columns()
	var out [][]string
	for rows.Next() {
		row := make([]string, len(cols))
		for i, c := range cols {
			if d := rows.Datum(i); d.IsNull() {
				row[i] = "NULL"
			} else {
				row[i] = types.Format(d, c.Type, time.UTC)
			}
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// loadTPCH creates and fills the benchmark's tables through COPY.
func loadTPCH(t testing.TB, s *htap.Session, sf float64) {
	t.Helper()
	for _, ddl := range tpch.DDL() {
		exec(t, s, ddl)
	}
	for _, table := range tpch.Tables() {
		copyIn(t, s, "COPY "+table.Name+" FROM STDIN (FORMAT csv, HEADER true)", func(w io.Writer) error {
			return tpch.WriteCSV(w, table.Name, sf)
		})
	}
}

// copyIn feeds a COPY FROM STDIN from a writer function.
func copyIn(t testing.TB, s *htap.Session, sql string, write func(io.Writer) error) {
	t.Helper()
	st, err := s.Prepare(context.Background(), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	r, w := io.Pipe()
	go func() { w.CloseWithError(write(w)) }()
	if _, err := st.CopyFrom(context.Background(), r); err != nil {
		r.CloseWithError(err)
		t.Fatalf("%s: %v", sql, err)
	}
}

// setting is a configuration of the test matrix.
type setting struct {
	name string
	set  []string
	simd string // the process's level
}

// matrix are the configurations that every query of the corpus runs under.
var matrix = []setting{
	{"row", []string{"SET htap.route = 'row'"}, "auto"},
	{"column", []string{"SET htap.route = 'column'"}, "auto"},
	{"auto", []string{"SET htap.route = 'auto'"}, "auto"},
	{"column, batches of 3 rows", []string{"SET htap.route = 'column'", "SET htap.batch_size = 3"}, "auto"},
	{"column, one worker", []string{"SET htap.route = 'column'", "SET htap.workers = 1"}, "auto"},
	{"column, no optimizer", []string{"SET htap.route = 'column'", "SET htap.optimizer = off"}, "auto"},
	{"column, no SIMD", []string{"SET htap.route = 'column'"}, "go"},
}

// configure resets the session and applies a setting.
func (c setting) configure(t testing.TB, s *htap.Session) {
	t.Helper()
	exec(t, s, "RESET ALL")
	if err := vector.SetSIMD(c.simd); err != nil {
		t.Fatal(err)
	}
	for _, sql := range c.set {
		exec(t, s, sql)
	}
}

// diff describes the first difference of two results, "" for none.
func diff(a, b [][]string) string {
	if len(a) != len(b) {
		return fmt.Sprintf("%d rows against %d", len(a), len(b))
	}
	for i := range a {
		for k := range a[i] {
			if a[i][k] != b[i][k] {
				return fmt.Sprintf("row %d: %v against %v", i, a[i], b[i])
			}
		}
	}
	return ""
}
