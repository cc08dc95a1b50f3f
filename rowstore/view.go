package rowstore

import (
	"encoding/binary"
)

// view says which versions a reader sees: those committed at or before ts, and
// those of its own transaction's loads.
type view struct {
	store *Store
	ts    Timestamp
	// upTo bounds the timestamps in keys: ts, or that of an own load above it.
	upTo Timestamp
	// txn is the reading transaction for its own loads, 0 for none.
	txn uint64
	// newest reads everything applied, not only what ts covers.
	newest bool
	// load, if not 0, restricts scans to the versions that one load wrote.
	load Timestamp
}

// foundVersion is what a point read found.
type foundVersion struct {
	// exists says that there is a version, which may be a tombstone.
	exists, tombstone bool
	// ts is when the version became visible, raw the timestamp in its key; they
	// differ for loaded rows.
	ts, raw Timestamp
	// ended is the rowID that a successor replaces.
	ended uint64
	row   Row
	// target is the primary key bytes that a unique index entry holds.
	target Key
}

func (v *foundVersion) live() bool { return v.exists && !v.tombstone }

// get reads a row by its primary key.
func (v *view) get(schema *Schema, key Key) (foundVersion, error) {
	it, err := v.store.acquireIter(v.ts, v.newest)
	if err != nil {
		return foundVersion{}, err
	}
	defer v.store.releaseIter(it)
	it.buf = append(append(it.buf[:0], schema.primary...), key...)
	var found foundVersion
	value, err := v.seek(it, schema.def.ID, &found)
	if err != nil || !found.exists {
		return found, err
	}
	return found, v.decode(schema, value, &found)
}

// seek positions it on the newest visible version of the prefix in it.buf and
// fills in exists, ts and raw. The value is valid until the iterator moves.
func (v *view) seek(it *pooledIter, table uint32, found *foundVersion) ([]byte, error) {
	loads := it.loadsOf(table)
	it.buf = appendSuffix(it.buf, v.upTo)
	for ok := it.SeekPrefixGE(it.buf); ok; ok = it.Next() {
		raw := keyTimestamp(it.Key())
		ts, visible := v.visible(loads, raw)
		if !visible {
			continue
		}
		value, err := it.ValueAndErr()
		if err != nil {
			return nil, v.store.ioError(err, "reading a row")
		}
		found.exists, found.ts, found.raw = true, ts, raw
		return value, nil
	}
	if err := it.Error(); err != nil {
		return nil, v.store.ioError(err, "reading a row")
	}
	return nil, nil
}

// visible reports whether a version with the raw timestamp ≤ v.upTo is visible,
// and since when.
func (v *view) visible(loads []*loadRecord, raw Timestamp) (ts Timestamp, ok bool) {
	for _, l := range loads {
		if l.L == raw {
			c := Timestamp(l.committed.Load())
			return c, c != 0 && c <= v.ts || v.txn != 0 && l.txn == v.txn && !l.aborted.Load()
		}
	}
	return raw, raw <= v.ts
}

// decode fills in the rest of found from a primary index value, copying the row.
func (v *view) decode(schema *Schema, value []byte, found *foundVersion) error {
	ver, ok := decodeVersion(value)
	if !ok {
		return schema.corrupt("value of %d bytes is no row version", len(value))
	}
	found.tombstone, found.ended = ver.tombstone(), ver.ended()
	if found.tombstone {
		return nil
	}
	row, err := schema.decodeRow(append([]byte(nil), ver.row...), ver.flags)
	if err != nil {
		return err
	}
	row.rowID, row.ts, row.stable = ver.rowID, found.ts, true
	found.row = row
	return nil
}

// Index entry values: flags, then where the primary key is.
const (
	entryTombstone = 1 << 0
	entryTarget    = 1 << 1 // the primary key follows; else its offset in the key's body, as a uvarint
)

// appendEntry appends the value of an index entry. A unique entry without NULL
// has the primary key in its value, others at an offset of their key.
func appendEntry(dst []byte, target Key, offset int) []byte {
	if target != nil {
		return append(append(dst, entryTarget), target...)
	}
	return binary.AppendUvarint(append(dst, 0), uint64(offset))
}

// entryKey returns the primary key that an index entry leads to; it aliases
// its arguments. ok is false for foreign bytes.
func entryKey(body, value []byte) (key Key, ok bool) {
	if len(value) == 0 || value[0]&entryTombstone != 0 {
		return nil, false
	}
	if value[0]&entryTarget != 0 {
		return Key(value[1:]), true
	}
	offset, n := binary.Uvarint(value[1:])
	if n <= 0 || offset > uint64(len(body)) {
		return nil, false
	}
	return Key(body[offset:]), true
}

// getEntry reads the newest visible entry of a unique index under the full
// prefix (header and body).
func (v *view) getEntry(schema *Schema, prefix string) (foundVersion, error) {
	it, err := v.store.acquireIter(v.ts, v.newest)
	if err != nil {
		return foundVersion{}, err
	}
	defer v.store.releaseIter(it)
	it.buf = append(it.buf[:0], prefix...)
	var found foundVersion
	value, err := v.seek(it, schema.def.ID, &found)
	if err != nil || !found.exists {
		return found, err
	}
	if len(value) == 0 {
		return found, schema.corrupt("empty index entry")
	}
	found.tombstone = value[0]&entryTombstone != 0
	if !found.tombstone {
		key, ok := entryKey(nil, value)
		if !ok {
			return found, schema.corrupt("unique index entry without a key")
		}
		found.target = append(Key(nil), key...)
	}
	return found, nil
}
