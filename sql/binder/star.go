package binder

import (
	"slices"

	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
)

// expandStar adds the columns of * or t.* to the select list.
func (c *core) expandStar(e *parser.Star) error {
	cols, err := c.b.starColumns(e, c.sc)
	if err != nil {
		return err
	}
	used := map[string]bool{}
	for _, col := range cols {
		if excluded(e.Exclude, col, used) {
			continue
		}
		name, done := col.name, false
		for _, r := range e.Replace {
			if r.Alias == col.name {
				x, err := c.b.expr(r.Expr, c.sc)
				if err != nil {
					return err
				}
				c.items = append(c.items, item{x, name, r.Expr.Pos(), true})
				used["replace "+r.Alias], done = true, true
			}
		}
		for _, r := range e.Rename {
			if ref, ok := r.Expr.(*parser.ColumnRef); ok && ref.Column() == col.name {
				name = r.Alias
				used["rename "+ref.Column()] = true
			}
		}
		if !done {
			ref := plan.Ref(col.col)
			c.b.columnPos[ref] = e.Pos()
			c.items = append(c.items, item{ref, name, e.Pos(), false})
		}
	}
	return c.b.checkStarModifiers(e, used)
}

// excluded reports whether EXCLUDE names the column, and notes that it hit.
func excluded(list []*parser.ColumnRef, col *nsColumn, used map[string]bool) bool {
	for _, x := range list {
		if x.Column() == col.name && (x.Table() == "" || x.Table() == col.rel.name) {
			used["exclude "+x.Table()+"."+x.Column()] = true
			return true
		}
	}
	return false
}

// starColumns lists what * stands for.
func (b *binder) starColumns(e *parser.Star, sc *scope) ([]*nsColumn, error) {
	if e.Of != nil {
		return nil, b.unsupported(e.Pos(), "expansion of composite values is")
	}
	if len(e.Qualifier) == 0 {
		if len(sc.ns.rels) == 0 {
			return nil, b.errorAt(e.Pos(), sqlstate.SyntaxError, "SELECT * with no tables specified is not valid")
		}
		return slices.Clone(sc.ns.cols), nil
	}
	name, schema := e.Qualifier[len(e.Qualifier)-1], ""
	if len(e.Qualifier) > 1 {
		schema = e.Qualifier[len(e.Qualifier)-2]
	}
	for s := sc; s != nil; s = s.parent {
		if rel, err := b.relation(s.ns, schema, name, e.Pos()); rel != nil || err != nil {
			if err != nil {
				return nil, err
			}
			return rel.cols, nil
		}
	}
	return nil, b.errorAt(e.Pos(), sqlstate.UndefinedTable, "missing FROM-clause entry for table %q", name)
}

// checkStarModifiers refuses EXCLUDE, REPLACE and RENAME of columns that * does not have.
func (b *binder) checkStarModifiers(e *parser.Star, used map[string]bool) error {
	missing := func(pos int, clause, name string) error {
		return b.errorAt(pos, sqlstate.UndefinedColumn, "column %q in %s list does not exist", name, clause)
	}
	for _, x := range e.Exclude {
		if !used["exclude "+x.Table()+"."+x.Column()] {
			return missing(x.Pos(), "EXCLUDE", x.Column())
		}
	}
	for _, r := range e.Replace {
		if !used["replace "+r.Alias] {
			return missing(r.Pos(), "REPLACE", r.Alias)
		}
	}
	for _, r := range e.Rename {
		if ref, ok := r.Expr.(*parser.ColumnRef); ok && !used["rename "+ref.Column()] {
			return missing(r.Pos(), "RENAME", ref.Column())
		}
	}
	return nil
}
