package rowstore

import (
	"context"
	"testing"
	"time"

	"htapdb/sql/sqlstate"
)

// LockSeen is Get, match and Lock: it locks what the statement sees, and leaves
// alone, without a lock and without a wait, what it does not see or want.
func TestLockSeen(t *testing.T) {
	s := openMem(t)
	sch := pairSchema(t, 100)
	write(t, s, func(tx *Txn) {
		for i := range int64(5) {
			must(tx.Insert(bg, sch, ints(i, 10*i)))
		}
	})
	never := func(Row) (bool, error) { return false, nil }
	seen := func(tx *Txn, k int64, match func(Row) (bool, error)) (Locked, error) {
		ctx, cancel := context.WithTimeout(bg, 200*time.Millisecond)
		defer cancel()
		return tx.LockSeen(ctx, sch, mustKey(t, sch, k), LockNoKeyUpdate, match)
	}
	// free tells whether somebody else can lock the key at once.
	free := func(k int64) bool {
		tx := begin(t, s, TxnOptions{})
		defer tx.Rollback()
		_, err := tx.Lock(bg, sch, mustKey(t, sch, k), LockUpdate, NoWait)
		return err == nil
	}
	for _, iso := range []Isolation{ReadCommitted, RepeatableRead} {
		tx := begin(t, s, TxnOptions{Isolation: iso})
		write(t, s, func(tx *Txn) {
			if iso == ReadCommitted {
				must(tx.Insert(bg, sch, ints(7, 70))) // after the snapshot
			}
			must(tx.Update(bg, sch, mustKey(t, sch, 3), ints(3, int64(31+iso))))
		})
		if iso == RepeatableRead {
			write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, ints(8, 80))) })
		}
		if l, err := seen(tx, 1, nil); err != nil || !l.Found || l.Changed || l.Row.Int64(1) != 10 || free(1) {
			t.Errorf("iso %d: present row: %+v %v, free %v", iso, l, err, free(1))
		}
		for _, k := range []int64{99, int64(7 + iso)} {
			if l, err := seen(tx, k, nil); err != nil || l.Found || !free(k) {
				t.Errorf("iso %d: row %d, which the snapshot does not have: %+v %v, free %v", iso, k, l, err, free(k))
			}
		}
		if l, err := seen(tx, 2, never); err != nil || l.Found || !free(2) {
			t.Errorf("iso %d: row that is not wanted: %+v %v, free %v", iso, l, err, free(2))
		}
		// 1 is locked by the transaction already: that stays.
		if l, err := seen(tx, 1, never); err != nil || l.Found || free(1) {
			t.Errorf("iso %d: row locked before: %+v %v, free %v", iso, l, err, free(1))
		}
		was := int64(0)
		l, err := seen(tx, 3, func(r Row) (bool, error) { was = r.Int64(1); return true, nil })
		if iso == RepeatableRead {
			if !sqlstate.Is(err, sqlstate.SerializationFailure) {
				t.Error("changed row:", l, err)
			}
		} else if err != nil || !l.Changed || was != 30 || l.Row.Int64(1) != 31 {
			t.Errorf("changed row: %+v, matched %d, %v", l, was, err)
		}
		tx.Rollback()
		if s.locks.Stats().Held != 0 {
			t.Error("locks left")
		}
	}
}

// What others are doing, and the transaction's own writes.
func TestLockSeenBesideOthers(t *testing.T) {
	s := openMem(t)
	sch := pairSchema(t, 100)
	write(t, s, func(tx *Txn) {
		must(tx.Insert(bg, sch, ints(1, 10)))
		must(tx.Insert(bg, sch, ints(2, 20)))
	})
	key := func(k int64) Key { return mustKey(t, sch, k) }
	other := begin(t, s, TxnOptions{})
	must(other.Insert(bg, sch, ints(5, 50)))
	must(other.Update(bg, sch, key(1), ints(1, 11)))
	must(other.Delete(bg, sch, key(2)))

	tx := begin(t, s, TxnOptions{})
	defer tx.Rollback()
	if l, err := tx.LockSeen(bg, sch, key(5), LockUpdate, nil); err != nil || l.Found {
		t.Error("waited for an insert that it does not see:", l, err)
	}
	tx.SetLockTimeout(5 * time.Millisecond)
	if _, err := tx.LockSeen(bg, sch, key(1), LockUpdate, nil); !sqlstate.Is(err, sqlstate.LockNotAvailable) {
		t.Error("lock timeout:", err)
	}
	ctx, cancel := context.WithCancel(bg)
	cancel()
	if _, err := tx.LockSeen(ctx, sch, key(1), LockUpdate, nil); !sqlstate.Is(err, sqlstate.QueryCanceled) {
		t.Error("cancelled:", err)
	}
	tx.SetLockTimeout(0)
	done := make(chan Locked, 2)
	go func() {
		done <- must(tx.LockSeen(bg, sch, key(1), LockUpdate, nil))
		done <- must(tx.LockSeen(bg, sch, key(2), LockUpdate, nil))
	}()
	for s.locks.Stats().Waits < 2 {
		time.Sleep(time.Millisecond)
	}
	commit(t, other)
	if l := <-done; !l.Found || !l.Changed || l.Row.Int64(1) != 11 {
		t.Errorf("after a wait: %+v", l)
	}
	if l := <-done; l.Found {
		t.Errorf("deleted meanwhile: %+v", l)
	}

	must(tx.Update(bg, sch, key(1), ints(1, 12)))
	must(tx.Insert(bg, sch, ints(9, 90)))
	if l := must(tx.LockSeen(bg, sch, key(9), LockUpdate, nil)); l.Found {
		t.Errorf("a row of the same statement: %+v", l)
	}
	if l := must(tx.LockSeen(bg, sch, key(1), LockUpdate, nil)); !l.Self {
		t.Errorf("a row that the statement has written: %+v", l)
	}
	start(t, tx)
	for k, want := range map[int64]int64{1: 12, 9: 90} {
		if l := must(tx.LockSeen(bg, sch, key(k), LockUpdate, nil)); !l.Found || l.Self || l.Row.Int64(1) != want {
			t.Errorf("own row %d: %+v", k, l)
		}
	}
	must(tx.Delete(bg, sch, key(9)))
	start(t, tx)
	if l := must(tx.LockSeen(bg, sch, key(9), LockUpdate, nil)); l.Found {
		t.Errorf("own deleted row: %+v", l)
	}
}
