package lock

import (
	"context"
	"errors"
	"time"

	"htapdb/sql/sqlstate"
)

// Owner holds the locks of one transaction.
type Owner struct {
	m  *Manager
	id uint64
	// rows are the row entries held; tables the tables with what is held in them.
	rows   []*entry
	tables []tableHold
	// timeout bounds one wait, 0 for ever.
	timeout time.Duration
	// waiting is what the owner waits for; Manager.waitMu guards it.
	waiting *request
	// fewRows and fewTables are the room that most transactions need.
	fewRows   [4]*entry
	fewTables [1]tableHold
}

// tableHold is an owner's state in one table.
type tableHold struct {
	table uint32
	mode  Mode
	entry *entry
	rows  int
	// escalateAt is the number of row locks at which the table's lock is tried next.
	escalateAt int
}

// NewOwner returns an owner without locks; id names it in error details.
func (m *Manager) NewOwner(id uint64) *Owner {
	o := &Owner{m: m, id: id}
	o.rows, o.tables = o.fewRows[:0], o.fewTables[:0]
	return o
}

// ID returns the number given to NewOwner.
func (o *Owner) ID() uint64 { return o.id }

// SetTimeout bounds each later wait for a lock, which ends with 55P03 when it is
// up; 0 is for ever.
func (o *Owner) SetTimeout(d time.Duration) { o.timeout = d }

// Lock takes a row lock and, before it, the table's shared lock. With nowait a
// held lock is 55P03 at once. Locks already held in the same or a stronger mode
// are granted again. waited tells that somebody else had to release first.
func (o *Owner) Lock(ctx context.Context, table uint32, key []byte, mode Mode, nowait bool) (waited bool, err error) {
	th, waited, err := o.table(ctx, table, TableShared, nowait)
	if err != nil || th.mode == TableExclusive {
		return waited, err
	}
	sh := o.m.shardOf(key)
	sh.mu.Lock()
	e := sh.rowEntry(key, table)
	h := e.holderOf(o)
	if h != nil && h.mode >= mode {
		sh.mu.Unlock()
		return waited, nil
	}
	if h == nil && o.m.opts.MaxLocks > 0 && o.m.held.Load() >= int64(o.m.opts.MaxLocks) {
		e.dropIfIdle()
		sh.mu.Unlock()
		return waited, o.full(ctx, th)
	}
	w, err := o.acquire(ctx, e, mode, h != nil, nowait)
	if err != nil {
		return waited || w, err
	}
	if h == nil {
		o.rows = append(o.rows, e)
		th.rows++
		if o.m.opts.MaxRowLocks > 0 && th.rows >= th.escalateAt {
			o.escalate(ctx, th)
		}
	}
	return waited || w, nil
}

// LockTable takes a table lock.
func (o *Owner) LockTable(ctx context.Context, table uint32, mode Mode, nowait bool) error {
	th, _, err := o.table(ctx, table, mode, nowait)
	if err != nil || th.mode >= mode {
		return err
	}
	return o.upgradeTable(ctx, th, mode, nowait)
}

// table returns the owner's hold on a table. If there is none it takes mode at
// once: two owners that took the shared lock on the way to the exclusive one
// would wait for each other.
func (o *Owner) table(ctx context.Context, table uint32, mode Mode, nowait bool) (th *tableHold, waited bool, err error) {
	for i := range o.tables {
		if o.tables[i].table == table {
			return &o.tables[i], false, nil
		}
	}
	sh := &o.m.shards[table%shardCount]
	sh.mu.Lock()
	e := sh.tableEntry(table)
	waited, err = o.acquire(ctx, e, mode, false, nowait)
	if err != nil {
		return nil, waited, err
	}
	o.tables = append(o.tables, tableHold{table: table, mode: mode, entry: e, escalateAt: o.m.opts.MaxRowLocks})
	return &o.tables[len(o.tables)-1], waited, nil
}

func (o *Owner) upgradeTable(ctx context.Context, th *tableHold, mode Mode, nowait bool) error {
	th.entry.shard.mu.Lock()
	if _, err := o.acquire(ctx, th.entry, mode, true, nowait); err != nil {
		return err
	}
	th.mode = mode
	return nil
}

// escalate tries to replace the row locks of a table by its exclusive lock. It
// does not wait: two escalating owners would only deadlock.
func (o *Owner) escalate(ctx context.Context, th *tableHold) bool {
	if o.upgradeTable(ctx, th, TableExclusive, true) != nil {
		th.escalateAt = 2 * th.rows
		return false
	}
	o.m.stats.escalations.Add(1)
	kept := o.rows[:0]
	for _, e := range o.rows {
		if e.table == th.table {
			o.releaseEntry(e)
		} else {
			kept = append(kept, e)
		}
	}
	clear(o.rows[len(kept):])
	o.rows, th.rows = kept, 0
	return true
}

// full is the behaviour at Options.MaxLocks: lock the table, or fail.
func (o *Owner) full(ctx context.Context, th *tableHold) error {
	if o.escalate(ctx, th) {
		return nil
	}
	return sqlstate.New(sqlstate.OutOfMemory, "out of row locks: %d are held", o.m.held.Load()).
		WithHint("Lock the table, commit more often, or raise the store's MaxLocks.")
}

// acquire grants mode on e or waits for it. e's shard is locked on entry and
// unlocked on return.
func (o *Owner) acquire(ctx context.Context, e *entry, mode Mode, upgrade, nowait bool) (waited bool, err error) {
	sh := e.shard
	if e.grantable(o, mode, upgrade) {
		if e.hold(o, mode) {
			o.m.held.Add(1)
		}
		sh.mu.Unlock()
		return false, nil
	}
	if nowait {
		sh.mu.Unlock()
		if e.key == "" {
			return false, sqlstate.New(sqlstate.LockNotAvailable, "could not obtain lock on table %d", e.table)
		}
		return false, sqlstate.New(sqlstate.LockNotAvailable, "could not obtain lock on row in table %d", e.table)
	}
	r := &request{owner: o, entry: e, mode: mode, upgrade: upgrade, ready: make(chan struct{})}
	e.enqueue(r)
	sh.mu.Unlock()
	return true, o.wait(ctx, r)
}

// recheckInterval is how often a waiter looks for a deadlock again. The look
// at the start finds every cycle; this one bounds the harm of a mistake in it.
const recheckInterval = time.Second

func (o *Owner) wait(ctx context.Context, r *request) error {
	start := time.Now()
	o.m.stats.waits.Add(1)
	defer func() {
		o.m.stats.waitNanos.Add(uint64(time.Since(start)))
		o.m.waitMu.Lock()
		o.waiting = nil
		o.m.waitMu.Unlock()
	}()
	timer := time.NewTimer(recheckInterval)
	defer timer.Stop()
	var timeout <-chan time.Time
	if o.timeout > 0 {
		t := time.NewTimer(o.timeout)
		defer t.Stop()
		timeout = t.C
	}
	for {
		if err := o.m.checkDeadlock(o, r); err != nil {
			if o.cancel(r) {
				o.m.stats.deadlocks.Add(1)
				return err
			}
			return nil
		}
		select {
		case <-r.ready:
			return nil
		case <-timer.C:
			timer.Reset(recheckInterval)
		case <-timeout:
			if o.cancel(r) {
				return lockTimeout(nil)
			}
			return nil
		case <-ctx.Done():
			if o.cancel(r) {
				return waitError(ctx)
			}
			return nil
		}
	}
}

// cancel withdraws a request; false means that it has been granted meanwhile.
func (o *Owner) cancel(r *request) bool {
	e := r.entry
	e.shard.mu.Lock()
	defer e.shard.mu.Unlock()
	if r.granted {
		return false
	}
	e.remove(r)
	e.grantWaiters(o.m)
	e.dropIfIdle()
	return true
}

// waitError says why ctx ended a wait. A cause that is already an error of the
// engine (a statement timeout, a shutdown) is returned as it is.
func waitError(ctx context.Context) error {
	cause := context.Cause(ctx)
	var known *sqlstate.Error
	switch {
	case errors.As(cause, &known):
		return known
	case errors.Is(cause, context.DeadlineExceeded):
		return lockTimeout(cause)
	}
	return sqlstate.Wrap(sqlstate.QueryCanceled, cause, "canceling statement due to user request")
}

func lockTimeout(cause error) error {
	return sqlstate.Wrap(sqlstate.LockNotAvailable, cause, "canceling statement due to lock timeout")
}

// Unlock gives back the row lock that was taken last, which has to be the key's:
// a lock that turned out not to be needed. Locks that were taken again, or with
// their table, stay.
func (o *Owner) Unlock(key []byte) {
	n := len(o.rows) - 1
	if n < 0 || o.rows[n].key != string(key) {
		return
	}
	e := o.rows[n]
	o.rows[n] = nil
	o.rows = o.rows[:n]
	for i := range o.tables {
		if o.tables[i].table == e.table {
			o.tables[i].rows--
		}
	}
	o.releaseEntry(e)
}

// Release gives back everything the owner holds.
func (o *Owner) Release() {
	for i, e := range o.rows {
		o.releaseEntry(e)
		o.rows[i] = nil
	}
	o.rows = o.rows[:0]
	for i := range o.tables {
		o.releaseEntry(o.tables[i].entry)
	}
	o.tables = o.tables[:0]
}

func (o *Owner) releaseEntry(e *entry) {
	e.shard.mu.Lock()
	for i := range e.holders {
		if e.holders[i].owner == o {
			last := len(e.holders) - 1
			e.holders[i] = e.holders[last]
			e.holders[last] = holder{}
			e.holders = e.holders[:last]
			break
		}
	}
	if len(e.queue) > 0 {
		e.grantWaiters(o.m)
	}
	e.dropIfIdle()
	e.shard.mu.Unlock()
	o.m.held.Add(-1)
}
