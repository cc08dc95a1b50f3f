package rowstore

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"htapdb/internal/vfs"

	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"
)

// sorter sorts records as bytes, in memory up to a bound and in files above.
type sorter struct {
	store *Store
	arena []byte
	// offsets has the start of each record in arena; a record ends where the next
	// one starts.
	offsets []int
	files   []string
}

// sorterBytes bounds the memory of a sorter.
var sorterBytes = 64 << 20

var sorterNumber atomic.Uint64

func newSorter(s *Store) *sorter { return &sorter{store: s} }

func (o *sorter) add(rec []byte) error {
	if len(o.arena)+len(rec)+16*len(o.offsets) > sorterBytes && len(o.offsets) > 0 {
		if err := o.spill(); err != nil {
			return err
		}
	}
	o.offsets = append(o.offsets, len(o.arena))
	o.arena = append(o.arena, rec...)
	return nil
}

// ordered returns the buffered records in order.
func (o *sorter) ordered() [][]byte {
	recs := make([][]byte, len(o.offsets))
	for i, at := range o.offsets {
		end := len(o.arena)
		if i+1 < len(o.offsets) {
			end = o.offsets[i+1]
		}
		recs[i] = o.arena[at:end]
	}
	slices.SortFunc(recs, bytes.Compare)
	return recs
}

// spill writes the buffer to a file. It needs no sync: a crash ends the sort.
func (o *sorter) spill() error {
	name := o.store.home.name(loadDir, fmt.Sprintf("sort-%d", sorterNumber.Add(1)))
	f, err := o.store.opts.FS.Create(name, pebblevfs.WriteCategoryUnspecified)
	if err != nil {
		return o.store.ioError(err, "sorting changes")
	}
	o.files = append(o.files, name)
	w := bufio.NewWriterSize(f, 256<<10)
	var head [binary.MaxVarintLen64]byte
	for _, rec := range o.ordered() {
		n := binary.PutUvarint(head[:], uint64(len(rec)))
		_, _ = w.Write(head[:n]) // Flush reports the error
		_, _ = w.Write(rec)
	}
	err = w.Flush()
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return o.store.ioError(err, "sorting changes")
	}
	o.arena, o.offsets = o.arena[:0], o.offsets[:0]
	return nil
}

// close removes the files.
func (o *sorter) close() { o.store.removeFiles(o.files) }

// recordReader yields records in order; a record is valid until the next.
type recordReader struct {
	store  *Store
	memory [][]byte
	merge  recordHeap
	last   *recordFile // to be moved on before the next record
}

type recordFile struct {
	f   vfs.File
	r   *bufio.Reader
	rec []byte
}

// sorted returns all records in order.
func (o *sorter) sorted() (*recordReader, error) {
	r := &recordReader{store: o.store, memory: o.ordered()}
	for _, name := range o.files {
		f, err := o.store.opts.FS.Open(name)
		if err != nil {
			r.close()
			return nil, o.store.ioError(err, "sorting changes")
		}
		x := &recordFile{f: f, r: bufio.NewReaderSize(f, 256<<10)}
		r.merge = append(r.merge, x)
		if err := x.read(); err != nil {
			r.close()
			return nil, o.store.ioError(err, "sorting changes")
		}
	}
	heap.Init(&r.merge)
	return r, nil
}

// read reads the file's next record, nil at the end.
func (x *recordFile) read() error {
	n, err := binary.ReadUvarint(x.r)
	if err == io.EOF {
		x.rec = nil
		return nil
	}
	if err != nil {
		return err
	}
	x.rec = slices.Grow(x.rec[:0], int(n))[:n]
	_, err = io.ReadFull(x.r, x.rec)
	return err
}

func (r *recordReader) next() (rec []byte, ok bool, err error) {
	if r.last != nil {
		if err := r.last.read(); err != nil {
			return nil, false, r.store.ioError(err, "sorting changes")
		}
		heap.Fix(&r.merge, 0)
		r.last = nil
	}
	if len(r.merge) > 0 && r.merge[0].rec != nil && (len(r.memory) == 0 || bytes.Compare(r.merge[0].rec, r.memory[0]) < 0) {
		r.last = r.merge[0]
		return r.last.rec, true, nil
	}
	if len(r.memory) == 0 {
		return nil, false, nil
	}
	rec, r.memory = r.memory[0], r.memory[1:]
	return rec, true, nil
}

func (r *recordReader) close() {
	for _, x := range r.merge {
		_ = x.f.Close() // only read
	}
}

// recordHeap orders files by their present record, ended ones last.
type recordHeap []*recordFile

func (h recordHeap) Len() int { return len(h) }
func (h recordHeap) Less(i, j int) bool {
	if h[i].rec == nil || h[j].rec == nil {
		return h[j].rec == nil && h[i].rec != nil
	}
	return bytes.Compare(h[i].rec, h[j].rec) < 0
}
func (h recordHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface; files are never added later.
func (h *recordHeap) Push(x any) { *h = append(*h, x.(*recordFile)) }

// Pop implements heap.Interface.
func (h *recordHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
