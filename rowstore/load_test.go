package rowstore

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// loadRows loads rows in chunks and finishes the load.
func loadRows(t testing.TB, tx *Txn, sch *Schema, rows [][]types.Datum) (*Load, error) {
	t.Helper()
	l, err := tx.NewLoad(bg, sch)
	if err != nil {
		return nil, err
	}
	for len(rows) > 0 {
		n := min(1000, len(rows))
		if _, err := l.Add(bg, blockOf(sch, rows[:n])); err != nil {
			l.Abort()
			return l, err
		}
		rows = rows[n:]
	}
	return l, l.Finish(bg, []byte("segments"))
}

func TestLoadVisibility(t *testing.T) {
	s := openTest(t, "", Options{LoadBufferBytes: 20_000})
	defer s.Close()
	sch := indexedSchema(t, 100)
	before := s.Snapshot()
	defer before.Close()

	var rows [][]types.Datum
	for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(5000) {
		rows = append(rows, abc(int64(i), i*2, fmt.Sprint("c", i%7)))
	}
	tx := begin(t, s, TxnOptions{})
	l, err := loadRows(t, tx, sch, rows)
	if err != nil {
		t.Fatal(err)
	}
	during := s.Snapshot()
	defer during.Close()
	start(t, tx)
	if n := len(dump(t, tx.Scan(sch, Span{}, ScanOptions{}))); n != 5000 {
		t.Error("the transaction sees", n, "of its rows")
	}
	must(tx.Update(bg, sch, mustKey(t, sch, 7), abc(7, 14, "changed")))
	must(tx.Delete(bg, sch, mustKey(t, sch, 8)))
	if _, err := tx.Insert(bg, sch, abc(9, nil, nil)); !sqlstate.Is(err, sqlstate.UniqueViolation) {
		t.Error("insert over a loaded row:", err)
	}
	c := commit(t, tx)
	after := s.Snapshot()
	defer after.Close()
	for name, sn := range map[string]*Snapshot{"before": before, "during": during} {
		if n := len(dump(t, sn.Scan(sch, Span{}, ScanOptions{}))); n != 0 {
			t.Errorf("a snapshot %s the commit sees %d rows", name, n)
		}
	}
	got := dump(t, after.Scan(sch, Span{}, ScanOptions{}))
	if len(got) != 4999 || got[7] != "(7, 14, changed)" || got[8] != "(9, 18, c2)" {
		t.Error(len(got), got[:10])
	}
	it := after.ScanIndex(sch, 1, Span{}, ScanOptions{Limit: 5})
	if got := dump(t, it); !slices.Equal(got, []string{"(0, 0, c0)", "(1, 2, c1)", "(2, 4, c2)", "(3, 6, c3)", "(4, 8, c4)"}) {
		t.Error(got)
	}
	row, _, _ := after.Get(sch, mustKey(t, sch, 100))
	if id := row.RowID(); id < l.FirstRowID() || id >= l.FirstRowID()+5000 || row.Timestamp() != c {
		t.Error("rowID", id, "timestamp", row.Timestamp(), "want", c)
	}
	if want := rows[row.RowID()-l.FirstRowID()][0].Int(); want != 100 {
		t.Error("rowIDs are not in the order of the rows: row", want)
	}
}

func TestLoadDuplicates(t *testing.T) {
	s := openTest(t, "", Options{LoadBufferBytes: 1000})
	defer s.Close()
	sch := indexedSchema(t, 100)
	write(t, s, func(tx *Txn) {
		must(tx.Insert(bg, sch, abc(1, 1, "x")))
		must(tx.Insert(bg, sch, abc(2, 2, "x")))
	})
	write(t, s, func(tx *Txn) { must(tx.Delete(bg, sch, mustKey(t, sch, 2))) })
	many := func(extra ...[]types.Datum) (rows [][]types.Datum) {
		for i := range 1000 {
			rows = append(rows, abc(int64(100+i), 100+i, nil))
		}
		return append(rows, extra...)
	}
	for _, tc := range []struct {
		name, detail string
		rows         [][]types.Datum
	}{
		{"existing key", "Key (a)=(1) already exists.", many(abc(1, 50, nil))},
		{"existing value", "Key (b)=(1) already exists.", many(abc(3, 1, nil))},
		{"key twice", "Key (a)=(500) already exists.", many(abc(500, 50, nil))},
		{"value twice", "Key (b)=(777) already exists.", many(abc(3, 777, nil))},
		{"dead key", "", many(abc(2, 2, nil))},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tx := begin(t, s, TxnOptions{})
			_, err := loadRows(t, tx, sch, tc.rows)
			if tc.detail == "" {
				if err != nil {
					t.Fatal(err)
				}
				start(t, tx)
				row, _, _ := tx.Get(sch, mustKey(t, sch, 2))
				if !row.Valid() {
					t.Error("row over a tombstone not found")
				}
			} else if !sqlstate.Is(err, sqlstate.UniqueViolation) || err.(*sqlstate.Error).Detail != tc.detail {
				t.Error(err)
			}
			tx.Rollback()
		})
	}
	sn := s.Snapshot()
	defer sn.Close()
	if got := dump(t, sn.Scan(sch, Span{}, ScanOptions{})); !slices.Equal(got, []string{"(1, 1, x)"}) {
		t.Error(got)
	}
}

func TestBuildIndex(t *testing.T) {
	s := openMem(t)
	full := indexedSchema(t, 100)
	def := *full.Def()
	def.Indexes = nil
	bare := mustSchema(t, def)
	write(t, s, func(tx *Txn) {
		for i := range 100 {
			must(tx.Insert(bg, bare, abc(int64(i), 1000-i, "x")))
		}
	})
	tx := begin(t, s, TxnOptions{})
	must(tx.Update(bg, bare, mustKey(t, bare, 5), abc(5, 7, "own")))
	must(tx.Insert(bg, bare, abc(500, 8, "own")))
	must(tx.Delete(bg, bare, mustKey(t, bare, 99)))
	for index := uint32(1); index <= 2; index++ {
		if err := tx.BuildIndex(bg, full, index); err != nil {
			t.Fatal(err)
		}
	}
	commit(t, tx)
	sn := s.Snapshot()
	defer sn.Close()
	got := dump(t, sn.ScanIndex(full, 1, Span{}, ScanOptions{}))
	if len(got) != 100 || got[0] != "(5, 7, own)" || got[1] != "(500, 8, own)" || got[2] != "(98, 902, x)" {
		t.Error(len(got), got[:4])
	}
	write(t, s, func(tx *Txn) {
		must(tx.Insert(bg, bare, abc(1000, 902, "dup")))
	})
	def.Indexes = []Index{{ID: 3, Name: "again", Columns: []int{1}, Unique: true}}
	tx = begin(t, s, TxnOptions{})
	defer tx.Rollback()
	err := tx.BuildIndex(bg, mustSchema(t, def), 3)
	if !sqlstate.Is(err, sqlstate.UniqueViolation) || err.(*sqlstate.Error).Detail != "Key (b)=(902) is duplicated." {
		t.Error(err)
	}
}
