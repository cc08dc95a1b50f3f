package fn

import (
	"sync"

	"htapdb/sql/types"
)

// aggregateOverload declares one signature of an aggregate.
type aggregateOverload struct {
	name   string
	args   []types.Kind
	result types.Kind
	// ordered aggregates depend on the order of their input.
	ordered bool
	// algebra is that of the states that bind gives.
	algebra Algebra
	// bind sets Args, Result and NewState for the actual argument types.
	bind func(a *Aggregate)
}

// aggregates assembles the registry of aggregates once, on first use.
var aggregates = sync.OnceValue(func() map[string][]*aggregateOverload {
	byName := map[string][]*aggregateOverload{}
	for _, family := range aggregateFamilies {
		for _, o := range family() {
			byName[o.name] = append(byName[o.name], &o)
		}
	}
	return byName
})

// aggregateFamilies lists the tables of aggregates, one a file.
var aggregateFamilies = []func() []aggregateOverload{
	countAggregates,
	sumAggregates,
	minMaxAggregates,
	boolAggregates,
	statAggregates,
	evaluationAggregates,
	collectingAggregates,
}

// windowOnly are the functions that need an OVER clause.
var windowOnly = map[string]bool{
	"row_number": true, "rank": true, "dense_rank": true, "percent_rank": true, "cume_dist": true, "ntile": true,
	"lag": true, "lead": true, "first_value": true, "last_value": true, "nth_value": true,
}

// IsAggregate reports whether name is an aggregate function.
func IsAggregate(name string) bool { return len(aggregates()[name]) > 0 }

// IsWindowOnly reports whether name is a function that needs an OVER clause (and is no aggregate).
func IsWindowOnly(name string) bool { return windowOnly[name] }

// ResolveAggregate finds the overload of an aggregate for arguments of the given types
// by the rules of ResolveScalar; count(*) is count without arguments.
//
// Errors: 42883 no such aggregate, 42725 ambiguous.
func ResolveAggregate(name string, args []types.Type) (*Aggregate, error) {
	var fit []*overload
	byShape := map[*overload]*aggregateOverload{}
	for _, a := range aggregates()[name] {
		o := &overload{name: a.name, args: a.args, result: a.result}
		if o.accepts(args) {
			fit = append(fit, o)
			byShape[o] = a
		}
	}
	if len(fit) == 0 {
		return nil, undefined(name, args)
	}
	if len(fit) > 1 {
		fit = narrow(fit, args)
	}
	if len(fit) > 1 {
		return nil, ambiguous(name, args)
	}
	s, err := fit[0].instantiate(args, nil)
	if err != nil {
		return nil, err
	}
	decl := byShape[fit[0]]
	agg := &Aggregate{Name: name, Op: aggregateOps[name], ZeroWhenEmpty: zeroWhenEmpty[name], Args: s.Args, Result: s.Result, IgnoresOrder: !decl.ordered, Algebra: decl.algebra}
	decl.bind(agg)
	return agg, nil
}
