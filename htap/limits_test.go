package htap

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"htapdb/internal/testutil"
)

// heavy are statements that need much memory and time, one for each operator
// that holds rows. big has many rows; @ stands for a number of rows.
var heavy = []struct{ name, sql string }{
	{"hash join", "SELECT count(*) FROM generate_series(1, @) a(i) JOIN generate_series(1, @) b(i) ON a.i = b.i + 1"},
	{"full join", "SELECT count(*) FROM generate_series(1, @) a(i) FULL JOIN generate_series(1, @) b(i) ON a.i = b.i + 1"},
	{"nested loop", "SELECT count(*) FROM generate_series(1, @) a(i) JOIN generate_series(1, @) b(i) ON a.i % 7 < b.i % 5 - 3"},
	{"semi join", "SELECT count(*) FROM generate_series(1, @) a(i) WHERE a.i NOT IN (SELECT i * 3 FROM generate_series(1, @) b(i))"},
	{"column join", "SELECT count(*), max(a.s) FROM big a JOIN big b ON a.id = b.id + 1 AND a.s <> b.s"},
	{"aggregate", "SELECT i, count(*) FROM generate_series(1, @) a(i) GROUP BY i"},
	{"aggregate of columns", "SELECT id % 900000, s, min(id) FROM big GROUP BY 1, 2"},
	{"grouping sets", "SELECT i, i + 1, count(*) FROM generate_series(1, @) a(i) GROUP BY CUBE (i, i + 1)"},
	{"distinct aggregate", "SELECT count(DISTINCT i) FROM generate_series(1, @) a(i)"},
	{"distinct", "SELECT DISTINCT i % 1000000 FROM generate_series(1, @) a(i)"},
	{"distinct on", "SELECT DISTINCT ON (i) i, -i FROM generate_series(1, @) a(i)"},
	{"sort", "SELECT i FROM generate_series(1, @) a(i) ORDER BY -i"},
	{"sort of columns", "SELECT id, s FROM big ORDER BY s DESC, id"},
	{"top-n", "SELECT i FROM generate_series(1, @) a(i) ORDER BY -i LIMIT 1000000"},
	{"window", "SELECT row_number() OVER (ORDER BY -i) FROM generate_series(1, @) a(i)"},
	{"growing frame", "SELECT sum(i) OVER (ORDER BY -i) FROM generate_series(1, @) a(i)"},
	{"sliding frame", "SELECT sum(i) OVER (ORDER BY -i ROWS BETWEEN 50000 PRECEDING AND 50000 FOLLOWING) FROM generate_series(1, @) a(i)"},
	{"texts of frames", "SELECT string_agg(s, ',') OVER (ORDER BY id) FROM big WHERE id <= 50000"},
	{"texts of sliding frames", "SELECT string_agg(s, ',') OVER (ORDER BY id ROWS BETWEEN 5000 PRECEDING AND CURRENT ROW) FROM big WHERE id <= 50000"},
	{"string_agg", "SELECT string_agg(i::text, ',') FROM generate_series(1, @) a(i)"},
	{"ordered string_agg", "SELECT string_agg(s, ',' ORDER BY id DESC) FROM big"},
	{"median", "SELECT median(i) FROM generate_series(1, @) a(i)"},
	{"union", "SELECT i FROM generate_series(1, @) a(i) UNION SELECT -i FROM generate_series(1, @) a(i)"},
	{"except all", "SELECT i FROM generate_series(1, @) a(i) EXCEPT ALL SELECT -i FROM generate_series(1, @) a(i)"},
	{"recursion", "WITH RECURSIVE r(i, j) AS (SELECT i, -i FROM generate_series(1, 1000) g(i) UNION ALL SELECT i + 1, j + 1 FROM r WHERE i < 100000000) SELECT count(*) FROM r"},
	{"recursion without duplicates", "WITH RECURSIVE r(i) AS (SELECT i FROM generate_series(1, 1000) g(i) UNION SELECT i + 1000 FROM r WHERE i < 100000000) SELECT count(*) FROM r"},
	{"doubling recursion", "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i FROM r CROSS JOIN (VALUES (1), (2)) v(x) WHERE i < 10) SELECT count(*) FROM r"},
	{"materialized", "WITH w AS MATERIALIZED (SELECT i, i::text AS t FROM generate_series(1, @) a(i)) SELECT count(*) FROM w a, w b WHERE a.i = b.i + 5"},
	{"correlated", "SELECT count((SELECT max(b.i) FROM generate_series(1, 3000000) b(i) WHERE b.i % 1000003 = a.i)) FROM generate_series(1, @) a(i)"},
	{"padded", "SELECT lpad(i::text, 1000000), rpad(i::text, 1000000, 'ab') FROM generate_series(1, @) a(i)"},
	{"replaced", "SELECT replace(repeat('ab', 100 + i % 2), 'a', repeat('x', 1000 + i % 3)) FROM generate_series(1, @) a(i)"},
	{"lists of texts", "SELECT count(*) FROM (SELECT repeat(i::text, 100000) AS t FROM generate_series(1, @) a(i)) q WHERE t < '0'"},
}

// heavySQL is the statement over many rows.
func heavySQL(sql string) string { return strings.ReplaceAll(sql, "@", "30000000") }

// openHeavy opens a database with the table big.
func openHeavy(t *testing.T) (*DB, *Session) {
	db, s := openTest(t, "")
	mustExec(t, s, "CREATE TABLE big AS SELECT i AS id, 'text number ' || (i::bigint * 7919 % 400000) AS s FROM generate_series(1, 400000) g(i)")
	// The feed's queue is charged: what it still holds of the load is no statement's.
	db.engine.Rows.Sync()
	db.engine.Feed.CatchUp()
	return db, s
}

// readAll reads a statement to its end.
func readAll(ctx context.Context, s *Session, sql string) error {
	rows, err := s.Query(ctx, sql)
	if err != nil {
		return err
	}
	for {
		b, err := rows.NextBatch()
		if err != nil || b == nil {
			return err
		}
	}
}

// watchHeap returns a function that ends the watch and gives the growth of the heap.
func watchHeap() func() int64 {
	heap := func() int64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapInuse)
	}
	runtime.GC()
	before, most := heap(), int64(0)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
				most = max(most, heap()-before)
			}
		}
	}()
	return func() int64 {
		close(stop)
		<-done
		return most
	}
}

// reserved is what is taken of the memory beside the plans that are kept.
func reserved(db *DB) int64 {
	_, plans := db.plans.size()
	return db.memory.Used() - plans
}

// settled waits until the goroutines of a statement have ended.
func settled(t *testing.T, name string, goroutines int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > goroutines; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: %d goroutines, %d before", name, runtime.NumGoroutine(), goroutines)
		}
	}
}

// A statement that needs more memory than it may have fails with 53200, takes
// not much more than that on the way, and leaves nothing reserved.
func TestMemoryLimit(t *testing.T) {
	db, s := openHeavy(t)
	mustExec(t, s, "SET htap.memory_limit = '16MB'")
	for _, h := range heavy {
		for _, workers := range []string{"1", "2"} {
			if workers == "1" && !testutil.Long() {
				continue
			}
			mustExec(t, s, "SET htap.workers = "+workers)
			before, goroutines := reserved(db), runtime.NumGoroutine()
			grown := watchHeap()
			ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
			start := time.Now()
			err := readAll(ctx, s, heavySQL(h.sql))
			cancel()
			heap := grown()
			t.Logf("%-30s workers %s: %7.1f ms %6d MB %v", h.name, workers, float64(time.Since(start).Microseconds())/1000, heap>>20, err)
			if c := code(err); c != "53200" {
				t.Errorf("%s: %v", h.name, err)
			}
			if heap > 200<<20 {
				t.Errorf("%s: the heap has grown by %d MB", h.name, heap>>20)
			}
			settled(t, h.name, goroutines)
			if used := reserved(db); used != before {
				t.Errorf("%s: %d bytes reserved afterwards, %d before", h.name, used, before)
			}
		}
	}
}

// A statement ends soon after its context does, whatever it is doing.
func TestCancel(t *testing.T) {
	db, s := openHeavy(t)
	mustExec(t, s, "SET htap.memory_limit = '256MB'")
	for _, h := range heavy {
		before, goroutines := reserved(db), runtime.NumGoroutine()
		for _, after := range []time.Duration{5 * time.Millisecond, 150 * time.Millisecond} {
			ctx, cancel := context.WithTimeout(t.Context(), after)
			start := time.Now()
			err := readAll(ctx, s, heavySQL(h.sql))
			late := time.Since(start) - after
			cancel()
			t.Logf("%-30s after %v: %6.1f ms %v", h.name, after, float64(late.Microseconds())/1000, err)
			if c := code(err); c != "57014" && c != "53200" && err != nil {
				t.Errorf("%s: %v", h.name, err)
			}
			settled(t, h.name, goroutines)
			if used := reserved(db); used != before {
				t.Errorf("%s: %d bytes reserved afterwards, %d before", h.name, used, before)
			}
			if late > 2*time.Second {
				t.Errorf("%s ended %v after its context", h.name, late)
			}
		}
	}
}
