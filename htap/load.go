package htap

import (
	"encoding/json"
	"time"

	"htapdb/colstore"
	"htapdb/htap/catalog"
	"htapdb/htap/feed"
	"htapdb/htap/transpose"
	"htapdb/rowstore"
	"htapdb/sql/types"
	"htapdb/vector"
)

// loader writes many rows into a table past the write set: sorted files of the
// row store and column segments at the same time, which appear together with
// the transaction's commit.
type loader struct {
	x      *execution
	t      *catalog.Table
	schema *rowstore.Schema
	rows   *rowstore.Load
	cols   *colstore.Load
	// early is set for a table of this transaction, whose columns do not exist yet.
	early bool
	block transpose.Block
	n     int64
	ended bool
}

// newLoader starts a load; the table's exclusive lock is held until the transaction ends.
func (x *execution) newLoader(t *catalog.Table) (*loader, error) {
	if err := x.lockTable(t, rowstore.LockTableExclusive); err != nil {
		return nil, err
	}
	schema, err := x.s.db.catalog.RowSchema(t)
	if err != nil {
		return nil, err
	}
	l := &loader{x: x, t: t, schema: schema}
	if l.rows, err = x.s.tx.txn.NewLoad(x.ctx, schema); err != nil {
		return nil, err
	}
	if err := l.openColumns(); err != nil {
		l.rows.Abort()
		return nil, err
	}
	return l, nil
}

// openColumns starts the columns' part. A table whose columns are not live
// goes without: they are rebuilt from the rows.
func (l *loader) openColumns() error {
	store := l.x.s.db.feed.Columns()
	own, err := l.x.ownStorage(l.t)
	if err != nil {
		return err
	}
	if !own {
		// The feed may not have come to the table yet.
		l.x.s.awaitColumns(l.t.StorageID)
	}
	ct, ok := store.Table(l.t.StorageID)
	if !ok && !own {
		return nil
	}
	if !ok {
		cs, err := transpose.ColumnSchema(l.t)
		if err != nil {
			return err
		}
		if _, err := store.CreateTable(cs); err != nil {
			return err
		}
		l.early = true
		id := l.t.StorageID
		l.x.s.tx.onRollback(func() { store.DropTable(id, 0) })
	} else if state, _ := ct.State(); state != colstore.Live && state != colstore.Building {
		return nil
	}
	l.cols, err = store.NewLoad(l.t.StorageID)
	return err
}

// ownStorage reports whether the transaction has made the table, or emptied it.
func (x *execution) ownStorage(t *catalog.Table) (bool, error) {
	if !x.s.tx.ddl {
		return false, nil
	}
	cat, err := x.committedCatalog()
	if err != nil {
		return false, err
	}
	return cat.TableByStorage(t.StorageID) == nil, nil
}

// add loads the alive rows of a batch in the table's column order, with exactly
// its types.
func (l *loader) add(b *vector.Batch) error {
	b = b.Compact()
	first, err := l.rows.Add(l.x.ctx, l.block.Of(b))
	if err != nil {
		return err
	}
	l.n += int64(b.Len)
	if l.cols == nil {
		return nil
	}
	if l.t.HiddenKey() {
		b = withHiddenKeys(b, l.rows.HiddenKeys())
	}
	return l.cols.Append(b, first)
}

// withHiddenKeys adds the column of hidden keys to a batch without a selection.
func withHiddenKeys(b *vector.Batch, keys []int64) *vector.Batch {
	v := &vector.Vector{Type: types.TInt8, Len: b.Len, I64: keys}
	return &vector.Batch{Len: b.Len, Cols: append(append([]*vector.Vector(nil), b.Cols...), v)}
}

// finish completes the load; it takes effect with the commit.
func (l *loader) finish() error {
	l.ended = true
	var opaque []byte
	if l.cols != nil {
		names, err := l.cols.Finish()
		if err != nil {
			l.rows.Abort()
			return err
		}
		// Until the commit has been applied nobody else knows of the segments.
		l.x.s.tx.onRollback(l.cols.Abort)
		if opaque, err = json.Marshal(feed.LoadSegments{Segments: names}); err != nil {
			return err
		}
	}
	if err := l.rows.Finish(l.x.ctx, opaque); err != nil {
		l.rows.Abort()
		return err
	}
	s, id := l.x.s, l.t.StorageID
	s.tx.onCommit = append(s.tx.onCommit, s.db.feed.KickCheckpoint, func() { s.awaitFirstColumns(id) })
	return nil
}

// firstColumnsWait bounds how long a load waits for the feed.
const firstColumnsWait = time.Second

// awaitFirstColumns waits until the feed has taken over the columns of a table
// that was loaded in the transaction that made it. They are there already, but
// until the feed says so, queries are planned for the rows.
func (s *Session) awaitFirstColumns(storageID catalog.ID) {
	deadline := time.Now().Add(firstColumnsWait)
	for pause := 50 * time.Microsecond; time.Now().Before(deadline); pause = min(2*pause, 5*time.Millisecond) {
		t, ok := s.db.feed.Columns().Table(storageID)
		if !ok {
			return
		}
		if state, _ := t.State(); state != colstore.Building {
			return
		}
		select {
		case <-s.ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// abort gives the load up unless it was finished.
func (l *loader) abort() {
	if l.ended {
		return
	}
	l.ended = true
	l.rows.Abort()
	if l.cols != nil {
		l.cols.Abort()
	}
}
