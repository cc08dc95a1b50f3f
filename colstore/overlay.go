package colstore

import (
	"sort"

	"htapdb/sql/sqlstate"
	"htapdb/vector"
)

// Overlay is what a reader sees differently from the columns: the rows that its
// own transaction, or commits not applied yet, have changed. Scans, counts and
// shortcuts all take it into account.
type Overlay struct {
	// Hidden are rowIDs, ascending, that the reader does not see any more. Those
	// that the columns do not show anyway are ignored.
	Hidden []uint64
	// Rows are additional rows: all columns in the schema's order; may have a
	// selection. nil for none.
	Rows *vector.Batch
	// RowIDs are the rowIDs of all Rows.Len rows, or nil: then they read as NULL.
	RowIDs []uint64
}

// rows returns the number of additional rows.
func (o *Overlay) rows() int {
	if o == nil || o.Rows == nil {
		return 0
	}
	return o.Rows.Rows()
}

// check reports what does not fit the schema.
func (o *Overlay) check(schema *TableSchema) error {
	if o == nil || o.Rows == nil {
		return nil
	}
	if len(o.Rows.Cols) != len(schema.Columns) || o.RowIDs != nil && len(o.RowIDs) != o.Rows.Len {
		return sqlstate.New(sqlstate.InternalError, "overlay of table %q has %d columns and %d rowIDs for %d columns and %d rows",
			schema.Name, len(o.Rows.Cols), len(o.RowIDs), len(schema.Columns), o.Rows.Len)
	}
	return nil
}

// hidden are the physical places of an overlay's hidden rows, ascending.
type hidden struct {
	chunks map[*chunk][]int32
	segs   map[*sealed][]int32
}

// hide finds the rows of o in the snapshot.
func (s *Snapshot) hide(o *Overlay) (hidden, error) {
	var h hidden
	if o == nil || len(o.Hidden) == 0 {
		return h, nil
	}
	h.chunks, h.segs = map[*chunk][]int32{}, map[*sealed][]int32{}
	for _, id := range o.Hidden {
		if c, row := findChunk(s.chunks, id); row >= 0 {
			h.chunks[c] = append(h.chunks[c], int32(row))
			continue
		}
		var failed error
		s.v.candidates(id, func(x *sealed) bool {
			row, ok, err := x.find(id)
			if ok {
				h.segs[x] = append(h.segs[x], int32(row))
			}
			failed = err
			return ok || err != nil
		})
		if failed != nil {
			return h, s.table.corrupt(failed)
		}
	}
	// Rows of a clustered segment do not come in the order of their IDs.
	for _, rows := range h.segs {
		sort.Slice(rows, func(i, j int) bool { return rows[i] < rows[j] })
	}
	return h, nil
}

// between returns the part of rows in [from, to).
func between(rows []int32, from, to int) []int32 {
	if len(rows) == 0 {
		return nil
	}
	i := sort.Search(len(rows), func(i int) bool { return int(rows[i]) >= from })
	j := i + sort.Search(len(rows)-i, func(j int) bool { return int(rows[i+j]) >= to })
	return rows[i:j]
}

// visibility says which rows of a run within one block a snapshot sees.
type visibility struct {
	dead bitmap
	// from is the run's first row in the block, n its length, gone how many of the
	// rows are dead; then dead is valid.
	from, n, gone int
	// settled means that the selection lacks the dead rows already.
	settled bool
}

// look determines the rows in [from, from+n) of a block that have ended at ts or
// are in hidden, whose rows count from the block's beginning plus base.
func (v *visibility) look(d *deletes, ts uint64, hidden []int32, base, from, n int) {
	v.from, v.n, v.gone, v.settled = from, n, 0, true
	hidden = between(hidden, base+from, base+from+n)
	if d.log.Load() == nil && len(hidden) == 0 {
		return
	}
	v.dead = bitmap{}
	if d.mark(&v.dead, ts) == 0 && len(hidden) == 0 {
		return
	}
	for _, r := range hidden {
		v.dead.set(int(r) - base)
	}
	v.gone = v.dead.count(from, from+n)
	v.settled = v.gone == 0
}

// late reports whether dead rows are better dropped after the filters: while
// they are few, filters run faster over all rows than over a selection.
func (v *visibility) late() bool { return v.gone*8 < v.n }

// settle returns sel (nil: all) without the dead rows, in sel's or out's memory.
func (v *visibility) settle(sel, out []int32) []int32 {
	if v.settled {
		return sel
	}
	v.settled = true
	if sel == nil {
		return v.dead.appendClear(out[:0], v.from, v.from+v.n)
	}
	return v.dead.drop(sel, v.from)
}

// Count returns the number of rows that the snapshot with the overlay shows. It
// reads no columns.
func (s *Snapshot) Count(o *Overlay) (int64, error) {
	if err := o.check(s.v.schema); err != nil {
		return 0, err
	}
	h, err := s.hide(o)
	if err != nil {
		return 0, err
	}
	total := int64(o.rows())
	for _, c := range s.chunks {
		n := c.begun(s.ts)
		total += int64(n - c.dels.count(s.ts))
		total -= int64(countVisible(&c.dels, s.ts, h.chunks[c], 0, n))
	}
	for _, x := range s.v.segs {
		n, err := x.begun(s.ts)
		if err != nil {
			return 0, s.table.corrupt(err)
		}
		total += int64(n)
		rows := h.segs[x]
		for b := range x.dels {
			total -= int64(x.dels[b].count(s.ts))
			if len(rows) > 0 {
				in := between(rows, b*blockRows, (b+1)*blockRows)
				total -= int64(countVisible(&x.dels[b], s.ts, in, b*blockRows, n))
			}
		}
	}
	return total, nil
}

// countVisible returns how many of rows, which lie in the block that begins at
// base, are below limit and have not ended at ts.
func countVisible(d *deletes, ts uint64, rows []int32, base, limit int) int {
	if len(rows) == 0 {
		return 0
	}
	var dead bitmap
	d.mark(&dead, ts)
	n := 0
	for _, r := range rows {
		if int(r) < limit && !dead.has(int(r)-base) {
			n++
		}
	}
	return n
}
