package bench

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"htapdb/htap"
	"htapdb/internal/testutil"
	"htapdb/internal/testutil/duckdb"
	"htapdb/internal/testutil/randsql"
)

// Random queries give DuckDB's answers. They keep to what means the same there
// (randsql.Generator.Portable); DuckDB is told to place NULLs and to divide
// integers as PostgreSQL does. Not compared are statements that one of the two
// refuses, the order of rows that are equal in the keys, −0 and 0, and the last
// digits of averages.
//
// HTAPDB_DURATION sets how long the test goes on.
func TestRandomQueriesAgainstDuckDB(t *testing.T) {
	budget := 5 * time.Second // the longer, the likelier is a query that DuckDB does not end
	if d, err := time.ParseDuration(os.Getenv("HTAPDB_DURATION")); err == nil {
		budget = d
	}
	rng := testutil.Rand(t)
	g := randsql.New(rng)
	g.Portable = true
	same, refused, stuck := 0, 0, false
	for end := time.Now().Add(budget); !stuck && time.Now().Before(end); {
		var s, r int
		s, r, stuck = againstDuckDB(t, g, []string{"row", "column", "auto"}[rng.IntN(3)], end)
		same, refused = same+s, refused+r
	}
	t.Logf("%d answers agree, %d statements run on one only", same, refused)
	if same == 0 {
		t.Error("no answer was compared")
	}
}

// againstDuckDB makes a database and runs queries over it, by route, until end.
// stuck says that DuckDB is still at one of them.
func againstDuckDB(t *testing.T, g *randsql.Generator, route string, end time.Time) (same, refused int, stuck bool) {
	t.Helper()
	_, s := openEngine(t, "")
	peer, err := duckdb.Open()
	if err != nil {
		testutil.Missing(t, "%v", err)
	}
	defer func() {
		if !stuck { // closing would wait
			peer.Close()
		}
	}()
	for _, sql := range []string{"SET default_null_order = 'nulls_last_on_asc_first_on_desc'", "SET integer_division = true"} {
		if err := peer.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range g.Schema().Steps {
		if step.Session != "" {
			continue // one session is enough here
		}
		exec(t, s, step.SQL)
		if err := peer.Exec(t.Context(), step.SQL); err != nil {
			t.Fatalf("%s: %v", step.SQL, err)
		}
	}
	exec(t, s, "SET htap.route = "+route)
	exec(t, s, "SET statement_timeout = '1s'")
	for i := 0; i < 40 && (i == 0 || time.Now().Before(end)); i++ {
		q := g.Query()
		switch why := differsFromDuckDB(s, peer, q); why {
		case "":
			same++
		case "refused":
			refused++
		case "stuck":
			t.Logf("DuckDB does not end, and does not stop:\n%s", q)
			return same, refused, true
		default:
			q.Shrink(20*time.Second, func() bool {
				why := differsFromDuckDB(s, peer, q)
				return why != "" && why != "refused" && why != "stuck"
			})
			t.Errorf("%s\n%s", differsFromDuckDB(s, peer, q), q)
		}
	}
	return same, refused, false
}

// stuckAfter is when DuckDB, which is told to stop after two seconds, is given
// up: some of its operators do not look.
const stuckAfter = 10 * time.Second

// differsFromDuckDB says how the answers differ, "" if they do not, "refused" if
// there is only one, "stuck" if DuckDB does not stop. What takes the engine long
// is not asked.
func differsFromDuckDB(s *htap.Session, peer *duckdb.DB, q *randsql.Query) string {
	sql := q.String()
	have, err := query(s, sql)
	if err != nil {
		return "refused"
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	answer := make(chan *duckdb.Result, 1)
	go func() {
		r, err := peer.Query(ctx, sql)
		if err != nil {
			r = nil
		}
		answer <- r
	}()
	var want *duckdb.Result
	select {
	case want = <-answer:
	case <-time.After(stuckAfter):
		return "stuck"
	}
	if want == nil {
		return "refused"
	}
	a, x := q.Lines(have)
	b, y := q.Lines(want.Rows)
	if slices.Equal(a, b) && slices.Equal(x, y) {
		return ""
	}
	return strings.Join(x, "\n") + "\nDuckDB gives\n\t" + strings.Join(b[:min(len(b), 20)], "\n\t") + "\nand not\n\t" + strings.Join(a[:min(len(a), 20)], "\n\t")
}
