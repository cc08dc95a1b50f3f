package opt_test

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// naive runs plans row by row, the most obvious way, subqueries and
// correlation included: it is the meaning that rewrites must keep.
type naive struct {
	tables map[string][][]types.Datum
	ctes   map[int]*relation
	ctx    *fn.Context
	// evals counts expressions evaluated; beyond maxEvals, if not 0, run gives
	// up: nested subqueries are exponential here.
	evals, maxEvals int
}

// relation is a result: rows over columns.
type relation struct {
	cols []plan.Column
	rows [][]types.Datum
}

// env has the values of the visible columns.
type env map[plan.ColID]types.Datum

func (r *relation) env(outer env, row []types.Datum) env {
	e := make(env, len(outer)+len(row))
	for k, v := range outer {
		e[k] = v
	}
	for i, c := range r.cols {
		e[c.ID] = row[i]
	}
	return e
}

var errTooLong = errors.New("naive: too long")

var errManyRows = errors.New("more than one row returned by a subquery")

func (x *naive) eval(e fn.Expr, in env) (types.Datum, error) {
	if x.evals++; x.maxEvals > 0 && x.evals > x.maxEvals {
		return types.Datum{}, errTooLong
	}
	closed, err := fn.Transform(e, func(n fn.Expr) (fn.Expr, error) {
		switch n := n.(type) {
		case *fn.Column:
			d, ok := in[plan.ColID(n.Index)]
			if !ok {
				// A column of a subquery's own plan, inside its condition.
				return n, nil
			}
			return &fn.Literal{Value: d, Typ: n.Typ}, nil
		case *plan.Subquery:
			d, err := x.subquery(n, in)
			return &fn.Literal{Value: d, Typ: n.Typ}, err
		}
		return n, nil
	})
	if err != nil {
		return types.Datum{}, err
	}
	return fn.EvalScalar(x.ctx, closed)
}

func (x *naive) subquery(s *plan.Subquery, in env) (types.Datum, error) {
	r, err := x.run(s.Plan, in)
	if err != nil {
		return types.Datum{}, err
	}
	switch s.Kind {
	case plan.ExistsSubquery:
		return types.NewBool(len(r.rows) > 0), nil
	case plan.ScalarSubquery:
		if len(r.rows) > 1 {
			return types.Datum{}, errManyRows
		}
		if len(r.rows) == 0 {
			return types.Datum{}, nil
		}
		return r.rows[0][0], nil
	}
	result := types.NewBool(false)
	for _, row := range r.rows {
		d, err := x.eval(s.Cond, r.env(in, row))
		if err != nil {
			return types.Datum{}, err
		}
		if d.IsNull() {
			result = d
		} else if d.Bool() {
			return d, nil
		}
	}
	return result, nil
}

// holds reports whether all conditions are TRUE.
func (x *naive) holds(conds []fn.Expr, in env) (bool, error) {
	for _, c := range conds {
		d, err := x.eval(c, in)
		if err != nil || d.IsNull() || !d.Bool() {
			return false, err
		}
	}
	return true, nil
}

func (x *naive) run(n plan.Node, outer env) (*relation, error) {
	switch n := n.(type) {
	case *plan.Scan:
		return x.scan(n, outer)
	case *plan.Values:
		return x.each(&relation{rows: [][]types.Datum{{}}}, n.Cols, outer, n.Rows...)
	case *plan.Filter:
		return x.filter(n, outer)
	case *plan.Project:
		in, err := x.run(n.Input, outer)
		if err != nil {
			return nil, err
		}
		return x.each(in, n.Cols, outer, n.Items)
	case *plan.Join:
		return x.join(n, outer)
	case *plan.Aggregate:
		return x.aggregate(n, outer)
	case *plan.Distinct:
		return x.distinct(n, outer)
	case *plan.Sort:
		in, err := x.run(n.Input, outer)
		if err != nil {
			return nil, err
		}
		return in, x.sort(in, n.Keys, outer)
	case *plan.TopN:
		in, err := x.run(n.Input, outer)
		if err != nil {
			return nil, err
		}
		if err := x.sort(in, n.Keys, outer); err != nil {
			return nil, err
		}
		return x.limit(in, n.Count, n.Offset)
	case *plan.Limit:
		in, err := x.run(n.Input, outer)
		if err != nil {
			return nil, err
		}
		return x.limit(in, n.Count, n.Offset)
	case *plan.SetOp:
		return x.setOp(n, outer)
	case *plan.With:
		def, err := x.run(n.Def, outer)
		if err != nil {
			return nil, err
		}
		x.ctes[n.ID] = def
		return x.run(n.Body, outer)
	case *plan.CTERef:
		return x.cteRef(n)
	case *plan.Window:
		return x.window(n, outer)
	case *plan.Recursive:
		return x.recursive(n, outer)
	case *plan.WorkTable:
		return &relation{cols: n.Cols, rows: x.ctes[-n.Recursive].rows}, nil
	}
	return nil, fmt.Errorf("naive: %T", n)
}

func (x *naive) scan(n *plan.Scan, outer env) (*relation, error) {
	r := &relation{cols: n.Columns()}
	for _, row := range x.tables[n.Table.Name] {
		var out []types.Datum
		for _, c := range n.Cols {
			out = append(out, row[c.Ordinal])
		}
		ok, err := x.holds(n.Filters, r.env(outer, out))
		if err != nil {
			return nil, err
		}
		if ok {
			r.rows = append(r.rows, out)
		}
	}
	return r, nil
}

// each computes the lists of items for every row of in.
func (x *naive) each(in *relation, cols []plan.Column, outer env, lists ...[]fn.Expr) (*relation, error) {
	out := &relation{cols: cols}
	for _, row := range in.rows {
		e := in.env(outer, row)
		for _, items := range lists {
			vals := make([]types.Datum, len(items))
			for i, it := range items {
				var err error
				if vals[i], err = x.eval(it, e); err != nil {
					return nil, err
				}
			}
			out.rows = append(out.rows, vals)
		}
	}
	return out, nil
}

func (x *naive) filter(n *plan.Filter, outer env) (*relation, error) {
	in, err := x.run(n.Input, outer)
	if err != nil {
		return nil, err
	}
	out := &relation{cols: in.cols}
	for _, row := range in.rows {
		ok, err := x.holds(n.Conds, in.env(outer, row))
		if err != nil {
			return nil, err
		}
		if ok {
			out.rows = append(out.rows, row)
		}
	}
	return out, nil
}

// match reports whether a pair of rows meets a join's condition, and whether
// a null-aware key made it unknown.
func (x *naive) match(n *plan.Join, e env) (ok, unknown bool, err error) {
	ok = true
	for _, k := range n.Keys {
		l, err := x.eval(k.Left, e)
		if err != nil {
			return false, false, err
		}
		r, err := x.eval(k.Right, e)
		if err != nil {
			return false, false, err
		}
		switch {
		case l.IsNull() && r.IsNull():
			ok, unknown = ok && k.NullSafe, unknown || !k.NullSafe
		case l.IsNull() || r.IsNull():
			ok, unknown = false, unknown || !k.NullSafe
		default:
			ok = ok && fn.Compare(l, r) == 0
		}
	}
	if ok {
		ok, err = x.holds(n.Residual, e)
	}
	return ok, unknown, err
}

func (x *naive) join(n *plan.Join, outer env) (*relation, error) {
	l, err := x.run(n.Left, outer)
	if err != nil {
		return nil, err
	}
	out := &relation{cols: n.Columns()}
	rightSeen := map[int]bool{}
	// The right side may depend on the left before unnesting.
	dependent := plan.Outer(n.Right).Intersects(plan.NewColSet(l.cols))
	var r *relation
	for _, lrow := range l.rows {
		le := l.env(outer, lrow)
		if r == nil || dependent {
			if r, err = x.run(n.Right, le); err != nil {
				return nil, err
			}
		}
		matches, unknown := 0, false
		for i, rrow := range r.rows {
			ok, unk, err := x.match(n, r.env(le, rrow))
			if err != nil {
				return nil, err
			}
			unknown = unknown || unk
			if !ok {
				continue
			}
			matches++
			rightSeen[i] = true
			if n.Kind == plan.InnerJoin || n.Kind == plan.LeftJoin || n.Kind == plan.RightJoin || n.Kind == plan.FullJoin || n.Kind == plan.SingleJoin {
				out.rows = append(out.rows, slices.Concat(lrow, rrow))
			}
		}
		unknown = unknown && n.NullAware && matches == 0
		switch n.Kind {
		case plan.SemiJoin:
			if matches > 0 {
				out.rows = append(out.rows, lrow)
			}
		case plan.AntiJoin:
			if matches == 0 && !unknown {
				out.rows = append(out.rows, lrow)
			}
		case plan.MarkJoin:
			mark := types.NewBool(matches > 0)
			if unknown {
				mark = types.NullDatum
			}
			out.rows = append(out.rows, append(slices.Clone(lrow), mark))
		case plan.SingleJoin:
			if matches > 1 {
				return nil, errManyRows
			}
		}
		if matches == 0 && (n.Kind == plan.LeftJoin || n.Kind == plan.FullJoin || n.Kind == plan.SingleJoin) {
			out.rows = append(out.rows, append(slices.Clone(lrow), make([]types.Datum, len(n.Right.Columns()))...))
		}
	}
	if n.Kind == plan.RightJoin || n.Kind == plan.FullJoin {
		if r, err = x.run(n.Right, outer); err != nil {
			return nil, err
		}
		for i, rrow := range r.rows {
			if !rightSeen[i] {
				out.rows = append(out.rows, append(make([]types.Datum, len(l.cols)), rrow...))
			}
		}
	}
	return out, nil
}

// rowKey is a row as text in which NULL equals NULL.
func rowKey(row []types.Datum, cols []plan.Column) string {
	var b strings.Builder
	for i, d := range row {
		if d.IsNull() {
			b.WriteString("NULL|")
			continue
		}
		b.WriteString(types.Format(d, cols[i].Type, nil) + "|")
	}
	return b.String()
}

func (x *naive) aggregate(n *plan.Aggregate, outer env) (*relation, error) {
	in, err := x.run(n.Input, outer)
	if err != nil {
		return nil, err
	}
	out := &relation{cols: n.Columns()}
	sets := n.Sets
	if sets == nil {
		all := []int{}
		for i := range n.GroupBy {
			all = append(all, i)
		}
		sets = [][]int{all}
	}
	for si, set := range sets {
		rows, err := x.group(n, in, set, outer)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if n.Sets != nil {
				row = append(row, types.NewInt64(int64(si)))
			}
			out.rows = append(out.rows, row)
		}
	}
	return out, nil
}

func (x *naive) group(n *plan.Aggregate, in *relation, set []int, outer env) ([][]types.Datum, error) {
	keys := map[string][]types.Datum{}
	members := map[string][]env{}
	var order []string
	keyCols := n.Columns()[:len(n.GroupBy)]
	for _, row := range in.rows {
		e := in.env(outer, row)
		key := make([]types.Datum, len(n.GroupBy))
		for _, k := range set {
			var err error
			if key[k], err = x.eval(n.GroupBy[k].Expr, e); err != nil {
				return nil, err
			}
		}
		text := rowKey(key, keyCols)
		if _, ok := keys[text]; !ok {
			keys[text] = key
			order = append(order, text)
		}
		members[text] = append(members[text], e)
	}
	if len(set) == 0 && len(order) == 0 {
		order, keys[""] = []string{""}, make([]types.Datum, len(n.GroupBy))
	}
	var out [][]types.Datum
	for _, text := range order {
		row := slices.Clone(keys[text])
		for i := range n.Aggs {
			d, err := x.agg(&n.Aggs[i], members[text])
			if err != nil {
				return nil, err
			}
			row = append(row, d)
		}
		out = append(out, row)
	}
	return out, nil
}

func (x *naive) agg(g *plan.Agg, members []env) (types.Datum, error) {
	args := make([]*vector.Vector, len(g.Args))
	argCols := make([]plan.Column, len(g.Args))
	for i, a := range g.Args {
		args[i] = vector.New(a.Type(), 0)
		argCols[i].Type = a.Type()
	}
	seen := map[string]bool{}
	rows := 0
	for _, e := range members {
		if g.Filter != nil {
			if ok, err := x.holds([]fn.Expr{g.Filter}, e); err != nil || !ok {
				if err != nil {
					return types.Datum{}, err
				}
				continue
			}
		}
		vals := make([]types.Datum, len(g.Args))
		for i, a := range g.Args {
			var err error
			if vals[i], err = x.eval(a, e); err != nil {
				return types.Datum{}, err
			}
		}
		if key := rowKey(vals, argCols); g.Distinct {
			if seen[key] {
				continue
			}
			seen[key] = true
		}
		for i, v := range vals {
			args[i].Append(v)
		}
		rows++
	}
	s := g.Func.NewState(x.ctx)
	s.Grow(1)
	if err := s.AddAll(args, nil, rows); err != nil {
		return types.Datum{}, err
	}
	out := vector.New(g.Func.Result, 0)
	if err := s.Finish(out, 0, 1); err != nil {
		return types.Datum{}, err
	}
	return out.Datum(0), nil
}

func (x *naive) distinct(n *plan.Distinct, outer env) (*relation, error) {
	in, err := x.run(n.Input, outer)
	if err != nil {
		return nil, err
	}
	out := &relation{cols: in.cols}
	seen := map[string]bool{}
	for _, row := range in.rows {
		key, cols := row, in.cols
		if len(n.On) > 0 {
			key, cols = nil, nil
			for _, e := range n.On {
				d, err := x.eval(e, in.env(outer, row))
				if err != nil {
					return nil, err
				}
				key, cols = append(key, d), append(cols, plan.Column{Type: e.Type()})
			}
		}
		if k := rowKey(key, cols); !seen[k] {
			seen[k] = true
			out.rows = append(out.rows, row)
		}
	}
	return out, nil
}

// sort orders rows by the keys and, so that LIMIT is deterministic, by the
// text of the columns that the query names.
func (x *naive) sort(r *relation, keys []plan.SortKey, outer env) error {
	vals := make([][]types.Datum, len(r.rows))
	for i, row := range r.rows {
		for _, k := range keys {
			d, err := x.eval(k.Expr, r.env(outer, row))
			if err != nil {
				return err
			}
			vals[i] = append(vals[i], d)
		}
	}
	perm := make([]int, len(r.rows))
	for i := range perm {
		perm[i] = i
	}
	sort.SliceStable(perm, func(a, b int) bool { return lessKeys(keys, vals[perm[a]], vals[perm[b]]) })
	rows := make([][]types.Datum, len(r.rows))
	for i, p := range perm {
		rows[i] = r.rows[p]
	}
	r.rows = rows
	return nil
}

func lessKeys(keys []plan.SortKey, a, b []types.Datum) bool {
	for i, k := range keys {
		c := compareNulls(k, a[i], b[i])
		if c != 0 {
			return c < 0
		}
	}
	return false
}

func compareNulls(k plan.SortKey, a, b types.Datum) int {
	if a.IsNull() || b.IsNull() {
		switch {
		case a.IsNull() && b.IsNull():
			return 0
		case a.IsNull() == k.NullsFirst:
			return -1
		}
		return 1
	}
	c := fn.Compare(a, b)
	if k.Desc {
		return -c
	}
	return c
}

func (x *naive) limit(r *relation, count, offset fn.Expr) (*relation, error) {
	from, to := 0, len(r.rows)
	if offset != nil {
		d, err := x.eval(offset, nil)
		if err != nil {
			return nil, err
		}
		from = min(int(d.Int()), to)
	}
	if count != nil {
		d, err := x.eval(count, nil)
		if err != nil {
			return nil, err
		}
		if !d.IsNull() {
			to = min(from+int(d.Int()), to)
		}
	}
	return &relation{cols: r.cols, rows: r.rows[from:to]}, nil
}

func (x *naive) setOp(n *plan.SetOp, outer env) (*relation, error) {
	out := &relation{cols: n.Cols}
	counts := map[string]int{}
	for i, input := range n.Inputs {
		in, err := x.run(input, outer)
		if err != nil {
			return nil, err
		}
		pos := make([]int, len(n.Cols))
		for j, id := range n.Maps[i] {
			pos[j] = slices.IndexFunc(in.cols, func(c plan.Column) bool { return c.ID == id })
		}
		for _, row := range in.rows {
			mapped := make([]types.Datum, len(pos))
			for j, p := range pos {
				mapped[j] = row[p]
			}
			if i == 0 || n.Kind == plan.Union {
				out.rows = append(out.rows, mapped)
			} else {
				counts[rowKey(mapped, n.Cols)]++
			}
		}
	}
	if n.Kind != plan.Union {
		var kept [][]types.Datum
		for _, row := range out.rows {
			k := rowKey(row, n.Cols)
			hit := counts[k] > 0
			if n.All && hit {
				counts[k]--
			}
			if hit == (n.Kind == plan.Intersect) {
				kept = append(kept, row)
			}
		}
		out.rows = kept
	}
	if !n.All {
		seen := map[string]bool{}
		out.rows = slices.DeleteFunc(out.rows, func(row []types.Datum) bool {
			k := rowKey(row, n.Cols)
			defer func() { seen[k] = true }()
			return seen[k]
		})
	}
	return out, nil
}

func (x *naive) cteRef(n *plan.CTERef) (*relation, error) {
	def := x.ctes[n.CTE]
	out := &relation{cols: n.Cols}
	for _, row := range def.rows {
		vals := make([]types.Datum, len(n.Cols))
		for i, id := range n.Source {
			vals[i] = row[slices.IndexFunc(def.cols, func(c plan.Column) bool { return c.ID == id })]
		}
		out.rows = append(out.rows, vals)
	}
	return out, nil
}

// window knows row_number, rank and aggregates over the whole partition.
func (x *naive) window(n *plan.Window, outer env) (*relation, error) {
	in, err := x.run(n.Input, outer)
	if err != nil {
		return nil, err
	}
	if err := x.sort(in, n.OrderBy, outer); err != nil {
		return nil, err
	}
	out := &relation{cols: n.Columns()}
	parts := map[string]int64{}
	cols := make([]plan.Column, len(n.Partition))
	for _, row := range in.rows {
		var key []types.Datum
		for i, e := range n.Partition {
			d, err := x.eval(e, in.env(outer, row))
			if err != nil {
				return nil, err
			}
			cols[i].Type = e.Type()
			key = append(key, d)
		}
		k := rowKey(key, cols)
		parts[k]++
		row = slices.Clone(row)
		for i := range n.Funcs {
			if n.Funcs[i].Name != "row_number" {
				return nil, fmt.Errorf("naive: window function %s", n.Funcs[i].Name)
			}
			row = append(row, types.NewInt64(parts[k]))
		}
		out.rows = append(out.rows, row)
	}
	return out, nil
}

// recursive keeps the rows of the round before under the negated ID.
func (x *naive) recursive(n *plan.Recursive, outer env) (*relation, error) {
	out, round := &relation{cols: n.Cols}, plan.Node(n.Initial)
	seen := map[string]bool{}
	for i := 0; ; i = 1 {
		s := &plan.SetOp{Kind: plan.Union, All: true, Inputs: []plan.Node{round}, Maps: [][]plan.ColID{n.Maps[i]}, Cols: n.Cols}
		rows, err := x.setOp(s, outer)
		if err != nil {
			return nil, err
		}
		if !n.All {
			rows.rows = slices.DeleteFunc(rows.rows, func(row []types.Datum) bool {
				k := rowKey(row, n.Cols)
				defer func() { seen[k] = true }()
				return seen[k]
			})
		}
		if len(rows.rows) == 0 {
			return out, nil
		}
		out.rows = append(out.rows, rows.rows...)
		x.ctes[-n.ID], round = rows, n.Step
	}
}
