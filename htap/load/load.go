package load

import (
	"encoding/json"
	"time"

	"htapdb/colstore"
	"htapdb/htap/catalog"
	"htapdb/htap/exec"
	"htapdb/htap/feed"
	"htapdb/htap/transpose"
	"htapdb/rowstore"
	"htapdb/sql/types"
	"htapdb/vector"
)

// Loader writes many rows into a table past the write set: sorted files of the
// row store and column segments at the same time, which appear together with
// the transaction's commit.
type Loader struct {
	x      *exec.Statement
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

// New starts a load; the table's exclusive lock is held until the transaction ends.
func New(x *exec.Statement, t *catalog.Table) (*Loader, error) {
	if err := x.LockTable(t, rowstore.LockTableExclusive); err != nil {
		return nil, err
	}
	schema, err := x.Catalog.RowSchema(t)
	if err != nil {
		return nil, err
	}
	l := &Loader{x: x, t: t, schema: schema}
	if l.rows, err = x.Tx.Txn.NewLoad(x.Ctx, schema); err != nil {
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
func (l *Loader) openColumns() error {
	store := l.x.Feed.Columns()
	own, err := ownStorage(l.x, l.t)
	if err != nil {
		return err
	}
	if !own {
		// The feed may not have come to the table yet.
		l.x.Session.AwaitColumns(l.t.StorageID)
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
		l.x.Tx.OnRollback(func() { store.DropTable(id, 0) })
	} else if state, _ := ct.State(); state != colstore.Live && state != colstore.Building {
		return nil
	}
	l.cols, err = store.NewLoad(l.t.StorageID)
	return err
}

// ownStorage reports whether the transaction has made the table, or emptied it.
func ownStorage(x *exec.Statement, t *catalog.Table) (bool, error) {
	if !x.Tx.DDL {
		return false, nil
	}
	cat, err := x.CommittedCatalog()
	if err != nil {
		return false, err
	}
	return cat.TableByStorage(t.StorageID) == nil, nil
}

// Add loads the alive rows of a batch in the table's column order, with exactly
// its types.
func (l *Loader) Add(b *vector.Batch) error {
	b = b.Compact()
	first, err := l.rows.Add(l.x.Ctx, l.block.Of(b))
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

// Rows is the number of rows added.
func (l *Loader) Rows() int64 { return l.n }

// Finish completes the load; it takes effect with the commit.
func (l *Loader) Finish() error {
	l.ended = true
	var opaque []byte
	if l.cols != nil {
		names, err := l.cols.Finish()
		if err != nil {
			l.rows.Abort()
			return err
		}
		// Until the commit has been applied nobody else knows of the segments.
		l.x.Tx.OnRollback(l.cols.Abort)
		if opaque, err = json.Marshal(feed.LoadSegments{Segments: names}); err != nil {
			return err
		}
	}
	if err := l.rows.Finish(l.x.Ctx, opaque); err != nil {
		l.rows.Abort()
		return err
	}
	l.x.Tx.OnCommit(l.x.Feed.KickCheckpoint)
	l.x.Tx.OnCommit(func() { awaitFirstColumns(l.x.Feed, l.t.StorageID, l.x.Session.Done()) })
	return nil
}

// firstColumnsWait bounds how long a load waits for the feed.
const firstColumnsWait = time.Second

// awaitFirstColumns waits until the feed has taken over the columns of a table
// that was loaded in the transaction that made it. They are there already, but
// until the feed says so, queries are planned for the rows.
func awaitFirstColumns(f *feed.Feed, storageID catalog.ID, done <-chan struct{}) {
	deadline := time.Now().Add(firstColumnsWait)
	for pause := 50 * time.Microsecond; time.Now().Before(deadline); pause = min(2*pause, 5*time.Millisecond) {
		t, ok := f.Columns().Table(storageID)
		if !ok {
			return
		}
		if state, _ := t.State(); state != colstore.Building {
			return
		}
		select {
		case <-done:
			return
		case <-time.After(pause):
		}
	}
}

// Abort gives the load up unless it was finished.
func (l *Loader) Abort() {
	if l.ended {
		return
	}
	l.ended = true
	l.rows.Abort()
	if l.cols != nil {
		l.cols.Abort()
	}
}
