package htap

import (
	"context"
	"testing"
	"time"

	"htapdb/sql/sqlstate"
)

// LIMIT ends a recursion that does not end itself, and so do a timeout, a
// cancellation and the memory's limit.
func TestEndlessRecursion(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, "SET statement_timeout = '60s'")
	endless := "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT "
	for _, c := range []struct{ sql, want string }{
		{endless + "n FROM r LIMIT 3", "1\n2\n3"},
		{endless + "n FROM r OFFSET 2 LIMIT 1", "3"},
		{endless + "sum(n) FROM (SELECT n FROM r LIMIT 100) x", "5050"},
		{endless + "n FROM r WHERE n % 7 = 0 LIMIT 2", "7\n14"},
		{endless + "EXISTS (SELECT 1 FROM r WHERE n = 10)", "t"},
		{endless + "(SELECT n FROM r OFFSET 5 LIMIT 1)", "6"},
		{"WITH RECURSIVE r(n) AS (SELECT 1 UNION SELECT n + 1 FROM r) SELECT n FROM r LIMIT 2", "1\n2"},
	} {
		if got := queryText(t, s, c.sql); got != c.want {
			t.Errorf("%s: got %q, want %q", c.sql, got, c.want)
		}
	}
	mustExec(t, s, "SET statement_timeout = '200ms'")
	if e := failure(t, s, endless+"count(*) FROM r"); e.Code != sqlstate.QueryCanceled {
		t.Errorf("statement_timeout: %v", e)
	}
	mustExec(t, s, "SET statement_timeout = 0; SET htap.memory_limit = '4MB'")
	if e := failure(t, s, "WITH RECURSIVE r(n) AS (SELECT 1 UNION SELECT n + 1 FROM r) SELECT count(*) FROM r"); e.Code != sqlstate.OutOfMemory {
		t.Errorf("memory_limit: %v", e)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if _, err := s.Exec(ctx, endless+"count(*) FROM r"); sqlstate.CodeOf(err) != sqlstate.QueryCanceled {
		t.Errorf("cancellation: %v", err)
	}
}
