package colstore

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"htapdb/colstore/segment"
	"htapdb/internal/memory"
	"htapdb/internal/vfs"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// readAll returns the output columns of a scan as text, a line for each row.
func readAll(t *testing.T, snap *Snapshot, spec ScanSpec) ([]string, ScanStats) {
	t.Helper()
	sc, err := snap.NewScan(spec)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	r := sc.NewReader()
	for {
		b, err := r.Next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			break
		}
		for i := range b.Rows() {
			var parts []string
			for _, c := range b.Cols {
				parts = append(parts, text(c.Datum(b.Row(i))))
			}
			lines = append(lines, strings.Join(parts, " "))
		}
	}
	slices.Sort(lines)
	return lines, sc.Stats()
}

func text(d types.Datum) string {
	switch d.Physical() {
	case types.PhysNone:
		return "NULL"
	case types.PhysString:
		return d.Str()
	}
	return fmt.Sprint(d.Int())
}

// pairs makes a batch of (int, text) rows.
func pairs(from, n int) *vector.Batch {
	b := vector.NewBatch([]types.Type{types.TInt4, types.TText}, n)
	for i := range n {
		b.Cols[0].I32[i], b.Cols[1].Str[i] = int32(from+i), fmt.Sprintf("s%d", (from+i)%3)
	}
	return b
}

func pairSchema() TableSchema {
	return TableSchema{ID: 3, Name: "pairs", Columns: []Column{{ID: 1, Name: "a", Type: types.TInt4}, {ID: 2, Name: "b", Type: types.TText}}}
}

func pairTable(t *testing.T, o Options) (*Store, *Table) {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	tab, err := s.CreateTable(pairSchema())
	if err != nil {
		t.Fatal(err)
	}
	tab.SetState(Live, "")
	return s, tab
}

// loadPairs attaches a load of n pairs at ts.
func loadPairs(t *testing.T, s *Store, tab *Table, ts uint64, from, n int) {
	t.Helper()
	l, err := s.NewLoad(tab.ID())
	if err != nil {
		t.Fatal(err)
	}
	for at := from; at < from+n; at += 1000 {
		k := min(1000, from+n-at)
		if err := l.Append(pairs(at, k), uint64(at)); err != nil {
			t.Fatal(err)
		}
	}
	names, err := l.Finish()
	if err != nil {
		t.Fatal(err)
	}
	if err := tab.AttachLoad(ts, names); err != nil {
		t.Fatal(err)
	}
	tab.Advance(ts)
}

func snapshot(t *testing.T, tab *Table, ts uint64) *Snapshot {
	t.Helper()
	snap, err := tab.Snapshot(ts)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

func ids(from, n int) []uint64 {
	x := make([]uint64, n)
	for i := range x {
		x[i] = uint64(from + i)
	}
	return x
}

// Zone maps skip segments, runtime filters too; deleted and hidden rows never
// come back through a shortcut.
func TestPruning(t *testing.T) {
	s, tab := pairTable(t, Options{SealRows: blockRows})
	defer s.Close()
	loadPairs(t, s, tab, 10, 1, 10*blockRows)
	snap := snapshot(t, tab, 10)
	defer snap.Close()
	between := func(lo, hi int32) Filter {
		return Filter{Column: 0, Predicate: segment.Predicate{Kind: segment.Range, Lo: types.NewInt32(lo), Hi: types.NewInt32(hi)}}
	}
	for _, c := range []struct {
		filters      []Filter
		rows, pruned int
	}{
		{nil, 10 * blockRows, 0},
		{[]Filter{between(5000, 5009)}, 10, 9},
		{[]Filter{between(-5, 0)}, 0, 10},
		{[]Filter{between(1, 1<<30)}, 10 * blockRows, 0},
		{[]Filter{between(1, 4000), between(2000, 6000)}, 2001, 8},
	} {
		lines, st := readAll(t, snap, ScanSpec{Columns: []int{0}, Filters: c.filters})
		if len(lines) != c.rows || int(st.SegmentsPruned) != c.pruned || st.SegmentsTotal != 10 {
			t.Errorf("%v: %d rows, %+v; want %d rows, %d pruned", c.filters, len(lines), st, c.rows, c.pruned)
		}
	}
	sc, err := snap.NewScan(ScanSpec{Columns: []int{0}})
	if err != nil {
		t.Fatal(err)
	}
	if err := sc.AddFilter(between(7, 7)); err != nil {
		t.Fatal(err)
	}
	r := sc.NewReader()
	if b, err := r.Next(context.Background()); err != nil || b.Rows() != 1 || b.Cols[0].Datum(b.Row(0)).Int() != 7 {
		t.Errorf("runtime filter: %v %v", b, err)
	}
	if err := sc.AddFilter(between(8, 8)); err == nil {
		t.Error("a filter was accepted after the scan began")
	}
	r.Close()
	if st := sc.Stats(); st.RowsOut != 1 {
		t.Errorf("statistics after Close: %+v", st)
	}
}

// Loads: aborted ones leave no files, memory or rows; unknown names are refused.
func TestLoad(t *testing.T) {
	fs, mem := vfs.NewMem(), memory.NewRoot(0)
	s, tab := pairTable(t, Options{FS: fs, Dir: "db", SealRows: blockRows, Memory: mem})
	l, err := s.NewLoad(3)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Append(pairs(1, 5000), 1); err != nil {
		t.Fatal(err)
	}
	l.Abort()
	l.Abort()
	if err := l.Append(pairs(1, 1), 1); err == nil {
		t.Error("append after abort")
	}
	l, _ = s.NewLoad(3)
	if err := l.Append(pairs(1, 5000), 1); err != nil {
		t.Fatal(err)
	}
	if names, err := l.Finish(); err != nil || len(names) != 3 {
		t.Fatal(names, err)
	}
	l.Abort()
	if names, _ := fs.List("db"); len(names) != 0 || mem.Used() != 0 {
		t.Errorf("after aborts: files %v, %d bytes", names, mem.Used())
	}
	if err := tab.AttachLoad(10, []string{"00000099.seg"}); !sqlstate.Is(err, sqlstate.UndefinedFile) {
		t.Errorf("unknown segment: %v", err)
	}
	// A selection, a foreign schema, and visibility from the load's timestamp on.
	l, _ = s.NewLoad(3)
	b := pairs(1, 10)
	b.Sel = []int32{1, 3}
	if err := l.Append(b, 70); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(&vector.Batch{Len: 1}, 80); err == nil {
		t.Error("no columns were accepted")
	}
	names, err := l.Finish()
	if err != nil {
		t.Fatal(err)
	}
	if err := tab.AttachLoad(20, names); err != nil {
		t.Fatal(err)
	}
	tab.Advance(25)
	for ts, want := range map[uint64]string{19: "", 20: "70 2 s2,71 4 s1"} {
		snap := snapshot(t, tab, ts)
		lines, _ := readAll(t, snap, ScanSpec{Columns: []int{RowIDColumn, 0, 1}})
		if got := strings.Join(lines, ","); got != want {
			t.Errorf("at %d: %q", ts, got)
		}
		snap.Close()
	}
	if tab.NextRowID() != 72 {
		t.Errorf("next rowID %d", tab.NextRowID())
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if mem.Used() != 0 {
		t.Errorf("%d bytes after Close", mem.Used())
	}
}

// A damaged segment detaches its table, tells the owner, and fails the scan with
// DataCorrupted; the other columns of the store live on.
func TestQuarantine(t *testing.T) {
	fs := vfs.NewMem()
	var told []string
	o := Options{FS: fs, Dir: "db", SealRows: blockRows, DurableTS: 1000, OnCorrupt: func(tab *Table, err error) { told = append(told, err.Error()) }}
	s, tab := pairTable(t, o)
	loadPairs(t, s, tab, 10, 1, 3000)
	if err := s.Checkpoint(context.Background(), 10); err != nil {
		t.Fatal(err)
	}
	s.Close()
	names, _ := fs.List("db")
	slices.Sort(names)
	f, err := fs.OpenReadWrite("db/"+names[0], "test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{0xff, 0xfe, 0xfd}, 130); err != nil {
		t.Fatal(err)
	}
	f.Close()
	s, err = Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	tab, _ = s.Table(3)
	snap := snapshot(t, tab, 10)
	defer snap.Close()
	defer func() {
		if err := tab.Verify(context.Background()); err != nil {
			t.Errorf("verify after the rebuild: %v", err)
		}
	}()
	sc, err := snap.NewScan(ScanSpec{Columns: []int{0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	r := sc.NewReader()
	for err == nil {
		var b *vector.Batch
		if b, err = r.Next(context.Background()); b == nil && err == nil {
			t.Fatal("the damage was not found")
		}
	}
	if !sqlstate.Is(err, sqlstate.DataCorrupted) {
		t.Fatalf("scan: %v", err)
	}
	if state, reason := tab.State(); state != Detached || !strings.Contains(reason, names[0]) || len(told) != 1 {
		t.Errorf("%s %q, told %v", state, reason, told)
	}
	if _, err := tab.Snapshot(10); !sqlstate.Is(err, sqlstate.ObjectNotInState) {
		t.Errorf("snapshot: %v", err)
	}
	// A rebuild makes it live again.
	if err := tab.Reset(); err != nil {
		t.Fatal(err)
	}
	loadPairs(t, s, tab, 50, 1, 3000)
	tab.SetFloor(50)
	tab.SetState(Live, "")
	again := snapshot(t, tab, 50)
	defer again.Close()
	if n, err := again.Count(nil); n != 3000 || err != nil {
		t.Errorf("after the rebuild: %d rows, %v", n, err)
	}
	if _, err := tab.Snapshot(49); !sqlstate.Is(err, sqlstate.ObjectNotInState) {
		t.Errorf("before the rebuild's timestamp: %v", err)
	}
}

// ADD COLUMN with a constant and DROP COLUMN need no rewriting; open snapshots
// keep their schema; a checkpoint carries it all.
func TestAlter(t *testing.T) {
	fs := vfs.NewMem()
	o := Options{FS: fs, Dir: "db", SealRows: blockRows, DurableTS: 1000}
	s, tab := pairTable(t, o)
	loadPairs(t, s, tab, 10, 1, 3)
	if err := tab.Apply(11, pairs(100, 2), ids(100, 2), nil, nil); err != nil {
		t.Fatal(err)
	}
	tab.Advance(11)
	before := snapshot(t, tab, 11)
	next := TableSchema{ID: 3, Name: "pairs2", Columns: []Column{
		{ID: 2, Name: "b", Type: types.TText},
		{ID: 5, Name: "c", Type: types.TText, Default: types.NewString("new")},
		{ID: 6, Name: "d", Type: types.TInt8},
	}}
	if err := tab.Alter(next); err != nil {
		t.Fatal(err)
	}
	b := vector.NewBatch(next.Types(), 1)
	b.Cols[0].Str[0], b.Cols[1].Str[0], b.Cols[2].I64[0] = "x", "y", 5
	if err := tab.Apply(12, b, []uint64{200}, nil, []uint64{2}); err != nil {
		t.Fatal(err)
	}
	tab.Advance(12)
	lines, _ := readAll(t, before, ScanSpec{Columns: []int{0, 1}})
	if got := strings.Join(lines, ","); got != "1 s1,100 s1,101 s2,2 s2,3 s0" {
		t.Errorf("the old snapshot: %s", got)
	}
	before.Close()
	want := "s0 new NULL,s1 new NULL,s1 new NULL,s2 new NULL,x y 5"
	isNew := []Filter{{Column: 1, Predicate: segment.Predicate{Kind: segment.Compare, Op: vector.Eq, Value: types.NewString("new")}}}
	check := func(what string) {
		t.Helper()
		snap := snapshot(t, tab, 12)
		defer snap.Close()
		if lines, _ := readAll(t, snap, ScanSpec{Columns: []int{0, 1, 2}}); strings.Join(lines, ",") != want {
			t.Errorf("%s: %s", what, lines)
		}
		if lines, _ := readAll(t, snap, ScanSpec{Columns: []int{0}, Filters: isNew}); len(lines) != 4 {
			t.Errorf("%s, filtered: %s", what, lines)
		}
		if lo, hi, err := snap.MinMax(context.Background(), 1, nil); err != nil || lo.Str() != "new" || hi.Str() != "y" {
			t.Errorf("%s: between %v and %v, %v", what, lo, hi, err)
		}
	}
	check("altered")
	if err := s.Checkpoint(context.Background(), 12); err != nil {
		t.Fatal(err)
	}
	s.Close()
	var err error
	if s, err = Open(o); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	tab, _ = s.Table(3)
	if tab.Schema().Name != "pairs2" || tab.NextRowID() != 201 {
		t.Errorf("schema %+v, next rowID %d", tab.Schema(), tab.NextRowID())
	}
	check("reopened")
	if err := tab.Apply(12, b, []uint64{300}, nil, nil); err == nil {
		t.Error("an event at the recovered position was applied again")
	}
	bad := next
	bad.Columns = []Column{{ID: 2, Name: "b", Type: types.TInt8}}
	if err := tab.Alter(bad); !sqlstate.Is(err, sqlstate.FeatureNotSupported) {
		t.Errorf("another representation: %v", err)
	}
}

// Groups that break the contract are refused before they change anything.
func TestMalformedGroups(t *testing.T) {
	s, tab := pairTable(t, Options{})
	defer s.Close()
	if err := tab.Apply(10, pairs(1, 2), ids(5, 2), nil, nil); err != nil {
		t.Fatal(err)
	}
	tab.Advance(10)
	for name, g := range map[string]*Group{
		"old rowID":      {Rows: pairs(1, 1), RowIDs: []uint64{6}, Begin: []uint64{11}},
		"old timestamp":  {Rows: pairs(1, 1), RowIDs: []uint64{7}, Begin: []uint64{9}},
		"lengths":        {Rows: pairs(1, 1), RowIDs: []uint64{7}, Begin: []uint64{11, 12}},
		"no rows":        {RowIDs: []uint64{7}, Begin: []uint64{11}},
		"other columns":  {Rows: flightsBatch(1), RowIDs: []uint64{7}, Begin: []uint64{11}},
		"other types":    {Rows: &vector.Batch{Len: 1, Cols: []*vector.Vector{vector.New(types.TInt8, 1), vector.New(types.TText, 1)}}, RowIDs: []uint64{7}, Begin: []uint64{11}},
		"old end":        {Ended: []uint64{5}, EndTS: []uint64{3}},
		"descending end": {Ended: []uint64{5, 6}, EndTS: []uint64{12, 11}},
	} {
		if err := tab.ApplyGroup(g); !sqlstate.Is(err, sqlstate.InternalError) {
			t.Errorf("%s: %v", name, err)
		}
	}
	snap := snapshot(t, tab, 10)
	if n, _ := snap.Count(nil); n != 2 {
		t.Errorf("%d rows", n)
	}
	snap.Close()
	// An unknown row means that the copies have diverged: the table detaches.
	if err := tab.Apply(11, nil, nil, nil, []uint64{77}); !sqlstate.Is(err, sqlstate.DataCorrupted) {
		t.Errorf("unknown row: %v", err)
	}
	if state, _ := tab.State(); state != Detached {
		t.Errorf("state %s", state)
	}
	s.DropTable(3, 12)
	if err := tab.Apply(12, nil, nil, nil, nil); !sqlstate.Is(err, sqlstate.ObjectNotInState) {
		t.Errorf("dropped: %v", err)
	}
	if _, ok := s.Table(3); ok || len(s.Tables()) != 0 {
		t.Error("the dropped table is there")
	}
}

func flightsBatch(n int) *vector.Batch {
	schema := flightSchema()
	b := vector.NewBatch(schema.Types(), n)
	fillFlights(b, 0)
	return b
}

// With the budget used up the applier waits until sealing has freed memory, and
// fails with OutOfMemory when nothing can be freed.
func TestBackPressure(t *testing.T) {
	mem := memory.NewRoot(1 << 20)
	s, tab := pairTable(t, Options{FS: vfs.NewMem(), Dir: "db", SealRows: blockRows, Memory: mem})
	defer s.Close()
	for i := range 60 {
		if err := tab.Apply(uint64(10+i), pairs(i*1000, 1000), ids(1+i*1000, 1000), nil, nil); err != nil {
			t.Fatalf("group %d: %v (%d used)", i, err, mem.Used())
		}
		tab.Advance(uint64(10 + i))
	}
	if len(tab.pinForTest().segs) == 0 {
		t.Error("nothing was sealed")
	}
	snap := snapshot(t, tab, 69)
	defer snap.Close()
	if n, err := snap.Count(nil); n != 60000 || err != nil {
		t.Errorf("%d rows, %v", n, err)
	}
}

// pinForTest returns the current version, which the table itself keeps alive.
func (t *Table) pinForTest() *version {
	v := t.pin()
	v.release(t)
	return v
}

// Statistics follow what is in segments and delta.
func TestStats(t *testing.T) {
	s, tab := pairTable(t, Options{SealRows: blockRows})
	defer s.Close()
	if st := tab.Stats(); st.Rows != 0 || len(st.Columns) != 2 || !st.Columns[0].Min.IsNull() {
		t.Errorf("empty: %+v", st)
	}
	loadPairs(t, s, tab, 10, 1, 4000)
	b := pairs(9000, 1000)
	for i := range 500 {
		b.Cols[1].SetNull(i)
	}
	if err := tab.Apply(11, b, ids(9000, 1000), nil, ids(1, 100)); err != nil {
		t.Fatal(err)
	}
	tab.Advance(11)
	time.Sleep(statsAge)
	st := tab.Stats()
	a, c := st.Columns[0], st.Columns[1]
	if st.Rows != 4900 || st.DeltaRows != 1000 || st.Segments != 2 || st.Bytes == 0 {
		t.Errorf("%+v", st)
	}
	if a.Min.Int() != 1 || a.Max.Int() != 9999 || math.Abs(a.Distinct-5000) > 250 || a.NullFraction != 0 || a.BytesPerRow <= 0 {
		t.Errorf("a: %+v", a)
	}
	if c.Min.Str() != "s0" || c.Max.Str() != "s2" || math.Round(c.Distinct) != 3 || math.Abs(c.NullFraction-0.1) > 0.01 {
		t.Errorf("b: %+v", c)
	}
}

// SnapshotLatest opens at what is safe, and an overlay completes it.
func TestSnapshotLatest(t *testing.T) {
	s, tab := pairTable(t, Options{})
	defer s.Close()
	if err := tab.Apply(10, pairs(1, 3), ids(1, 3), nil, nil); err != nil {
		t.Fatal(err)
	}
	tab.Advance(10)
	snap, err := tab.SnapshotLatest(20)
	if err != nil || snap.TS() != 10 || snap.Table() != tab || snap.Schema().Name != "pairs" {
		t.Fatal(snap, err)
	}
	defer snap.Close()
	o := &Overlay{Hidden: []uint64{2, 99}, Rows: pairs(50, 2)}
	lines, _ := readAll(t, snap, ScanSpec{Columns: []int{RowIDColumn, 0}, Overlay: o})
	if got := strings.Join(lines, ","); got != "1 1,3 3,NULL 50,NULL 51" {
		t.Errorf("%s", got)
	}
	if n, err := snap.Count(o); n != 4 || err != nil {
		t.Errorf("count %d, %v", n, err)
	}
	if _, err := snap.NewScan(ScanSpec{Columns: []int{2}}); err == nil {
		t.Error("column 2 was accepted")
	}
	if _, err := snap.NewScan(ScanSpec{Overlay: &Overlay{Rows: flightsBatch(1)}}); err == nil {
		t.Error("a foreign overlay was accepted")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	sc, _ := snap.NewScan(ScanSpec{Columns: []int{0}})
	if _, err := sc.NewReader().Next(ctx); err != context.Canceled {
		t.Errorf("canceled: %v", err)
	}
}

// Errors of a Generic predicate about rows that are not visible do not reach the
// query.
func TestGenericErrorsOfDeadRows(t *testing.T) {
	s, tab := pairTable(t, Options{SealRows: blockRows})
	defer s.Close()
	b := pairs(1, 2*blockRows)
	for i := range b.Len {
		b.Cols[1].Str[i] = fmt.Sprintf("%d", i%5000) // too many for a dictionary
	}
	b.Cols[1].Str[7] = "bad"
	if err := tab.Apply(10, b, ids(1, b.Len), nil, nil); err != nil {
		t.Fatal(err)
	}
	if err := tab.Apply(11, nil, nil, nil, []uint64{8}); err != nil {
		t.Fatal(err)
	}
	tab.Advance(11)
	picky := segment.Predicate{Kind: segment.Generic, Select: func(v *vector.Vector, sel []int32, n int, out []int32) ([]int32, error) {
		for i := range selected(sel, n) {
			if sel != nil {
				i = int(sel[i])
			}
			if d := v.Datum(i); !d.IsNull() && d.Str() == "bad" {
				return nil, sqlstate.New(sqlstate.InvalidTextRepresentation, "bad value")
			}
		}
		return pick(n, sel, out, func(int) bool { return true }), nil
	}}
	for _, sealed := range []bool{false, true} {
		if sealed {
			tab.Apply(12, pairs(1, 1), []uint64{100000}, nil, nil)
			s.Maintain()
		}
		snap := snapshot(t, tab, 11)
		lines, _ := readAll(t, snap, ScanSpec{Columns: []int{0}, Filters: []Filter{{Column: 1, Predicate: picky}}})
		if len(lines) != b.Len-1 {
			t.Errorf("sealed %v: %d rows", sealed, len(lines))
		}
		snap.Close()
	}
}

// FuzzManifest: whatever the bytes, decoding ends without a panic, and what it
// accepts encodes to the same bytes.
func FuzzManifest(f *testing.F) {
	m := &manifest{incarnation: 3, position: 99, fileNumber: 7, tables: []tableEntry{{
		schema: flightSchema(), floor: 5, nextRowID: 1000,
		segments: []segmentEntry{{name: "00000001.seg", rows: 3000, oneBegin: true, maxBegin: 9, columns: []uint32{1, 2},
			logs: []logEntry{{block: 1, baseRows: 1, base: &bitmap{1}, ts: []uint64{7, 9}, rows: []uint16{3, 4}}}}},
	}}}
	m.tables[0].schema.Columns[0].Default = types.NewInt64(5)
	m.tables[0].schema.Columns[2].Default = types.NewString("x")
	m.tables[0].schema.Columns[5].Default = types.NewFloat64(1.5)
	good := m.encode()
	if got, why := decodeManifest(good); why != "" || string(got.encode()) != string(good) {
		f.Fatalf("round trip: %s", why)
	}
	f.Add(good[:len(good)-8])
	f.Fuzz(func(t *testing.T, b []byte) {
		// The checksum would stop nearly everything: it is made to fit.
		e := encoder{b: append([]byte(nil), b...)}
		e.fixed(hashManifest(e.b))
		m, why := decodeManifest(e.b)
		if why == "" && len(m.encode()) == 0 {
			t.Error("empty")
		}
	})
}

// A damaged manifest at any byte is discarded, not believed.
func TestDamagedManifest(t *testing.T) {
	m := &manifest{storeID: testStore, incarnation: 1, position: 99, tables: []tableEntry{{schema: pairSchema()}}}
	good := m.encode()
	for i := range good {
		bad := slices.Clone(good)
		bad[i] ^= 0x40
		if _, why := decodeManifest(bad); why == "" {
			t.Fatalf("byte %d of %d may be anything", i, len(good))
		}
		if _, why := decodeManifest(good[:i]); why == "" {
			t.Fatalf("%d of %d bytes are enough", i, len(good))
		}
	}
}

// Merging small segments does not touch those whose rows begin after the horizon:
// begin timestamps would not ascend any more.
func TestMergeKeepsHistory(t *testing.T) {
	var horizon atomic.Uint64 // 0: nothing is rewritten yet
	s, tab := pairTable(t, Options{SealRows: blockRows, Horizon: horizon.Load})
	defer s.Close()
	loadPairs(t, s, tab, 3, 1, 100)
	if err := tab.Apply(4, nil, nil, nil, ids(1, 90)); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		loadPairs(t, s, tab, 5, 400+10*i, 5)
	}
	loadPairs(t, s, tab, 10, 300, 6)
	loadPairs(t, s, tab, 20, 350, 6)
	loadPairs(t, s, tab, 30, 200, 6)
	horizon.Store(5)
	s.Maintain()
	var rows []int
	for _, x := range tab.pinForTest().segs {
		rows = append(rows, x.rows)
	}
	if fmt.Sprint(rows) != "[10 6 6 6 20]" {
		t.Errorf("segments of %v rows", rows)
	}
	for ts, want := range map[uint64]int{5: 30, 10: 36, 12: 36, 20: 42, 29: 42, 30: 48} {
		snap := snapshot(t, tab, ts)
		if lines, _ := readAll(t, snap, ScanSpec{Columns: []int{0}}); len(lines) != want {
			t.Errorf("at %d: %d rows, want %d", ts, len(lines), want)
		}
		snap.Close()
	}
}

// Next never works for long without returning.
func TestNextIsShort(t *testing.T) {
	s, tab := pairTable(t, Options{SealRows: 4 * morselRows})
	defer s.Close()
	loadPairs(t, s, tab, 10, 1, 4*morselRows)
	snap := snapshot(t, tab, 10)
	defer snap.Close()
	nothing := segment.Predicate{Kind: segment.Generic, Select: func(_ *vector.Vector, _ []int32, _ int, out []int32) ([]int32, error) {
		return out[:0], nil
	}}
	sc, err := snap.NewScan(ScanSpec{Columns: []int{RowIDColumn, 0, 1}, Filters: []Filter{{Column: 0, Predicate: nothing}}})
	if err != nil {
		t.Fatal(err)
	}
	r := sc.NewReader()
	calls := 0
	for {
		b, err := r.Next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			break
		}
		if calls++; b.Rows() != 0 || len(b.Cols) != 3 || b.Cols[2].Len != 0 {
			t.Fatalf("%+v", b)
		}
	}
	if calls != 4 {
		t.Errorf("%d empty batches for %d morsels", calls, sc.Morsels())
	}
}

// Close stops what Open started.
func TestCloseLeavesNoGoroutines(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 5 {
		s, tab := pairTable(t, Options{})
		loadPairs(t, s, tab, 10, 1, 100)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}
