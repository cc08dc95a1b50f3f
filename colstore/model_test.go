package colstore

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/predicate"
)

// modelSchema has a column of most representations.
func modelSchema() TableSchema {
	return TableSchema{ID: 7, Name: "model", Columns: []Column{
		{ID: 1, Name: "i4", Type: types.TInt4},
		{ID: 2, Name: "i8", Type: types.TInt8},
		{ID: 3, Name: "few", Type: types.TText},
		{ID: 4, Name: "many", Type: types.TText},
		{ID: 5, Name: "f8", Type: types.TFloat8},
		{ID: 6, Name: "b", Type: types.TBool},
		{ID: 7, Name: "n", Type: types.TNumeric(30, 2)},
		{ID: 8, Name: "i2", Type: types.TInt2},
		{ID: 9, Name: "iv", Type: types.TInterval},
	}}
}

// modelRow is one version of a row.
type modelRow struct {
	id, begin, end uint64 // end is MaxUint64 while alive
	vals           []types.Datum
}

// event is what the feed would deliver: a transaction, or a load.
type event struct {
	ts    uint64
	rows  []*modelRow
	prev  []uint64
	ended []uint64
	load  bool
}

// model is the specification: every version there ever was, in a list.
type model struct {
	rng    *rand.Rand
	schema TableSchema
	rows   []*modelRow
	byID   map[uint64]*modelRow
	alive  []uint64
	ts, id uint64
	events []event
}

func newModel(seed uint64) *model {
	return &model{rng: rand.New(rand.NewPCG(seed, 1)), schema: modelSchema(), byID: map[uint64]*modelRow{}, ts: 100}
}

// value returns a random value for the column.
func (m *model) value(c Column) types.Datum {
	r := m.rng
	if c.ID != 1 && r.IntN(10) == 0 {
		return types.NullDatum
	}
	switch c.Type.Physical() {
	case types.PhysBool:
		return types.NewBool(r.IntN(3) == 0)
	case types.PhysInt16:
		return types.NewInt16(int16(r.IntN(100) - 50))
	case types.PhysInt32:
		return types.NewInt32(int32(r.IntN(1000)))
	case types.PhysInt64:
		return types.NewInt64(int64(m.id)*10 + int64(r.IntN(10)))
	case types.PhysInt128:
		return types.NewInt128(types.Int128{Hi: int64(r.IntN(3) - 1), Lo: uint64(r.IntN(100))})
	case types.PhysFloat64:
		switch r.IntN(20) {
		case 0:
			return types.NewFloat64(math.NaN())
		case 1:
			return types.NewFloat64(math.Copysign(0, -1))
		}
		return types.NewFloat64(float64(r.IntN(1000)) / 8)
	case types.PhysInterval:
		return types.NewInterval(types.IntervalValue{Months: int32(r.IntN(3)), Days: int32(r.IntN(40)), Micros: int64(r.IntN(5))})
	}
	if c.Name == "few" {
		return types.NewString([]string{"AA", "DL", "UA", "", "a rather long value that is repeated all over"}[r.IntN(5)])
	}
	return types.NewString(fmt.Sprintf("%d-%s", r.IntN(1<<30), strings.Repeat("x", r.IntN(20))))
}

func (m *model) newRow(ts uint64) *modelRow {
	m.id += 1 + uint64(m.rng.IntN(3)/2)
	row := &modelRow{id: m.id, begin: ts, end: math.MaxUint64}
	for _, c := range m.schema.Columns {
		row.vals = append(row.vals, m.value(c))
	}
	return row
}

// take ends a random alive row at ts and returns its ID, 0 if there is none.
func (m *model) take(ts uint64) uint64 {
	if len(m.alive) == 0 {
		return 0
	}
	i := m.rng.IntN(len(m.alive))
	if m.rng.IntN(3) == 0 {
		i = len(m.alive) - 1 - m.rng.IntN(min(8, len(m.alive)))
	}
	id := m.alive[i]
	m.alive[i] = m.alive[len(m.alive)-1]
	m.alive = m.alive[:len(m.alive)-1]
	m.byID[id].end = ts
	return id
}

// tx makes a random transaction.
func (m *model) tx(maxRows int) event {
	m.ts += 1 + uint64(m.rng.IntN(3))
	e := event{ts: m.ts}
	inserts, updates, deletes := m.rng.IntN(maxRows+1), m.rng.IntN(maxRows/2+1), m.rng.IntN(maxRows/4+1)
	for range deletes {
		if id := m.take(m.ts); id != 0 {
			e.ended = append(e.ended, id)
		}
	}
	var replaced []uint64
	for range updates {
		if id := m.take(m.ts); id != 0 {
			replaced = append(replaced, id)
		}
	}
	e.ended = append(e.ended, replaced...)
	for i := range len(replaced) + inserts {
		row := m.newRow(m.ts)
		e.rows = append(e.rows, row)
		prev := uint64(0)
		if i < len(replaced) {
			prev = replaced[i]
		}
		e.prev = append(e.prev, prev)
	}
	m.commit(e)
	return e
}

// update makes a transaction that replaces n rows, mostly the same ones.
func (m *model) update(n int) {
	m.ts++
	e := event{ts: m.ts}
	for range min(n, len(m.alive)) {
		i := len(m.alive) - 1 - m.rng.IntN(min(20, len(m.alive)))
		old := m.byID[m.alive[i]]
		old.end = m.ts
		row := m.newRow(m.ts)
		m.alive[i] = row.id
		m.byID[row.id] = row
		m.rows = append(m.rows, row)
		e.rows, e.prev, e.ended = append(e.rows, row), append(e.prev, old.id), append(e.ended, old.id)
	}
	m.events = append(m.events, e)
}

// load makes a load of n rows. Its rowIDs are reserved when it begins; others
// commit before it does.
func (m *model) load(n int) event {
	e := event{load: true}
	for range n {
		e.rows = append(e.rows, m.newRow(0))
	}
	for range m.rng.IntN(6) {
		m.tx(600)
	}
	m.ts++
	e.ts = m.ts
	for _, r := range e.rows {
		r.begin = m.ts
	}
	m.commit(e)
	return e
}

func (m *model) commit(e event) {
	for _, r := range e.rows {
		m.rows = append(m.rows, r)
		m.byID[r.id] = r
		m.alive = append(m.alive, r.id)
	}
	m.events = append(m.events, e)
}

// forget takes everything after ts out of the model, as a power loss does.
func (m *model) forget(ts uint64) {
	m.rows = slices.DeleteFunc(m.rows, func(r *modelRow) bool {
		if r.begin > ts {
			delete(m.byID, r.id)
		}
		return r.begin > ts
	})
	m.alive = m.alive[:0]
	for _, r := range m.rows {
		if r.end > ts {
			r.end = math.MaxUint64
			m.alive = append(m.alive, r.id)
		}
	}
	m.events = slices.DeleteFunc(m.events, func(e event) bool { return e.ts > ts })
	if m.rng.IntN(2) == 0 {
		// The row store may hand out the lost rowIDs again.
		m.id = 0
		for _, r := range m.rows {
			m.id = max(m.id, r.id)
		}
	}
}

// visible returns the rows at ts that pass the filters.
func (m *model) visible(ts uint64, filters []Filter, o *Overlay) map[uint64]*modelRow {
	out := map[uint64]*modelRow{}
	for _, r := range m.rows {
		if r.begin <= ts && ts < r.end && passAll(filters, r.vals) && !hides(o, r.id) {
			out[r.id] = r
		}
	}
	if o != nil && o.Rows != nil {
		for i := range o.Rows.Rows() {
			row := o.Rows.Row(i)
			vals := make([]types.Datum, len(o.Rows.Cols))
			for c, col := range o.Rows.Cols {
				vals[c] = col.Datum(row)
			}
			if passAll(filters, vals) {
				out[o.RowIDs[row]] = &modelRow{id: o.RowIDs[row], vals: vals}
			}
		}
	}
	return out
}

func hides(o *Overlay, id uint64) bool {
	if o == nil {
		return false
	}
	_, ok := slices.BinarySearch(o.Hidden, id)
	return ok
}

func passAll(filters []Filter, vals []types.Datum) bool {
	for _, f := range filters {
		if !passes(&f.Predicate, vals[f.Column]) {
			return false
		}
	}
	return true
}

// passes is the specification of a predicate.
func passes(p *predicate.Predicate, d types.Datum) bool {
	switch p.Kind {
	case predicate.IsNull:
		return d.IsNull()
	case predicate.IsNotNull:
		return !d.IsNull()
	case predicate.Generic:
		return genericPass(d)
	}
	if d.IsNull() {
		return false
	}
	switch p.Kind {
	case predicate.Compare:
		return p.Op.Holds(vector.CompareDatum(d, p.Value))
	case predicate.In:
		for _, x := range p.List {
			if !x.IsNull() && vector.CompareDatum(d, x) == 0 {
				return true
			}
		}
		return false
	}
	if !p.Lo.IsNull() {
		if c := vector.CompareDatum(d, p.Lo); c < 0 || c == 0 && p.LoOpen {
			return false
		}
	}
	if !p.Hi.IsNull() {
		if c := vector.CompareDatum(d, p.Hi); c > 0 || c == 0 && p.HiOpen {
			return false
		}
	}
	return true
}

// genericPass passes nulls and every value with an even hash.
func genericPass(d types.Datum) bool { return d.IsNull() || vector.HashDatum(d)%2 == 0 }

func genericSelect(v *vector.Vector, sel []int32, n int, out []int32) ([]int32, error) {
	return pick(n, sel, out, func(i int) bool { return genericPass(v.Datum(i)) }), nil
}

// filter returns a random filter.
func (m *model) filter() Filter {
	i := m.rng.IntN(len(m.schema.Columns))
	c := m.schema.Columns[i]
	sample := func() types.Datum {
		if len(m.rows) > 0 && m.rng.IntN(4) > 0 {
			if d := m.rows[m.rng.IntN(len(m.rows))].vals[i]; !d.IsNull() {
				return d
			}
		}
		for {
			if d := m.value(c); !d.IsNull() {
				return d
			}
		}
	}
	p := predicate.Predicate{Kind: predicate.Kind(m.rng.IntN(6))}
	switch p.Kind {
	case predicate.Compare:
		p.Op, p.Value = vector.CmpOp(m.rng.IntN(6)), sample()
	case predicate.Range:
		p.Lo, p.Hi = sample(), sample()
		if vector.CompareDatum(p.Lo, p.Hi) > 0 && m.rng.IntN(4) > 0 {
			p.Lo, p.Hi = p.Hi, p.Lo
		}
		p.LoOpen, p.HiOpen = m.rng.IntN(2) == 0, m.rng.IntN(2) == 0
		if m.rng.IntN(4) == 0 {
			p.Lo = types.NullDatum
		}
	case predicate.In:
		for range 1 + m.rng.IntN(20) {
			p.List = append(p.List, sample())
		}
		p.List = append(p.List, types.NullDatum)
	case predicate.Generic:
		p.Select = genericSelect
	}
	return Filter{Column: i, Predicate: p}
}

// batchOf makes a batch of rows.
func batchOf(schema *TableSchema, rows []*modelRow) *vector.Batch {
	b := vector.NewBatch(schema.Types(), len(rows))
	for r, row := range rows {
		for c := range b.Cols {
			b.Cols[c].Set(r, row.vals[c])
		}
	}
	return b
}

// applyEvents delivers events, several transactions in a group.
func applyEvents(t testing.TB, s *Store, tab *Table, m *model, events []event) {
	t.Helper()
	for len(events) > 0 {
		if events[0].load {
			attach(t, s, tab, m, events[0])
			events = events[1:]
			continue
		}
		g := &Group{}
		var rows []*modelRow
		n := 0
		for _, e := range events[:min(len(events), 1+m.rng.IntN(5))] {
			if e.load {
				break
			}
			n++
			rows = append(rows, e.rows...)
			for i, r := range e.rows {
				g.RowIDs, g.Begin, g.Prev = append(g.RowIDs, r.id), append(g.Begin, e.ts), append(g.Prev, e.prev[i])
			}
			for _, id := range e.ended {
				g.Ended, g.EndTS = append(g.Ended, id), append(g.EndTS, e.ts)
			}
		}
		if len(rows) > 0 {
			g.Rows = batchOf(&m.schema, rows)
		}
		if err := tab.ApplyGroup(g); err != nil {
			t.Fatalf("apply: %v", err)
		}
		events = events[n:]
	}
}

// attach delivers a load.
func attach(t testing.TB, s *Store, tab *Table, m *model, e event) {
	t.Helper()
	l, err := s.NewLoad(tab.ID())
	if err != nil {
		t.Fatal(err)
	}
	rows := e.rows
	if m.rng.IntN(2) == 0 {
		// Key order is not the order of rowIDs.
		rows = slices.Clone(rows)
		m.rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	}
	for len(rows) > 0 {
		n := min(len(rows), 1+m.rng.IntN(3000))
		ids := make([]uint64, n)
		for i, r := range rows[:n] {
			ids[i] = r.id
		}
		if err := l.AppendRows(batchOf(&m.schema, rows[:n]), ids); err != nil {
			t.Fatal(err)
		}
		rows = rows[n:]
	}
	names, err := l.Finish()
	if err != nil {
		t.Fatal(err)
	}
	if err := tab.AttachLoad(e.ts, names); err != nil {
		t.Fatal(err)
	}
}

// verify compares a scan of the snapshot with the model.
func verify(t testing.TB, m *model, snap *Snapshot, filters []Filter, o *Overlay, batchSize int, what string) {
	t.Helper()
	want := m.visible(snap.TS(), filters, o)
	spec := ScanSpec{Columns: []int{RowIDColumn}, Filters: filters, Overlay: o, BatchSize: batchSize}
	for c := range m.schema.Columns {
		spec.Columns = append(spec.Columns, c)
	}
	sc, err := snap.NewScan(spec)
	if err != nil {
		t.Fatal(err)
	}
	readers := []*Reader{sc.NewReader(), sc.NewReader()}
	got, turn := 0, 0
	for len(readers) > 0 {
		turn++
		i := turn % len(readers)
		b, err := readers[i].Next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			readers[i].Close()
			readers = append(readers[:i], readers[i+1:]...)
			continue
		}
		if b.Len > vector.MaxBatch || batchSize > 0 && b.Len > batchSize {
			t.Fatalf("%s: a batch of %d rows, %d physical", what, b.Rows(), b.Len)
		}
		for k := range b.Rows() {
			r := b.Row(k)
			id := uint64(b.Cols[0].Datum(r).Int())
			row := want[id]
			if row == nil {
				t.Fatalf("%s at %d: row %d should not be there (filters %v); model %+v", what, snap.TS(), id, filters, m.byID[id])
			}
			for c := range row.vals {
				if d := b.Cols[c+1].Datum(r); !same(d, row.vals[c]) {
					t.Fatalf("%s at %d: row %d column %d is %v, want %v", what, snap.TS(), id, c, d, row.vals[c])
				}
			}
			delete(want, id)
			got++
		}
	}
	for id, r := range want {
		t.Fatalf("%s at %d: %d rows are missing, such as %d (begin %d, end %d); filters %v", what, snap.TS(), len(want), id, r.begin, r.end, filters)
	}
	if st := sc.Stats(); st.RowsOut != int64(got) || st.RowsScanned < st.RowsOut || st.SegmentsPruned > st.SegmentsTotal {
		t.Fatalf("%s: statistics %+v for %d rows", what, st, got)
	}
	verifyMinMax(t, m, snap, o, what)
	verifyMoving(t, m, snap, o, batchSize, what)
	if n, err := snap.Count(o); err != nil || int(n) != len(m.visible(snap.TS(), nil, o)) {
		t.Fatalf("%s at %d: count %d, %v; want %d", what, snap.TS(), n, err, len(m.visible(snap.TS(), nil, o)))
	}
}

// verifyMinMax compares the shortcut on a random column with the model.
func verifyMinMax(t testing.TB, m *model, snap *Snapshot, o *Overlay, what string) {
	t.Helper()
	c := m.rng.IntN(len(m.schema.Columns))
	var least, most types.Datum
	for _, r := range m.visible(snap.TS(), nil, o) {
		d := r.vals[c]
		if d.IsNull() {
			continue
		}
		if least.IsNull() || vector.CompareDatum(d, least) < 0 {
			least = d
		}
		if most.IsNull() || vector.CompareDatum(d, most) > 0 {
			most = d
		}
	}
	bounds, err := snap.MinMax(context.Background(), c, o)
	lo, hi := bounds.Least, bounds.Most
	if err != nil {
		t.Fatal(err)
	}
	if lo.IsNull() != least.IsNull() || !lo.IsNull() && (vector.CompareDatum(lo, least) != 0 || vector.CompareDatum(hi, most) != 0) {
		t.Fatalf("%s at %d: column %d lies between %v and %v, not %v and %v", what, snap.TS(), c, least, most, lo, hi)
	}
}

// same compares values bit by bit, but any NaN with any other.
func same(a, b types.Datum) bool {
	if a.Physical() == types.PhysFloat64 && b.Physical() == types.PhysFloat64 && math.IsNaN(a.Float()) {
		return math.IsNaN(b.Float())
	}
	return a == b
}

// overlay returns a random overlay over the snapshot's timestamp.
func (m *model) overlay(ts uint64) *Overlay {
	if m.rng.IntN(3) > 0 {
		return nil
	}
	o := &Overlay{}
	for range m.rng.IntN(200) {
		if len(m.rows) > 0 {
			o.Hidden = append(o.Hidden, m.rows[m.rng.IntN(len(m.rows))].id)
		}
	}
	slices.Sort(o.Hidden)
	o.Hidden = slices.Compact(o.Hidden)
	var rows []*modelRow
	for i := range m.rng.IntN(300) {
		vals := make([]types.Datum, 0, len(m.schema.Columns))
		for _, c := range m.schema.Columns {
			vals = append(vals, m.value(c))
		}
		rows = append(rows, &modelRow{id: 1<<40 + uint64(i), vals: vals})
		o.RowIDs = append(o.RowIDs, 1<<40+uint64(i))
	}
	if len(rows) > 0 {
		o.Rows = batchOf(&m.schema, rows)
		if m.rng.IntN(2) == 0 {
			o.Rows.Sel = []int32{}
			for i := range rows {
				if m.rng.IntN(2) == 0 {
					o.Rows.Sel = append(o.Rows.Sel, int32(i))
				}
			}
		}
	}
	return o
}
