package olap

import (
	"slices"

	"htapdb/sql/types"
	"htapdb/vector"
)

// groupTable numbers the distinct rows of some key columns from 0 in the order
// of their first appearance. It is an open-addressing table without pointers:
//
//	slots   [ salt 32 | group+1 32 ] …   a power of two, linear probing from the hash's low bits; 0 is empty
//	hashes  [ hash of group 0, 1, 2 … ]
//	keys    one column per key; row g is group g
//
// NULL is a value like others here, equal to itself. One goroutine uses a
// groupTable at a time.
type groupTable struct {
	keys   *rowBuffer
	hashes []uint64
	slots  []uint64
	mask   uint64
	groups int
	// hashIsKey says that equal hashes mean equal keys: a single integer, whose
	// hash is a bijection.
	hashIsKey bool
	mem       track

	// newRows are the rows that the last find made groups of, ascending.
	newRows []int32

	// Scratch of find, by row of the batch.
	pos       []uint32 // slot where to go on looking
	pending   []int32  // alive rows (counted among them) without a group yet
	cand      []int32  // those with a candidate group to compare with
	rows      []int32  // physical rows of cand
	stored    []int32  // candidate groups of cand
	eq        []uint8
	elems     []int32
	entries   []uint64
	heads     []int32 // first rows (counted among the alive ones) of runs of equal hashes
	headHash  []uint64
	headGroup []uint32
}

const minSlots = 64

func newGroupTable(ts []types.Type, mem track) *groupTable {
	t := &groupTable{keys: newRowBuffer(ts, mem), mem: mem}
	if len(ts) == 1 {
		switch ts[0].Physical() {
		case types.PhysInt16, types.PhysInt32, types.PhysInt64:
			t.hashIsKey = true
		}
	}
	return t
}

// hashRows hashes the alive rows of the key columns: out[k] is that of the k-th.
// out has capacity for them or is replaced.
func hashRows(cols []*vector.Vector, sel []int32, n int, out []uint64) []uint64 {
	if sel != nil {
		n = len(sel)
	}
	out = growBytes(out, n)
	for i, c := range cols {
		vector.HashColumn(c, sel, n, out, i > 0)
	}
	return out
}

// grow makes room for n groups at a load of at most two thirds.
func (t *groupTable) grow(n int) error {
	if n > maxBufferRows {
		return tooManyRows(t.mem.who)
	}
	if n*3 <= len(t.slots)*2 {
		return nil
	}
	size := max(len(t.slots), minSlots)
	for n*3 > size*2 {
		size *= 2
	}
	if err := t.mem.add(int64(size-len(t.slots))*8 + int64(size*2/3-cap(t.hashes))*8); err != nil {
		return err
	}
	t.slots = make([]uint64, size)
	t.mask = uint64(size - 1)
	hashes := make([]uint64, t.groups, size*2/3+1)
	copy(hashes, t.hashes)
	t.hashes = hashes
	for g, h := range hashes {
		p := h & t.mask
		for t.slots[p] != 0 {
			p = (p + 1) & t.mask
		}
		t.slots[p] = h>>32<<32 | uint64(g+1)
	}
	return nil
}

// find stores in groups[k] the group of the k-th alive row, making new groups
// as needed; hashes are those of hashRows. It leaves the rows that began a
// group in t.newRows.
func (t *groupTable) find(cols []*vector.Vector, sel []int32, n int, hashes []uint64, groups []uint32) error {
	if sel != nil {
		n = len(sel)
	}
	t.newRows = t.newRows[:0]
	if err := t.grow(t.groups + n); err != nil {
		return err
	}
	if t.hashIsKey && cols[0].Valid == nil && t.keys.cols[0].vec.Valid == nil {
		t.findRuns(sel, n, hashes, groups)
		return t.keys.append(cols, t.newRows, 0)
	}
	t.pos, t.pending = growBytes(t.pos, n), growBytes(t.pending, n)
	for k := range n {
		t.pos[k] = uint32(hashes[k] & t.mask)
		t.pending[k] = int32(k)
	}
	rounds := 0
	for len(t.pending) > 0 {
		made := len(t.newRows)
		t.lookup(sel, hashes, groups)
		if err := t.keys.append(cols, t.newRows[made:], 0); err != nil {
			return err
		}
		t.compare(cols, sel, groups)
		rounds++
	}
	if rounds > 1 {
		slices.Sort(t.newRows)
	}
	return nil
}

// findRuns is find for keys that are equal when their hashes are. Where rows with
// equal keys follow each other, only the first of them is looked up: a table is
// often stored in the order of some key.
func (t *groupTable) findRuns(sel []int32, n int, hashes []uint64, groups []uint32) {
	hashes, groups = hashes[:n], groups[:n]
	t.heads = growBytes(t.heads, n)
	heads, runs, last := t.heads, 0, ^uint64(0)
	if n > 0 {
		last = ^hashes[0]
	}
	for k, h := range hashes {
		heads[runs] = int32(k)
		if h != last {
			runs++
		}
		last = h
	}
	if runs > n/2 {
		t.findByHash(sel, nil, hashes, groups)
		return
	}
	heads = heads[:runs]
	t.headHash, t.headGroup = growBytes(t.headHash, runs), growBytes(t.headGroup, runs)
	for i, k := range heads {
		t.headHash[i] = hashes[k]
	}
	t.findByHash(sel, heads, t.headHash, t.headGroup)
	for i, k := range heads {
		end := n
		if i+1 < runs {
			end = int(heads[i+1])
		}
		for g := t.headGroup[i]; int(k) < end; k++ {
			groups[k] = g
		}
	}
}

// findByHash finds or makes the groups of hashes: those of the alive rows, or of
// some of them. All first slots are read before the hashes they lead to, and
// these before anything is decided, so that the cache misses of many rows overlap.
func (t *groupTable) findByHash(sel, some []int32, hashes []uint64, groups []uint32) {
	n := len(hashes)
	groups = groups[:n]
	t.pending = growBytes(t.pending, n)
	t.entries = growBytes(t.entries, n)
	entries, slots, mask := t.entries, t.slots, t.mask
	for k, h := range hashes {
		entries[k] = slots[h&mask]
	}
	misses := 0
	if known := t.hashes; len(known) > 0 {
		last := uint32(len(known) - 1)
		for k, h := range hashes {
			// An empty slot leads to some group, whose hash may even be h, if that
			// was inserted further on: then it is the right one.
			g := min(uint32(entries[k])-1, last)
			groups[k] = g
			t.pending[misses] = int32(k)
			if known[g] != h {
				misses++
			}
		}
	} else {
		misses = n
		for k := range n {
			t.pending[k] = int32(k)
		}
	}
	for _, k := range t.pending[:misses] {
		groups[k] = t.findOne(hashes[k], int32(rowOf(sel, rowOf(some, int(k)))))
	}
}

// findOne finds or makes the group with hash h, which row has.
func (t *groupTable) findOne(h uint64, row int32) uint32 {
	for p := h & t.mask; ; p = (p + 1) & t.mask {
		e := t.slots[p]
		if e == 0 {
			t.newRows = append(t.newRows, row)
			return t.insert(p, h)
		}
		if e>>32 == h>>32 && t.hashes[uint32(e)-1] == h {
			return uint32(e) - 1
		}
	}
}

// insert makes a group with hash h in the empty slot p.
func (t *groupTable) insert(p, h uint64) uint32 {
	g := t.groups
	t.groups++
	t.hashes = append(t.hashes, h)
	t.slots[p] = h>>32<<32 | uint64(g+1)
	return uint32(g)
}

// lookup moves every pending row to a new group, or to a candidate with the
// same salt.
func (t *groupTable) lookup(sel []int32, hashes []uint64, groups []uint32) {
	slots, mask := t.slots, t.mask
	t.cand, t.rows, t.stored = t.cand[:0], t.rows[:0], t.stored[:0]
	for _, k := range t.pending {
		h := hashes[k]
		p := uint64(t.pos[k])
		for {
			e := slots[p]
			if e == 0 {
				groups[k] = t.insert(p, h)
				t.newRows = append(t.newRows, int32(rowOf(sel, int(k))))
				break
			}
			if e>>32 == h>>32 {
				groups[k] = uint32(e) - 1
				t.cand = append(t.cand, k)
				t.rows = append(t.rows, int32(rowOf(sel, int(k))))
				t.stored = append(t.stored, int32(uint32(e)-1))
				break
			}
			p = (p + 1) & mask
		}
		t.pos[k] = uint32(p)
	}
}

// compare leaves in pending the candidates whose key is another one, at the
// next slot.
func (t *groupTable) compare(cols []*vector.Vector, sel []int32, groups []uint32) {
	t.pending = t.pending[:0]
	if len(t.cand) == 0 {
		return
	}
	t.eq = growBytes(t.eq, len(t.cand))
	fill8(t.eq, 1)
	for i := range t.keys.cols {
		t.elems = t.keys.cols[i].matchRows(cols[i], t.rows, t.stored, true, t.eq, t.elems)
	}
	for i, k := range t.cand {
		if t.eq[i] == 0 {
			t.pos[k] = uint32((uint64(t.pos[k]) + 1) & t.mask)
			t.pending = append(t.pending, k)
		}
	}
}

// release gives the memory back.
func (t *groupTable) release() {
	t.keys.release()
	t.mem.release()
	t.hashes, t.slots, t.groups = nil, nil, 0
}
