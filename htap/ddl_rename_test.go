package htap

import "testing"

// A RENAME changes the name of the table among what a view's constants name; that of
// the index of its primary key, which has the table's identifier, stays.
func TestRenameKeepsNameOfPrimaryKey(t *testing.T) {
	db, s := openTest(t, "")
	mustExec(t, s, "CREATE TABLE t (a INTEGER PRIMARY KEY); CREATE VIEW v AS SELECT 't'::regclass AS t, 't_pkey'::regclass AS k; ALTER TABLE t RENAME TO t2")
	snap := db.engine.Rows.Snapshot()
	defer snap.Close()
	cat, err := db.engine.Catalog.At(snap)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, source := range cat.View("", "v").Sources {
		got = append(got, source.Name)
	}
	if len(got) != 2 || got[0] != "t2" || got[1] != "t_pkey" {
		t.Errorf("the view names %q", got)
	}
}
