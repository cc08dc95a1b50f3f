package olap

import (
	"errors"
	"sync"

	"htapdb/sql/types"
	"htapdb/vector"
)

// errParked is how a step says that it must wait and has arranged to be resumed.
var errParked = errors.New("olap: parked")

// result runs the last pipeline into emit.
func (r *run) result(s *stream, emit func(*vector.Batch) error) error {
	if err := s.prepare(r); err != nil {
		return err
	}
	if r.scheduled && !s.small(r) {
		return r.resultFromPool(s, emit)
	}
	c, err := s.newChain(&worker{r: r})
	if err != nil {
		return err
	}
	defer c.close()
	for {
		b, ok, err := c.next()
		if err != nil || !ok {
			return err
		}
		if b != nil && b.Rows() > 0 {
			if err := emit(b); err != nil {
				return err
			}
		}
	}
}

// resultFromPool runs the prepared last pipeline in the pool.
func (r *run) resultFromPool(s *stream, emit func(*vector.Batch) error) error {
	var chains []*chain
	defer func() {
		for _, c := range chains {
			c.close()
		}
	}()
	// People expect a series in its order, as other databases give it. What reads
	// the rows, or writes them, takes longer than one worker does to make them.
	if _, ok := s.src.(*seriesSource); ok {
		s.sequential = true
	}
	for i := range r.workersFor(s) {
		c, err := s.newChain(&worker{r: r, id: i})
		if err != nil {
			return err
		}
		chains = append(chains, c)
	}
	return newResultQueue(r, chains).run(emit)
}

// resultQueue carries copies of result batches from the pool's workers to the
// goroutine that called Run. When it is full the tasks park themselves, so that
// a client that reads slowly holds up no worker.
type resultQueue struct {
	r      *run
	chains []*chain
	tasks  []*poolTask
	limit  int

	mu      sync.Mutex
	ready   sync.Cond
	full    []*vector.Batch
	texts   []int64 // the bytes of full's texts, reserved
	free    []*vector.Batch
	parked  []*poolTask
	running int
}

func newResultQueue(r *run, chains []*chain) *resultQueue {
	q := &resultQueue{r: r, chains: chains, limit: 2 + 2*len(chains)}
	q.ready.L = &q.mu
	return q
}

// run schedules the chains and emits what they produce.
func (q *resultQueue) run(emit func(*vector.Batch) error) error {
	group := &poolGroup{}
	q.running = len(q.chains)
	for i := range q.chains {
		s := &resultStep{q: q, i: i}
		q.tasks = append(q.tasks, &poolTask{group: group, done: q.ended, slice: func() sliceResult { return q.r.slice(s) }})
	}
	if err := q.r.ex.Pool.submit(q.tasks); err != nil {
		return err
	}
	for {
		b, ok := q.pop()
		if !ok {
			return q.r.failure()
		}
		if err := q.r.check(); err != nil {
			q.r.fail(err)
		} else if err := guarded(emit, b); err != nil {
			q.r.fail(err)
		}
		if vector.Invariants {
			for _, c := range b.Cols {
				c.Mangle()
			}
		}
		q.mu.Lock()
		q.free = append(q.free, b)
		q.mu.Unlock()
	}
}

// guarded calls emit and makes a panic an error, since tasks are running.
func guarded(emit func(*vector.Batch) error, b *vector.Batch) (err error) {
	defer Recover(&err)
	return emit(b)
}

// ended is called when a task is through.
func (q *resultQueue) ended() {
	q.mu.Lock()
	q.running--
	q.ready.Signal()
	q.mu.Unlock()
}

// pop waits for a batch; ok is false when all tasks have ended. After a failure
// it drops what is queued and wakes every task, which then ends.
func (q *resultQueue) pop() (b *vector.Batch, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		failed := q.r.failure() != nil
		if failed {
			q.full, q.texts = q.full[:0], q.texts[:0] // the run's end gives the memory back
		}
		if len(q.full) <= q.limit/2 {
			for _, t := range q.parked {
				q.r.ex.Pool.resume(t)
			}
			q.parked = q.parked[:0]
		}
		if len(q.full) > 0 {
			b = q.full[0]
			copy(q.full, q.full[1:])
			q.full = q.full[:len(q.full)-1]
			q.r.memory.Release(q.texts[0])
			copy(q.texts, q.texts[1:])
			q.texts = q.texts[:len(q.texts)-1]
			return b, true
		}
		if q.running == 0 {
			return nil, false
		}
		q.ready.Wait()
	}
}

// resultStep is one worker's task.
type resultStep struct {
	q *resultQueue
	i int
}

func (s *resultStep) step() (bool, error) {
	q := s.q
	q.mu.Lock()
	if len(q.full) >= q.limit && q.r.failure() == nil {
		q.parked = append(q.parked, q.tasks[s.i])
		q.mu.Unlock()
		return true, errParked
	}
	var into *vector.Batch
	if n := len(q.free); n > 0 {
		into = q.free[n-1]
		q.free = q.free[:n-1]
	}
	q.mu.Unlock()
	b, ok, err := q.chains[s.i].next()
	if err != nil || !ok {
		return false, err
	}
	texts := int64(0)
	if b != nil && b.Rows() > 0 {
		into = copyBatch(into, b)
		texts = flatTextBytes(into)
		if err := q.r.memory.Reserve(texts); err != nil {
			return false, err
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if b != nil && b.Rows() > 0 {
		q.full, q.texts = append(q.full, into), append(q.texts, texts)
		q.ready.Signal()
	} else if into != nil {
		q.free = append(q.free, into)
	}
	return true, nil
}

// freeTexts is how much text of a batch in the queue is not accounted for.
const freeTexts = 256 << 10

// flatTextBytes is the length of b's texts that are no dictionaries' and not few:
// they stay as long as the batch does.
func flatTextBytes(b *vector.Batch) (bytes int64) {
	for _, c := range b.Cols {
		if c.Enc == vector.Flat && c.Type.Physical() == types.PhysString {
			for _, s := range c.Str {
				bytes += int64(len(s))
			}
		}
	}
	if bytes <= freeTexts {
		return 0
	}
	return bytes
}

// copyBatch copies the alive rows of b into dst (nil: a new batch) and returns
// it without a selection. Dictionaries stay dictionaries.
func copyBatch(dst, b *vector.Batch) *vector.Batch {
	if dst == nil {
		dst = &vector.Batch{Cols: make([]*vector.Vector, len(b.Cols))}
		for i := range dst.Cols {
			dst.Cols[i] = &vector.Vector{}
		}
	}
	dst.Len, dst.Sel = b.Rows(), nil
	for i, c := range b.Cols {
		takeRows(dst.Cols[i], c, b.Sel, dst.Len)
	}
	return dst
}

// takeRows makes out the rows sel of v (the first n if nil), as a dictionary or
// constant if v is one, else flat. It shares no memory that v may reuse.
func takeRows(out, v *vector.Vector, sel []int32, n int) {
	if sel != nil {
		n = len(sel)
	}
	out.Type = v.Type
	switch {
	case v.Enc == vector.Const:
		one := v.Slice(0, 1)
		valid := one.Valid
		out.Resize(1)
		vector.CopyInto(out, 0, one, nil)
		out.Enc, out.Len = vector.Const, n
		if valid != nil {
			out.Valid = []uint8{valid[0]}
		}
	case v.Enc == vector.Dict && v.DictID != 0 && v.Type.Physical() == types.PhysString:
		codes := growBytes(out.Codes, n)
		if sel == nil {
			copy(codes, v.Codes[:n])
		} else {
			for k, r := range sel {
				codes[k] = v.Codes[r]
			}
		}
		out.Enc, out.Len, out.Codes, out.Dict, out.DictID = vector.Dict, n, codes, v.Dict, v.DictID
		out.Valid = nil
		if v.Valid != nil {
			out.Valid = make([]uint8, n)
			for k := range out.Valid {
				out.Valid[k] = v.Valid[rowOf(sel, k)]
			}
		}
	default:
		if sel == nil && v.Len != n {
			v = v.Slice(0, n)
		}
		out.Resize(n)
		vector.CopyInto(out, 0, v, sel)
	}
}
