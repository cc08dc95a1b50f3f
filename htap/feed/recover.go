package feed

import (
	"context"
	"fmt"
	"slices"

	"htapdb/colstore"
	"htapdb/htap/catalog"
	"htapdb/htap/transpose"
	"htapdb/rowstore"
	"htapdb/sql/sqlstate"
)

// errOverrun is why a rebuild starts over.
var errOverrun = sqlstate.New(sqlstate.ConfigurationLimit, "the table changed faster than it could be rebuilt")

// recover brings the columns to the row store's state: changes since the
// checkpoint are replayed, and tables that are missing or detached are filled.
func (f *Feed) recover(ctx context.Context) error {
	snap := f.rows.Snapshot()
	defer snap.Close()
	now := snap.Timestamp()
	cat, err := f.catalog.At(snap)
	if err != nil {
		return err
	}
	if err := f.compareRowIDs(); err != nil {
		return err
	}
	if p := f.columns.RecoveredPosition(); p != 0 {
		schema := func(id uint32) *rowstore.Schema { return f.catalog.ChangeSchema(cat, id) }
		f.reload = func(t *colstore.Table, ev *rowstore.Event, l rowstore.LoadEvent) ([]string, error) {
			return f.loadAgain(ctx, t, ev, l, schema(t.ID()))
		}
		err := f.replay(ctx, rowstore.Timestamp(p), schema)
		f.reload = nil
		if err := f.overtaken(err); err != nil {
			return err
		}
	}
	for _, desc := range cat.Tables() {
		t, ok := f.columns.Table(desc.StorageID)
		if state := stateOf(t, ok); state == colstore.Live {
			same, err := sameColumns(t, desc)
			if err != nil {
				return err
			}
			if same {
				continue
			}
			f.opts.Log.Warn("columns of a table are rebuilt", "table", desc.Name, "reason", "they have another schema than the catalog")
		}
		if err := f.recoverTable(ctx, t, snap, desc); err != nil {
			return err
		}
	}
	if err := f.forget(cat, now); err != nil {
		return err
	}
	f.applied.Store(uint64(now))
	f.queue.advance(now)
	f.columns.Advance(uint64(now))
	return nil
}

// compareRowIDs detaches recovered tables that have rowIDs which the row store
// has yet to give out: other rows would get them.
func (f *Feed) compareRowIDs() error {
	for _, t := range f.columns.Tables() {
		next, err := f.rows.NextRowID(t.ID())
		if err != nil {
			return err
		}
		if has := t.NextRowID(); has > next {
			why := fmt.Sprintf("they have rows up to %d, the row store below %d", has-1, next)
			f.opts.Log.Warn("columns of a table are rebuilt", "table", t.Schema().Name, "reason", why)
			t.SetState(colstore.Detached, why)
		}
	}
	return nil
}

// overtaken handles the error of a replay from a position whose history has
// been collected: the columns are of no use. Any other error is returned.
func (f *Feed) overtaken(err error) error {
	if !sqlstate.Is(err, sqlstate.ObjectNotInState) {
		return err
	}
	f.opts.Log.Warn("columns are rebuilt", "reason", err.Error())
	for _, t := range f.columns.Tables() {
		t.SetState(colstore.Detached, err.Error())
	}
	return nil
}

// forget drops the columns and has the rows removed of tables that are not in
// the catalog: the last process may have ended before it asked for that.
func (f *Feed) forget(cat *catalog.Snapshot, now rowstore.Timestamp) error {
	for _, t := range f.columns.Tables() {
		if cat.TableByStorage(t.ID()) == nil {
			f.columns.DropTable(t.ID(), uint64(now))
		}
	}
	ids, err := f.rows.TableIDs()
	if err != nil {
		return err
	}
	for _, id := range ids {
		if !catalog.IsSystem(id) && cat.TableByStorage(id) == nil {
			f.dropped(id, now)
		}
	}
	return nil
}

// sameColumns reports whether a table's columns are those of its descriptor.
func sameColumns(t *colstore.Table, desc *catalog.Table) (bool, error) {
	want, err := transpose.ColumnSchema(desc)
	if err != nil {
		return false, err
	}
	return slices.EqualFunc(want.Columns, t.Schema().Columns, func(a, b colstore.Column) bool { return a.ID == b.ID }), nil
}

// recoverTable fills a table's columns from the snapshot; t is nil if it has none.
func (f *Feed) recoverTable(ctx context.Context, t *colstore.Table, snap *rowstore.Snapshot, desc *catalog.Table) error {
	now := uint64(snap.Timestamp())
	if t == nil {
		schema, err := transpose.ColumnSchema(desc)
		if err != nil {
			return err
		}
		if t, err = f.columns.CreateTable(schema); err != nil {
			return err
		}
	} else if err := f.reset(t, desc); err != nil {
		return err
	}
	names, err := f.fillTable(ctx, t, snap, desc)
	if err != nil {
		return err
	}
	if err := t.AttachLoad(now, names); err != nil {
		return err
	}
	t.SetFloor(now)
	t.SetState(colstore.Live, "")
	f.stats.filled.Add(1)
	f.dirty.Store(true)
	return nil
}

// loadAgain writes the segments of a load that the last process did not get
// into a checkpoint, from the rows that the load wrote.
func (f *Feed) loadAgain(ctx context.Context, t *colstore.Table, ev *rowstore.Event, l rowstore.LoadEvent, schema *rowstore.Schema) ([]string, error) {
	snap, err := f.rows.SnapshotAt(ev.TS)
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	it := snap.ScanLoad(schema, l)
	defer it.Close()
	f.stats.reloaded.Add(1)
	return f.fill(ctx, t, schema, it)
}

// replayBatch is how many replayed commits are applied at once.
const replayBatch = 1024

// replay applies the commits since the checkpoint, read back from the row store.
func (f *Feed) replay(ctx context.Context, from rowstore.Timestamp, schema func(uint32) *rowstore.Schema) error {
	var batch []*rowstore.Event
	_, err := f.rows.ChangesSince(ctx, from, schema, func(ev *rowstore.Event) error {
		f.stats.replayed.Add(1)
		if batch = append(batch, ev); len(batch) == replayBatch {
			f.applyAll(batch)
			batch = nil
		}
		return nil
	})
	if err != nil {
		return err
	}
	f.applyAll(batch)
	if len(batch) > 0 {
		f.dirty.Store(true)
	}
	return nil
}
