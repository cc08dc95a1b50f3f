package olap

import (
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// SetFunc begins a set-returning function for one row's arguments: next returns
// the values one after the other, ok false at the end. A nil next has none.
type SetFunc func(args []types.Datum) (next func() (v types.Datum, ok bool), err error)

// ProjectSet yields each input row once for every value that a set-returning
// function makes of it, with the value in a further column. Rows whose function
// makes none are dropped.
type ProjectSet struct {
	Input Node
	// Args are over Input's columns.
	Args []fn.Expr
	Func SetFunc
	// Result is the type of the values.
	Result types.Type
}

// Types returns the input's types and the function's.
func (p *ProjectSet) Types() []types.Type {
	in := p.Input.Types()
	return append(in[:len(in):len(in)], p.Result)
}

// Inputs returns the input.
func (p *ProjectSet) Inputs() []Node { return []Node{p.Input} }

// Name returns "Project Set".
func (p *ProjectSet) Name() string { return "Project Set" }

func (p *ProjectSet) compile(r *run) (*stream, error) {
	s, err := p.Input.compile(r)
	if err != nil {
		return nil, err
	}
	s.expands = true
	return s.then(p, &projectSetSpec{p}), nil
}

// projectSetSpec is shared by the workers of a ProjectSet.
type projectSetSpec struct{ node *ProjectSet }

func (p *projectSetSpec) prepare(*run) error { return nil }

func (p *projectSetSpec) operator(w *worker) (operator, error) {
	e, err := w.r.newExprs(p.node.Args)
	if err != nil {
		return nil, err
	}
	return &projectSetOperator{node: p.node, exprs: e, types: p.node.Types(), values: make([]types.Datum, len(p.node.Args))}, nil
}

// projectSetOperator works on one input batch at a time, row by row.
type projectSetOperator struct {
	node  *ProjectSet
	exprs *exprs
	types []types.Type
	// args are the arguments of the batch at hand, nil between batches; at is the
	// position of its current row, whose next values come from next.
	args   []*vector.Vector
	at     int
	next   func() (types.Datum, bool)
	values []types.Datum
	out    vector.Batch
}

func (p *projectSetOperator) process(in *vector.Batch) (*vector.Batch, bool, error) {
	if p.args == nil {
		args, err := p.exprs.eval(in)
		if err != nil {
			return nil, false, err
		}
		p.args, p.at, p.next = args, 0, nil
	}
	p.out = vector.Batch{Cols: make([]*vector.Vector, len(p.types))}
	for i, t := range p.types {
		p.out.Cols[i] = vector.New(t, 0)
	}
	for p.at < in.Rows() {
		if p.next == nil {
			if err := p.begin(in.Row(p.at)); err != nil {
				return nil, false, err
			}
		}
		for p.next != nil {
			v, ok := p.next()
			if !ok {
				break
			}
			p.emit(in, v)
			if p.out.Len >= vector.MaxBatch {
				return &p.out, true, nil
			}
		}
		p.next = nil
		p.at++
	}
	p.args = nil
	return &p.out, false, nil
}

// begin calls the function for a row; NULL arguments make no rows.
func (p *projectSetOperator) begin(row int) (err error) {
	p.next = nil
	for i, a := range p.args {
		if p.values[i] = a.Datum(row); p.values[i].IsNull() {
			return nil
		}
	}
	p.next, err = p.node.Func(p.values)
	return err
}

// emit appends the current row with a value.
func (p *projectSetOperator) emit(in *vector.Batch, v types.Datum) {
	row := in.Row(p.at)
	for i, c := range in.Cols {
		p.out.Cols[i].Append(c.Datum(row))
	}
	p.out.Cols[len(in.Cols)].Append(v)
	p.out.Len++
}
