package binder

import (
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// windowSpec is a bound window.
type windowSpec struct {
	partition []fn.Expr
	order     []plan.SortKey
	frame     plan.Frame
	hasFrame  bool
}

// windowCall is a call of a window function with its window.
type windowCall struct {
	spec windowSpec
	f    plan.WindowFunc
}

// each visits the expressions of a call for rewriting.
func (w *windowCall) each(visit func(*fn.Expr)) {
	// Named windows are shared: rewrite copies.
	w.spec.partition = append([]fn.Expr(nil), w.spec.partition...)
	w.spec.order = append([]plan.SortKey(nil), w.spec.order...)
	for i := range w.spec.partition {
		visit(&w.spec.partition[i])
	}
	for i := range w.spec.order {
		visit(&w.spec.order[i].Expr)
	}
	for i := range w.f.Args {
		visit(&w.f.Args[i])
	}
	visit(&w.f.Filter)
}

// windowFunctions are the functions that need OVER, with their numbers of arguments.
var windowFunctions = map[string]struct{ min, max int }{
	"row_number": {0, 0}, "rank": {0, 0}, "dense_rank": {0, 0},
	"percent_rank": {0, 0}, "cume_dist": {0, 0}, "ntile": {1, 1},
	"lag": {1, 3}, "lead": {1, 3},
	"first_value": {1, 1}, "last_value": {1, 1}, "nth_value": {2, 2},
}

// defineWindows binds the WINDOW clause.
func (b *binder) defineWindows(defs []*parser.WindowDef, sc *scope) error {
	for _, d := range defs {
		if _, twice := sc.namedWindows[d.Name]; twice {
			return b.errorAt(d.Pos(), sqlstate.WindowingError, "window %q is already defined", d.Name)
		}
		spec, err := b.windowSpec(d.Spec, sc)
		if err != nil {
			return err
		}
		if sc.namedWindows == nil {
			sc.namedWindows = map[string]*windowSpec{}
		}
		sc.namedWindows[d.Name] = spec
	}
	return nil
}

// windowFunc binds f(…) OVER ….
func (b *binder) windowFunc(e *parser.FuncCall, sc *scope) (fn.Expr, error) {
	name := e.Name.Name
	if !sc.allowWindows || sc.inWindow || sc.inAgg {
		where := sc.clause
		switch {
		case sc.inWindow:
			return nil, b.errorAt(e.Pos(), sqlstate.WindowingError, "window function calls cannot be nested")
		case sc.inAgg:
			return nil, b.errorAt(e.Pos(), sqlstate.GroupingError, "aggregate function calls cannot contain window function calls")
		}
		return nil, b.errorAt(e.Pos(), sqlstate.WindowingError, "window functions are not allowed in %s", where)
	}
	if e.Distinct {
		return nil, b.unsupported(e.Pos(), "DISTINCT in window functions is")
	}
	if len(e.OrderBy) > 0 || len(e.WithinGroup) > 0 {
		return nil, b.unsupported(e.Pos(), "ORDER BY inside window functions is")
	}
	sc.inWindow = true
	w, err := b.windowCall(e, sc)
	sc.inWindow = false
	if err != nil {
		return nil, err
	}
	w.f.Col.ID, w.f.Col.Name, w.f.Name = b.ids.Next(), name, name
	w.f.IgnoreNulls = e.Nulls == parser.IgnoreNulls
	sc.windows = append(sc.windows, *w)
	return plan.Ref(w.f.Col), nil
}

func (b *binder) windowCall(e *parser.FuncCall, sc *scope) (*windowCall, error) {
	name := e.Name.Name
	spec, err := b.windowSpec(e.Over, sc)
	if err != nil {
		return nil, err
	}
	w := &windowCall{spec: *spec}
	args, pos, err := b.exprs(e.Args, sc)
	if err != nil {
		return nil, err
	}
	arity, plain := windowFunctions[name]
	switch {
	case plain:
		if len(args) < arity.min || len(args) > arity.max || e.Star {
			return nil, b.undefinedFunction(e, args)
		}
		if e.Filter != nil {
			return nil, b.errorAt(e.Pos(), sqlstate.FeatureNotSupported, "FILTER is not implemented for non-aggregate window functions")
		}
		err = b.windowArgs(w, name, args, pos)
	case fn.IsAggregate(name):
		if err := b.countStar(e); err != nil {
			return nil, err
		}
		w.f.Agg, w.f.Args, err = b.resolveAggregate(name, args, e.Pos(), pos)
		if err == nil {
			w.f.Col.Type = w.f.Agg.Result
		}
	default:
		return nil, b.errorAt(e.Pos(), sqlstate.WrongObjectType, "OVER specified, but %s is not a window function nor an aggregate function", name)
	}
	if err == nil && e.Filter != nil {
		w.f.Filter, err = b.condition(e.Filter, sc, "argument of FILTER")
	}
	return w, err
}

// windowArgs types the arguments and the result of a function that is no aggregate.
func (b *binder) windowArgs(w *windowCall, name string, args []fn.Expr, pos []int) error {
	integer := func(i int) (err error) {
		args[i], err = b.coerce(args[i], types.TInt4, fn.AssignmentCast, pos[i])
		return err
	}
	w.f.Col.Type = types.TInt8
	switch name {
	case "percent_rank", "cume_dist":
		w.f.Col.Type = types.TFloat8
	case "ntile":
		w.f.Col.Type = types.TInt4
		if err := integer(0); err != nil {
			return err
		}
	case "lag", "lead":
		if len(args) == 1 {
			args, pos = append(args, &fn.Literal{Value: types.NewInt32(1), Typ: types.TInt4}), append(pos, pos[0])
		}
		if err := integer(1); err != nil {
			return err
		}
		if len(args) == 2 {
			args, pos = append(args, &fn.Literal{Typ: types.TUnknown}), append(pos, pos[0])
		}
		both, t, err := b.unify([]fn.Expr{args[0], args[2]}, name, []int{pos[0], pos[2]})
		if err != nil {
			return err
		}
		args[0], args[2], w.f.Col.Type = both[0], both[1], t
	case "first_value", "last_value", "nth_value":
		args[0] = b.known(args[0])
		w.f.Col.Type = args[0].Type()
		if len(args) > 1 {
			if err := integer(1); err != nil {
				return err
			}
		}
	}
	w.f.Args = args
	return nil
}

// windowSpec binds a window: a reference, an extension or a definition.
func (b *binder) windowSpec(e *parser.WindowSpec, sc *scope) (*windowSpec, error) {
	spec := &windowSpec{frame: plan.Frame{End: plan.FrameBound{Kind: plan.CurrentRow}}}
	if e.Ref != "" {
		base, ok := sc.namedWindows[e.Ref]
		if !ok {
			return nil, b.errorAt(e.Pos(), sqlstate.UndefinedObject, "window %q does not exist", e.Ref)
		}
		if e.RefOnly {
			return base, nil
		}
		switch {
		case len(e.PartitionBy) > 0:
			return nil, b.errorAt(e.Pos(), sqlstate.WindowingError, "cannot override PARTITION BY clause of window %q", e.Ref)
		case len(e.OrderBy) > 0 && len(base.order) > 0:
			return nil, b.errorAt(e.Pos(), sqlstate.WindowingError, "cannot override ORDER BY clause of window %q", e.Ref)
		case base.hasFrame:
			return nil, b.errorAt(e.Pos(), sqlstate.WindowingError, "cannot copy window %q because it has a frame clause", e.Ref)
		}
		spec.partition, spec.order = base.partition, base.order
	}
	err := sc.in("window definitions", true, false, func() error {
		for _, p := range e.PartitionBy {
			x, err := b.expr(p, sc)
			if err != nil {
				return err
			}
			spec.partition = append(spec.partition, b.known(x))
		}
		for _, o := range e.OrderBy {
			x, err := b.expr(o.Expr, sc)
			if err != nil {
				return err
			}
			spec.order = append(spec.order, sortKey(b.known(x), o.Desc, o.Nulls))
		}
		return nil
	})
	if err != nil || e.Frame == nil {
		return spec, err
	}
	spec.hasFrame = true
	spec.frame, err = b.frame(e.Frame, spec, sc)
	return spec, err
}

func (b *binder) frame(f *parser.Frame, spec *windowSpec, sc *scope) (plan.Frame, error) {
	out := plan.Frame{
		Mode:    plan.FrameMode(f.Mode),
		Start:   plan.FrameBound{Kind: plan.FrameBoundKind(f.Start.Kind)},
		End:     plan.FrameBound{Kind: plan.FrameBoundKind(f.End.Kind)},
		Exclude: plan.FrameExclusion(f.Exclude),
	}
	switch {
	case out.Start.Kind == plan.UnboundedFollowing:
		return out, b.errorAt(f.Pos(), sqlstate.WindowingError, "frame start cannot be UNBOUNDED FOLLOWING")
	case out.End.Kind == plan.UnboundedPreceding:
		return out, b.errorAt(f.Pos(), sqlstate.WindowingError, "frame end cannot be UNBOUNDED PRECEDING")
	case out.Start.Kind > out.End.Kind:
		return out, b.errorAt(f.Pos(), sqlstate.WindowingError, "frame starting from a later row cannot end at an earlier one")
	case out.Mode == plan.FrameGroups && len(spec.order) == 0:
		return out, b.errorAt(f.Pos(), sqlstate.WindowingError, "GROUPS mode requires an ORDER BY clause")
	}
	for _, o := range []struct {
		from *parser.FrameBound
		to   *plan.FrameBound
	}{{&f.Start, &out.Start}, {&f.End, &out.End}} {
		if o.from.Offset == nil {
			continue
		}
		x, err := b.frameOffset(o.from.Offset, f, spec, sc)
		if err != nil {
			return out, err
		}
		o.to.Offset = x
	}
	return out, nil
}

// frameOffset binds n of n PRECEDING, a constant.
func (b *binder) frameOffset(e parser.Expr, f *parser.Frame, spec *windowSpec, sc *scope) (fn.Expr, error) {
	inner := sc.child()
	inner.clause = "window frames"
	x, err := b.expr(e, inner)
	if err != nil {
		return nil, err
	}
	if !plan.IsConst(x) {
		return nil, b.errorAt(e.Pos(), sqlstate.InvalidColumnReference, "argument of a frame must not contain variables")
	}
	if f.Mode != parser.FrameRange {
		return b.bigint(x, "a frame", e.Pos())
	}
	if len(spec.order) != 1 {
		return nil, b.errorAt(f.Pos(), sqlstate.WindowingError, "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column")
	}
	key := spec.order[0].Expr.Type()
	switch {
	case key.IsNumber():
		return b.coerce(x, key, fn.AssignmentCast, e.Pos())
	case key.Kind == types.Date || key.Kind == types.Timestamp || key.Kind == types.TimestampTZ:
		return b.coerce(x, types.TInterval, fn.ImplicitCast, e.Pos())
	}
	return nil, b.unsupported(e.Pos(), "RANGE with an offset over type %s is", key.BaseName())
}

// addWindows puts one Window on the plan for each different window.
func (c *core) addWindows() error {
	var specs []windowSpec
	nodes := map[int]*plan.Window{}
	for _, w := range c.sc.windows {
		at := -1
		for i, s := range specs {
			if sameWindow(&s, &w.spec) {
				at = i
			}
		}
		if at < 0 {
			at = len(specs)
			specs = append(specs, w.spec)
			nodes[at] = &plan.Window{Partition: w.spec.partition, OrderBy: w.spec.order, Frame: w.spec.frame}
		}
		nodes[at].Funcs = append(nodes[at].Funcs, w.f)
	}
	for i := range specs {
		nodes[i].Input = c.node
		c.node = nodes[i]
	}
	return nil
}

func sameWindow(a, b *windowSpec) bool {
	if len(a.partition) != len(b.partition) || len(a.order) != len(b.order) || !sameFrame(&a.frame, &b.frame) {
		return false
	}
	for i := range a.partition {
		if !plan.Equal(a.partition[i], b.partition[i]) {
			return false
		}
	}
	for i, k := range a.order {
		o := b.order[i]
		if k.Desc != o.Desc || k.NullsFirst != o.NullsFirst || !plan.Equal(k.Expr, o.Expr) {
			return false
		}
	}
	return true
}

func sameFrame(a, b *plan.Frame) bool {
	return a.Mode == b.Mode && a.Exclude == b.Exclude && a.Start.Kind == b.Start.Kind && a.End.Kind == b.End.Kind &&
		plan.Equal(a.Start.Offset, b.Start.Offset) && plan.Equal(a.End.Offset, b.End.Offset)
}
