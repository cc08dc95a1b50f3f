package segment

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"htapdb/internal/vfs"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/predicate"
)

// benchRows is the size of the flights table of the design's figures.
const benchRows = 3_000_000

// benchSegments writes benchRows of two integer columns, x of one byte a row and
// y of two, and a dictionary, to mapped files.
func benchSegments(b *testing.B) []*Segment {
	r := rand.New(rand.NewPCG(1, 2))
	dir := b.TempDir()
	var segs []*Segment
	for left := benchRows; left > 0; left -= MaxRows {
		n := min(left, MaxRows)
		x, y, s := vector.New(types.TInt8, n), vector.New(types.TInt4, n), vector.New(types.TText, n)
		for i := range n {
			x.I64[i], y.I32[i] = int64(r.IntN(200))+1000, int32(r.IntN(10_000))
			s.Str[i] = fmt.Sprintf("airport %d", r.IntN(300))
		}
		path := filepath.Join(dir, fmt.Sprint(left))
		in := Input{Rows: n, Columns: []ColumnInput{{1, x}, {2, y}, {3, s}}}
		if _, err := Write(vfs.Default, path, in); err != nil {
			b.Fatal(err)
		}
		seg, err := Open(vfs.Default, path)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { seg.Release() })
		segs = append(segs, seg)
	}
	return segs
}

// scan runs f for each batch of each segment with the rows that pass p on column
// 2, nil where all do.
func scan(b *testing.B, segs []*Segment, p predicate.Predicate, f func(s *Segment, from, n int, sel []int32)) {
	var buf []int32
	for _, s := range segs {
		col, _ := s.ColumnByID(2)
		c, err := col.Compile(p)
		if err != nil {
			b.Fatal(err)
		}
		for from := 0; from < s.NumRows(); from += vector.MaxBatch {
			n := min(vector.MaxBatch, s.NumRows()-from)
			var sel []int32
			if c.Prune() == PruneSome {
				if buf, err = c.Filter(from, n, nil, buf); err != nil {
					b.Fatal(err)
				}
				sel = buf
			}
			f(s, from, n, sel)
		}
	}
}

// BenchmarkFilterSum is select sum(x) where y between a and b over three million
// rows on one goroutine; the design's aim is 2 ms.
func BenchmarkFilterSum(b *testing.B) {
	segs := benchSegments(b)
	defer vector.SetSIMD(vector.SIMDLevel())
	for _, level := range []string{"go", "avx2", "avx512"} {
		if vector.SetSIMD(level) != nil {
			continue
		}
		for _, share := range []int{1, 10, 50, 90} {
			p := predicate.Predicate{Kind: predicate.Range, Lo: types.NewInt32(0), Hi: types.NewInt32(int32(share*100) - 1)}
			var want int64
			v := &vector.Vector{}
			scan(b, segs, p, func(s *Segment, from, n int, sel []int32) {
				s.Column(0).Read(from, n, nil, v)
				for _, r := range rowsOf(sel, n) {
					want += v.I64[r]
				}
			})
			for _, encoded := range []bool{true, false} {
				b.Run(fmt.Sprintf("%s/selected=%d%%/encoded=%v", level, share, encoded), func(b *testing.B) {
					var got int64
					for b.Loop() {
						got = 0
						scan(b, segs, p, func(s *Segment, from, n int, sel []int32) {
							if encoded {
								sum, _, _, _ := s.Column(0).Sum(from, n, sel)
								got += int64(sum.Lo)
								return
							}
							s.Column(0).Read(from, n, sel, v)
							sum, _ := vector.SumInt64(v.I64, nil, sel)
							got += int64(sum.Lo)
						})
					}
					if got != want {
						b.Fatalf("sum %d, want %d", got, want)
					}
					perSec := benchRows * float64(b.N) / b.Elapsed().Seconds()
					b.ReportMetric(perSec/1e6, "Mrows/s")
					b.ReportMetric(perSec*3/1e9, "GB/s")
				})
			}
		}
	}
}

// BenchmarkRead decodes whole columns; bytes are those of the decoded vectors.
func BenchmarkRead(b *testing.B) {
	segs := benchSegments(b)
	for i, name := range []string{"frame8to64", "frame16to32", "dictionary16"} {
		b.Run(name, func(b *testing.B) {
			v := &vector.Vector{}
			b.SetBytes(benchRows * []int64{8, 4, 4}[i])
			for b.Loop() {
				for _, s := range segs {
					for from := 0; from < s.NumRows(); from += vector.MaxBatch {
						s.Column(i).Read(from, min(vector.MaxBatch, s.NumRows()-from), nil, v)
					}
				}
			}
		})
	}
}

// BenchmarkWrite encodes and writes full segments of one column to memory.
func BenchmarkWrite(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, s := range shapes {
		v := s.column(r, MaxRows, 0)
		b.Run(s.name, func(b *testing.B) {
			var stats Stats
			for b.Loop() {
				var err error
				if stats, err = Write(vfs.NewMem(), "t", Input{Rows: MaxRows, Columns: []ColumnInput{{1, v}}}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(MaxRows*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
			b.ReportMetric(float64(stats.Bytes)/MaxRows, "B/row")
		})
	}
}

// BenchmarkReadShapes decodes a segment of each shape, a tenth of it null or not.
func BenchmarkReadShapes(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, s := range shapes {
		for _, nulls := range []float64{0, 0.1} {
			seg := build(b, vfs.NewMem(), Input{Rows: MaxRows, Columns: []ColumnInput{{1, s.column(r, MaxRows, nulls)}}})
			b.Run(fmt.Sprintf("%s/nulls=%v", s.name, nulls), func(b *testing.B) {
				v := &vector.Vector{}
				b.ReportAllocs()
				for b.Loop() {
					for from := 0; from < MaxRows; from += vector.MaxBatch {
						seg.Column(0).Read(from, vector.MaxBatch, nil, v)
					}
				}
				b.ReportMetric(MaxRows*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
			})
		}
	}
}
