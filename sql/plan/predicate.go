package plan

import (
	"strings"
	"unicode/utf8"

	"htapdb/sql/types"
	"htapdb/vector/fn"
	"htapdb/vector/predicate"
)

// Predicate is a conjunct over one column in the form that everything below the
// optimizer takes: estimates, index ranges, column scans. It stands for a
// predicate.Predicate whose constants are not all known yet, which Bind makes.
type Predicate struct {
	// Col is the column, of its own type: casts that keep order and distinctness
	// have been looked through.
	Col *fn.Column
	// Kind says which of the following are in use.
	Kind predicate.Kind
	// Op and Value are those of a Compare. A literal Value is of the column's type.
	// Another one is constant within the statement and of any type that Bind can
	// place among the column's values.
	Op    fn.Op
	Value fn.Expr
	// Lo and Hi bound a Range, or what a Match implies; nil is open. Their
	// expressions are as Value.
	Lo, Hi *Bound
	// List is an In's, of the column's type and without NULL; Values are
	// alternatives that are not known yet.
	List   []types.Datum
	Values []fn.Expr
	// Cond is the conjunct itself, the whole truth of Match and Generic.
	Cond fn.Expr
}

// PredicateOf reads a condition that depends on one column and otherwise on what
// is constant within the statement; ok is false for others.
func PredicateOf(cond fn.Expr) (p Predicate, ok bool) {
	col, one := onlyColumn(cond)
	if !one || fn.VolatilityOf(cond) == fn.Volatile {
		return p, false
	}
	p = Predicate{Col: col, Kind: predicate.Generic, Cond: cond}
	switch e := cond.(type) {
	case *fn.Column:
		p.compare(fn.OpEq, True(true))
	case *fn.Call:
		p.call(e)
	case *fn.In:
		p.in(e)
	case *fn.Or:
		p.or(e)
	}
	return p, true
}

// onlyColumn returns the only column that e reads.
func onlyColumn(e fn.Expr) (col *fn.Column, ok bool) {
	ok = true
	fn.Walk(e, func(n fn.Expr) bool {
		switch n := n.(type) {
		case *fn.Column:
			ok = ok && (col == nil || col.Index == n.Index)
			col = n
		case *Subquery:
			ok = false
		}
		return ok
	})
	return col, ok && col != nil
}

// Underlying returns the column under casts that keep order and distinctness.
func Underlying(e fn.Expr) (*fn.Column, bool) {
	for {
		if c, ok := e.(*fn.Column); ok {
			return c, true
		}
		inner, ok := fn.CastOf(e)
		if !ok || !fn.Widens(inner.Type(), e.Type()) {
			return nil, false
		}
		e = inner
	}
}

// call reads an operator.
func (p *Predicate) call(e *fn.Call) {
	op := e.Func.Op
	switch op {
	case fn.OpNot, fn.OpIsFalse, fn.OpIsTrue:
		if c, ok := e.Args[0].(*fn.Column); ok && c.Typ.Kind == types.Bool {
			p.compare(fn.OpEq, True(op == fn.OpIsTrue))
		}
		return
	case fn.OpIsNull, fn.OpIsUnknown:
		if _, ok := Underlying(e.Args[0]); ok {
			p.Kind = predicate.IsNull
		}
		return
	case fn.OpIsNotNull, fn.OpIsNotUnknown:
		if _, ok := Underlying(e.Args[0]); ok {
			p.Kind = predicate.IsNotNull
		}
		return
	case fn.OpLike:
		p.like(e)
		return
	}
	if !op.IsComparison() {
		return
	}
	left, right := e.Args[0], e.Args[1]
	if IsConst(left) {
		left, right = right, left
		op, _ = op.Commuted()
	}
	// CHAR compares without its padding, which a constant may have.
	if c, ok := Underlying(left); ok && IsConst(right) && c.Typ.Kind != types.Char {
		p.compare(op, right)
	}
}

// compare makes p the comparison of the column with a constant; a literal is
// placed among the column's values at once.
func (p *Predicate) compare(op fn.Op, value fn.Expr) {
	lit, ok := value.(*fn.Literal)
	if !ok {
		p.Kind, p.Op, p.Value = predicate.Compare, op, value
		return
	}
	if lit.Value.IsNull() {
		p.Kind = predicate.Never
		return
	}
	floor, place, ok := fn.PlaceOf(lit.Value, lit.Typ, p.Col.Typ)
	if !ok {
		return
	}
	p.Kind, p.Op = placed(op, place)
	if p.Kind == predicate.Compare {
		p.Value = &fn.Literal{Value: floor, Typ: p.Col.Typ}
	}
}

// placed says what a comparison with a constant is in terms of the greatest value
// of the column's type that is not above it.
func placed(op fn.Op, place fn.Place) (predicate.Kind, fn.Op) {
	all, none := predicate.IsNotNull, predicate.Never
	if place == fn.Exact {
		return predicate.Compare, op
	}
	switch {
	case op == fn.OpEq:
		return none, op
	case op == fn.OpNe:
		return all, op
	case place == fn.Between && op.IsUpper():
		return predicate.Compare, fn.OpLe
	case place == fn.Between:
		return predicate.Compare, fn.OpGt
	case (place == fn.Above) == op.IsUpper():
		return all, op
	}
	return none, op
}

// in reads column IN (constants); those that the column cannot have match nothing.
func (p *Predicate) in(e *fn.In) {
	c, ok := Underlying(e.Arg)
	if !ok || e.Negated || c.Typ.Kind == types.Char {
		return
	}
	same := e.Arg.Type() == c.Typ
	list := e.List
	if !same {
		list = make([]types.Datum, 0, len(e.List))
		for _, d := range e.List {
			floor, place, ok := fn.PlaceOf(d, e.Arg.Type(), c.Typ)
			if !ok {
				return
			}
			if place == fn.Exact {
				list = append(list, floor)
			}
		}
	}
	p.Kind, p.List = predicate.In, list
	if len(list) == 0 {
		p.Kind = predicate.Never
	}
}

// or reads equalities that are connected by OR, on the one column.
func (p *Predicate) or(e *fn.Or) {
	var list []types.Datum
	var values []fn.Expr
	for _, a := range e.Args {
		q, ok := PredicateOf(a)
		switch {
		case !ok:
			return
		case q.Kind == predicate.Never:
		case q.Kind == predicate.In:
			list, values = append(list, q.List...), append(values, q.Values...)
		case q.Kind == predicate.Compare && q.Op == fn.OpEq:
			if lit, isLit := q.Value.(*fn.Literal); isLit {
				list = append(list, lit.Value)
			} else {
				values = append(values, q.Value)
			}
		default:
			return
		}
	}
	p.Kind, p.List, p.Values = predicate.In, list, values
	if len(list)+len(values) == 0 {
		p.Kind = predicate.Never
	}
}

// like reads column LIKE pattern: the strings that begin with what stands before
// the first wildcard, by bytes, and often no more than that.
func (p *Predicate) like(e *fn.Call) {
	c, ok := Underlying(e.Args[0])
	lit, isLit := e.Args[1].(*fn.Literal)
	if !ok || !isLit || len(e.Args) != 2 || c.Typ.Kind == types.Char {
		return
	}
	if lit.Value.IsNull() {
		p.Kind = predicate.Never
		return
	}
	pattern := lit.Value.Str()
	p.Kind = predicate.Match
	i := strings.IndexAny(pattern, `%_\`)
	if i < 0 {
		p.compare(fn.OpEq, &fn.Literal{Value: lit.Value, Typ: c.Typ})
		return
	}
	prefix := pattern[:i]
	if prefix == "" {
		return
	}
	bound := func(s string, inclusive bool) *Bound {
		return &Bound{Expr: &fn.Literal{Value: types.NewString(s), Typ: c.Typ}, Inclusive: inclusive}
	}
	p.Lo = bound(prefix, true)
	if next := successor(prefix); next != "" {
		p.Hi = bound(next, false)
		if pattern[i:] == "%" {
			p.Kind = predicate.Range
		}
	}
}

// successor is the first string after all that begin with prefix and whose
// last character is ASCII, which has a next one; "" for others.
func successor(prefix string) string {
	if prefix[len(prefix)-1] >= utf8.RuneSelf-1 {
		return ""
	}
	return prefix[:len(prefix)-1] + string(prefix[len(prefix)-1]+1)
}
