package olap

import (
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// DistinctOn yields, in the order of OrderBy, the first row of each group of
// rows with equal On values (NULLs equal): SELECT DISTINCT ON (On) … ORDER BY OrderBy.
type DistinctOn struct {
	Input Node
	// On are over Input's columns.
	On []fn.Expr
	// OrderBy are over Input's columns; without any, one arbitrary row per group
	// is yielded, in arbitrary order.
	OrderBy []SortKey
}

// Types returns the input's.
func (d *DistinctOn) Types() []types.Type { return d.Input.Types() }

// Inputs returns the input.
func (d *DistinctOn) Inputs() []Node { return []Node{d.Input} }

// Name returns "Distinct On".
func (d *DistinctOn) Name() string { return "Distinct On" }

func (d *DistinctOn) compile(r *run) (*stream, error) {
	input := d.Input
	if len(d.OrderBy) > 0 {
		input = &Sort{Input: d.Input, Keys: d.OrderBy}
	}
	s, err := input.compile(r)
	if err != nil {
		return nil, err
	}
	s.sequential = true
	return s.then(d, &distinctOnSpec{d}), nil
}

// distinctOnSpec makes the only operator of a DistinctOn.
type distinctOnSpec struct{ node *DistinctOn }

func (d *distinctOnSpec) prepare(*run) error { return nil }

func (d *distinctOnSpec) operator(w *worker) (operator, error) {
	e, err := w.r.newExprs(d.node.On)
	if err != nil {
		return nil, err
	}
	return &distinctOnOperator{exprs: e, seen: newGroupTable(typesOf(d.node.On), w.r.newTrack(d.node))}, nil
}

// distinctOnOperator passes the rows that begin a group.
type distinctOnOperator struct {
	exprs  *exprs
	seen   *groupTable
	hashes []uint64
	groups []uint32
	out    vector.Batch
}

func (d *distinctOnOperator) process(in *vector.Batch) (*vector.Batch, bool, error) {
	cols, err := d.exprs.eval(in)
	if err != nil {
		return nil, false, err
	}
	d.hashes = hashRows(cols, in.Sel, in.Len, d.hashes)
	d.groups = growBytes(d.groups, in.Rows())
	if err := d.seen.find(cols, in.Sel, in.Len, d.hashes, d.groups); err != nil {
		return nil, false, err
	}
	if len(d.seen.newRows) == 0 {
		return nil, false, nil
	}
	d.out = vector.Batch{Cols: in.Cols, Len: in.Len, Sel: d.seen.newRows}
	return &d.out, false, nil
}
