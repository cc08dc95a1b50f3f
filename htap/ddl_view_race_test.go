package htap

import "testing"

// Statements that change a view or what it names queue behind one another, and each
// changes what the one before has left: in either order nothing of the first is lost.
func TestChangesOfOneView(t *testing.T) {
	db, s := openTest(t, "")
	run := races(t, db, s)
	const (
		rename  = "ALTER TABLE t RENAME TO t2"
		replace = "CREATE OR REPLACE VIEW v AS SELECT 'other'::text AS n"
		widen   = "CREATE OR REPLACE VIEW v AS SELECT 't'::regclass::text || '!' AS n"
		comment = "COMMENT ON VIEW v IS 'words'"
		column  = "COMMENT ON COLUMN v.n IS 'letters'"
		state   = "SELECT n, coalesce(obj_description('v'::regclass, 'pg_class'), ''), coalesce(col_description('v'::regclass, 1), '') FROM v"
	)
	for _, c := range []struct{ first, second, want string }{
		{comment, rename, "t2|words|"},
		{column, rename, "t2||letters"},
		{replace, rename, "other||"},
		{widen, rename, "t2!||"},
		{rename, comment, "t2|words|"},
		{rename, column, "t2||letters"},
		{rename, replace, "other||"},
		{comment, column, "t|words|letters"},
		{comment, replace, "other|words|"},
		{replace, comment, "other|words|"},
	} {
		mustExec(t, s, "CREATE TABLE t (a INTEGER); CREATE VIEW v AS SELECT 't'::regclass::text AS n")
		run(c.first, c.second, "")
		if got := queryText(t, s, state); got != c.want {
			t.Errorf("after %s, then %s: %s, want %s", c.first, c.second, got, c.want)
		}
		mustExec(t, s, "DROP VIEW v; DROP TABLE IF EXISTS t, t2")
	}
}

// Two views that are replaced at the same time do not come to read each other.
func TestViewsReplacedToReadEachOther(t *testing.T) {
	db, s := openTest(t, "")
	run := races(t, db, s)
	mustExec(t, s, "CREATE VIEW w AS SELECT 1 AS n; CREATE VIEW below AS SELECT 1 AS n; CREATE VIEW v AS SELECT n FROM below")
	run("CREATE OR REPLACE VIEW w AS SELECT n FROM v", "CREATE OR REPLACE VIEW below AS SELECT n FROM w", "42P17")
	if got := queryText(t, s, "SELECT n FROM w"); got != "1" {
		t.Error(got)
	}
}
