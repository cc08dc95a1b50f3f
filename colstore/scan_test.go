package colstore

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/predicate"
)

// Zone maps skip segments, runtime filters too; deleted and hidden rows never
// come back through a shortcut.
func TestPruning(t *testing.T) {
	s, tab := pairTable(t, Options{SealRows: blockRows})
	defer s.Close()
	loadPairs(t, s, tab, 10, 1, 10*blockRows)
	snap := snapshot(t, tab, 10)
	defer snap.Close()
	between := func(lo, hi int32) Filter {
		return Filter{Column: 0, Predicate: predicate.Predicate{Kind: predicate.Range, Lo: types.NewInt32(lo), Hi: types.NewInt32(hi)}}
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
	picky := predicate.Predicate{Kind: predicate.Generic, Select: func(v *vector.Vector, sel []int32, n int, out []int32) ([]int32, error) {
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

// Next never works for long without returning.
func TestNextIsShort(t *testing.T) {
	s, tab := pairTable(t, Options{SealRows: 4 * morselRows})
	defer s.Close()
	loadPairs(t, s, tab, 10, 1, 4*morselRows)
	snap := snapshot(t, tab, 10)
	defer snap.Close()
	nothing := predicate.Predicate{Kind: predicate.Generic, Select: func(_ *vector.Vector, _ []int32, _ int, out []int32) ([]int32, error) {
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
		t.Errorf("%d empty batches for %d morsels", calls, len(sc.morsels))
	}
}
