package olap

import "htapdb/vector"

// mergeSet makes one or aggPartitions tables of the workers' groups of set i
// and appends them to a.tables.
func (a *aggSource) mergeSet(workers []*aggWorker, i int) error {
	sets := make([]*workerSet, len(workers))
	partitioned := false
	for w := range workers {
		sets[w] = workers[w].sets[i]
		partitioned = partitioned || sets[w].parts != nil
	}
	if len(sets) == 1 && !sets[0].whole.partial {
		a.addTable(sets[0].whole, i)
		return nil
	}
	if !partitioned {
		wholes := make([]*aggTable, len(sets))
		for w, s := range sets {
			wholes[w] = s.whole
		}
		t, err := a.mergeTables(wholes)
		if err != nil {
			return err
		}
		a.addTable(t, i)
		return nil
	}
	tables := make([]*aggTable, aggPartitions)
	err := a.r.parallel(aggPartitions, func(p int) (err error) {
		tables[p], err = a.mergePartition(sets, p)
		return err
	})
	for _, s := range sets {
		s.whole.release()
	}
	for _, t := range tables {
		a.addTable(t, i)
	}
	return err
}

// mergeTables merges tables into one and releases those that it is not made of.
func (a *aggSource) mergeTables(tables []*aggTable) (*aggTable, error) {
	t, err := a.mergeTarget(tables)
	if err != nil {
		return nil, err
	}
	for _, o := range tables {
		if o == t {
			continue
		}
		if err := t.merge(o, nil); err != nil {
			return nil, err
		}
		o.release()
	}
	return t, nil
}

// mergeTarget returns the table that the others are merged into: the largest,
// whose groups then need not be looked up again; an empty one if there is a
// DISTINCT call, for which partial tables have only collected values.
func (a *aggSource) mergeTarget(tables []*aggTable) (*aggTable, error) {
	largest := tables[0]
	for _, t := range tables[1:] {
		if t.groups > largest.groups {
			largest = t
		}
	}
	for _, d := range largest.distinct {
		if d != nil {
			return newAggTable(a.r, a.layout, largest.keys, false)
		}
	}
	largest.partial = false
	return largest, nil
}

func (a *aggSource) addTable(t *aggTable, set int) {
	a.tables, a.setOf = append(a.tables, t), append(a.setOf, set)
}

// mergePartition makes the table of partition p: of the workers' tables of it,
// and of those groups in their first tables, which are of all partitions, that
// belong to it. No group belongs to two, so that the first tables can be read
// for all partitions at the same time.
func (a *aggSource) mergePartition(sets []*workerSet, p int) (*aggTable, error) {
	var parts []*aggTable
	for _, s := range sets {
		if s.parts != nil {
			parts = append(parts, s.parts[p])
		}
	}
	t, err := a.mergeTables(parts)
	if err != nil {
		return nil, err
	}
	for _, s := range sets {
		if mine := s.whole.inPartition(p); len(mine) > 0 {
			if err := t.merge(s.whole, mine); err != nil {
				return nil, err
			}
		}
	}
	return t, nil
}

// inPartition returns the groups that belong to partition p.
func (t *aggTable) inPartition(p int) (groups []int32) {
	for g, h := range t.table.hashes {
		if h>>partitionShift == uint64(p) {
			groups = append(groups, int32(g))
		}
	}
	return groups
}

// merge adds the groups only of o, all if that is nil.
func (t *aggTable) merge(o *aggTable, only []int32) error {
	n := o.groups
	if only != nil {
		n = len(only)
	}
	to := make([]uint32, n)
	if t.table != nil {
		if err := t.mapGroups(o, only, to); err != nil {
			return err
		}
		if err := t.growTo(t.table.groups); err != nil {
			return err
		}
	}
	for i := range t.states {
		var err error
		if t.distinct[i] != nil {
			err = t.mergeDistinct(i, o.distinct[i], targets(o.groups, only, to))
		} else {
			err = t.states[i].Merge(o.states[i], only, to)
		}
		if err != nil {
			return err
		}
	}
	return t.mem.set(t.stateBytes())
}

// foreignGroup marks groups that are not merged.
const foreignGroup = ^uint32(0)

// targets is where each of n groups goes, of which only those in only do.
func targets(n int, only []int32, to []uint32) []uint32 {
	if only == nil {
		return to
	}
	all := make([]uint32, n)
	for g := range all {
		all[g] = foreignGroup
	}
	for k, g := range only {
		all[g] = to[k]
	}
	return all
}

// mapGroups finds or makes the groups of o's keys, of those in only unless it is
// nil, and stores them in to, in that order.
func (t *aggTable) mapGroups(o *aggTable, only []int32, to []uint32) error {
	keys := o.table.keys
	cols := emptyBatch(len(keys.cols)).Cols
	total := o.groups
	if only != nil {
		total = len(only)
	}
	var hashes []uint64
	for from := 0; from < total; from += vector.MaxBatch {
		end := min(from+vector.MaxBatch, total)
		if only == nil {
			keys.slice(cols, from, end)
			if err := t.table.find(cols, nil, end-from, o.table.hashes[from:end], to[from:end]); err != nil {
				return err
			}
			continue
		}
		rows := only[from:end]
		keys.gather(cols, allColumns(nil, len(cols)), rows)
		hashes = growBytes(hashes, len(rows))
		for k, g := range rows {
			hashes[k] = o.table.hashes[g]
		}
		if err := t.table.find(cols, nil, len(rows), hashes, to[from:end]); err != nil {
			return err
		}
	}
	return nil
}

// mergeDistinct feeds the values that a partial table has collected for call i
// and t has not seen; those of foreign groups are skipped.
func (t *aggTable) mergeDistinct(i int, o *groupTable, to []uint32) error {
	cols := emptyBatch(len(o.keys.cols)).Cols
	var sel []int32
	for from := 0; from < o.groups; from += vector.MaxBatch {
		end := min(from+vector.MaxBatch, o.groups)
		o.keys.slice(cols, from, end)
		n := end - from
		ids := cols[0].I32
		t.groupCol.Type = cols[0].Type
		t.groupCol.Resize(n)
		sel = sel[:0]
		for k, g := range ids {
			if t.table == nil {
				g = 0
			}
			id := to[g]
			if id != foreignGroup {
				sel = append(sel, int32(k))
			}
			t.groupCol.I32[k] = int32(id)
		}
		if len(sel) == 0 {
			continue
		}
		if err := t.addDistinct(i, cols[1:], sel, n); err != nil {
			return err
		}
	}
	return nil
}
