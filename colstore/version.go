package colstore

import (
	"sort"
	"sync/atomic"
)

// version is a superversion of a table: everything a snapshot reads. Its lists
// do not change (the delta's grows at the end); a rewrite makes a new version.
type version struct {
	schema *TableSchema
	layout *layout
	// segs ascend by first rowID; lastBefore[i] is the greatest rowID of
	// segs[:i+1], for finding rows where ranges interleave.
	segs       []*sealed
	lastBefore []uint64
	delta      *delta
	// refs counts the table itself, while the version is current, and snapshots.
	refs atomic.Int32
}

// newVersion returns a version with one reference, which holds references on
// all it lists.
func newVersion(schema *TableSchema, l *layout, segs []*sealed, chunks []*chunk) *version {
	v := &version{schema: schema, layout: l, segs: segs, delta: newDelta(chunks)}
	sort.SliceStable(segs, func(i, j int) bool { return segs[i].first < segs[j].first })
	v.lastBefore = make([]uint64, len(segs))
	var last uint64
	for i, s := range segs {
		s.refs.Add(1)
		last = max(last, s.last)
		v.lastBefore[i] = last
	}
	v.refs.Store(1)
	return v
}

// release gives up a reference; the last one lets go of segments and chunks.
func (v *version) release(t *Table) {
	if v.refs.Add(-1) > 0 {
		return
	}
	for _, s := range v.segs {
		s.release()
	}
	for _, c := range v.delta.list() {
		if c.refs.Add(-1) == 0 {
			t.mem.Release(c.bytes.Load())
		}
	}
}

// candidates calls f with every segment whose range of rowIDs includes id, until
// it returns true.
func (v *version) candidates(id uint64, f func(s *sealed) bool) {
	i := sort.Search(len(v.segs), func(i int) bool { return v.segs[i].first > id })
	for i--; i >= 0 && v.lastBefore[i] >= id; i-- {
		if v.segs[i].last >= id && f(v.segs[i]) {
			return
		}
	}
}
