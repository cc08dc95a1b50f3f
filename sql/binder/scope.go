package binder

import (
	"slices"

	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

// relation is a named item of a FROM clause.
type relation struct {
	schema, name string
	cols         []*nsColumn
	// table is set for a stored table: grouping by its key frees its columns.
	table *plan.Table
	// ordinals maps columns to the table's ordinals.
	ordinals map[plan.ColID]int
}

func (r *relation) add(name string, c plan.Column) {
	r.cols = append(r.cols, &nsColumn{name: name, col: c, rel: r})
}

// nsColumn is a column under the name that it has in a namespace.
type nsColumn struct {
	name string
	col  plan.Column
	rel  *relation
}

// namespace is what a FROM clause makes visible: relations for qualified
// names, and columns for plain names and *, in which the columns of USING are merged.
type namespace struct {
	rels []*relation
	cols []*nsColumn
}

func newNamespace(r *relation) *namespace {
	return &namespace{rels: []*relation{r}, cols: slices.Clone(r.cols)}
}

// concat returns both namespaces side by side.
func concat(a, b *namespace) *namespace {
	return &namespace{rels: slices.Concat(a.rels, b.rels), cols: slices.Concat(a.cols, b.cols)}
}

func (n *namespace) columnSet() plan.ColSet {
	var s plan.ColSet
	for _, c := range n.cols {
		s.Add(c.col.ID)
	}
	for _, r := range n.rels {
		for _, c := range r.cols {
			s.Add(c.col.ID)
		}
	}
	return s
}

// scope is the naming environment of one query level.
type scope struct {
	parent *scope
	ns     *namespace
	// ctes are the WITH items that this level defines.
	ctes map[string]*cte

	// clause is where the expression being bound stands, for messages.
	clause string
	// allowAggs and allowWindows say whether the clause may call them here;
	// inAgg and inWindow that their arguments are being bound.
	allowAggs, allowWindows bool
	inAgg, inWindow         bool

	// noSubquery names the kind of expression that may hold no subquery, in the
	// scope and those inside; "" where it may.
	noSubquery string

	// aggs and windows are what expressions of this level called.
	aggs    []plan.Agg
	windows []windowCall
	// namedWindows are the definitions of the WINDOW clause.
	namedWindows map[string]*windowSpec
	// groupings are the calls of GROUPING.
	groupings []groupingCall
}

// rootScope is the scope outside of any query: nothing is visible.
func (b *binder) rootScope() *scope { return &scope{ns: &namespace{}} }

// child returns a scope for a query inside this one.
func (s *scope) child() *scope { return &scope{parent: s, ns: &namespace{}} }

// in runs bind with the clause set, and restores what was.
func (s *scope) in(clause string, aggs, windows bool, bind func() error) error {
	oldClause, oldAggs, oldWindows := s.clause, s.allowAggs, s.allowWindows
	s.clause, s.allowAggs, s.allowWindows = clause, aggs, windows
	err := bind()
	s.clause, s.allowAggs, s.allowWindows = oldClause, oldAggs, oldWindows
	return err
}

// owner returns the innermost scope, from s outwards, that one of the
// expressions' columns belongs to; s itself when there is none.
func (s *scope) owner(exprs []fn.Expr) *scope {
	used := plan.Used(exprs...)
	if used.Empty() {
		return s
	}
	for o := s; o != nil; o = o.parent {
		if o.ns.columnSet().Intersects(used) {
			return o
		}
	}
	return s
}

// findCTE returns the WITH item with the name that is visible from s.
func (s *scope) findCTE(name string) *cte {
	for ; s != nil; s = s.parent {
		if c, ok := s.ctes[name]; ok {
			return c
		}
	}
	return nil
}
