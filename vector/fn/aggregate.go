package fn

import (
	"htapdb/sql/types"
	"htapdb/vector"
)

// Aggregate is a resolved overload of an aggregate function.
type Aggregate struct {
	Name string
	// Op is what the aggregate is, for layers that treat it specially.
	Op AggregateOp
	// ZeroWhenEmpty aggregates yield 0 over no rows, the others NULL.
	ZeroWhenEmpty bool
	// Args are the argument types after coercion; empty for count(*).
	Args   []types.Type
	Result types.Type
	// NewState makes an empty set of group states for one worker.
	NewState func(ctx *Context) AggState
	// IgnoresOrder is false for aggregates whose result depends on the input
	// order (string_agg, array_agg): their input is fed by one worker, sorted if asked.
	IgnoresOrder bool
	// Algebra says what can be done with its states besides feeding them.
	Algebra Algebra
}

// Algebra says how states of parts of the input give the state of another part,
// as sliding window frames need it. All states merge; what differs is the cost.
type Algebra uint8

const (
	// Collects: a state holds its input (string_agg, median), so that making
	// one of two costs as much as feeding it anew.
	Collects Algebra = iota
	// Merges: a state has a fixed size, and Merge is associative (of floats:
	// up to rounding) with the empty state as its identity.
	Merges
	// Inverts: Merges, and states are Inverse.
	Inverts
)

// AggState holds the states of many groups, numbered from 0, in columnar form
// without a pointer per group. One goroutine at a time uses it.
type AggState interface {
	// Grow makes groups [0, n) exist; new ones are empty.
	Grow(n int)
	// Add feeds rows: groups[k] is the group of the k-th row of sel (of row k
	// when sel is nil, then len(groups) == n). Null arguments are handled as the function defines.
	Add(groups []uint32, args []*vector.Vector, sel []int32, n int) error
	// AddAll feeds the rows of sel (all n rows if nil) to group 0.
	AddAll(args []*vector.Vector, sel []int32, n int) error
	// Merge adds states of other, of the same aggregate, which it leaves as it is:
	// its group from[k], k if from is nil, goes into group to[k], behind what is
	// there. The groups are merged one after the other, and other may be the
	// state itself: from 0, 1, 2 … into 1, 2, 3 … makes running totals.
	Merge(other AggState, from []int32, to []uint32) error
	// Finish writes the results of groups [from, to) to rows 0 … to−from−1 of out, resized by it.
	Finish(out *vector.Vector, from, to int) error
	// Bytes is the memory held, for accounting.
	Bytes() int64
}

// Inverse is an AggState that takes rows back exactly: the states are a
// commutative group, so that a row may be removed before it is added.
type Inverse interface {
	AggState
	// Remove is Add undone.
	Remove(groups []uint32, args []*vector.Vector, sel []int32, n int) error
}

// TextKeeper is a state that keeps the texts it is fed: their memory is reserved
// before Add.
type TextKeeper interface {
	// Growth is by how many bytes Add of the same rows makes Bytes grow, at most
	// and beyond one text; groups is nil for AddAll.
	Growth(groups []uint32, args []*vector.Vector, sel []int32, n int) int64
}

// MergedGroup is the k-th group that Merge adds.
func MergedGroup(from []int32, k int) int {
	if from == nil {
		return k
	}
	return int(from[k])
}
