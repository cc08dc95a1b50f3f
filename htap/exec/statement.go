package exec

import (
	"context"
	"strings"

	"htapdb/htap/catalog"
	"htapdb/htap/feed"
	"htapdb/htap/physical"
	"htapdb/internal/memory"
	"htapdb/rowstore"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// Engine is the stores of a database.
type Engine struct {
	Rows    *rowstore.Store
	Catalog *catalog.Store
	Feed    *feed.Feed
}

// Session is what a statement needs of its session.
type Session interface {
	// Along has a catalog find names along the session's search_path.
	Along(cat *catalog.Snapshot, err error) (*catalog.Snapshot, error)
	// Path is the search_path as it is, with the schemas of system catalogs that it names.
	Path(cat *catalog.Snapshot) []string
	// AwaitColumns waits for the columns of a table, at most htap.freshness_timeout.
	AwaitColumns(storageID catalog.ID) (live bool, reason string)
	// Send sends a notice to the client.
	Send(notice *sqlstate.Error)
	// Done is closed when the session ends.
	Done() <-chan struct{}
}

// Statement is one run of a statement.
type Statement struct {
	*Engine
	Session Session
	Ctx     context.Context
	Tx      *Transaction
	// Cat is the catalog as the statement sees it.
	Cat    *catalog.Snapshot
	Memory *memory.Account
	// Script is the text that positions in the syntax tree are of.
	Script string
	// Params are the declared types of its parameters.
	Params []types.Type
}

// Output is what a utility statement gives.
type Output struct {
	// Rows is nil without a result set.
	Rows [][]types.Datum
	// Tag replaces the statement's command tag, N is the number of rows affected.
	Tag string
	N   int64
}

// Done is the output of a statement without rows.
var Done = &Output{}

// LoadCatalog reads the catalog as of the statement.
func (x *Statement) LoadCatalog() error {
	var err error
	x.Cat, err = x.Session.Along(x.Catalog.InTxn(x.Tx.Txn, x.Tx.DDL))
	return err
}

// NextStatement lets the rest of this one see what it has written.
func (x *Statement) NextStatement() error {
	if err := x.Tx.Txn.StartStatement(x.Ctx); err != nil {
		return err
	}
	return x.LoadCatalog()
}

// Settle is NextStatement once the newest change of the catalog is visible:
// what others did while a lock was waited for is known after it.
func (x *Statement) Settle() error {
	if err := x.Rows.WaitVisible(x.Ctx, x.Catalog.Newest()); err != nil {
		return err
	}
	return x.NextStatement()
}

// Table finds a stored table by name.
func (x *Statement) Table(n parser.ObjectName) (*catalog.Table, error) {
	t := x.Cat.Table(n.Schema, n.Name)
	if t == nil {
		e := x.Cat.NoRelation(n.Schema, n.Name)
		if n.Pos() > 0 {
			e = e.WithPosition(parser.Position(x.Script, n.Pos()))
		}
		return nil, e
	}
	return t, nil
}

// LockTable locks a table and makes sure that its descriptor is still the newest:
// [physical.ErrRestart] has the statement start over.
func (x *Statement) LockTable(t *catalog.Table, mode rowstore.TableLock) error {
	if t == nil {
		return physical.ErrRestart
	}
	if err := x.Tx.Txn.LockTable(x.Ctx, t.StorageID, mode); err != nil {
		return err
	}
	return x.checkCurrent(t)
}

// checkCurrent returns ErrRestart if others have changed a table, which is
// locked now, since the statement read the catalog. Locks are released before
// the commit is visible, so that of the newest change is waited for.
func (x *Statement) checkCurrent(t *catalog.Table) error {
	newest := x.Catalog.Newest()
	if newest <= x.Cat.Version() {
		return nil
	}
	if err := x.Rows.WaitVisible(x.Ctx, newest); err != nil {
		return err
	}
	then := t
	if x.Tx.DDL {
		// The transaction may have changed the table itself: what was there before?
		cat, err := x.CommittedCatalog()
		if err != nil {
			return err
		}
		if then = cat.TableByID(t.ID); then == nil {
			return nil // it is the transaction's own
		}
	}
	snap := x.Rows.Snapshot()
	defer snap.Close()
	cat, err := x.Catalog.At(snap)
	if err != nil {
		return err
	}
	if now := cat.TableByID(t.ID); now == nil || !now.Equal(then) {
		return physical.ErrRestart
	}
	return nil
}

// CommittedCatalog returns the catalog at the statement's timestamp without the
// transaction's own changes.
func (x *Statement) CommittedCatalog() (*catalog.Snapshot, error) {
	snap, err := x.Rows.SnapshotAt(x.Tx.Txn.ReadTimestamp())
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	return x.Catalog.At(snap)
}

// Warn sends a notice or warning to the client.
func (x *Statement) Warn(code sqlstate.Code, format string, args ...any) {
	x.Session.Send(sqlstate.New(code, format, args...))
}

// ReadOnlyError is the error of a write in a read-only transaction.
func ReadOnlyError(what string) error {
	return sqlstate.New(sqlstate.ReadOnlyTransaction, "cannot execute %s in a read-only transaction", strings.ToUpper(what))
}
