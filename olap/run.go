package olap

import (
	"context"
	"sync"
	"time"

	"htapdb/sql/sqlstate"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// sliceTime is how long a worker stays with one execution.
const sliceTime = 500 * time.Microsecond

// run is one execution of a plan.
type run struct {
	ex         *Exec // own
	ctx        context.Context
	done       <-chan struct{}
	fctx       fn.Context
	batch      int  // rows per batch
	scheduled  bool // pipelines run in the pool, else on the calling goroutine
	workers    int  // tasks per pipeline, 1 if not scheduled
	inlineRows float64
	mem        *tracker // memory, except during the rounds of a recursion
	shared     map[*Materialize]*materialized
	workTables map[*WorkTable]*rowBuffer
	scanners   []openScan

	mu     sync.Mutex
	failed error         // the first error of any task, guarded by mu
	stop   chan struct{} // closed with failed, nil when inline

	// Here, so that a small execution allocates once.
	own    Exec
	memory tracker
}

func newRun(ctx context.Context, ex *Exec) *run {
	r := &run{own: *ex, ctx: ctx, done: ctx.Done(), fctx: ex.Ctx, batch: ex.BatchSize, workers: 1}
	r.ex = &r.own
	if r.batch <= 0 || r.batch > vector.MaxBatch {
		r.batch = vector.MaxBatch
	}
	r.own.BatchSize = r.batch // as sources see it
	r.mem = &r.memory
	r.memory.account = ex.Memory
	r.inlineRows = ex.InlineRows
	if r.inlineRows == 0 {
		r.inlineRows = DefaultInlineRows
	}
	r.fctx.Interrupted = r.interrupted
	r.fctx.Memory = r.mem
	return r
}

// interrupted is the run's fn.Context.Interrupted.
func (r *run) interrupted() bool {
	return r.check() != nil || r.own.Ctx.Interrupted != nil && r.own.Ctx.Interrupted()
}

// execute is Run.
func (r *run) execute(root Node, emit func(*vector.Batch) error) (err error) {
	defer r.close()
	defer Recover(&err)
	if r.ex.Workers > 1 && r.ex.Pool != nil && estimate(root) > r.inlineRows {
		r.scheduled = true
		r.workers = min(r.ex.Workers, r.ex.Pool.Size())
		r.stop = make(chan struct{})
	}
	s, err := root.compile(r)
	if err != nil {
		return err
	}
	s.pull() // the client may stop reading
	return r.result(s, emit)
}

// close releases what the execution holds; nothing of it runs any more.
func (r *run) close() {
	r.closeScanners(0)
	r.mem.releaseAll()
}

// closeScanners closes the scanners opened after the first n.
func (r *run) closeScanners(n int) {
	for _, s := range r.scanners[n:] {
		r.ex.Profile.addScan(s)
		s.scanner.Close()
	}
	r.scanners = r.scanners[:n]
}

// Recover, deferred, makes a panic of the function the error that it returns: what
// evaluates expressions outside Run does not end the process either.
func Recover(err *error) {
	if p := recover(); p != nil {
		*err = sqlstate.FromPanic(p)
	}
}

// check returns why the execution has to stop, or nil. It is cheap enough to
// be called for each batch.
func (r *run) check() error {
	select {
	case <-r.done:
		return canceled(r.ctx)
	default:
	}
	if r.ex.Interrupt != nil && r.ex.Interrupt() {
		return sqlstate.New(sqlstate.QueryCanceled, "canceling statement due to user request")
	}
	if r.stop != nil {
		select {
		case <-r.stop:
			return r.failure()
		default:
		}
	}
	return nil
}

// canceled names the way in which ctx ended.
func canceled(ctx context.Context) error {
	if ctx.Err() == context.DeadlineExceeded {
		return sqlstate.Wrap(sqlstate.QueryCanceled, ctx.Err(), "canceling statement due to statement timeout")
	}
	return sqlstate.Wrap(sqlstate.QueryCanceled, context.Cause(ctx), "canceling statement due to user request")
}

// fail records the first error and tells the other tasks to stop.
func (r *run) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed == nil {
		r.failed = err
		if r.stop != nil {
			close(r.stop)
		}
	}
}

func (r *run) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// sinkWorker is the part of a sink that one worker feeds.
type sinkWorker interface {
	// consume takes a batch with rows, which is not valid afterwards.
	consume(b *vector.Batch) error
}

// drain runs the pipeline s into local sinks made by newLocal, and returns
// when all its workers are through.
func (r *run) drain(s *stream, n Node, newLocal func(w *worker) (sinkWorker, error)) error {
	if err := s.prepare(r); err != nil {
		return err
	}
	workers := r.workersFor(s)
	tasks := make([]*drainTask, 0, workers)
	defer func() {
		for _, t := range tasks {
			t.chain.close()
		}
	}()
	prof := r.ex.Profile.counters(n)
	for i := range workers {
		w := &worker{r: r, id: i}
		sink, err := newLocal(w)
		if err != nil {
			return err
		}
		c, err := s.newChain(w)
		if err != nil {
			return err
		}
		tasks = append(tasks, &drainTask{chain: c, sink: sink, prof: prof})
	}
	if !r.scheduled || workers == 1 && s.small(r) {
		for {
			if again, err := tasks[0].step(); err != nil || !again {
				return err
			}
		}
	}
	return r.schedule(len(tasks), func(i int) stepper { return tasks[i] })
}

// workersFor returns how many workers the prepared pipeline s gets.
func (r *run) workersFor(s *stream) int {
	if !r.scheduled || s.small(r) {
		return 1
	}
	return max(1, min(r.workers, s.parallel()))
}

// stepper is work that is done in steps of at most a batch.
type stepper interface {
	// step reports whether there is more to do.
	step() (again bool, err error)
}

// drainTask moves the batches of one worker's chain into its sink.
type drainTask struct {
	chain *chain
	sink  sinkWorker
	prof  *nodeCounters
}

func (t *drainTask) step() (bool, error) {
	b, ok, err := t.chain.next()
	if err != nil || !ok {
		return false, err
	}
	if b == nil || b.Rows() == 0 {
		return true, nil
	}
	if t.prof == nil {
		return true, t.sink.consume(b)
	}
	start := time.Now()
	err = t.sink.consume(b)
	t.prof.nanos.Add(int64(time.Since(start)))
	return true, err
}

// parallel calls f for 0 … n−1, by several workers if the execution has them,
// and returns when all calls have. f must return within about a millisecond
// where it can.
func (r *run) parallel(n int, f func(i int) error) error {
	if !r.scheduled || n <= 1 {
		for i := range n {
			if err := r.check(); err != nil {
				return err
			}
			if err := f(i); err != nil {
				return err
			}
		}
		return nil
	}
	items := &itemQueue{r: r, n: int64(n), f: f}
	return r.schedule(min(n, r.workers), func(int) stepper { return items })
}

// tooManyRows is the error of an operator that would keep more than maxBufferRows.
func tooManyRows(n Node) error {
	return sqlstate.New(sqlstate.ProgramLimitExceeded, "%s cannot keep more than %d rows", n.Name(), maxBufferRows)
}
