package rowstore

import (
	"bytes"
	"container/heap"
	"context"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
)

// merge rewrites the runs as one, in one pass beside the existing keys: it
// finds duplicates among the runs and against live rows, and gives rows over
// tombstones their predecessor.
func (r *runWriter) merge(ctx context.Context) error {
	sources, err := r.openRuns()
	defer func() {
		for _, s := range sources {
			_ = s.it.Close() // read errors have been reported by then
		}
	}()
	if err != nil {
		return err
	}
	upper := headerEnd(nil, r.header)
	lower := append(bytes.Clone(r.header), sentinel)
	existing, err := r.store.newestIter(lower, upper)
	if err != nil {
		return err
	}
	defer existing.Close()

	h := runHeap(sources)
	heap.Init(&h)
	w := r.newFileSet()
	var last, value []byte
	for n := 0; len(h) > 0; n++ {
		src := h[0]
		body := keyBody(src.it.Key(), len(r.header))
		err := r.mergeError(ctx, n, last, body, src)
		if err == nil {
			last = append(last[:0], body...)
			if value, err = r.mergeValue(existing, src, value[:0]); err == nil {
				err = w.add(last, value)
			}
		}
		if err != nil {
			w.abandon()
			return err
		}
		if src.it.Next() {
			heap.Fix(&h, 0)
			continue
		}
		if err := src.it.Error(); err != nil {
			w.abandon()
			return r.store.ioError(err, "merging the files of a load")
		}
		heap.Pop(&h)
	}
	if err := w.close(); err != nil {
		return err
	}
	for _, x := range r.runs {
		r.store.removeFiles(x.paths)
	}
	r.runs = []run{{paths: w.paths}}
	return nil
}

// mergeError checks for a duplicate and, now and then, for cancellation.
func (r *runWriter) mergeError(ctx context.Context, n int, last, body []byte, src *runSource) error {
	if n > 0 && bytes.Equal(last, body) {
		return r.duplicate(body, src.it.Value())
	}
	if n%lookEvery == lookEvery-1 && ctx.Err() != nil {
		return contextError(ctx)
	}
	return nil
}

// mergeValue returns the value of the source's entry, with a predecessor if an
// existing tombstone has one; an existing live key is a duplicate.
func (r *runWriter) mergeValue(existing *pooledIter, src *runSource, dst []byte) ([]byte, error) {
	value, err := src.it.ValueAndErr()
	if err != nil {
		return nil, r.store.ioError(err, "merging the files of a load")
	}
	key := src.it.Key()
	prefix := key[:splitKey(key)]
	v := view{store: r.store, ts: MaxTimestamp, upTo: MaxTimestamp, txn: r.rec.txn, newest: true}
	loads := existing.loadsOf(r.rec.table)
	// Keys ascend, so a seek forward is short.
	for ok := existing.SeekGE(prefix); ok; ok = existing.Next() {
		k := existing.Key()
		if !bytes.Equal(k[:splitKey(k)], prefix) {
			break
		}
		if _, visible := v.visible(loads, keyTimestamp(k)); !visible {
			continue
		}
		return r.overExisting(existing, keyBody(key, len(r.header)), value, dst)
	}
	if err := existing.Error(); err != nil {
		return nil, r.store.ioError(err, "checking a load")
	}
	return append(dst, value...), nil
}

// overExisting is mergeValue for a key that has a newest version already.
func (r *runWriter) overExisting(existing *pooledIter, body, value, dst []byte) ([]byte, error) {
	old, err := existing.ValueAndErr()
	if err != nil {
		return nil, r.store.ioError(err, "checking a load")
	}
	if len(old) == 0 || old[0]&flagTombstone == 0 {
		if r.unique() {
			return nil, r.duplicate(body, value)
		}
		return append(dst, value...), nil
	}
	if r.index != nil {
		return append(dst, value...), nil
	}
	ended, ok := decodeVersion(old)
	mine, ok2 := decodeVersion(value)
	if !ok || !ok2 {
		return nil, r.schema.corrupt("value of %d bytes is no row version", len(old))
	}
	dst = appendVersionHeader(dst, mine.flags, mine.rowID, ended.ended())
	return append(dst, mine.row...), nil
}

// runSource reads one run.
type runSource struct{ it *pebble.Iterator }

// openRuns opens an iterator at the start of each run.
func (r *runWriter) openRuns() (sources []*runSource, err error) {
	o := r.store.pebbleOptions()
	o.EnsureDefaults()
	for _, x := range r.runs {
		files := make([]sstable.ReadableFile, 0, len(x.paths))
		for _, p := range x.paths {
			f, err := r.store.opts.FS.Open(p)
			if err != nil {
				return sources, r.store.ioError(err, "merging the files of a load")
			}
			files = append(files, f)
		}
		it, err := pebble.NewExternalIter(o, &pebble.IterOptions{}, [][]sstable.ReadableFile{files})
		if err != nil {
			return sources, r.store.ioError(err, "merging the files of a load")
		}
		src := &runSource{it: it}
		sources = append(sources, src)
		if !it.First() {
			if err := it.Error(); err != nil {
				return sources, r.store.ioError(err, "merging the files of a load")
			}
		}
	}
	return sources, nil
}

// runHeap orders runs by their present key.
type runHeap []*runSource

func (h runHeap) Len() int           { return len(h) }
func (h runHeap) Less(i, j int) bool { return bytes.Compare(h[i].it.Key(), h[j].it.Key()) < 0 }
func (h runHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *runHeap) Push(x any) { *h = append(*h, x.(*runSource)) }

// Pop implements heap.Interface.
func (h *runHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
