package rowstore

import (
	"fmt"
	"testing"

	"htapdb/sql/types"
)

// An audit finds the entries that writes left out or behind: they are made by
// writing with a schema that lacks the index. Others find none: rows that were
// inserted, updated, deleted and loaded, and an index that was built over them.
func TestIndexAudit(t *testing.T) {
	def := TableDef{
		ID: 200, Name: "t", Version: 1, PrimaryName: "t_pkey", Primary: []int{0},
		Columns: []Column{{ID: 1, Name: "id", Type: types.TInt8}, {ID: 2, Name: "a", Type: types.TInt8}, {ID: 3, Name: "b", Type: types.TText}},
		Indexes: []Index{{ID: 1, Name: "t_a", Columns: []int{1}, Unique: true}, {ID: 2, Name: "t_b_a", Columns: []int{2, 1}}},
	}
	full := mustSchema(t, def)
	def.Indexes = def.Indexes[:1]
	lacking := mustSchema(t, def) // the second index
	def.Indexes = nil
	bare := mustSchema(t, def)
	row := func(id int64, b string) []types.Datum {
		r := []types.Datum{types.NewInt64(id), types.NewInt64(id * 10), types.NewString(b)}
		if id%5 == 0 {
			r[1] = types.NullDatum
		}
		return r
	}
	insert := func(tx *Txn, sch *Schema, id int64) { must(tx.Insert(bg, sch, row(id, fmt.Sprint("b", id)))) }
	for _, c := range []struct {
		name   string
		damage func(tx *Txn)
		want   string
	}{
		{"nothing", func(tx *Txn) {}, ""},
		{"missing", func(tx *Txn) { insert(tx, lacking, 7); insert(tx, lacking, 8) },
			"t_b_a rows=6 entries=4 missing=2 superfluous=0 first=(7, 70, b7)/none; "},
		{"missing of NULL", func(tx *Txn) { insert(tx, bare, 10) },
			"t_a rows=5 entries=4 missing=1 superfluous=0 first=(10, null, b10)/none; " +
				"t_b_a rows=5 entries=4 missing=1 superfluous=0 first=(10, null, b10)/none; "},
		{"left behind", func(tx *Txn) { must(tx.Delete(bg, bare, mustKey(t, bare, 5))) },
			"t_a rows=3 entries=4 missing=0 superfluous=1 first=none/(a)=(null); " +
				"t_b_a rows=3 entries=4 missing=0 superfluous=1 first=none/(b, a)=(b5, null); "},
		{"of another value", func(tx *Txn) { must(tx.Update(bg, lacking, mustKey(t, lacking, 2), row(2, "other"))) },
			"t_b_a rows=4 entries=4 missing=1 superfluous=1 first=(2, 20, other)/(b, a)=(b2, 20); "},
		{"twice a unique value", func(tx *Txn) {
			must(tx.Insert(bg, bare, []types.Datum{types.NewInt64(9), types.NewInt64(10), types.NullDatum}))
		},
			"t_a rows=5 entries=4 missing=1 superfluous=0 first=(9, 10, null)/none; " +
				"t_b_a rows=5 entries=4 missing=1 superfluous=0 first=(9, 10, null)/none; "},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := openMem(t)
			write(t, s, func(tx *Txn) {
				for id := int64(1); id <= 4; id++ {
					insert(tx, lacking, id)
				}
			})
			write(t, s, func(tx *Txn) {
				if err := tx.BuildIndex(bg, full, 2); err != nil {
					t.Fatal(err)
				}
			})
			write(t, s, func(tx *Txn) {
				insert(tx, full, 5)
				must(tx.Update(bg, full, mustKey(t, full, 1), row(1, "new")))
				must(tx.Delete(bg, full, mustKey(t, full, 3)))
			})
			write(t, s, c.damage)
			at := s.Snapshot()
			defer at.Close()
			write(t, s, func(tx *Txn) { insert(tx, bare, 100) }) // above the snapshot
			a := at.AuditIndexes(full)
			it := at.Scan(full, Span{}, ScanOptions{})
			for it.Next() {
				if err := a.Add(it.Row(), it.Key()); err != nil {
					t.Fatal(err)
				}
			}
			if err := it.Close(); err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, d := range must(a.Differences(bg)) {
				missing, superfluous := "none", "none"
				if d.FirstMissing.Valid() {
					missing = formatRow(full, d.FirstMissing.Datums())
				}
				if d.Superfluous > 0 {
					superfluous = d.FirstSuperfluous
				}
				got += fmt.Sprintf("%s rows=%d entries=%d missing=%d superfluous=%d first=%s/%s; ", d.Index, d.Rows, d.Entries, d.Missing, d.Superfluous, missing, superfluous)
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
