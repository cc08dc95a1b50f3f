package colstore

import (
	"context"
	"fmt"
	"testing"

	"htapdb/internal/vfs"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/predicate"
)

// flightSchema is like the demo's flights: integers, a short string, a float.
func flightSchema() TableSchema {
	return TableSchema{ID: 1, Name: "flights", Columns: []Column{
		{ID: 1, Name: "id", Type: types.TInt8},
		{ID: 2, Name: "day", Type: types.TDate},
		{ID: 3, Name: "carrier", Type: types.TText},
		{ID: 4, Name: "delay", Type: types.TInt4},
		{ID: 5, Name: "distance", Type: types.TInt4},
		{ID: 6, Name: "air_time", Type: types.TFloat8},
	}}
}

// fillFlights makes rows first, first+1, … of b.
func fillFlights(b *vector.Batch, first int) {
	carriers := []string{"AA", "AS", "B6", "DL", "EV", "F9", "HA", "OO", "UA", "VX", "WN"}
	for i := range b.Len {
		r := uint64(first+i) * 0x9e3779b97f4a7c15
		b.Cols[0].I64[i] = int64(first + i)
		b.Cols[1].I32[i] = int32(10000 + (first+i)/8000)
		b.Cols[2].Str[i] = carriers[r>>32%uint64(len(carriers))]
		b.Cols[3].I32[i] = int32(r>>40%240) - 30
		b.Cols[4].I32[i] = int32(r>>20%3000) + 60
		b.Cols[5].F64[i] = float64(r>>50%600) + 0.5
	}
}

// benchTable returns a live table with n sealed rows.
func benchTable(b testing.TB, o Options, n int) (*Store, *Table) {
	o.DurableTS = 1 << 40
	s, err := Open(o)
	if err != nil {
		b.Fatal(err)
	}
	tab, err := s.CreateTable(flightSchema())
	if err != nil {
		b.Fatal(err)
	}
	tab.SetState(Live, "")
	if n > 0 {
		l, err := s.NewLoad(1)
		if err != nil {
			b.Fatal(err)
		}
		schema := flightSchema()
		batch := vector.NewBatch(schema.Types(), vector.MaxBatch)
		for at := 0; at < n; at += batch.Len {
			batch.Resize(min(vector.MaxBatch, n-at))
			fillFlights(batch, at)
			if err := l.Append(batch, uint64(at+1)); err != nil {
				b.Fatal(err)
			}
		}
		names, err := l.Finish()
		if err != nil {
			b.Fatal(err)
		}
		if err := tab.AttachLoad(10, names); err != nil {
			b.Fatal(err)
		}
	}
	tab.Advance(10)
	return s, tab
}

// rate reports rows per second.
func rate(b *testing.B, rows int) {
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
}

func BenchmarkApply(b *testing.B) {
	for _, size := range []int{1, 10, 1000} {
		b.Run(fmt.Sprintf("rows=%d", size), func(b *testing.B) {
			s, tab := benchTable(b, Options{}, 0)
			defer s.Close()
			schema := flightSchema()
			batch := vector.NewBatch(schema.Types(), size)
			fillFlights(batch, 0)
			ids, begin := make([]uint64, size), make([]uint64, size)
			next, ts := uint64(1), uint64(11)
			for b.Loop() {
				for i := range ids {
					ids[i], begin[i] = next, ts
					next++
				}
				if err := tab.ApplyGroup(&Group{Rows: batch, RowIDs: ids, Begin: begin}); err != nil {
					b.Fatal(err)
				}
				tab.Advance(ts)
				ts++
			}
			rate(b, size)
		})
	}
}

// One transaction in ten rows is an update of a row somewhere in the segments.
func BenchmarkApplyUpdates(b *testing.B) {
	const rows = 1 << 20
	s, tab := benchTable(b, Options{}, rows)
	defer s.Close()
	schema := flightSchema()
	batch := vector.NewBatch(schema.Types(), 10)
	fillFlights(batch, 0)
	next, ts := uint64(rows+1), uint64(11)
	current := make([]uint64, rows)
	for i := range current {
		current[i] = uint64(i + 1)
	}
	ids, begin, ended := make([]uint64, 10), make([]uint64, 10), make([]uint64, 10)
	for b.Loop() {
		for i := range ids {
			k := next * 0x9e3779b97f4a7c15 % rows
			ids[i], begin[i], ended[i] = next, ts, current[k]
			current[k] = next
			next++
		}
		if err := tab.ApplyGroup(&Group{Rows: batch, RowIDs: ids, Begin: begin, Prev: ended, Ended: ended, EndTS: begin}); err != nil {
			b.Fatal(err)
		}
		tab.Advance(ts)
		ts++
	}
	rate(b, 10)
}

// sumColumn scans with a filter and sums an integer column, as Q6 does.
func sumColumn(b testing.TB, snap *Snapshot, filters []Filter) (sum int64, n int) {
	sc, err := snap.NewScan(ScanSpec{Columns: []int{4}, Filters: filters})
	if err != nil {
		b.Fatal(err)
	}
	r := sc.NewReader()
	for {
		batch, err := r.Next(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		if batch == nil {
			return sum, n
		}
		s, k := vector.SumInt32(batch.Cols[0].I32, batch.Cols[0].Valid, batch.Sel)
		if batch.Sel == nil {
			s, k = vector.SumInt32(batch.Cols[0].I32[:batch.Len], batch.Cols[0].Valid, nil)
		}
		sum += s
		n += k
	}
}

func atMost(column int, v int32) Filter {
	return Filter{Column: column, Predicate: predicate.Predicate{Kind: predicate.Compare, Op: vector.Le, Value: types.NewInt32(v)}}
}

func BenchmarkScan(b *testing.B) {
	const rows = 3 << 20
	for _, deleted := range []float64{0, 0.001, 0.1} {
		s, tab := benchTable(b, Options{}, rows)
		if deleted > 0 {
			g := &Group{}
			for id := uint64(1); id <= rows; id += uint64(1 / deleted) {
				g.Ended, g.EndTS = append(g.Ended, id), append(g.EndTS, 20)
			}
			if err := tab.ApplyGroup(g); err != nil {
				b.Fatal(err)
			}
			tab.Advance(20)
		}
		snap, err := tab.SnapshotLatest(1 << 40)
		if err != nil {
			b.Fatal(err)
		}
		for _, c := range []struct {
			name    string
			filters []Filter
		}{
			{"all", nil},
			{"half", []Filter{atMost(3, 90)}},
			{"percent", []Filter{atMost(3, -28)}},
			{"two", []Filter{atMost(3, 90), {Column: 2, Predicate: predicate.Predicate{Kind: predicate.Compare, Op: vector.Eq, Value: types.NewString("DL")}}}},
			{"pruned", []Filter{atMost(1, 10010)}},
		} {
			b.Run(fmt.Sprintf("filter=%s/deleted=%g", c.name, deleted), func(b *testing.B) {
				var n int
				for b.Loop() {
					_, n = sumColumn(b, snap, c.filters)
				}
				if n == 0 {
					b.Fatal("no rows")
				}
				rate(b, rows)
			})
		}
		snap.Close()
		s.Close()
	}
}

func BenchmarkDeltaScan(b *testing.B) {
	const rows = 60 * blockRows
	s, tab := benchTable(b, Options{}, 0)
	defer s.Close()
	schema := flightSchema()
	batch := vector.NewBatch(schema.Types(), rows)
	fillFlights(batch, 0)
	ids := make([]uint64, rows)
	for i := range ids {
		ids[i] = uint64(i + 1)
	}
	if err := tab.Apply(11, batch, ids, nil, nil); err != nil {
		b.Fatal(err)
	}
	tab.Advance(11)
	snap, err := tab.Snapshot(11)
	if err != nil {
		b.Fatal(err)
	}
	defer snap.Close()
	for name, filters := range map[string][]Filter{"all": nil, "half": {atMost(3, 90)}} {
		b.Run("filter="+name, func(b *testing.B) {
			for b.Loop() {
				if _, n := sumColumn(b, snap, filters); n == 0 {
					b.Fatal("no rows")
				}
			}
			rate(b, rows)
		})
	}
}

func BenchmarkCount(b *testing.B) {
	const rows = 3 << 20
	s, tab := benchTable(b, Options{}, rows)
	defer s.Close()
	snap, err := tab.Snapshot(10)
	if err != nil {
		b.Fatal(err)
	}
	defer snap.Close()
	for b.Loop() {
		if n, err := snap.Count(nil); err != nil || n != rows {
			b.Fatal(n, err)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	const rows = 1 << 20
	for b.Loop() {
		s, _ := benchTable(b, Options{FS: vfs.Default, Dir: b.TempDir()}, rows)
		s.Close()
	}
	rate(b, rows)
}

// Restart time with 3M rows in segments and a delta on disk.
func BenchmarkRestart(b *testing.B) {
	const rows = 3 << 20
	o := Options{FS: vfs.Default, Dir: b.TempDir()}
	s, tab := benchTable(b, o, rows)
	schema := flightSchema()
	batch := vector.NewBatch(schema.Types(), 100_000)
	fillFlights(batch, rows)
	ids := make([]uint64, batch.Len)
	ended := make([]uint64, batch.Len)
	for i := range ids {
		ids[i], ended[i] = uint64(rows+i+1), uint64(i*20+1)
	}
	if err := tab.Apply(11, batch, ids, ended, ended); err != nil {
		b.Fatal(err)
	}
	tab.Advance(11)
	if err := s.Checkpoint(context.Background(), 11); err != nil {
		b.Fatal(err)
	}
	s.Close()
	o.DurableTS = 11
	for b.Loop() {
		s, err := Open(o)
		if err != nil || s.RecoveredPosition() != 11 {
			b.Fatal(err, s.RecoveryReason())
		}
		s.Close()
	}
}
