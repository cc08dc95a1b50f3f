package feed

import (
	"context"
	"time"

	"htapdb/colstore"
	"htapdb/htap/catalog"
	"htapdb/htap/transpose"
	"htapdb/rowstore"
	"htapdb/vector"
)

// rebuild is a table that is being filled from a snapshot while the feed goes on.
type rebuild struct {
	table *colstore.Table
	// missed are the events since the snapshot.
	missed []*rowstore.Event
	bytes  int64
}

// detach takes a table out of service and starts to rebuild it; while the
// columns are recovered that is recover's, which comes to it later.
func (f *Feed) detach(t *colstore.Table, why error) {
	t.SetState(colstore.Detached, why.Error())
	f.later(func() { f.startRebuild(t, why) })
}

// startRebuild begins on the applier goroutine, between events: the snapshot is
// at exactly what has been applied.
func (f *Feed) startRebuild(t *colstore.Table, why error) {
	if state, _ := t.State(); state == colstore.Live || f.rebuilds[t.ID()] != nil {
		return // done already, by recover or for another error of the same damage
	}
	f.opts.Log.Warn("columns of a table are rebuilt", "table", t.Schema().Name, "reason", why)
	snap, err := f.rows.SnapshotAt(f.Applied())
	if err != nil {
		f.rebuildFailed(t, err)
		return
	}
	cat, err := f.catalog.At(snap)
	if err != nil {
		snap.Close()
		f.rebuildFailed(t, err)
		return
	}
	desc := cat.TableByStorage(t.ID())
	if desc == nil {
		snap.Close()
		delete(f.failures, t.ID())
		return // dropped
	}
	if err := f.reset(t, desc); err != nil {
		snap.Close()
		f.rebuildFailed(t, err)
		return
	}
	r := &rebuild{table: t}
	f.rebuilds[t.ID()] = r
	f.wg.Add(1)
	go func() {
		defer f.wg.Done()
		defer snap.Close()
		names, err := f.fillTable(f.ctx, t, snap, desc)
		f.later(func() { f.finishRebuild(r, uint64(snap.Timestamp()), names, err) })
	}()
}

// park keeps events for the tables that are being rebuilt. One that misses more
// than the queue's bound starts over.
func (f *Feed) park(events []*rowstore.Event) {
	for id, r := range f.rebuilds {
		for _, ev := range events {
			r.missed = append(r.missed, ev)
			r.bytes += ev.Bytes
		}
		if r.bytes > f.opts.QueueBytes {
			delete(f.rebuilds, id)
			f.discardLoads(id, r.missed)
			r.missed = nil
		}
	}
}

// The pauses before a rebuild that has failed is tried again; they double.
const (
	firstRebuildPause = time.Second
	maxRebuildPause   = time.Minute
)

// rebuildFailed leaves the table detached and tries again later: what was in the
// way (memory, space on the disk) may be gone by then.
func (f *Feed) rebuildFailed(t *colstore.Table, err error) {
	t.SetState(colstore.Detached, err.Error())
	f.report(err)
	pause := min(firstRebuildPause<<min(f.failures[t.ID()], 10), maxRebuildPause)
	f.failures[t.ID()]++
	f.wg.Add(1)
	// Owner: the Feed; ends after the pause or when Stop cancels ctx, and Stop waits.
	go func() {
		defer f.wg.Done()
		select {
		case <-time.After(pause):
			f.later(func() { f.startRebuild(t, err) })
		case <-f.ctx.Done():
		}
	}()
}

// finishRebuild attaches what was filled and applies what was missed.
func (f *Feed) finishRebuild(r *rebuild, ts uint64, names []string, err error) {
	t := r.table
	current := f.rebuilds[t.ID()] == r
	if current {
		delete(f.rebuilds, t.ID())
	}
	if err == nil && !current {
		f.columns.DiscardLoad(names)
		f.rebuildFailed(t, errOverrun)
		return
	}
	if err == nil {
		err = t.AttachLoad(ts, names)
	}
	if err != nil {
		f.columns.DiscardLoad(names)
		f.discardLoads(t.ID(), r.missed)
		if now, ok := f.columns.Table(t.ID()); ok && now == t {
			f.rebuildFailed(t, err)
		}
		return
	}
	delete(f.failures, t.ID())
	t.SetFloor(ts)
	f.stats.filled.Add(1)
	f.finishing = true
	f.applyFor(t.ID(), r.missed)
	f.finishing = false
	if state, _ := t.State(); state == colstore.Rebuilding {
		t.SetState(colstore.Live, "")
	}
	f.dirty.Store(true)
}

// fill writes segments with the rows of it, which were written with schema or
// older ones, for the table to attach. It returns their names.
func (f *Feed) fill(ctx context.Context, t *colstore.Table, schema *rowstore.Schema, it *rowstore.Iterator) (names []string, err error) {
	load, err := f.columns.NewLoad(t.ID())
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			load.Abort()
		}
	}()
	cols := t.Schema()
	mapping, err := transpose.NewMapping(schema, cols)
	if err != nil {
		return nil, err
	}
	b := vector.NewBatch(cols.Types(), vector.MaxBatch)
	ids := make([]uint64, 0, vector.MaxBatch)
	write := func() error {
		transpose.Truncate(b, len(ids))
		if err := load.AppendRows(b, ids); err != nil {
			return err
		}
		b.Resize(vector.MaxBatch)
		ids = ids[:0]
		return ctx.Err()
	}
	for it.Next() {
		if err := mapping.Row(b, len(ids), it.Key(), it.Row()); err != nil {
			return nil, err
		}
		if ids = append(ids, it.Row().RowID()); len(ids) == vector.MaxBatch {
			if err := write(); err != nil {
				return nil, err
			}
		}
	}
	if err := it.Err(); err != nil {
		return nil, err
	}
	if len(ids) > 0 {
		if err := write(); err != nil {
			return nil, err
		}
	}
	return load.Finish()
}

// fillTable fills an empty table with everything that the snapshot sees.
func (f *Feed) fillTable(ctx context.Context, t *colstore.Table, snap *rowstore.Snapshot, desc *catalog.Table) ([]string, error) {
	schema, err := f.catalog.RowSchema(desc)
	if err != nil {
		return nil, err
	}
	it := snap.Scan(schema, rowstore.Span{}, rowstore.ScanOptions{})
	defer it.Close()
	return f.fill(ctx, t, schema, it)
}

// reset empties a table that is to be filled and gives it the descriptor's columns.
func (f *Feed) reset(t *colstore.Table, desc *catalog.Table) error {
	schema, err := transpose.ColumnSchema(desc)
	if err != nil {
		return err
	}
	if err := t.Reset(); err != nil {
		return err
	}
	return t.Alter(schema)
}
