package olap

import (
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// exprs evaluates a list of expressions over batches for one worker. Lists of
// plain column references, the most frequent, cost nothing.
type exprs struct {
	// cols are the input positions if every expression is a column; ev is nil then.
	cols []int
	out  []*vector.Vector
	ev   *fn.Evaluator
}

// newExprs prepares the evaluation of list.
func (r *run) newExprs(list []fn.Expr) (*exprs, error) {
	if cols := columnsOf(list); cols != nil {
		return &exprs{cols: cols, out: make([]*vector.Vector, len(list))}, nil
	}
	return &exprs{ev: r.evaluator(list...)}, nil
}

// evaluator makes an evaluator whose texts are charged to the round of a
// recursion that it belongs to, else to the execution.
func (r *run) evaluator(list ...fn.Expr) *fn.Evaluator {
	if r.mem == &r.memory {
		return fn.NewEvaluator(&r.fctx, list...)
	}
	ctx := r.fctx
	ctx.Memory = r.mem
	return fn.NewEvaluator(&ctx, list...)
}

// columnsOf returns the column indexes of list if it consists of columns only,
// else nil.
func columnsOf(list []fn.Expr) []int {
	cols := make([]int, len(list))
	for i, x := range list {
		c, ok := x.(*fn.Column)
		if !ok {
			return nil
		}
		cols[i] = c.Index
	}
	return cols
}

// eval returns the values of the expressions for the alive rows of b, at the
// rows' own indexes, valid until the next call or b's end.
func (e *exprs) eval(b *vector.Batch) ([]*vector.Vector, error) {
	if e.ev != nil {
		return e.ev.Eval(b)
	}
	for i, c := range e.cols {
		e.out[i] = b.Cols[c]
	}
	return e.out, nil
}

// condition evaluates a condition over batches for one worker.
type condition struct {
	ev  *fn.Evaluator
	sel []int32
}

// newPredicate prepares the evaluation of pred.
func (r *run) newPredicate(pred fn.Expr) (*condition, error) {
	return &condition{ev: r.evaluator(pred)}, nil
}

// filter returns the alive rows of b for which the condition is true, in
// ascending order, never nil. The slice is valid until the next call.
func (p *condition) filter(b *vector.Batch) ([]int32, error) {
	if cap(p.sel) < b.Len {
		p.sel = make([]int32, b.Len)
	}
	return p.ev.Filter(b, p.sel)
}

// scalar evaluates an expression without columns once.
func (r *run) scalar(x fn.Expr) (types.Datum, error) {
	if l, ok := x.(*fn.Literal); ok {
		return l.Value, nil
	}
	return fn.EvalScalar(&r.fctx, x)
}
