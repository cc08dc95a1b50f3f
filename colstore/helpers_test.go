package colstore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

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

func flightsBatch(n int) *vector.Batch {
	schema := flightSchema()
	b := vector.NewBatch(schema.Types(), n)
	fillFlights(b, 0)
	return b
}

// pinForTest returns the current version, which the table itself keeps alive.
func (t *Table) pinForTest() *version {
	v := t.pin()
	v.release(t)
	return v
}
