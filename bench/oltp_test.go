package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"htapdb/htap"
)

// accounts is the number of rows of the point benchmarks.
const accounts = 100_000

// loadAccounts makes a table of accounts.
func loadAccounts(t testing.TB, s *htap.Session) {
	t.Helper()
	exec(t, s, "CREATE TABLE accounts (id BIGINT PRIMARY KEY, branch INTEGER NOT NULL, balance BIGINT NOT NULL, filler TEXT NOT NULL)")
	exec(t, s, fmt.Sprintf("INSERT INTO accounts SELECT i, i %% 10, 0, 'some text to make the row as wide as a row is' FROM generate_series(1, %d) AS g(i)", accounts))
}

// BenchmarkPointSelect is a prepared SELECT by primary key through the library.
func BenchmarkPointSelect(b *testing.B) {
	_, s := openEngine(b, "")
	loadAccounts(b, s)
	ctx := context.Background()
	st, err := s.Prepare(ctx, "SELECT balance, filler FROM accounts WHERE id = $1")
	if err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	b.ReportAllocs()
	for b.Loop() {
		rows, err := st.Query(ctx, rng.Int64N(accounts)+1)
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

// BenchmarkUpdate is a single-row UPDATE with a durable commit; BenchmarkFsync is
// what the disk takes for as little.
func BenchmarkUpdate(b *testing.B) {
	for _, sync := range []string{"on", "off"} {
		b.Run("synchronous_commit="+sync, func(b *testing.B) {
			_, s := openEngine(b, b.TempDir())
			loadAccounts(b, s)
			exec(b, s, "SET synchronous_commit = "+sync)
			ctx := context.Background()
			st, err := s.Prepare(ctx, "UPDATE accounts SET balance = balance + $1 WHERE id = $2")
			if err != nil {
				b.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(1, 2))
			b.ReportAllocs()
			n := int64(0)
			for b.Loop() {
				if res, err := st.Exec(ctx, 1, rng.Int64N(accounts)+1); err != nil || res.RowsAffected != 1 {
					b.Fatal(res, err)
				}
				n++
			}
			rows, err := query(s, "SELECT sum(balance) FROM accounts")
			if err != nil || rows[0][0] != fmt.Sprint(n) {
				b.Fatalf("sum %v after %d updates, %v", rows, n, err)
			}
		})
	}
}

// BenchmarkFsync appends 100 bytes to a file and syncs it.
func BenchmarkFsync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "f"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 100)
	for b.Loop() {
		if _, err := f.Write(block); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
}

// transfers moves money between random accounts until stop is set, and counts.
func transfers(db *htap.DB, seed uint64, stop *atomic.Bool, done *atomic.Int64) error {
	ctx := context.Background()
	s := db.Session(ctx)
	defer s.Close()
	if err := s.Set("synchronous_commit", "off"); err != nil {
		return err
	}
	st, err := s.Prepare(ctx, "UPDATE accounts SET balance = balance + $1 WHERE id = $2")
	if err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(seed, seed))
	for !stop.Load() {
		tx, err := s.Begin(ctx, htap.TxOptions{})
		if err != nil {
			return err
		}
		// In order of keys, so that transfers do not deadlock.
		from, to := rng.Int64N(accounts)+1, rng.Int64N(accounts)+1
		if from > to {
			from, to = to, from
		}
		if _, err = st.Exec(ctx, -5, from); err == nil {
			if _, err = st.Exec(ctx, 5, to); err == nil {
				err = tx.Commit(ctx)
			}
		}
		if err != nil {
			return err
		}
		done.Add(1)
	}
	return nil
}

// BenchmarkMixed runs two transactional clients beside 0, 1 and 2 analytic ones
// for two seconds each; every answer has to balance.
func BenchmarkMixed(b *testing.B) {
	for _, analysts := range []int{0, 1, 2} {
		b.Run(fmt.Sprintf("analysts=%d", analysts), func(b *testing.B) {
			db, s := openEngine(b, "")
			db.TuneRuntime()
			loadAccounts(b, s)
			for b.Loop() {
				tps, qps := mixed(b, db, 2, analysts, 2*time.Second)
				b.ReportMetric(tps, "txn/s")
				b.ReportMetric(qps, "queries/s")
			}
		})
	}
}

// mixed runs the clients for the duration.
func mixed(b *testing.B, db *htap.DB, writers, analysts int, d time.Duration) (tps, qps float64) {
	var stop atomic.Bool
	var commits, queries atomic.Int64
	var wg sync.WaitGroup
	for i := range writers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if err := transfers(db, uint64(i+1), &stop, &commits); err != nil {
				b.Error(err)
			}
		}()
	}
	for range analysts {
		wg.Add(1)
		go func() {
			defer wg.Done()
			s := db.Session(context.Background())
			defer s.Close()
			for !stop.Load() {
				rows, err := query(s, "SELECT sum(total), count(*) FROM (SELECT branch, sum(balance) AS total FROM accounts GROUP BY branch) x")
				if err != nil || rows[0][0] != "0" || rows[0][1] != "10" {
					b.Errorf("%v %v", rows, err)
					return
				}
				queries.Add(1)
			}
		}()
	}
	time.Sleep(d)
	stop.Store(true)
	wg.Wait()
	return float64(commits.Load()) / d.Seconds(), float64(queries.Load()) / d.Seconds()
}

// freshRate is the row changes a second of BenchmarkFreshness.
const freshRate = 20_000

// BenchmarkFreshness commits 20,000 row changes a second, ten to a transaction,
// and measures how long commits take to the columns, and how long fresh queries
// take beside them.
func BenchmarkFreshness(b *testing.B) {
	db, s := openEngine(b, b.TempDir())
	db.TuneRuntime()
	loadAccounts(b, s)
	exec(b, s, "SELECT count(*) FROM accounts") // the columns have what was loaded
	for b.Loop() {
		lag, wait := freshness(b, db, 3*time.Second)
		b.ReportMetric(lag.Seconds()*1e3, "lag-p99-ms")
		b.ReportMetric(wait.Seconds()*1e3, "query-p99-ms")
	}
}

// freshness runs the writer at its rate beside a fresh query every 10 ms.
func freshness(b *testing.B, db *htap.DB, d time.Duration) (lag, query99 time.Duration) {
	ctx := context.Background()
	db.ResetLags()
	var stop atomic.Bool
	var rows atomic.Int64
	var wg sync.WaitGroup
	const clients, perTxn = 4, 10
	for i := range clients {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if err := steadyWriter(ctx, db, i, clients, perTxn, &stop, &rows); err != nil {
				b.Error(err)
			}
		}()
	}
	var times []time.Duration
	s := db.Session(ctx)
	defer s.Close()
	for start := time.Now(); time.Since(start) < d; time.Sleep(10 * time.Millisecond) {
		at := time.Now()
		if _, err := query(s, "SELECT branch, sum(balance) FROM accounts GROUP BY branch"); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(at))
	}
	stop.Store(true)
	wg.Wait()
	b.ReportMetric(float64(rows.Load())/d.Seconds(), "changes/s")
	b.ReportMetric(percentile(db.Waits(), 0.99).Seconds()*1e3, "wait-p99-ms")
	return percentile(db.Lags(), 0.99), percentile(times, 0.99)
}

// steadyWriter updates perTxn rows a transaction, its share of freshRate.
func steadyWriter(ctx context.Context, db *htap.DB, id, clients, perTxn int, stop *atomic.Bool, rows *atomic.Int64) error {
	s := db.Session(ctx)
	defer s.Close()
	st, err := s.Prepare(ctx, "UPDATE accounts SET balance = balance + 1 WHERE id BETWEEN $1 AND $2")
	if err != nil {
		return err
	}
	interval := time.Second * time.Duration(clients*perTxn) / freshRate
	share := int64(accounts / clients)
	rng := rand.New(rand.NewPCG(uint64(id), 7))
	next := time.Now()
	for !stop.Load() {
		from := int64(id)*share + rng.Int64N(share-int64(perTxn)) + 1
		res, err := st.Exec(ctx, from, from+int64(perTxn)-1)
		if err != nil {
			return err
		}
		rows.Add(res.RowsAffected)
		next = next.Add(interval)
		if wait := time.Until(next); wait > 0 {
			time.Sleep(wait)
		}
	}
	return nil
}

// percentile returns the p-quantile of the durations.
func percentile(ds []time.Duration, p float64) time.Duration {
	if len(ds) == 0 {
		return 0
	}
	slices.Sort(ds)
	return ds[min(int(p*float64(len(ds))), len(ds)-1)]
}
