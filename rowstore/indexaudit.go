package rowstore

import (
	"bytes"
	"context"
	"strings"

	"htapdb/sql/types"

	"github.com/zeebo/xxh3"
)

// IndexAudit proves that the secondary indexes of a table have an entry for each
// row of a snapshot and no other. The caller gives it every row (Add), in any
// order, and asks for the differences at the end. The rows' entries and those
// that are there are summed up, so that an audit takes constant memory; only an
// index whose sums differ is looked at entry by entry. It belongs to one goroutine.
type IndexAudit struct {
	sn     *Snapshot
	schema *Schema
	wanted []entrySum // by position in schema.indexes
	row    []types.Datum
	buf    []byte
}

// entrySum is the number of entries and the sum of their digests.
type entrySum struct {
	n      int64
	digest uint64
}

// add takes in an entry: the part of its key behind the header, and the primary
// key that it leads to.
func (e *entrySum) add(body []byte, target Key) {
	e.n++
	e.digest += xxh3.HashSeed(target, xxh3.Hash(body))
}

// IndexDifference says how an index differs from the rows of its table.
type IndexDifference struct {
	Index string
	// Rows and Entries are how many there are of each.
	Rows, Entries int64
	// Missing is the number of rows without their entry, Superfluous that of
	// entries that no row has.
	Missing, Superfluous int64
	// FirstMissing is the first such row in the order of the primary key, invalid
	// without one; FirstMissingKey is its key.
	FirstMissing    Row
	FirstMissingKey Key
	// FirstSuperfluous names the first such entry in the order of the index, as
	// in (a, b)=(1, x); FirstSuperfluousKey is the primary key that it leads to.
	FirstSuperfluous    string
	FirstSuperfluousKey Key
}

// AuditIndexes begins an audit of the schema's secondary indexes, all of which
// exist as of the snapshot.
func (sn *Snapshot) AuditIndexes(schema *Schema) *IndexAudit {
	return &IndexAudit{sn: sn, schema: schema, wanted: make([]entrySum, len(schema.indexes)),
		row: make([]types.Datum, len(schema.def.Columns))}
}

// Add takes in a row of the snapshot.
func (a *IndexAudit) Add(row Row, key Key) error {
	for i := range a.schema.indexes {
		body, err := a.entry(&a.schema.indexes[i], row, key)
		if err != nil {
			return err
		}
		a.wanted[i].add(body, key)
	}
	return nil
}

// entry returns the body of the row's entry, valid until the next call.
func (a *IndexAudit) entry(ix *compiledIndex, row Row, key Key) ([]byte, error) {
	for _, ord := range ix.Columns {
		a.row[ord] = row.Datum(ord)
	}
	body, null, err := a.schema.appendIndexColumns(a.buf[:0], ix, a.row)
	if err == nil && (null || !ix.Unique) {
		body = append(body, key...)
	}
	a.buf = body
	return body, err
}

// Differences reads the indexes and returns those that differ, nil if none does.
func (a *IndexAudit) Differences(ctx context.Context) (out []IndexDifference, err error) {
	for i := range a.schema.indexes {
		ix := &a.schema.indexes[i]
		var found entrySum
		err := a.eachEntry(ctx, ix, func(body []byte, target Key) error {
			found.add(body, target)
			return nil
		})
		if err != nil {
			return nil, err
		}
		if found == a.wanted[i] {
			continue
		}
		d := IndexDifference{Index: ix.Name, Rows: a.wanted[i].n, Entries: found.n}
		if err := a.superfluous(ctx, ix, &d); err != nil {
			return nil, err
		}
		if err := a.missing(ctx, ix, &d); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// eachEntry calls f with the entries of an index in order. An entry that leads
// nowhere has the target nil.
func (a *IndexAudit) eachEntry(ctx context.Context, ix *compiledIndex, f func(body []byte, target Key) error) error {
	c := newCursor(a.sn.view, a.schema.def.ID, ix.header, Span{}, false, nil, 0)
	defer c.close()
	for n := 0; c.next(); n++ {
		if n%lookEvery == lookEvery-1 && ctx.Err() != nil {
			return contextError(ctx)
		}
		target, ok := entryKey(c.body, c.value)
		if !ok {
			target = nil
		}
		if err := f(c.body, target); err != nil {
			return err
		}
	}
	return c.err
}

// superfluous looks for entries whose row does not exist or has another entry.
func (a *IndexAudit) superfluous(ctx context.Context, ix *compiledIndex, d *IndexDifference) error {
	return a.eachEntry(ctx, ix, func(body []byte, target Key) error {
		if target != nil {
			row, found, err := a.sn.Get(a.schema, target)
			if err != nil {
				return err
			}
			if found {
				want, err := a.entry(ix, row, target)
				if err != nil || bytes.Equal(want, body) {
					return err
				}
			}
		}
		if d.Superfluous++; d.Superfluous == 1 {
			d.FirstSuperfluous = a.schema.entryDetail(ix, body)
			d.FirstSuperfluousKey = bytes.Clone(target)
		}
		return nil
	})
}

// missing looks for rows whose entry does not exist or leads elsewhere.
func (a *IndexAudit) missing(ctx context.Context, ix *compiledIndex, d *IndexDifference) error {
	it := a.sn.Scan(a.schema, Span{}, ScanOptions{})
	defer it.Close()
	var prefix []byte
	for n := 0; it.Next(); n++ {
		if n%lookEvery == lookEvery-1 && ctx.Err() != nil {
			return contextError(ctx)
		}
		body, err := a.entry(ix, it.Row(), it.Key())
		if err != nil {
			return err
		}
		prefix = append(append(prefix[:0], ix.header...), body...)
		target, err := a.sn.entryTarget(a.schema.def.ID, prefix, len(ix.header))
		if err != nil {
			return err
		}
		if target != nil && bytes.Equal(target, it.Key()) {
			continue
		}
		if d.Missing++; d.Missing == 1 {
			d.FirstMissing, d.FirstMissingKey = it.Row().Clone(), bytes.Clone(it.Key())
		}
	}
	return it.Err()
}

// entryTarget returns the primary key that the entry with the prefix leads to, nil
// if there is none.
func (v *view) entryTarget(table uint32, prefix []byte, headerLen int) (Key, error) {
	it, err := v.store.acquireIter(v.ts, v.newest)
	if err != nil {
		return nil, err
	}
	defer v.store.releaseIter(it)
	it.buf = append(it.buf[:0], prefix...)
	var found foundVersion
	value, err := v.seek(it, table, &found)
	if err != nil || !found.exists {
		return nil, err
	}
	target, ok := entryKey(prefix[headerLen:], value)
	if !ok {
		return nil, nil
	}
	return bytes.Clone(target), nil
}

// entryDetail prints the columns of an index entry: (a, b)=(1, x).
func (s *Schema) entryDetail(ix *compiledIndex, body []byte) string {
	var names, values []string
	for i, ord := range ix.Columns {
		d, rest, ok := types.NullDatum, body, len(body) > 0
		if ok {
			rest = body[1:]
			if body[0] == markValue {
				d, rest, ok = decodeKeyDatum(rest, ix.types[i])
			}
		}
		if !ok {
			return "an entry that cannot be read"
		}
		names = append(names, s.def.Columns[ord].Name)
		values = append(values, formatDatum(ix.types[i], d))
		body = rest
	}
	return "(" + strings.Join(names, ", ") + ")=(" + strings.Join(values, ", ") + ")"
}
