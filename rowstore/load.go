package rowstore

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"htapdb/internal/vfs"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/objstorage/objstorageprovider"
	"github.com/cockroachdb/pebble/v2/sstable"
	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"
)

// Load writes many rows of one table past the write set, as sorted files. It
// holds the table's exclusive lock; its rows become visible with the
// transaction's commit. A Load ends with Finish or Abort.
type Load struct {
	txn    *Txn
	schema *Schema
	rec    *loadRecord
	seq    *sequence
	// runs sort and write the primary index, then each secondary one.
	runs []*runWriter
	// hiddenNext and hiddenLeft are hidden keys taken from the sequence.
	hiddenNext, hiddenLeft uint64
	// hiddenKeys are those of the rows of the last Add.
	hiddenKeys []int64
	encoder    blockEncoder
	// row, key and value are the index columns and the entry being added to a
	// secondary index.
	row        []types.Datum
	key, value []byte
	done       bool
	// buffer is how much the runs may hold together, charged to the store.
	buffer loadBuffer
}

// loadBuffer is the memory of a load.
type loadBuffer struct {
	budget vfs.Budget
	bytes  int64
}

// minLoadBuffer is the least that a load works with.
const minLoadBuffer = 1 << 20

// newLoadBuffer reserves the memory of a load: less than it would like when that
// is not there.
func (s *Store) newLoadBuffer() (loadBuffer, error) {
	for bytes := s.opts.LoadBufferBytes; ; bytes /= 2 {
		err := s.opts.Memory.Reserve(bytes)
		if err == nil {
			return loadBuffer{s.opts.Memory, bytes}, nil
		}
		if bytes <= minLoadBuffer {
			return loadBuffer{}, err
		}
	}
}

// release gives the memory back; again it does nothing.
func (b *loadBuffer) release() {
	if b.bytes > 0 {
		b.budget.Release(b.bytes)
		b.bytes = 0
	}
}

// NewLoad starts a load into a table as part of the transaction. The
// transaction must not have changed the table before (0A000); it may
// afterwards, and then sees the rows.
func (t *Txn) NewLoad(ctx context.Context, schema *Schema) (*Load, error) {
	if err := t.writable(); err != nil {
		return nil, err
	}
	if err := t.owner.LockTable(ctx, schema.def.ID, LockTableExclusive, false); err != nil {
		return nil, err
	}
	for _, e := range t.writes.span(schema.primary, Span{}, false) {
		if len(e.versions) > 0 {
			return nil, sqlstate.New(sqlstate.FeatureNotSupported, "bulk load into table %q after other changes to it in the same transaction is not supported", schema.def.Name)
		}
	}
	seq, err := t.store.sequence(schema.def.ID)
	if err != nil {
		return nil, err
	}
	l := &Load{txn: t, schema: schema, seq: seq, row: make([]types.Datum, len(schema.def.Columns))}
	if l.rec, err = t.newLoadRecord(schema); err != nil {
		return nil, err
	}
	l.rec.firstRow = seq.rowCommitted.Load()
	if l.buffer, err = t.store.newLoadBuffer(); err != nil {
		return nil, err
	}
	l.runs = append(l.runs, t.store.newRunWriter(l.rec, schema, nil, 0))
	for i := range schema.indexes {
		l.runs = append(l.runs, t.store.newRunWriter(l.rec, schema, &schema.indexes[i], i+1))
	}
	for _, r := range l.runs {
		r.buffer = l.buffer.bytes
	}
	return l, nil
}

// newLoadRecord reserves a timestamp for a load.
func (t *Txn) newLoadRecord(schema *Schema) (*loadRecord, error) {
	ts, err := t.store.reserveTimestamp()
	if err != nil {
		return nil, err
	}
	return &loadRecord{table: schema.def.ID, L: ts, txn: t.id, depth: len(t.writes.savepoints)}, nil
}

// reserveTimestamp takes a timestamp that no commit gets.
func (s *Store) reserveTimestamp() (Timestamp, error) {
	for {
		if err := s.prepareTimestamp(); err != nil {
			return 0, err
		}
		s.commitMu.Lock()
		ts, ok := s.nextTimestamp()
		last := s.oracle.last
		s.commitMu.Unlock()
		if ok {
			return ts, nil
		}
		if err := s.oracle.extend(max(s.oracle.now(), last)); err != nil {
			return 0, err
		}
	}
}

// Timestamp returns L, the timestamp the rows' keys carry.
func (l *Load) Timestamp() Timestamp { return l.rec.L }

// Rows returns the number of rows added.
func (l *Load) Rows() int64 { return l.rec.rows }

// FirstRowID returns the rowID of the first row; the others follow without gaps.
func (l *Load) FirstRowID() uint64 { return l.rec.firstRow }

// Add adds rows; the first gets rowID first, the others follow without gaps.
// Errors: 23502 at once, 23505 here or in Finish. The store keeps no reference
// to the rows. After an error the load can only be aborted.
func (l *Load) Add(ctx context.Context, b *Block) (first uint64, err error) {
	if l.done {
		return 0, sqlstate.New(sqlstate.InternalError, "the load has ended")
	}
	if err := l.schema.checkBlock(b); err != nil {
		return 0, err
	}
	if err := l.schema.checkBlockNotNull(b); err != nil {
		return 0, err
	}
	s := l.txn.store
	n := uint64(b.Rows)
	if err := s.reserveRows(l.seq, n); err != nil {
		return 0, err
	}
	s.commitMu.Lock()
	first = l.seq.takeRows(n)
	s.commitMu.Unlock()
	if first != l.rec.firstRow+uint64(l.rec.rows) {
		return 0, sqlstate.New(sqlstate.InternalError, "rowIDs of a load into %q are not contiguous", l.schema.def.Name)
	}
	if err := l.takeHiddenKeys(b.Rows); err != nil {
		return 0, err
	}
	for from := 0; from < b.Rows; {
		n, err := l.addPart(b, from, first+uint64(from))
		if err == nil {
			err = l.flushIfFull(ctx)
		}
		if err != nil {
			return 0, err
		}
		from += n
	}
	l.rec.rows += int64(n)
	return first, nil
}

// takeHiddenKeys sets hiddenKeys for n rows of a table without a primary key.
func (l *Load) takeHiddenKeys(n int) (err error) {
	l.hiddenKeys = l.hiddenKeys[:0]
	if !l.schema.hidden {
		return nil
	}
	for len(l.hiddenKeys) < n {
		if l.hiddenLeft == 0 {
			const chunk = 4096
			if l.hiddenNext, err = l.txn.store.nextHidden(l.seq, chunk); err != nil {
				return err
			}
			l.hiddenLeft = chunk
		}
		l.hiddenKeys = append(l.hiddenKeys, int64(l.hiddenNext))
		l.hiddenNext++
		l.hiddenLeft--
	}
	return nil
}

// addPart buffers rows of b with their index entries, beginning with row from,
// which has the rowID given: as many as fit the buffer, at least one. It returns
// their number.
func (l *Load) addPart(b *Block, from int, rowID uint64) (n int, err error) {
	sch, e, r := l.schema, &l.encoder, l.runs[0]
	n = min(b.Rows-from, maxPartRows)
	e.measure(sch, b, from, n)
	e.row, e.start, e.pos = resized(e.row, n), resized(e.start, n), resized(e.pos, n)
	room := r.maxBytes() - r.bytes()
	for i := range n {
		if room <= 0 && i > 0 {
			n = i
			break
		}
		head, whole := sch.current.rowLen(e.varBytes[i])
		if whole > maxRowBytes {
			return 0, sch.rowTooLarge()
		}
		begin := len(r.arena)
		if r.arena, err = l.appendKey(r.arena, b, from+i); err != nil {
			return 0, err
		}
		at := len(r.arena)
		size := versionHeaderLen + whole
		r.arena = slices.Grow(r.arena, size)[:at+size]
		clear(r.arena[at : at+versionHeaderLen+head])
		if head > sch.current.fixedEnd+2*sch.current.vars {
			r.arena[at] = flagWide
		}
		binary.LittleEndian.PutUint64(r.arena[at+rowIDOffset:], rowID+uint64(i))
		binary.LittleEndian.PutUint16(r.arena[at+versionHeaderLen:], sch.def.Version)
		e.row[i] = at + versionHeaderLen
		e.start[i] = e.row[i] + head
		e.pos[i] = e.start[i]
		r.note(begin, at-begin, size)
		room -= int64(at-begin+size) + runEntryBytes
	}
	e.fill(sch, b, from, n, r.arena)
	return n, l.addEntries(b, from, n)
}

// appendKey appends the key body of row i.
func (l *Load) appendKey(dst []byte, b *Block, i int) (_ []byte, err error) {
	sch := l.schema
	if sch.hidden {
		return appendHiddenKey(dst, uint64(l.hiddenKeys[i])), nil
	}
	start := len(dst)
	for _, ord := range sch.def.Primary {
		t := sch.def.Columns[ord].Type
		if dst, err = appendKeyDatum(dst, t, b.Columns[ord].datum(t.Physical(), i)); err != nil {
			return dst, err
		}
	}
	return dst, sch.checkKeySize(len(dst)-start, sch.def.PrimaryName)
}

// addEntries adds the entries in the secondary indexes of the last n rows of the
// primary one, which are those of b beginning with row from.
func (l *Load) addEntries(b *Block, from, n int) error {
	primary := l.runs[0]
	rows := primary.entries[len(primary.entries)-n:]
	for _, r := range l.runs[1:] {
		for i := range rows {
			for _, ord := range r.index.Columns {
				l.row[ord] = b.Columns[ord].datum(l.schema.def.Columns[ord].Type.Physical(), from+i)
			}
			l.key = append(l.key[:0], primary.body(&rows[i])...)
			if err := l.addEntry(r, l.row, len(l.key)); err != nil {
				return err
			}
		}
	}
	return nil
}

// addEntry adds a row's entry to an index; l.key starts with the primary key.
func (l *Load) addEntry(r *runWriter, row []types.Datum, keyLen int) error {
	body, null, err := l.schema.appendIndexColumns(l.key, r.index, row)
	if err != nil {
		return err
	}
	l.key = body[:keyLen]
	key, columns := body[:keyLen], body[keyLen:]
	if r.index.Unique && !null {
		l.value = appendEntry(l.value[:0], key, 0)
		r.add(columns, l.value)
		return nil
	}
	l.value = appendEntry(l.value[:0], nil, len(columns))
	body = append(body, key...)
	l.key = body[:keyLen]
	r.add(body[keyLen:], l.value)
	return nil
}

// flushIfFull has buffers written that are full, or all if they are together.
func (l *Load) flushIfFull(ctx context.Context) error {
	total := int64(0)
	for _, r := range l.runs {
		total += r.bytes()
	}
	for _, r := range l.runs {
		if total < l.buffer.bytes/2 && r.bytes() < r.maxBytes() {
			continue
		}
		if err := r.flush(ctx); err != nil {
			return err
		}
	}
	return nil
}

// HiddenKeys returns the hidden keys that the rows of the last Add got, as
// DecodeKey gives them; empty for a table with a primary key. It is valid until
// the next Add.
func (l *Load) HiddenKeys() []int64 { return l.hiddenKeys }

// Finish checks uniqueness, hands the sorted files to the store and registers
// opaque for the feed. Later statements of the transaction see the rows. After
// an error the transaction, or a savepoint before the load, has to be rolled back.
func (l *Load) Finish(ctx context.Context, opaque []byte) error {
	if l.done {
		return sqlstate.New(sqlstate.InternalError, "the load has ended")
	}
	l.done = true
	defer l.buffer.release()
	l.rec.opaque = append([]byte(nil), opaque...)
	err := l.txn.ingestRuns(ctx, l.rec, l.runs)
	if err == nil {
		l.txn.store.stats.loaded.Add(uint64(l.rec.rows))
	}
	return err
}

// Abort gives the load up; the transaction can go on. After Finish it does
// nothing: the rows go with the transaction.
func (l *Load) Abort() {
	if l.done {
		return
	}
	l.done = true
	for _, r := range l.runs {
		r.removeFiles()
	}
	l.buffer.release()
}

// ingestRuns finishes the runs and hands their files to Pebble under rec, which
// joins the transaction. The record becomes durable with the rows, in a file of
// its own: no crash leaves rows that are not known to be pending, and neither
// does a log that was damaged and cut.
func (t *Txn) ingestRuns(ctx context.Context, rec *loadRecord, runs []*runWriter) error {
	s := t.store
	var paths []string
	defer func() {
		for _, r := range runs {
			r.removeFiles()
		}
	}()
	for _, r := range runs {
		if err := r.finish(ctx); err != nil {
			return err
		}
		paths = append(paths, r.paths()...)
	}
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	if err := s.checkSpace(); err != nil {
		return err
	}
	if len(paths) == 0 {
		if err := s.metaSet(true, rec.key(), rec.encode(loadPending)); err != nil {
			return err
		}
	} else {
		path, err := s.writeRecord(rec)
		if err != nil {
			return err
		}
		defer s.removeFiles([]string{path})
		paths = append(paths, path)
	}
	s.loads.add(rec)
	t.loads = append(t.loads, rec)
	if len(paths) == 0 {
		return nil
	}
	return s.ingest(paths)
}

// writeRecord writes the record of a pending load as a file for Pebble.
func (s *Store) writeRecord(rec *loadRecord) (path string, err error) {
	path = s.home.name(loadDir, fmt.Sprintf("%d-%d.sst", rec.table, rec.L))
	file, err := s.opts.FS.Create(path, pebblevfs.WriteCategoryUnspecified)
	if err != nil {
		return "", s.ioError(err, "creating a file of a load")
	}
	o := s.pebbleOptions()
	o.EnsureDefaults()
	w := sstable.NewWriter(objstorageprovider.NewFileWritable(file), o.MakeWriterOptions(0, s.db.TableFormat()))
	err = w.Set(rec.key(), rec.encode(loadPending))
	if closeErr := w.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		s.removeFiles([]string{path})
		return "", s.ioError(err, "writing a file of a load")
	}
	return path, nil
}

// ingest adds files to Pebble.
func (s *Store) ingest(paths []string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.fail(fmt.Errorf("%w: %v", errPebbleFatal, p))
			err = s.usable()
		}
	}()
	err = s.db.Ingest(context.Background(), paths)
	s.applies.Add(1)
	if err != nil {
		return s.ioError(err, "adding the files of a load")
	}
	// The log may soon say that the load has committed: the manifest's edit that
	// says which files it is must not be the only one lost.
	return s.WriteMark()
}

// BuildIndex fills a secondary index that the schema has and existing rows
// have no entries in. It takes the table's exclusive lock and becomes effective
// with the commit; 23505 names a duplicate. Snapshots from before the commit
// must not use the index.
func (t *Txn) BuildIndex(ctx context.Context, schema *Schema, index uint32) error {
	ix := schema.index(index)
	if ix == nil {
		return sqlstate.New(sqlstate.InternalError, "table %q has no index %d", schema.def.Name, index)
	}
	if err := t.writable(); err != nil {
		return err
	}
	if err := t.owner.LockTable(ctx, schema.def.ID, LockTableExclusive, false); err != nil {
		return err
	}
	rec, err := t.newLoadRecord(schema)
	if err != nil {
		return err
	}
	rec.indexOnly = true
	buffer, err := t.store.newLoadBuffer()
	if err != nil {
		return err
	}
	defer buffer.release()
	r := t.store.newRunWriter(rec, schema, ix, 1)
	r.building, r.buffer = true, buffer.bytes
	if err := t.buildCommitted(ctx, schema, r); err != nil {
		r.removeFiles()
		return err
	}
	if err := t.ingestRuns(ctx, rec, []*runWriter{r}); err != nil {
		return err
	}
	return t.buildOwn(ctx, schema, ix)
}

// buildCommitted adds the entries of committed rows that the transaction has
// not changed.
func (t *Txn) buildCommitted(ctx context.Context, schema *Schema, r *runWriter) error {
	l := &Load{txn: t, schema: schema}
	var row []types.Datum
	it := t.Scan(schema, Span{}, ScanOptions{Latest: true})
	defer it.Close()
	for n := 0; it.Next(); n++ {
		if it.cursor.isOwn {
			continue
		}
		row = it.Row().AppendTo(row[:0])
		l.key = append(l.key[:0], it.Key()...)
		if err := l.addEntry(r, row, len(l.key)); err != nil {
			return err
		}
		if r.bytes() >= r.maxBytes() {
			if err := r.flush(ctx); err != nil {
				return err
			}
		}
		if n%lookEvery == lookEvery-1 && ctx.Err() != nil {
			return contextError(ctx)
		}
	}
	return it.Err()
}

// buildOwn writes the entries of the transaction's own rows.
func (t *Txn) buildOwn(ctx context.Context, schema *Schema, ix *compiledIndex) error {
	for _, e := range t.writes.span(schema.primary, Span{}, false) {
		v := e.last()
		if v == nil || v.tombstone {
			continue
		}
		row, err := v.row(schema)
		if err != nil {
			return err
		}
		datums := row.Datums()
		prefix, unique, err := t.entryPrefix(schema, ix, datums, Key(e.body()))
		if err != nil {
			return err
		}
		var entry *ownEntry
		value := appendEntry(nil, nil, len(prefix)-len(ix.header)-len(e.body()))
		if unique {
			value = appendEntry(nil, Key(e.body()), 0)
			if entry, err = t.lockEntry(ctx, schema, ix, prefix, LockUpdate, false); err == nil && entry.live() {
				err = schema.notUnique(ix, datums)
			}
		} else {
			entry, err = t.writes.entry(schema, ix, prefix)
		}
		if err == nil {
			err = t.writes.put(schema, entry, t.stmt, false, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// notUnique is 23505 of CREATE UNIQUE INDEX.
func (s *Schema) notUnique(ix *compiledIndex, row []types.Datum) error {
	return sqlstate.New(sqlstate.UniqueViolation, "could not create unique index %q", ix.Name).
		WithDetail("Key %s is duplicated.", s.keyDetail(ix.Columns, row)).WithObject(s.constraintObject(ix.Name))
}

// newestIter returns an iterator over everything applied, within a header.
func (s *Store) newestIter(lower, upper []byte) (*pooledIter, error) {
	return s.newIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
}
