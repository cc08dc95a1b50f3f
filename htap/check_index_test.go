package htap

import (
	"strings"
	"testing"

	"htapdb/rowstore"
	"htapdb/sql/types"
)

// CHECK TABLE finds the row that an index has no entry of, and the entry that no
// row has: both are planted by writing with a schema that lacks the index. What
// the transaction of CHECK TABLE has changed itself is no difference.
func TestCheckTableIndexes(t *testing.T) {
	plant := func(t *testing.T, db *DB, table string, write func(tx *rowstore.Txn, bare *rowstore.Schema) error) {
		t.Helper()
		snap := db.engine.Rows.Snapshot()
		defer snap.Close()
		cat, err := db.engine.Catalog.At(snap)
		if err != nil {
			t.Fatal(err)
		}
		full, err := db.engine.Catalog.RowSchema(cat.Table("public", table))
		if err != nil {
			t.Fatal(err)
		}
		def := *full.Def()
		def.Indexes = nil
		bare, err := rowstore.NewSchema(def)
		if err != nil {
			t.Fatal(err)
		}
		tx, err := db.engine.Rows.Begin(rowstore.TxnOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.StartStatement(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := write(tx, bare); err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	row := func(a int64, b string) []types.Datum { return []types.Datum{types.NewInt64(a), types.NewString(b)} }
	for _, c := range []struct {
		name, table string
		write       func(tx *rowstore.Txn, bare *rowstore.Schema) error
		status      string
		want        []string
	}{
		{"missing", "t", func(tx *rowstore.Txn, bare *rowstore.Schema) error {
			_, err := tx.Insert(t.Context(), bare, row(301, "x"))
			return err
		}, "mismatch", []string{
			`index "t_b_key" has no entry of 1 of 301 rows, the first is the row with (a = 301), rowID `,
			`index "t by b" has no entry of 1 of 301 rows, `}},
		{"superfluous", "t", func(tx *rowstore.Txn, bare *rowstore.Schema) error {
			key, err := bare.PrimaryKey(types.NewInt64(7))
			if err == nil {
				_, err = tx.Delete(t.Context(), bare, key)
			}
			return err
		}, "mismatch", []string{
			`index "t_b_key" has 1 of 300 entries that no row has, the first is (b)=(text7) of the row with (a = 7)`,
			`index "t by b" has 1 of 300 entries that no row has, the first is (b, a)=(text7, 7) of the row with (a = 7)`}},
		{"both, hidden key", "h", func(tx *rowstore.Txn, bare *rowstore.Schema) error {
			_, err := tx.Update(t.Context(), bare, rowstore.HiddenKey(5), row(5, "changed"))
			return err
		}, "mismatch", []string{
			`index "h_b_idx" has no entry of 1 of 300 rows, the first is the row with rowID `,
			`index "h_b_idx" has 1 of 300 entries that no row has, the first is (b)=(text5) of the row with the hidden key 5`}},
		{"neither", "t", func(tx *rowstore.Txn, bare *rowstore.Schema) error { return nil }, "ok", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, s := openTest(t, "")
			mustExec(t, s, "CREATE TABLE t (a BIGINT PRIMARY KEY, b TEXT UNIQUE)")
			mustExec(t, s, `CREATE INDEX "t by b" ON t (b, a)`)
			mustExec(t, s, "CREATE TABLE h (a BIGINT, b TEXT)")
			for _, table := range []string{"t", "h"} {
				mustExec(t, s, "INSERT INTO "+table+" SELECT i, 'text' || i FROM generate_series(1, 300) AS g(i) ORDER BY i")
			}
			mustExec(t, s, "CREATE INDEX ON h (b)")
			plant(t, db, c.table, c.write)
			mustExec(t, s, "CREATE TABLE later (a BIGINT)") // the session sees the commit
			mustExec(t, s, "BEGIN; CREATE INDEX own ON "+c.table+" (b); UPDATE "+c.table+" SET b = 'own' WHERE a = 1; ALTER TABLE "+c.table+" ADD COLUMN own text DEFAULT 'x'")
			got := queryText(t, s, "CHECK TABLE "+c.table)
			mustExec(t, s, "ROLLBACK")
			if !strings.Contains(got, "|"+c.status+"|") || strings.Contains(got, "own") || strings.Contains(got, "columns") {
				t.Error(got)
			}
			for _, want := range c.want {
				if !strings.Contains(got, want) {
					t.Errorf("%s\nwant %s", got, want)
				}
			}
		})
	}
}
