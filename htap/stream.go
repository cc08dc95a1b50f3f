package htap

import (
	"context"
	"errors"

	"htapdb/colstore"
	"htapdb/htap/physical"
	"htapdb/vector"
)

// streamed is a result that is computed while it is read: the producer hands
// over one batch and waits until the reader asks for the next, so that nothing
// is copied and nothing runs ahead.
type streamed struct {
	x *execution
	// ctx ends with the statement's, or when the reader closes the result.
	ctx    context.Context
	cancel context.CancelFunc
	// batches carries the batches, resume the reader's wish for one; done is
	// closed when the producer has stopped, err and rows are then final.
	batches chan *vector.Batch
	resume  chan struct{}
	done    chan struct{}
	err     error
	rows    int64
	closed  bool
	early   bool // the reader closed the result before its end
	res     Result
	// pinned are snapshots of columns that the last batch may lie in, kept when
	// the database was closed under the reader. done orders the accesses.
	pinned []*colstore.Snapshot
}

// errClosed stops the producer when the reader has had enough.
var errClosed = errors.New("result closed")

// stream starts the producer.
func (x *execution) stream(p *planned) *streamed {
	r := &streamed{x: x, batches: make(chan *vector.Batch), resume: make(chan struct{}, 1), done: make(chan struct{})}
	r.ctx, r.cancel = context.WithCancel(x.Ctx)
	// Owner: the streamed result; ends when the plan does or close cancels it, and close waits.
	go r.produce(p)
	return r
}

func (r *streamed) produce(p *planned) {
	defer close(r.done)
	defer r.x.leave()
	select {
	case _, ok := <-r.resume:
		if !ok {
			return
		}
	case <-r.ctx.Done():
		r.err = r.ctx.Err()
		return
	}
	closing := r.x.s.db.ctx.Done()
	st := r.x.statement()
	st.Retain = func(snap *colstore.Snapshot) bool {
		if r.x.s.db.ctx.Err() != nil {
			r.pinned = append(r.pinned, snap)
			return true
		}
		return false
	}
	r.rows, r.err = physical.Run(r.ctx, p.root, st, r.x.executor(st), func(b *vector.Batch) error {
		select {
		case r.batches <- b:
		case <-r.ctx.Done():
			return r.stopped()
		}
		// The reader has the batch until it asks for another one: the end of the
		// statement's context must not take from under it what the batch lies in.
		select {
		case _, ok := <-r.resume:
			if !ok {
				return errClosed
			}
			return nil
		case <-closing:
			return r.stopped()
		}
	})
}

// stopped is the error of a cancelled hand-over.
func (r *streamed) stopped() error { return context.Cause(r.ctx) }

// next implements batchSource.
func (r *streamed) next() (*vector.Batch, error) {
	select {
	case r.resume <- struct{}{}:
	case <-r.done:
	}
	select {
	case b := <-r.batches:
		return b, nil
	case <-r.done:
		return nil, r.finish()
	}
}

// finish ends the statement once the producer has stopped.
func (r *streamed) finish() error {
	if r.closed {
		return nil
	}
	r.closed = true
	err := r.err
	if errors.Is(err, errClosed) || r.early && r.x.Ctx.Err() == nil {
		err = nil
	}
	r.cancel()
	for _, snap := range r.pinned {
		snap.Close()
	}
	r.res = Result{Tag: commandTag(r.x.st.parsed.Stmt, r.rows), RowsAffected: r.rows}
	if r.x.s.rows != nil && r.x.s.rows.source == batchSource(r) {
		r.x.s.rows = nil
	}
	return r.x.end(err)
}

// close implements batchSource.
func (r *streamed) close() error {
	if r.closed {
		return nil
	}
	r.early = true
	r.cancel()
	close(r.resume)
	for {
		select {
		case <-r.batches:
			continue
		case <-r.done:
		}
		break
	}
	return r.finish()
}

// result implements batchSource.
func (r *streamed) result() Result { return r.res }
