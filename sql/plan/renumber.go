package plan

import "htapdb/vector/fn"

// Renumber returns a copy of the plan in which every column that it produces
// has a fresh ID, and the mapping from old to new. References to columns of
// enclosing queries stay. It serves to use one plan twice in a statement.
func Renumber(n Node, ids *IDs) (Node, map[ColID]ColID) {
	r := &renumberer{ids: ids, cols: map[ColID]ColID{}, ctes: map[int]int{}}
	return r.node(n), r.cols
}

type renumberer struct {
	ids  *IDs
	cols map[ColID]ColID
	ctes map[int]int
}

// node copies from the bottom up, so that columns have their new IDs before
// expressions that use them are rewritten.
func (r *renumberer) node(n Node) Node {
	if w, ok := n.(*With); ok {
		// A CTE keeps its identity in the statement by a number that no
		// column has had: fresh ColIDs are as unique as it takes.
		r.ctes[w.ID] = int(r.ids.Next()) + cteRenumberBase
	}
	if rec, ok := n.(*Recursive); ok {
		r.ctes[rec.ID] = int(r.ids.Next()) + cteRenumberBase
	}
	old := n.Children()
	fresh := make([]Node, len(old))
	for i, c := range old {
		fresh[i] = r.node(c)
	}
	if len(old) > 0 {
		n = n.WithChildren(fresh)
	}
	n = r.outputs(n)
	return MapOwnExprs(n, r.expr)
}

// cteRenumberBase keeps the numbers of copied CTEs apart from the binder's.
const cteRenumberBase = 1 << 20

func (r *renumberer) id(id ColID) ColID {
	if to, ok := r.cols[id]; ok {
		return to
	}
	to := r.ids.Next()
	r.cols[id] = to
	return to
}

func (r *renumberer) col(c Column) Column {
	c.ID = r.id(c.ID)
	return c
}

func (r *renumberer) list(cols []Column) []Column {
	out := make([]Column, len(cols))
	for i, c := range cols {
		out[i] = r.col(c)
	}
	return out
}

func (r *renumberer) scanCols(cols []ScanColumn) []ScanColumn {
	out := make([]ScanColumn, len(cols))
	for i, c := range cols {
		out[i] = ScanColumn{r.col(c.Column), c.Ordinal}
	}
	return out
}

func (r *renumberer) idList(ids []ColID) []ColID {
	out := make([]ColID, len(ids))
	for i, id := range ids {
		out[i] = r.id(id)
	}
	return out
}

// expr renames the columns seen so far; others belong to enclosing queries.
func (r *renumberer) expr(e fn.Expr) fn.Expr {
	out, _ := fn.Transform(e, func(n fn.Expr) (fn.Expr, error) {
		switch n := n.(type) {
		case *fn.Column:
			if to, ok := r.cols[ColID(n.Index)]; ok {
				return &fn.Column{Index: int(to), Typ: n.Typ, Name: n.Name}, nil
			}
		case *Subquery:
			c := *n
			c.Plan = r.node(n.Plan)
			if c.Cond != nil {
				c.Cond = r.expr(c.Cond)
			}
			return &c, nil
		}
		return n, nil
	})
	return out
}

// outputs gives fresh IDs to the columns that the node itself introduces.
func (r *renumberer) outputs(n Node) Node {
	switch n := n.(type) {
	case *Scan:
		return n.WithCols(r.scanCols(n.Cols))
	case *FileScan:
		return n.WithCols(r.scanCols(n.Cols))
	case *TableFunc:
		c := *n
		c.Cols = r.list(n.Cols)
		return &c
	case *ProjectSet:
		c := *n
		c.Col = r.col(n.Col)
		return &c
	case *Values:
		c := *n
		c.Cols = r.list(n.Cols)
		return &c
	case *Project:
		c := *n
		c.Cols = r.list(n.Cols)
		return &c
	case *Aggregate:
		return r.aggregate(n)
	case *Join:
		if n.Kind != MarkJoin {
			return n
		}
		c := *n
		c.MarkCol = r.col(n.MarkCol)
		return &c
	case *SetOp:
		c := *n
		c.Maps = make([][]ColID, len(n.Maps))
		for i, m := range n.Maps {
			c.Maps[i] = r.idList(m)
		}
		c.Cols = r.list(n.Cols)
		return &c
	case *With:
		c := *n
		c.ID = r.ctes[n.ID]
		return &c
	case *CTERef:
		return r.cteRef(n)
	case *Recursive:
		c := *n
		c.ID = r.ctes[n.ID]
		c.Maps = [2][]ColID{r.idList(n.Maps[0]), r.idList(n.Maps[1])}
		c.Cols = r.list(n.Cols)
		return &c
	case *WorkTable:
		c := *n
		if id, ok := r.ctes[n.Recursive]; ok {
			c.Recursive = id
		}
		c.Cols = r.list(n.Cols)
		return &c
	case *Window:
		c := *n
		c.Funcs = append([]WindowFunc(nil), n.Funcs...)
		for i := range c.Funcs {
			c.Funcs[i].Col = r.col(c.Funcs[i].Col)
		}
		return &c
	case *Lock:
		c := *n
		c.Targets = append([]LockTarget(nil), n.Targets...)
		for i := range c.Targets {
			c.Targets[i].Key = r.id(c.Targets[i].Key)
			c.Targets[i].Cols = r.scanCols(c.Targets[i].Cols)
		}
		return &c
	}
	return n
}

func (r *renumberer) aggregate(n *Aggregate) Node {
	c := *n
	c.GroupBy = append([]GroupKey(nil), n.GroupBy...)
	for i := range c.GroupBy {
		c.GroupBy[i].Col = r.col(c.GroupBy[i].Col)
	}
	c.Aggs = append([]Agg(nil), n.Aggs...)
	for i := range c.Aggs {
		c.Aggs[i].Col = r.col(c.Aggs[i].Col)
	}
	if n.SetID.ID != 0 {
		c.SetID = r.col(n.SetID)
	}
	return &c
}

func (r *renumberer) cteRef(n *CTERef) Node {
	c := *n
	if id, ok := r.ctes[n.CTE]; ok {
		c.CTE = id
		c.Source = r.idList(n.Source)
	}
	c.Cols = r.list(n.Cols)
	return &c
}
