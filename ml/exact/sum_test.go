package exact

import (
	"bytes"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"htapdb/internal/testutil"
)

// oraclePrecision holds every sum of the tests without rounding.
const oraclePrecision = 5000

func oracle() *big.Float { return new(big.Float).SetPrec(oraclePrecision) }

func addProductTo(sum *big.Float, x, y float64) {
	sum.Add(sum, oracle().Mul(oracle().SetFloat64(x), oracle().SetFloat64(y)))
}

// wild draws numbers of any exponent, and often those at the edges.
func wild(rng *rand.Rand) float64 {
	switch rng.IntN(8) {
	case 0:
		edges := []float64{0, math.Copysign(0, -1), 1, -1, math.MaxFloat64, -math.MaxFloat64,
			math.SmallestNonzeroFloat64, 0x1p-1022, 1e300, -1e-300, 1 << 53}
		return edges[rng.IntN(len(edges))]
	case 1, 2:
		return float64(rng.IntN(2000) - 1000)
	case 3, 4:
		return rng.NormFloat64()
	}
	x := math.Float64frombits(rng.Uint64())
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 1e-200
	}
	return x
}

func sumBytes(t testing.TB, s *Sum) []byte {
	t.Helper()
	b, err := s.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A sum of any numbers and products rounds as an unbounded calculation does, to
// a double and to a double-double, at every step and under every scale.
func TestSumAgainstBig(t *testing.T) {
	rng := testutil.Rand(t)
	for round := 0; round < 200; round++ {
		var s Sum
		want := oracle()
		for i := 0; i < 40; i++ {
			x, y := wild(rng), wild(rng)
			switch rng.IntN(4) {
			case 0:
				s.Add(x)
				want.Add(want, oracle().SetFloat64(x))
			case 1:
				s.SubProduct(x, y)
				addProductTo(want, -x, y)
			default:
				s.AddProduct(x, y)
				addProductTo(want, x, y)
			}
			if rng.IntN(5) == 0 { // a removal that cancels nearly all
				f, _ := want.Float64()
				if !math.IsInf(f, 0) {
					s.Add(-f)
					want.Sub(want, oracle().SetFloat64(f))
				}
			}
			wantFloat, _ := want.Float64()
			if got := s.Float(); got != wantFloat {
				t.Fatalf("round %d, step %d: %v, want %v", round, i, got, wantFloat)
			}
			if got := s.Sign(); got != want.Sign() {
				t.Fatalf("round %d, step %d: sign %d, want %d", round, i, got, want.Sign())
			}
			e, ok := s.Exponent()
			if ok != (want.Sign() != 0) || ok && e != want.MantExp(nil)-1 {
				t.Fatalf("round %d, step %d: exponent %d, want %d", round, i, e, want.MantExp(nil)-1)
			}
			scale := rng.IntN(600) - 300 - e
			scaled := oracle().SetMantExp(want, scale)
			hi, _ := scaled.Float64()
			lo, _ := scaled.Sub(scaled, oracle().SetFloat64(hi)).Float64()
			if got := s.DD(scale); got != (DD{hi, lo}) {
				t.Fatalf("round %d, step %d: %v, want %v and %v", round, i, got, hi, lo)
			}
		}
	}
}

// Whatever the order, the parts and what was added and removed meanwhile: the same bytes.
func TestSumOrder(t *testing.T) {
	rng := testutil.Rand(t)
	for round := 0; round < 100; round++ {
		n := 1 + rng.IntN(60)
		xs, ys := make([]float64, n), make([]float64, n)
		for i := range xs {
			xs[i], ys[i] = wild(rng), wild(rng)
		}
		var plain Sum
		for i := range xs {
			plain.AddProduct(xs[i], ys[i])
		}
		want := sumBytes(t, &plain)
		parts := make([]Sum, 1+rng.IntN(4))
		for _, i := range rng.Perm(n) {
			p, other := &parts[rng.IntN(len(parts))], &parts[rng.IntN(len(parts))]
			p.AddProduct(xs[i], ys[i])
			x, y := wild(rng), wild(rng)
			other.AddProduct(x, y)
			if rng.IntN(2) == 0 {
				other.SubProduct(x, y)
				continue
			}
			var gone Sum
			gone.AddProduct(x, y)
			parts[0].Sub(&gone)
		}
		var total Sum
		for _, k := range rng.Perm(len(parts)) {
			total.Merge(&parts[k])
		}
		got := sumBytes(t, &total)
		if !bytes.Equal(got, want) {
			t.Fatalf("round %d: bytes %x, want %x", round, got, want)
		}
		var loaded Sum
		if err := loaded.UnmarshalBinary(got); err != nil {
			t.Fatal(err)
		}
		loaded.Sub(&plain)
		if loaded.Sign() != 0 || len(sumBytes(t, &loaded)) != sumHeaderBytes {
			t.Fatalf("round %d: a sum less itself is %v", round, loaded.Float())
		}
	}
}

// Carries run through all limbs and the number grows at the top.
func TestSumCarries(t *testing.T) {
	var s Sum
	want := oracle()
	for i := 0; i < 300; i++ {
		s.Add(math.MaxFloat64)
		want.Add(want, oracle().SetFloat64(math.MaxFloat64))
		s.Add(-math.SmallestNonzeroFloat64)
		want.Sub(want, oracle().SetFloat64(math.SmallestNonzeroFloat64))
	}
	if !math.IsInf(s.Float(), 1) {
		t.Errorf("300 times the largest double is %v, want +Inf", s.Float())
	}
	for i := 0; i < 300; i++ {
		s.Add(-math.MaxFloat64)
	}
	if got, want := s.Float(), -300*math.SmallestNonzeroFloat64; got != want {
		t.Errorf("%v is left, want %v", got, want)
	}
	// Doubling a sum by merging reaches the top limb's headroom again and again.
	s = Sum{}
	s.AddProduct(-math.MaxFloat64, math.MaxFloat64)
	for i := 0; i < 200; i++ {
		copied := Sum{limbs: append([]uint64(nil), s.limbs...), low: s.low}
		s.Merge(&copied)
	}
	if e, _ := s.Exponent(); e != 2047+200 || s.Sign() != -1 {
		t.Errorf("exponent %d, sign %d after 200 doublings, want %d, -1", e, s.Sign(), 2247)
	}
}

// An addition that carries into the headroom widens the sum: both ways.
func TestSumHeadroom(t *testing.T) {
	for _, sign := range []int64{1, -1} {
		s := Sum{limbs: []uint64{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), 1<<62 - 1}}
		if sign < 0 {
			s.limbs = []uint64{0, 0, 0, 0, 3 << 62}
		}
		s.addInt(sign, 0)
		if top := int64(s.limbs[len(s.limbs)-1]); top < -1<<62 || top >= 1<<62 || len(s.limbs) != 6 {
			t.Errorf("sign %v: limbs %x", sign, s.limbs)
		}
	}
}

// The decoder takes nothing that no sum wrote and bounds what it allocates.
func FuzzSum(f *testing.F) {
	var s Sum
	s.AddProduct(1e300, -1e-300)
	s.Add(1)
	f.Add(sumBytes(f, &s))
	f.Add([]byte{0xff, 0x7f, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		var s Sum
		if s.UnmarshalBinary(b) != nil {
			return
		}
		var again Sum
		if err := again.UnmarshalBinary(sumBytes(t, &s)); err != nil {
			t.Fatal(err)
		}
		again.Sub(&s)
		if again.Sign() != 0 {
			t.Fatalf("%x reads as another sum after it was written", b)
		}
	})
}

func BenchmarkSum(b *testing.B) {
	rng := rand.New(rand.NewPCG(7, 7))
	xs, ys := make([]float64, 1024), make([]float64, 1024)
	for i := range xs {
		xs[i], ys[i] = rng.NormFloat64(), rng.NormFloat64()
	}
	report := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(xs)), "ns/product")
	}
	b.Run("plain", func(b *testing.B) {
		sum := 0.0
		for b.Loop() {
			for i := range xs {
				sum += xs[i] * ys[i]
			}
		}
		report(b)
	})
	b.Run("dd", func(b *testing.B) {
		var sum DD
		for b.Loop() {
			for i := range xs {
				sum = sum.Add(TwoProduct(xs[i], ys[i]))
			}
		}
		report(b)
	})
	b.Run("exact", func(b *testing.B) {
		var sum Sum
		for b.Loop() {
			for i := range xs {
				sum.AddProduct(xs[i], ys[i])
			}
		}
		report(b)
	})
}
