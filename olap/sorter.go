package olap

import (
	"math/bits"
	"slices"
)

// sortEntry is one row while it is sorted.
type sortEntry struct {
	prefix uint64
	row    int32
}

const (
	// sortChunk is how many rows one step of sorting takes.
	sortChunk = 16 << 10
	// sortOversample is how many sampled rows decide one boundary between buckets.
	sortOversample = 16
	maxSortBuckets = 1 << 10
)

// sorter orders the rows of a buffer: rows are coded to prefixes, distributed
// to buckets of about sortChunk rows, and each bucket is sorted on its own. The
// buckets are the leading bits of the prefix if that spreads the rows well, else
// ranges between sampled rows, which costs ten times as much. Every phase runs in parallel over chunks or buckets, and
// equal rows stay in the order of the buffer.
type sorter struct {
	// parallel is run.parallel, or a loop.
	parallel func(n int, f func(i int) error) error
	plan     *sortPlan
	n        int
	entries  []sortEntry
	scratch  []sortEntry
	order    []int32
}

// sortBuffer returns the order of the rows of buf by the key columns cols; the
// Expr of keys is not used. It is for the goroutine that coordinates the run.
func (r *run) sortBuffer(n Node, buf *rowBuffer, cols []int, keys []SortKey) (order []int32, err error) {
	err = r.timed(n, func() error {
		order, err = r.sortRows(n, buf, cols, keys, r.parallel)
		return err
	})
	return order, err
}

// sortAlone is sortBuffer for a worker.
func (r *run) sortAlone(n Node, buf *rowBuffer, cols []int, keys []SortKey) ([]int32, error) {
	return r.sortRows(n, buf, cols, keys, func(n int, f func(i int) error) error {
		for i := range n {
			if err := f(i); err != nil {
				return err
			}
		}
		return r.check()
	})
}

func (r *run) sortRows(n Node, buf *rowBuffer, cols []int, keys []SortKey, parallel func(int, func(int) error) error) ([]int32, error) {
	mem := r.newTrack(n)
	defer mem.release()
	if err := mem.add(int64(buf.rows) * (2*16 + 2)); err != nil {
		return nil, err
	}
	if err := buf.mem.add(int64(buf.rows) * 4); err != nil { // the result
		return nil, err
	}
	plan, err := newSortPlan(parallel, buf, cols, keys)
	if err != nil {
		return nil, err
	}
	s := &sorter{parallel: parallel, n: buf.rows, plan: plan}
	s.order = make([]int32, s.n)
	// Of ten million rows each array takes 160 MB, which the runtime clears in 30 ms.
	for _, entries := range []*[]sortEntry{&s.entries, &s.scratch} {
		if err := r.check(); err != nil {
			return nil, err
		}
		*entries = make([]sortEntry, s.n)
	}
	return s.order, s.sort()
}

func (s *sorter) sort() error {
	chunks := (s.n + sortChunk - 1) / sortChunk
	err := s.parallel(chunks, func(c int) error {
		from := c * sortChunk
		part := s.entries[from:min(from+sortChunk, s.n)]
		s.plan.prefixes(part, from)
		return nil
	})
	if err != nil {
		return err
	}
	if chunks <= 2 {
		s.sortBucket(s.entries, s.scratch, s.order)
		return nil
	}
	starts, err := s.distribute(chunks)
	if err != nil {
		return err
	}
	// The entries are in scratch now.
	return s.parallel(len(starts)-1, func(b int) error {
		from, to := starts[b], starts[b+1]
		s.sortBucket(s.scratch[from:to], s.entries[from:to], s.order[from:to])
		return nil
	})
}

// compare orders entries, equal rows by their place in the buffer.
func (s *sorter) compare(a, b sortEntry) int {
	switch {
	case a.prefix < b.prefix:
		return -1
	case a.prefix > b.prefix:
		return 1
	}
	if s.plan.exact < len(s.plan.codes) {
		if c := s.plan.compareRows(int(a.row), int(b.row)); c != 0 {
			return c
		}
	}
	return int(a.row) - int(b.row)
}

// sample returns the boundaries of buckets: entry e belongs to the bucket
// numbered by how many boundaries are not above it.
func (s *sorter) sample(buckets int) []sortEntry {
	picks := make([]sortEntry, 0, buckets*sortOversample)
	// A fixed stride would meet periodic data always at the same phase.
	step := max(1, s.n/(buckets*sortOversample))
	seed := uint64(0x9e3779b97f4a7c15)
	for at := 0; at < s.n; at += step {
		seed ^= seed << 13
		seed ^= seed >> 7
		seed ^= seed << 17
		picks = append(picks, s.entries[min(at+int(seed%uint64(step)), s.n-1)])
	}
	slices.SortFunc(picks, s.compare)
	bounds := make([]sortEntry, 0, buckets-1)
	for b := 1; b < buckets; b++ {
		bounds = append(bounds, picks[b*len(picks)/buckets])
	}
	return bounds
}

// distribute moves the entries into scratch, bucket after bucket, and returns
// where each begins.
func (s *sorter) distribute(chunks int) ([]int, error) {
	bits := min(bits.Len(uint(chunks))+1, s.plan.bits, 10)
	shift := s.plan.bits - bits
	buckets := 1 << bits
	counts, err := s.count(chunks, buckets, func(part []sortEntry, count []int32, _ []uint16) {
		for _, e := range part {
			count[e.prefix>>shift]++
		}
	}, nil)
	if err != nil {
		return nil, err
	}
	starts, largest := placeBuckets(counts, chunks, buckets)
	if largest <= 8*sortChunk {
		return starts, s.forChunks(chunks, func(c int, part []sortEntry) {
			next := counts[c*buckets : (c+1)*buckets]
			for _, e := range part {
				b := e.prefix >> shift
				s.scratch[next[b]] = e
				next[b]++
			}
		})
	}
	return s.distributeBySample(chunks)
}

// distributeBySample is distribute for skewed prefixes.
func (s *sorter) distributeBySample(chunks int) ([]int, error) {
	bounds := s.sample(min(chunks, maxSortBuckets))
	buckets := len(bounds) + 1
	bucketOf := make([]uint16, s.n)
	counts, err := s.count(chunks, buckets, func(part []sortEntry, count []int32, bucketOf []uint16) {
		for i, e := range part {
			b, _ := slices.BinarySearchFunc(bounds, e, func(bound, e sortEntry) int {
				if s.compare(bound, e) <= 0 {
					return -1
				}
				return 1
			})
			bucketOf[i] = uint16(b)
			count[b]++
		}
	}, bucketOf)
	if err != nil {
		return nil, err
	}
	starts, _ := placeBuckets(counts, chunks, buckets)
	return starts, s.forChunks(chunks, func(c int, part []sortEntry) {
		next := counts[c*buckets : (c+1)*buckets]
		for i, e := range part {
			b := bucketOf[c*sortChunk+i]
			s.scratch[next[b]] = e
			next[b]++
		}
	})
}

// forChunks calls f for each chunk of the entries.
func (s *sorter) forChunks(chunks int, f func(c int, part []sortEntry)) error {
	return s.parallel(chunks, func(c int) error {
		f(c, s.entries[c*sortChunk:min((c+1)*sortChunk, s.n)])
		return nil
	})
}

// count counts, for each chunk, the entries in each bucket. bucketOf, if not
// nil, is passed on in parts.
func (s *sorter) count(chunks, buckets int, f func(part []sortEntry, count []int32, bucketOf []uint16), bucketOf []uint16) ([]int32, error) {
	counts := make([]int32, chunks*buckets)
	err := s.forChunks(chunks, func(c int, part []sortEntry) {
		var of []uint16
		if bucketOf != nil {
			of = bucketOf[c*sortChunk:]
		}
		f(part, counts[c*buckets:(c+1)*buckets], of)
	})
	return counts, err
}

// placeBuckets turns counts into the places where each chunk's entries of each
// bucket go, and returns where the buckets begin and the size of the largest.
func placeBuckets(counts []int32, chunks, buckets int) (starts []int, largest int) {
	starts = make([]int, buckets+1)
	at := int32(0)
	for b := range buckets {
		starts[b] = int(at)
		for c := range chunks {
			n := counts[c*buckets+b]
			counts[c*buckets+b] = at
			at += n
		}
		largest = max(largest, int(at)-starts[b])
	}
	starts[buckets] = int(at)
	return starts, largest
}

// sortBucket sorts entries, which are in buffer order, and writes their rows to
// order. scratch is as long as entries.
func (s *sorter) sortBucket(entries, scratch []sortEntry, order []int32) {
	if len(entries) < 64 {
		slices.SortFunc(entries, s.compare)
	} else {
		entries = radixSort(entries, scratch)
		s.sortTies(entries)
	}
	for i, e := range entries {
		order[i] = e.row
	}
}

// sortTies orders runs of equal prefixes by the keys that did not fit.
func (s *sorter) sortTies(entries []sortEntry) {
	if s.plan.exact == len(s.plan.codes) {
		return
	}
	for from := 0; from < len(entries); {
		to := from + 1
		for to < len(entries) && entries[to].prefix == entries[from].prefix {
			to++
		}
		if to-from > 1 {
			slices.SortFunc(entries[from:to], s.compare)
		}
		from = to
	}
}

// radixSort sorts entries by prefix, keeping the order of equal ones, least
// significant byte first; bytes in which all agree cost nothing. The result is
// in entries or in scratch.
func radixSort(entries, scratch []sortEntry) []sortEntry {
	var counts [8][256]int32
	for _, e := range entries {
		p := e.prefix
		for b := range 8 {
			counts[b][byte(p>>(8*b))]++
		}
	}
	for b := range 8 {
		count := &counts[b]
		if int(count[byte(entries[0].prefix>>(8*b))]) == len(entries) {
			continue
		}
		at := int32(0)
		for i, n := range count {
			count[i] = at
			at += n
		}
		for _, e := range entries {
			d := byte(e.prefix >> (8 * b))
			scratch[count[d]] = e
			count[d]++
		}
		entries, scratch = scratch, entries
	}
	return entries
}
