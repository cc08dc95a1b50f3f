package rowstore

import (
	"testing"

	"htapdb/sql/types"
)

// A version that a load replaces ends when the load is committed, not at the
// older timestamp that its rows carry: a snapshot in between still needs it.
// Here the version is the tombstone of a deleted row, an older snapshot keeps
// the row below it, and without the tombstone the row is back from the dead.
func TestCollectionUnderLoad(t *testing.T) {
	s := openMem(t)
	sch := pairSchema(t, 100)
	key := mustKey(t, sch, 1)
	born := write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, ints(1, 10))) })
	old, err := s.SnapshotAt(born)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	write(t, s, func(tx *Txn) { must(tx.Delete(bg, sch, key)) })

	tx := begin(t, s, TxnOptions{})
	l, err := tx.NewLoad(bg, sch)
	if err != nil {
		t.Fatal(err)
	}
	// Any commit after the load has taken its timestamp.
	write(t, s, func(tx *Txn) { must(tx.Insert(bg, pairSchema(t, 101), ints(1, 1))) })
	during := s.Snapshot()
	defer during.Close()
	if during.Timestamp() <= l.Timestamp() {
		t.Fatal("the snapshot is older than the load")
	}
	must(l.Add(bg, blockOf(sch, [][]types.Datum{ints(1, 20)})))
	if err := l.Finish(bg, nil); err != nil {
		t.Fatal(err)
	}
	commit(t, tx)

	s.SetGCFloor(MaxTimestamp)
	settled(t, s, sch, key, 3)
	s.gc.mu.Lock()
	s.gc.sweepAll = true
	s.gc.mu.Unlock()
	settled(t, s, sch, key, 3)
	now := s.Snapshot()
	defer now.Close()
	for sn, want := range map[*Snapshot]string{old: "(1, 10)", during: "", now: "(1, 20)"} {
		got := ""
		if rows := dump(t, sn.Scan(sch, Span{}, ScanOptions{})); len(rows) > 0 {
			got = rows[0]
		}
		if got != want {
			t.Errorf("the snapshot at %s sees %q, want %q", sn.Timestamp(), got, want)
		}
		if row, found, err := sn.Get(sch, key); err != nil || found != (want != "") {
			t.Errorf("the snapshot at %s finds %v (%v)", sn.Timestamp(), row, err)
		}
	}
}
