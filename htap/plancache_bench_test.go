package htap

import (
	"context"
	"strconv"
	"sync"
	"testing"

	"htapdb/htap/catalog"
)

// BenchmarkPointSelect is a SELECT by primary key, prepared and as a text, alone
// and beside a session that creates and drops tables all the time.
func BenchmarkPointSelect(b *testing.B) {
	for _, text := range []bool{false, true} {
		for _, ddl := range []bool{false, true} {
			b.Run("text="+strconv.FormatBool(text)+"/ddl="+strconv.FormatBool(ddl), func(b *testing.B) {
				db, s := openTest(b, "")
				mustExec(b, s, "CREATE TABLE accounts (id BIGINT PRIMARY KEY, balance BIGINT NOT NULL)")
				mustExec(b, s, "INSERT INTO accounts SELECT i, i FROM generate_series(1, 10000) AS g(i)")
				if ddl {
					defer createAndDrop(b, db)()
				}
				benchPoint(b, s, text)
			})
		}
	}
}

// benchPoint runs the point query over and over.
func benchPoint(b *testing.B, s *Session, text bool) {
	const sql = "SELECT balance FROM accounts WHERE id = $1"
	ctx := context.Background()
	st, err := s.Prepare(ctx, sql)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	before := s.db.counts.plans.Load()
	defer func() { b.ReportMetric(float64(s.db.counts.plans.Load()-before)/float64(b.N), "plans/op") }()
	for i := int64(0); b.Loop(); i++ {
		if text {
			if st, err = s.Prepare(ctx, sql); err != nil {
				b.Fatal(err)
			}
		}
		rows, err := st.Query(ctx, i%10000+1)
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for rows.Next() {
			n++
		}
		if n != 1 || rows.Err() != nil {
			b.Fatal(n, rows.Err())
		}
	}
}

// createAndDrop runs DDL in a session of its own until the function that it
// returns is called.
func createAndDrop(b *testing.B, db *DB) (stop func()) {
	s := db.Session(context.Background())
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		defer s.Close()
		for {
			select {
			case <-done:
				return
			default:
			}
			for _, sql := range []string{"CREATE TABLE other (id BIGINT PRIMARY KEY)", "DROP TABLE other"} {
				if _, err := s.Exec(context.Background(), sql); err != nil {
					b.Error(err)
					return
				}
			}
		}
	})
	return func() {
		close(done)
		wg.Wait()
	}
}

// BenchmarkNextVersion is what a statement costs on top when the catalog has another
// version, in which nothing has changed that it names.
func BenchmarkNextVersion(b *testing.B) {
	for _, sql := range []string{"SELECT balance FROM accounts WHERE id = $1",
		"SELECT c.balance, count(*) FROM accounts c JOIN accounts d ON c.id = d.balance JOIN v ON v.id = c.id WHERE d.id > $1 GROUP BY 1 ORDER BY 2"} {
		b.Run("bytes="+strconv.Itoa(len(sql)), func(b *testing.B) {
			_, s := openTest(b, "")
			mustExec(b, s, "CREATE TABLE accounts (id BIGINT PRIMARY KEY, balance BIGINT NOT NULL); CREATE VIEW v AS SELECT * FROM accounts")
			mustExec(b, s, "INSERT INTO accounts SELECT i, i FROM generate_series(1, 10000) AS g(i)")
			waitColumns(b, s, "accounts")
			var versions [2]*catalog.Snapshot
			for i := range versions {
				mustExec(b, s, "CREATE TABLE other"+strconv.Itoa(i)+" (id BIGINT)")
				var err error
				if versions[i], err = s.snapshot(); err != nil {
					b.Fatal(err)
				}
			}
			st, err := s.Prepare(context.Background(), sql)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if st.plan, err = s.planAt(st, versions[i%2]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
