package olap

import (
	"context"

	"htapdb/internal/memory"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// DefaultInlineRows is Exec.InlineRows when that is 0.
const DefaultInlineRows = 8192

// Exec holds the settings of one execution. It does not change while Run uses it.
type Exec struct {
	// Ctx is what expressions depend on: parameters, time, zone. Run sets its
	// Interrupted so that long kernels see cancellation.
	Ctx fn.Context
	// Workers is how many workers one pipeline may have, at most those of the
	// Pool; 0 and 1 run everything on the calling goroutine.
	Workers int
	// BatchSize is the largest number of rows of a batch, 0 for vector.MaxBatch.
	BatchSize int
	// InlineRows is the sum of the sources' EstimatedRows up to which a plan
	// runs on the calling goroutine; 0 is DefaultInlineRows, −1 never.
	InlineRows float64
	// Memory is the query's account; nil is unlimited.
	Memory *memory.Account
	// Pool runs the workers; nil runs everything on the calling goroutine.
	Pool *Pool
	// Interrupt, if not nil, is polled about every batch, by all workers; true
	// ends the run as cancelling its context does.
	Interrupt func() bool
	// Profile, if not nil, collects counters for each node (EXPLAIN ANALYZE).
	Profile *Profile
}

// Run executes root and calls emit with each batch of the result, in the order
// that the plan defines, from the calling goroutine and one batch at a time. A
// batch has at least one row, may have a selection and any encoding, and is
// valid during the call.
//
// Run returns when all its work has stopped. Errors: what an operator, source
// or expression returned; emit's own error, unchanged, which stops the
// execution (how a portal is closed early); QueryCanceled when ctx ended or
// Interrupt said so; OutOfMemory at the limit of Memory; InternalError with the
// stack in Detail for a panic.
func Run(ctx context.Context, root Node, ex *Exec, emit func(*vector.Batch) error) error {
	r := newRun(ctx, ex)
	return r.execute(root, emit)
}
