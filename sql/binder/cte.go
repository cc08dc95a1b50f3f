package binder

import (
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/vector/fn"
)

// cte is a WITH item that was bound.
type cte struct {
	id   int
	name string
	q    *query
	mode parser.Materialized
	// work is set while the recursive term of the item is bound: a reference
	// then means the rows of the round before.
	work *plan.Recursive
}

// with binds a WITH clause into sc. Later items see earlier ones.
func (b *binder) with(w *parser.With, sc *scope) ([]*cte, error) {
	sc.ctes = map[string]*cte{}
	var defs []*cte
	for _, e := range w.CTEs {
		if _, twice := sc.ctes[e.Name]; twice {
			return nil, b.errorAt(e.Pos(), sqlstate.DuplicateAlias, "WITH query name %q specified more than once", e.Name)
		}
		sel, ok := e.Stmt.(*parser.SelectStmt)
		if !ok {
			return nil, b.unsupported(e.Stmt.Pos(), "data-modifying statements in WITH are")
		}
		var q *query
		var err error
		if w.Recursive && mayRecurse(sel) {
			q, err = b.recursive(e, sel, sc)
		} else {
			q, err = b.selectStmt(sel, sc)
		}
		if err != nil {
			return nil, err
		}
		b.closeQuery(q)
		if len(e.Columns) > len(q.cols) {
			return nil, b.errorAt(e.Pos(), sqlstate.InvalidColumnReference,
				"WITH query %q has %d columns available but %d columns specified", e.Name, len(q.cols), len(e.Columns))
		}
		for i, c := range e.Columns {
			q.cols[i].Name = c.Name
		}
		b.lastCTE++
		def := &cte{id: b.lastCTE, name: e.Name, q: q, mode: e.Materialized}
		sc.ctes[e.Name] = def
		defs = append(defs, def)
	}
	return defs, nil
}

// cteRef binds a reference to a WITH item.
func (b *binder) cteRef(c *cte, e *parser.TableRef) (plan.Node, *namespace, error) {
	if c.work != nil {
		return b.workTable(c, e)
	}
	ref := &plan.CTERef{CTE: c.id, Name: c.name}
	rel := &relation{name: aliasName(e.Alias, c.name)}
	for _, def := range c.q.cols {
		col := b.newColumn(def.Name, def.Type)
		col.NotNull = def.NotNull
		if o, ok := b.origins[def.ID]; ok {
			b.origins[col.ID] = o
		}
		ref.Cols, ref.Source = append(ref.Cols, col), append(ref.Source, def.ID)
		rel.add(def.Name, col)
	}
	if err := b.renamed(rel, e.Alias); err != nil {
		return nil, nil, err
	}
	return ref, newNamespace(rel), nil
}

// placeCTEs puts the definitions above body. One that is referenced once, or
// NOT MATERIALIZED, or correlated with an enclosing query, is expanded in
// place; one that is not referenced is dropped.
func (b *binder) placeCTEs(body plan.Node, defs []*cte) plan.Node {
	for i := len(defs) - 1; i >= 0; i-- {
		c := defs[i]
		n := countRefs(body, c.id)
		// Definitions in between are part of the body by now.
		switch {
		case n == 0:
		case c.inlined(n):
			body = b.expandCTE(body, c, n)
		default:
			body = c.over(body)
		}
	}
	return body
}

// placeTargetCTEs is placeCTEs for DML: a definition that is computed once goes on
// top of the source, where opt computes the subqueries of the other expressions too.
func (b *binder) placeTargetCTEs(n plan.Node, defs []*cte) plan.Node {
	for i := len(defs) - 1; i >= 0; i-- {
		refs := countRefs(n, defs[i].id)
		switch {
		case refs == 0:
		case defs[i].inlined(refs):
			n = b.expandCTE(n, defs[i], refs)
		default:
			n = n.WithChildren([]plan.Node{defs[i].over(n.Children()[0])})
		}
	}
	return n
}

// inlined reports whether a definition with that many references takes their place.
func (c *cte) inlined(refs int) bool {
	return c.mode == parser.MaterializedNever || !plan.Outer(c.q.node).Empty() ||
		refs == 1 && c.mode != parser.MaterializedAlways
}

// over puts the definition on top of body.
func (c *cte) over(body plan.Node) plan.Node {
	return &plan.With{ID: c.id, Name: c.name, Def: c.q.node, Body: body, Materialized: c.mode == parser.MaterializedAlways}
}

func countRefs(n plan.Node, id int) int {
	count := 0
	plan.Walk(n, func(n plan.Node) bool {
		if r, ok := n.(*plan.CTERef); ok && r.CTE == id {
			count++
		}
		return true
	})
	return count
}

// expandCTE replaces references by copies of the definition.
func (b *binder) expandCTE(body plan.Node, c *cte, refs int) plan.Node {
	var replace func(n plan.Node) plan.Node
	inExpr := func(e fn.Expr) fn.Expr {
		out, _ := fn.Transform(e, func(e fn.Expr) (fn.Expr, error) {
			if s, ok := e.(*plan.Subquery); ok {
				sub := *s
				sub.Plan = replace(s.Plan)
				return &sub, nil
			}
			return e, nil
		})
		return out
	}
	replace = func(n plan.Node) plan.Node {
		return plan.Rewrite(n, func(n plan.Node) plan.Node {
			r, ok := n.(*plan.CTERef)
			if !ok || r.CTE != c.id {
				return plan.MapOwnExprs(n, inExpr)
			}
			def, ids := c.q.node, map[plan.ColID]plan.ColID(nil)
			if refs > 1 {
				def, ids = plan.Renumber(def, b.ids)
			}
			p := &plan.Project{Input: def, Cols: r.Cols}
			for i, col := range r.Cols {
				source := col
				source.ID = r.Source[i]
				if ids != nil {
					source.ID = ids[source.ID]
				}
				p.Items = append(p.Items, plan.Ref(source))
			}
			return p
		})
	}
	return replace(body)
}
