package plan

import "htapdb/vector/fn"

// SortKey is one key of an order.
type SortKey struct {
	Expr       fn.Expr
	Desc       bool
	NullsFirst bool
}

func sortExprs(keys []SortKey) []fn.Expr {
	out := make([]fn.Expr, len(keys))
	for i, k := range keys {
		out[i] = k.Expr
	}
	return out
}

func (r *exprReader) sortKeys(old []SortKey) []SortKey {
	if len(old) == 0 {
		return nil
	}
	keys := append([]SortKey(nil), old...)
	for i := range keys {
		keys[i].Expr = r.one()
	}
	return keys
}

// Sort orders its input. The order holds up to the next node that is not a
// Project, Limit, Distinct with On, Lock or With body.
type Sort struct {
	Input Node
	Keys  []SortKey
}

// Columns implements Node.
func (s *Sort) Columns() []Column { return s.Input.Columns() }

// Children implements Node.
func (s *Sort) Children() []Node { return []Node{s.Input} }

// WithChildren implements Node.
func (s *Sort) WithChildren(children []Node) Node {
	c := *s
	c.Input = children[0]
	return &c
}

// Exprs implements Node: the keys.
func (s *Sort) Exprs() []fn.Expr { return sortExprs(s.Keys) }

// WithExprs implements Node.
func (s *Sort) WithExprs(exprs []fn.Expr) Node {
	r := exprReader{exprs}
	c := *s
	c.Keys = r.sortKeys(s.Keys)
	return &c
}

// Limit passes Count rows after skipping Offset rows.
type Limit struct {
	Input Node
	// Count and Offset are of type bigint and constant within the statement;
	// nil is no limit and 0. NULL means the same; a negative value is 2201W or 2201X.
	Count, Offset fn.Expr
	// WithTies also passes the rows equal to the last one in Keys, the order of the input.
	WithTies bool
	Keys     []SortKey
}

// Columns implements Node.
func (l *Limit) Columns() []Column { return l.Input.Columns() }

// Children implements Node.
func (l *Limit) Children() []Node { return []Node{l.Input} }

// WithChildren implements Node.
func (l *Limit) WithChildren(children []Node) Node {
	c := *l
	c.Input = children[0]
	return &c
}

// Exprs implements Node: Count, Offset, the keys.
func (l *Limit) Exprs() []fn.Expr {
	return exprList(some(l.Count), some(l.Offset), sortExprs(l.Keys))
}

// WithExprs implements Node.
func (l *Limit) WithExprs(exprs []fn.Expr) Node {
	r := exprReader{exprs}
	c := *l
	c.Count, c.Offset = r.opt(l.Count), r.opt(l.Offset)
	c.Keys = r.sortKeys(l.Keys)
	return &c
}

// TopN is a Sort below a Limit in one: it keeps Count+Offset rows only.
type TopN struct {
	Input Node
	Keys  []SortKey
	// Count is not nil; see Limit for both.
	Count, Offset fn.Expr
}

// Columns implements Node.
func (t *TopN) Columns() []Column { return t.Input.Columns() }

// Children implements Node.
func (t *TopN) Children() []Node { return []Node{t.Input} }

// WithChildren implements Node.
func (t *TopN) WithChildren(children []Node) Node {
	c := *t
	c.Input = children[0]
	return &c
}

// Exprs implements Node: the keys, Count, Offset.
func (t *TopN) Exprs() []fn.Expr {
	return exprList(sortExprs(t.Keys), some(t.Count), some(t.Offset))
}

// WithExprs implements Node.
func (t *TopN) WithExprs(exprs []fn.Expr) Node {
	r := exprReader{exprs}
	c := *t
	c.Keys = r.sortKeys(t.Keys)
	c.Count, c.Offset = r.opt(t.Count), r.opt(t.Offset)
	return &c
}
