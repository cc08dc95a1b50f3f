package rowstore

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/objstorage/objstorageprovider"
	"github.com/cockroachdb/pebble/v2/sstable"
	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"
)

// runWriter sorts the entries that a load adds to one index and writes them as
// files that Pebble can take over. Each full buffer becomes a run of files;
// runs that overlap, or lie over existing keys, are merged at the end.
type runWriter struct {
	store  *Store
	rec    *loadRecord
	schema *Schema
	index  *compiledIndex // nil for the primary key
	header []byte
	number int // of the index within the load, for file names
	// building words duplicates as CREATE INDEX does.
	building bool

	arena   []byte
	entries []runEntry
	// ordered says that the entries came in strictly ascending order.
	ordered bool

	runs  []run
	files int
	buf   []byte
}

// runEntry is a buffered entry: where its key body and, behind it, its value are.
type runEntry struct {
	prefix   uint64 // first eight bytes of the body, to sort by
	off      int
	keyLen   int32
	valueLen int32
}

const runEntryBytes = 32

// run is a sorted sequence of files.
type run struct {
	paths       []string
	first, last []byte // bodies
}

// maxRunFileBytes is where a run goes on in another file.
const maxRunFileBytes = 64 << 20

func (s *Store) newRunWriter(rec *loadRecord, schema *Schema, index *compiledIndex, number int) *runWriter {
	r := &runWriter{store: s, rec: rec, schema: schema, index: index, number: number, header: schema.primary, ordered: true}
	if index != nil {
		r.header = index.header
	}
	return r
}

// bytes returns the size of the buffer.
func (r *runWriter) bytes() int64 { return int64(len(r.arena) + runEntryBytes*len(r.entries)) }

// unique reports whether equal bodies are duplicates. Entries of other indexes
// end with the primary key.
func (r *runWriter) unique() bool { return r.index == nil || r.index.Unique }

// add buffers an entry, copying it.
func (r *runWriter) add(body, value []byte) {
	off := len(r.arena)
	r.arena = append(append(r.arena, body...), value...)
	r.note(off, len(body), len(value))
}

// note makes an entry of what has been appended to the arena at off.
func (r *runWriter) note(off, keyLen, valueLen int) {
	body := r.arena[off : off+keyLen]
	e := runEntry{prefix: abbreviateBody(body), off: off, keyLen: int32(keyLen), valueLen: int32(valueLen)}
	if n := len(r.entries); n > 0 && r.ordered {
		last := &r.entries[n-1]
		if last.prefix > e.prefix || last.prefix == e.prefix && bytes.Compare(r.body(last), body) >= 0 {
			r.ordered = false
		}
	}
	r.entries = append(r.entries, e)
}

func abbreviateBody(body []byte) uint64 {
	if len(body) >= 8 {
		return binary.BigEndian.Uint64(body)
	}
	var b [8]byte
	copy(b[:], body)
	return binary.BigEndian.Uint64(b[:])
}

func (r *runWriter) body(e *runEntry) []byte { return r.arena[e.off : e.off+int(e.keyLen)] }

func (r *runWriter) valueOf(e *runEntry) []byte {
	at := e.off + int(e.keyLen)
	return r.arena[at : at+int(e.valueLen)]
}

// flush writes the buffer as a run.
func (r *runWriter) flush(ctx context.Context) error {
	if len(r.entries) == 0 {
		return nil
	}
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	if !r.ordered {
		slices.SortFunc(r.entries, func(a, b runEntry) int {
			if c := cmp.Compare(a.prefix, b.prefix); c != 0 {
				return c
			}
			return bytes.Compare(r.body(&a), r.body(&b))
		})
	}
	w := r.newFileSet()
	for i := range r.entries {
		e := &r.entries[i]
		if i > 0 && !r.ordered && bytes.Equal(r.body(e), r.body(&r.entries[i-1])) {
			w.abandon()
			return r.duplicate(r.body(e), r.valueOf(e))
		}
		if err := w.add(r.body(e), r.valueOf(e)); err != nil {
			w.abandon()
			return err
		}
	}
	if err := w.close(); err != nil {
		return err
	}
	first, last := &r.entries[0], &r.entries[len(r.entries)-1]
	r.runs = append(r.runs, run{paths: w.paths, first: bytes.Clone(r.body(first)), last: bytes.Clone(r.body(last))})
	r.arena, r.entries, r.ordered = r.arena[:0], r.entries[:0], true
	return nil
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
	r.buf = appendSuffix(append(append(r.buf[:0], r.header...), body...), r.rec.L)
	f.bytes += len(r.buf) + len(value)
	if err := f.w.Set(r.buf, value); err != nil {
		return r.store.ioError(err, "writing a file of a load")
	}
	return nil
}

func (f *fileSet) open() error {
	r := f.r
	// A load writes much before its transaction commits: it looks itself, and
	// often, so that it does not use up what the log needs.
	r.store.watchSpace(context.Background())
	if err := r.store.checkSpace(); err != nil {
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
	f.w = sstable.NewWriter(objstorageprovider.NewFileWritable(file), r.store.writerOptions())
	return nil
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
	_ = f.close()
	f.r.store.removeFiles(f.paths)
}

// writerOptions are those of Pebble's own tables.
func (s *Store) writerOptions() sstable.WriterOptions {
	o := s.pebbleOptions()
	o.EnsureDefaults()
	return o.MakeWriterOptions(0, s.db.TableFormat())
}

func (s *Store) removeFiles(paths []string) {
	for _, p := range paths {
		_ = s.opts.FS.Remove(p) // what is left is removed at the next open
	}
}

// removeFiles removes the runs' files, which Pebble has linked if it took them.
func (r *runWriter) removeFiles() {
	for _, x := range r.runs {
		r.store.removeFiles(x.paths)
	}
	r.runs, r.arena, r.entries = nil, nil, nil
}

// paths returns all files.
func (r *runWriter) paths() (out []string) {
	for _, x := range r.runs {
		out = append(out, x.paths...)
	}
	return out
}

// finish writes the last run and merges the runs unless they are disjoint and
// no key of the table lies among them.
func (r *runWriter) finish(ctx context.Context) error {
	if err := r.flush(ctx); err != nil {
		return err
	}
	r.arena, r.entries = nil, nil
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
