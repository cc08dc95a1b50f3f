package binder

import (
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/vector/fn"
)

// target is the bound target of UPDATE or DELETE, with the scope of its expressions.
type target struct {
	plan.Target
	sc *scope
	// outer is the scope with the WITH items alone.
	outer *scope
	rel   *relation
	defs  []*cte
}

// bindTarget binds the table, the other FROM items and WHERE.
func (b *binder) bindTarget(w *parser.With, ref *parser.TableRef, others []parser.TableExpr, where parser.Expr) (*target, error) {
	outer, defs, err := b.dmlScope(w)
	if err != nil {
		return nil, err
	}
	t, err := b.targetTable(ref.Name)
	if err != nil {
		return nil, err
	}
	alias := aliasName(ref.Alias, t.Name)
	scan, rel := b.scan(t, alias)
	if ref.Alias != nil {
		rel.schema = ""
		if err := b.renamed(rel, ref.Alias); err != nil {
			return nil, err
		}
	}
	key := plan.NewKeyColumn(b.ids)
	scan = scan.WithCols(append(append([]plan.ScanColumn(nil), scan.Cols...), key))
	c := &core{b: b, sc: outer.child(), node: scan}
	c.sc.ns = newNamespace(rel)
	if len(others) > 0 {
		other := outer.child()
		n, err := b.from(others, other)
		if err != nil {
			return nil, err
		}
		if err := b.checkAliases(c.sc.ns, other.ns, others[0].Pos()); err != nil {
			return nil, err
		}
		c.node = &plan.Join{Kind: plan.InnerJoin, Left: scan, Right: n}
		c.sc.ns = concat(c.sc.ns, other.ns)
	}
	if err := c.bindWhere(where); err != nil {
		return nil, err
	}
	out := &target{sc: c.sc, outer: outer, rel: rel, defs: defs}
	out.Target = plan.Target{
		Table: t, Alias: alias, Source: c.node, Key: key.ID,
		Cols: scan.Cols[:len(t.Columns):len(t.Columns)], Complete: true,
	}
	out.Recheck, out.Complete = recheck(c.where, true)
	return out, nil
}

// update binds UPDATE.
func (b *binder) update(s *parser.UpdateStmt) (*dmlResult, error) {
	if s.WhereCurrentOf != "" {
		return nil, b.unsupported(s.Pos(), "WHERE CURRENT OF is")
	}
	t, err := b.bindTarget(s.With, s.Table, s.From, s.Where)
	if err != nil {
		return nil, err
	}
	n := &plan.Update{Target: t.Target}
	err = t.sc.in("UPDATE", false, false, func() error {
		n.Set, err = b.assignments(s.Set, t.Table, t.sc)
		return err
	})
	if err != nil {
		return nil, err
	}
	n.Complete = n.Complete && !anySubquery(assignedExprs(n.Set))
	n.NewCols = b.rowColumns(t.Table)
	if n.Checks, err = b.checks(t.Table, n.NewCols); err != nil {
		return nil, err
	}
	ns := newNamespace(b.rowRelation(t.Table, t.Alias, n.NewCols))
	for i, c := range t.rel.cols {
		ns.rels[0].cols[i].name, ns.cols[i].name = c.name, c.name
	}
	ns = concat(ns, without(t.sc.ns, t.rel))
	if n.Returning, n.Returned, err = b.returning(s.Returning, ns, t.outer); err != nil {
		return nil, err
	}
	if err := b.checkWritten(n.Returning, n.NewCols, "RETURNING", s.Pos()); err != nil {
		return nil, err
	}
	n.Complete = n.Complete && !anySubquery(n.Returning)
	return &dmlResult{node: b.placeTargetCTEs(n, t.defs), cols: n.Returned}, nil
}

// anySubquery reports a subquery in one of the expressions, which may be nil.
func anySubquery(exprs []fn.Expr) bool {
	for _, e := range exprs {
		if e != nil && plan.HasSubquery(e) {
			return true
		}
	}
	return false
}

// without returns the namespace less one relation.
func without(ns *namespace, rel *relation) *namespace {
	out := &namespace{}
	for _, r := range ns.rels {
		if r != rel {
			out.rels = append(out.rels, r)
		}
	}
	for _, c := range ns.cols {
		if c.rel != rel {
			out.cols = append(out.cols, c)
		}
	}
	return out
}

// delete binds DELETE.
func (b *binder) delete(s *parser.DeleteStmt) (*dmlResult, error) {
	if s.WhereCurrentOf != "" {
		return nil, b.unsupported(s.Pos(), "WHERE CURRENT OF is")
	}
	t, err := b.bindTarget(s.With, s.Table, s.Using, s.Where)
	if err != nil {
		return nil, err
	}
	n := &plan.Delete{Target: t.Target}
	if n.Returning, n.Returned, err = b.returning(s.Returning, t.sc.ns, t.outer); err != nil {
		return nil, err
	}
	n.Complete = n.Complete && !anySubquery(n.Returning)
	return &dmlResult{node: b.placeTargetCTEs(n, t.defs), cols: n.Returned}, nil
}

// assignments binds SET clauses.
func (b *binder) assignments(set []*parser.SetClause, t *plan.Table, sc *scope) ([]plan.Assignment, error) {
	var out []plan.Assignment
	seen := map[int]bool{}
	for _, s := range set {
		values := []parser.Expr{s.Value}
		if s.Multi {
			if sub, ok := s.Value.(*parser.SubqueryExpr); ok && len(s.Columns) > 1 {
				if err := b.assignSubquery(s, sub, t, sc, seen, &out); err != nil {
					return nil, err
				}
				continue
			}
			if row, ok := s.Value.(*parser.RowExpr); ok {
				values = row.Items
			}
		}
		if len(values) != len(s.Columns) {
			return nil, b.errorAt(s.Pos(), sqlstate.SyntaxError, "number of columns does not match number of values")
		}
		for i, c := range s.Columns {
			o, err := b.assignedColumn(t, c, seen)
			if err != nil {
				return nil, err
			}
			x, err := b.assignment(values[i], t, o, sc)
			if err != nil {
				return nil, err
			}
			out = append(out, plan.Assignment{Ordinal: o, Expr: x})
		}
	}
	return out, nil
}

// assignedColumn finds the column of an assignment, which there may be one of.
func (b *binder) assignedColumn(t *plan.Table, c parser.Ident, seen map[int]bool) (int, error) {
	o, err := b.targetColumn(t, c)
	if err != nil {
		return 0, err
	}
	if seen[o] {
		return 0, b.errorAt(c.Pos(), sqlstate.SyntaxError, "multiple assignments to same column %q", c.Name)
	}
	seen[o] = true
	return o, nil
}

// assignSubquery binds (a, b) = (SELECT x, y …) as one scalar subquery for each column.
func (b *binder) assignSubquery(s *parser.SetClause, sub *parser.SubqueryExpr, t *plan.Table, sc *scope, seen map[int]bool, out *[]plan.Assignment) error {
	for i, c := range s.Columns {
		o, err := b.assignedColumn(t, c, seen)
		if err != nil {
			return err
		}
		q, err := b.subquery(sub.Query, sc)
		if err != nil {
			return err
		}
		if len(q.cols) != len(s.Columns) {
			return b.errorAt(s.Pos(), sqlstate.SyntaxError, "number of columns does not match number of values")
		}
		col := q.cols[i]
		p := &plan.Project{Input: q.node, Items: []fn.Expr{plan.Ref(col.Column)}, Cols: []plan.Column{col.Column}}
		value := &plan.Subquery{Kind: plan.ScalarSubquery, Plan: p, Typ: col.Type}
		x, err := b.assign(value, t.Columns[o].Type, t.Columns[o].Name, col.pos)
		if err != nil {
			return err
		}
		*out = append(*out, plan.Assignment{Ordinal: o, Expr: x})
	}
	return nil
}

func (b *binder) assignment(e parser.Expr, t *plan.Table, ordinal int, sc *scope) (fn.Expr, error) {
	col := &t.Columns[ordinal]
	if _, isDefault := e.(*parser.DefaultExpr); isDefault {
		return b.columnDefault(t, ordinal, e.Pos())
	}
	if col.AlwaysGenerated {
		return nil, b.errorAt(e.Pos(), "428C9", "column %q can only be updated to DEFAULT", col.Name).
			WithDetail("Column %q is an identity column defined as GENERATED ALWAYS.", col.Name)
	}
	x, err := b.expr(e, sc)
	if err != nil {
		return nil, err
	}
	return b.assign(x, col.Type, col.Name, e.Pos())
}
