package binder

import (
	"slices"

	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/vector/fn"
)

// onConflict binds ON CONFLICT.
func (b *binder) onConflict(e *parser.OnConflict, t *plan.Table, alias string, outer *scope) (*plan.OnConflict, error) {
	oc := &plan.OnConflict{DoNothing: e.DoNothing}
	var err error
	if oc.Arbiters, err = b.arbiters(e, t); err != nil {
		return nil, err
	}
	if e.DoNothing {
		return oc, nil
	}
	if len(oc.Arbiters) == 0 {
		return nil, b.errorAt(e.Pos(), sqlstate.SyntaxError, "ON CONFLICT DO UPDATE requires inference specification or constraint name").
			WithHint("For example, ON CONFLICT (column_name).")
	}
	oc.Existing, oc.Excluded = b.rowColumns(t), b.rowColumns(t)
	sc := outer.child()
	old := b.rowRelation(t, alias, oc.Existing)
	// A plain name means the existing row; the other is only there by its name.
	sc.ns = newNamespace(old)
	sc.ns.rels = append(sc.ns.rels, b.rowRelation(t, "excluded", oc.Excluded))
	sc.clause = "ON CONFLICT"
	if oc.Set, err = b.assignments(e.Set, t, sc); err != nil {
		return nil, err
	}
	if e.Where != nil {
		if oc.Where, err = b.condition(e.Where, sc, "argument of WHERE"); err != nil {
			return nil, err
		}
	}
	rows := append(slices.Clone(oc.Existing), oc.Excluded...)
	return oc, b.checkWritten(append(assignedExprs(oc.Set), oc.Where), rows, "ON CONFLICT DO UPDATE", e.Pos())
}

func assignedExprs(set []plan.Assignment) []fn.Expr {
	var out []fn.Expr
	for _, a := range set {
		out = append(out, a.Expr)
	}
	return out
}

// arbiters infers the unique key that a conflict target means.
func (b *binder) arbiters(e *parser.OnConflict, t *plan.Table) ([][]int, error) {
	if e.TargetWhere != nil {
		return nil, b.unsupported(e.TargetWhere.Pos(), "a predicate in the conflict target is")
	}
	if e.Constraint != "" {
		if len(t.PrimaryKey) > 0 && e.Constraint == t.PrimaryName {
			return [][]int{t.PrimaryKey}, nil
		}
		for i := range t.Indexes {
			if x := &t.Indexes[i]; x.Name == e.Constraint && x.Unique {
				return [][]int{x.Columns}, nil
			}
		}
		return nil, b.errorAt(e.Pos(), sqlstate.UndefinedObject, "constraint %q for table %q does not exist", e.Constraint, t.Name)
	}
	if len(e.Target) == 0 {
		return nil, nil
	}
	var want []int
	for _, el := range e.Target {
		if el.Collation != nil || el.OpClass != nil {
			return nil, b.unsupported(el.Pos(), "a collation or operator class in the conflict target is")
		}
		ref, ok := el.Expr.(*parser.ColumnRef)
		if !ok || len(ref.Parts) != 1 {
			return nil, b.unsupported(el.Pos(), "an expression in the conflict target is")
		}
		o, err := b.targetColumn(t, parser.Ident{Loc: parser.Loc(ref.Pos()), Name: ref.Column()})
		if err != nil {
			return nil, err
		}
		if !slices.Contains(want, o) {
			want = append(want, o)
		}
	}
	if sameColumns(want, t.PrimaryKey) {
		return [][]int{t.PrimaryKey}, nil
	}
	for i := range t.Indexes {
		if x := &t.Indexes[i]; x.Unique && x.Valid && sameColumns(want, x.Columns) {
			return [][]int{x.Columns}, nil
		}
	}
	return nil, b.errorAt(e.Pos(), sqlstate.InvalidColumnReference,
		"there is no unique or exclusion constraint matching the ON CONFLICT specification")
}

func sameColumns(a, b []int) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
