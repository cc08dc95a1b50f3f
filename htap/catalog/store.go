package catalog

import (
	"context"
	"sync"

	"htapdb/rowstore"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// The catalog's own tables in the row store.
const (
	objectsTable  = 1
	countersTable = 2
	chunksTable   = 3
)

// space separates names that may be equal: a table and a model, not a table and a view.
type space int16

const (
	relations space = iota + 1
	models
	schemas
)

// kind is what a row of the objects table describes.
type kind string

const (
	kindTable    kind = "table"
	kindIndex    kind = "index"
	kindView     kind = "view"
	kindSequence kind = "sequence"
	kindModel    kind = "model header"
	kindSchema   kind = "schema"
)

// kindWholeModel is a model of before states were rows. That the kind has another
// name now keeps programs of then from taking a header for a model without state.
const kindWholeModel kind = "model"

// Columns of the objects table.
const (
	colSpace = iota
	colSchema
	colName
	colKind
	colID
	colDefinition
	numObjectColumns
)

// Store reads and writes the catalog.
type Store struct {
	rows     *rowstore.Store
	objects  *rowstore.Schema
	counters *rowstore.Schema
	chunks   *rowstore.Schema

	mu sync.Mutex
	// versions are the timestamps at which the catalog changed, ascending, with
	// what changed, and the snapshot of each once somebody needed it. An older
	// reader loads its own.
	versions []version
	// cloning is held while a Snapshot is cloned.
	cloning sync.Mutex
	objectCache

	ids       leases
	schemaMu  sync.Mutex
	schemaFor map[string]*rowstore.Schema // by the descriptor's stored form
}

// version is the catalog from ts on, until the next version.
type version struct {
	ts   rowstore.Timestamp
	snap *Snapshot
	// changes are those of the rows of objects since the version before.
	changes []rowstore.Change
}

// maxVersions bounds the history kept for old snapshots; an older reader loads its own.
const maxVersions = 64

// New returns the catalog of a store. Changed must be called for each commit
// that touches it, in order, from then on.
func New(rows *rowstore.Store) (*Store, error) {
	objects, err := rowstore.NewSchema(rowstore.TableDef{
		ID: objectsTable, Name: "catalog.objects", Primary: []int{colSpace, colSchema, colName}, PrimaryName: "objects_pkey",
		Columns: []rowstore.Column{
			colSpace:      {ID: 1, Name: "space", Type: types.TInt2},
			colSchema:     {ID: 2, Name: "schema", Type: types.TText},
			colName:       {ID: 3, Name: "name", Type: types.TText},
			colKind:       {ID: 4, Name: "kind", Type: types.TText},
			colID:         {ID: 5, Name: "id", Type: types.TInt8},
			colDefinition: {ID: 6, Name: "definition", Type: types.TText},
		}})
	if err != nil {
		return nil, err
	}
	counters, err := rowstore.NewSchema(rowstore.TableDef{
		ID: countersTable, Name: "catalog.counters", Primary: []int{0}, PrimaryName: "counters_pkey",
		Columns: []rowstore.Column{{ID: 1, Name: "name", Type: types.TText}, {ID: 2, Name: "value", Type: types.TInt8}}})
	if err != nil {
		return nil, err
	}
	chunks, err := newChunks()
	if err != nil {
		return nil, err
	}
	// The first version is the one that was found: 0 is a transaction's own.
	first := version{ts: rows.RecoveredTimestamp()}
	return &Store{rows: rows, objects: objects, counters: counters, chunks: chunks, versions: []version{first},
		objectCache: newObjectCache(),
		ids:         leases{free: map[string]lease{}}, schemaFor: map[string]*rowstore.Schema{}}, nil
}

// Touches reports whether the event changes the catalog.
func Touches(ev *rowstore.Event) bool {
	for i := range ev.Changes {
		if ev.Changes[i].TableID == objectsTable {
			return true
		}
	}
	return false
}

// IsSystem reports whether the storage id is one of the catalog's own tables.
func IsSystem(storageID ID) bool { return storageID < FirstUserID }

// Changed notes the commit of an event that changes the catalog. It is called in
// commit order, before the commit is visible; what changed is only kept here,
// for the first reader to work in.
func (c *Store) Changed(ev *rowstore.Event) {
	v := version{ts: ev.TS}
	for i := range ev.Changes {
		if ev.Changes[i].TableID == objectsTable {
			v.changes = append(v.changes, ev.Changes[i])
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.versions = append(c.versions, v)
	if len(c.versions) > maxVersions {
		c.versions = append(c.versions[:0], c.versions[len(c.versions)-maxVersions/2:]...)
	}
}

// reader is what the catalog can be read from: a transaction or a snapshot.
type reader interface {
	Scan(schema *rowstore.Schema, span rowstore.Span, opts rowstore.ScanOptions) *rowstore.Iterator
}

// InTxn returns the catalog as the transaction's current statement sees it. own
// says that earlier statements of the transaction have changed it.
func (c *Store) InTxn(txn *rowstore.Txn, own bool) (*Snapshot, error) {
	if !own {
		return c.at(txn.ReadTimestamp(), txn)
	}
	committed, err := c.rows.SnapshotAt(txn.ReadTimestamp())
	if err != nil {
		return nil, err
	}
	defer committed.Close()
	base, err := c.At(committed)
	if err != nil {
		return nil, err
	}
	return c.withPending(base, txn)
}

// At returns the catalog as of a snapshot.
func (c *Store) At(snap *rowstore.Snapshot) (*Snapshot, error) {
	return c.at(snap.Timestamp(), snap)
}

// Newest returns the timestamp of the catalog's newest version, which may not be visible yet.
func (c *Store) Newest() rowstore.Timestamp {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.versions[len(c.versions)-1].ts
}

// at finds the version in force at ts. One that nobody has needed yet is made
// from the one before it by what changed; only if that is not there either, all
// objects are read through r.
func (c *Store) at(ts rowstore.Timestamp, r reader) (*Snapshot, error) {
	c.mu.Lock()
	i := len(c.versions) - 1
	for i >= 0 && c.versions[i].ts > ts {
		i--
	}
	if i < 0 {
		c.mu.Unlock()
		return c.load(r, ts)
	}
	from, snap := c.versions[i].ts, c.versions[i].snap
	base, since := c.nearest(i)
	c.mu.Unlock()
	var err error
	switch {
	case snap != nil:
		return snap, nil
	case base != nil:
		snap, err = c.advance(base, since, from)
	default:
		snap, err = c.load(r, from)
	}
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for k := range c.versions {
		if c.versions[k].ts == from {
			if c.versions[k].snap == nil {
				c.versions[k].snap = snap
			}
			return c.versions[k].snap, nil
		}
	}
	return snap, nil
}

// nearest returns the last snapshot that was made of a version up to i, and the
// changes of the versions after it up to i. c.mu is held.
func (c *Store) nearest(i int) (base *Snapshot, since []version) {
	for k := i; k >= 0; k-- {
		if c.versions[k].snap != nil {
			return c.versions[k].snap, append([]version(nil), c.versions[k+1:i+1]...)
		}
	}
	return nil, nil
}

// advance returns the catalog at ts from an earlier one and what changed since.
func (c *Store) advance(base *Snapshot, since []version, ts rowstore.Timestamp) (*Snapshot, error) {
	next := c.clone(base, ts)
	for i := range since {
		for k := range since[i].changes {
			if row := since[i].changes[k].Old; row.Valid() {
				next.remove(objectKey(row))
			}
		}
		for k := range since[i].changes {
			if row := since[i].changes[k].New; row.Valid() {
				if err := next.addRow(row); err != nil {
					return nil, err
				}
			}
		}
	}
	return next, nil
}

// withPending returns a transaction's own catalog: the committed one and what
// earlier statements of the transaction have changed.
func (c *Store) withPending(base *Snapshot, txn *rowstore.Txn) (*Snapshot, error) {
	var changes []rowstore.PendingChange
	err := txn.PendingChanges(c.objects, func(p rowstore.PendingChange) bool {
		changes = append(changes, p)
		return true
	})
	if err != nil {
		return nil, err
	}
	next := c.clone(base, 0)
	// What the transaction replaces goes first: a name may be another object's now.
	for i := range changes {
		key, err := c.objects.DecodeKey(changes[i].Key)
		if err != nil {
			return nil, err
		}
		next.remove(space(key[0].Int()), name{key[1].Str(), key[2].Str()})
	}
	for i := range changes {
		if changes[i].New.Valid() {
			if err := next.addRow(changes[i].New); err != nil {
				return nil, err
			}
		}
	}
	return next, nil
}

// clone is Snapshot.clone, of which one may run at a time.
func (c *Store) clone(base *Snapshot, ts rowstore.Timestamp) *Snapshot {
	c.cloning.Lock()
	defer c.cloning.Unlock()
	return base.clone(ts)
}

// load reads all objects.
func (c *Store) load(r reader, ts rowstore.Timestamp) (*Snapshot, error) {
	s := newSnapshot(c, ts)
	it := r.Scan(c.objects, rowstore.Span{}, rowstore.ScanOptions{})
	defer it.Close()
	for it.Next() {
		if err := s.addRow(it.Row()); err != nil {
			return nil, err
		}
	}
	return s, it.Err()
}

// objectKey is the key of a row of objects.
func objectKey(row rowstore.Row) (space, name) {
	return space(row.Datum(colSpace).Int()), name{row.Datum(colSchema).Str(), row.Datum(colName).Str()}
}

// addRow adds the object that a row of objects describes.
func (s *Snapshot) addRow(row rowstore.Row) error {
	_, n := objectKey(row)
	return s.add(n, kind(row.Datum(colKind).Str()), row.Datum(colDefinition).Str())
}

// put inserts an object, or replaces the one with the name if replace is set.
// A name that is taken is 42P07.
func (c *Store) put(ctx context.Context, txn *rowstore.Txn, sp space, schema, name string, k kind, id ID, def any, replace bool) error {
	text, err := encode(def)
	if err != nil {
		return err
	}
	row := []types.Datum{
		colSpace: types.NewInt16(int16(sp)), colSchema: types.NewString(schema), colName: types.NewString(name),
		colKind: types.NewString(string(k)), colID: types.NewInt64(int64(id)), colDefinition: types.NewString(text),
	}
	if replace {
		key, err := c.key(sp, schema, name)
		if err != nil {
			return err
		}
		_, err = txn.Update(ctx, c.objects, key, row)
		return err
	}
	_, conflict, err := txn.InsertOrGet(ctx, c.objects, row)
	if err != nil {
		return err
	}
	if conflict != nil {
		return duplicate(sp, name)
	}
	return nil
}

// duplicate is the error for a name that exists.
func duplicate(sp space, name string) error {
	switch sp {
	case models:
		return sqlstate.New(sqlstate.DuplicateObject, "model %q already exists", name).
			WithHint("CREATE OR REPLACE MODEL makes a new version of it.")
	case schemas:
		return sqlstate.New(sqlstate.DuplicateSchema, "schema %q already exists", name)
	}
	return sqlstate.New(sqlstate.DuplicateTable, "relation %q already exists", name)
}

// remove deletes an object.
func (c *Store) remove(ctx context.Context, txn *rowstore.Txn, sp space, schema, name string) error {
	key, err := c.key(sp, schema, name)
	if err != nil {
		return err
	}
	_, err = txn.Delete(ctx, c.objects, key)
	return err
}

func (c *Store) key(sp space, schema, name string) (rowstore.Key, error) {
	return c.objects.PrimaryKey(types.NewInt16(int16(sp)), types.NewString(schema), types.NewString(name))
}
