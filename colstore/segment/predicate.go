package segment

import (
	"htapdb/sql/types"
	"htapdb/vector"
)

// PredicateKind says which fields of a Predicate are in use.
type PredicateKind uint8

// The kinds of predicates.
const (
	Compare   PredicateKind = iota // column Op Value
	Range                          // Lo … Hi
	In                             // equal to one of List
	IsNull                         // column IS NULL
	IsNotNull                      // column IS NOT NULL
	Generic                        // whatever Select selects
)

// Predicate is a condition on one column. Constants have the column's
// representation, integers of any width being taken for one another; the
// comparisons are those of vector.SelectCmp. Compare, Range and In never select
// a null row.
type Predicate struct {
	Kind PredicateKind

	// Op and Value are those of Compare. A NULL Value selects nothing.
	Op    vector.CmpOp
	Value types.Datum

	// Lo and Hi bound a Range, NULL meaning unbounded; LoOpen and HiOpen exclude
	// the bound itself.
	Lo, Hi         types.Datum
	LoOpen, HiOpen bool

	// List is that of In; NULLs in it are ignored.
	List []types.Datum

	// Select is that of Generic: it returns the rows of sel (nil: the first n)
	// that pass, as the kernels of package vector do. It must depend on a row's
	// value only and be safe for concurrent use: for a dictionary it is called
	// once with the entries and once with a NULL instead of with the rows. If
	// that raises an error it is called with the rows after all, so that a value
	// that no tested row has cannot fail a query.
	Select func(v *vector.Vector, sel []int32, n int, out []int32) ([]int32, error)
}

// Prune is what is known of a predicate without looking at rows.
type Prune uint8

// What a zone map can say.
const (
	PruneSome Prune = iota // rows have to be tested
	PruneNone              // no row passes
	PruneAll               // every row passes
)

var pruneNames = [...]string{PruneSome: "some", PruneNone: "none", PruneAll: "all"}

// String returns "some", "none" or "all": the rows that may pass.
func (p Prune) String() string { return pruneNames[p] }
