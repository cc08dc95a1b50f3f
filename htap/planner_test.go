package htap

import (
	"testing"

	"htapdb/colstore"
	"htapdb/sql/plan"
)

// A plan that was made while a table's columns could not be read is made anew
// when they can, and the other way round.
func TestPlanFollowsColumns(t *testing.T) {
	db, s := openTest(t, "")
	mustExec(t, s, "CREATE TABLE t (id BIGINT PRIMARY KEY, x BIGINT NOT NULL)")
	mustExec(t, s, "INSERT INTO t SELECT i, i FROM generate_series(1, 20000) AS g(i)")
	mustExec(t, s, "SET htap.route = 'column'")
	mustExec(t, s, "SELECT sum(x) FROM t") // waits for the columns
	mustExec(t, s, "RESET htap.route")
	cat, err := db.committedCatalog()
	if err != nil {
		t.Fatal(err)
	}
	columns, ok := db.engine.Feed.Columns().Table(cat.Table("public", "t").StorageID)
	if !ok {
		t.Fatal("there are no columns")
	}
	st, err := s.Prepare(t.Context(), "SELECT sum(x) FROM t")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		state colstore.State
		rows  bool
	}{{colstore.Live, false}, {colstore.Detached, true}, {colstore.Live, false}, {colstore.Rebuilding, true}, {colstore.Live, false}} {
		columns.SetState(c.state, "")
		p, err := s.planAt(st, cat)
		if err != nil {
			t.Fatal(err)
		}
		plan.Walk(p.root, func(n plan.Node) bool {
			if scan, ok := n.(*plan.Scan); ok && scan.Access.Path.IsRow() != c.rows {
				t.Errorf("columns are %s: the plan has a %v", c.state, scan.Access.Path)
			}
			return true
		})
	}
}
