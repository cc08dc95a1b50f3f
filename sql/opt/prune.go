package opt

import (
	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

// prune removes what nobody uses: columns of scans, items of projections,
// aggregates, columns of set operations and of WITH definitions.
func (o *optimizer) prune(root plan.Node) plan.Node {
	p := &pruner{ctes: map[int]*plan.ColSet{}}
	return p.node(root, plan.NewColSet(root.Columns()))
}

type pruner struct {
	// ctes collects which columns of each definition are used.
	ctes map[int]*plan.ColSet
}

// node returns n producing at least the columns of need that it has.
func (p *pruner) node(n plan.Node, need plan.ColSet) plan.Node {
	switch n := n.(type) {
	case *plan.Scan:
		return n.WithCols(keepScanCols(n.Cols, need, n.Filters))
	case *plan.FileScan:
		return n.WithCols(keepScanCols(n.Cols, need, n.Filters))
	case *plan.Values:
		return pruneValues(n, need)
	case *plan.Project:
		return p.project(n, need)
	case *plan.Aggregate:
		return p.aggregate(n, need)
	case *plan.Window:
		return p.window(n, need)
	case *plan.SetOp:
		return p.setOp(n, need)
	case *plan.With:
		return p.with(n, need)
	case *plan.Recursive:
		return p.recursive(n)
	case *plan.WorkTable:
		return n
	case *plan.CTERef:
		return p.cteRef(n, need)
	case *plan.Join:
		return p.join(n, need)
	case *plan.Insert:
		return n.WithChildren([]plan.Node{p.node(n.Source, plan.Used(n.Exprs()...))})
	case *plan.Update:
		c := *n
		p.target(&c.Target, n.Exprs())
		return &c
	case *plan.Delete:
		c := *n
		p.target(&c.Target, n.Exprs())
		return &c
	case *plan.Lock:
		return p.lock(n, need)
	}
	children := n.Children()
	if len(children) == 0 {
		return n
	}
	need = need.Copy()
	need.AddAll(plan.Used(n.Exprs()...))
	return n.WithChildren([]plan.Node{p.node(children[0], need)})
}

func keepScanCols(cols []plan.ScanColumn, need plan.ColSet, filters []fn.Expr) []plan.ScanColumn {
	need = need.Copy()
	need.AddAll(plan.Used(filters...))
	var out []plan.ScanColumn
	for _, c := range cols {
		if need.Has(c.ID) {
			out = append(out, c)
		}
	}
	return out
}

func pruneValues(v *plan.Values, need plan.ColSet) plan.Node {
	c := *v
	c.Cols = nil
	c.Rows = make([][]fn.Expr, len(v.Rows))
	for i, col := range v.Cols {
		if !need.Has(col.ID) {
			continue
		}
		c.Cols = append(c.Cols, col)
		for r := range v.Rows {
			c.Rows[r] = append(c.Rows[r], v.Rows[r][i])
		}
	}
	return &c
}

func (p *pruner) project(n *plan.Project, need plan.ColSet) plan.Node {
	c := &plan.Project{}
	for i, col := range n.Cols {
		// A volatile function runs for its effect (nextval) too.
		if need.Has(col.ID) || isVolatile(n.Items[i]) {
			c.Items, c.Cols = append(c.Items, n.Items[i]), append(c.Cols, col)
		}
	}
	c.Input = p.node(n.Input, plan.Used(c.Items...))
	if len(c.Items) == 0 && len(c.Input.Columns()) == 0 {
		return c.Input
	}
	return c
}

// aggregate drops unused functions; keys stay, they make the groups.
func (p *pruner) aggregate(n *plan.Aggregate, need plan.ColSet) plan.Node {
	c := *n
	c.Aggs = nil
	for _, g := range n.Aggs {
		if need.Has(g.Col.ID) {
			c.Aggs = append(c.Aggs, g)
		}
	}
	c.Input = p.node(n.Input, plan.Used(c.Exprs()...))
	return &c
}

func (p *pruner) window(n *plan.Window, need plan.ColSet) plan.Node {
	c := *n
	c.Funcs = nil
	for _, f := range n.Funcs {
		if need.Has(f.Col.ID) {
			c.Funcs = append(c.Funcs, f)
		}
	}
	if len(c.Funcs) == 0 {
		return p.node(n.Input, need)
	}
	below := need.Copy()
	below.AddAll(plan.Used(c.Exprs()...))
	c.Input = p.node(n.Input, below)
	return &c
}

func (p *pruner) setOp(n *plan.SetOp, need plan.ColSet) plan.Node {
	c := *n
	c.Cols = nil
	c.Maps = make([][]plan.ColID, len(n.Inputs))
	for j, col := range n.Cols {
		// Only UNION ALL may lose columns: the others compare whole rows.
		if !need.Has(col.ID) && n.Kind == plan.Union && n.All {
			continue
		}
		c.Cols = append(c.Cols, col)
		for i := range n.Inputs {
			c.Maps[i] = append(c.Maps[i], n.Maps[i][j])
		}
	}
	c.Inputs = make([]plan.Node, len(n.Inputs))
	for i, in := range n.Inputs {
		var mine plan.ColSet
		for _, id := range c.Maps[i] {
			mine.Add(id)
		}
		c.Inputs[i] = p.node(in, mine)
	}
	return &c
}

// with prunes the body first, which tells what the definition has to produce.
func (p *pruner) with(n *plan.With, need plan.ColSet) plan.Node {
	used := &plan.ColSet{}
	p.ctes[n.ID] = used
	body := p.node(n.Body, need)
	return n.WithChildren([]plan.Node{p.node(n.Def, *used), body})
}

func (p *pruner) cteRef(n *plan.CTERef, need plan.ColSet) plan.Node {
	c := *n
	c.Cols, c.Source = nil, nil
	used := p.ctes[n.CTE]
	for i, col := range n.Cols {
		if need.Has(col.ID) {
			c.Cols, c.Source = append(c.Cols, col), append(c.Source, n.Source[i])
			used.Add(n.Source[i])
		}
	}
	return &c
}

func (p *pruner) join(n *plan.Join, need plan.ColSet) plan.Node {
	above := need
	need = need.Copy()
	need.AddAll(plan.Used(n.Exprs()...))
	if n.Kind == plan.MarkJoin && !need.Has(n.MarkCol.ID) || superfluous(n, above) {
		return p.node(n.Left, above)
	}
	return n.WithChildren([]plan.Node{p.node(n.Left, need), p.node(n.Right, need)})
}

// target narrows the source of UPDATE or DELETE and the list of columns that it has of the table.
func (p *pruner) target(t *plan.Target, exprs []fn.Expr) {
	need := plan.Used(exprs...)
	var cols []plan.ScanColumn
	for _, c := range t.Cols {
		if need.Has(c.ID) {
			cols = append(cols, c)
		}
	}
	t.Cols = cols
	need.Add(t.Key)
	t.Source = p.node(t.Source, need)
}

func (p *pruner) lock(n *plan.Lock, need plan.ColSet) plan.Node {
	c := *n
	need = need.Copy()
	need.AddAll(plan.Used(n.Recheck...))
	c.Targets = append([]plan.LockTarget(nil), n.Targets...)
	for i := range c.Targets {
		t := &c.Targets[i]
		var cols []plan.ScanColumn
		for _, col := range t.Cols {
			if need.Has(col.ID) {
				cols = append(cols, col)
			}
		}
		t.Cols = cols
		need.Add(t.Key)
	}
	c.Input = p.node(n.Input, need)
	return &c
}

// recursive keeps all columns: those of a round are the input of the next.
func (p *pruner) recursive(n *plan.Recursive) plan.Node {
	var initial, step plan.ColSet
	for i := range n.Cols {
		initial.Add(n.Maps[0][i])
		step.Add(n.Maps[1][i])
	}
	return n.WithChildren([]plan.Node{p.node(n.Initial, initial), p.node(n.Step, step)})
}
