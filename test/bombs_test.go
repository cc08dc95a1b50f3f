package test

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"htapdb/htap"
)

// textBombs make long texts of short ones. Each gives its answer or ends with one
// of the codes, and takes no more than the statement may.
var textBombs = []string{
	"SELECT length(string_agg(repeat('x', 1000000), ',')) FROM generate_series(1, 5000)",
	"SELECT length(string_agg(repeat('x', 1000), ',')) FROM generate_series(1, 5000000)",
	"SELECT length(string_agg(g::text, repeat('x', 100000))) FROM generate_series(1, 5000) g",
	"WITH RECURSIVE r (n, s) AS (SELECT 1, 'x' UNION ALL SELECT n + 1, s || s FROM r WHERE n < 29) SELECT max(length(s)) FROM r",
	"SELECT length(concat(repeat('x', 100000000), repeat('y', 100000000), repeat('z', 100000000)))",
	"SELECT length(repeat(repeat(repeat('x', 10000), 10000), 10000))",
	"SELECT length(repeat(repeat(repeat('x', 100), 100), 100))",
	"SELECT sum(length(repeat('x', 10000000) || g)) FROM generate_series(1, 1000) g",
	"SELECT sum(length(repeat('x', 20000) || g)) FROM generate_series(1, 100000) g",
	"SELECT sum(length(upper(lower(upper(repeat(g::text, 5000)))))) FROM generate_series(1, 20000) g",
	"SELECT sum(length(lpad('x', 1000000 + g, 'yz'))) FROM generate_series(1, 1000) g",
	"SELECT sum(length(replace(repeat('x', 10000 + g), 'x', 'yyyyyyyyyy'))) FROM generate_series(1, 5000) g",
	"SELECT length(regexp_replace(repeat('x', 5000000), 'x', repeat('y', 1000), 'g'))",
	"SELECT length(format('%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s', repeat('x', 20000000)))",
	"SELECT length(format('%99999999s', 'x'))",
	"SELECT length(translate(repeat('x', 40000000 + g), 'x', '€')) FROM generate_series(1, 2) g",
	"SELECT length(encode(repeat('x', 40000000 + g)::bytea, 'hex')) FROM generate_series(1, 2) g",
	"SELECT count(*) FROM (SELECT repeat('x', 1000000 + g) AS s FROM generate_series(1, 1000) g ORDER BY s) t",
	"SELECT count(DISTINCT repeat('x', 100000 + g)) FROM generate_series(1, 10000) g",
	"SELECT length(max(repeat('x', 1000000 + g))) FROM generate_series(1, 5000) g",
	"SELECT max(length(m)) FROM (SELECT max(repeat('x', 10000 + g)) AS m FROM generate_series(1, 50000) g GROUP BY g) t",
	"SELECT count(*) FROM (SELECT repeat('x', 100000) || g AS s FROM generate_series(1, 5000) g) a JOIN (SELECT repeat('x', 100000) || g AS s FROM generate_series(1, 5000) g) b USING (s)",
	"SELECT length(to_char(1, repeat('RN', 5000000)))",
	"SELECT length(array_to_string('{' || repeat('1,', 5000000) || '1}', repeat('x', 100)))",
	"SELECT repeat('x', 1000000 + g) FROM generate_series(1, 500) g",
	"SELECT repeat('x', 100000000)",
}

const (
	bombLimit  = 64 << 20
	bombBudget = bombLimit + bombLimit/4
)

// TestTextBombs looks at the heap while each runs. The collector is made to keep
// up, so that the heap is what is held.
func TestTextBombs(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(5))
	db, err := htap.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := db.Session(t.Context())
	defer s.Close()
	if _, err := s.Exec(t.Context(), "SET htap.memory_limit = '64MB'"); err != nil {
		t.Fatal(err)
	}
	for _, sql := range textBombs {
		before := heap(true)
		watch := watchHeap()
		start := time.Now()
		rows, err := s.Query(t.Context(), sql)
		if err == nil {
			for rows.Next() {
			}
			err = rows.Err()
			_ = rows.Close()
		}
		took, peak := time.Since(start), watch()-before
		var e *htap.Error
		if err != nil && (!errors.As(err, &e) || e.Code != "53200" && e.Code != "54000") {
			t.Errorf("%s: %v", sql, err)
		}
		t.Logf("%4d MiB %8s %v %.60s", peak>>20, took.Round(time.Millisecond), err != nil, sql)
		if peak > bombBudget {
			t.Errorf("%s: the heap grew by %d MiB under a limit of %d MiB (%v)", sql, peak>>20, bombLimit>>20, err)
		}
	}
}

// cancelBombs take long if nothing ends them.
var cancelBombs = []string{
	"SELECT length(repeat(repeat('x', 10000), 100000))",
	"SELECT sum(length(repeat('x', 1000000 + g))) FROM generate_series(1, 100000) g",
	"SELECT sum(length(lpad('x', 50000000 + g, 'ab'))) FROM generate_series(1, 400) g",
	"SELECT sum(length(replace(repeat('x', 10000000 + g), 'x', 'yz'))) FROM generate_series(1, 100) g",
	"SELECT length(string_agg(repeat('x', 1000), ',')) FROM generate_series(1, 900000)",
}

// TestTextBombsCancel cancels them on their way.
func TestTextBombsCancel(t *testing.T) {
	db, err := htap.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := db.Session(t.Context())
	defer s.Close()
	for _, sql := range cancelBombs {
		best := time.Hour
		for range 5 {
			ctx, cancel := context.WithCancel(t.Context())
			var at time.Time
			time.AfterFunc(60*time.Millisecond, func() { at = time.Now(); cancel() })
			rows, err := s.Query(ctx, sql)
			if err == nil {
				for rows.Next() {
				}
				err = rows.Err()
				_ = rows.Close()
			}
			<-ctx.Done()
			if err == nil {
				best = 0 // it was through before
			} else {
				best = min(best, time.Since(at))
			}
			cancel()
		}
		t.Logf("%8s %.60s", best.Round(time.Millisecond), sql)
		if best > 100*time.Millisecond {
			t.Errorf("%s: took %v to end", sql, best)
		}
	}
}

// heap is the bytes of live and not yet collected objects.
func heap(collect bool) int64 {
	if collect {
		runtime.GC()
	}
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}

// watchHeap samples the heap until the function that it returns is called, which
// gives the highest value.
func watchHeap() func() int64 {
	stop := make(chan struct{})
	var wg sync.WaitGroup
	peak := int64(0)
	wg.Go(func() {
		for {
			peak = max(peak, heap(false))
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	})
	return func() int64 {
		close(stop)
		wg.Wait()
		return peak
	}
}
