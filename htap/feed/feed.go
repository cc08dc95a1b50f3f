package feed

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"htapdb/colstore"
	"htapdb/htap/catalog"
	"htapdb/internal/memory"
	"htapdb/internal/vfs"
	"htapdb/rowstore"
	"htapdb/sql/sqlstate"
)

// Options configure a Feed.
type Options struct {
	// QueueBytes bounds the events between commit and application; 0 is 256 MiB.
	QueueBytes int64
	// Patience is how long a commit waits for room between commit and application
	// before a table that is in the way is detached; 0 is 10 s.
	Patience time.Duration
	// CheckpointInterval is how often the columns are checkpointed when there is
	// something to write; 0 is 30 s.
	CheckpointInterval time.Duration
	// FS, Dir and Memory are the column store's; Dir "" keeps nothing on disk.
	FS     vfs.FS
	Dir    string
	Memory *memory.Account
	Log    *slog.Logger
}

// Feed is the change feed with its one consumer, the column store.
type Feed struct {
	opts    Options
	queue   *queue
	rows    *rowstore.Store
	catalog *catalog.Store
	columns *colstore.Store
	stats   stats

	// applied is the timestamp up to which all events are in the columns.
	applied atomic.Uint64
	// finishing is set while the changes that a rebuilt table missed are applied.
	// Applier goroutine only, like rebuilds.
	finishing bool
	// reload, while the changes since the checkpoint are replayed, writes the
	// segments of a load again: those of the last process are gone.
	reload   func(t *colstore.Table, ev *rowstore.Event, l rowstore.LoadEvent) ([]string, error)
	rebuilds map[uint32]*rebuild
	// failures counts a table's rebuilds that have failed since the last good one.
	failures map[uint32]int
	// shed is the table to detach because writers have waited too long, 0 for none.
	shed atomic.Uint32
	// calls are functions to run on the applier goroutine between batches.
	calls chan func()

	// complained is when maintenance last complained, in seconds since 1970.
	complained atomic.Int64

	checkpointMu sync.Mutex
	dirty        atomic.Bool
	kick         chan struct{}

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// New returns a feed that can be given to rowstore.Open as its publisher; Start
// connects it to the stores.
func New(o Options) *Feed {
	if o.QueueBytes <= 0 {
		o.QueueBytes = 256 << 20
	}
	if o.Patience <= 0 {
		o.Patience = 10 * time.Second
	}
	if o.CheckpointInterval <= 0 {
		o.CheckpointInterval = 30 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	f := &Feed{opts: o, rebuilds: map[uint32]*rebuild{}, failures: map[uint32]int{},
		calls: make(chan func()), kick: make(chan struct{}, 1)}
	f.queue = newQueue(o.QueueBytes, o.Memory, o.Patience, f.stalled)
	f.ctx, f.cancel = context.WithCancel(context.Background())
	return f
}

// Reserve implements rowstore.Publisher.
func (f *Feed) Reserve(ctx context.Context, bytes int64) error { return f.queue.reserve(ctx, bytes) }

// Release implements rowstore.Publisher.
func (f *Feed) Release(bytes int64) { f.queue.release(bytes) }

// Enqueue implements rowstore.Publisher. The catalog learns of a change before
// anybody can read it.
func (f *Feed) Enqueue(ev *rowstore.Event) {
	if f.catalog != nil && catalog.Touches(ev) {
		f.catalog.Changed(ev)
	}
	f.queue.enqueue(ev)
}

// Advance implements rowstore.Publisher.
func (f *Feed) Advance(visible, _ rowstore.Timestamp) { f.queue.advance(visible) }

// Columns returns the column store.
func (f *Feed) Columns() *colstore.Store { return f.columns }

// Applied returns the timestamp up to which the columns have all commits.
func (f *Feed) Applied() rowstore.Timestamp { return rowstore.Timestamp(f.applied.Load()) }

// Start opens the column store, brings it to the row store's state and begins
// to follow. Nothing may commit before it returns.
func (f *Feed) Start(ctx context.Context, rows *rowstore.Store, cat *catalog.Store) error {
	f.rows, f.catalog = rows, cat
	var err error
	f.columns, err = colstore.Open(colstore.Options{
		FS: f.opts.FS, Dir: f.opts.Dir, DurableTS: uint64(rows.RecoveredTimestamp()),
		StoreID: rows.UUID(), Incarnation: rows.Incarnation(),
		Continues: func(incarnation, position uint64) bool {
			return rows.Continues(incarnation, rowstore.Timestamp(position))
		},
		Memory: f.opts.Memory, Horizon: f.horizon,
		OnCorrupt: func(t *colstore.Table, err error) { f.later(func() { f.startRebuild(t, err) }) },
		OnError:   f.maintenanceFailed,
		Space:     rows.Space,
	})
	if err != nil {
		return err
	}
	if why := f.columns.RecoveryReason(); why != "" {
		f.opts.Log.Warn("columns are rebuilt", "reason", why)
	}
	if err := f.recover(ctx); err != nil {
		f.Stop()
		_ = f.columns.Close()
		return err
	}
	f.wg.Add(2)
	// Owner: the Feed; ends when ctx is cancelled by Close, which waits.
	go f.apply()
	go f.checkpoints()
	return nil
}

// horizon is the oldest timestamp that a snapshot of the columns may be asked for.
func (f *Feed) horizon() uint64 {
	ts := f.rows.OldestSnapshot()
	if durable := f.rows.Durable(); ts == 0 || durable < ts {
		ts = durable
	}
	return uint64(ts)
}

// apply is the applier goroutine.
func (f *Feed) apply() {
	defer f.wg.Done()
	for {
		select {
		case <-f.ctx.Done():
			return
		case call := <-f.calls:
			call()
			continue
		case <-f.queue.wake:
		}
		if f.drain() {
			f.queue.wakeUp() // by and by: calls get their turn in a stream without end
		}
	}
}

// drain applies what is visible now, or a part of it if that is much; it reports
// whether there was anything.
func (f *Feed) drain() bool {
	events, visible := f.queue.take()
	list := make([]*rowstore.Event, len(events))
	for i, e := range events {
		list[i] = e.Event
	}
	f.applyAll(list)
	f.park(list)
	if uint64(visible) > f.applied.Load() {
		f.applied.Store(uint64(visible))
		f.columns.Advance(uint64(visible))
	}
	if len(events) == 0 {
		return false
	}
	f.queue.done()
	f.lag(events)
	f.dirty.Store(true)
	if f.opts.Dir == "" {
		f.rows.SetGCFloor(visible)
	}
	return true
}

// CatchUp returns when everything that is visible now has been applied, or the
// feed has been stopped.
func (f *Feed) CatchUp() {
	done := make(chan struct{})
	f.later(func() {
		for to := f.queue.watermark(); f.drain() && f.Applied() < to; {
		}
		close(done)
	})
	select {
	case <-done:
	case <-f.ctx.Done():
	}
}

// later runs call on the applier goroutine, without waiting for it.
func (f *Feed) later(call func()) {
	f.wg.Add(1)
	go func() {
		defer f.wg.Done()
		select {
		case f.calls <- call:
		case <-f.ctx.Done():
		}
	}()
}

// checkpoints is the checkpointing goroutine.
func (f *Feed) checkpoints() {
	defer f.wg.Done()
	if f.opts.Dir == "" {
		return
	}
	tick := time.NewTicker(f.opts.CheckpointInterval)
	defer tick.Stop()
	for {
		select {
		case <-f.ctx.Done():
			return
		case <-tick.C:
		case <-f.kick:
		}
		if !f.dirty.Load() {
			continue
		}
		if err := f.Checkpoint(f.ctx); err != nil && f.ctx.Err() == nil {
			f.report(err)
		}
	}
}

// KickCheckpoint asks for a checkpoint soon: after a bulk load, whose rows
// would otherwise be read again after a crash.
func (f *Feed) KickCheckpoint() {
	select {
	case f.kick <- struct{}{}:
	default:
	}
}

// Checkpoint writes the columns to disk, up to what is applied and durable.
func (f *Feed) Checkpoint(ctx context.Context) error {
	f.checkpointMu.Lock()
	defer f.checkpointMu.Unlock()
	if f.opts.Dir == "" {
		return nil
	}
	f.dirty.Store(false)
	for try := 1; ; try++ {
		p := min(f.Applied(), f.rows.Durable())
		// The rows' record comes first: columns are never ahead of it.
		err := f.rows.WriteMark()
		if err != nil {
			return err
		}
		err = f.columns.Checkpoint(ctx, uint64(p))
		if err == nil {
			f.rows.SetGCFloor(p)
			return nil
		}
		// Maintenance may have dropped the history at p before the checkpoint
		// pinned it; what is durable has moved on since then.
		if !sqlstate.Is(err, sqlstate.ObjectNotInState) || try == checkpointTries {
			f.dirty.Store(true)
			return err
		}
	}
}

// checkpointTries is how often a checkpoint is tried at a newer position.
const checkpointTries = 5

// Stop ends the feed's goroutines: no commits may follow. The columns stay readable.
func (f *Feed) Stop() {
	f.cancel()
	f.wg.Wait()
}

// maintenanceFailed logs an error of the columns' background work, which is tried
// again with every few thousand rows: once in a while is enough.
func (f *Feed) maintenanceFailed(t *colstore.Table, err error) {
	now := time.Now().Unix()
	if last := f.complained.Load(); now-last >= complaintSeconds && f.complained.CompareAndSwap(last, now) {
		f.opts.Log.Error("maintenance of the columns", "table", t.Schema().Name, "error", err)
	}
}

// complaintSeconds is how long maintenance says nothing after it has complained.
const complaintSeconds = 10

// report logs an error that has nobody to go to.
func (f *Feed) report(err error) { f.opts.Log.Error("change feed", "error", err) }

// dropped removes the rows of a table that is gone.
func (f *Feed) dropped(id uint32, ts rowstore.Timestamp) {
	if err := f.rows.DropTable(id, ts); err != nil {
		f.report(sqlstate.Wrap(sqlstate.CodeOf(err), err, "removing the rows of dropped table %d: %v", id, err))
	}
}
