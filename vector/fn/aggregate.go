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
}

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
	// its group from[k], k if from is nil, goes into group to[k].
	Merge(other AggState, from []int32, to []uint32) error
	// Finish writes the results of groups [from, to) to rows 0 … to−from−1 of out, resized by it.
	Finish(out *vector.Vector, from, to int) error
	// Bytes is the memory held, for accounting.
	Bytes() int64
}

// MergedGroup is the k-th group that Merge adds.
func MergedGroup(from []int32, k int) int {
	if from == nil {
		return k
	}
	return int(from[k])
}
