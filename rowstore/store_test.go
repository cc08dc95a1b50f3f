package rowstore

import (
	"fmt"
	"slices"
	"testing"

	"htapdb/internal/vfs"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

func TestReadYourWrites(t *testing.T) {
	s := openMem(t)
	sch := pairSchema(t, 100)
	tx := begin(t, s, TxnOptions{})
	must(tx.Insert(bg, sch, ints(1, 10)))
	must(tx.Insert(bg, sch, ints(2, 20)))
	if _, found, _ := tx.Get(sch, mustKey(t, sch, 1)); found {
		t.Error("a statement sees its own write")
	}
	start(t, tx)
	row, found, err := tx.Get(sch, mustKey(t, sch, 1))
	if err != nil || !found || row.Int64(1) != 10 {
		t.Fatal(row, found, err)
	}
	must(tx.Update(bg, sch, mustKey(t, sch, 1), ints(1, 11)))
	must(tx.Delete(bg, sch, mustKey(t, sch, 2)))
	must(tx.Insert(bg, sch, ints(3, 30)))
	if got := dump(t, tx.Scan(sch, Span{}, ScanOptions{})); !slices.Equal(got, []string{"(1, 10)", "(2, 20)"}) {
		t.Error(got)
	}
	start(t, tx)
	want := []string{"(1, 11)", "(3, 30)"}
	if got := dump(t, tx.Scan(sch, Span{}, ScanOptions{})); !slices.Equal(got, want) {
		t.Error(got)
	}
	ts := commit(t, tx)
	sn := s.Snapshot()
	defer sn.Close()
	if sn.Timestamp() < ts {
		t.Error("commit is not visible")
	}
	if got := dump(t, sn.Scan(sch, Span{}, ScanOptions{})); !slices.Equal(got, want) {
		t.Error(got)
	}
	slices.Reverse(want)
	if got := dump(t, sn.Scan(sch, Span{}, ScanOptions{Reverse: true})); !slices.Equal(got, want) {
		t.Error(got)
	}
}

func TestReopen(t *testing.T) {
	fs := vfs.NewMem()
	sch := pairSchema(t, 100)
	s := openTest(t, "data/rows", Options{FS: fs})
	uuid, incarnation := s.UUID(), s.Incarnation()
	var last Timestamp
	for i := range int64(10) {
		tx := begin(t, s, TxnOptions{Sync: i%2 == 0})
		must(tx.Insert(bg, sch, ints(i, i)))
		last = commit(t, tx)
	}
	if _, err := Open("data/rows", Options{FS: fs}); !sqlstate.Is(err, sqlstate.ObjectInUse) {
		t.Error("opened twice:", err)
	} else {
		t.Log(err)
	}
	next := must(s.NextRowID(100))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, "data/rows", Options{FS: fs, Clock: func() int64 { return 0 }})
	if s.UUID() != uuid || s.Incarnation() == incarnation || s.RecoveredTimestamp() != last {
		t.Error(s.UUID(), s.Incarnation(), s.RecoveredTimestamp(), last)
	}
	if n := must(s.NextRowID(100)); n != next {
		t.Error("next rowID", n, "was", next)
	}
	if ts := write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, ints(100, 1))) }); ts <= last {
		t.Error("timestamp went back with the clock")
	}
	sn := s.Snapshot()
	if got := dump(t, sn.Scan(sch, Span{}, ScanOptions{})); len(got) != 11 {
		t.Error(got)
	}
	sn.Close()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// indexedSchema has a unique index on b and another on (c, b).
func indexedSchema(t testing.TB, id uint32) *Schema {
	return mustSchema(t, TableDef{
		ID: id, Name: "ix", Version: 1, PrimaryName: "ix_pkey", Primary: []int{0},
		Columns: []Column{{ID: 1, Name: "a", Type: types.TInt8}, {ID: 2, Name: "b", Type: types.TInt8}, {ID: 3, Name: "c", Type: types.TText}},
		Indexes: []Index{{ID: 1, Name: "ix_b_key", Columns: []int{1}, Unique: true}, {ID: 2, Name: "ix_c", Columns: []int{2, 1}}},
	})
}

func abc(a int64, b any, c any) []types.Datum {
	row := []types.Datum{types.NewInt64(a), {}, {}}
	if b != nil {
		row[1] = types.NewInt64(int64(b.(int)))
	}
	if c != nil {
		row[2] = types.NewString(c.(string))
	}
	return row
}

func TestIndexes(t *testing.T) {
	s := openMem(t)
	sch := indexedSchema(t, 100)
	write(t, s, func(tx *Txn) {
		must(tx.Insert(bg, sch, abc(1, 10, "x")))
		must(tx.Insert(bg, sch, abc(2, 20, "y")))
		must(tx.Insert(bg, sch, abc(3, nil, "x")))
		must(tx.Insert(bg, sch, abc(4, nil, nil)))
	})
	check := func(r interface {
		ScanIndex(*Schema, uint32, Span, ScanOptions) *Iterator
	}, index uint32, sp Span, want ...string) {
		t.Helper()
		if got := dump(t, r.ScanIndex(sch, index, sp, ScanOptions{})); !slices.Equal(got, want) {
			t.Errorf("index %d: got %v, want %v", index, got, want)
		}
		slices.Reverse(want)
		if got := dump(t, r.ScanIndex(sch, index, sp, ScanOptions{Reverse: true})); !slices.Equal(got, want) {
			t.Errorf("index %d reverse: got %v, want %v", index, got, want)
		}
	}
	x := must(sch.KeySpan(2, []types.Datum{types.NewString("x")}, nil, nil))
	sn := s.Snapshot()
	defer sn.Close()
	check(sn, 1, Span{}, "(1, 10, x)", "(2, 20, y)", "(3, null, x)", "(4, null, null)")
	check(sn, 2, x, "(1, 10, x)", "(3, null, x)")

	tx := begin(t, s, TxnOptions{})
	_, err := tx.Insert(bg, sch, abc(5, 20, "z"))
	if !sqlstate.Is(err, sqlstate.UniqueViolation) {
		t.Error("duplicate accepted:", err)
	}
	if want := `duplicate key value violates unique constraint "ix_b_key" (SQLSTATE 23505)`; err.Error() != want {
		t.Error(err)
	}
	if d := err.(*sqlstate.Error).Detail; d != "Key (b)=(20) already exists." {
		t.Error(d)
	}
	// Swap values through a free one, move a key, delete.
	must(tx.Update(bg, sch, mustKey(t, sch, 1), abc(1, 99, "x")))
	must(tx.Update(bg, sch, mustKey(t, sch, 2), abc(2, 10, "y")))
	must(tx.Update(bg, sch, mustKey(t, sch, 1), abc(1, 20, "x")))
	must(tx.Update(bg, sch, mustKey(t, sch, 3), abc(7, nil, "x")))
	must(tx.Delete(bg, sch, mustKey(t, sch, 4)))
	start(t, tx)
	check(tx, 1, Span{}, "(2, 10, y)", "(1, 20, x)", "(7, null, x)")
	check(tx, 2, x, "(1, 20, x)", "(7, null, x)")
	commit(t, tx)
	after := s.Snapshot()
	defer after.Close()
	check(after, 1, Span{}, "(2, 10, y)", "(1, 20, x)", "(7, null, x)")
	check(sn, 1, Span{}, "(1, 10, x)", "(2, 20, y)", "(3, null, x)", "(4, null, null)")
}

func TestSavepoints(t *testing.T) {
	s := openMem(t)
	sch := pairSchema(t, 100)
	write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, ints(1, 1))) })
	tx := begin(t, s, TxnOptions{})
	must(tx.Update(bg, sch, mustKey(t, sch, 1), ints(1, 2)))
	outer := tx.Savepoint()
	start(t, tx)
	must(tx.Update(bg, sch, mustKey(t, sch, 1), ints(1, 3)))
	must(tx.Insert(bg, sch, ints(2, 2)))
	inner := tx.Savepoint()
	start(t, tx)
	must(tx.Delete(bg, sch, mustKey(t, sch, 1)))
	must(tx.Insert(bg, sch, ints(3, 3)))
	see := func(want ...string) {
		t.Helper()
		start(t, tx)
		if got := dump(t, tx.Scan(sch, Span{}, ScanOptions{})); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	see("(2, 2)", "(3, 3)")
	if err := tx.RollbackTo(inner); err != nil {
		t.Fatal(err)
	}
	see("(1, 3)", "(2, 2)")
	must(tx.Insert(bg, sch, ints(4, 4)))
	see("(1, 3)", "(2, 2)", "(4, 4)")
	if err := tx.RollbackTo(outer); err != nil {
		t.Fatal(err)
	}
	if err := tx.RollbackTo(inner); !sqlstate.Is(err, sqlstate.InvalidSavepoint) {
		t.Error(err)
	}
	see("(1, 2)")
	if err := tx.Release(outer); err != nil {
		t.Fatal(err)
	}
	commit(t, tx)
	sn := s.Snapshot()
	defer sn.Close()
	if got := dump(t, sn.Scan(sch, Span{}, ScanOptions{})); !slices.Equal(got, []string{"(1, 2)"}) {
		t.Error(got)
	}
}

func TestWriteSetBound(t *testing.T) {
	s := openTest(t, "", Options{MaxWriteSetBytes: 10_000})
	defer s.Close()
	sch := pairSchema(t, 100)
	tx := begin(t, s, TxnOptions{})
	defer tx.Rollback()
	var err error
	for i := int64(0); err == nil && i < 10_000; i++ {
		_, err = tx.Insert(bg, sch, ints(i, i))
	}
	if !sqlstate.Is(err, sqlstate.OutOfMemory) {
		t.Error(err)
	}
}

func ExampleTimestamp() {
	fmt.Println(Timestamp(1_000_001<<12 | 4095))
	// Output: 1.000001,4095
}
