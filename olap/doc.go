// Package olap executes physical plans over batches of vectors: the operators
// and the morsel scheduler.
//
// A plan is a tree of specifications (Node): immutable values that any number
// of executions share. Run executes one:
//
//	&olap.Limit{Count: ten, Input:                     result pipeline: read sorted rows, limit, emit
//	    &olap.Sort{Keys: …, Input:                     pipeline 2: read groups → sort runs
//	        &olap.HashAggregate{GroupBy: …, Input:     pipeline 1: scan → filter → probe → aggregate
//	            &olap.HashJoin{Probe: scan, Build: dim}}}}  pipeline 0: scan dim → build table
//
// Run breaks the tree into pipelines. A pipeline reads a source, moves its
// batches through operators that keep at most one batch (filter, project,
// probe, limit) and ends in a sink that keeps everything (build, aggregate,
// sort, buffer) or in the caller's emit. Several workers run one pipeline, each
// with its own reader, operators and local sink state; the sink merges the
// local states when all are through, again in parallel. Every step of an
// operator produces at most one batch and can be resumed, so that a worker puts
// a query aside after about 500 µs whatever its joins multiply.
//
// Small plans (Exec.InlineRows), and all plans without a Pool or with one
// worker, run on the calling goroutine, with buffers as long as their data.
//
// Invariants:
//   - Output columns stand in the order and the types of Node.Types.
//   - A batch is valid until the next call to whoever produced it. Strings may
//     point into what a scan has pinned: scanners are closed when Run returns.
//   - Whatever grows with the data is reserved from Exec.Memory before it grows
//     and released when Run returns, however it returns.
//   - With one worker the order of rows is deterministic; with several it is
//     only what Sort, TopN, DistinctOn and Window define.
//   - When Run has returned, none of its work runs anywhere.
//
// Concurrency: Run may be called from many goroutines, with the same plan and
// the same Pool. What an execution shares between workers is written either
// under a lock, atomically, or before the workers start.
//
// Not here: the functions (vector/fn), access to stored tables (Source is
// implemented by htap/physical), choice of plans (sql/opt), spilling to disk:
// an operator that is refused memory ends its query with 53200 (see track).
package olap
