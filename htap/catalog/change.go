package catalog

import (
	"context"

	"htapdb/rowstore"
	"htapdb/sql/sqlstate"
)

// CreateTable adds a table and reserves its indexes' names.
func (c *Store) CreateTable(ctx context.Context, txn *rowstore.Txn, t *Table) error {
	if err := c.put(ctx, txn, relations, t.Schema, t.Name, kindTable, t.ID, t, false); err != nil {
		return err
	}
	for _, x := range t.indexNames() {
		if err := c.putIndex(ctx, txn, t, x); err != nil {
			return err
		}
	}
	return nil
}

// indexName is the name of an index among the relations; that of the primary key has
// the identifier of its table.
type indexName struct {
	id   ID
	name string
}

// indexNames are the names of a table's indexes, that of its primary key first.
func (t *Table) indexNames() []indexName {
	var out []indexName
	if !t.HiddenKey() {
		out = append(out, indexName{t.ID, t.PrimaryName})
	}
	for i := range t.Indexes {
		out = append(out, indexName{t.Indexes[i].ID, t.Indexes[i].Name})
	}
	return out
}

// putIndex reserves an index's name.
func (c *Store) putIndex(ctx context.Context, txn *rowstore.Txn, t *Table, x indexName) error {
	e := indexEntry{Schema: t.Schema, Name: x.name, Table: t.ID}
	return c.put(ctx, txn, relations, t.Schema, x.name, kindIndex, x.id, &e, false)
}

// AlterTable replaces a table's descriptor by next; names of indexes that come
// and go are kept up, and so is its own name.
func (c *Store) AlterTable(ctx context.Context, txn *rowstore.Txn, old, next *Table) error {
	if old.Name != next.Name || old.Schema != next.Schema {
		if err := c.remove(ctx, txn, relations, old.Schema, old.Name); err != nil {
			return err
		}
		if err := c.put(ctx, txn, relations, next.Schema, next.Name, kindTable, next.ID, next, false); err != nil {
			return err
		}
	} else if err := c.put(ctx, txn, relations, next.Schema, next.Name, kindTable, next.ID, next, true); err != nil {
		return err
	}
	had := map[string]bool{}
	for _, x := range old.indexNames() {
		had[x.name] = true
	}
	has := map[string]bool{}
	for _, x := range next.indexNames() {
		has[x.name] = true
		if !had[x.name] {
			if err := c.putIndex(ctx, txn, next, x); err != nil {
				return err
			}
		}
	}
	for n := range had {
		if !has[n] {
			if err := c.remove(ctx, txn, relations, old.Schema, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// DropTable removes a table, its indexes' names and its columns' sequences.
func (c *Store) DropTable(ctx context.Context, txn *rowstore.Txn, s *Snapshot, t *Table) error {
	if err := c.remove(ctx, txn, relations, t.Schema, t.Name); err != nil {
		return err
	}
	for _, x := range t.indexNames() {
		if s.indexes.get(name{t.Schema, x.name}) != t.ID {
			continue // the primary key of a table of before its name was reserved
		}
		if err := c.remove(ctx, txn, relations, t.Schema, x.name); err != nil {
			return err
		}
	}
	for _, q := range s.Sequences() {
		if q.Owner == t.ID {
			if err := c.remove(ctx, txn, relations, q.Schema, q.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// PutView adds a view, or replaces the one with its name.
func (c *Store) PutView(ctx context.Context, txn *rowstore.Txn, v *View, replace bool) error {
	return c.put(ctx, txn, relations, v.Schema, v.Name, kindView, v.ID, v, replace)
}

// HoldView locks a view against being dropped or replaced until the transaction
// ends, or with exclusive against being read by new views, and returns its newest
// descriptor, nil if it is gone. The one that the transaction's snapshot has may be
// older: whoever writes the view starts from what is returned.
func (c *Store) HoldView(ctx context.Context, txn *rowstore.Txn, v *View, exclusive bool) (*View, error) {
	row, err := c.hold(ctx, txn, relations, name{v.Schema, v.Name}, v.ID, exclusive)
	if err != nil || !row.Valid() {
		return nil, err
	}
	return decode[View](row.Datum(colDefinition).Str(), v.Name)
}

// HoldSequence is HoldView for a sequence.
func (c *Store) HoldSequence(ctx context.Context, txn *rowstore.Txn, q *Sequence, exclusive bool) (*Sequence, error) {
	row, err := c.hold(ctx, txn, relations, name{q.Schema, q.Name}, q.ID, exclusive)
	if err != nil || !row.Valid() {
		return nil, err
	}
	return decode[Sequence](row.Datum(colDefinition).Str(), q.Name)
}

// HoldModel is HoldView for a model, and reports whether it is still there.
func (c *Store) HoldModel(ctx context.Context, txn *rowstore.Txn, m *Model, exclusive bool) (bool, error) {
	row, err := c.hold(ctx, txn, models, name{m.Schema, m.Name}, m.ID, exclusive)
	return row.Valid(), err
}

// hold locks the row of an object and returns its newest version, which is not valid
// if the object is gone.
func (c *Store) hold(ctx context.Context, txn *rowstore.Txn, sp space, n name, id ID, exclusive bool) (rowstore.Row, error) {
	key, err := c.key(sp, n.schema, n.name)
	if err != nil {
		return rowstore.Row{}, err
	}
	mode := rowstore.LockShare
	if exclusive {
		mode = rowstore.LockUpdate
	}
	got, err := txn.Lock(ctx, c.objects, key, mode, rowstore.Wait)
	if err != nil || !got.Found || ID(got.Row.Int64(colID)) != id {
		return rowstore.Row{}, err
	}
	return got.Row, nil
}

// DropView removes a view.
func (c *Store) DropView(ctx context.Context, txn *rowstore.Txn, v *View) error {
	return c.remove(ctx, txn, relations, v.Schema, v.Name)
}

// CreateSequence adds a sequence.
func (c *Store) CreateSequence(ctx context.Context, txn *rowstore.Txn, q *Sequence) error {
	return c.put(ctx, txn, relations, q.Schema, q.Name, kindSequence, q.ID, q, false)
}

// ReplaceSequence puts a sequence in the place of the one with its name.
func (c *Store) ReplaceSequence(ctx context.Context, txn *rowstore.Txn, q *Sequence) error {
	return c.put(ctx, txn, relations, q.Schema, q.Name, kindSequence, q.ID, q, true)
}

// DropSequence removes a sequence.
func (c *Store) DropSequence(ctx context.Context, txn *rowstore.Txn, q *Sequence) error {
	return c.remove(ctx, txn, relations, q.Schema, q.Name)
}

// CreateSchema adds a schema.
func (c *Store) CreateSchema(ctx context.Context, txn *rowstore.Txn, schema string) error {
	return c.put(ctx, txn, schemas, "", schema, kindSchema, 0, struct{}{}, false)
}

// UseSchema makes sure that a schema is there until the transaction ends, which
// is about to put something into it: 3F000 if it is not.
func (c *Store) UseSchema(ctx context.Context, txn *rowstore.Txn, schema string) error {
	if schema == DefaultSchema {
		return nil // it cannot be dropped
	}
	found, err := c.lockSchema(ctx, txn, schema, rowstore.LockKeyShare)
	if err == nil && !found {
		err = sqlstate.New(sqlstate.InvalidSchemaName, "schema %q does not exist", schema)
	}
	return err
}

// HoldSchema keeps others from putting anything into a schema until the
// transaction ends; what they have put is in the newest catalog.
func (c *Store) HoldSchema(ctx context.Context, txn *rowstore.Txn, schema string) error {
	_, err := c.lockSchema(ctx, txn, schema, rowstore.LockUpdate)
	return err
}

// DropSchema removes a schema that is held and empty.
func (c *Store) DropSchema(ctx context.Context, txn *rowstore.Txn, schema string) error {
	return c.remove(ctx, txn, schemas, "", schema)
}

func (c *Store) lockSchema(ctx context.Context, txn *rowstore.Txn, schema string, mode rowstore.RowLock) (found bool, err error) {
	key, err := c.key(schemas, "", schema)
	if err != nil {
		return false, err
	}
	got, err := txn.Lock(ctx, c.objects, key, mode, rowstore.Wait)
	return got.Found, err
}

// EmptySchema returns 2BP01 with what is in the schema.
func (s *Snapshot) EmptySchema(schema string) error {
	check := func(what string, n name) error {
		if n.schema != schema {
			return nil
		}
		return sqlstate.New(sqlstate.DependentObjectsStillExist, "cannot drop schema %q because %s %q is in it", schema, what, n.name)
	}
	for n := range s.tables.all() {
		if err := check("table", n); err != nil {
			return err
		}
	}
	for n := range s.views.all() {
		if err := check("view", n); err != nil {
			return err
		}
	}
	for n := range s.sequences.all() {
		if err := check("sequence", n); err != nil {
			return err
		}
	}
	for n := range s.models.all() {
		if err := check("model", n); err != nil {
			return err
		}
	}
	return nil
}

// TableChanges returns the table descriptors that an event of the feed replaces
// or removes (before) and those it sets (after), by storage id.
func TableChanges(ev *rowstore.Event) (before, after map[ID]*Table, err error) {
	before, after = map[ID]*Table{}, map[ID]*Table{}
	collect := func(row rowstore.Row, into map[ID]*Table) error {
		if !row.Valid() || kind(row.Datum(colKind).Str()) != kindTable {
			return nil
		}
		t, err := decode[Table](row.Datum(colDefinition).Str(), row.Datum(colName).Str())
		if err != nil {
			return err
		}
		into[t.StorageID] = t
		return nil
	}
	for i := range ev.Changes {
		c := &ev.Changes[i]
		if c.TableID != objectsTable {
			continue
		}
		if err := collect(c.Old, before); err != nil {
			return nil, nil, err
		}
		if err := collect(c.New, after); err != nil {
			return nil, nil, err
		}
	}
	return before, after, nil
}

// ChangeSchema returns the row schema for reading changes of a storage id back:
// the catalog's own objects, and the tables of the snapshot.
func (c *Store) ChangeSchema(s *Snapshot, storageID ID) *rowstore.Schema {
	if storageID == objectsTable {
		return c.objects
	}
	t := s.TableByStorage(storageID)
	if t == nil {
		return nil
	}
	schema, err := c.RowSchema(t)
	if err != nil {
		return nil
	}
	return schema
}
