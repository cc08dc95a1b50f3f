package olap

import (
	"slices"

	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// aggLayout says where things stand among the vectors that an aggregate's
// expressions evaluate to: the group keys, then each call's arguments, then its
// sort keys.
type aggLayout struct {
	node  *HashAggregate
	exprs []fn.Expr
	args  [][]int // by call
	sorts [][]int
	// orderBy are the calls' effective orders, with Expr unused.
	orderBy [][]SortKey
	// sequential says that a call depends on the order of its input.
	sequential bool
}

func newAggLayout(a *HashAggregate) *aggLayout {
	l := &aggLayout{node: a, exprs: slices.Clone(a.GroupBy)}
	take := func(x fn.Expr) int {
		l.exprs = append(l.exprs, x)
		return len(l.exprs) - 1
	}
	for _, s := range a.Aggs {
		var args, sorts []int
		for _, x := range s.Args {
			args = append(args, take(x))
		}
		var order []SortKey
		if !s.Agg.IgnoresOrder {
			l.sequential = true
			order = s.OrderBy
			if s.Distinct && len(order) == 0 {
				// As a database that removes duplicates by sorting would feed them.
				for _, x := range s.Args {
					order = append(order, SortKey{Expr: x})
				}
			}
		}
		for _, k := range order {
			sorts = append(sorts, take(k.Expr))
		}
		l.args, l.sorts, l.orderBy = append(l.args, args), append(l.sorts, sorts), append(l.orderBy, order)
	}
	return l
}

// aggTable is the groups of one grouping set, or of one radix partition of
// them: their keys and the states of all calls. One goroutine uses it at a time.
type aggTable struct {
	layout *aggLayout
	r      *run
	keys   []int // the group columns in the set
	table  *groupTable
	cache  groupCache
	groups int
	states []fn.AggState
	// partial tables are merged into others later: their DISTINCT calls only
	// collect the values.
	partial  bool
	distinct []*groupTable
	ordered  []*rowBuffer
	mem      track

	// Scratch.
	keyCols  []*vector.Vector
	argCols  []*vector.Vector
	hashes   []uint64
	ids      []uint32
	subset   []uint32
	missRows []int32
	missHash []uint64
	missIDs  []uint32
	groupCol vector.Vector
	seenCols []*vector.Vector
	seenIDs  []uint32
	seenHash []uint64
}

func newAggTable(r *run, l *aggLayout, keys []int, partial bool) (*aggTable, error) {
	t := &aggTable{layout: l, r: r, keys: keys, partial: partial, mem: r.newTrack(l.node)}
	if len(keys) > 0 {
		t.table = newGroupTable(typesOf(pickExprs(l.node.GroupBy, keys)), r.newTrack(l.node))
	}
	n := len(l.node.Aggs)
	t.states, t.distinct, t.ordered = make([]fn.AggState, n), make([]*groupTable, n), make([]*rowBuffer, n)
	for i, s := range l.node.Aggs {
		t.states[i] = s.Agg.NewState(&r.fctx)
		if s.Distinct {
			t.distinct[i] = newGroupTable(append([]types.Type{types.TInt4}, typesOf(s.Args)...), r.newTrack(l.node))
		}
		if len(l.orderBy[i]) > 0 {
			ts := append([]types.Type{types.TInt4}, typesOf(s.Args)...)
			for _, k := range l.orderBy[i] {
				ts = append(ts, k.Expr.Type())
			}
			t.ordered[i] = newRowBuffer(ts, r.newTrack(l.node))
		}
	}
	if len(keys) == 0 {
		return t, t.growTo(1)
	}
	return t, nil
}

func pickExprs(xs []fn.Expr, at []int) []fn.Expr {
	out := make([]fn.Expr, len(at))
	for i, p := range at {
		out[i] = xs[p]
	}
	return out
}

// growTo makes n groups exist in all states.
func (t *aggTable) growTo(n int) error {
	if n <= t.groups {
		return nil
	}
	before := t.stateBytes()
	if t.groups > 0 {
		// What the states will need, judged by what a group has needed so far.
		if err := t.mem.set(before + before/int64(t.groups)*int64(n-t.groups)); err != nil {
			return err
		}
	}
	t.groups = n
	for _, s := range t.states {
		s.Grow(n)
	}
	return t.mem.set(t.stateBytes())
}

// stateBytes is the memory of the states and of the cache of known groups.
func (t *aggTable) stateBytes() int64 {
	n := int64(cap(t.cache.entries)) * 4
	for _, s := range t.states {
		n += s.Bytes()
	}
	return n
}

// add aggregates the rows sel of the evaluated columns. filters[i] are the rows
// that call i takes if it has a filter. hashes, if not nil, are the keys' hashes.
func (t *aggTable) add(cols []*vector.Vector, filters [][]int32, sel []int32, n int, hashes []uint64) error {
	if t.table != nil {
		if err := t.findGroups(cols, sel, n, hashes); err != nil {
			return err
		}
		if err := t.growTo(t.table.groups); err != nil {
			return err
		}
	}
	for i := range t.states {
		rows, ids := sel, t.ids
		if t.layout.node.Aggs[i].Filter != nil {
			rows = filters[i]
			if t.table != nil {
				t.subset = subsetOf(t.subset, t.ids, sel, rows)
				ids = t.subset
			}
		}
		if rows != nil && len(rows) == 0 {
			continue
		}
		if err := t.addCall(i, cols, ids, rows, n); err != nil {
			return err
		}
	}
	if t.table == nil {
		return t.mem.set(t.stateBytes())
	}
	return nil
}

// subsetOf returns the elements of ids, which belong to the rows sel (all if
// nil), for the rows, a subset of sel.
func subsetOf(out, ids []uint32, sel, rows []int32) []uint32 {
	out = growBytes(out, len(rows))
	if sel == nil {
		for i, r := range rows {
			out[i] = ids[r]
		}
		return out
	}
	k := 0
	for i, r := range rows {
		for sel[k] != r {
			k++
		}
		out[i] = ids[k]
	}
	return out
}

// findGroups sets t.ids to the group of each alive row.
func (t *aggTable) findGroups(cols []*vector.Vector, sel []int32, n int, hashes []uint64) error {
	t.keyCols = t.keyCols[:0]
	for _, k := range t.keys {
		t.keyCols = append(t.keyCols, cols[k])
	}
	alive := n
	if sel != nil {
		alive = len(sel)
	}
	t.ids = growBytes(t.ids, alive)
	if !t.cache.codesOf(t.keyCols, sel, n) {
		if hashes == nil {
			t.hashes = hashRows(t.keyCols, sel, n, t.hashes)
			hashes = t.hashes
		}
		return t.table.find(t.keyCols, sel, n, hashes, t.ids)
	}
	t.cache.lookup(t.ids)
	misses := t.cache.misses
	if len(misses) == 0 {
		return nil
	}
	t.missRows = growBytes(t.missRows, len(misses))
	for i, k := range misses {
		t.missRows[i] = int32(rowOf(sel, int(k)))
	}
	t.missHash = hashRows(t.keyCols, t.missRows, n, t.missHash)
	t.missIDs = growBytes(t.missIDs, len(misses))
	if err := t.table.find(t.keyCols, t.missRows, n, t.missHash, t.missIDs); err != nil {
		return err
	}
	for i, k := range misses {
		t.ids[k] = t.missIDs[i]
	}
	t.cache.learn(t.ids)
	return nil
}

// addCall feeds rows to call i: at once, through its DISTINCT set, or into the
// buffer that is sorted in the end.
func (t *aggTable) addCall(i int, cols []*vector.Vector, ids []uint32, sel []int32, n int) error {
	t.argCols = t.argCols[:0]
	for _, c := range t.layout.args[i] {
		t.argCols = append(t.argCols, cols[c])
	}
	switch {
	case t.ordered[i] != nil:
		t.spreadGroups(ids, sel, n)
		all := append(t.seenCols[:0], &t.groupCol)
		all = append(all, t.argCols...)
		for _, c := range t.layout.sorts[i] {
			all = append(all, cols[c])
		}
		t.seenCols = all
		return t.ordered[i].append(all, sel, n)
	case t.distinct[i] != nil:
		t.spreadGroups(ids, sel, n)
		return t.addDistinct(i, t.argCols, sel, n)
	}
	if t.table == nil {
		ids = nil
	}
	if err := t.reserveGrowth(i, ids, t.argCols, sel, n); err != nil {
		return err
	}
	if t.table == nil {
		return t.states[i].AddAll(t.argCols, sel, n)
	}
	return t.states[i].Add(ids, t.argCols, sel, n)
}

// reserveGrowth accounts for the texts that call i's state is about to keep; what
// it really holds is set after the batch.
func (t *aggTable) reserveGrowth(i int, groups []uint32, args []*vector.Vector, sel []int32, n int) error {
	if s, ok := t.states[i].(fn.TextKeeper); ok {
		return t.mem.add(s.Growth(groups, args, sel, n))
	}
	return nil
}

// spreadGroups makes groupCol a column that holds each alive row's group at the
// row's own index.
func (t *aggTable) spreadGroups(ids []uint32, sel []int32, n int) {
	t.groupCol.Type = types.TInt4
	t.groupCol.Resize(n)
	if t.table == nil {
		clear(t.groupCol.I32)
		return
	}
	if sel == nil {
		for k, g := range ids[:n] {
			t.groupCol.I32[k] = int32(g)
		}
		return
	}
	for k, r := range sel {
		t.groupCol.I32[r] = int32(ids[k])
	}
}

// addDistinct feeds those rows whose (group, arguments) call i has not seen;
// groupCol holds the groups.
func (t *aggTable) addDistinct(i int, args []*vector.Vector, sel []int32, n int) error {
	set := t.distinct[i]
	cols := append(t.seenCols[:0], &t.groupCol)
	cols = append(cols, args...)
	t.seenCols = cols
	alive := n
	if sel != nil {
		alive = len(sel)
	}
	t.seenHash = hashRows(cols, sel, n, t.seenHash)
	t.seenIDs = growBytes(t.seenIDs, alive)
	if err := set.find(cols, sel, n, t.seenHash, t.seenIDs); err != nil {
		return err
	}
	if t.partial || len(set.newRows) == 0 {
		return nil
	}
	return t.feed(i, args, set.newRows, n)
}

// feed adds rows to call i's state, with the groups in groupCol.
func (t *aggTable) feed(i int, args []*vector.Vector, sel []int32, n int) error {
	if t.table == nil {
		if err := t.reserveGrowth(i, nil, args, sel, n); err != nil {
			return err
		}
		return t.states[i].AddAll(args, sel, n)
	}
	t.subset = growBytes(t.subset, len(sel))
	for k, r := range sel {
		t.subset[k] = uint32(t.groupCol.I32[r])
	}
	if err := t.reserveGrowth(i, t.subset, args, sel, n); err != nil {
		return err
	}
	return t.states[i].Add(t.subset, args, sel, n)
}

// release gives everything back.
func (t *aggTable) release() {
	if t.table != nil {
		t.table.release()
	}
	for i := range t.states {
		if t.distinct[i] != nil {
			t.distinct[i].release()
		}
		if t.ordered[i] != nil {
			t.ordered[i].release()
		}
	}
	t.states = nil
	t.mem.release()
}

// finishOrdered feeds the calls that want their input in order.
func (t *aggTable) finishOrdered() error {
	for i, buf := range t.ordered {
		if buf == nil || buf.rows == 0 {
			continue
		}
		keys := append([]SortKey{{}}, t.layout.orderBy[i]...)
		args := len(t.layout.args[i])
		cols := []int{0}
		for k := range t.layout.orderBy[i] {
			cols = append(cols, 1+args+k)
		}
		order, err := t.r.sortAlone(t.layout.node, buf, cols, keys)
		if err != nil {
			return err
		}
		if err := t.feedOrdered(i, buf, order); err != nil {
			return err
		}
		buf.release()
	}
	return nil
}

// feedOrdered feeds the rows of buf in the given order to call i.
func (t *aggTable) feedOrdered(i int, buf *rowBuffer, order []int32) error {
	n := 1 + len(t.layout.args[i])
	out := emptyBatch(n).Cols
	cols := allColumns(nil, n)
	for len(order) > 0 {
		rows := order[:min(len(order), vector.MaxBatch)]
		order = order[len(rows):]
		buf.gather(out, cols, rows)
		t.groupCol.Type = types.TInt4
		t.groupCol.Resize(len(rows))
		copy(t.groupCol.I32, out[0].I32)
		var err error
		if t.distinct[i] != nil {
			err = t.addDistinct(i, out[1:], nil, len(rows))
		} else {
			err = t.feed(i, out[1:], allRows(nil, len(rows)), len(rows))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
