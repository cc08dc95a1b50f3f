package fn

import (
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// Evaluator runs bound expressions over batches. It belongs to one goroutine and
// keeps its scratch memory from batch to batch: a steady state allocates nothing.
//
// It propagates nulls of strict functions, keeps constants constant, evaluates
// a function of one dictionary column per dictionary entry where that is less
// work, and computes common subexpressions once.
type Evaluator struct {
	// ctx is own, a copy of what NewEvaluator or Reset got, with texts as its account.
	ctx   *Context
	own   Context
	texts textAccount
	// roots and out are made by the first Eval.
	roots []node
	out   []*vector.Vector
	// round counts Eval and Filter calls; a shared node's result holds for one.
	round uint64
	// conj is what Filter runs, made on its first call.
	conj  *conjunction
	exprs []Expr
}

// node is one operator of the compiled expression.
type node interface {
	// eval computes the rows sel (all if nil) of b. The result is valid until the next round.
	eval(ev *Evaluator, b *vector.Batch, sel []int32) (*vector.Vector, error)
	// reset forgets what depends on the context, and keeps the memory.
	reset()
}

// NewEvaluator compiles exprs, whose columns are positions in the batches to come.
func NewEvaluator(ctx *Context, exprs ...Expr) *Evaluator {
	ev := &Evaluator{exprs: exprs}
	ev.setContext(ctx)
	return ev
}

// setContext copies ctx, which may be nil.
func (ev *Evaluator) setContext(ctx *Context) {
	ev.texts.release()
	ev.own = Context{}
	if ctx != nil {
		ev.own = *ctx
	}
	ev.texts.mem = ev.own.Memory
	ev.own.text = &ev.texts
	ev.ctx = &ev.own
}

// Release gives back the memory that the texts of the last batch hold. The
// evaluator is not used after it before a Reset.
func (ev *Evaluator) Release() { ev.texts.release() }

// compileRoots makes the nodes that Eval runs.
func (ev *Evaluator) compileRoots() {
	ev.roots, ev.out = make([]node, len(ev.exprs)), make([]*vector.Vector, len(ev.exprs))
	c := newCompiler(ev.exprs)
	for i, e := range ev.exprs {
		ev.roots[i] = c.compile(e)
	}
}

// newCompiler returns a compiler that looks for common subexpressions if there can be any.
func newCompiler(exprs []Expr) *compiler {
	calls := 0
	for _, e := range exprs {
		Walk(e, func(n Expr) bool {
			if _, ok := n.(*Call); ok {
				calls++
			}
			return calls < 2
		})
	}
	if calls < 2 {
		return &compiler{}
	}
	return &compiler{seen: map[string]*callNode{}}
}

// Reset gives the evaluator another context (parameters, time) for the next
// statement; what was computed from the old one is dropped. What was compiled
// and the scratch memory stay: a statement that is run again allocates nothing.
func (ev *Evaluator) Reset(ctx *Context) {
	ev.setContext(ctx)
	for _, r := range ev.roots {
		r.reset()
	}
	if ev.conj != nil {
		for _, p := range ev.conj.parts {
			p.node.reset()
		}
	}
}

// Eval computes the expressions for b's alive rows. The vectors are valid until
// the next call; rows that are not alive hold anything. Constant results are Const vectors.
func (ev *Evaluator) Eval(b *vector.Batch) ([]*vector.Vector, error) {
	ev.round++
	ev.texts.next()
	if ev.out == nil {
		ev.compileRoots()
	}
	for i, r := range ev.roots {
		v, err := r.eval(ev, b, b.Sel)
		if err != nil {
			return nil, err
		}
		ev.out[i] = v
	}
	return ev.out, nil
}

// operandsBetween is how many operands of one AND, CASE or COALESCE are evaluated
// between two looks for a cancel: with 2,048 rows each takes some 5 us, so that a
// look comes every few milliseconds at most.
const operandsBetween = 256

// interruptedAt is an error if the statement has to end, looked for at every
// operandsBetween-th operand.
func (ev *Evaluator) interruptedAt(operand int) error {
	if operand == 0 || operand%operandsBetween != 0 {
		return nil
	}
	return ev.ctx.interrupted()
}

// EvalScalar computes an expression without columns. Literals and parameters,
// which most keys are, need no evaluator.
func EvalScalar(ctx *Context, e Expr) (types.Datum, error) {
	switch e := e.(type) {
	case *Literal:
		return e.Value, nil
	case *Param:
		return ctx.param(e.Index, physicalType(e.Typ))
	}
	ev := NewEvaluator(ctx, e)
	defer ev.Release()
	v, err := ev.Eval(&vector.Batch{Len: 1})
	if err != nil {
		return types.NullDatum, err
	}
	return v[0].Datum(0), nil
}

// compiler turns expressions into nodes.
type compiler struct {
	// seen holds the calls at places that are always evaluated, by exprKey; nil
	// inside conditional branches, which see other rows.
	seen map[string]*callNode
}

// conditional is the compiler for branches that only some rows reach.
func (c *compiler) conditional() *compiler { return &compiler{} }

func (c *compiler) compileAll(es []Expr) []node {
	out := make([]node, len(es))
	for i, e := range es {
		out[i] = c.compile(e)
	}
	return out
}

func (c *compiler) compile(e Expr) node {
	switch e := e.(type) {
	case *Column:
		return &columnNode{index: e.Index}
	case *Literal:
		return &constNode{vec: *vector.NewConst(physicalType(e.Typ), e.Value, 1)}
	case *Param:
		return &paramNode{index: e.Index, typ: e.Typ}
	case *Call:
		return c.compileCall(e)
	case *And:
		return c.compileLogic(e.Args, 0)
	case *Or:
		return c.compileLogic(e.Args, 1)
	case *Case:
		return c.compileCase(e)
	case *Coalesce:
		n := &coalesceNode{}
		n.out.Type = e.Typ
		for i, a := range e.Args {
			if i == 0 {
				n.args = append(n.args, c.compile(a))
			} else {
				n.args = append(n.args, c.conditional().compile(a))
			}
		}
		return n
	case *In:
		return c.compileCall(&Call{Func: inScalar(e), Args: []Expr{e.Arg}, Typ: types.TBool})
	}
	return &errorNode{sqlstate.New(sqlstate.InternalError, "expression %s reached the evaluator", e.String())}
}

func (c *compiler) compileCall(e *Call) node {
	key := ""
	if c.seen != nil && e.Func.Volatility < Volatile {
		if key = exprKey(e); key != "" {
			if n, ok := c.seen[key]; ok {
				n.shared = true
				return n
			}
		}
	}
	n := &callNode{fn: e.Func, args: c.compileAll(e.Args), vecs: make([]*vector.Vector, len(e.Args)), kernel: e.Func.Kernel}
	n.out.Type = e.Typ
	n.invariant = e.Func.Volatility < Volatile
	for _, a := range n.args {
		n.invariant = n.invariant && isInvariant(a)
	}
	if key != "" {
		c.seen[key] = n
	}
	return n
}

// isInvariant reports a node whose value is the same for all rows and batches of a statement.
func isInvariant(n node) bool {
	switch n := n.(type) {
	case *constNode, *paramNode:
		return true
	case *callNode:
		return n.invariant
	}
	return false
}

// columnNode is an input column.
type columnNode struct{ index int }

func (n *columnNode) eval(_ *Evaluator, b *vector.Batch, _ []int32) (*vector.Vector, error) {
	if n.index < 0 || n.index >= len(b.Cols) {
		return nil, sqlstate.New(sqlstate.InternalError, "column %d of a batch of %d", n.index, len(b.Cols))
	}
	return b.Cols[n.index], nil
}

func (n *columnNode) reset() {}

// constNode is a literal.
type constNode struct{ vec vector.Vector }

func (n *constNode) eval(_ *Evaluator, b *vector.Batch, _ []int32) (*vector.Vector, error) {
	n.vec.Len = b.Len
	return &n.vec, nil
}

func (n *constNode) reset() {}

// physicalType is t, or TEXT for an untyped NULL or literal that was never given a type.
func physicalType(t types.Type) types.Type {
	if t.Kind == types.Unknown || t.Kind == types.Invalid {
		return types.TText
	}
	return t
}

// paramNode is a statement parameter, a constant once its value is known.
type paramNode struct {
	index int
	typ   types.Type
	vec   vector.Vector
	known bool
}

func (n *paramNode) eval(ev *Evaluator, b *vector.Batch, _ []int32) (*vector.Vector, error) {
	if !n.known {
		t := physicalType(n.typ)
		d, err := ev.ctx.param(n.index, t)
		if err != nil {
			return nil, err
		}
		n.vec.Type = t
		n.vec.Resize(1)
		n.vec.Set(0, d)
		n.vec.Enc, n.known = vector.Const, true
	}
	n.vec.Len = b.Len
	return &n.vec, nil
}

func (n *paramNode) reset() { n.known = false }

// param returns the parameter with the index, which has to be of type t.
func (c *Context) param(index int, t types.Type) (types.Datum, error) {
	if index >= len(c.Params) {
		return types.NullDatum, sqlstate.New(sqlstate.UndefinedParameter, "there is no parameter $%d", index+1)
	}
	d := c.Params[index]
	if !d.IsNull() && d.Physical() != t.Physical() {
		return types.NullDatum, sqlstate.New(sqlstate.DatatypeMismatch, "parameter $%d is not of type %s", index+1, t)
	}
	return d, nil
}

// errorNode fails when it is evaluated.
type errorNode struct{ err error }

func (n *errorNode) eval(*Evaluator, *vector.Batch, []int32) (*vector.Vector, error) {
	return nil, n.err
}

func (n *errorNode) reset() {}
