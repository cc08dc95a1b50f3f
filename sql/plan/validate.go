package plan

import (
	"fmt"

	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// Validate checks the scoping invariants: every column that an expression
// reads is produced by the node's inputs (or is one that the node brings
// itself), with the same type; no node produces a ColID twice; every CTERef
// stands below its With; both sides of join keys have one type. With lowered
// it also refuses what opt must have removed. The error is a programmer's, for tests and assertions.
func Validate(root Node, lowered bool) error {
	v := &validator{lowered: lowered, ctes: map[int]*With{}}
	return v.node(root, nil)
}

type validator struct {
	lowered bool
	ctes    map[int]*With
}

// scope maps the visible columns to their types; outer ones are inherited.
type scope map[ColID]types.Type

func (v *validator) node(n Node, outer scope) error {
	if w, ok := n.(*With); ok {
		if err := v.node(w.Def, outer); err != nil {
			return err
		}
		v.ctes[w.ID] = w
		err := v.node(w.Body, outer)
		delete(v.ctes, w.ID)
		return err
	}
	if err := v.kind(n); err != nil {
		return err
	}
	seen := scope{}
	visible := scope{}
	for id, t := range outer {
		visible[id] = t
	}
	for i, c := range n.Children() {
		// The right side of a join may be correlated with its left side
		// until decorrelation: lateral joins are dependent joins.
		in := outer
		if _, isJoin := n.(*Join); isJoin && i == 1 && !v.lowered {
			in = visible
		}
		if err := v.node(c, in); err != nil {
			return err
		}
		for _, col := range c.Columns() {
			visible[col.ID] = col.Type
		}
	}
	for _, col := range ownColumns(n) {
		visible[col.ID] = col.Type
	}
	for _, col := range n.Columns() {
		if _, twice := seen[col.ID]; twice {
			return fmt.Errorf("%T produces column %d (%s) twice", n, col.ID, col.Name)
		}
		seen[col.ID] = col.Type
	}
	for _, e := range n.Exprs() {
		if err := v.expr(e, visible); err != nil {
			return fmt.Errorf("%T: %w", n, err)
		}
	}
	return nil
}

func (v *validator) expr(e fn.Expr, visible scope) error {
	if e == nil {
		return fmt.Errorf("nil expression")
	}
	switch e := e.(type) {
	case *fn.Column:
		t, ok := visible[ColID(e.Index)]
		if !ok {
			return fmt.Errorf("column %d (%s) is not produced below", e.Index, e.Name)
		}
		if t != e.Typ {
			return fmt.Errorf("column %d (%s) is read as %s and produced as %s", e.Index, e.Name, e.Typ, t)
		}
	case *Subquery:
		return v.subquery(e, visible)
	}
	for _, c := range e.Children() {
		if err := v.expr(c, visible); err != nil {
			return err
		}
	}
	return nil
}

func (v *validator) subquery(s *Subquery, visible scope) error {
	if v.lowered {
		return fmt.Errorf("subquery left: %s", s)
	}
	if err := v.node(s.Plan, visible); err != nil {
		return err
	}
	if s.Cond == nil {
		return nil
	}
	in := scope{}
	for id, t := range visible {
		in[id] = t
	}
	for _, c := range s.Plan.Columns() {
		in[c.ID] = c.Type
	}
	return v.expr(s.Cond, in)
}

// kind checks what is particular to a kind of node.
func (v *validator) kind(n Node) error {
	switch n := n.(type) {
	case *Project:
		if len(n.Items) != len(n.Cols) {
			return fmt.Errorf("projection of %d items into %d columns", len(n.Items), len(n.Cols))
		}
		for i, e := range n.Items {
			if e.Type() != n.Cols[i].Type {
				return fmt.Errorf("column %d (%s) of type %s from an item of type %s", n.Cols[i].ID, n.Cols[i].Name, n.Cols[i].Type, e.Type())
			}
		}
	case *Join:
		return v.join(n)
	case *SetOp:
		return v.setOp(n)
	case *Recursive:
		if _, twice := v.ctes[n.ID]; twice {
			return fmt.Errorf("a WITH and a recursive query have one number, %d", n.ID)
		}
		return v.setOp(&SetOp{Kind: Union, All: true, Inputs: n.Children(), Maps: n.Maps[:], Cols: n.Cols})
	case *CTERef:
		w, ok := v.ctes[n.CTE]
		if !ok {
			return fmt.Errorf("CTE %d (%s) is not defined here", n.CTE, n.Name)
		}
		have := NewColSet(w.Def.Columns())
		for _, id := range n.Source {
			if !have.Has(id) {
				return fmt.Errorf("CTE %s has no column %d", n.Name, id)
			}
		}
	case *Distinct:
		if v.lowered && len(n.On) == 0 {
			return fmt.Errorf("Distinct was not lowered")
		}
	case *Aggregate:
		if v.lowered && n.Sets != nil {
			return fmt.Errorf("grouping sets were not lowered")
		}
	}
	return nil
}

func (v *validator) join(j *Join) error {
	left, right := NewColSet(j.Left.Columns()), NewColSet(j.Right.Columns())
	if left.Intersects(right) {
		return fmt.Errorf("both sides of a join produce columns %v", left.Intersect(right).IDs())
	}
	for _, k := range j.Keys {
		if k.Left.Type() != k.Right.Type() {
			return fmt.Errorf("join key of types %s and %s", k.Left.Type(), k.Right.Type())
		}
		if v.lowered && (!Used(k.Left).SubsetOf(left) || !Used(k.Right).SubsetOf(right)) {
			return fmt.Errorf("join key %s = %s is not over its side", k.Left, k.Right)
		}
	}
	if j.NullAware && (len(j.Keys) != 1 || len(j.Residual) != 0 || j.Keys[0].NullSafe) {
		return fmt.Errorf("null-aware join with %d keys and %d residuals", len(j.Keys), len(j.Residual))
	}
	return nil
}

func (v *validator) setOp(s *SetOp) error {
	if v.lowered && !s.All {
		return fmt.Errorf("%s was not lowered", s.Kind)
	}
	for i, in := range s.Inputs {
		have := map[ColID]types.Type{}
		for _, c := range in.Columns() {
			have[c.ID] = c.Type
		}
		if len(s.Maps[i]) != len(s.Cols) {
			return fmt.Errorf("set operation maps %d of %d columns", len(s.Maps[i]), len(s.Cols))
		}
		for j, id := range s.Maps[i] {
			if t, ok := have[id]; !ok || t != s.Cols[j].Type {
				return fmt.Errorf("column %d of a set operation from %d of type %s, not %s", j, id, t, s.Cols[j].Type)
			}
		}
	}
	return nil
}
