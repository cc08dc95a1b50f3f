package feed

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"htapdb/colstore"
	"htapdb/htap/catalog"
	"htapdb/internal/vfs"
	"htapdb/rowstore"
	"htapdb/sql/types"

	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// fixture is a feed between two stores with one table.
type fixture struct {
	*testing.T
	f       *Feed
	rows    *rowstore.Store
	catalog *catalog.Store
	// schema is that of table 20_000.
	schema *rowstore.Schema
	// refuse is how many more segment files cannot be made.
	refuse atomic.Int32
}

func newFixture(t *testing.T, o Options) *fixture {
	x := &fixture{T: t}
	fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpCreate && strings.Contains(op.Path, "columns") && x.refuse.Load() > 0 {
			x.refuse.Add(-1)
			return errors.New("no room for segments")
		}
		return nil
	}))
	o.FS, o.Dir, o.CheckpointInterval = fs, "columns", time.Hour
	x.f = New(o)
	var err error
	if x.rows, err = rowstore.Open("rows", rowstore.Options{FS: fs, Publisher: x.f}); err != nil {
		t.Fatal(err)
	}
	if x.catalog, err = catalog.New(x.rows); err != nil {
		t.Fatal(err)
	}
	if err := x.f.Start(t.Context(), x.rows, x.catalog); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		x.f.Stop()
		if err := errors.Join(x.f.Columns().Close(), x.rows.Close()); err != nil {
			t.Error(err)
		}
	})
	x.schema = x.create(20_000, "t")
	x.insert(x.schema, 0, 100)
	return x
}

// create makes a table with one column.
func (x *fixture) create(id uint32, name string) *rowstore.Schema {
	x.Helper()
	table := &catalog.Table{ID: id, StorageID: id, Schema: catalog.DefaultSchema, Name: name, Version: 1, NextColumnID: 2,
		Columns: []catalog.Column{{ID: 1, Name: "a", Type: types.TInt8}}}
	x.write(func(txn *rowstore.Txn) error { return x.catalog.CreateTable(context.Background(), txn, table) })
	schema, err := x.catalog.RowSchema(table)
	if err != nil {
		x.Fatal(err)
	}
	return schema
}

// insert writes the numbers from first on in one transaction.
func (x *fixture) insert(schema *rowstore.Schema, first, n int64) {
	x.Helper()
	x.write(func(txn *rowstore.Txn) error {
		for i := range n {
			if _, err := txn.Insert(context.Background(), schema, []types.Datum{types.NewInt64(first + i)}); err != nil {
				return err
			}
		}
		return nil
	})
}

// columns returns a table's columns.
func (x *fixture) columns(id uint32) *colstore.Table {
	x.Helper()
	x.f.CatchUp()
	t, ok := x.f.Columns().Table(id)
	if !ok {
		x.Fatal("the table has no columns")
	}
	return t
}

// write runs fn in a transaction.
func (x *fixture) write(fn func(*rowstore.Txn) error) {
	x.Helper()
	txn, err := x.rows.Begin(rowstore.TxnOptions{Sync: true})
	if err == nil {
		err = txn.StartStatement(context.Background())
	}
	if err == nil {
		err = fn(txn)
	}
	if err == nil {
		_, err = txn.Commit(context.Background())
	}
	if err != nil {
		x.Fatal(err)
	}
}

// live waits until the table's columns are live, and returns how many rows they show.
func (x *fixture) live(t *colstore.Table) int64 {
	x.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		state, reason := t.State()
		if state == colstore.Live {
			break
		}
		if time.Now().After(deadline) {
			x.Fatalf("the columns are %s: %s", state, reason)
		}
	}
	snap, err := t.SnapshotLatest(uint64(x.rows.Visible()))
	if err != nil {
		x.Fatal(err)
	}
	defer snap.Close()
	n, err := snap.Count(nil)
	if err != nil {
		x.Fatal(err)
	}
	return n
}

// A rebuild that fails, because the disk is full for instance, is tried again.
func TestRebuildIsTriedAgain(t *testing.T) {
	x := newFixture(t, Options{})
	table := x.columns(20_000)
	x.refuse.Store(1)
	x.f.later(func() { x.f.detach(table, errors.New("damage")) })
	for x.refuse.Load() > 0 {
		time.Sleep(time.Millisecond)
	}
	if n := x.live(table); n != 100 {
		t.Errorf("%d rows after the rebuild", n)
	}
}
