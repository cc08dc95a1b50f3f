package colstore

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"htapdb/internal/memory"
	"htapdb/internal/vfs"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

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
	s.removed.Wait()
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

// Strings of dictionaries, of constants and flat ones become the rows of a load
// whatever happens to their memory afterwards, across segments and dictionaries.
func TestLoadKeepsStrings(t *testing.T) {
	mem := memory.NewRoot(0)
	s, tab := pairTable(t, Options{SealRows: 3000, Memory: mem})
	l, err := s.NewLoad(3)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	dict := vector.New(types.TText, 3)
	scratch := []byte("x0x1x2")
	for i := range dict.Str {
		dict.Str[i] = unsafe.String(&scratch[2*i], 2)
	}
	id := vector.NewDictID()
	for batch := range 8 {
		if batch == 4 { // another dictionary
			id = vector.NewDictID()
			copy(scratch, "y0y1y2")
		}
		const n = 1024
		b := &vector.Batch{Len: n, Cols: []*vector.Vector{vector.New(types.TInt4, n), nil}}
		codes, valid := make([]uint32, n), make([]uint8, n)
		for i := range n {
			b.Cols[0].I32[i], codes[i], valid[i] = int32(batch*n+i), uint32(i%3), uint8(min(i%5, 1))
		}
		switch batch % 4 {
		case 1:
			valid = nil
			b.Cols[1] = vector.NewConst(types.TText, types.NewString(dict.Str[1]), n)
			clear(codes)
			for i := range codes {
				codes[i] = 1
			}
		case 2:
			b.Cols[1] = vector.NewDict(dict, id, codes, valid).Flatten(nil)
		default:
			b.Cols[1] = vector.NewDict(dict, id, codes, valid)
		}
		if batch%2 == 1 {
			b.Sel = []int32{0, 1, 7, 1023}
		}
		for i := range b.Rows() {
			r := b.Row(int(i))
			text := "NULL"
			if valid == nil || valid[r] != 0 {
				text = strings.Clone(dict.Str[codes[r]])
			}
			want = append(want, fmt.Sprintf("%d %s", b.Cols[0].I32[r], text))
		}
		if err := l.Append(b, uint64(len(want)-b.Rows()+1)); err != nil {
			t.Fatal(err)
		}
	}
	copy(scratch, "zzzzzz")
	names, err := l.Finish()
	if err != nil {
		t.Fatal(err)
	}
	if err := tab.AttachLoad(10, names); err != nil {
		t.Fatal(err)
	}
	tab.Advance(10)
	snap := snapshot(t, tab, 10)
	got, _ := readAll(t, snap, ScanSpec{Columns: []int{0, 1}})
	snap.Close()
	slices.Sort(got)
	slices.Sort(want)
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("row %d: %q, want %q", i, got[i], want[i])
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if mem.Used() != 0 {
		t.Errorf("%d bytes after Close", mem.Used())
	}
}
