package rowstore

import (
	"fmt"
	"testing"
	"time"

	"htapdb/internal/vfs"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// versions returns the number of stored versions of a row.
func versions(t *testing.T, s *Store, sch *Schema, key Key) (n int) {
	t.Helper()
	it, err := s.newIter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer it.Close()
	for ok := it.SeekPrefixGE(append(append(append([]byte(nil), sch.primary...), key...), sentinel)); ok; ok = it.Next() {
		n++
	}
	return n
}

// settled waits until the row has want versions, and that they stay so.
func settled(t *testing.T, s *Store, sch *Schema, key Key, want int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); versions(t, s, sch, key) != want; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d versions, want %d", versions(t, s, sch, key), want)
		}
	}
	time.Sleep(3 * collectInterval)
	if n := versions(t, s, sch, key); n != want {
		t.Fatalf("%d versions, want %d", n, want)
	}
}

func TestCollection(t *testing.T) {
	s := openMem(t)
	sch := pairSchema(t, 100)
	key := mustKey(t, sch, 1)
	put := func(v int64) Timestamp {
		return write(t, s, func(tx *Txn) {
			l := must(tx.Lock(bg, sch, key, LockUpdate, Wait))
			if l.Found {
				must(tx.Update(bg, sch, key, ints(1, v)))
			} else {
				must(tx.Insert(bg, sch, ints(1, v)))
			}
		})
	}
	var ts []Timestamp
	for i := range int64(10) {
		ts = append(ts, put(i))
	}
	settled(t, s, sch, key, 10) // nothing is allowed yet

	// [b, e) goes when e ≤ floor: versions 0 to 3 end at ts[1] to ts[4].
	s.SetGCFloor(ts[4])
	settled(t, s, sch, key, 6)
	if _, err := s.SnapshotAt(ts[4] - 1); !sqlstate.Is(err, sqlstate.ObjectNotInState) {
		t.Error("snapshot below the horizon:", err)
	}
	old, err := s.SnapshotAt(ts[5])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.SnapshotAt(s.Visible() + 1); !sqlstate.Is(err, sqlstate.InvalidParameterValue) {
		t.Error(err)
	}
	// A snapshot keeps its version only.
	s.SetGCFloor(MaxTimestamp)
	settled(t, s, sch, key, 2)
	if row, _, err := old.Get(sch, key); err != nil || row.Int64(1) != 5 {
		t.Error(row, err)
	}
	old.Close()
	settled(t, s, sch, key, 1)
	write(t, s, func(tx *Txn) { must(tx.Delete(bg, sch, key)) })
	settled(t, s, sch, key, 0)
	if n := s.Metrics().Collected; n != 11 {
		t.Error(n, "collected")
	}
}

func TestDropTable(t *testing.T) {
	fs := vfs.NewMem()
	s := openTest(t, "db", Options{FS: fs})
	a, b := indexedSchema(t, 100), indexedSchema(t, 101)
	fill := func() {
		for _, sch := range []*Schema{a, b} {
			tx := begin(t, s, TxnOptions{})
			if _, err := loadRows(t, tx, sch, [][]types.Datum{abc(1, 1, "x"), abc(2, 2, "y")}); err != nil {
				t.Fatal(err)
			}
			commit(t, tx)
		}
	}
	fill()
	sn := s.Snapshot()
	if err := s.DropTable(100, s.Visible()+1); err != nil {
		t.Fatal(err)
	}
	write(t, s, func(tx *Txn) { must(tx.Insert(bg, b, abc(3, 3, "z"))) })
	s.SetGCFloor(MaxTimestamp)
	time.Sleep(3 * collectInterval)
	if got := dump(t, sn.Scan(a, Span{}, ScanOptions{})); len(got) != 2 {
		t.Error("dropped under a snapshot:", got)
	}
	sn.Close()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, "db", Options{FS: fs}) // the request is remembered
	defer s.Close()
	s.SetGCFloor(MaxTimestamp)
	settled(t, s, a, mustKey(t, a, 1), 0)
	now := s.Snapshot()
	defer now.Close()
	if n, m := len(dump(t, now.ScanIndex(a, 2, Span{}, ScanOptions{}))), len(dump(t, now.Scan(b, Span{}, ScanOptions{}))); n != 0 || m != 3 {
		t.Error(n, m)
	}
}

// TestHorizonSurvives: after a restart snapshots below what was collected are
// still refused, and garbage from before it is found by a sweep.
func TestHorizonSurvives(t *testing.T) {
	fs := vfs.NewMem()
	s := openTest(t, "db", Options{FS: fs})
	sch := pairSchema(t, 100)
	key := mustKey(t, sch, 1)
	first := write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, ints(1, 0))) })
	write(t, s, func(tx *Txn) { must(tx.Update(bg, sch, key, ints(1, 1))) })
	s.SetGCFloor(MaxTimestamp)
	settled(t, s, sch, key, 1)
	horizon := s.Metrics().CollectionHorizon
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, "db", Options{FS: fs})
	if _, err := s.SnapshotAt(first); !sqlstate.Is(err, sqlstate.ObjectNotInState) {
		t.Error(err)
	}
	if got := s.Metrics().CollectionHorizon; got != horizon {
		t.Error(got, horizon)
	}
	if _, err := s.ChangesSince(bg, first, func(uint32) *Schema { return sch }, func(*Event) error { return nil }); !sqlstate.Is(err, sqlstate.ObjectNotInState) {
		t.Error("changes below the horizon:", err)
	}
	for i := range int64(3) {
		write(t, s, func(tx *Txn) { must(tx.Update(bg, sch, key, ints(1, i))) })
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, "db", Options{FS: fs})
	defer s.Close()
	s.SetGCFloor(MaxTimestamp)
	settled(t, s, sch, key, 1)
	if s.Metrics().Sweeps == 0 {
		t.Error("no sweep")
	}
}

// TestCatchUpHoldsFloor: while changes are read back, the floor does not pass
// where they start.
func TestCatchUpHoldsFloor(t *testing.T) {
	s := openMem(t)
	sch := pairSchema(t, 100)
	key := mustKey(t, sch, 1)
	first := write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, ints(1, 0))) })
	for i := range int64(5) {
		write(t, s, func(tx *Txn) { must(tx.Update(bg, sch, key, ints(1, i))) })
	}
	n := 0
	_, err := s.ChangesSince(bg, first, func(uint32) *Schema { return sch }, func(e *Event) error {
		if n == 0 {
			s.SetGCFloor(MaxTimestamp)
			settled(t, s, sch, key, 6)
		}
		n++
		return nil
	})
	if err != nil || n != 5 {
		t.Error(n, err)
	}
	settled(t, s, sch, key, 1)
}

// TestGarbageOverflow: what does not fit the queue is found by a sweep.
func TestGarbageOverflow(t *testing.T) {
	s := openMem(t)
	sch := pairSchema(t, 100)
	s.gc.mu.Lock()
	s.gc.bytes = maxQueueBytes + 1
	s.gc.mu.Unlock()
	for i := range int64(100) {
		write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, ints(i, 0))) })
		write(t, s, func(tx *Txn) { must(tx.Update(bg, sch, mustKey(t, sch, i), ints(i, 1))) })
	}
	s.SetGCFloor(MaxTimestamp)
	for i := range int64(100) {
		settledAtLeast(t, s, sch, mustKey(t, sch, i))
	}
	if s.Metrics().Sweeps != 1 {
		t.Error(fmt.Sprintf("%+v", s.Metrics()))
	}
}

func settledAtLeast(t *testing.T, s *Store, sch *Schema, key Key) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); versions(t, s, sch, key) != 1; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("garbage stays")
		}
	}
}
