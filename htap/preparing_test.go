package htap

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"htapdb/sql/sqlstate"
)

// TestPreparationEnds: parsing and planning end with the context, with
// statement_timeout and with the memory limit, and the session goes on.
func TestPreparationEnds(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, "CREATE TABLE w (a INT, b INT)")
	var from, where []string
	for i := range 250 {
		from = append(from, fmt.Sprintf("w x%d", i))
		if i > 0 {
			where = append(where, fmt.Sprintf("x%d.a = x%d.b", i-1, i))
		}
	}
	joins := "SELECT count(*) FROM " + strings.Join(from, ", ") + " WHERE " + strings.Join(where, " AND ")
	values := "SELECT count(*) FROM (VALUES (1)" + strings.Repeat(",(1)", 2<<20) + ") v"
	for name, sql := range map[string]string{"plan": joins, "parse": values} {
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			time.Sleep(20 * time.Millisecond)
			cancel()
		}()
		start := time.Now()
		_, err := s.Prepare(ctx, sql)
		cancel()
		if !sqlstate.Is(err, sqlstate.QueryCanceled) || time.Since(start) > 5*time.Second {
			t.Errorf("%s: %v after %v", name, err, time.Since(start))
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Script(ctx, values); !sqlstate.Is(err, sqlstate.QueryCanceled) {
		t.Errorf("a script is parsed after its cancel: %v", err)
	}
	mustExec(t, s, "SET statement_timeout = 20")
	if _, err := s.Prepare(context.Background(), joins); !sqlstate.Is(err, sqlstate.QueryCanceled) {
		t.Errorf("statement_timeout: %v", err)
	}
	mustExec(t, s, "RESET statement_timeout")
	mustExec(t, s, "SET htap.memory_limit = '16MB'")
	before := s.db.queries.Used()
	if _, err := s.Script(context.Background(), values); !sqlstate.Is(err, sqlstate.OutOfMemory) {
		t.Errorf("memory limit: %v", err)
	}
	if after := s.db.queries.Used(); after != before {
		t.Errorf("%d bytes are still accounted for, %d before", after, before)
	}
	mustExec(t, s, "SELECT 1")
}

// TestCancelBetweenStatements: a cancel that comes between two statements of a
// script ends it there, and the changes before are taken back.
func TestCancelBetweenStatements(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, "CREATE TABLE c (a INT)")
	ctx, cancel := context.WithCancel(context.Background())
	sc, err := s.Script(ctx, "INSERT INTO c VALUES (1); SHOW timezone; INSERT INTO c VALUES (2)")
	if err != nil {
		t.Fatal(err)
	}
	st, err := sc.Next(ctx)
	if err == nil {
		_, err = st.Exec(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err = sc.Next(ctx); !sqlstate.Is(err, sqlstate.QueryCanceled) {
		t.Fatalf("the next statement after a cancel: %v", err)
	}
	if err := sc.End(ctx, err); !sqlstate.Is(err, sqlstate.QueryCanceled) {
		t.Fatal(err)
	}
	r, err := s.Query(context.Background(), "SELECT count(*) FROM c")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := r.NextBatch()
	if err != nil || b.Cols[0].I64[0] != 0 {
		t.Errorf("%d rows stay of a cancelled script: %v", b.Cols[0].I64[0], err)
	}
}
