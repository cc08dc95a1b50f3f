package plan_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"htapdb/sql/binder"
	"htapdb/sql/binder/bindtest"
	"htapdb/sql/opt"
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// statements have every kind of node in their plans.
var statements = []string{
	"select t.a, count(*) filter (where u.x > 1) from t left join u on t.b = u.a and u.x < t.a where t.c like 'x%' group by t.a order by 2 desc limit 3 offset 1",
	"select a, (select max(x) from u where u.a > t.b), b in (select k1 from w) from t",
	"select b, rank() over (partition by b order by a rows between 1 preceding and 2 following) from t",
	"with recursive r (n) as (select 1 union all select n + 1 from r where n < 5) select * from r r1, r r2",
	"with c as materialized (select a from t) select * from c c1 join c c2 on c1.a = c2.a",
	"select distinct on (b) b, a from t order by b, a",
	"select a from t union all select x from u",
	"select b, c, sum(a) from t group by cube (b, c)",
	"select a from t where b = $1 for update",
	"select * from generate_series(1, 3) g, 'trips.parquet' f where f.id = g",
	"values (1, 'a'), (2, null)",
	"insert into t (a, b) select x, 1 from u on conflict (a) do update set b = excluded.b where t.c is null returning a + 1",
	"insert into serial (n) values (1)",
	"update t set b = u.x from u where u.a = t.a returning t.b, u.y",
	"delete from t using u where u.a = t.b returning t.c",
}

func bound(t *testing.T, sql string) plan.Node {
	t.Helper()
	c, err := bindtest.TPCH()
	if err != nil {
		t.Fatal(err)
	}
	stmt, err := parser.ParseOne(sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	b, err := binder.Bind(stmt.Stmt, binder.Options{SQL: sql, Catalog: c})
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return b.Root
}

// each calls visit for the nodes of the bound and the optimized plans of all statements.
func each(t *testing.T, visit func(sql string, n plan.Node)) {
	t.Helper()
	for _, sql := range statements {
		root := bound(t, sql)
		optimized, err := opt.Optimize(root, opt.Options{})
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		for _, r := range []plan.Node{root, optimized} {
			plan.Walk(r, func(n plan.Node) bool {
				visit(sql, n)
				return true
			})
		}
	}
}

// TestCopies: a node copied with its own expressions and inputs is the node.
func TestCopies(t *testing.T) {
	kinds := map[reflect.Type]bool{}
	each(t, func(sql string, n plan.Node) {
		kinds[reflect.TypeOf(n)] = true
		if c := n.WithExprs(n.Exprs()); !equalNodes(c, n) {
			t.Errorf("%s: %T changed by WithExprs of its own expressions", sql, n)
		}
		if c := n.WithChildren(n.Children()); !equalNodes(c, n) {
			t.Errorf("%s: %T changed by WithChildren of its own inputs", sql, n)
		}
		// Expressions must come back in the order in which they are listed.
		exprs := n.Exprs()
		marked := make([]fn.Expr, len(exprs))
		for i := range exprs {
			marked[i] = &fn.Column{Index: 1000 + i, Typ: exprs[i].Type()}
		}
		for i, e := range n.WithExprs(marked).Exprs() {
			if e != marked[i] {
				t.Errorf("%s: expression %d of %T is lost or moved", sql, i, n)
			}
		}
	})
	if len(kinds) < 19 {
		t.Errorf("only %d kinds of nodes seen", len(kinds))
	}
}

func equalNodes(a, b plan.Node) bool {
	return strings.Join(plan.Explain(a, nil), "\n") == strings.Join(plan.Explain(b, nil), "\n") &&
		reflect.DeepEqual(a.Columns(), b.Columns())
}

// TestRenumber: a copy has the same shape, no column in common, and is valid.
func TestRenumber(t *testing.T) {
	for _, sql := range statements {
		root := bound(t, sql)
		switch root.(type) {
		case *plan.Insert, *plan.Update, *plan.Delete:
			continue
		}
		ids := plan.NewIDs(root)
		copied, mapping := plan.Renumber(root, ids)
		if err := plan.Validate(copied, false); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
		old := map[plan.ColID]bool{}
		plan.Walk(root, func(n plan.Node) bool {
			for _, c := range n.Columns() {
				old[c.ID] = true
			}
			return true
		})
		plan.Walk(copied, func(n plan.Node) bool {
			for _, c := range n.Columns() {
				if old[c.ID] {
					t.Errorf("%s: column %d is in both", sql, c.ID)
				}
			}
			return true
		})
		for i, c := range root.Columns() {
			if copied.Columns()[i].ID != mapping[c.ID] {
				t.Errorf("%s: column %d is not mapped", sql, c.ID)
			}
		}
	}
}

// TestValidateFails plants one mistake of each kind.
func TestValidateFails(t *testing.T) {
	one := &plan.Values{Rows: [][]fn.Expr{{plan.Bigint(1)}}, Cols: []plan.Column{{ID: 1, Name: "x", Type: types.TInt8}}}
	two := &plan.Values{Rows: one.Rows, Cols: []plan.Column{{ID: 2, Name: "y", Type: types.TInt8}}}
	ref := func(id int, typ types.Type) fn.Expr { return &fn.Column{Index: id, Typ: typ, Name: "c"} }
	exists := &plan.Subquery{Kind: plan.ExistsSubquery, Plan: two, Typ: types.TBool}
	for _, c := range []struct {
		want    string
		lowered bool
		n       plan.Node
	}{
		{"not produced", false, &plan.Filter{Input: one, Conds: []fn.Expr{ref(7, types.TBool)}}},
		{"read as", false, &plan.Sort{Input: one, Keys: []plan.SortKey{{Expr: ref(1, types.TInt4)}}}},
		{"both sides", false, &plan.Join{Kind: plan.InnerJoin, Left: one, Right: one}},
		{"twice", false, &plan.Project{Input: one, Items: []fn.Expr{ref(1, types.TInt8), ref(1, types.TInt8)}, Cols: []plan.Column{one.Cols[0], one.Cols[0]}}},
		{"of type", false, &plan.Project{Input: one, Items: []fn.Expr{ref(1, types.TInt8)}, Cols: []plan.Column{{ID: 3, Type: types.TText}}}},
		{"join key of types", false, &plan.Join{Left: one, Right: two, Keys: []plan.EquiKey{{Left: ref(1, types.TInt8), Right: plan.True(true)}}}},
		{"not over its side", true, &plan.Join{Left: one, Right: two, Keys: []plan.EquiKey{{Left: ref(2, types.TInt8), Right: ref(1, types.TInt8)}}}},
		{"null-aware", false, &plan.Join{Kind: plan.AntiJoin, Left: one, Right: two, NullAware: true}},
		{"subquery left", true, &plan.Filter{Input: one, Conds: []fn.Expr{exists}}},
		{"not lowered", true, &plan.Distinct{Input: one}},
		{"not lowered", true, &plan.Aggregate{Input: one, Sets: [][]int{{}}, SetID: plan.Column{ID: 9, Type: types.TInt8}}},
		{"not lowered", true, &plan.SetOp{Kind: plan.Except}},
		{"is not defined", false, &plan.CTERef{CTE: 4}},
		{"set operation", false, &plan.SetOp{All: true, Inputs: []plan.Node{one}, Maps: [][]plan.ColID{{5}}, Cols: []plan.Column{{ID: 3, Type: types.TInt8}}}},
	} {
		err := plan.Validate(c.n, c.lowered)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T: error %v, want %q", c.n, err, c.want)
		}
	}
}

// TestOuter: the free columns of a plan are those of enclosing queries.
func TestOuter(t *testing.T) {
	root := bound(t, "select a from t where exists (select 1 from u where u.a = t.b and u.x in (select k1 from w where w.v = t.d))")
	var sub *plan.Subquery
	for _, e := range root.Children()[0].Exprs() {
		fn.Walk(e, func(e fn.Expr) bool {
			if s, ok := e.(*plan.Subquery); ok {
				sub = s
			}
			return true
		})
	}
	if got := plan.Outer(sub.Plan).Len(); got != 2 {
		t.Errorf("%d outer columns, want t.b and t.d", got)
	}
	if !plan.Outer(root).Empty() {
		t.Error("the whole query has outer columns")
	}
}

// TestColSet compares with a map under random operations.
func TestColSet(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var a, b plan.ColSet
		ma, mb := map[plan.ColID]bool{}, map[plan.ColID]bool{}
		for range r.IntN(60) {
			id := plan.ColID(r.IntN(200))
			switch r.IntN(4) {
			case 0:
				a.Remove(id)
				delete(ma, id)
			case 1:
				b.Add(id)
				mb[id] = true
			default:
				a.Add(id)
				ma[id] = true
			}
		}
		common, subset := 0, true
		for id := range ma {
			if mb[id] {
				common++
			} else {
				subset = false
			}
		}
		union := a.Copy()
		union.AddAll(b)
		switch {
		case a.Len() != len(ma), len(a.IDs()) != len(ma),
			a.Intersect(b).Len() != common, a.Minus(b).Len() != len(ma)-common,
			union.Len() != len(ma)+len(mb)-common,
			a.Intersects(b) != (common > 0), a.SubsetOf(b) != subset, a.Empty() != (len(ma) == 0):
			t.Fatalf("set %v and %v disagree with maps", a.IDs(), b.IDs())
		}
		for id := plan.ColID(0); id < 200; id++ {
			if a.Has(id) != ma[id] {
				t.Fatalf("Has(%d) = %v", id, a.Has(id))
			}
		}
	}
}

// TestExplain compares text and JSON of routed and unrouted scans with
// testdata; the access line has a form that users parse.
func TestExplain(t *testing.T) {
	tab := &plan.Table{Name: "flights", Columns: []plan.TableColumn{{Name: "id", Type: types.TInt8}}, PrimaryKey: []int{0}}
	s := plan.NewScan(tab, "f", &plan.IDs{})
	var out []string
	for _, a := range []*plan.Access{
		{Path: plan.ColumnScan, RowCost: 1234.5, ColumnCost: 6},
		{Path: plan.RowPointGet, RowCost: 3, ColumnCost: -1, Reason: "columns are building", Keys: [][]fn.Expr{{&fn.Param{Typ: types.TInt8}}}},
		{Path: plan.RowIndexScan, RowCost: 3, ColumnCost: 9, Lo: &plan.Bound{Expr: plan.Bigint(5)}, Hi: &plan.Bound{Expr: plan.Bigint(7), Inclusive: true}},
		{Path: plan.VirtualScan},
	} {
		c := *s
		c.Access = a
		top := &plan.Limit{Input: &c, Count: plan.Bigint(3)}
		access := &plan.Actual{Executed: true, Rows: 3, Access: &plan.AccessActual{
			Segments: 4, SegmentsPruned: 3, RowsPruned: 300, RowsScanned: 100, DeltaRows: 5,
			Filters: []plan.FilterActual{
				{Predicate: "(id > 5)", Kind: "zone map, encoded", Removed: 90, SegmentsPruned: 2},
				{Predicate: "id <= 9", Kind: "zone map", Source: "Top-N Sort", SegmentsPruned: 1},
			},
		}}
		if a.Path.IsRow() {
			access = nil
		}
		o := &plan.ExplainOptions{Rows: func(plan.Node) float64 { return 2.4 }, Actual: func(n plan.Node) *plan.Actual {
			if n == plan.Node(top) {
				return &plan.Actual{Executed: true, Rows: 3, Time: 1500 * time.Microsecond, Memory: 5000, Removed: 7}
			}
			return access
		}}
		out = append(out, plan.Explain(top, o)...)
		text, err := plan.ExplainJSON(top, o)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(text), "")
	}
	bindtest.GoldenFile(t, filepath.Join("testdata", "explain.txt"), strings.Join(out, "\n"))
	if _, err := os.Stat("testdata/explain.txt"); err != nil {
		t.Fatal(err)
	}
}
