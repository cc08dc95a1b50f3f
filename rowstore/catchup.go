package rowstore

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"slices"

	"htapdb/sql/sqlstate"

	"github.com/cockroachdb/pebble/v2"
)

// ChangesSince calls fn with every commit in (from, to] in order, equal to what
// Enqueue had, read back from the store; to is Durable when it is called and is
// returned. schema gives a table's definition, nil to leave the table out. from
// must not be below the collection horizon (55000).
//
// Commits later than to may already be in Publisher's queue: a consumer resumes
// there.
func (s *Store) ChangesSince(ctx context.Context, from Timestamp, schema func(tableID uint32) *Schema, fn func(*Event) error) (to Timestamp, err error) {
	if !s.snaps.pin(from) {
		return 0, sqlstate.New(sqlstate.ObjectNotInState, "changes since %s cannot be read: versions before %s have been removed", from, s.snaps.horizonNow())
	}
	defer s.snaps.unpin(from)
	to = s.Durable()
	if from >= to {
		return to, nil
	}
	c := &catchUp{store: s, from: from, to: to, schema: schema, sorter: newSorter(s)}
	defer c.sorter.close()
	if err := c.collect(ctx); err != nil {
		return 0, err
	}
	return to, c.emit(ctx, fn)
}

// pin keeps the collection floor from passing ts; false if it already has.
func (r *registry) pin(ts Timestamp) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ts < r.horizon {
		return false
	}
	r.pins = append(r.pins, ts)
	return true
}

func (r *registry) unpin(ts Timestamp) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.Index(r.pins, ts); i >= 0 {
		r.pins = slices.Delete(r.pins, i, i+1)
	}
}

// catchUp is one run of ChangesSince.
type catchUp struct {
	store    *Store
	from, to Timestamp
	schema   func(uint32) *Schema
	sorter   *sorter
	// it walks over the blocks with versions in (from, to]; previous finds the
	// version before, which those blocks need not hold.
	it, previous *pooledIter
	// loads and previousLoads are the present table's as each iterator sees them.
	loads, previousLoads []*loadRecord
	rec                  []byte
}

// collect finds the versions of (from, to] and puts a record of each into the
// sorter.
func (c *catchUp) collect(ctx context.Context) error {
	var err error
	bounds := pebble.IterOptions{LowerBound: append(appendHeader(nil, 1, 0), sentinel)}
	if c.previous, err = c.store.newIter(&bounds); err != nil {
		return err
	}
	defer c.previous.Close()
	bounds.PointKeyFilters = timeFilter(c.from+1, c.to)
	if c.it, err = c.store.newIter(&bounds); err != nil {
		return err
	}
	defer c.it.Close()
	var schema *Schema
	var table []byte // header of the present table, without the index
	for ok, n := c.it.First(), 0; ok; n++ {
		key := c.it.Key()
		if n%4096 == 4095 && ctx.Err() != nil {
			return contextError(ctx)
		}
		if table == nil || !bytes.HasPrefix(key, table) {
			id, rest, valid := decodeOrderedUvarint(key)
			if !valid {
				return sqlstate.New(sqlstate.DataCorrupted, "row store %q: key of no table", c.store.dir)
			}
			table = append(table[:0], key[:len(key)-len(rest)]...)
			schema = c.schema(id)
			c.loads, c.previousLoads = c.it.loadsOf(id), c.previous.loadsOf(id)
		}
		if schema == nil || !bytes.HasPrefix(key, schema.primary) {
			// Secondary indexes follow the primary one; nothing there is reported.
			ok = c.it.SeekGE(headerEnd(nil, table))
			continue
		}
		if ts := keyTimestamp(key); ts > c.from && ts <= c.to && !isLoad(c.loads, ts) {
			if err := c.add(schema, key, ts); err != nil {
				return err
			}
		}
		ok = c.it.Next()
	}
	if err := c.it.Error(); err != nil {
		return c.store.ioError(err, "reading changes")
	}
	return nil
}

// isLoad reports whether a timestamp is that of a load: its rows are told by
// the load's event.
func isLoad(loads []*loadRecord, ts Timestamp) bool {
	for _, l := range loads {
		if l.L == ts {
			return true
		}
	}
	return false
}

// A record in the sorter: ts | table | 1 for a put | order (big endian, so that
// records sort as bytes), then key, old value and new value with their lengths.
const recordHead = 8 + 4 + 1 + 8

// add puts the version under c.it and the one before it into the sorter.
func (c *catchUp) add(schema *Schema, key []byte, ts Timestamp) error {
	value, err := c.it.ValueAndErr()
	if err != nil {
		return c.store.ioError(err, "reading changes")
	}
	ver, ok := decodeVersion(value)
	if !ok {
		return schema.corrupt("value of %d bytes is no row version", len(value))
	}
	order, put := ver.rowID, byte(1)
	if ver.tombstone() {
		order, put = ver.prev, 0
	}
	old, err := c.before(key, ts)
	if err != nil {
		return err
	}
	if put == 0 && old == nil {
		return nil // the tombstone of an index entry never gets here; of a row it has one
	}
	r := binary.BigEndian.AppendUint64(c.rec[:0], uint64(ts))
	r = binary.BigEndian.AppendUint32(r, schema.def.ID)
	r = append(r, put)
	r = binary.BigEndian.AppendUint64(r, order)
	for _, part := range [][]byte{keyBody(key, len(schema.primary)), old, value} {
		r = binary.AppendUvarint(r, uint64(len(part)))
		r = append(r, part...)
	}
	c.rec = r
	return c.sorter.add(r)
}

// before returns the value of the version before ts, nil if there is none or
// it is a tombstone.
func (c *catchUp) before(key []byte, ts Timestamp) ([]byte, error) {
	p := c.previous
	prefix := key[:splitKey(key)]
	p.buf = appendSuffix(append(p.buf[:0], prefix[:len(prefix)-1]...), ts-1)
	for ok := p.SeekGE(p.buf); ok; ok = p.Next() {
		k := p.Key()
		if !bytes.Equal(k[:splitKey(k)], prefix) {
			return nil, nil
		}
		if begins(c.previousLoads, keyTimestamp(k)) == 0 {
			continue
		}
		value, err := p.ValueAndErr()
		if err != nil {
			return nil, c.store.ioError(err, "reading changes")
		}
		if len(value) > 0 && value[0]&flagTombstone != 0 {
			return nil, nil
		}
		return value, nil
	}
	if err := p.Error(); err != nil {
		return nil, c.store.ioError(err, "reading changes")
	}
	return nil, nil
}

// emit reads the sorted records and the loads back as events.
func (c *catchUp) emit(ctx context.Context, fn func(*Event) error) error {
	loads := c.committedLoads()
	records, err := c.sorter.sorted()
	if err != nil {
		return err
	}
	defer records.close()
	event := &Event{}
	flush := func(next Timestamp) error {
		// Loads that were committed before the next event belong to this one or
		// stand alone.
		for {
			for len(loads) > 0 && (event.TS == 0 || Timestamp(loads[0].committed.Load()) == event.TS) && Timestamp(loads[0].committed.Load()) < next {
				event.TS = Timestamp(loads[0].committed.Load())
				event.Loads = append(event.Loads, loads[0].event())
				event.Bytes += int64(changeOverhead + len(loads[0].opaque))
				loads = loads[1:]
			}
			if event.TS == 0 {
				return nil
			}
			if err := fn(event); err != nil {
				return err
			}
			event = &Event{}
		}
	}
	for n := 0; ; n++ {
		rec, ok, err := records.next()
		if err != nil {
			return err
		}
		if !ok {
			return flush(MaxTimestamp)
		}
		if n%4096 == 4095 && ctx.Err() != nil {
			return contextError(ctx)
		}
		ts := Timestamp(binary.BigEndian.Uint64(rec))
		if ts != event.TS {
			if err := flush(ts); err != nil {
				return err
			}
			event.TS = ts
		}
		if err := c.decode(event, rec, ts); err != nil {
			return err
		}
	}
}

// committedLoads returns the loads committed in (from, to] in order.
func (c *catchUp) committedLoads() (out []*loadRecord) {
	for _, l := range c.store.loads.all() {
		at := Timestamp(l.committed.Load())
		if at > c.from && at <= c.to && !l.indexOnly && c.schema(l.table) != nil {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b *loadRecord) int {
		if x := cmp.Compare(a.committed.Load(), b.committed.Load()); x != 0 {
			return x
		}
		return cmp.Compare(a.L, b.L)
	})
	return out
}

// decode appends a record's change to the event. rec is not kept.
func (c *catchUp) decode(event *Event, rec []byte, ts Timestamp) error {
	table := binary.BigEndian.Uint32(rec[8:])
	schema := c.schema(table)
	rest := bytes.Clone(rec[recordHead:])
	var parts [3][]byte
	for i := range parts {
		n, w := binary.Uvarint(rest)
		if w <= 0 || n > uint64(len(rest)-w) {
			return sqlstate.New(sqlstate.DataCorrupted, "row store %q: sorted change is cut off", c.store.dir)
		}
		parts[i], rest = rest[w:w+int(n):w+int(n)], rest[w+int(n):]
	}
	ver, ok := decodeVersion(parts[2])
	if !ok {
		return schema.corrupt("value of %d bytes is no row version", len(parts[2]))
	}
	ch := Change{TableID: table, Key: Key(parts[0]), PrevRowID: ver.prev}
	var err error
	if len(parts[1]) > 0 {
		old, ok := decodeVersion(parts[1])
		if !ok {
			return schema.corrupt("value of %d bytes is no row version", len(parts[1]))
		}
		if ch.Old, err = schema.decodeRow(old.row, old.flags); err != nil {
			return err
		}
		ch.Old.rowID, ch.Old.stable = old.rowID, true
	}
	if !ver.tombstone() {
		if ch.New, err = schema.decodeRow(ver.row, ver.flags); err != nil {
			return err
		}
		ch.RowID = ver.rowID
		ch.New.rowID, ch.New.ts, ch.New.stable = ver.rowID, ts, true
	}
	event.Changes = append(event.Changes, ch)
	event.Bytes += int64(len(schema.primary) + len(ch.Key) + ch.New.SizeBytes() + ch.Old.SizeBytes() + changeOverhead)
	return nil
}
