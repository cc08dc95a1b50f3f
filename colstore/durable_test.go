package colstore

import (
	"context"
	"slices"
	"strings"
	"testing"

	"htapdb/internal/vfs"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/predicate"
)

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
	isNew := []Filter{{Column: 1, Predicate: predicate.Predicate{Kind: predicate.Compare, Op: vector.Eq, Value: types.NewString("new")}}}
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
		if b, err := snap.MinMax(context.Background(), 1, nil); err != nil || b.Least.Str() != "new" || b.Most.Str() != "y" {
			t.Errorf("%s: between %v and %v, %v", what, b.Least, b.Most, err)
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
