package rowstore

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// Insert adds a row and returns its key. Errors: 23502, 23505 with the
// constraint's name, and those of Lock. The store keeps no reference to row.
func (t *Txn) Insert(ctx context.Context, schema *Schema, row []types.Datum) (Key, error) {
	key, conflict, err := t.insert(ctx, schema, row)
	if err != nil {
		return nil, err
	}
	if conflict != nil {
		return nil, t.uniqueViolation(schema, conflict.index, row)
	}
	return key, nil
}

// Conflict is the row that keeps InsertOrGet from inserting.
type Conflict struct {
	// Index is the id of the index that conflicts, 0 for the primary key.
	Index uint32
	Key   Key
	Row   Row
	// Self says that the current statement wrote it (21000 for DO UPDATE).
	Self bool
}

// InsertOrGet is Insert for ON CONFLICT: a conflict in one of the arbiter
// indexes (0 is the primary key; none given means all) is returned instead of
// an error, with nothing written. The conflicting row is not locked. Under
// REPEATABLE READ a conflicting row that the snapshot does not see is 40001.
func (t *Txn) InsertOrGet(ctx context.Context, schema *Schema, row []types.Datum, arbiters ...uint32) (Key, *Conflict, error) {
	key, conflict, err := t.insert(ctx, schema, row)
	if err != nil || conflict == nil {
		return key, nil, err
	}
	id := uint32(0)
	if conflict.index != nil {
		id = conflict.index.ID
	}
	if len(arbiters) > 0 && !containsID(arbiters, id) {
		// What the arbiters say goes first, wherever they stand among the indexes.
		other, err := t.arbiterConflict(ctx, schema, row, arbiters)
		if err != nil {
			return nil, nil, err
		}
		if other == nil {
			return nil, nil, t.uniqueViolation(schema, conflict.index, row)
		}
		if conflict, id = other, 0; other.index != nil {
			id = other.index.ID
		}
	}
	c, err := t.describeConflict(schema, id, conflict)
	return nil, c, err
}

// arbiterConflict locks the row's entries in the arbiter indexes, and returns the
// first that is live, nil if there is none.
func (t *Txn) arbiterConflict(ctx context.Context, schema *Schema, row []types.Datum, arbiters []uint32) (*ownEntry, error) {
	if containsID(arbiters, 0) {
		if e, err := t.insertKey(ctx, schema, row); err != nil || e.live() {
			return e, err
		}
	}
	for i := range schema.indexes {
		ix := &schema.indexes[i]
		if !containsID(arbiters, ix.ID) {
			continue
		}
		prefix, unique, err := t.entryPrefix(schema, ix, row, nil)
		if err != nil {
			return nil, err
		}
		if !unique {
			continue // a NULL conflicts with nothing
		}
		if e, err := t.lockEntry(ctx, schema, ix, prefix, LockUpdate, false); err != nil || e.live() {
			return e, err
		}
	}
	return nil, nil
}

func containsID(ids []uint32, id uint32) bool {
	for _, x := range ids {
		if x == id {
			return true
		}
	}
	return false
}

// describeConflict reads the row that an insert ran into.
func (t *Txn) describeConflict(schema *Schema, id uint32, conflict *ownEntry) (*Conflict, error) {
	if err := t.checkSnapshot(conflict); err != nil {
		return nil, err
	}
	c := &Conflict{Index: id, Key: Key(conflict.body())}
	if v := conflict.last(); v != nil {
		c.Self = v.stmt == t.stmt
	}
	var err error
	if conflict.index == nil {
		c.Row, err = conflict.row(schema)
		return c, err
	}
	c.Key = conflict.targetKey()
	v := t.view(true)
	c.Row, _, err = t.getAs(&v, schema, c.Key, t.stmt+1)
	return c, err
}

// insert checks and writes a row; conflict is the live entry that forbids it.
func (t *Txn) insert(ctx context.Context, schema *Schema, row []types.Datum) (key Key, conflict *ownEntry, err error) {
	if err := t.writable(); err != nil {
		return nil, nil, err
	}
	if err := schema.checkNotNull(row); err != nil {
		return nil, nil, err
	}
	e, err := t.insertKey(ctx, schema, row)
	if err != nil {
		return nil, nil, err
	}
	if e.live() {
		return nil, e, nil
	}
	key = Key(e.body())
	entries, conflict, err := t.lockIndexEntries(ctx, schema, row, key, nil)
	if err != nil || conflict != nil {
		return nil, conflict, err
	}
	return key, nil, t.putRow(schema, e, row, entries)
}

// insertKey locks the primary key of a new row. A hidden key is new by
// construction and known to nobody, so the table's lock is enough.
func (t *Txn) insertKey(ctx context.Context, schema *Schema, row []types.Datum) (*ownEntry, error) {
	prefix := append(t.buf[:0], schema.primary...)
	if schema.hidden {
		if err := t.owner.LockTable(ctx, schema.def.ID, LockTableShared, false); err != nil {
			return nil, err
		}
		q, err := t.store.sequence(schema.def.ID)
		if err != nil {
			return nil, err
		}
		n, err := t.store.nextHidden(q, 1)
		if err != nil {
			return nil, err
		}
		t.buf = appendHiddenKey(prefix, n)
		e, err := t.writes.entry(schema, nil, t.buf)
		if e != nil {
			e.baseKnown = true
		}
		return e, err
	}
	prefix, err := schema.appendPrimaryKey(prefix, row)
	if err != nil {
		return nil, err
	}
	t.buf = prefix
	return t.lockEntry(ctx, schema, nil, prefix, LockUpdate, false)
}

// indexWrite is an index entry to be written with its row.
type indexWrite struct {
	entry *ownEntry
	value []byte
}

// lockIndexEntries prepares the entries of a row in all secondary indexes and
// locks the unique ones. Entries equal to those of oldKey's row (oldEntries) are
// left out. conflict is a live entry of another row.
func (t *Txn) lockIndexEntries(ctx context.Context, schema *Schema, row []types.Datum, key Key, old *oldEntries) (out []indexWrite, conflict *ownEntry, err error) {
	for i := range schema.indexes {
		ix := &schema.indexes[i]
		prefix, unique, err := t.entryPrefix(schema, ix, row, key)
		if err != nil {
			return nil, nil, err
		}
		if old != nil && old.same(i, prefix, key) {
			continue
		}
		w := indexWrite{}
		if unique {
			w.entry, err = t.lockEntry(ctx, schema, ix, prefix, LockUpdate, false)
			if err != nil {
				return nil, nil, err
			}
			if w.entry.live() && !(old != nil && bytes.Equal(w.entry.targetKey(), old.key)) {
				return nil, w.entry, nil
			}
			w.value = appendEntry(nil, key, 0)
		} else {
			if w.entry, err = t.writes.entry(schema, ix, prefix); err != nil {
				return nil, nil, err
			}
			w.value = appendEntry(nil, nil, len(prefix)-len(ix.header)-len(key))
		}
		out = append(out, w)
	}
	return out, nil, nil
}

// entryPrefix returns the full prefix of a row's entry in ix: the columns, and
// unless they are unique the primary key.
func (t *Txn) entryPrefix(schema *Schema, ix *compiledIndex, row []types.Datum, key Key) (prefix []byte, unique bool, err error) {
	prefix, null, err := schema.appendIndexColumns(append([]byte(nil), ix.header...), ix, row)
	if err != nil {
		return nil, false, err
	}
	if unique = ix.Unique && !null; !unique {
		prefix = append(prefix, key...)
	}
	return prefix, unique, nil
}

// oldEntries are the index entries of the row that an update replaces.
type oldEntries struct {
	key      Key
	prefixes [][]byte
	unique   []bool
}

// same reports whether the i-th index's entry stays as it is.
func (o *oldEntries) same(i int, prefix []byte, key Key) bool {
	return bytes.Equal(o.prefixes[i], prefix) && bytes.Equal(o.key, key)
}

func (t *Txn) oldEntriesOf(schema *Schema, key Key, row Row) (oldEntries, error) {
	o := oldEntries{key: key}
	if len(schema.indexes) == 0 {
		return o, nil
	}
	datums := row.Datums()
	for i := range schema.indexes {
		prefix, unique, err := t.entryPrefix(schema, &schema.indexes[i], datums, key)
		if err != nil {
			return o, err
		}
		o.prefixes = append(o.prefixes, prefix)
		o.unique = append(o.unique, unique)
	}
	return o, nil
}

// putRow writes a row version and its index entries.
func (t *Txn) putRow(schema *Schema, e *ownEntry, row []types.Datum, entries []indexWrite) error {
	value := make([]byte, 0, versionHeaderMax+schema.current.fixedEnd+64)
	value = appendVersionHeader(value, 0, 0, e.base.ended)
	value, flags, err := schema.appendRow(value, row)
	if err != nil {
		return err
	}
	value[0] |= flags
	if err := t.writes.put(schema, e, t.stmt, false, value); err != nil {
		return err
	}
	for _, w := range entries {
		if err := t.writes.put(schema, w.entry, t.stmt, false, w.value); err != nil {
			return err
		}
	}
	return nil
}

// versionHeaderMax is the length of flags, rowID and predecessor.
const versionHeaderMax = 1 + 8 + 8

// putTombstone ends a row and leaves its index entries to the caller.
func (t *Txn) putTombstone(schema *Schema, e *ownEntry) error {
	return t.writes.put(schema, e, t.stmt, true, appendVersionHeader(nil, flagTombstone, 0, e.base.ended))
}

// Update replaces the row with the key, which exists, and returns its key
// afterwards. It locks the row unless Lock has; errors are those of Insert and
// Lock.
func (t *Txn) Update(ctx context.Context, schema *Schema, key Key, row []types.Datum) (Key, error) {
	if err := t.writable(); err != nil {
		return nil, err
	}
	if err := schema.checkNotNull(row); err != nil {
		return nil, err
	}
	e, oldRow, err := t.lockExisting(ctx, schema, key, LockNoKeyUpdate)
	if err != nil {
		return nil, err
	}
	if e == nil {
		return nil, sqlstate.New(sqlstate.InternalError, "row of table %q to be updated does not exist", schema.def.Name)
	}
	if !schema.hidden {
		if t.buf, err = schema.appendPrimaryKey(t.buf[:0], row); err != nil {
			return nil, err
		}
		if !bytes.Equal(key, t.buf) {
			return t.updateKey(ctx, schema, e, oldRow, slices.Clone(Key(t.buf)), row)
		}
	}
	old, err := t.oldEntriesOf(schema, key, oldRow)
	if err != nil {
		return nil, err
	}
	entries, conflict, err := t.lockIndexEntries(ctx, schema, row, key, &old)
	if err != nil {
		return nil, err
	}
	if conflict != nil {
		return nil, t.uniqueViolation(schema, conflict.index, row)
	}
	if err := t.endEntries(ctx, schema, &old, entries); err != nil {
		return nil, err
	}
	return key, t.putRow(schema, e, row, entries)
}

// updateKey is an update that moves the row to another key: a delete and an
// insert.
func (t *Txn) updateKey(ctx context.Context, schema *Schema, e *ownEntry, oldRow Row, newKey Key, row []types.Datum) (Key, error) {
	key := Key(e.body())
	if _, err := t.lockRow(ctx, schema, key, LockUpdate, false); err != nil {
		return nil, err
	}
	target, err := t.lockRow(ctx, schema, newKey, LockUpdate, false)
	if err != nil {
		return nil, err
	}
	if target.live() {
		return nil, t.uniqueViolation(schema, nil, row)
	}
	old, err := t.oldEntriesOf(schema, key, oldRow)
	if err != nil {
		return nil, err
	}
	entries, conflict, err := t.lockIndexEntries(ctx, schema, row, newKey, &old)
	if err != nil {
		return nil, err
	}
	if conflict != nil {
		return nil, t.uniqueViolation(schema, conflict.index, row)
	}
	if err := t.putTombstone(schema, e); err != nil {
		return nil, err
	}
	e.last().moved = true
	if err := t.endEntries(ctx, schema, &old, entries); err != nil {
		return nil, err
	}
	return newKey, t.putRow(schema, target, row, entries)
}

// Delete removes the row with the key and reports whether it existed.
func (t *Txn) Delete(ctx context.Context, schema *Schema, key Key) (bool, error) {
	if err := t.writable(); err != nil {
		return false, err
	}
	e, oldRow, err := t.lockExisting(ctx, schema, key, LockUpdate)
	if e == nil || err != nil {
		return false, err
	}
	old, err := t.oldEntriesOf(schema, key, oldRow)
	if err != nil {
		return false, err
	}
	if err := t.putTombstone(schema, e); err != nil {
		return false, err
	}
	for i := range schema.indexes {
		if err := t.endEntry(ctx, schema, i, &old); err != nil {
			return false, err
		}
	}
	return true, nil
}

// lockExisting locks a row for a write and returns its newest version; e is
// nil if it does not exist.
func (t *Txn) lockExisting(ctx context.Context, schema *Schema, key Key, mode RowLock) (e *ownEntry, row Row, err error) {
	if e, err = t.lockRow(ctx, schema, key, mode, false); err != nil {
		return nil, Row{}, err
	}
	if err := t.checkSnapshot(e); err != nil {
		return nil, Row{}, err
	}
	if row, err = e.row(schema); err != nil || !row.Valid() {
		return nil, Row{}, err
	}
	return e, row, nil
}

// endEntries ends the old index entries that are not written again.
func (t *Txn) endEntries(ctx context.Context, schema *Schema, old *oldEntries, written []indexWrite) error {
	n := 0
	for i := range schema.indexes {
		// written has the indexes whose entries change, in order.
		if n == len(written) || written[n].entry.index.ID != schema.indexes[i].ID {
			continue
		}
		w := written[n]
		n++
		if w.entry.key == string(old.prefixes[i]) {
			continue
		}
		if err := t.endEntry(ctx, schema, i, old); err != nil {
			return err
		}
	}
	return nil
}

// endEntry writes a tombstone over the i-th index's old entry. A unique entry
// is locked, so that others wait for the outcome before they take the value.
func (t *Txn) endEntry(ctx context.Context, schema *Schema, i int, old *oldEntries) error {
	ix := &schema.indexes[i]
	var e *ownEntry
	var err error
	if old.unique[i] {
		e, err = t.lockEntry(ctx, schema, ix, old.prefixes[i], LockUpdate, false)
	} else {
		e, err = t.writes.entry(schema, ix, old.prefixes[i])
	}
	if err != nil {
		return err
	}
	return t.writes.put(schema, e, t.stmt, true, []byte{entryTombstone})
}

// uniqueViolation is 23505 as PostgreSQL words it; index is nil for the
// primary key.
func (t *Txn) uniqueViolation(schema *Schema, index *compiledIndex, row []types.Datum) error {
	t.store.stats.unique.Add(1)
	return schema.duplicate(index, row)
}

func (s *Schema) duplicate(index *compiledIndex, row []types.Datum) error {
	name, columns := s.def.PrimaryName, s.def.Primary
	if index != nil {
		name, columns = index.Name, index.Columns
	}
	return sqlstate.New(sqlstate.UniqueViolation, "duplicate key value violates unique constraint %q", name).
		WithDetail("Key %s already exists.", s.keyDetail(columns, row)).WithObject(s.constraintObject(name))
}

// keyDetail prints (a, b)=(1, x).
func (s *Schema) keyDetail(columns []int, row []types.Datum) string {
	var names, values []string
	for _, ord := range columns {
		names = append(names, s.def.Columns[ord].Name)
		values = append(values, formatDatum(s.def.Columns[ord].Type, row[ord]))
	}
	return "(" + strings.Join(names, ", ") + ")=(" + strings.Join(values, ", ") + ")"
}
