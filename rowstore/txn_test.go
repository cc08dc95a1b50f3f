package rowstore

import (
	"context"
	"slices"
	"testing"
	"time"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

func TestReadOnly(t *testing.T) {
	s := openMem(t)
	sch := pairSchema(t, 100)
	tx := begin(t, s, TxnOptions{ReadOnly: true})
	defer tx.Rollback()
	if _, err := tx.Insert(bg, sch, ints(1, 1)); !sqlstate.Is(err, sqlstate.ReadOnlyTransaction) {
		t.Error(err)
	}
	if _, err := tx.Lock(bg, sch, mustKey(t, sch, 1), LockShare, Wait); !sqlstate.Is(err, sqlstate.ReadOnlyTransaction) {
		t.Error(err)
	}
	if ts := commit(t, tx); ts != tx.ReadTimestamp() {
		t.Error(ts)
	}
}

func TestLockWaits(t *testing.T) {
	s := openMem(t)
	sch := pairSchema(t, 100)
	write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, ints(1, 1))) })
	key := mustKey(t, sch, 1)
	a := begin(t, s, TxnOptions{})
	defer a.Rollback()
	must(a.Lock(bg, sch, key, LockUpdate, Wait))
	b := begin(t, s, TxnOptions{})
	defer b.Rollback()
	if _, err := b.Lock(bg, sch, key, LockKeyShare, NoWait); !sqlstate.Is(err, sqlstate.LockNotAvailable) {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(bg, 5*time.Millisecond)
	defer cancel()
	if _, err := b.Lock(ctx, sch, key, LockShare, Wait); !sqlstate.Is(err, sqlstate.LockNotAvailable) {
		t.Error(err)
	}
	if err := b.LockTable(ctx, 100, LockTableExclusive); !sqlstate.Is(err, sqlstate.LockNotAvailable) {
		t.Error(err)
	}
	if l, err := b.Lock(bg, sch, mustKey(t, sch, 77), LockUpdate, Wait); err != nil || l.Found {
		t.Error("absent key", l, err)
	}
}

// TestKeyShare: a key share lock lets another column be updated, and the base
// that was read under it is read again when the lock is strengthened.
func TestKeyShare(t *testing.T) {
	s := openMem(t)
	sch := pairSchema(t, 100)
	write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, ints(1, 1))) })
	key := mustKey(t, sch, 1)
	a := begin(t, s, TxnOptions{})
	must(a.Lock(bg, sch, key, LockKeyShare, Wait))
	write(t, s, func(tx *Txn) { must(tx.Update(bg, sch, key, ints(1, 2))) })
	l := must(a.Lock(bg, sch, key, LockNoKeyUpdate, Wait))
	if l.Row.Int64(1) != 2 || !l.Changed {
		t.Error(l)
	}
	b := begin(t, s, TxnOptions{})
	if _, err := b.Lock(bg, sch, key, LockKeyShare, NoWait); err != nil {
		t.Error("key share beside an update of another column:", err)
	}
	b.Rollback()
	must(a.Delete(bg, sch, key))
	commit(t, a)
}

func TestLockUnique(t *testing.T) {
	s := openMem(t)
	sch := indexedSchema(t, 100)
	write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, abc(1, 10, "x"))) })
	tx := begin(t, s, TxnOptions{Isolation: RepeatableRead})
	defer tx.Rollback()
	write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, abc(2, 20, "y"))) })
	for _, tc := range []struct {
		index uint32
		value int64
		want  string
	}{{0, 1, "(1, 10, x)"}, {1, 10, "(1, 10, x)"}, {1, 20, "(2, 20, y)"}, {1, 30, ""}, {0, 3, ""}} {
		key, l, err := tx.LockUnique(bg, sch, tc.index, ints(tc.value), LockKeyShare)
		if err != nil || l.Found != (tc.want != "") || l.Found && formatRow(sch, l.Row.Datums()) != tc.want {
			t.Errorf("index %d value %d: %v %v", tc.index, tc.value, l, err)
		}
		if l.Found && string(key) != string(mustKey(t, sch, l.Row.Int64(0))) {
			t.Error("key", key)
		}
	}
	if key, _, err := tx.LockUnique(bg, sch, 1, []types.Datum{{}}, LockKeyShare); key != nil || err != nil {
		t.Error("NULL refers to something", key, err)
	}
	// What was looked for stays absent until the transaction ends.
	other := begin(t, s, TxnOptions{})
	defer other.Rollback()
	ctx, cancel := context.WithTimeout(bg, 5*time.Millisecond)
	defer cancel()
	if _, err := other.Insert(ctx, sch, abc(9, 30, nil)); !sqlstate.Is(err, sqlstate.LockNotAvailable) {
		t.Error(err)
	}
}

func TestScanLatest(t *testing.T) {
	s := openMem(t)
	sch := indexedSchema(t, 100)
	tx := begin(t, s, TxnOptions{Isolation: RepeatableRead})
	defer tx.Rollback()
	write(t, s, func(tx *Txn) {
		must(tx.Insert(bg, sch, abc(1, 10, "x")))
		must(tx.Insert(bg, sch, abc(2, 20, "x")))
	})
	must(tx.Insert(bg, sch, abc(3, 30, "x")))
	sp := must(sch.KeySpan(2, []types.Datum{types.NewString("x")}, nil, nil))
	if got := dump(t, tx.ScanIndex(sch, 2, sp, ScanOptions{})); got != nil {
		t.Error("the snapshot moved:", got)
	}
	want := []string{"(1, 10, x)", "(2, 20, x)", "(3, 30, x)"}
	if got := dump(t, tx.ScanIndex(sch, 2, sp, ScanOptions{Latest: true})); !slices.Equal(got, want) {
		t.Error(got)
	}
	if got := dump(t, tx.Scan(sch, Span{}, ScanOptions{Latest: true, Limit: 2})); !slices.Equal(got, want[:2]) {
		t.Error(got)
	}
}

// TestPendingChanges: the overlay has the net writes of earlier statements,
// with the committed rowIDs they hide.
func TestPendingChanges(t *testing.T) {
	s := openMem(t)
	sch := pairSchema(t, 100)
	write(t, s, func(tx *Txn) {
		for i := range int64(3) {
			must(tx.Insert(bg, sch, ints(i, i)))
		}
	})
	sn := s.Snapshot()
	rowID := func(k int64) uint64 {
		row, _, _ := sn.Get(sch, mustKey(t, sch, k))
		return row.RowID()
	}
	defer sn.Close()
	tx := begin(t, s, TxnOptions{})
	defer tx.Rollback()
	must(tx.Update(bg, sch, mustKey(t, sch, 0), ints(0, 100)))
	must(tx.Delete(bg, sch, mustKey(t, sch, 1)))
	must(tx.Insert(bg, sch, ints(5, 5)))
	must(tx.Insert(bg, sch, ints(6, 6)))
	list := func() (out []string) {
		err := tx.PendingChanges(sch, func(p PendingChange) bool {
			hidden := "new"
			for k := range int64(3) {
				if p.PrevRowID == rowID(k) {
					hidden = formatRow(sch, ints(k))
				}
			}
			out = append(out, hidden+" "+printRow(p.New))
			return true
		})
		if err != nil {
			t.Error(err)
		}
		return out
	}
	if got := list(); got != nil {
		t.Error("the statement's own writes:", got)
	}
	start(t, tx)
	must(tx.Delete(bg, sch, mustKey(t, sch, 6)))
	if got := list(); !slices.Equal(got, []string{"(0) (0, 100)#0", "(1) -", "new (5, 5)#0", "new (6, 6)#0"}) {
		t.Error(got)
	}
	start(t, tx)
	if got := list(); !slices.Equal(got, []string{"(0) (0, 100)#0", "(1) -", "new (5, 5)#0"}) {
		t.Error(got)
	}
}

// TestSelf: a row that the statement itself has written is reported as such.
func TestSelf(t *testing.T) {
	s := openMem(t)
	sch := pairSchema(t, 100)
	tx := begin(t, s, TxnOptions{})
	defer tx.Rollback()
	must(tx.Insert(bg, sch, ints(1, 1)))
	if l := must(tx.Lock(bg, sch, mustKey(t, sch, 1), LockUpdate, Wait)); !l.Self || !l.Found {
		t.Error(l)
	}
	if _, c, err := tx.InsertOrGet(bg, sch, ints(1, 2)); err != nil || c == nil || !c.Self {
		t.Error(c, err)
	}
	start(t, tx)
	if l := must(tx.Lock(bg, sch, mustKey(t, sch, 1), LockUpdate, Wait)); l.Self || !l.Found || l.Changed {
		t.Error(l)
	}
	if _, _, err := tx.InsertOrGet(bg, sch, ints(1, 2), 7); !sqlstate.Is(err, sqlstate.UniqueViolation) {
		t.Error("conflict outside the arbiters:", err)
	}
}

// TestPrune: rewriting one row for ever in one transaction takes bounded
// memory, also with a savepoint before it.
func TestPrune(t *testing.T) {
	s := openTest(t, "", Options{MaxWriteSetBytes: 20_000})
	defer s.Close()
	sch := pairSchema(t, 100)
	write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, ints(1, 0))) })
	tx := begin(t, s, TxnOptions{})
	for i := range int64(10_000) {
		start(t, tx)
		sp := tx.Savepoint()
		must(tx.Update(bg, sch, mustKey(t, sch, 1), ints(1, i)))
		if i%3 == 0 {
			if err := tx.RollbackTo(sp); err != nil {
				t.Fatal(err)
			}
		}
		if err := tx.Release(sp); err != nil {
			t.Fatal(err)
		}
	}
	commit(t, tx)
	sn := s.Snapshot()
	defer sn.Close()
	if got := dump(t, sn.Scan(sch, Span{}, ScanOptions{})); !slices.Equal(got, []string{"(1, 9998)"}) {
		t.Error(got)
	}
}

func TestMetrics(t *testing.T) {
	s := openMem(t)
	sch := pairSchema(t, 100)
	write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, ints(1, 1))) })
	tx := begin(t, s, TxnOptions{})
	if _, err := tx.Insert(bg, sch, ints(1, 1)); err == nil {
		t.Error("duplicate")
	}
	tx.Rollback()
	sn := s.Snapshot()
	defer sn.Close()
	m := s.Metrics()
	if m.Commits != 1 || m.Aborts != 1 || m.UniqueViolations != 1 || m.RowsWritten != 1 || m.OpenSnapshots != 1 || m.OldestSnapshot != sn.Timestamp() {
		t.Errorf("%+v", m)
	}
}
