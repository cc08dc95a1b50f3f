package bombs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"htapdb/htap"
)

// lateInARow: something else may hold a thread back for long, so only a statement
// that is late three times in a row has a loop that does not look.
const lateInARow = 3

// answerWithin is how soon a cancelled statement ends: 100 ms where these tests
// have the machine for themselves. Beside the tests of other packages, as in
// `go test ./...`, two workers and the collector get a part of the processors: the
// same loops then take up to 150 ms three times in a row, and what this still
// finds is a loop that does not look at all.
func answerWithin() time.Duration {
	if os.Getenv("HTAPDB_ALONE") != "" || os.Getenv("HTAPDB_LONG") != "" {
		return 100 * time.Millisecond
	}
	return 400 * time.Millisecond
}

// long are statements that run for seconds on any machine. The table big has a
// million rows, {dir} is a folder with big.csv and big.parquet.
var long = []struct{ name, sql string }{
	{"series", "SELECT count(*) FROM generate_series(1, 100000000000)"},
	{"cross join", "SELECT count(*) FROM big a, big b WHERE a.v + b.v < 0"},
	{"nested loop", "SELECT count(*) FROM big a JOIN big b ON a.v < b.w AND a.s LIKE b.s"},
	{"nested loop, outer", "SELECT count(*) FROM big a LEFT JOIN big b ON a.v < b.w AND a.v > b.v + 1000000"},
	{"hash join, build", "SELECT count(*) FROM generate_series(1, 10) a JOIN generate_series(1, 10000000) b ON a = b"},
	{"hash join, one key", "SELECT count(*) FROM big a JOIN big b ON a.w % 2 = b.w % 2"},
	{"full join", "SELECT count(*) FROM generate_series(1, 10000000) a FULL JOIN generate_series(5, 10000005) b ON a = b"},
	{"semi join", "SELECT count(*) FROM generate_series(1, 10000000) a WHERE a NOT IN (SELECT b * 3 FROM generate_series(1, 10000000) b)"},
	{"sort", "SELECT g FROM generate_series(1, 10000000) g ORDER BY g % 1000003, -g"},
	{"sort by text", "SELECT g FROM generate_series(1, 5000000) g ORDER BY md5(g::text)"},
	{"top n", "SELECT g FROM generate_series(1, 100000000) g ORDER BY (g * 7919::bigint) % 1000003, g LIMIT 5"},
	{"group", "SELECT g % 7000000, count(*), sum(g) FROM generate_series(1, 14000000) g GROUP BY 1"},
	{"group by text", "SELECT md5(g::text), count(*) FROM generate_series(1, 5000000) g GROUP BY 1"},
	{"distinct", "SELECT DISTINCT g FROM generate_series(1, 14000000) g"},
	{"count distinct", "SELECT count(DISTINCT g), count(DISTINCT -g) FROM generate_series(1, 14000000) g"},
	{"string_agg", "SELECT length(string_agg(g::text, ',' ORDER BY -g)) FROM generate_series(1, 5000000) g"},
	{"grouping sets", "SELECT g, g % 3, count(*) FROM generate_series(1, 3000000) g GROUP BY CUBE (1, 2)"},
	{"window, one partition", "SELECT sum(g) OVER (ORDER BY -g), rank() OVER (ORDER BY g % 1000003) FROM generate_series(1, 4000000) g"},
	{"window, partitions", "SELECT sum(g) OVER (PARTITION BY g % 1000003 ORDER BY g) FROM generate_series(1, 5000000) g"},
	{"window, wide frame", "SELECT max(g) OVER (ORDER BY g ROWS 20000 PRECEDING) FROM generate_series(1, 2000000) g"},
	{"window, navigation", "SELECT lag(g, 5) OVER w, ntile(7) OVER w, percent_rank() OVER w FROM generate_series(1, 4000000) g WINDOW w AS (ORDER BY g % 999983)"},
	{"recursion", "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 2000000000) SELECT max(n) FROM r"},
	{"recursion, distinct", "WITH RECURSIVE r (n) AS (SELECT 1::bigint UNION SELECT (n * 3 + 1) % 1999999973 FROM r) SELECT count(*) FROM r"},
	{"recursion, doubling", "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + x FROM r, (VALUES (1), (2)) t (x) WHERE n < 60) SELECT count(*) FROM r"},
	{"except", "SELECT count(*) FROM (SELECT g FROM generate_series(1, 10000000) g EXCEPT SELECT g * 2 FROM generate_series(1, 10000000) g) q"},
	{"intersect all", "SELECT count(*) FROM (SELECT g FROM generate_series(1, 10000000) g INTERSECT ALL SELECT g * 2 FROM generate_series(1, 10000000) g) q"},
	{"union", "SELECT count(*) FROM (SELECT g FROM generate_series(1, 9000000) g UNION SELECT -g FROM generate_series(1, 9000000) g) q"},
	{"correlated", "SELECT count(*) FROM big a WHERE v = (SELECT max(b.v) FROM big b WHERE b.w < a.w + a.v)"},
	{"lateral", "SELECT count(*) FROM big a, LATERAL generate_series(1, a.v) g"},
	{"materialized", "WITH m AS MATERIALIZED (SELECT g FROM generate_series(1, 20000000) g) SELECT count(*) FROM m a JOIN m b ON a.g = b.g"},
	{"numbers", "SELECT sum(g::numeric / 7 * 3), stddev(g), corr(g, g % 7) FROM generate_series(1, 50000000) g"},
	{"dates", "SELECT count(DISTINCT to_char(timestamp '2000-01-01' + g * interval '1 hour', 'YYYY-MM-DD HH24 Day')) FROM generate_series(1, 10000000) g"},
	{"regex", "SELECT count(*) FROM big a, generate_series(1, 100) g WHERE regexp_replace(s || g, '([a-f]+)([0-9]+)', '\\2\\1', 'g') ~ '(a|b|c)+[0-9]{3,5}x?$'"},
	{"like", "SELECT count(*) FROM big a, generate_series(1, 1000) g WHERE s || g LIKE '%a%b%c%d%e%'"},
	{"similar", "SELECT count(*) FROM big a, generate_series(1, 100) g WHERE s || g SIMILAR TO '%(ab|cd)+[0-9]%'"},
	{"json", "SELECT count(*) FROM big a, generate_series(1, 100) g WHERE (('{\"a\": [1, 2, {\"b\": \"' || s || '\"}]}')::jsonb -> 'a' -> 2 ->> 'b') = 'x'"},
	{"scan by rows", "SELECT count(*) FROM big a, generate_series(1, 100) g WHERE a.v = -g"},
	{"file, csv", "SELECT count(*) FROM '{dir}/big.csv' a, generate_series(1, 50) g WHERE a.v = -g"},
	{"file, parquet", "SELECT count(*) FROM '{dir}/big.parquet' a, generate_series(1, 500) g WHERE a.s LIKE '%' || g || '%'"},
	{"copy to, csv", "COPY (SELECT g, md5(g::text) FROM generate_series(1, 30000000) g) TO '{dir}/out.csv'"},
	{"copy to, parquet", "COPY (SELECT g, md5(g::text) FROM generate_series(1, 30000000) g) TO '{dir}/out.parquet'"},
	{"copy from", "COPY target FROM '{dir}/big.csv' (FORMAT csv, HEADER)"},
	{"copy from, parquet", "COPY target FROM '{dir}/big.parquet'"},
	{"insert select", "INSERT INTO target SELECT g, g, md5(g::text) FROM generate_series(1, 30000000) g"},
	{"create table as", "CREATE TABLE made AS SELECT g, md5(g::text) FROM generate_series(1, 30000000) g"},
	{"update", "UPDATE big SET v = v + 1"},
	{"delete", "DELETE FROM big WHERE length(md5(s)) > 0"},
	{"create index", "CREATE INDEX made ON big (s, v, w)"},
	{"unique index", "CREATE UNIQUE INDEX made ON big (s, v, w)"},
	{"add column", "ALTER TABLE big ADD COLUMN made TEXT DEFAULT md5('x')"},
	{"check constraint", "ALTER TABLE big ADD CONSTRAINT made CHECK (length(md5(s)) > 0)"},
	{"check table", "CHECK TABLE big"},
	{"analyze", "EXPLAIN ANALYZE SELECT count(*) FROM big a, big b WHERE a.v + b.v < 0"},
	{"model", "CREATE MODEL made PREDICT y USING linear_regression AS SELECT g::float8 AS x, (g % 7)::float8 AS y FROM generate_series(1, 100000000) g"},
	{"logistic model", "CREATE MODEL made PREDICT y USING logistic_regression AS SELECT (g % 1000)::float8 AS x, (g % 7 > 3) AS y FROM generate_series(1, 3000000) g"},
	{"cursor", "BEGIN; DECLARE made SCROLL CURSOR FOR SELECT g FROM generate_series(1, 100000000) g; FETCH LAST FROM made"},
	{"held cursor", "DECLARE made CURSOR WITH HOLD FOR SELECT g, g + 1 FROM generate_series(1, 100000000) g"},
	{"explain of many joins", "EXPLAIN SELECT 1 FROM " + manyJoins(62)},
}

// manyJoins are n relations in a star, whose order is searched for.
func manyJoins(n int) string {
	var b strings.Builder
	b.WriteString("big r0")
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, " JOIN big r%d ON r%d.v = r0.v AND r%d.w = r%d.w", i, i, i, i-1)
	}
	return b.String()
}

// TestCancel proves that every long statement ends soon after a cancel, wherever
// it is, that nothing of it stays, and that another session is served.
func TestCancel(t *testing.T) {
	dir := t.TempDir()
	db, err := htap.Open(filepath.Join(dir, "data"), htap.WithMemoryLimit(4<<30), htap.WithSynchronousCommit(false))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := db.Session(t.Context())
	defer s.Close()
	rows := "1000000"
	if testing.Short() {
		rows = "300000"
	}
	for _, sql := range []string{
		"CREATE TABLE big AS SELECT g AS v, g % 1000 AS w, md5(g::text) AS s FROM generate_series(1, " + rows + ") g",
		"CREATE TABLE target (v BIGINT, w BIGINT, s TEXT)",
		"COPY big TO '" + dir + "/big.csv' (FORMAT csv, HEADER)",
		"COPY big TO '" + dir + "/big.parquet'",
	} {
		if _, err := s.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	tries, latest := 2, 300
	if os.Getenv("HTAPDB_LONG") != "" {
		tries, latest = 10, 2000
	}
	for _, c := range long {
		t.Run(c.name, func(t *testing.T) {
			c := canceller{t: t, db: db, sql: strings.ReplaceAll(c.sql, "{dir}", dir)}
			for range tries {
				c.repeat(time.Duration(5+rand.IntN(latest)) * time.Millisecond)
			}
			slices.Sort(c.took)
			if n := len(c.took); n > 0 {
				t.Logf("%d cancelled, median %s, longest %s", n, c.took[n/2].Round(time.Millisecond/10), c.took[n-1].Round(time.Millisecond/10))
			}
		})
	}
}

// canceller cancels one statement at different moments.
type canceller struct {
	t    *testing.T
	db   *htap.DB
	sql  string
	took []time.Duration // by cancelled runs
}

// repeat cancels the statement after the delay, again while it is late.
func (c *canceller) repeat(after time.Duration) {
	c.t.Helper()
	for late := 0; ; late++ {
		took, err := c.once(after)
		if e, ok := errors.AsType[*htap.Error](err); err != nil && (!ok || e.SQLState() != "57014") {
			c.t.Errorf("after %s: %v", after, err)
			return
		}
		if err == nil || took <= answerWithin() {
			return
		}
		if late+1 == lateInARow {
			c.t.Errorf("cancelled after %s, it took %s to end", after, took)
			return
		}
	}
}

// once runs the statement in a session of its own and cancels it.
func (c *canceller) once(after time.Duration) (took time.Duration, err error) {
	ctx, cancel := context.WithCancel(c.t.Context())
	defer cancel()
	ended := make(chan error, 1)
	began := time.Now()
	go func() { ended <- c.run(ctx) }() // ends with the cancel
	time.Sleep(after - time.Since(began))
	c.serveOthers()
	cancelled := time.Now()
	cancel()
	select {
	case err = <-ended:
	case <-time.After(time.Minute):
		c.t.Fatalf("cancelled after %s, it does not end", after)
	}
	took = time.Since(cancelled)
	if err != nil {
		c.took = append(c.took, took)
	}
	return took, err
}

// run runs the statement to its end, and takes back what it does.
func (c *canceller) run(ctx context.Context) error {
	s := c.db.Session(context.Background())
	defer s.Close()
	text := c.sql
	if !strings.HasPrefix(text, "BEGIN") && !strings.HasPrefix(text, "DECLARE") {
		if _, err := s.Exec(ctx, "BEGIN"); err != nil {
			return err
		}
	}
	if !strings.HasPrefix(text, "SELECT") && !strings.HasPrefix(text, "WITH") {
		_, err := s.Exec(ctx, text)
		return err
	}
	rows, err := s.Query(ctx, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	for {
		b, err := rows.NextBatch()
		if err != nil || b == nil {
			return err
		}
	}
}

// serveOthers proves that a point read gets through while the statement runs.
func (c *canceller) serveOthers() {
	c.t.Helper()
	s := c.db.Session(context.Background())
	defer s.Close()
	began := time.Now()
	ctx, cancel := context.WithTimeout(c.t.Context(), 10*time.Second)
	defer cancel()
	if _, err := s.Exec(ctx, "SELECT 1"); err != nil {
		c.t.Errorf("another session is not served: %v after %s", err, time.Since(began))
	}
}
