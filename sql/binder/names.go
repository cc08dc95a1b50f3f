package binder

import (
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/vector/fn"
)

// columnRef binds a (possibly qualified) column name.
func (b *binder) columnRef(e *parser.ColumnRef, sc *scope) (fn.Expr, error) {
	c, err := b.lookup(e, sc)
	if err != nil {
		return nil, err
	}
	ref := plan.Ref(c.col)
	b.columnPos[ref] = e.Pos()
	return ref, nil
}

// lookup finds the column that a name means, from the innermost scope outwards.
func (b *binder) lookup(e *parser.ColumnRef, sc *scope) (*nsColumn, error) {
	name, table := e.Column(), e.Table()
	knownTable := false
	for s := sc; s != nil; s = s.parent {
		if table == "" {
			c, err := b.plainColumn(s.ns, e, name)
			if c != nil || err != nil {
				return c, err
			}
			continue
		}
		rel, err := b.relation(s.ns, e.Schema(), table, e.Pos())
		if err != nil {
			return nil, err
		}
		if rel == nil {
			continue
		}
		c, err := b.relationColumn(rel, e, name)
		if c != nil || err != nil {
			return c, err
		}
		knownTable = true
		break
	}
	if table != "" && !knownTable {
		err := b.errorAt(e.Pos(), sqlstate.UndefinedTable, "missing FROM-clause entry for table %q", table)
		if guess := closestRelation(sc, table); guess != "" {
			return nil, err.WithHint("Perhaps you meant to reference the table alias %q.", guess)
		}
		return nil, err
	}
	return nil, b.undefinedColumn(e, sc)
}

// relation returns the relation that a name means, nil if none has it. Two of one
// name, from different schemas, need the schema.
func (b *binder) relation(n *namespace, schema, name string, pos int) (*relation, error) {
	var found *relation
	for _, r := range n.rels {
		if r.name != name || schema != "" && r.schema != schema {
			continue
		}
		if found != nil {
			return nil, b.errorAt(pos, sqlstate.AmbiguousAlias, "table reference %q is ambiguous", name)
		}
		found = r
	}
	return found, nil
}

// find returns the first relation with the name, nil without one.
func (n *namespace) find(schema, name string) *relation {
	for _, r := range n.rels {
		if r.name == name && (schema == "" || r.schema == schema) {
			return r
		}
	}
	return nil
}

func (b *binder) plainColumn(n *namespace, e *parser.ColumnRef, name string) (*nsColumn, error) {
	var found *nsColumn
	for _, c := range n.cols {
		if c.name != name {
			continue
		}
		if found != nil {
			return nil, b.errorAt(e.Pos(), sqlstate.AmbiguousColumn, "column reference %q is ambiguous", name)
		}
		found = c
	}
	return found, nil
}

func (b *binder) relationColumn(r *relation, e *parser.ColumnRef, name string) (*nsColumn, error) {
	var found *nsColumn
	for _, c := range r.cols {
		if c.name != name {
			continue
		}
		if found != nil {
			return nil, b.errorAt(e.Pos(), sqlstate.AmbiguousColumn, "column reference %q is ambiguous", name)
		}
		found = c
	}
	return found, nil
}

// undefinedColumn makes the 42703 error, with a hint where a similar column exists.
func (b *binder) undefinedColumn(e *parser.ColumnRef, sc *scope) error {
	var err *sqlstate.Error
	if t := e.Table(); t != "" {
		err = b.errorAt(e.Pos(), sqlstate.UndefinedColumn, "column %s.%s does not exist", t, e.Column())
	} else {
		for s := sc; s != nil; s = s.parent {
			for _, r := range s.ns.rels {
				if r.name == e.Column() {
					return b.unsupported(e.Pos(), "the row of a table as a value is")
				}
			}
		}
		err = b.errorAt(e.Pos(), sqlstate.UndefinedColumn, "column %q does not exist", e.Column())
	}
	if guess := closestColumn(sc, e.Table(), e.Column()); guess != "" {
		return err.WithHint("Perhaps you meant to reference the column %q.", guess)
	}
	return err
}

// closestColumn returns "table.column" for the visible column whose name is
// nearest to the one that was not found, "" if none is near.
func closestColumn(sc *scope, table, name string) string {
	best, guess := maxEditDistance(name)+1, ""
	for s := sc; s != nil; s = s.parent {
		for _, r := range s.ns.rels {
			for _, c := range r.cols {
				d := editDistance(c.name, name)
				if table != "" && r.name != table {
					// A right name under a wrong qualifier counts as near.
					d++
				}
				if d < best {
					best, guess = d, c.name
					if r.name != "" {
						guess = r.name + "." + c.name
					}
				}
			}
		}
	}
	return guess
}

func closestRelation(sc *scope, name string) string {
	best, guess := maxEditDistance(name)+1, ""
	for s := sc; s != nil; s = s.parent {
		for _, r := range s.ns.rels {
			if d := editDistance(r.name, name); d < best {
				best, guess = d, r.name
			}
		}
	}
	return guess
}

// maxEditDistance is how different a name may be to be offered as a hint.
func maxEditDistance(name string) int { return min(3, (len(name)+1)/2) }

// editDistance is the Levenshtein distance of two names in bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost = 1 + min(diagonal, row[j], row[j-1])
			}
			diagonal, row[j] = row[j], cost
		}
	}
	return row[len(b)]
}
