package rowstore

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"htapdb/internal/vfs"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"

	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"
)

// retry runs fn in transactions until one commits; 40001, 40P01 and 23505 are
// tried again.
func retry(t testing.TB, s *Store, o TxnOptions, fn func(tx *Txn) error) (Timestamp, bool) {
	for range 10_000 {
		tx, err := s.Begin(o)
		if err == nil {
			err = tx.StartStatement(bg)
		}
		if err == nil {
			err = fn(tx)
		}
		var ts Timestamp
		if err == nil {
			ts, err = tx.Commit(bg)
		}
		if err == nil {
			return ts, true
		}
		// As sessions do: before what the transaction ran into is visible, another
		// one runs into it too.
		if err := tx.WaitRead(bg); err != nil {
			t.Error(err)
		}
		tx.Rollback()
		switch sqlstate.CodeOf(err) {
		case sqlstate.SerializationFailure, sqlstate.DeadlockDetected:
		case sqlstate.UniqueViolation:
			return 0, false
		default:
			t.Error(err)
			return 0, false
		}
	}
	t.Error("no transaction got through")
	return 0, false
}

// addTo adds d to a row's value under lock.
func addTo(tx *Txn, sch *Schema, key Key, d int64) error {
	l, err := tx.Lock(bg, sch, key, LockNoKeyUpdate, Wait)
	if err != nil {
		return err
	}
	_, err = tx.Update(bg, sch, key, []types.Datum{l.Row.Datum(0), types.NewInt64(l.Row.Int64(1) + d)})
	return err
}

// TestBank: transfers keep the sum; every snapshot and every transaction sees
// it, on disk with syncs and in memory, under both levels.
func TestBank(t *testing.T) {
	for _, sync := range []bool{false, true} {
		for _, level := range []Isolation{ReadCommitted, RepeatableRead} {
			t.Run(fmt.Sprintf("sync=%v/level=%d", sync, level), func(t *testing.T) { bank(t, sync, level) })
		}
	}
}

func bank(t *testing.T, syncCommits bool, level Isolation) {
	seed := rand.Uint64()
	t.Log("seed", seed)
	rec := &recorder{}
	s := openTest(t, "bank", Options{FS: vfs.NewMem(), Publisher: rec})
	defer s.Close()
	sch := pairSchema(t, 100)
	const accounts, total = 10, 1000
	write(t, s, func(tx *Txn) {
		for i := range int64(accounts) {
			must(tx.Insert(bg, sch, ints(i, total/accounts)))
		}
	})
	sum := func(it *Iterator) (n int64) {
		for it.Next() {
			n += it.Row().Int64(1)
		}
		if err := it.Close(); err != nil {
			t.Error(err)
		}
		return n
	}
	stop := make(chan struct{})
	var writers, readers sync.WaitGroup
	for g := range uint64(6) {
		writers.Go(func() {
			rng := rand.New(rand.NewPCG(seed, g))
			for range 80 {
				a, b, n := rng.Int64N(accounts), rng.Int64N(accounts), rng.Int64N(20)
				ts, ok := retry(t, s, TxnOptions{Isolation: level, Sync: syncCommits}, func(tx *Txn) error {
					if err := addTo(tx, sch, mustKey(t, sch, a), -n); err != nil {
						return err
					}
					return addTo(tx, sch, mustKey(t, sch, b), n)
				})
				if ok && s.Visible() < ts {
					t.Error("acknowledged before it is visible")
				}
			}
		})
	}
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				sn := s.Snapshot()
				if n := sum(sn.Scan(sch, Span{}, ScanOptions{Reverse: rand.IntN(2) == 0})); n != total {
					t.Error("snapshot sums to", n)
				}
				s.SetGCFloor(sn.Timestamp())
				sn.Close()
			}
		})
	}
	writers.Wait()
	close(stop)
	readers.Wait()
	checkFeed(t, s, sch, rec, total)
}

// checkFeed replays the events and compares with the store: each row's chain of
// rowIDs is unbroken and the end state is the store's.
func checkFeed(t *testing.T, s *Store, sch *Schema, rec *recorder, total int64) {
	t.Helper()
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if len(rec.problems) > 0 {
		t.Error(rec.problems)
	}
	rows := map[string]Row{}
	seen := map[uint64]bool{}
	for _, e := range rec.events {
		if e.TS > rec.visible {
			t.Error("event", e.TS, "never became visible")
		}
		for _, c := range e.Changes {
			old, ok := rows[string(c.Key)]
			if ok != c.Old.Valid() || ok && (old.rowID != c.PrevRowID || printRow(old) != printRow(c.Old)) {
				t.Fatalf("change of %x: old %s, before it %s", []byte(c.Key), printRow(c.Old), printRow(old))
			}
			if c.New.Valid() {
				if seen[c.RowID] {
					t.Fatal("rowID", c.RowID, "twice")
				}
				seen[c.RowID] = true
				rows[string(c.Key)] = c.New
			} else {
				delete(rows, string(c.Key))
			}
		}
		var sum int64
		for _, r := range rows {
			sum += r.Int64(1)
		}
		if total >= 0 && sum != total {
			t.Fatal("the feed sums to", sum, "at", e.TS)
		}
	}
	sn := s.Snapshot()
	defer sn.Close()
	it := sn.Scan(sch, Span{}, ScanOptions{})
	n := 0
	for ; it.Next(); n++ {
		if r := rows[string(it.Key())]; !r.Valid() || printRow(r) != printRow(it.Row()) {
			t.Errorf("store has %s, feed %s", printRow(it.Row()), printRow(r))
		}
	}
	if err := it.Close(); err != nil || n != len(rows) {
		t.Error(n, "rows in the store,", len(rows), "in the feed", err)
	}
}

// TestCounter: increments under lock are never lost, also when the row is hot
// and locks are released before the sync.
func TestCounter(t *testing.T) {
	for _, level := range []Isolation{ReadCommitted, RepeatableRead} {
		fs := vfs.NewMem()
		s := openTest(t, "db", Options{FS: fs})
		sch := pairSchema(t, 100)
		write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, ints(1, 0))) })
		var wg sync.WaitGroup
		const workers, each = 8, 50
		for range workers {
			wg.Go(func() {
				for range each {
					retry(t, s, TxnOptions{Isolation: level, Sync: true}, func(tx *Txn) error {
						return addTo(tx, sch, mustKey(t, sch, 1), 1)
					})
				}
			})
		}
		wg.Wait()
		sn := s.Snapshot()
		row, _, err := sn.Get(sch, mustKey(t, sch, 1))
		sn.Close()
		if err != nil || row.Int64(1) != workers*each {
			t.Error(level, row.Int64(1), err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestUniqueUnderConcurrency: of concurrent inserts, updates and deletes of few
// values, at no time two rows have one.
func TestUniqueUnderConcurrency(t *testing.T) {
	seed := rand.Uint64()
	t.Log("seed", seed)
	s := openMem(t)
	sch := indexedSchema(t, 100)
	var wg sync.WaitGroup
	var won atomic.Int64
	for g := range uint64(6) {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(seed, g))
			for i := range 200 {
				b := rng.IntN(8)
				key := int64(g)*1000 + int64(i)
				retry(t, s, TxnOptions{Isolation: Isolation(rng.IntN(2))}, func(tx *Txn) error {
					_, c, err := tx.InsertOrGet(bg, sch, abc(key, b, nil))
					if err != nil || c == nil {
						return err
					}
					if rng.IntN(2) == 0 {
						won.Add(1)
						_, err = tx.Delete(bg, sch, c.Key)
						return err
					}
					l, err := tx.Lock(bg, sch, c.Key, LockNoKeyUpdate, Wait)
					if err != nil || !l.Found {
						return err
					}
					_, err = tx.Update(bg, sch, c.Key, abc(must(sch.DecodeKey(c.Key))[0].Int(), rng.IntN(8), nil))
					return err
				})
			}
		})
	}
	wg.Wait()
	sn := s.Snapshot()
	defer sn.Close()
	seen := map[int64]bool{}
	it := sn.Scan(sch, Span{}, ScanOptions{})
	n := 0
	for ; it.Next(); n++ {
		if b := it.Row().Int64(1); seen[b] {
			t.Error("two rows have", b)
		} else {
			seen[b] = true
		}
	}
	it.Close()
	if byIndex := len(dump(t, sn.ScanIndex(sch, 1, Span{}, ScanOptions{}))); byIndex != n {
		t.Error(byIndex, "index entries,", n, "rows")
	}
	if won.Load() == 0 {
		t.Error("no conflicts")
	}
}

// switchFS calls a function before every sync, which may wait or fail.
type switchFS struct {
	vfs.FS
	mu   sync.Mutex
	gate func() error
}

func (f *switchFS) set(gate func() error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gate = gate
}

func (f *switchFS) pass() error {
	f.mu.Lock()
	gate := f.gate
	f.mu.Unlock()
	if gate == nil {
		return nil
	}
	return gate()
}

func (f *switchFS) Create(name string, c pebblevfs.DiskWriteCategory) (vfs.File, error) {
	file, err := f.FS.Create(name, c)
	if err != nil {
		return nil, err
	}
	return switchFile{file, f}, nil
}

type switchFile struct {
	vfs.File
	fs *switchFS
}

func (f switchFile) Sync() error {
	if err := f.fs.pass(); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f switchFile) SyncData() error {
	if err := f.fs.pass(); err != nil {
		return err
	}
	return f.File.SyncData()
}

func (f switchFile) SyncTo(n int64) (bool, error) {
	if err := f.fs.pass(); err != nil {
		return false, err
	}
	return f.File.SyncTo(n)
}

// TestEarlyLockRelease: while the log cannot be synced, a second transaction
// gets the first one's row lock and sees its version, but nobody is
// acknowledged and no snapshot sees anything; a READ COMMITTED statement after
// the lock waits for the version to be visible.
func TestEarlyLockRelease(t *testing.T) {
	open := make(chan struct{})
	fs := &switchFS{FS: vfs.NewMem()}
	s := openTest(t, "db", Options{FS: fs, AsyncSyncInterval: time.Hour})
	defer s.Close()
	sch := pairSchema(t, 100)
	write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, ints(1, 10))) })
	fs.set(func() error { <-open; return nil })

	key := mustKey(t, sch, 1)
	a := begin(t, s, TxnOptions{Sync: true})
	if err := addTo(a, sch, key, 1); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 2)
	go func() { _, err := a.Commit(bg); done <- err }()

	b := begin(t, s, TxnOptions{Sync: true})
	l, err := b.Lock(bg, sch, key, LockNoKeyUpdate, Wait)
	if err != nil || l.Row.Int64(1) != 11 || !l.Changed {
		t.Fatal("the lock was not released before the sync:", l, err)
	}
	sn := s.Snapshot()
	if row, _, _ := sn.Get(sch, key); row.Int64(1) != 10 {
		t.Error("a snapshot sees a commit that is not durable")
	}
	sn.Close()
	ctx, cancel := context.WithTimeout(bg, 20*time.Millisecond)
	if err := b.StartStatement(ctx); !sqlstate.Is(err, sqlstate.QueryCanceled) {
		t.Error("the next statement did not wait:", err)
	}
	cancel()
	if len(done) > 0 {
		t.Error("acknowledged before the sync")
	}
	if s.Applied() <= s.Visible() {
		t.Error("watermarks", s.Applied(), s.Visible(), s.Durable())
	}
	close(open)
	if err := <-done; err != nil {
		t.Error(err)
	}
	start(t, b)
	if row, _, _ := b.Get(sch, key); row.Int64(1) != 11 {
		t.Error("the statement after the lock does not see what was locked")
	}
	commit(t, b)
}
