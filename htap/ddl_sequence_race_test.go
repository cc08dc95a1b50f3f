package htap

import (
	"testing"

	"htapdb/rowstore"
)

// Statements that change a sequence queue behind one another and keep what the one
// before has left: the column still draws from the sequence, and comments stay.
func TestChangesOfOneSequence(t *testing.T) {
	db, s := openTest(t, "")
	run := races(t, db, s)
	const (
		restart = "TRUNCATE t RESTART IDENTITY"
		comment = "COMMENT ON SEQUENCE t_a_seq IS 'words'"
		unused  = "ALTER TABLE t ALTER COLUMN a DROP DEFAULT"
		drop    = "DROP SEQUENCE t_a_seq"
		state   = "SELECT pg_get_serial_sequence('t', 'a'), obj_description('t_a_seq'::regclass, 'pg_class')"
	)
	for _, c := range []struct{ first, second string }{{restart, comment}, {comment, restart}} {
		mustExec(t, s, "CREATE TABLE t (a SERIAL, b INTEGER); INSERT INTO t (b) VALUES (1), (2)")
		run(c.first, c.second, "")
		mustExec(t, s, "INSERT INTO t (b) VALUES (3)")
		if got := queryText(t, s, "SELECT a, b FROM t"); got != "1|3" {
			t.Errorf("after %s, then %s the row is %s", c.first, c.second, got)
		}
		if got := queryText(t, s, state); got != "public.t_a_seq|words" {
			t.Errorf("after %s, then %s: %s", c.first, c.second, got)
		}
		mustExec(t, s, "DROP TABLE t")
	}
	// A sequence that no column draws from may go while TRUNCATE is about to restart it.
	for _, c := range []struct{ first, second string }{{restart, drop}, {drop, restart}} {
		mustExec(t, s, "CREATE TABLE t (a SERIAL, b INTEGER); "+unused)
		run(c.first, c.second, "")
		if got := queryText(t, s, "SELECT to_regclass('t_a_seq') IS NULL"); got != "t" {
			t.Errorf("after %s, then %s the sequence is there", c.first, c.second)
		}
		mustExec(t, s, "DROP TABLE t")
	}
	// A sequence of before its column was noted with it gets the column while it is
	// commented on.
	mustExec(t, s, "CREATE TABLE t (a SERIAL, b INTEGER)")
	forgetSerialColumns(t, db)
	run(comment, unused, "")
	if got := queryText(t, s, state); got != "public.t_a_seq|words" {
		t.Errorf("the column's sequence, with its comment: %s", got)
	}
}

// forgetSerialColumns makes the sequences of columns those of before their columns were
// noted with them.
func forgetSerialColumns(t *testing.T, db *DB) {
	t.Helper()
	tx, err := db.engine.Rows.Begin(rowstore.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.StartStatement(t.Context()); err != nil {
		t.Fatal(err)
	}
	cat, err := db.engine.Catalog.InTxn(tx, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range cat.Sequences() {
		before := *q
		before.OwnerColumn = 0
		if err := db.engine.Catalog.ReplaceSequence(t.Context(), tx, &before); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}
