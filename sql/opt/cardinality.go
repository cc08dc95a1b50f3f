package opt

import (
	"math"

	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

// profile is the estimate of a plan's result: its number of rows and what is
// known about its columns.
type profile struct {
	rows float64
	cols map[plan.ColID]plan.ColumnStats
}

// distinct is the estimated number of distinct values of a column.
func (p *profile) distinct(id plan.ColID) float64 {
	c, ok := p.cols[id]
	if !ok || c.Distinct <= 0 {
		// Nothing is known: assume some repetition.
		return math.Max(1, p.rows/10)
	}
	return math.Max(1, math.Min(c.Distinct, p.rows))
}

// estimator computes profiles and remembers them by node.
type estimator struct {
	memo map[plan.Node]*profile
	ctes map[int]plan.Node
}

func newEstimator() *estimator {
	return &estimator{memo: map[plan.Node]*profile{}, ctes: map[int]plan.Node{}}
}

// rows is the estimated size of a plan's result.
func (s *estimator) rows(n plan.Node) float64 { return s.of(n).rows }

func (s *estimator) of(n plan.Node) *profile {
	if p, ok := s.memo[n]; ok {
		return p
	}
	p := s.compute(n)
	if math.IsNaN(p.rows) || p.rows < 0 {
		p.rows = 1
	}
	s.memo[n] = p
	return p
}

func (s *estimator) compute(n plan.Node) *profile {
	switch n := n.(type) {
	case *plan.Scan:
		return s.scan(n)
	case *plan.FileScan:
		p := &profile{rows: fileRows, cols: map[plan.ColID]plan.ColumnStats{}}
		return p.scaled(Selectivity(n.Filters, p.stats))
	case *plan.Values:
		return &profile{rows: float64(len(n.Rows))}
	case *plan.TableFunc:
		return &profile{rows: functionRows}
	case *plan.ProjectSet:
		return &profile{rows: setRows * s.rows(n.Input)}
	case *plan.Filter:
		in := s.of(n.Input)
		return in.scaled(Selectivity(n.Conds, in.stats))
	case *plan.Project:
		return s.project(n)
	case *plan.Aggregate:
		return s.aggregate(n)
	case *plan.Join:
		return s.join(n)
	case *plan.Limit:
		return s.limit(n.Input, n.Count)
	case *plan.TopN:
		return s.limit(n.Input, n.Count)
	case *plan.SetOp:
		p := &profile{}
		for _, in := range n.Inputs {
			p.rows += s.rows(in)
		}
		return p
	case *plan.Recursive:
		return &profile{rows: s.rows(n.Initial) * recursiveRounds}
	case *plan.WorkTable:
		return &profile{rows: functionRows}
	case *plan.With:
		s.ctes[n.ID] = n.Def
		return s.of(n.Body)
	case *plan.CTERef:
		return s.cteRef(n)
	}
	if children := n.Children(); len(children) > 0 {
		return s.of(children[0])
	}
	return &profile{rows: plan.DefaultRowCount}
}

// Sizes assumed where nothing is known.
const (
	fileRows     = 1_000_000
	functionRows = 1000
	// setRows is the number of values that a set-returning function makes of a row.
	setRows = 10
	// recursiveRounds is the number of rounds assumed of a recursive query.
	recursiveRounds = 10
)

// stats returns what is known about a column, for Selectivity.
func (p *profile) stats(id plan.ColID) plan.ColumnStats {
	c := p.cols[id]
	if c.Distinct <= 0 {
		c.Distinct = math.Min(p.distinct(id), 200)
	}
	return c
}

// scaled is the profile after a filter.
func (p *profile) scaled(selectivity float64) *profile {
	return &profile{rows: math.Max(p.rows*selectivity, math.Min(p.rows, 1)), cols: p.cols}
}

func (s *estimator) scan(n *plan.Scan) *profile {
	p := &profile{rows: n.Table.RowCount(), cols: map[plan.ColID]plan.ColumnStats{}}
	for _, c := range n.Cols {
		cs := n.Table.ColumnStats(c.Ordinal)
		if c.Ordinal == plan.KeyOrdinal || len(n.Table.PrimaryKey) == 1 && n.Table.PrimaryKey[0] == c.Ordinal {
			cs.Distinct = p.rows
		}
		p.cols[c.ID] = cs
	}
	return p.scaled(Selectivity(n.Filters, p.stats))
}

func (s *estimator) project(n *plan.Project) *profile {
	in := s.of(n.Input)
	p := &profile{rows: in.rows, cols: map[plan.ColID]plan.ColumnStats{}}
	for i, c := range n.Cols {
		p.cols[c.ID] = in.exprStats(n.Items[i])
	}
	return p
}

// exprStats describes a computed value: no more distinct values than its columns combine to.
func (p *profile) exprStats(e fn.Expr) plan.ColumnStats {
	if id, ok := plan.RefID(e); ok {
		return p.cols[id]
	}
	d := 1.0
	for _, id := range plan.Used(e).IDs() {
		d *= p.distinct(id)
	}
	return plan.ColumnStats{Distinct: math.Min(d, math.Max(p.rows, 1))}
}

func (s *estimator) aggregate(n *plan.Aggregate) *profile {
	in := s.of(n.Input)
	p := &profile{rows: 1, cols: map[plan.ColID]plan.ColumnStats{}}
	if len(n.GroupBy) > 0 {
		for _, k := range n.GroupBy {
			cs := in.exprStats(k.Expr)
			p.cols[k.Col.ID] = cs
			if cs.Distinct <= 0 {
				cs.Distinct = math.Max(1, in.rows/10)
			}
			p.rows *= math.Min(cs.Distinct, in.rows)
		}
		p.rows = math.Max(1, math.Min(p.rows, in.rows))
	}
	for _, g := range n.Aggs {
		p.cols[g.Col.ID] = plan.ColumnStats{Distinct: p.rows}
	}
	return p
}

func (s *estimator) limit(input plan.Node, count fn.Expr) *profile {
	in := s.of(input)
	p := &profile{rows: in.rows, cols: in.cols}
	if lit, ok := count.(*fn.Literal); ok && !lit.Value.IsNull() {
		p.rows = math.Min(p.rows, float64(lit.Value.Int()))
	}
	return p
}

func (s *estimator) cteRef(n *plan.CTERef) *profile {
	def, ok := s.ctes[n.CTE]
	if !ok {
		rows := n.EstRows
		if rows == 0 {
			rows = plan.DefaultRowCount
		}
		return &profile{rows: rows}
	}
	d := s.of(def)
	p := &profile{rows: d.rows, cols: map[plan.ColID]plan.ColumnStats{}}
	for i, c := range n.Cols {
		p.cols[c.ID] = d.cols[n.Source[i]]
	}
	return p
}

func (s *estimator) join(n *plan.Join) *profile {
	l, r := s.of(n.Left), s.of(n.Right)
	p := &profile{cols: map[plan.ColID]plan.ColumnStats{}}
	for id, c := range l.cols {
		p.cols[id] = c
	}
	if !n.Kind.LeftOnly() {
		for id, c := range r.cols {
			p.cols[id] = c
		}
	}
	both := &profile{rows: math.Max(l.rows, r.rows), cols: map[plan.ColID]plan.ColumnStats{}}
	for _, m := range []map[plan.ColID]plan.ColumnStats{l.cols, r.cols} {
		for id, c := range m {
			both.cols[id] = c
		}
	}
	keys, rest := n.Keys, n.Residual
	if len(keys) == 0 {
		x := extractKeys(n)
		keys, rest = x.Keys, x.Residual
	}
	sel := Selectivity(rest, both.stats)
	inner := l.rows * r.rows * sel * keySelectivity(l, r, keys)
	switch n.Kind {
	case plan.InnerJoin:
		p.rows = inner
	case plan.LeftJoin, plan.SingleJoin:
		p.rows = math.Max(inner, l.rows)
	case plan.RightJoin:
		p.rows = math.Max(inner, r.rows)
	case plan.FullJoin:
		p.rows = math.Max(inner, l.rows+r.rows)
	case plan.MarkJoin:
		p.rows = l.rows
	case plan.SemiJoin:
		p.rows = l.rows * semiSelectivity(l, r, keys) * math.Max(sel, 0.5)
	case plan.AntiJoin:
		p.rows = l.rows * math.Max(1-semiSelectivity(l, r, keys)*sel, 0.1)
	}
	p.rows = math.Max(p.rows, math.Min(1, l.rows))
	return p
}

// keySelectivity is the chance that a pair of rows agrees on the keys.
func keySelectivity(l, r *profile, keys []plan.EquiKey) float64 {
	sel := 1.0
	for _, k := range keys {
		sel /= math.Max(exprDistinct(l, k.Left), exprDistinct(r, k.Right))
	}
	if len(keys) > 1 {
		// Keys of one relationship depend on each other: no less than one
		// match for each row of the larger side.
		sel = math.Max(sel, 1/math.Max(math.Max(l.rows, r.rows), 1)/2)
	}
	return sel
}

// exprDistinct is the number of distinct values of an expression at a plan.
func exprDistinct(p *profile, e fn.Expr) float64 {
	if id, ok := plan.RefID(e); ok {
		return p.distinct(id)
	}
	return math.Max(1, p.exprStats(e).Distinct)
}

// semiSelectivity is the share of left rows with a match: that of their key
// values which the right side has.
func semiSelectivity(l, r *profile, keys []plan.EquiKey) float64 {
	sel := 1.0
	for _, k := range keys {
		sel *= math.Min(1, exprDistinct(r, k.Right)/exprDistinct(l, k.Left))
	}
	return sel
}
