package rowstore

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"htapdb/internal/vfs"
	"htapdb/rowstore/lock"
	"htapdb/rowstore/mark"
	"htapdb/sql/sqlstate"

	"github.com/cockroachdb/pebble/v2"
)

// Store is an open row store. It is safe for concurrent use.
//
// Lock order: commitMu, marks.mu or moves.mu; snaps.mu and the lock table's mutexes are
// taken alone. commitMu is held for the assignment of timestamp and rowIDs
// only, never over I/O.
type Store struct {
	opts     Options
	dir      string
	inMemory bool
	home     *directory
	db       *pebble.DB
	// mark keeps the record of the files, nil in memory; expected is the newest
	// commit that it knew of when the store was opened.
	mark     *mark.Keeper
	expected Timestamp
	// passed is, after a repair, a timestamp above all that may have been given out.
	passed Timestamp

	uuid     [16]byte
	openings uint64 // this one included
	// incarnations are the last openings; the newest is this one.
	incarnations []incarnation
	recovered    Timestamp

	commitMu sync.Mutex
	oracle   oracle
	moves    moves

	marks  watermarks
	seqs   sequences
	locks  *lock.Manager
	snaps  registry
	iters  iterPool
	loads  loadTable
	gc     collector
	txnIDs atomic.Uint64
	// applies counts batches that reached the memtable; an iterator made at the
	// present count sees everything committed.
	applies atomic.Uint64

	stats storeStats

	// full is set while the disk has less free space than the reserve.
	full     atomic.Bool
	fatal    atomic.Pointer[error]
	failed   chan struct{} // closed with fatal
	failOnce sync.Once

	stop context.CancelFunc // ends the background goroutines
	done sync.WaitGroup     // waits for them

	// removed takes files of loads that have ended.
	removed *vfs.Remover
}

// storeStats are the counters behind Metrics.
type storeStats struct {
	commits, aborts, serialization, unique atomic.Uint64
	syncs, syncNanos                       atomic.Uint64
	rows, bytes, loaded                    atomic.Uint64
}

// UUID identifies the store for its life; a copy of its directory has the same.
func (s *Store) UUID() [16]byte { return s.uuid }

// RecoveredTimestamp returns the newest commit found when the store was opened.
func (s *Store) RecoveredTimestamp() Timestamp { return s.recovered }

// Applied returns the timestamp up to which all commits are in the memtable.
func (s *Store) Applied() Timestamp { return Timestamp(s.marks.applied.Load()) }

// Durable returns the timestamp up to which all commits survive a power loss.
func (s *Store) Durable() Timestamp { return Timestamp(s.marks.durable.Load()) }

// Visible returns the timestamp new snapshots get.
func (s *Store) Visible() Timestamp { return Timestamp(s.marks.visible.Load()) }

// WaitVisible returns when Visible ≥ ts, or with the error that ctx or the
// store ended with.
func (s *Store) WaitVisible(ctx context.Context, ts Timestamp) error {
	err := s.marks.wait(ctx, s.failed, ts)
	if err == nil && s.Visible() < ts {
		return s.usable()
	}
	return err
}

// contextError says why ctx ended something that is not a lock wait.
func contextError(ctx context.Context) error {
	cause := context.Cause(ctx)
	var known *sqlstate.Error
	if errors.As(cause, &known) {
		return known
	}
	if errors.Is(cause, context.DeadlineExceeded) {
		return sqlstate.Wrap(sqlstate.QueryCanceled, cause, "canceling statement due to statement timeout")
	}
	return sqlstate.Wrap(sqlstate.QueryCanceled, cause, "canceling statement due to user request")
}

// usable returns the error that made the store refuse commits, or nil.
func (s *Store) usable() error {
	if p := s.fatal.Load(); p != nil {
		return *p
	}
	return nil
}

// fail makes the store refuse commits and tells the embedding program.
func (s *Store) fail(err error) {
	s.failOnce.Do(func() {
		code := sqlstate.IOError
		if pebble.IsCorruptionError(err) {
			code = sqlstate.DataCorrupted
		}
		wrapped := error(sqlstate.Wrap(code, err, "row store %q has failed and takes no more commits: %v", s.dir, err).
			WithHint("Fix the cause and open the store again; committed transactions are kept."))
		s.fatal.Store(&wrapped)
		close(s.failed)
		s.opts.OnFatal(wrapped)
	})
}

// errPebbleFatal is what the logger panics with where Pebble would end the process.
var errPebbleFatal = errors.New("pebble: fatal error")

// apply writes a batch: with sync it returns once the batch is in the memtable
// and wait has to be called for durability. A panic or fatal error inside
// Pebble becomes the store's failure.
func (s *Store) apply(b *pebble.Batch, sync bool) (err error) {
	if err := s.usable(); err != nil {
		return err
	}
	defer func() {
		if p := recover(); p != nil {
			cause, ok := p.(error)
			if !ok {
				cause = errPebbleFatal
			}
			s.fail(cause)
			err = s.usable()
		}
	}()
	if sync && !s.inMemory {
		err = s.db.ApplyNoSyncWait(b, pebble.Sync)
	} else {
		err = s.db.Apply(b, pebble.NoSync)
	}
	if err != nil {
		s.fail(err)
	}
	s.applies.Add(1)
	return s.usable()
}

// syncWait waits until a batch applied with sync is durable.
func (s *Store) syncWait(b *pebble.Batch) error {
	if s.inMemory {
		return nil
	}
	start := time.Now()
	err := b.SyncWait()
	s.stats.syncs.Add(1)
	s.stats.syncNanos.Add(uint64(time.Since(start)))
	if err != nil {
		s.fail(err)
	}
	return s.usable()
}

// applyPlain writes a batch outside the commit order: the store's own records
// and removals.
func (s *Store) applyPlain(b *pebble.Batch, sync bool) error {
	if b.Empty() {
		return nil
	}
	if err := s.apply(b, sync); err != nil {
		return err
	}
	if sync {
		return s.syncWait(b)
	}
	return nil
}

// run starts a background goroutine that ends with the store.
func (s *Store) run(ctx context.Context, every time.Duration, step func(ctx context.Context)) {
	s.done.Add(1)
	go func() {
		defer s.done.Done()
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				step(ctx)
			}
		}
	}()
}

// watchSpace looks whether the disk's reserve is left. File systems that cannot
// tell count as endless.
func (s *Store) watchSpace(context.Context) {
	if s.opts.ReserveBytes < 0 {
		return
	}
	usage, err := s.opts.FS.GetDiskUsage(s.dir)
	s.full.Store(err == nil && usage.AvailBytes < uint64(s.opts.ReserveBytes))
}

// checkSpace returns 53100 while the disk is too full to write.
func (s *Store) checkSpace() error {
	if !s.full.Load() {
		return nil
	}
	return sqlstate.New(sqlstate.DiskFull, "row store %q: less than %d bytes are free on the disk", s.dir, s.opts.ReserveBytes).
		WithHint("Free space; reads go on, and writes are accepted again within a second.")
}

// Space returns 53100 while the disk has less free space than the reserve, which
// is kept for the log: whoever shares the disk must not write either.
func (s *Store) Space() error { return s.checkSpace() }

// syncAsync makes commits durable that did not wait for it.
func (s *Store) syncAsync(context.Context) {
	ts, ok := s.marks.undurable()
	if !ok || s.usable() != nil {
		return
	}
	b := s.db.NewBatch()
	defer b.Close()
	if err := b.LogData(nil, nil); err != nil {
		return
	}
	if s.apply(b, true) == nil && s.syncWait(b) == nil {
		s.marks.markDurable(nil, ts)
	}
}

// Sync makes the commits so far durable that did not wait for it. An error is
// the store's failure, which the next commit reports.
func (s *Store) Sync() { s.syncAsync(context.Background()) }

// Close stops background work, makes everything durable and closes the store.
// Transactions, snapshots and loads must have ended.
func (s *Store) Close() error {
	s.stop()
	s.done.Wait()
	s.iters.closeAll()
	err := s.usable()
	if err == nil {
		err = s.saveState()
	}
	if err == nil {
		err = s.flush()
	}
	s.removed.Close()
	if s.mark != nil {
		s.mark.Stop()
	}
	if closeErr := s.db.Close(); err == nil && closeErr != nil {
		err = s.ioError(closeErr, "closing")
	}
	if markErr := s.closeMark(err == nil); err == nil {
		err = markErr
	}
	if lockErr := s.home.close(); err == nil && lockErr != nil {
		err = lockErr
	}
	s.releaseMemory()
	return err
}

// fixedBytes is the memory that Pebble may take whatever is done.
func (s *Store) fixedBytes() int64 { return s.opts.CacheBytes + maxMemTables*s.opts.MemTableBytes }

// releaseMemory ends what Open has charged, and the files of a store in memory.
func (s *Store) releaseMemory() {
	s.opts.Memory.Release(s.fixedBytes())
	if scratch, ok := s.opts.FS.(*vfs.Scratch); ok {
		_ = scratch.Close()
	}
}

// flush writes the memtables to sorted files, so that after a clean stop nothing
// is in the log alone.
func (s *Store) flush() (err error) {
	if s.inMemory {
		return nil
	}
	defer func() {
		if p := recover(); p != nil { // Pebble's fatal errors; the store has failed
			err = s.usable()
		}
	}()
	if err := s.db.Flush(); err != nil {
		return s.ioError(err, "writing the memtable")
	}
	return s.usable()
}

// WriteMark puts what is durable now on record, outside the store's own files: a
// store that has less when it is opened is refused.
func (s *Store) WriteMark() error {
	if s.mark == nil {
		return nil
	}
	if err := s.mark.Write(); err != nil {
		return s.ioError(err, "writing the record of its files")
	}
	return nil
}

// closeMark writes the last record and closes the files of the records.
func (s *Store) closeMark(clean bool) error {
	if s.mark == nil {
		return nil
	}
	if err := s.mark.Close(clean); err != nil {
		return s.ioError(err, "writing the record of its files")
	}
	return nil
}

// saveState makes all commits durable and writes exact sequences and ceiling.
func (s *Store) saveState() error {
	s.oracle.extendMu.Lock()
	defer s.oracle.extendMu.Unlock()
	if err := s.saveSequences(); err != nil {
		return err
	}
	s.commitMu.Lock()
	last := s.oracle.last
	s.commitMu.Unlock()
	if err := s.metaSet(true, metaKey(metaCeiling), numbers(uint64(last+1), uint64(s.Applied()))); err != nil {
		return err
	}
	s.marks.markDurable(nil, s.Applied())
	return nil
}
