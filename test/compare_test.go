package test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"htapdb/internal/testutil"
	"htapdb/internal/testutil/postgres"
	"htapdb/internal/testutil/slt"
)

// Every record of DuckDB's corpus on the engine and on PostgreSQL: where both
// have an answer it is the same one. What only PostgreSQL can run is listed with
// -v. A file ends where only one of them changed its tables.
func TestCorpusAgainstPostgreSQL(t *testing.T) {
	if !testutil.Long() && os.Getenv("HTAPDB_SLT") == "" {
		t.Skip("skipped: HTAPDB_LONG=1 compares the whole corpus with PostgreSQL, HTAPDB_SLT=… a part of it")
	}
	url := postgres.Start(t, postgres.Options{})
	paths := find(t, testutil.Shared(t, "slt", "duckdb"))
	if one := os.Getenv("HTAPDB_SLT"); one != "" {
		paths = filter(paths, one)
	}
	same, only := 0, 0
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := slt.Parse(string(text))
		if err != nil || f.Skip != "" {
			continue
		}
		s, o := against(t, url, filepath.ToSlash(path), f)
		same, only = same+s, only+o
	}
	t.Logf("%d answers agree, %d statements run on PostgreSQL only", same, only)
}

// against runs a file on both and returns the numbers of equal answers and of
// records that only PostgreSQL runs.
func against(t *testing.T, url, path string, f *slt.File) (same, only int) {
	ctx := context.Background()
	pg := &server{url: url, schema: "slt_corpus", sessions: map[string]*pgconn.PgConn{}}
	defer pg.close(ctx)
	e, err := slt.NewEngine([]string{"SET lock_timeout = '200ms'"}, "htapdb")
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for i := range f.Records {
		r := &f.Records[i]
		if head := strings.ToUpper(strings.TrimSpace(r.SQL)); strings.HasPrefix(head, "PRAGMA") || strings.HasPrefix(head, "SET ") {
			continue
		}
		limited, cancel := context.WithTimeout(ctx, 10*time.Second)
		want, err1 := pg.Query(limited, r.Session, r.SQL, "")
		got, err2 := e.Query(limited, r.Session, r.SQL, "")
		late := limited.Err() != nil
		cancel()
		if late {
			t.Errorf("%s:%d: not ended in time: %v, %v\n%s", path, r.Line, err1, err2, r.SQL)
			return
		}
		switch {
		case err1 == nil && err2 != nil:
			only++
			t.Logf("%s:%d: only on PostgreSQL: %v\n%s", path, r.Line, err2, r.SQL)
		case err1 != nil && err2 == nil && testing.Verbose():
			t.Logf("%s:%d: not on PostgreSQL: %v\n%s", path, r.Line, err1, r.SQL)
		case err1 == nil && err2 == nil:
			a, b := rowsOf(want, r), rowsOf(got, r)
			if !slices.Equal(a, b) {
				t.Errorf("%s:%d: %q, PostgreSQL gives %q\n%s", path, r.Line, b, a, r.SQL)
			} else {
				same++
			}
		}
		if (err1 == nil) != (err2 == nil) && (r.Kind == slt.Statement || want != nil && want.Columns == 0) {
			return
		}
	}
	return
}

// rowsOf are the rows as lines, sorted unless the query orders them.
func rowsOf(res *slt.Result, r *slt.Record) []string {
	var out []string
	for _, row := range res.Rows {
		line := make([]string, len(row))
		for i, v := range row {
			if line[i] = "NULL"; v != nil {
				line[i] = *v
			}
		}
		out = append(out, strings.Join(line, "\t"))
	}
	if !strings.Contains(strings.ToUpper(r.SQL), "ORDER BY") || r.Sort != "nosort" {
		slices.Sort(out)
	}
	return out
}
