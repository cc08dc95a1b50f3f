package opt

import (
	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// reduceGroupKeys takes out grouping keys that the others determine, through
// primary keys and the equalities of joins: they become any value of the
// group. Grouping by a customer's key, name and address hashes the key alone.
func (o *optimizer) reduceGroupKeys(root plan.Node) plan.Node {
	return plan.Rewrite(root, func(n plan.Node) plan.Node {
		a, ok := n.(*plan.Aggregate)
		if !ok || len(a.GroupBy) < 2 || a.Sets != nil {
			return n
		}
		return reduceKeys(a)
	})
}

func reduceKeys(a *plan.Aggregate) plan.Node {
	d := &dependencies{}
	d.collect(a.Input)
	if len(d.tables) == 0 {
		return a
	}
	kept := append([]plan.GroupKey(nil), a.GroupBy...)
	c := *a
	c.Aggs = append([]plan.Agg(nil), a.Aggs...)
	// Strings go first: they cost most as keys.
	for _, wantString := range []bool{true, false} {
		for i := len(kept) - 1; i >= 0; i-- {
			k := kept[i]
			id, isCol := plan.RefID(k.Expr)
			if !isCol || k.Col.ID != id || (k.Expr.Type().Physical() == types.PhysString) != wantString {
				continue
			}
			rest := append(append([]plan.GroupKey(nil), kept[:i]...), kept[i+1:]...)
			if !d.determines(rest, id) {
				continue
			}
			f, err := fn.ResolveAggregate("any_value", []types.Type{k.Col.Type})
			if err != nil || f.Result != k.Col.Type || f.Args[0] != k.Col.Type {
				continue
			}
			c.Aggs = append(c.Aggs, plan.Agg{Func: f, Args: []fn.Expr{k.Expr}, Col: k.Col})
			kept = rest
		}
	}
	if len(kept) == len(a.GroupBy) {
		return a
	}
	c.GroupBy = kept
	return &c
}

// dependencies are what a plan says about which columns determine others.
type dependencies struct {
	// tables have a key and all columns that the scan reads.
	tables []tableKey
	equal  [][2]plan.ColID
}

type tableKey struct{ key, all plan.ColSet }

// collect gathers keys and equalities from a plan. They hold for all rows of
// its result: what an outer join fills with NULLs, it fills for whole tables.
func (d *dependencies) collect(n plan.Node) {
	switch n := n.(type) {
	case *plan.Scan:
		d.scan(n)
	case *plan.Join:
		d.collect(n.Left)
		if !n.Kind.LeftOnly() {
			d.collect(n.Right)
		}
		if n.Kind == plan.InnerJoin {
			for _, k := range n.Keys {
				l, ok1 := plan.RefID(k.Left)
				r, ok2 := plan.RefID(k.Right)
				if ok1 && ok2 && !k.Left.Type().IsFloat() {
					d.equal = append(d.equal, [2]plan.ColID{l, r})
				}
			}
		}
	case *plan.Filter, *plan.Project, *plan.Sort, *plan.Limit, *plan.TopN:
		d.collect(n.Children()[0])
	}
}

func (d *dependencies) scan(s *plan.Scan) {
	if len(s.Table.PrimaryKey) == 0 {
		return
	}
	t := tableKey{all: plan.NewColSet(s.Columns())}
	found := 0
	for _, o := range s.Table.PrimaryKey {
		for _, c := range s.Cols {
			if c.Ordinal == o {
				t.key.Add(c.ID)
				found++
			}
		}
	}
	if found == len(s.Table.PrimaryKey) {
		d.tables = append(d.tables, t)
	}
}

// determines reports whether equal keys imply equal values of the column.
func (d *dependencies) determines(keys []plan.GroupKey, id plan.ColID) bool {
	var known plan.ColSet
	for _, k := range keys {
		if key, ok := plan.RefID(k.Expr); ok {
			known.Add(key)
		}
	}
	for size := -1; size != known.Len(); {
		size = known.Len()
		for _, t := range d.tables {
			if t.key.SubsetOf(known) {
				known.AddAll(t.all)
			}
		}
		for _, e := range d.equal {
			if known.Has(e[0]) {
				known.Add(e[1])
			}
			if known.Has(e[1]) {
				known.Add(e[0])
			}
		}
	}
	return known.Has(id)
}
