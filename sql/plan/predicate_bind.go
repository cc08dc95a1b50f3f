package plan

import (
	"sync"

	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
	"htapdb/vector/predicate"
)

// compareOps are the comparisons as the kernels know them.
var compareOps = map[fn.Op]vector.CmpOp{
	fn.OpEq: vector.Eq, fn.OpNe: vector.Ne, fn.OpLt: vector.Lt, fn.OpLe: vector.Le, fn.OpGt: vector.Gt, fn.OpGe: vector.Ge,
}

// Bind computes the constants for one execution. Errors are those of the
// expressions: a parameter that a function refuses.
func (p *Predicate) Bind(ctx *fn.Context) (predicate.Predicate, error) {
	out := predicate.Predicate{Kind: p.Kind}
	switch p.Kind {
	case predicate.Compare:
		return p.bindCompare(ctx, p.Op, p.Value)
	case predicate.In:
		return p.bindIn(ctx)
	case predicate.Range, predicate.Match:
		if done, err := p.bindBounds(ctx, &out); done || err != nil {
			return out, err
		}
	}
	if out.Selects() {
		out.Select = p.selector(ctx)
	}
	return out, nil
}

// bindCompare computes the constant and places it among the column's values.
func (p *Predicate) bindCompare(ctx *fn.Context, op fn.Op, value fn.Expr) (predicate.Predicate, error) {
	d, err := fn.EvalScalar(ctx, value)
	if err != nil {
		return predicate.Predicate{}, err
	}
	if d.IsNull() {
		return predicate.Predicate{Kind: predicate.Never}, nil
	}
	floor, place, ok := fn.PlaceOf(d, value.Type(), p.Col.Typ)
	if !ok {
		return predicate.Predicate{Kind: predicate.Generic, Select: p.selector(ctx)}, nil
	}
	kind, op := placed(op, place)
	if kind != predicate.Compare {
		return predicate.Predicate{Kind: kind}, nil
	}
	return predicate.Predicate{Kind: kind, Op: compareOps[op], Value: floor}, nil
}

// bindIn computes the alternatives that are not literals.
func (p *Predicate) bindIn(ctx *fn.Context) (predicate.Predicate, error) {
	out := predicate.Predicate{Kind: predicate.In, List: p.List}
	for _, v := range p.Values {
		one, err := p.bindCompare(ctx, fn.OpEq, v)
		switch {
		case err != nil:
			return out, err
		case one.Kind == predicate.Compare:
			out.List = append(out.List[:len(out.List):len(out.List)], one.Value)
		case one.Selects():
			return one, nil
		}
	}
	return out, nil
}

// bindBounds computes the ends of a range into out; done if the kind has changed.
func (p *Predicate) bindBounds(ctx *fn.Context, out *predicate.Predicate) (done bool, err error) {
	bind := func(b *Bound, closed, open fn.Op, to *types.Datum, isOpen *bool) error {
		if b == nil || done {
			return nil
		}
		op := open
		if b.Inclusive {
			op = closed
		}
		one, err := p.bindCompare(ctx, op, b.Expr)
		switch {
		case err != nil:
			return err
		case one.Kind == predicate.Compare:
			*to, *isOpen = one.Value, one.Op == vector.Lt || one.Op == vector.Gt
		case one.Kind != predicate.IsNotNull:
			*out, done = one, true
		}
		return nil
	}
	if err := bind(p.Lo, fn.OpGe, fn.OpGt, &out.Lo, &out.LoOpen); err != nil {
		return false, err
	}
	err = bind(p.Hi, fn.OpLe, fn.OpLt, &out.Hi, &out.HiOpen)
	return done, err
}

// selector evaluates the condition with the function registry.
func (p *Predicate) selector(ctx *fn.Context) func(*vector.Vector, []int32, int, []int32) ([]int32, error) {
	expr := fn.MapColumns(p.Cond, func(c *fn.Column) fn.Expr {
		return &fn.Column{Index: 0, Typ: c.Typ, Name: c.Name}
	})
	pool := sync.Pool{New: func() any { return fn.NewEvaluator(ctx, expr) }}
	return func(v *vector.Vector, sel []int32, n int, out []int32) ([]int32, error) {
		ev := pool.Get().(*fn.Evaluator)
		defer pool.Put(ev)
		return ev.Filter(&vector.Batch{Cols: []*vector.Vector{v}, Len: n, Sel: sel}, out[:0])
	}
}

// Predicates reads the conjuncts over single columns, the two ends of a range as
// one; rest are the others, in order.
func Predicates(conds []fn.Expr) (ps []Predicate, rest []fn.Expr) {
	for _, c := range conds {
		p, ok := PredicateOf(c)
		if !ok {
			rest = append(rest, c)
			continue
		}
		if !joinRange(ps, &p) {
			ps = append(ps, p)
		}
	}
	return ps, rest
}

// joinRange adds a bound to the range that ps have of the same column.
func joinRange(ps []Predicate, p *Predicate) bool {
	lo, hi, ok := p.bounds()
	if !ok {
		return false
	}
	for i := range ps {
		q := &ps[i]
		qlo, qhi, ok := q.bounds()
		if !ok || q.Col.Index != p.Col.Index || lo != nil && qlo != nil || hi != nil && qhi != nil {
			continue
		}
		if lo == nil {
			lo = qlo
		}
		if hi == nil {
			hi = qhi
		}
		ps[i] = Predicate{Col: q.Col, Kind: predicate.Range, Lo: lo, Hi: hi, Cond: fn.NewAnd(append(fn.Conjuncts(q.Cond), p.Cond)...)}
		return true
	}
	return false
}

// bounds are the ends of a range, or of a comparison that bounds one side.
func (p *Predicate) bounds() (lo, hi *Bound, ok bool) {
	switch {
	case p.Kind == predicate.Range:
		return p.Lo, p.Hi, true
	case p.Kind != predicate.Compare:
		return nil, nil, false
	case p.Op.IsLower():
		return &Bound{Expr: p.Value, Inclusive: p.Op == fn.OpGe}, nil, true
	case p.Op.IsUpper():
		return nil, &Bound{Expr: p.Value, Inclusive: p.Op == fn.OpLe}, true
	}
	return nil, nil, false
}
