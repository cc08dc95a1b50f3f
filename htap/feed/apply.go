package feed

import (
	"encoding/json"
	"sort"
	"time"

	"htapdb/colstore"
	"htapdb/htap/catalog"
	"htapdb/htap/transpose"
	"htapdb/rowstore"
	"htapdb/vector"
)

// maxGroupRows bounds how many rows are transposed at once.
const maxGroupRows = 8192

// applyAll applies events in order. Runs of plain row changes are collected per
// table, so that many small transactions cost one call.
func (f *Feed) applyAll(events []*rowstore.Event) { f.applyFor(0, events) }

// applyFor is applyAll for one table only, unless only is 0.
func (f *Feed) applyFor(only uint32, events []*rowstore.Event) {
	groups := map[uint32]*group{}
	left := 0 // changes still to come, at most
	for _, ev := range events {
		left += len(ev.Changes)
	}
	flush := func() {
		for id, g := range groups {
			g.apply(f)
			delete(groups, id)
		}
	}
	for _, ev := range events {
		f.shedTable(groups)
		if catalog.Touches(ev) || len(ev.Loads) > 0 {
			flush()
			f.applyCatalog(only, ev)
		}
		// A load comes before the other changes that its transaction made to the
		// table: they may be of its rows.
		f.applyLoads(only, ev)
		for i := range ev.Changes {
			left--
			c := &ev.Changes[i]
			if catalog.IsSystem(c.TableID) || only != 0 && c.TableID != only {
				continue
			}
			g := groups[c.TableID]
			if g == nil {
				if g = f.newGroup(c.TableID, left+1); g == nil {
					continue
				}
				groups[c.TableID] = g
			}
			g.add(uint64(ev.TS), c)
			if g.rows >= maxGroupRows {
				g.apply(f)
				delete(groups, c.TableID)
			}
		}
	}
	flush()
}

// group collects the changes of one table.
type group struct {
	table  *colstore.Table
	schema *colstore.TableSchema
	cols   *vector.Batch
	rows   int
	// mapping is that of the newest row.
	mapping *transpose.Mapping
	colstore.Group
	err error
}

// firstGroupRows bounds the room that a group begins with.
const firstGroupRows = 256

// newGroup starts a group of so many rows, at most; nil if the table has no
// columns to keep up.
func (f *Feed) newGroup(id uint32, most int) *group {
	t, ok := f.columns.Table(id)
	// A table that is being rebuilt gets its changes when it has been filled.
	if state := stateOf(t, ok); state != colstore.Live && state != colstore.Rebuilding || state == colstore.Rebuilding && !f.finishing {
		return nil
	}
	schema := t.Schema()
	return &group{table: t, schema: schema, cols: vector.NewBatch(schema.Types(), min(most, firstGroupRows))}
}

// stateOf is the table's state, Detached for none.
func stateOf(t *colstore.Table, ok bool) colstore.State {
	if !ok {
		return colstore.Detached
	}
	state, _ := t.State()
	return state
}

// add transposes one change.
func (g *group) add(ts uint64, c *rowstore.Change) {
	if g.err != nil {
		return
	}
	if c.PrevRowID != 0 && c.Old.Valid() {
		g.Ended = append(g.Ended, c.PrevRowID)
		g.EndTS = append(g.EndTS, ts)
	}
	if !c.New.Valid() {
		return
	}
	if g.rows == g.cols.Len {
		g.grow()
	}
	if schema := c.New.Schema(); g.mapping == nil || g.mapping.Schema() != schema {
		if g.mapping, g.err = transpose.NewMapping(schema, g.schema); g.err != nil {
			return
		}
	}
	if g.err = g.mapping.Row(g.cols, g.rows, c.Key, c.New); g.err != nil {
		return
	}
	g.RowIDs = append(g.RowIDs, c.RowID)
	g.Begin = append(g.Begin, ts)
	prev := uint64(0)
	if c.Old.Valid() {
		prev = c.PrevRowID
	}
	g.Prev = append(g.Prev, prev)
	g.rows++
}

// grow doubles the batch.
func (g *group) grow() {
	n := 2 * g.cols.Len
	for _, v := range g.cols.Cols {
		valid := v.Valid
		v.Resize(n)
		if valid == nil {
			continue
		}
		fresh := make([]uint8, n)
		for i := copy(fresh, valid); i < n; i++ {
			fresh[i] = 1
		}
		v.Valid = fresh
	}
	g.cols.Len = n
}

// apply hands the group to the column store; a table that refuses it is detached.
func (g *group) apply(f *Feed) {
	if g.err == nil {
		transpose.Truncate(g.cols, g.rows)
		if g.rows > 0 {
			g.Rows = g.cols
		}
		g.err = g.table.ApplyGroup(&g.Group)
	}
	if g.err != nil {
		f.detach(g.table, g.err)
	}
}

// applyCatalog creates, alters and drops the columns of tables whose
// descriptors the event changes.
func (f *Feed) applyCatalog(only uint32, ev *rowstore.Event) {
	before, after, err := catalog.TableChanges(ev)
	if err != nil {
		f.report(err)
		return
	}
	for id, t := range after {
		if only != 0 && id != only {
			continue
		}
		schema, err := transpose.ColumnSchema(t)
		if err != nil {
			f.report(err)
			continue
		}
		if existing, ok := f.columns.Table(id); ok {
			if state, _ := existing.State(); state == colstore.Building {
				// Its transaction made it early, to load into it.
				existing.SetFloor(uint64(ev.TS))
				existing.SetState(colstore.Live, "")
				continue
			}
			if before[id] != nil && before[id].Version != t.Version {
				if err := existing.Alter(schema); err != nil {
					f.detach(existing, err)
				}
			}
			continue
		}
		created, err := f.columns.CreateTable(schema)
		if err != nil {
			f.report(err)
			continue
		}
		created.SetFloor(uint64(ev.TS))
		created.SetState(colstore.Live, "")
	}
	for id := range before {
		if after[id] == nil && (only == 0 || only == id) {
			f.columns.DropTable(id, uint64(ev.TS))
			f.dropped(id, ev.TS)
		}
	}
}

// LoadSegments is what a load's event carries for the columns.
type LoadSegments struct{ Segments []string }

// applyLoads attaches the segments that loads have written, or reads a load's
// rows back from the row store if they are gone.
func (f *Feed) applyLoads(only uint32, ev *rowstore.Event) {
	loads := append([]rowstore.LoadEvent(nil), ev.Loads...)
	sort.Slice(loads, func(i, j int) bool { return loads[i].FirstRowID < loads[j].FirstRowID })
	for i := range loads {
		if only != 0 && loads[i].TableID != only {
			continue
		}
		var s LoadSegments
		err := json.Unmarshal(loads[i].Opaque, &s)
		t, ok := f.columns.Table(loads[i].TableID)
		if state := stateOf(t, ok); state != colstore.Live && only == 0 {
			// A table that is being rebuilt gets its loads when it has been filled.
			if f.rebuilds[loads[i].TableID] == nil {
				f.columns.DiscardLoad(s.Segments)
			}
			continue
		}
		if err == nil && f.reload != nil {
			s.Segments, err = f.reload(t, ev, loads[i])
		}
		if err == nil {
			err = t.AttachLoad(uint64(ev.TS), s.Segments)
		}
		if err != nil {
			f.columns.DiscardLoad(s.Segments)
			f.detach(t, err)
		}
	}
}

// discardLoads gives up the segments of loads into a table that are among
// events which it will not get.
func (f *Feed) discardLoads(id uint32, events []*rowstore.Event) {
	for _, ev := range events {
		for i := range ev.Loads {
			var s LoadSegments
			if ev.Loads[i].TableID == id && json.Unmarshal(ev.Loads[i].Opaque, &s) == nil {
				f.columns.DiscardLoad(s.Segments)
			}
		}
	}
}

// lag notes how long events waited between commit and application.
func (f *Feed) lag(events []queued) {
	now := time.Now()
	for _, e := range events {
		f.stats.observe(now.Sub(e.at))
	}
}
