package fn

import (
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// Fold computes what does not depend on a row: immutable calls of constants, and
// what constants decide in AND, OR, CASE, COALESCE and IN. A call that fails is
// left in place, to fail (or not be reached) when the statement runs.
func Fold(e Expr, ctx *Context) (Expr, error) {
	own := Context{}
	if ctx != nil {
		own = *ctx
	}
	if ctx = &own; ctx.Memory == nil {
		ctx.Memory = foldRoom{}
	}
	return Transform(e, func(n Expr) (Expr, error) {
		if err := ctx.interrupted(); err != nil {
			return nil, err
		}
		return foldNode(n, ctx), nil
	})
}

// foldRoom refuses the memory for long texts while a statement is planned: they
// are made when it runs, on its account, and do not stay in a cached plan.
type foldRoom struct{}

func (foldRoom) Reserve(int64) error {
	return sqlstate.New(sqlstate.OutOfMemory, "the text is not made before the statement runs")
}

func (foldRoom) Release(int64) {}

func foldNode(e Expr, ctx *Context) Expr {
	switch n := e.(type) {
	case *Call:
		return foldCall(n, ctx)
	case *And:
		return foldLogic(n, n.Args, false)
	case *Or:
		return foldLogic(n, n.Args, true)
	case *Case:
		return foldCase(n)
	case *Coalesce:
		return foldCoalesce(n)
	case *In:
		if _, ok := n.Arg.(*Literal); ok {
			return evaluated(n, ctx)
		}
		if len(n.List) == 0 && !n.HasNull {
			return BoolLiteral(n.Negated)
		}
	}
	return e
}

// BoolLiteral returns TRUE or FALSE.
func BoolLiteral(v bool) *Literal { return &Literal{Value: types.NewBool(v), Typ: types.TBool} }

// evaluated is e's value as a literal, or e if it fails.
func evaluated(e Expr, ctx *Context) Expr {
	d, err := EvalScalar(ctx, e)
	if err != nil {
		return e
	}
	return &Literal{Value: d, Typ: e.Type()}
}

func foldCall(n *Call, ctx *Context) Expr {
	if n.Func.Volatility == Volatile {
		return n
	}
	constant := true
	for _, a := range n.Args {
		lit, ok := a.(*Literal)
		if ok && lit.Value.IsNull() && n.Func.Strict {
			return &Literal{Typ: n.Typ}
		}
		constant = constant && ok
	}
	if !constant || n.Func.Volatility != Immutable {
		return narrowComparison(n)
	}
	return evaluated(n, ctx)
}

// foldLogic drops operands that decide nothing and stops at one that decides all.
func foldLogic(e Expr, args []Expr, decisive bool) Expr {
	var kept []Expr
	changed := false
	for _, a := range args {
		lit, ok := a.(*Literal)
		switch {
		case ok && !lit.Value.IsNull() && lit.Value.Bool() == decisive:
			return BoolLiteral(decisive)
		case ok && !lit.Value.IsNull():
			changed = true
			continue
		}
		if inner := sameLogic(a, decisive); inner != nil {
			kept = append(kept, inner...)
			changed = true
			continue
		}
		kept = append(kept, a)
	}
	switch {
	case len(kept) == 0:
		return BoolLiteral(!decisive)
	case len(kept) == 1:
		return kept[0]
	case !changed:
		return e
	case decisive:
		return &Or{Args: kept}
	}
	return &And{Args: kept}
}

// sameLogic returns the operands of a nested node of the same kind.
func sameLogic(e Expr, decisive bool) []Expr {
	switch n := e.(type) {
	case *And:
		if !decisive {
			return n.Args
		}
	case *Or:
		if decisive {
			return n.Args
		}
	}
	return nil
}

// foldCase drops branches whose condition is FALSE or NULL and ends at a TRUE one.
func foldCase(n *Case) Expr {
	var kept []When
	orElse := n.Else
	for _, w := range n.Whens {
		lit, ok := w.Cond.(*Literal)
		if !ok {
			kept = append(kept, w)
			continue
		}
		if !lit.Value.IsNull() && lit.Value.Bool() {
			orElse = w.Then
			break
		}
	}
	if len(kept) == len(n.Whens) {
		return n
	}
	if len(kept) > 0 {
		return &Case{Whens: kept, Else: orElse, Typ: n.Typ}
	}
	if orElse == nil {
		return &Literal{Typ: n.Typ}
	}
	return orElse
}

// foldCoalesce drops NULLs and everything after a constant.
func foldCoalesce(n *Coalesce) Expr {
	var kept []Expr
	for _, a := range n.Args {
		lit, ok := a.(*Literal)
		if ok && lit.Value.IsNull() {
			continue
		}
		kept = append(kept, a)
		if ok {
			break
		}
	}
	switch {
	case len(kept) == 0:
		return &Literal{Typ: n.Typ}
	case len(kept) == 1:
		return kept[0]
	case len(kept) == len(n.Args):
		return n
	}
	return &Coalesce{Args: kept, Typ: n.Typ}
}
