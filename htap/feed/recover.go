package feed

import (
	"context"

	"htapdb/colstore"
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
	if p := f.columns.RecoveredPosition(); p != 0 {
		err := f.replay(ctx, rowstore.Timestamp(p), func(id uint32) *rowstore.Schema { return f.catalog.ChangeSchema(cat, id) })
		if err != nil {
			return err
		}
	}
	for _, desc := range cat.Tables() {
		t, ok := f.columns.Table(desc.StorageID)
		if state := stateOf(t, ok); state == colstore.Live {
			continue
		}
		if !ok {
			schema, err := transpose.ColumnSchema(desc)
			if err != nil {
				return err
			}
			if t, err = f.columns.CreateTable(schema); err != nil {
				return err
			}
		} else if err := t.Reset(); err != nil {
			return err
		}
		names, err := f.fill(ctx, snap, desc)
		if err != nil {
			return err
		}
		if err := t.AttachLoad(uint64(now), names); err != nil {
			return err
		}
		t.SetFloor(uint64(now))
		t.SetState(colstore.Live, "")
		f.dirty.Store(true)
	}
	for _, t := range f.columns.Tables() {
		if cat.TableByStorage(t.ID()) == nil {
			f.columns.DropTable(t.ID(), uint64(now))
		}
	}
	f.applied.Store(uint64(now))
	f.queue.advance(now, f.rows.Durable())
	f.columns.Advance(uint64(now))
	return nil
}

// replayBatch is how many replayed commits are applied at once.
const replayBatch = 1024

// replay applies the commits since the checkpoint, read back from the row store.
func (f *Feed) replay(ctx context.Context, from rowstore.Timestamp, schema func(uint32) *rowstore.Schema) error {
	var batch []*rowstore.Event
	_, err := f.rows.ChangesSince(ctx, from, schema, func(ev *rowstore.Event) error {
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
