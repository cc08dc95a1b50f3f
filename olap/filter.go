package olap

import (
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// Filter keeps the rows for which Pred is true.
type Filter struct {
	Input Node
	// Pred is a boolean expression over Input's columns; NULL counts as false.
	Pred fn.Expr
}

// Types returns the input's.
func (f *Filter) Types() []types.Type { return f.Input.Types() }

// Inputs returns the input.
func (f *Filter) Inputs() []Node { return []Node{f.Input} }

// Name returns "Filter".
func (f *Filter) Name() string { return "Filter" }

func (f *Filter) compile(r *run) (*stream, error) {
	s, err := f.Input.compile(r)
	if err != nil {
		return nil, err
	}
	return s.then(f, &filterSpec{f}), nil
}

// filterSpec is shared by the workers of a Filter.
type filterSpec struct{ node *Filter }

func (f *filterSpec) prepare(*run) error                       { return nil }
func (f *filterSpec) inputColumn(col int) (input int, ok bool) { return col, true }

func (f *filterSpec) operator(w *worker) (operator, error) {
	p, err := w.r.newPredicate(f.node.Pred)
	if err != nil {
		return nil, err
	}
	return &filterOperator{pred: p}, nil
}

// filterOperator narrows the selection; columns pass through.
type filterOperator struct {
	pred *condition
	out  vector.Batch
}

func (f *filterOperator) process(in *vector.Batch) (*vector.Batch, bool, error) {
	sel, err := f.pred.filter(in)
	if err != nil {
		return nil, false, err
	}
	f.out = vector.Batch{Cols: in.Cols, Len: in.Len, Sel: sel}
	return &f.out, false, nil
}
