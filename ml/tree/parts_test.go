package tree

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"htapdb/internal/memory"
	"htapdb/internal/testutil"
	"htapdb/ml"
)

// Keys have the order of doubles, and sort as slices.Sort has them.
func TestSortKeys(t *testing.T) {
	rng := testutil.Rand(t)
	for _, n := range []int{0, 1, 2, 1000, 3*chunkRows + 1} {
		var xs []float64
		for range n {
			switch rng.IntN(6) {
			case 0:
				xs = append(xs, []float64{math.Inf(1), math.Inf(-1), 0, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64}[rng.IntN(6)])
			case 1:
				xs = append(xs, float64(rng.IntN(5)))
			default:
				xs = append(xs, rng.NormFloat64()*math.Pow(10, float64(rng.IntN(600)-300)))
			}
		}
		keys, tmp := make([]int64, n), make([]int64, n)
		for i, x := range xs {
			keys[i] = orderedKey(x)
		}
		sorted, err := sortKeys(t.Context(), keys, tmp)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(xs)
		for i, x := range xs {
			if ofKey(sorted[i]) != x {
				t.Fatalf("place %d of %d has %v, want %v", i, n, ofKey(sorted[i]), x)
			}
		}
	}
	if orderedKey(math.Copysign(0, -1)) != orderedKey(0) {
		t.Error("−0 is not 0")
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sortKeys(stopped, make([]int64, 10), make([]int64, 10)); err == nil {
		t.Error("a cancelled sort ended well")
	}
}

func binsOf(t *testing.T, sorted []int64, most int) []float64 {
	cuts, err := numberBins(t.Context(), sorted, most)
	if err != nil {
		t.Fatal(err)
	}
	return cuts
}

// Few distinct values have a bin each; else bins are about equally full, and a value
// with more rows than a bin's share has one for itself.
func TestNumberBins(t *testing.T) {
	of := func(xs ...float64) (out []int64) {
		slices.Sort(xs)
		for _, x := range xs {
			out = append(out, orderedKey(x))
		}
		return out
	}
	equal(t, "few", binsOf(t, of(3, 1, 2, 2, 1), 255), []float64{1.5, 2.5})
	equal(t, "one", len(binsOf(t, of(3, 3), 255)), 0)
	equal(t, "none", len(binsOf(t, nil, 255)), 0)
	equal(t, "ends", binsOf(t, of(math.Inf(-1), 0, math.Inf(1)), 255), []float64{math.Inf(-1), 0})
	a, b := 1.5e308, 1.7e308 // their sum has no double
	equal(t, "large", binsOf(t, of(b, a), 255), []float64{a/2 + b/2})
	equal(t, "neighbours", binsOf(t, of(1, math.Nextafter(1, 2)), 255), []float64{1})
	rng := testutil.Rand(t)
	var xs []float64
	for range 10_000 {
		xs = append(xs, rng.Float64())
	}
	for range 5000 {
		xs = append(xs, 0.5)
	}
	f := feature{cuts: binsOf(t, of(xs...), 100)}
	if len(f.cuts) != 99 || !slices.IsSorted(f.cuts) {
		t.Fatalf("%d cuts", len(f.cuts))
	}
	var counts [256]int
	for _, x := range xs {
		counts[f.numberCode(x)]++
	}
	heavy := f.numberCode(0.5)
	for code := 1; code <= 100; code++ {
		if n := counts[code]; code != int(heavy) && (n < 30 || n > 160) {
			t.Errorf("bin %d has %d rows", code, n)
		}
	}
	if counts[heavy] > 5060 {
		t.Errorf("the bin of 0.5 has %d rows", counts[heavy])
	}
}

// The code of a number is the first bin whose end it does not exceed.
func TestNumberCode(t *testing.T) {
	f := feature{cuts: []float64{1, 2, 4}}
	for x, want := range map[float64]uint8{0: 1, 1: 1, 1.5: 2, 2: 2, 3: 3, 4: 3, 5: 4, math.Inf(1): 4, math.Inf(-1): 1} {
		equal(t, "code", f.numberCode(x), want)
	}
	equal(t, "NULL", f.numberCode(math.NaN()), uint8(missingCode))
}

// The order of rows depends on their content alone, also where hashes are equal.
func TestCanonical(t *testing.T) {
	rng := testutil.Rand(t)
	n := 5000
	content, hash := make([]int, n), make([]uint64, n)
	for _, distinct := range []uint64{1, 3, 1 << 40} {
		for i := range content {
			content[i] = rng.IntN(n)
			hash[i] = mix(uint64(content[i]) % distinct)
		}
		order := func(perm []int) (out []int) {
			c, h := make([]int, n), make([]uint64, n)
			for to, from := range perm {
				c[to], h[to] = content[from], hash[from]
			}
			rows, err := canonical(t.Context(), h, func(a, b int32) int { return cmp.Compare(c[a], c[b]) })
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				out = append(out, c[r])
			}
			return out
		}
		want := order(rng.Perm(n))
		for range 3 {
			if !slices.Equal(order(rng.Perm(n)), want) {
				t.Fatalf("the order of %d hashes depends on how the rows came", distinct)
			}
		}
	}
}

// The lanes of a chunk have room for the largest sums of either sign.
func TestLayouts(t *testing.T) {
	for _, c := range []struct {
		name   string
		l      layout
		weight int64
		row    []int64 // by lane
	}{
		{"newton", newtonLayout(), 1, []int64{1, newtonMost, newtonMost}},
		{"newton down", newtonLayout(), 1, []int64{1, newtonMost, -newtonMost}},
		{"newton small", newtonLayout(), 1, []int64{1, 0, -1}},
		{"squares", gradientLayout(), maxWeight, []int64{1, gradientMost}},
		{"squares down", gradientLayout(), maxWeight, []int64{1, -gradientMost}},
		{"classes", classLayout(5), maxWeight, []int64{1, 0, 0, 0, 0}},
		{"third class", classLayout(5), maxWeight, []int64{0, 0, 1, 0, 0}},
		{"fifth class", classLayout(5), maxWeight, []int64{0, 0, 0, 0, 1}},
	} {
		hist := make([]int64, 2*c.l.sums)
		first := 0
		for plane, lanes := range c.l.planes {
			word := int64(0)
			for i := range lanes {
				word += c.row[first+i] << lanes[i].shift
			}
			first += len(lanes)
			bins := []int64{0, 0}
			for range chunkRows {
				bins[1] += c.weight * word
			}
			c.l.widen(plane, bins, hist)
			equal(t, c.name+": packed sums left over", bins, []int64{0, 0})
		}
		want := make([]int64, 2*c.l.sums)
		for i, x := range c.row {
			want[c.l.sums+i] = x * c.weight * chunkRows
		}
		equal(t, c.name, hist, want)
	}
}

// randomGrower returns a grower of random rows and gradients.
func randomGrower(t *testing.T, rng *rand.Rand, kind criterionKind, rows, features, workers int) *grower {
	m := &matrix{rows: rows, features: make([]feature, features), target: make([]float64, rows)}
	for range (features + groupSize - 1) / groupSize {
		m.codes = append(m.codes, make([]uint64, rows))
	}
	for f := range m.features {
		m.features[f].codes = 2 + rng.IntN(255)
		m.features[f].category = rng.IntN(3) == 0
		for r := range rows {
			m.codes[f/groupSize][r] |= uint64(rng.IntN(m.features[f].codes)) << (f % groupSize * 8)
		}
	}
	l := newtonLayout()
	if kind == squares {
		l = gradientLayout()
	}
	g, err := newGrower(m, l, criterion{kind: kind, gradient: 1, hessian: 1, l2: 1, smoothing: 10}, growth{minRows: 3}, workers, &budget{t: &ml.Training{Memory: memory.NewRoot(0)}})
	if err != nil {
		t.Fatal(err)
	}
	values := make([]int64, rows)
	for r := range values {
		gradient := int64(rng.IntN(2*newtonMost) - newtonMost)
		if values[r] = 1 + gradient<<countBits; kind == newton {
			values[r] = 1 + int64(rng.IntN(newtonMost))<<13 + gradient<<38
		}
		g.rows = append(g.rows, int32(r))
	}
	g.values = [][]int64{values}
	g.tree = &grown{nodes: []grownNode{{to: rows}}}
	return g
}

// Histograms are the sums that a loop over rows and features makes, however they are
// cut among workers; what is not asked for is left alone.
func TestFill(t *testing.T) {
	rng := testutil.Rand(t)
	for _, c := range []struct {
		rows, features, workers int
		some                    []int32
	}{{100, 3, 1, nil}, {30_000, 3, 2, nil}, {30_000, 28, 2, nil}, {20_000, 28, 3, []int32{1, 9, 10, 11, 12, 27}}, {9000, 17, 5, nil}} {
		g := randomGrower(t, rng, newton, c.rows, c.features, c.workers)
		features := c.some
		if features == nil {
			for f := range c.features {
				features = append(features, int32(f))
			}
		}
		hist := make([]int64, g.size)
		want := make([]int64, g.size)
		for i := range hist {
			hist[i], want[i] = -7, -7 // of another node
		}
		for _, f := range features {
			clear(g.bins(want, f))
			for r := range c.rows {
				g.layout.widen(0, []int64{g.values[0][r]}, g.bins(want, f)[int(g.m.code(f, int32(r)))*3:])
			}
		}
		for range 2 { // nothing is left in the packed sums after the first time
			if err := g.fill(t.Context(), 0, features, hist); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(hist, want) {
				t.Fatalf("%+v: another histogram", c)
			}
		}
	}
}

// A split is the same from a histogram and from rows.
func TestFewRows(t *testing.T) {
	rng := testutil.Rand(t)
	for i := range 200 {
		g := randomGrower(t, rng, []criterionKind{newton, squares}[i%2], 1+rng.IntN(300), 4, 1)
		sums := make([]int64, g.layout.sums)
		if err := g.sumRows(t.Context(), g.rows, sums); err != nil {
			t.Fatal(err)
		}
		hist := make([]int64, g.size)
		if err := g.fill(t.Context(), 0, []int32{0, 1, 2, 3}, hist); err != nil {
			t.Fatal(err)
		}
		find := newFinder(&g.c, 3)
		find.total, find.parent = sums, g.c.quality(sums)
		for f := range int32(4) {
			find.inHistogram(g.bins(hist, f))
			a, err := find.find(t.Context(), f, &g.m.features[f])
			if err != nil {
				t.Fatal(err)
			}
			find.inRows(g, f, g.rows)
			if b, err := find.find(t.Context(), f, &g.m.features[f]); err != nil || a != b {
				t.Fatalf("%+v from a histogram, %+v from rows", a, b)
			}
			if !g.m.features[f].category {
				if b := find.gradients(f, g.bins(hist, f)); a != b {
					t.Fatalf("%+v bin by bin, %+v with sums in registers", a, b)
				}
			}
		}
	}
}

// A partition keeps the order on both sides.
func TestPartition(t *testing.T) {
	rng := testutil.Rand(t)
	for _, n := range []int{0, 1, 7, 50_000} {
		g := randomGrower(t, rng, newton, n, 9, 2)
		s := split{feature: 8}
		for c := range 256 {
			if rng.IntN(3) == 0 {
				s.left.add(uint8(c))
			}
		}
		from := n / 5
		var want, right []int32
		for _, r := range g.rows[from:] {
			if s.left.has(g.m.code(8, r)) {
				want = append(want, r)
			} else {
				right = append(right, r)
			}
		}
		middle, err := g.partition(t.Context(), from, n, &s)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "middle", middle, from+len(want))
		if !slices.Equal(g.rows[from:], append(want, right...)) {
			t.Errorf("%d rows are in another order", n)
		}
	}
}

// Numbers below a large n are equally likely.
func TestDrawBelow(t *testing.T) {
	const n, draws = 3 << 30, 30_000
	var counts [3]int
	d := newDraw(7)
	for i := range uint64(draws) {
		counts[d.below(i, n)%3]++
	}
	for rest, c := range counts {
		if share := float64(c) / draws; math.Abs(share-1.0/3) > 0.02 {
			t.Errorf("of the numbers below 3·2^30 that leave %d by 3, %.3f were drawn, want a third", rest, share)
		}
	}
}
