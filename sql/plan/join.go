package plan

import "htapdb/vector/fn"

// JoinKind is the kind of a Join.
type JoinKind uint8

// The kinds of join. 'Matches' are the right rows for which Keys and Residual
// are all TRUE.
const (
	// InnerJoin yields each pair that matches; without Keys and Residual it is the cross product.
	InnerJoin JoinKind = iota
	// LeftJoin also yields left rows without a match, the right columns NULL.
	LeftJoin
	// RightJoin is LeftJoin with the sides exchanged.
	RightJoin
	// FullJoin is both at once.
	FullJoin
	// SemiJoin yields the left rows with a match, AntiJoin those without.
	SemiJoin
	AntiJoin
	// MarkJoin yields every left row once with MarkCol: whether it has a match.
	MarkJoin
	// SingleJoin is LeftJoin that fails (21000) when a left row has more than one match.
	SingleJoin
)

var joinNames = [...]string{
	InnerJoin: "Inner", LeftJoin: "Left", RightJoin: "Right", FullJoin: "Full",
	SemiJoin: "Semi", AntiJoin: "Anti", MarkJoin: "Mark", SingleJoin: "Single",
}

// String returns the kind's name.
func (k JoinKind) String() string { return joinNames[k] }

// Join combines two inputs. The right side is the build side, except that
// BuildLeft asks for the other.
type Join struct {
	Kind        JoinKind
	Left, Right Node
	// Keys are the equalities between the sides; both expressions have the
	// same type. Empty means a nested loop over Residual.
	Keys []EquiKey
	// Residual are the other conjuncts of the condition, over both sides.
	// For outer, anti, mark and single joins they decide about matching, not
	// about the rows of the result.
	Residual []fn.Expr
	// NullAware, for AntiJoin and MarkJoin, is the NOT IN semantics. There is
	// then exactly one key, not NullSafe, and no residual. With an empty right side every
	// left row is a miss. Otherwise a left row whose key is NULL, or that misses while
	// a right key is NULL, is unknown: MarkCol is NULL, AntiJoin drops the row.
	NullAware bool
	// MarkCol is the boolean result of MarkJoin; NULL only with NullAware.
	MarkCol Column
	// BuildLeft says that the left side is much smaller: for the kinds
	// Semi, Anti, Mark and Single, which cannot simply be turned around, build
	// on it and note matches. It is a hint.
	BuildLeft bool
	// EstRows is the optimizer's estimate of the result, 0 if it made none.
	EstRows float64
}

// EquiKey is one equality of a join.
type EquiKey struct {
	// Left is over the left side's columns, Right over the right side's.
	Left, Right fn.Expr
	// NullSafe compares as IS NOT DISTINCT FROM: NULL matches NULL.
	NullSafe bool
}

// LeftOnly reports whether only left rows (and a mark) come out.
func (k JoinKind) LeftOnly() bool { return k == SemiJoin || k == AntiJoin || k == MarkJoin }

// Columns implements Node: the left side's, the right side's where they come
// out, MarkCol.
func (j *Join) Columns() []Column {
	left := j.Left.Columns()
	switch j.Kind {
	case SemiJoin, AntiJoin:
		return left
	case MarkJoin:
		return append(append([]Column(nil), left...), j.MarkCol)
	}
	right := j.Right.Columns()
	cols := make([]Column, 0, len(left)+len(right))
	cols = append(append(cols, left...), right...)
	if j.Kind == RightJoin || j.Kind == FullJoin {
		clearNotNull(cols[:len(left)])
	}
	if j.Kind == LeftJoin || j.Kind == FullJoin || j.Kind == SingleJoin {
		clearNotNull(cols[len(left):])
	}
	return cols
}

func clearNotNull(cols []Column) {
	for i := range cols {
		cols[i].NotNull = false
	}
}

// Children implements Node.
func (j *Join) Children() []Node { return []Node{j.Left, j.Right} }

// WithChildren implements Node.
func (j *Join) WithChildren(children []Node) Node {
	c := *j
	c.Left, c.Right = children[0], children[1]
	return &c
}

// Exprs implements Node: left and right of each key, then the residual.
func (j *Join) Exprs() []fn.Expr {
	out := make([]fn.Expr, 0, 2*len(j.Keys)+len(j.Residual))
	for _, k := range j.Keys {
		out = append(out, k.Left, k.Right)
	}
	return append(out, j.Residual...)
}

// WithExprs implements Node.
func (j *Join) WithExprs(exprs []fn.Expr) Node {
	r := exprReader{exprs}
	c := *j
	c.Keys = append([]EquiKey(nil), j.Keys...)
	for i := range c.Keys {
		c.Keys[i].Left, c.Keys[i].Right = r.one(), r.one()
	}
	c.Residual = r.list(len(j.Residual))
	return &c
}
