package rowstore

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"unsafe"

	"htapdb/internal/vfs"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/objstorage/objstorageprovider"
	"github.com/cockroachdb/pebble/v2/sstable"
	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"
)

// runWriter sorts the entries that a load adds to one index and writes them as
// files that Pebble can take over. A full buffer is handed to a goroutine, which
// sorts and writes it while the next one fills: writing is the dearest part of a
// load. A buffer becomes a run of files of its own, or continues the last run if
// it comes after it; runs that overlap, or lie over existing keys, are merged at
// the end.
//
// Its methods are for one goroutine. flush starts the writing goroutine; wait,
// which the next flush, finish and removeFiles begin with, ends it.
type runWriter struct {
	store  *Store
	rec    *loadRecord
	schema *Schema
	index  *compiledIndex // nil for the primary key
	header []byte
	number int // of the index within the load, for file names
	// buffer is how much the load may hold.
	buffer int64
	// building words duplicates as CREATE INDEX does.
	building bool

	// The buffer that fills, and the memory of the one that was written before.
	runBuffer
	spare runBuffer
	// writing receives the result of the goroutine that writes a buffer, which is
	// then in spare; nil while there is none.
	writing chan error

	// The fields below belong to the writing goroutine while there is one.
	runs []run
	// open takes the files of the last run, unless it is complete.
	open  *fileSet
	files int
	key   []byte // scratch
}

// runBuffer is entries in memory.
type runBuffer struct {
	arena   []byte
	entries []runEntry
	// ordered says that the entries came in strictly ascending order.
	ordered bool
}

// runEntry is a buffered entry: where its key body and, behind it, its value are.
type runEntry struct {
	prefix   uint64 // first eight bytes of the body, to sort by
	off      int
	keyLen   int32
	valueLen int32
}

const runEntryBytes = int64(unsafe.Sizeof(runEntry{}))

// maxOrderedBytes is how far a buffer fills while its entries come in order. They
// continue a run, so a larger buffer gains nothing and leaves the cache.
const maxOrderedBytes = 4 << 20

// run is a sorted sequence of files.
type run struct {
	paths       []string
	first, last []byte // bodies
}

// maxRunFileBytes is where a run goes on in another file.
const maxRunFileBytes = 64 << 20

func (s *Store) newRunWriter(rec *loadRecord, schema *Schema, index *compiledIndex, number int) *runWriter {
	r := &runWriter{store: s, rec: rec, schema: schema, index: index, number: number, header: schema.primary, buffer: s.opts.LoadBufferBytes}
	r.ordered = true
	if index != nil {
		r.header = index.header
	}
	return r
}

// bytes returns the size of the buffer.
func (b *runBuffer) bytes() int64 { return int64(len(b.arena)) + runEntryBytes*int64(len(b.entries)) }

// maxBytes is how far the buffer may fill: it and the one that is being written
// together hold what a load may.
func (r *runWriter) maxBytes() int64 {
	most := r.buffer / 2
	if r.ordered {
		most = min(most, maxOrderedBytes)
	}
	return most
}

// unique reports whether equal bodies are duplicates. Entries of other indexes
// end with the primary key.
func (r *runWriter) unique() bool { return r.index == nil || r.index.Unique }

// add buffers an entry, copying it.
func (b *runBuffer) add(body, value []byte) {
	off := len(b.arena)
	b.arena = append(append(b.arena, body...), value...)
	b.note(off, len(body), len(value))
}

// note makes an entry of what has been appended to the arena at off.
func (b *runBuffer) note(off, keyLen, valueLen int) {
	body := b.arena[off : off+keyLen]
	e := runEntry{prefix: abbreviateBody(body), off: off, keyLen: int32(keyLen), valueLen: int32(valueLen)}
	if n := len(b.entries); n > 0 && b.ordered {
		last := &b.entries[n-1]
		if last.prefix > e.prefix || last.prefix == e.prefix && bytes.Compare(b.body(last), body) >= 0 {
			b.ordered = false
		}
	}
	b.entries = append(b.entries, e)
}

func abbreviateBody(body []byte) uint64 {
	if len(body) >= 8 {
		return binary.BigEndian.Uint64(body)
	}
	var b [8]byte
	copy(b[:], body)
	return binary.BigEndian.Uint64(b[:])
}

func (b *runBuffer) body(e *runEntry) []byte { return b.arena[e.off : e.off+int(e.keyLen)] }

func (b *runBuffer) valueOf(e *runEntry) []byte {
	at := e.off + int(e.keyLen)
	return b.arena[at : at+int(e.valueLen)]
}

// sort brings the entries into order, unless ctx ends: then it returns soon, and
// they are in none.
func (b *runBuffer) sort(ctx context.Context) error {
	if b.ordered {
		return nil
	}
	ended, compared := false, 0
	slices.SortFunc(b.entries, func(x, y runEntry) int {
		if compared++; compared%lookEvery == 0 {
			ended = ctx.Err() != nil
		}
		if ended {
			return 0 // all are equal, so that little is left to do
		}
		if c := cmp.Compare(x.prefix, y.prefix); c != 0 {
			return c
		}
		return bytes.Compare(b.body(&x), b.body(&y))
	})
	return ctx.Err()
}

// lookEvery is after how many entries a loop looks whether its statement has
// been cancelled: a few milliseconds.
const lookEvery = 4096

// reset empties the buffer, keeping its memory.
func (b *runBuffer) reset() { b.arena, b.entries, b.ordered = b.arena[:0], b.entries[:0], true }

// flush has the buffer written while another one fills. It returns an error of
// the buffers before.
func (r *runWriter) flush(ctx context.Context) error {
	if err := r.wait(); err != nil || len(r.entries) == 0 {
		return err
	}
	r.runBuffer, r.spare = r.spare, r.runBuffer
	r.reset()
	r.writing = make(chan error, 1)
	go func() { r.writing <- r.write(ctx, &r.spare) }()
	return nil
}

// wait waits until the last buffer has been written.
func (r *runWriter) wait() error {
	if r.writing == nil {
		return nil
	}
	err := <-r.writing
	r.writing = nil
	return err
}

// write writes a buffer as a run, or as part of the last one.
func (r *runWriter) write(ctx context.Context, b *runBuffer) (err error) {
	defer func() {
		if err != nil {
			r.abandon()
		}
	}()
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	if err := r.space(); err != nil {
		return err
	}
	if b.sort(ctx) != nil {
		return contextError(ctx)
	}
	first, last := b.body(&b.entries[0]), b.body(&b.entries[len(b.entries)-1])
	if r.open != nil && bytes.Compare(r.runs[len(r.runs)-1].last, first) >= 0 {
		if err := r.closeRun(); err != nil {
			return err
		}
	}
	if r.open == nil {
		r.open = r.newFileSet()
		r.runs = append(r.runs, run{first: bytes.Clone(first)})
	}
	x := &r.runs[len(r.runs)-1]
	for i := range b.entries {
		e := &b.entries[i]
		if i > 0 && !b.ordered && bytes.Equal(b.body(e), b.body(&b.entries[i-1])) {
			return r.duplicate(b.body(e), b.valueOf(e))
		}
		if i%lookEvery == lookEvery-1 && ctx.Err() != nil {
			return contextError(ctx)
		}
		if err := r.open.add(b.body(e), b.valueOf(e)); err != nil {
			return err
		}
	}
	x.last = append(x.last[:0], last...)
	return nil
}

// space returns 53100 while the disk is too full. A load writes much before its
// transaction commits: it looks itself, with every buffer and file, so that it
// does not use up what the log needs.
func (r *runWriter) space() error {
	s := r.store
	s.watchSpace(context.Background())
	if s.checkSpace() != nil {
		// Files of earlier runs and loads may be on their way out.
		s.removed.Wait()
		s.watchSpace(context.Background())
	}
	return s.checkSpace()
}

// closeRun completes the files of the last run.
func (r *runWriter) closeRun() error {
	if r.open == nil {
		return nil
	}
	err := r.open.close()
	r.runs[len(r.runs)-1].paths = r.open.paths
	r.open = nil
	return err
}

// abandon removes the files of a run that is not complete.
func (r *runWriter) abandon() {
	if r.open != nil {
		r.open.abandon()
		r.open = nil
	}
}

// duplicate is the error for a body that occurs twice.
func (r *runWriter) duplicate(body, value []byte) error {
	r.store.stats.unique.Add(1)
	s := r.schema
	row := make([]types.Datum, len(s.def.Columns))
	columns := s.def.Primary
	if r.index != nil {
		columns = r.index.Columns
	}
	rest := body
	for _, ord := range columns {
		if r.index != nil {
			if len(rest) == 0 || rest[0] != markValue {
				return sqlstate.New(sqlstate.InternalError, "duplicate entry in index %q", r.index.Name)
			}
			rest = rest[1:]
		}
		d, tail, ok := decodeKeyDatum(rest, s.def.Columns[ord].Type)
		if !ok {
			return s.corrupt("key of a load does not decode")
		}
		row[ord], rest = d, tail
	}
	if r.building {
		return s.notUnique(r.index, row)
	}
	return s.duplicate(r.index, row)
}

// fileSet writes one run's files.
type fileSet struct {
	r     *runWriter
	w     *sstable.Writer
	file  *loadFile // of w
	bytes int
	paths []string
}

func (r *runWriter) newFileSet() *fileSet { return &fileSet{r: r} }

func (f *fileSet) add(body, value []byte) error {
	r := f.r
	if f.w != nil && f.bytes > maxRunFileBytes {
		if err := f.close(); err != nil {
			return err
		}
	}
	if f.w == nil {
		if err := f.open(); err != nil {
			return err
		}
	}
	r.key = appendSuffix(append(append(r.key[:0], r.header...), body...), r.rec.L)
	f.bytes += len(r.key) + len(value)
	if err := f.w.Set(r.key, value); err != nil {
		return r.store.ioError(err, "writing a file of a load")
	}
	return nil
}

func (f *fileSet) open() error {
	r := f.r
	if err := r.space(); err != nil {
		return err
	}
	r.files++
	path := r.store.home.name(loadDir, fmt.Sprintf("%d-%d-%d-%d.sst", r.rec.table, r.rec.L, r.number, r.files))
	file, err := r.store.opts.FS.Create(path, pebblevfs.WriteCategoryUnspecified)
	if err != nil {
		return r.store.ioError(err, "creating a file of a load")
	}
	f.paths = append(f.paths, path)
	f.bytes = 0
	f.file = &loadFile{File: file}
	f.w = sstable.NewWriter(objstorageprovider.NewFileWritable(f.file), r.writerOptions())
	return nil
}

// loadFile is a file that is synced only if it is to stay: to wait for the disk
// before a removal would hold up a cancelled statement.
type loadFile struct {
	vfs.File
	abandoned bool
}

// Sync implements vfs.File.
func (f *loadFile) Sync() error {
	if f.abandoned {
		return nil
	}
	return f.File.Sync()
}

// close finishes and syncs the present file.
func (f *fileSet) close() error {
	if f.w == nil {
		return nil
	}
	err := f.w.Close()
	f.w = nil
	if err != nil {
		return f.r.store.ioError(err, "writing a file of a load")
	}
	return nil
}

// abandon removes what has been written.
func (f *fileSet) abandon() {
	if f.w != nil {
		f.file.abandoned = true
	}
	_ = f.close()
	f.r.store.removeFiles(f.paths)
}

// writerOptions are those of Pebble's own tables, except that a hidden key needs
// no filter: filters answer lookups of keys that do not exist, and nobody has one.
// Making them was a twelfth of the time of writing the files.
func (r *runWriter) writerOptions() sstable.WriterOptions {
	o := r.store.pebbleOptions()
	o.EnsureDefaults()
	w := o.MakeWriterOptions(0, r.store.db.TableFormat())
	if r.index == nil && r.schema.hidden {
		w.FilterPolicy = nil
	}
	return w
}

// removeFiles removes files of loads. In memory their bytes are to be had again at
// once.
func (s *Store) removeFiles(paths []string) {
	for _, p := range paths {
		if s.inMemory {
			_ = s.opts.FS.Remove(p) // nothing else can come of it
		} else {
			s.removed.Remove(p)
		}
	}
}

// removeFiles removes the runs' files, which Pebble has linked if it took them.
func (r *runWriter) removeFiles() {
	_ = r.wait() // whoever removes the files has an error already, or no use for them
	r.abandon()
	for _, x := range r.runs {
		r.store.removeFiles(x.paths)
	}
	r.runs, r.runBuffer, r.spare = nil, runBuffer{}, runBuffer{}
}

// paths returns all files.
func (r *runWriter) paths() (out []string) {
	for _, x := range r.runs {
		out = append(out, x.paths...)
	}
	return out
}

// finish writes the rest and merges the runs unless they are disjoint and
// no key of the table lies among them.
func (r *runWriter) finish(ctx context.Context) error {
	if err := r.flush(ctx); err != nil {
		return err
	}
	if err := r.wait(); err != nil {
		return err
	}
	if err := r.closeRun(); err != nil {
		return err
	}
	r.runBuffer, r.spare = runBuffer{}, runBuffer{}
	if len(r.runs) == 0 {
		return nil
	}
	slices.SortFunc(r.runs, func(a, b run) int { return bytes.Compare(a.first, b.first) })
	disjoint := true
	for i := 1; i < len(r.runs); i++ {
		disjoint = disjoint && bytes.Compare(r.runs[i-1].last, r.runs[i].first) < 0
	}
	if disjoint {
		occupied, err := r.occupied()
		if err != nil || !occupied {
			return err
		}
	}
	return r.merge(ctx)
}

// occupied reports whether the store has any version between the first and the
// last key of a run.
func (r *runWriter) occupied() (bool, error) {
	for _, x := range r.runs {
		lower := append(append(bytes.Clone(r.header), x.first...), sentinel)
		upper := append(append(append(bytes.Clone(r.header), x.last...), sentinel), sentinel)
		it, err := r.store.newIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
		if err != nil {
			return false, err
		}
		found := it.First()
		if err := it.Close(); err != nil {
			return false, r.store.ioError(err, "checking a load")
		}
		if found {
			return true, nil
		}
	}
	return false, nil
}
