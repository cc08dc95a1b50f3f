package olap

import (
	"math/bits"
	"slices"
	"sync/atomic"

	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// joinTable is the build side of a join: its rows, column by column, and a
// directory from keys to row numbers without pointers. Rows with equal bucket
// stand together in links:
//
//	directory  [ start 48 | tag 16 ] … one more than buckets     links  [ salt 32 | row 32 ] of bucket 0 │ bucket 1 │ …
//
// The bucket is the hash's top bits; a tag has one bit set for each row's hash,
// chosen by its low bits, so that most misses end at the directory; the salt is
// the low half of the row's hash. For a single integer key in a narrow range
// the bucket is key − base, salts are 0 and rows of a bucket are sure to match;
// if no key occurs twice, direct[bucket] is the row+1 and there is nothing else.
// Without keys every row is a candidate.
//
// It is written by its build and read-only afterwards, except found.
type joinTable struct {
	node *HashJoin
	rows *rowBuffer
	keys []int // columns of rows that hold the keys
	out  []int // columns of rows for BuildOut
	// residual maps the residual's build columns to columns of rows.
	residual map[int]int

	directory []uint64
	links     []uint64
	direct    []int32
	shift     int // of the hash, to its bucket
	dense     bool
	base      int64
	// present has a bit for each bucket of a dense table that holds a row, for
	// run-time filters: a scan tests 32 keys for the memory that direct has for one.
	present []uint64
	// linked is the number of rows in the directory: those whose keys can match.
	linked int
	// hasNull says that a row has NULL in a key that is not NullSafe.
	hasNull bool
	// found has a bit for each row that matched, for kinds that yield build rows.
	found []uint32
	mem   track
}

// buildLayout chooses the columns that the build side keeps.
type buildLayout struct {
	exprs    []fn.Expr
	types    []types.Type
	keys     []int
	out      []int
	residual map[int]int
}

func newBuildLayout(j *HashJoin) *buildLayout {
	l := &buildLayout{residual: map[int]int{}}
	in := j.Build.Types()
	at := map[int]int{}
	column := func(c int) int {
		if p, ok := at[c]; ok {
			return p
		}
		at[c] = len(l.exprs)
		l.exprs = append(l.exprs, &fn.Column{Index: c, Typ: in[c]})
		return at[c]
	}
	for _, k := range j.BuildKeys {
		if c, ok := k.(*fn.Column); ok {
			l.keys = append(l.keys, column(c.Index))
			continue
		}
		l.keys = append(l.keys, len(l.exprs))
		l.exprs = append(l.exprs, k)
	}
	if j.hasBuild() {
		for _, c := range allColumns(j.BuildOut, len(in)) {
			l.out = append(l.out, column(c))
		}
	}
	if j.Residual != nil {
		probe := len(j.Probe.Types())
		for _, c := range columnsIn(j.Residual, nil) {
			if c >= probe {
				l.residual[c-probe] = column(c - probe)
			}
		}
	}
	l.types = typesOf(l.exprs)
	return l
}

// columnsIn appends the column indexes that x refers to.
func columnsIn(x fn.Expr, to []int) []int {
	if c, ok := x.(*fn.Column); ok {
		return append(to, c.Index)
	}
	for _, k := range x.Children() {
		to = columnsIn(k, to)
	}
	return to
}

// buildSink keeps one worker's build rows and the hashes of their keys.
type buildSink struct {
	node   *HashJoin
	layout *buildLayout
	exprs  *exprs
	buf    *rowBuffer
	hashes hashList
	cols   []*vector.Vector
	batch  []uint64
	sel    []int32
	// dropped says that rows with NULL keys were left out.
	dropped bool
	// distinct drops rows whose keys have been kept already, where one match is
	// as good as many; nil otherwise, or when there turned out to be few such rows.
	distinct *groupTable
	ids      []uint32
	seen     int // rows, by distinct
}

// A build that drops duplicates gives up when, after so many rows, more than
// three quarters were distinct.
const distinctTrial = 32 << 10

// newBuildSink makes the sink of one worker.
func newBuildSink(r *run, j *HashJoin, l *buildLayout) (*buildSink, error) {
	e, err := r.newExprs(l.exprs)
	s := &buildSink{node: j, layout: l, exprs: e, buf: newRowBuffer(l.types, r.newTrack(j)), hashes: hashList{mem: r.newTrack(j)}}
	if len(l.keys) > 0 && j.Residual == nil && (j.Kind == Semi || j.Kind == Anti || j.Kind == Mark) {
		s.distinct = newGroupTable(l.types, r.newTrack(j))
		s.distinct.keys = s.buf
	}
	return s, err
}

func (s *buildSink) consume(b *vector.Batch) error {
	cols, err := s.exprs.eval(b)
	if err != nil {
		return err
	}
	s.cols = s.cols[:0]
	for _, k := range s.layout.keys {
		s.cols = append(s.cols, cols[k])
	}
	sel := b.Sel
	if !s.keepsNullKeys() {
		sel = s.node.selectMatchable(s.cols, sel, b.Len, &s.sel)
		s.dropped = s.dropped || sel != nil && len(sel) < b.Rows()
	}
	if len(s.cols) > 0 {
		s.batch = hashRows(s.cols, sel, b.Len, s.batch)
		if s.distinct != nil {
			return s.addDistinct(cols, sel, b.Len)
		}
		if err := s.hashes.append(s.batch); err != nil {
			return err
		}
	}
	return s.buf.append(cols, sel, b.Len)
}

// hashList is the hashes of a worker's build rows.
type hashList struct {
	all []uint64
	mem track
}

// hashChunk is how many hashes are copied between two looks for the end of the
// statement.
const hashChunk = 1 << 20

// append adds hashes. An array that is full is charged together with its double,
// into which it is copied.
func (l *hashList) append(hashes []uint64) error {
	if need := len(l.all) + len(hashes); need > cap(l.all) {
		old := int64(cap(l.all)) * 8
		size := max(need, 2*cap(l.all))
		if err := l.mem.add(int64(size) * 8); err != nil {
			return err
		}
		l.all = append(make([]uint64, 0, size), l.all...)
		if err := l.mem.add(-old); err != nil {
			return err
		}
	}
	l.all = append(l.all, hashes...)
	return nil
}

func (l *hashList) release() {
	l.all = nil
	l.mem.release()
}

// addDistinct keeps the rows whose keys are new.
func (s *buildSink) addDistinct(cols []*vector.Vector, sel []int32, n int) error {
	d := s.distinct
	s.ids = growBytes(s.ids, len(s.batch))
	if err := d.find(cols, sel, n, s.batch, s.ids); err != nil {
		return err
	}
	s.hashes.all = d.hashes
	s.seen += len(s.batch)
	if s.seen >= distinctTrial && d.groups > s.seen/4*3 {
		d.mem.release()
		s.distinct = nil
		return s.hashes.mem.add(int64(cap(s.hashes.all)) * 8) // the table's, until now
	}
	return nil
}

// keepsNullKeys reports whether build rows that cannot match are needed.
func (s *buildSink) keepsNullKeys() bool {
	k := s.node.Kind
	return k == Right || k == Full || k == BuildAnti || slices.Contains(s.node.NullAware, true)
}

// selectMatchable returns the rows that have no NULL in a key that is not
// NullSafe: sel itself (perhaps nil) if that is all.
func (j *HashJoin) selectMatchable(keys []*vector.Vector, sel []int32, n int, scratch *[]int32) []int32 {
	for i, v := range keys {
		if v.Valid == nil || j.NullSafe != nil && j.NullSafe[i] {
			continue
		}
		out := growBytes(*scratch, n)[:0]
		alive := n
		if sel != nil {
			alive = len(sel)
		}
		for k := range alive {
			if r := rowOf(sel, k); !v.IsNull(r) {
				out = append(out, int32(r))
			}
		}
		// A following key filters this slice in place.
		*scratch, sel = out, out
	}
	return sel
}

// build runs the build input.
func (t *joinTable) build(r *run, input *stream) error {
	l := newBuildLayout(t.node)
	t.keys, t.out, t.residual, t.mem = l.keys, l.out, l.residual, r.newTrack(t.node)
	var sinks []*buildSink
	err := r.drain(input, t.node, func(w *worker) (sinkWorker, error) {
		s, err := newBuildSink(r, t.node, l)
		sinks = append(sinks, s)
		return s, err
	})
	if err != nil {
		return err
	}
	hashes := &sinks[0].hashes
	parts := make([]*rowBuffer, len(sinks))
	for i, s := range sinks {
		parts[i] = s.buf
		t.hasNull = t.hasNull || s.dropped
		for chunk := range slices.Chunk(s.hashes.all, hashChunk) {
			if i == 0 {
				break
			}
			if err = r.check(); err == nil {
				err = hashes.append(chunk)
			}
			if err != nil {
				return err
			}
		}
		if i > 0 {
			s.hashes.release()
		}
	}
	defer hashes.release()
	if t.rows, err = r.concat(parts); err != nil {
		return err
	}
	if err := r.timed(t.node, func() error { return t.index(r, hashes.all) }); err != nil {
		return err
	}
	if t.node.returnsBuild() {
		t.found = make([]uint32, (t.rows.rows+31)/32)
	}
	return t.rows.settle()
}

// returnsBuild reports whether build rows are yielded at the end.
func (j *HashJoin) returnsBuild() bool {
	return j.Kind == Right || j.Kind == Full || j.Kind == BuildSemi || j.Kind == BuildAnti
}

// index makes the directory.
func (t *joinTable) index(r *run, hashes []uint64) error {
	n := t.rows.rows
	t.linked = n
	if len(t.keys) == 0 || n == 0 {
		return nil
	}
	if err := t.mem.add(int64(n) * 8); err != nil {
		return err
	}
	var rows []int32 // nil: all rows
	for i, k := range t.keys {
		if t.rows.cols[k].vec.Valid != nil && !(t.node.NullSafe != nil && t.node.NullSafe[i]) {
			rows = t.withoutNullKeys(rows, k)
		}
	}
	if rows != nil {
		t.linked = len(rows)
		t.hasNull = t.hasNull || t.linked < n
	}
	if done, err := t.indexDense(r, rows); done || err != nil {
		return err
	}
	return t.indexHashes(r, rows, hashes)
}

// withoutNullKeys returns those of rows (nil: all) whose key column is not null.
func (t *joinTable) withoutNullKeys(rows []int32, col int) []int32 {
	c := &t.rows.cols[col]
	if rows == nil {
		rows = allRows(nil, t.rows.rows)
	}
	return slices.DeleteFunc(rows, func(i int32) bool { return c.isNull(int(i)) })
}

// indexDense makes a directory by key value, if there is one integer key whose
// range is narrow.
func (t *joinTable) indexDense(r *run, rows []int32) (done bool, err error) {
	if len(t.keys) != 1 || t.linked == 0 || t.node.NullSafe != nil && t.node.NullSafe[0] {
		return false, nil
	}
	c := &t.rows.cols[t.keys[0]]
	lo, hi, ok := intRange(&c.vec, rows, t.rows.rows)
	if !ok || uint64(hi)-uint64(lo) >= uint64(max(8*t.linked, 4096)) {
		return false, nil
	}
	buckets := int(hi-lo) + 1
	if err := t.mem.add(int64(buckets+1) * 8); err != nil {
		return false, err
	}
	t.dense, t.base = true, lo
	switch c.phys {
	case types.PhysInt16:
		err = linkDense(r, t, c.vec.I16, rows, buckets)
	case types.PhysInt32:
		err = linkDense(r, t, c.vec.I32, rows, buckets)
	default:
		err = linkDense(r, t, c.vec.I64, rows, buckets)
	}
	return true, err
}

// rowsBetweenChecks is how many rows are linked between two looks for the end of
// the statement: a row is a cache miss or two, so that a look comes every 10 ms.
const rowsBetweenChecks = 64 << 10

// linkDense makes t.direct, or the directory if keys occur twice.
func linkDense[T int16 | int32 | int64](r *run, t *joinTable, keys []T, rows []int32, buckets int) error {
	t.direct = make([]int32, buckets)
	for k := range t.linked {
		if k%rowsBetweenChecks == 0 {
			if err := r.check(); err != nil {
				return err
			}
		}
		i := rowOf(rows, k)
		at := &t.direct[int64(keys[i])-t.base]
		if *at != 0 {
			t.direct = nil
			t.directory, t.links = make([]uint64, buckets+1), make([]uint64, t.linked)
			return link(r, t, keys, rows)
		}
		*at = int32(i) + 1
	}
	return nil
}

// link counts the rows of each bucket and places their numbers.
func link[T int16 | int32 | int64](r *run, t *joinTable, keys []T, rows []int32) error {
	dir := t.directory
	base := t.base
	each := func(f func(i int32, bucket int64)) error {
		for from := 0; from < t.linked; from += rowsBetweenChecks {
			if err := r.check(); err != nil {
				return err
			}
			to := min(from+rowsBetweenChecks, t.linked)
			if rows != nil {
				for _, i := range rows[from:to] {
					f(i, int64(keys[i])-base)
				}
				continue
			}
			for i := from; i < to; i++ {
				f(int32(i), int64(keys[i])-base)
			}
		}
		return nil
	}
	if err := each(func(_ int32, b int64) { dir[b]++ }); err != nil {
		return err
	}
	at := uint64(0)
	for b, n := range dir {
		dir[b] = at
		at += n
	}
	err := each(func(i int32, b int64) {
		t.links[dir[b]] = uint64(i)
		dir[b]++
	})
	if err != nil {
		return err
	}
	// Every entry is now the end of its bucket: shift to the starts.
	copy(dir[1:], dir[:len(dir)-1])
	dir[0] = 0
	for b := range dir {
		dir[b] <<= 16
	}
	return nil
}

// joinPartitionRows is about how many rows a partition of the build has, so
// that its part of the directory stays in the cache.
const joinPartitionRows = 16 << 10

// indexHashes makes a directory by hash: rows are first distributed to
// partitions, which are ranges of buckets, and these are linked in parallel.
func (t *joinTable) indexHashes(r *run, rows []int32, hashes []uint64) error {
	if rows == nil {
		rows = allRows(nil, t.rows.rows)
	}
	bucketBits := max(4, bits.Len(uint(len(rows)))+1)
	t.shift = 64 - bucketBits
	if err := t.mem.add(int64(1<<bucketBits+1)*8 + int64(len(rows))*16); err != nil {
		return err
	}
	defer t.mem.add(-int64(len(rows)) * 16)
	t.directory = make([]uint64, 1<<bucketBits+1)
	t.links = make([]uint64, len(rows))
	partBits := min(bucketBits, 10, bits.Len(uint(len(rows)/joinPartitionRows)))
	hashed, starts, err := distributeRows(r, rows, hashes, partBits)
	if err != nil {
		return err
	}
	span := 1 << (bucketBits - partBits)
	err = r.parallel(1<<partBits, func(p int) error {
		t.linkPartition(hashed[starts[p]:starts[p+1]], p*span, (p+1)*span, starts[p])
		return nil
	})
	t.directory[1<<bucketBits] = uint64(len(rows)) << 16
	return err
}

// hashedRow is a build row on its way into the directory.
type hashedRow struct {
	hash uint64
	row  int32
}

// linkPartition links rows whose buckets lie in [from, to); at is their first
// place in links.
func (t *joinTable) linkPartition(rows []hashedRow, from, to, at int) {
	dir := t.directory[from:to]
	for _, r := range rows {
		b := int(r.hash>>t.shift) - from
		dir[b] = dir[b]&tagMask | 1<<(r.hash&15) | (dir[b]>>16+1)<<16
	}
	next := uint64(at)
	for b, e := range dir {
		dir[b] = next<<16 | e&tagMask
		next += e >> 16
	}
	for _, r := range rows {
		b := int(r.hash>>t.shift) - from
		t.links[dir[b]>>16] = r.hash<<32 | uint64(r.row)
		dir[b] += 1 << 16
	}
	prev := uint64(at)
	for b, e := range dir {
		dir[b] = prev<<16 | e&tagMask
		prev = e >> 16
	}
}

const tagMask = 1<<16 - 1

// distributeRows returns rows with their hashes, grouped by the top bits of
// these, and where each of the 2^partBits groups begins.
func distributeRows(r *run, rows []int32, hashes []uint64, partBits int) ([]hashedRow, []int, error) {
	parts := 1 << partBits
	chunks := (len(rows) + sortChunk - 1) / sortChunk
	counts := make([]int32, chunks*parts)
	chunk := func(c int) []int32 { return rows[c*sortChunk : min((c+1)*sortChunk, len(rows))] }
	part := func(h uint64) uint64 { return h >> 1 >> (63 - partBits) } // of all rows 0 for no bits
	err := r.parallel(chunks, func(c int) error {
		count := counts[c*parts : (c+1)*parts]
		for _, i := range chunk(c) {
			count[part(hashes[i])]++
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	starts, _ := placeBuckets(counts, chunks, parts)
	out := make([]hashedRow, len(rows))
	return out, starts, r.parallel(chunks, func(c int) error {
		next := counts[c*parts : (c+1)*parts]
		for _, i := range chunk(c) {
			p := part(hashes[i])
			out[next[p]] = hashedRow{hashes[i], i}
			next[p]++
		}
		return nil
	})
}

// isFound reports whether row i has matched.
func (t *joinTable) isFound(i int32) bool { return atomic.LoadUint32(&t.found[i>>5])>>(i&31)&1 != 0 }

// markFound notes that row i has matched.
func (t *joinTable) markFound(i int32) {
	word, bit := &t.found[i>>5], uint32(1)<<(i&31)
	if atomic.LoadUint32(word)&bit == 0 {
		atomic.OrUint32(word, bit)
	}
}
