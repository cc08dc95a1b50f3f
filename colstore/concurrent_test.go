package colstore

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"htapdb/internal/vfs"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// Appliers, scans, maintenance and checkpoints run at the same time: whatever a
// snapshot reads adds up. Every transaction moves an amount between rows, so the
// sum is the same at every timestamp.
func TestConcurrent(t *testing.T) {
	seed := testSeed(t)
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	schema := TableSchema{ID: 1, Name: "accounts", Columns: []Column{
		{ID: 1, Name: "balance", Type: types.TInt8}, {ID: 2, Name: "owner", Type: types.TText},
	}}
	s, err := Open(Options{FS: vfs.NewMem(), Dir: "db", DurableTS: 1 << 40, SealRows: blockRows})
	if err != nil {
		t.Fatal(err)
	}
	tab, err := s.CreateTable(schema)
	if err != nil {
		t.Fatal(err)
	}
	tab.SetState(Live, "")
	const accounts, start = 3000, 100
	ids := make([]uint64, accounts)
	balances := make([]int64, accounts)
	b := vector.NewBatch(schema.Types(), accounts)
	for i := range accounts {
		ids[i], balances[i] = uint64(i+1), start
		b.Cols[0].I64[i], b.Cols[1].Str[i] = start, "owner"
	}
	if err := tab.Apply(10, b, append([]uint64(nil), ids...), nil, nil); err != nil {
		t.Fatal(err)
	}
	tab.Advance(10)
	var stop atomic.Bool
	var wg sync.WaitGroup
	var scans atomic.Int64
	for range 3 {
		wg.Go(func() {
			for !stop.Load() {
				snap, err := tab.SnapshotLatest(1 << 40)
				if err != nil {
					t.Error(err)
					return
				}
				for range 2 {
					if sum, n := sumBalances(t, snap); sum != accounts*start || n != accounts {
						t.Errorf("at %d: %d in %d accounts", snap.TS(), sum, n)
						stop.Store(true)
					}
				}
				snap.Close()
				scans.Add(1)
			}
		})
	}
	wg.Go(func() {
		for !stop.Load() {
			s.Maintain()
			// The background's maintenance may drop the history at Safe before the
			// checkpoint pins it: then the next round asks for a newer position.
			if err := s.Checkpoint(context.Background(), tab.Safe()); err != nil && !sqlstate.Is(err, sqlstate.ObjectNotInState) {
				t.Error(err)
			}
			tab.Stats()
			time.Sleep(time.Millisecond)
		}
	})
	next := uint64(accounts)
	deadline := time.Now().Add(1500 * time.Millisecond)
	for ts := uint64(11); time.Now().Before(deadline) && !stop.Load(); ts++ {
		from, to := rng.IntN(accounts), rng.IntN(40)
		if from == to {
			continue
		}
		balances[from]--
		balances[to]++
		b := vector.NewBatch(schema.Types(), 2)
		b.Cols[0].I64[0], b.Cols[0].I64[1] = balances[from], balances[to]
		b.Cols[1].Str[0], b.Cols[1].Str[1] = "a", "b"
		old := []uint64{ids[from], ids[to]}
		ids[from], ids[to] = next+1, next+2
		if err := tab.Apply(ts, b, []uint64{next + 1, next + 2}, old, old); err != nil {
			t.Fatal(err)
		}
		next += 2
		tab.Advance(ts)
	}
	stop.Store(true)
	wg.Wait()
	t.Logf("%d transactions, %d scans, %d chunks, %d segments left", (next-accounts)/2, scans.Load(), len(tab.current.delta.list()), len(tab.current.segs))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// sumBalances scans the first column.
func sumBalances(t *testing.T, snap *Snapshot) (sum int64, n int) {
	sc, err := snap.NewScan(ScanSpec{Columns: []int{0}})
	if err != nil {
		t.Error(err)
		return 0, 0
	}
	r := sc.NewReader()
	defer r.Close()
	for {
		b, err := r.Next(context.Background())
		if err != nil {
			t.Error(err)
		}
		if b == nil || err != nil {
			return sum, n
		}
		v := b.Cols[0].Flatten(nil)
		for i := range b.Rows() {
			sum += v.I64[b.Row(i)]
			n++
		}
	}
}
