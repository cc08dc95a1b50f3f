package rowstore

import (
	"testing"

	"htapdb/internal/vfs"

	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"
)

// A copy of the directory is another store from the moment of its first opening.
func TestIncarnationOfCopy(t *testing.T) {
	sch := pairSchema(t, 100)
	add := func(s *Store, key int64) Timestamp {
		return write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, ints(key, 1))) })
	}
	fs, copied := vfs.NewMem(), vfs.NewMem()
	s := openTest(t, "home/db", Options{FS: fs})
	common, upTo := s.Incarnation(), add(s, 1)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if ok, err := pebblevfs.Clone(fs, copied, "home", "home"); !ok || err != nil {
		t.Fatal(ok, err)
	}
	a, b := openTest(t, "home/db", Options{FS: fs}), openTest(t, "home/db", Options{FS: copied})
	defer a.Close()
	defer b.Close()
	if a.UUID() != b.UUID() || a.Incarnation() == b.Incarnation() {
		t.Error("a copy has UUID", b.UUID(), "and incarnation", b.Incarnation(), "the original", a.UUID(), a.Incarnation())
	}
	mine, others := add(a, 2), add(b, 3)
	for _, c := range []struct {
		what string
		id   uint64
		ts   Timestamp
		want bool
	}{
		{"what both had", common, upTo, true},
		{"its own", a.Incarnation(), mine, true},
		{"the copy's", b.Incarnation(), others, false},
		{"the copy's, at an early timestamp", b.Incarnation(), upTo, false},
		{"more than both had", common, mine, false},
		{"nobody's", 0, 0, false},
	} {
		if got := a.Continues(c.id, c.ts); got != c.want {
			t.Errorf("%s: %v", c.what, got)
		}
	}
}

// What a power loss took stays lost when later commits pass its timestamp, and
// the openings that are remembered are bounded.
func TestIncarnationAfterPowerLoss(t *testing.T) {
	sch := pairSchema(t, 100)
	fs := vfs.NewCrashableMem()
	s := openTest(t, "db", Options{FS: fs})
	tx := begin(t, s, TxnOptions{Sync: true})
	must(tx.Insert(bg, sch, ints(1, 1)))
	kept := commit(t, tx)
	lost := fs.CrashClone(pebblevfs.CrashCloneCfg{})
	id := s.Incarnation()
	gone := write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, ints(2, 2))) })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for opening := range maxIncarnations + 1 {
		s = openTest(t, "db", Options{FS: lost})
		if ts := write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, ints(int64(10+opening), 2))) }); ts <= gone {
			t.Fatal("a timestamp was given out twice")
		}
		remembered := opening < maxIncarnations-1
		if s.Continues(id, kept) != remembered || s.Continues(id, gone) {
			t.Errorf("opening %d: what was kept %v, what was lost %v", opening, s.Continues(id, kept), s.Continues(id, gone))
		}
		if n := len(s.incarnations); n > maxIncarnations {
			t.Fatalf("opening %d: %d incarnations", opening, n)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
