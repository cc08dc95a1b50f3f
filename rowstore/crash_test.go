package rowstore

import (
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"htapdb/internal/vfs"
	"htapdb/sql/types"

	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"
)

// crashRun is a workload on a file system that can lose power: writers that
// move money and count, asynchronous writers, and loads that commit or not.
type crashRun struct {
	s        *Store
	accounts *Schema
	counts   *Schema // (writer · 2 + half, number): a commit sets both halves
	loaded   *Schema // indexed; 40 rows a load
	stop     chan struct{}
	wg       sync.WaitGroup
	// acked is the last number each writer was told is durable.
	acked [crashWriters]atomic.Int64
	// ackedLoads has the loads acknowledged.
	mu         sync.Mutex
	ackedLoads []int64
	lastTS     atomic.Uint64
}

const (
	crashWriters  = 4 // the last one does not sync
	crashAccounts = 8
	crashTotal    = 800
	crashLoadRows = 40
)

func crashSchemas(t *testing.T, r *crashRun) {
	r.accounts, r.counts, r.loaded = pairSchema(t, 100), pairSchema(t, 101), indexedSchema(t, 102)
}

func startCrashRun(t *testing.T, fs vfs.FS, seed uint64) *crashRun {
	r := &crashRun{s: openTest(t, "db", Options{FS: fs, MemTableBytes: 1 << 20, AsyncSyncInterval: 5 * time.Millisecond}), stop: make(chan struct{})}
	crashSchemas(t, r)
	tx := begin(t, r.s, TxnOptions{Sync: true})
	for i := range int64(crashAccounts) {
		must(tx.Insert(bg, r.accounts, ints(i, crashTotal/crashAccounts)))
	}
	for w := range int64(2 * crashWriters) {
		must(tx.Insert(bg, r.counts, ints(w, 0)))
	}
	commit(t, tx)
	for w := range int64(crashWriters) {
		r.wg.Go(func() { r.writer(t, w, rand.New(rand.NewPCG(seed, uint64(w)))) })
	}
	r.wg.Go(func() { r.loader(t, rand.New(rand.NewPCG(seed, 99))) })
	return r
}

func (r *crashRun) stopped() bool {
	select {
	case <-r.stop:
		return true
	default:
		return false
	}
}

func (r *crashRun) writer(t *testing.T, w int64, rng *rand.Rand) {
	sync := w != crashWriters-1
	for n := int64(1); !r.stopped(); n++ {
		a, b, d := rng.Int64N(crashAccounts), rng.Int64N(crashAccounts), rng.Int64N(10)
		ts, ok := retry(t, r.s, TxnOptions{Sync: sync}, func(tx *Txn) error {
			if err := addTo(tx, r.accounts, mustKey(t, r.accounts, a), -d); err != nil {
				return err
			}
			if err := addTo(tx, r.accounts, mustKey(t, r.accounts, b), d); err != nil {
				return err
			}
			for half := range int64(2) {
				if _, err := tx.Update(bg, r.counts, mustKey(t, r.counts, 2*w+half), ints(2*w+half, n)); err != nil {
					return err
				}
			}
			return nil
		})
		if ok && sync {
			r.acked[w].Store(n)
			for old := r.lastTS.Load(); uint64(ts) > old && !r.lastTS.CompareAndSwap(old, uint64(ts)); old = r.lastTS.Load() {
			}
		}
		if n%16 == 0 {
			r.s.SetGCFloor(r.s.Durable())
			time.Sleep(time.Millisecond) // leave the processor to the recoveries
		}
	}
}

func (r *crashRun) loader(t *testing.T, rng *rand.Rand) {
	for n := int64(0); !r.stopped(); n++ {
		tx := begin(t, r.s, TxnOptions{Sync: true})
		time.Sleep(2 * time.Millisecond)
		var rows [][]types.Datum
		for _, i := range rng.Perm(crashLoadRows) {
			k := n*crashLoadRows + int64(i)
			rows = append(rows, abc(k, int(k), "load"))
		}
		if _, err := loadRows(t, tx, r.loaded, rows); err != nil {
			t.Error(err)
			return
		}
		if rng.IntN(4) == 0 {
			tx.Rollback()
			continue
		}
		commit(t, tx)
		r.mu.Lock()
		r.ackedLoads = append(r.ackedLoads, n)
		r.mu.Unlock()
	}
}

// promise is what has been acknowledged at some moment.
type promise struct {
	acked [crashWriters]int64
	loads []int64
	ts    Timestamp
}

func (r *crashRun) promise() (p promise) {
	for w := range r.acked {
		p.acked[w] = r.acked[w].Load()
	}
	p.ts = Timestamp(r.lastTS.Load())
	r.mu.Lock()
	defer r.mu.Unlock()
	p.loads = append(p.loads, r.ackedLoads...)
	return p
}

// TestPowerLoss takes 60 (200 with HTAPDB_LONG) states of the disk after a power loss, each with a
// random share of what was not synced, and checks that every acknowledged
// commit and load is there, that none is torn, and that the store goes on.
func TestPowerLoss(t *testing.T) {
	seed := rand.Uint64()
	t.Log("seed", seed)
	clones, want := 0, 60
	switch {
	case os.Getenv("HTAPDB_LONG") != "":
		want = 200
	case raceEnabled:
		want = 10
	}
	for clones < want {
		fs := vfs.NewCrashableMem()
		r := startCrashRun(t, fs, seed+uint64(clones))
		for i := range 20 {
			time.Sleep(time.Duration(1+i%5) * time.Millisecond)
			p := r.promise()
			cfg := pebblevfs.CrashCloneCfg{UnsyncedDataPercent: []int{0, 30, 70, 100}[clones%4], RNG: rand.New(rand.NewPCG(seed, uint64(clones)))}
			r.verify(t, fs.CrashClone(cfg), p, clones%5 == 0)
			clones++
			if t.Failed() {
				break
			}
		}
		close(r.stop)
		r.wg.Wait()
		if err := r.s.Close(); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			return
		}
	}
}

// verify opens a disk after a power loss and checks it; again is to crash the
// recovered store once more.
func (r *crashRun) verify(t *testing.T, fs *vfs.CrashableMem, p promise, again bool) {
	t.Helper()
	s, err := Open("db", Options{FS: fs, MemTableBytes: 1 << 20})
	if err != nil {
		t.Fatal("open after a power loss:", err)
	}
	defer s.Close()
	if s.RecoveredTimestamp() < p.ts {
		t.Errorf("recovered %s, acknowledged %s", s.RecoveredTimestamp(), p.ts)
	}
	r.verifyRows(t, s, p)
	// It goes on: timestamps and rowIDs are new.
	next := must(s.NextRowID(101))
	tx := begin(t, s, TxnOptions{Sync: true})
	must(tx.Update(bg, r.counts, mustKey(t, r.counts, 0), ints(0, p.acked[0]+1_000_000)))
	must(tx.Update(bg, r.counts, mustKey(t, r.counts, 1), ints(1, p.acked[0]+1_000_000)))
	ts := commit(t, tx)
	sn := s.Snapshot()
	defer sn.Close()
	row, _, err := sn.Get(r.counts, mustKey(t, r.counts, 0))
	if err != nil || ts <= s.RecoveredTimestamp() || row.RowID() < next {
		t.Error("after recovery:", ts, row.RowID(), next, err)
	}
	if again {
		p.acked[0] += 1_000_000
		r.verify(t, fs.CrashClone(pebblevfs.CrashCloneCfg{}), p, false)
	}
}

func (r *crashRun) verifyRows(t *testing.T, s *Store, p promise) {
	t.Helper()
	sn := s.Snapshot()
	defer sn.Close()
	var sum int64
	ids := map[uint64]bool{}
	next := must(s.NextRowID(100))
	for it := sn.Scan(r.accounts, Span{}, ScanOptions{}); ; {
		if !it.Next() {
			if err := it.Close(); err != nil {
				t.Error(err)
			}
			break
		}
		sum += it.Row().Int64(1)
		if id := it.Row().RowID(); ids[id] || id >= next {
			t.Error("rowID", id, "next", next)
		} else {
			ids[id] = true
		}
	}
	if sum != crashTotal {
		t.Error("money was torn: the sum is", sum)
	}
	for w := range int64(crashWriters) {
		a, _, err1 := sn.Get(r.counts, mustKey(t, r.counts, 2*w))
		b, _, err2 := sn.Get(r.counts, mustKey(t, r.counts, 2*w+1))
		if err1 != nil || err2 != nil || a.Int64(1) != b.Int64(1) || a.Int64(1) < p.acked[w] {
			t.Errorf("writer %d: halves %d and %d, acknowledged %d %v %v", w, a.Int64(1), b.Int64(1), p.acked[w], err1, err2)
		}
	}
	count := map[int64]int{}
	it := sn.ScanIndex(r.loaded, 1, Span{}, ScanOptions{})
	for it.Next() {
		count[it.Row().Int64(0)/crashLoadRows]++
	}
	if err := it.Close(); err != nil {
		t.Error(err)
	}
	for n, rows := range count {
		if rows != crashLoadRows {
			t.Errorf("load %d has %d rows", n, rows)
		}
	}
	for _, n := range p.loads {
		if count[n] == 0 {
			t.Errorf("acknowledged load %d is lost", n)
		}
	}
}
