package binder

import (
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/vector/fn"
)

// mayRecurse reports whether a WITH RECURSIVE item has the form of a recursive query.
func mayRecurse(sel *parser.SelectStmt) bool {
	set, ok := sel.Body.(*parser.SetOp)
	return ok && set.Op == parser.Union
}

// mentions looks for a table of the name in the FROM clauses of a body.
func mentions(body parser.QueryBody, name string) bool {
	switch body := body.(type) {
	case *parser.SelectCore:
		for _, f := range body.From {
			if fromMentions(f, name) {
				return true
			}
		}
	case *parser.SelectStmt:
		return mentions(body.Body, name)
	case *parser.SetOp:
		return mentions(body.Left, name) || mentions(body.Right, name)
	}
	return false
}

func fromMentions(f parser.TableExpr, name string) bool {
	switch f := f.(type) {
	case *parser.TableRef:
		return f.Name.Schema == "" && f.Name.Name == name
	case *parser.SubqueryRef:
		return mentions(f.Query.Body, name)
	case *parser.JoinExpr:
		return fromMentions(f.Left, name) || fromMentions(f.Right, name)
	}
	return false
}

// recursive binds an item of WITH RECURSIVE: an initial query UNION [ALL] a
// recursive one. The initial query gives names and types. An item that does
// not refer to itself is bound as any other.
func (b *binder) recursive(e *parser.CTE, sel *parser.SelectStmt, sc *scope) (*query, error) {
	set := sel.Body.(*parser.SetOp)
	if mentions(set.Left, e.Name) {
		return nil, b.errorAt(e.Pos(), sqlstate.InvalidRecursion, "recursive reference to query %q must not appear within its non-recursive term", e.Name)
	}
	initial, err := b.body(set.Left, sc)
	if err != nil {
		return nil, err
	}
	b.closeQuery(initial)
	b.lastCTE++
	r := &plan.Recursive{ID: b.lastCTE, Name: e.Name, Initial: initial.node, All: set.All}
	out := &query{node: r}
	for i, c := range initial.cols {
		col := b.newColumn(c.Name, c.Type)
		if i < len(e.Columns) {
			col.Name = e.Columns[i].Name
		}
		if !set.All {
			if err := b.comparable(c.Type, "equality", c.pos); err != nil {
				return nil, err
			}
		}
		r.Cols, r.Maps[0] = append(r.Cols, col), append(r.Maps[0], c.ID)
		out.cols = append(out.cols, outColumn{col, c.pos})
	}
	inner := sc.child()
	inner.ctes = map[string]*cte{e.Name: {name: e.Name, work: r}}
	step, err := b.body(set.Right, inner)
	if err != nil {
		return nil, err
	}
	if !readsWorkTable(step.node, r.ID) {
		return b.selectStmt(sel, sc)
	}
	switch {
	case len(sel.OrderBy) > 0 || sel.OrderByAll != nil:
		return nil, b.unsupported(e.Pos(), "ORDER BY in a recursive query is")
	case sel.Limit != nil || sel.Offset != nil:
		return nil, b.unsupported(e.Pos(), "LIMIT in a recursive query is")
	case sel.With != nil:
		return nil, b.unsupported(sel.With.Pos(), "WITH inside a recursive query is")
	}
	if err := b.recursiveStep(r, step, e); err != nil {
		return nil, err
	}
	return out, nil
}

func readsWorkTable(n plan.Node, id int) bool {
	found := false
	plan.Walk(n, func(n plan.Node) bool {
		w, ok := n.(*plan.WorkTable)
		found = found || ok && w.Recursive == id
		return !found
	})
	return found
}

// recursiveStep types the recursive term after the initial one and checks
// where it refers to itself.
func (b *binder) recursiveStep(r *plan.Recursive, step *query, e *parser.CTE) error {
	refs := 0
	if err := b.checkRecursion(r, step.node, "", e.Pos(), &refs); err != nil {
		return err
	}
	if refs != 1 {
		return b.errorAt(e.Pos(), sqlstate.InvalidRecursion, "recursive reference to query %q must not appear more than once", r.Name)
	}
	if len(step.cols) != len(r.Cols) {
		return b.errorAt(e.Pos(), sqlstate.SyntaxError, "each UNION query must have the same number of columns")
	}
	for i, c := range r.Cols {
		from := step.cols[i].Type
		if err := b.setType(step, i, c.Type, fn.ImplicitCast); err != nil {
			if sqlstate.Is(err, sqlstate.DatatypeMismatch) || sqlstate.Is(err, sqlstate.CannotCoerce) {
				return b.errorAt(step.cols[i].pos, sqlstate.DatatypeMismatch,
					"recursive query %q column %d has type %s in non-recursive term but type %s overall", r.Name, i+1, c.Type.BaseName(), from.BaseName()).
					WithHint("Cast the output of the non-recursive term to the correct type.")
			}
			return err
		}
		r.Maps[1] = append(r.Maps[1], step.cols[i].ID)
	}
	r.Step = step.node
	return nil
}

// windowedRecursion is what PostgreSQL runs and checkRecursion refuses.
const windowedRecursion = "a sorted, distinct, limited or windowed query"

// checkRecursion looks for the WorkTable in places where rounds would not add
// up: where is the construct that encloses n, "" for none that matters.
func (b *binder) checkRecursion(r *plan.Recursive, n plan.Node, where string, pos int, refs *int) error {
	if w, ok := n.(*plan.WorkTable); ok && w.Recursive == r.ID {
		if where == windowedRecursion {
			return b.unsupported(pos, "a recursive reference within %s is", where)
		}
		if where != "" {
			return b.errorAt(pos, sqlstate.InvalidRecursion, "recursive reference to query %q must not appear within %s", r.Name, where)
		}
		*refs++
	}
	for _, x := range n.Exprs() {
		var err error
		fn.Walk(x, func(x fn.Expr) bool {
			if s, ok := x.(*plan.Subquery); ok && err == nil {
				err = b.checkRecursion(r, s.Plan, "a subquery", pos, refs)
			}
			return err == nil
		})
		if err != nil {
			return err
		}
	}
	for i, c := range n.Children() {
		inside := where
		switch n := n.(type) {
		case *plan.Aggregate:
			inside = "an aggregate"
		case *plan.Limit, *plan.Sort, *plan.Distinct, *plan.Window:
			inside = windowedRecursion
		case *plan.SetOp:
			if n.Kind == plan.Except && i > 0 {
				inside = "EXCEPT"
			}
		case *plan.Join:
			if n.Kind == plan.FullJoin || n.Kind == plan.LeftJoin && i == 1 || n.Kind == plan.RightJoin && i == 0 {
				inside = "an outer join"
			}
		}
		if err := b.checkRecursion(r, c, inside, pos, refs); err != nil {
			return err
		}
	}
	return nil
}

// workTable binds a reference of a recursive item to itself.
func (b *binder) workTable(c *cte, e *parser.TableRef) (plan.Node, *namespace, error) {
	w := &plan.WorkTable{Recursive: c.work.ID, Name: c.name}
	rel := &relation{name: aliasName(e.Alias, c.name)}
	for _, def := range c.work.Cols {
		col := b.newColumn(def.Name, def.Type)
		w.Cols = append(w.Cols, col)
		rel.add(col.Name, col)
	}
	if err := b.renamed(rel, e.Alias); err != nil {
		return nil, nil, err
	}
	return w, newNamespace(rel), nil
}
