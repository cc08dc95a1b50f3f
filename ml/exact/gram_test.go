package exact

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"htapdb/internal/testutil"
)

// testRows are rows of dense columns and category codes.
type testRows struct {
	left, right []Column
	codes       [][]int32
}

func (d *testRows) block(rows []int) *Block {
	pick := func(cols []Column) (out []Column) {
		for _, c := range cols {
			var p Column
			for _, r := range rows {
				p.Hi = append(p.Hi, c.Hi[r])
				if c.Lo != nil {
					p.Lo = append(p.Lo, c.Lo[r])
				}
			}
			out = append(out, p)
		}
		return out
	}
	b := &Block{Rows: len(rows), Left: pick(d.left), Right: pick(d.right)}
	for _, c := range d.codes {
		var p []int32
		for _, r := range rows {
			p = append(p, c[r])
		}
		b.Codes = append(b.Codes, p)
	}
	return b
}

const testTerms = 6 + 5 // the constant, five columns, indicators of two features

// drawRows draws columns of many kinds: integers, measurements, numbers of any
// exponent, double-doubles, and two categories.
func drawRows(rng *rand.Rand, n int, weighted bool) *testRows {
	d := &testRows{codes: make([][]int32, 2)}
	cols := make([]Column, 6)
	for r := 0; r < n; r++ {
		cols[0].Hi = append(cols[0].Hi, 1)
		cols[1].Hi = append(cols[1].Hi, float64(rng.IntN(100)))
		cols[2].Hi = append(cols[2].Hi, 1.7e9+rng.NormFloat64())
		cols[3].Hi = append(cols[3].Hi, math.Exp(12*rng.NormFloat64()))
		cols[4].Hi = append(cols[4].Hi, wild(rng))
		x := TwoProduct(rng.NormFloat64(), rng.NormFloat64())
		cols[5].Hi, cols[5].Lo = append(cols[5].Hi, x.Hi), append(cols[5].Lo, x.Lo)
		d.codes[0] = append(d.codes[0], int32(rng.IntN(4)+5)) // 5 is below the indicators
		d.codes[1] = append(d.codes[1], int32(rng.IntN(2)+9))
	}
	for r := range d.codes[0] {
		if d.codes[0][r] == 5 {
			d.codes[0][r] = -1
		}
	}
	d.right = cols
	if weighted {
		w := make([]float64, n)
		for r := range w {
			w[r] = rng.Float64()
		}
		for _, c := range cols {
			var l Column
			for r := range w {
				l.Hi = append(l.Hi, math.Min(w[r]*c.Hi[r], math.MaxFloat64))
			}
			d.left = append(d.left, l)
		}
	}
	return d
}

func everyRow(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// direct computes the matrix product by product.
func direct(d *testRows, rows []int) *Gram {
	g := NewGram(len(d.right))
	g.Grow(testTerms)
	left := d.left
	if left == nil {
		left = d.right
	}
	for _, r := range rows {
		type entry struct {
			term        int
			left, right []float64
		}
		var entries []entry
		for j := range d.right {
			l, ln := left[j].parts(r)
			x, xn := d.right[j].parts(r)
			entries = append(entries, entry{j, l[:ln], x[:xn]})
		}
		for _, c := range d.codes {
			if c[r] >= 0 {
				entries = append(entries, entry{int(c[r]), entries[0].left, []float64{1}})
			}
		}
		for i, a := range entries {
			for _, b := range entries[:i+1] {
				// An indicator's row has the weighted value of the dense column.
				l, x := a.left, b.right
				if a.term >= len(d.right) && b.term < len(d.right) {
					l, x = b.left, []float64{1}
				}
				for _, u := range l {
					for _, v := range x {
						g.Cell(a.term, b.term).AddProduct(u, v)
					}
				}
			}
		}
	}
	return g
}

func gramBytes(t testing.TB, g *Gram) []byte {
	t.Helper()
	b, err := g.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Blocks give the sums that single products give, bit by bit.
func TestGramAgainstProducts(t *testing.T) {
	rng := testutil.Rand(t)
	for _, weighted := range []bool{false, true} {
		for _, n := range []int{1, 2, 37, blockRows, blockRows + 1, 3000} {
			d := drawRows(rng, n, weighted)
			g := NewGram(len(d.right))
			g.Grow(testTerms)
			g.Add(d.block(everyRow(n)))
			want := direct(d, everyRow(n))
			for i := 0; i < testTerms; i++ {
				for j := 0; j <= i; j++ {
					if !bytes.Equal(sumBytes(t, g.Cell(i, j)), sumBytes(t, want.Cell(i, j))) {
						t.Fatalf("%d rows, weighted %v: cell %d, %d is %v, want %v", n, weighted, i, j, g.Cell(i, j).Float(), want.Cell(i, j).Float())
					}
				}
			}
		}
	}
}

// Any order, any blocks, any parts merged in any order, rows that came and went:
// the same bytes.
func TestGramOrder(t *testing.T) {
	rng := testutil.Rand(t)
	const n = 2500
	for _, weighted := range []bool{false, true} {
		d := drawRows(rng, n, weighted)
		other := drawRows(rng, 700, weighted)
		g := NewGram(len(d.right))
		g.Grow(testTerms)
		g.Add(d.block(everyRow(n)))
		want := gramBytes(t, g)
		for round := 0; round < 20; round++ {
			parts := make([]*Gram, 1+rng.IntN(4))
			for i := range parts {
				parts[i] = NewGram(len(d.right))
				parts[i].Grow(testTerms)
			}
			order := rng.Perm(n)
			gone := rng.Perm(700)
			for len(order) > 0 || len(gone) > 0 {
				k := min(len(order), rng.IntN(1400))
				parts[rng.IntN(len(parts))].Add(d.block(order[:k]))
				order = order[k:]
				k = min(len(gone), rng.IntN(300))
				parts[rng.IntN(len(parts))].Remove(other.block(gone[:k]))
				gone = gone[k:]
			}
			total := NewGram(len(d.right))
			for _, i := range rng.Perm(len(parts)) {
				total.Merge(parts[i], nil)
			}
			all := NewGram(len(d.right))
			all.Grow(testTerms)
			all.Remove(other.block(everyRow(700)))
			total.Subtract(all, nil)
			got := gramBytes(t, total)
			if !bytes.Equal(got, want) {
				t.Fatalf("round %d: other bytes", round)
			}
			var loaded Gram
			if err := loaded.UnmarshalBinary(got); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(gramBytes(t, &loaded), want) {
				t.Fatal("other bytes after a round trip")
			}
		}
	}
}

// Indicators that were numbered in another order come to their places.
func TestGramPlaces(t *testing.T) {
	d := drawRows(testutil.Rand(t), 500, false)
	want := gramBytes(t, direct(d, everyRow(500)))
	perm := []int{0, 1, 2, 3, 4, 5, 9, 7, 10, 6, 8}
	other := *d
	other.codes = make([][]int32, 2)
	for f := range d.codes {
		for _, c := range d.codes[f] {
			if c >= 0 {
				c = int32(perm[c])
			}
			other.codes[f] = append(other.codes[f], c)
		}
	}
	g := NewGram(6)
	g.Grow(testTerms)
	g.Add(other.block(everyRow(500)))
	back := make([]int, len(perm))
	for from, to := range perm {
		back[to] = from
	}
	total := NewGram(6)
	total.Merge(g, func(term int) int { return back[term] })
	if !bytes.Equal(gramBytes(t, total), want) {
		t.Error("other bytes")
	}
	if got, want := total.Mean(2), total.Cell(2, 0).Float()/500; !near(got, want, 1e-15) {
		t.Errorf("mean %v, want %v", got, want)
	}
}

// The decoder refuses what is cut, and what claims more than it holds.
func TestGramDecode(t *testing.T) {
	d := drawRows(testutil.Rand(t), 10, false)
	g := NewGram(len(d.right))
	g.Grow(testTerms)
	g.Add(d.block(everyRow(10)))
	b := gramBytes(t, g)
	for cut := range b {
		if new(Gram).UnmarshalBinary(b[:cut]) == nil {
			t.Fatalf("%d of %d bytes were read as a matrix", cut, len(b))
		}
	}
	large := append([]byte{gramVersion, 1, 0, 0, 0, 0xff, 0x3f, 0, 0}, make([]byte, 1000)...)
	if new(Gram).UnmarshalBinary(large) == nil {
		t.Error("a matrix of 16383 terms was read from 1000 bytes")
	}
}

func FuzzGram(f *testing.F) {
	g := NewGram(2)
	g.Grow(3)
	g.Add(&Block{Rows: 1, Right: []Column{{Hi: []float64{1}}, {Hi: []float64{-3.5e200}}}, Codes: [][]int32{{2}}})
	f.Add(gramBytes(f, g))
	f.Fuzz(func(t *testing.T, b []byte) {
		var g, again Gram
		if g.UnmarshalBinary(b) != nil {
			return
		}
		if err := again.UnmarshalBinary(gramBytes(t, &g)); err != nil {
			t.Fatal(err)
		}
	})
}

// BenchmarkGram adds a million rows of 12 features and a target.
func BenchmarkGram(b *testing.B) {
	const rows, columns = 1 << 20, 14
	for _, kind := range []string{"integers", "cents", "normal"} {
		rng := rand.New(rand.NewPCG(7, 7))
		block := &Block{Rows: rows, Right: make([]Column, columns)}
		for j := range block.Right {
			xs := make([]float64, rows)
			for r := range xs {
				switch {
				case j == 0:
					xs[r] = 1
				case kind == "integers":
					xs[r] = float64(rng.IntN(10000))
				case kind == "cents":
					xs[r] = float64(rng.IntN(1000000)) / 100
				default:
					xs[r] = rng.NormFloat64()
				}
			}
			block.Right[j] = Column{Hi: xs}
		}
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/workers=%d", kind, workers), func(b *testing.B) {
				var total *Gram
				for b.Loop() {
					grams := make([]*Gram, workers)
					var wg sync.WaitGroup
					for w := range grams {
						grams[w] = NewGram(columns)
						wg.Go(func() {
							part := &Block{Rows: rows / workers}
							for _, c := range block.Right {
								part.Right = append(part.Right, c.slice(w*part.Rows, (w+1)*part.Rows))
							}
							grams[w].Add(part)
						})
					}
					wg.Wait()
					total = grams[0]
					for _, g := range grams[1:] {
						total.Merge(g, nil)
					}
				}
				if n := total.Cell(0, 0).Float(); n != rows {
					b.Fatalf("%v rows", n)
				}
				b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}
