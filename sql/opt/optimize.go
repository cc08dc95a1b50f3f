package opt

import (
	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

// Options control Optimize.
type Options struct {
	// Disabled (SET htap.optimizer = off) leaves out what only makes plans faster.
	Disabled bool
	// Check, if not nil, is called again and again while a plan is made; its error
	// ends that and is returned. It is for cancellation.
	Check func() error
	// Trace, if not nil, is told the plan after each step, for tests and debugging.
	Trace func(step string, root plan.Node)
}

// optimizer is the state of one Optimize call.
type optimizer struct {
	ids *plan.IDs
	// est estimates cardinalities.
	est *estimator
	off bool
	// marksUsed are the marks that a push must keep; see usedMarks.
	marksUsed plan.ColSet
	// check is Options.Check, err what it returned, ticks counts the calls of stopped.
	check func() error
	err   error
	ticks int
}

// stopped reports whether the statement was canceled. Loops that may take long call
// it; Optimize returns the error. Every 64th call looks.
func (o *optimizer) stopped() bool {
	if o.err == nil && o.check != nil && o.ticks%64 == 0 {
		o.err = o.check()
	}
	o.ticks++
	return o.err != nil
}

// look is stopped that does look, between steps.
func (o *optimizer) look() error {
	if o.err == nil && o.check != nil {
		o.err = o.check()
	}
	return o.err
}

// Optimize returns a plan with the same result, columns and order of columns
// as root in the form that htap/physical takes. The error is a *sqlstate.Error:
// 0A000 for a correlated construct that cannot be unnested.
func Optimize(root plan.Node, options Options) (plan.Node, error) {
	o := &optimizer{ids: plan.NewIDs(root), off: options.Disabled, check: options.Check}
	if err := o.look(); err != nil {
		return nil, err
	}
	o.est = newEstimator()
	want := root.Columns()
	trace := options.Trace
	if trace == nil {
		trace = func(string, plan.Node) {}
	}
	n := root
	if !o.off {
		n = o.narrow(n, plan.NewColSet(want))
	}
	if err := o.look(); err != nil {
		return nil, err
	}
	n, err := o.unnest(n)
	if err != nil {
		return nil, err
	}
	trace("unnest", n)
	steps := o.steps()
	for _, s := range steps {
		if err := o.look(); err != nil {
			return nil, err
		}
		n = s.run(n)
		trace(s.name, n)
	}
	return keepColumns(n, want), o.look()
}

type step struct {
	name string
	run  func(plan.Node) plan.Node
}

// steps lists the rewrites after unnesting in their order.
func (o *optimizer) steps() []step {
	if o.off {
		return []step{{"push", o.push}, {"keys", o.finishJoins}}
	}
	return []step{
		{"fold", o.fold},
		{"push", o.push},
		{"ctes", o.filterCTEs},
		{"dedup", o.dedupAggregates},
		{"collapse", o.collapse},
		{"semijoins", o.pushSemiJoins},
		{"order", o.orderJoins},
		{"push", o.push},
		{"keys", o.finishJoins},
		{"groupkeys", o.reduceGroupKeys},
		{"limit", o.limits},
		{"prune", o.prune},
		{"collapse", o.collapse},
		{"sides", o.buildSides},
	}
}

// keepColumns makes sure that the root produces exactly the given columns in their order.
func keepColumns(n plan.Node, want []plan.Column) plan.Node {
	if sameColumns(n.Columns(), want) {
		return n
	}
	switch n.(type) {
	case *plan.Insert, *plan.Update, *plan.Delete:
		return n
	}
	return projectTo(n, want)
}

func sameColumns(have, want []plan.Column) bool {
	if len(have) != len(want) {
		return false
	}
	for i := range have {
		if have[i].ID != want[i].ID {
			return false
		}
	}
	return true
}

// projectTo projects n to the columns, which it produces.
func projectTo(n plan.Node, cols []plan.Column) *plan.Project {
	p := &plan.Project{Input: n, Cols: cols}
	for _, c := range cols {
		p.Items = append(p.Items, plan.Ref(c))
	}
	return p
}

// newColumn returns a column with a fresh ID.
func (o *optimizer) newColumn(c plan.Column) plan.Column {
	c.ID = o.ids.Next()
	return c
}

// eval is the context for folding: nothing that depends on the session.
var evalContext = &fn.Context{ZoneName: "UTC"}

// filter puts conditions on top of n, if there are any.
func filter(n plan.Node, conds []fn.Expr) plan.Node {
	if len(conds) == 0 {
		return n
	}
	if f, ok := n.(*plan.Filter); ok {
		return &plan.Filter{Input: f.Input, Conds: append(append([]fn.Expr(nil), f.Conds...), conds...)}
	}
	return &plan.Filter{Input: n, Conds: conds}
}

// mustCall builds a call of an operator that exists for these argument types: the
// callers use comparisons of equal types and the like.
func mustCall(op fn.Op, args ...fn.Expr) fn.Expr {
	e, err := fn.NewOp(op, args...)
	if err != nil {
		panic("opt: " + err.Error())
	}
	return e
}
