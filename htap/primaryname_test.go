package htap

import (
	"testing"

	"htapdb/htap/catalog"
	"htapdb/rowstore"
)

// The name of a primary key of a database of before such names were reserved is taken
// for every relation that is made or renamed.
func TestPrimaryNameOfBeforeIsTaken(t *testing.T) {
	db, s := openTest(t, "")
	mustExec(t, s, "CREATE TABLE t (a INTEGER PRIMARY KEY); CREATE TABLE u (a INTEGER)")
	tx, err := db.engine.Rows.Begin(rowstore.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.StartStatement(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Whatever the kind, it is the name that is given back.
	if err := db.engine.Catalog.DropSequence(t.Context(), tx, &catalog.Sequence{Schema: "public", Name: "t_pkey"}); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{"CREATE SEQUENCE t_pkey", "CREATE VIEW t_pkey AS SELECT 1 AS n", "ALTER TABLE u RENAME TO t_pkey",
		"CREATE TABLE t_pkey (a INTEGER)", "CREATE INDEX t_pkey ON u (a)", "ALTER TABLE u RENAME TO u"} {
		if e := failure(t, s, sql); e.SQLState() != "42P07" {
			t.Errorf("%s: %v", sql, e)
		}
	}
}
