package binder

import (
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/vector/fn"
)

var joinKinds = map[parser.JoinKind]plan.JoinKind{
	parser.InnerJoin: plan.InnerJoin,
	parser.LeftJoin:  plan.LeftJoin,
	parser.RightJoin: plan.RightJoin,
	parser.FullJoin:  plan.FullJoin,
	parser.CrossJoin: plan.InnerJoin,
}

// join binds a join of two FROM items.
func (b *binder) join(e *parser.JoinExpr, sc *scope, outerLeft *namespace) (plan.Node, *namespace, error) {
	if e.Asof {
		return nil, nil, b.unsupported(e.Pos(), "ASOF JOIN is")
	}
	ln, lns, err := b.fromItem(e.Left, sc, outerLeft)
	if err != nil {
		return nil, nil, err
	}
	rn, rns, err := b.fromItem(e.Right, sc, concat(outerLeft, lns))
	if err != nil {
		return nil, nil, err
	}
	if err := b.checkAliases(lns, rns, e.Right.Pos()); err != nil {
		return nil, nil, err
	}
	j := &plan.Join{Kind: joinKinds[e.Kind], Left: ln, Right: rn}
	if j.Kind == plan.RightJoin || j.Kind == plan.FullJoin {
		if plan.Outer(rn).Intersects(plan.NewColSet(ln.Columns())) {
			return nil, nil, b.errorAt(e.Right.Pos(), sqlstate.InvalidColumnReference, "invalid reference to FROM-clause entry: the combining JOIN type must be INNER or LEFT for a LATERAL reference")
		}
	}
	var node plan.Node = j
	ns := concat(lns, rns)
	switch {
	case e.On != nil:
		on := b.outside(sc).child()
		on.ns, on.clause = ns, "JOIN conditions"
		x, err := b.condition(e.On, on, "argument of JOIN/ON")
		if err != nil {
			return nil, nil, err
		}
		j.Residual = fn.Conjuncts(x)
	case e.Natural:
		node, ns, err = b.using(j, lns, rns, commonNames(lns, rns), e)
	case len(e.Using) > 0:
		node, ns, err = b.using(j, lns, rns, e.Using, e)
	}
	if err != nil {
		return nil, nil, err
	}
	if e.Alias != nil {
		if ns, err = b.joinAlias(ns, e.Alias); err != nil {
			return nil, nil, err
		}
	}
	return node, ns, nil
}

// joinAlias makes (a JOIN b) AS name one relation that hides a and b.
func (b *binder) joinAlias(ns *namespace, a *parser.TableAlias) (*namespace, error) {
	rel := &relation{name: a.Name}
	for _, c := range ns.cols {
		rel.add(c.name, c.col)
	}
	if err := b.renamed(rel, a); err != nil {
		return nil, err
	}
	return newNamespace(rel), nil
}

// commonNames lists the columns that both sides of a NATURAL join have, in
// the left side's order.
func commonNames(l, r *namespace) []parser.Ident {
	var out []parser.Ident
	for _, c := range l.cols {
		for _, d := range r.cols {
			if c.name == d.name {
				out = append(out, parser.Ident{Name: c.name})
				break
			}
		}
	}
	return out
}

// using joins on equal columns of the given names, which appear once and
// first in the result. In a full join the merged column is the one that is not NULL.
func (b *binder) using(j *plan.Join, lns, rns *namespace, names []parser.Ident, e *parser.JoinExpr) (plan.Node, *namespace, error) {
	ns := &namespace{rels: concat(lns, rns).rels}
	merged := map[string]bool{}
	var computed []fn.Expr
	var computedCols []plan.Column
	for _, id := range names {
		l, err := b.usingColumn(lns, id, "left")
		if err != nil {
			return nil, nil, err
		}
		r, err := b.usingColumn(rns, id, "right")
		if err != nil {
			return nil, nil, err
		}
		pos := id.Pos()
		eq, err := b.call(fn.OpEq.String(), []fn.Expr{plan.Ref(l.col), plan.Ref(r.col)}, pos, []int{pos, pos})
		if err != nil {
			return nil, nil, err
		}
		j.Residual = append(j.Residual, eq)
		out := &nsColumn{name: id.Name, col: l.col, rel: l.rel}
		if e.Kind == parser.RightJoin {
			out = &nsColumn{name: id.Name, col: r.col, rel: r.rel}
		}
		if e.Kind == parser.FullJoin || l.col.Type != r.col.Type {
			x, t, err := b.unify([]fn.Expr{plan.Ref(l.col), plan.Ref(r.col)}, "JOIN/USING", []int{pos, pos})
			if err != nil {
				return nil, nil, err
			}
			value := x[0]
			if e.Kind == parser.FullJoin {
				value = &fn.Coalesce{Args: x, Typ: t}
			} else if e.Kind == parser.RightJoin {
				value = x[1]
			}
			out.col = b.newColumn(id.Name, t)
			computed, computedCols = append(computed, value), append(computedCols, out.col)
		}
		ns.cols = append(ns.cols, out)
		merged[id.Name] = true
	}
	for _, c := range concat(lns, rns).cols {
		if !merged[c.name] {
			ns.cols = append(ns.cols, c)
		}
	}
	if e.UsingAlias != nil {
		rel := &relation{name: e.UsingAlias.Name}
		if err := b.checkAliases(ns, &namespace{rels: []*relation{rel}}, e.UsingAlias.Pos()); err != nil {
			return nil, nil, err
		}
		for _, c := range ns.cols[:len(names)] {
			rel.add(c.name, c.col)
		}
		ns.rels = append(ns.rels, rel)
	}
	if len(computed) == 0 {
		return j, ns, nil
	}
	p := &plan.Project{Input: j}
	for _, c := range j.Columns() {
		p.Items, p.Cols = append(p.Items, plan.Ref(c)), append(p.Cols, c)
	}
	p.Items, p.Cols = append(p.Items, computed...), append(p.Cols, computedCols...)
	return p, ns, nil
}

// usingColumn finds the one column of a side with the name.
func (b *binder) usingColumn(ns *namespace, id parser.Ident, side string) (*nsColumn, error) {
	var found *nsColumn
	for _, c := range ns.cols {
		if c.name != id.Name {
			continue
		}
		if found != nil {
			return nil, b.errorAt(id.Pos(), sqlstate.AmbiguousColumn, "common column name %q appears more than once in %s table", id.Name, side)
		}
		found = c
	}
	if found == nil {
		return nil, b.errorAt(id.Pos(), sqlstate.UndefinedColumn, "column %q specified in USING clause does not exist in %s table", id.Name, side)
	}
	return found, nil
}
