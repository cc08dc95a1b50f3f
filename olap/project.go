package olap

import (
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// Project computes one output column from each expression.
type Project struct {
	Input Node
	// Exprs are over Input's columns. None at all makes rows without columns.
	Exprs []fn.Expr
}

// Types returns the expressions' types.
func (p *Project) Types() []types.Type { return typesOf(p.Exprs) }

// Inputs returns the input.
func (p *Project) Inputs() []Node { return []Node{p.Input} }

// Name returns "Project".
func (p *Project) Name() string { return "Project" }

func (p *Project) compile(r *run) (*stream, error) {
	s, err := p.Input.compile(r)
	if err != nil {
		return nil, err
	}
	return s.then(p, &projectSpec{p}), nil
}

// projectSpec is shared by the workers of a Project.
type projectSpec struct{ node *Project }

func (p *projectSpec) prepare(*run) error { return nil }

func (p *projectSpec) inputColumn(col int) (input int, ok bool) {
	c, ok := p.node.Exprs[col].(*fn.Column)
	if !ok {
		return 0, false
	}
	return c.Index, true
}

func (p *projectSpec) operator(w *worker) (operator, error) {
	e, err := w.r.newExprs(p.node.Exprs)
	if err != nil {
		return nil, err
	}
	return &projectOperator{exprs: e}, nil
}

// projectOperator evaluates the expressions; the selection stays.
type projectOperator struct {
	exprs *exprs
	out   vector.Batch
}

func (p *projectOperator) process(in *vector.Batch) (*vector.Batch, bool, error) {
	cols, err := p.exprs.eval(in)
	if err != nil {
		return nil, false, err
	}
	p.out = vector.Batch{Cols: cols, Len: in.Len, Sel: in.Sel}
	return &p.out, false, nil
}
