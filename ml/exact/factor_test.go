package exact

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"htapdb/internal/testutil"
)

func columns(xs ...[]float64) (c []Column) {
	for _, x := range xs {
		c = append(c, Column{Hi: x})
	}
	return c
}

func mapped(x []float64, f func(float64) float64) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = f(v)
	}
	return y
}

func near(got, want, tolerance float64) bool {
	return math.Abs(got-want) <= tolerance*math.Abs(want)
}

// y = 3x + 1 is found whatever the units: squares may leave the range of
// float64 on both sides, and means may be 1e15 times the spread.
func TestUnits(t *testing.T) {
	x := make([]float64, 20)
	for i := range x {
		x[i] = float64(i + 1)
	}
	y := mapped(x, func(v float64) float64 { return 3*v + 1 })
	for _, c := range []struct {
		name               string
		x, y               func(float64) float64
		slope, intercept   float64
		tolerance, leftTol float64
	}{
		{"plain", same, same, 3, 1, 0, 0},
		{"x 1e160", by(1e160), same, 3e-160, 1, 1e-15, 1e-12},
		{"x 1e-200", by(1e-200), same, 3e200, 1, 1e-15, 1e-12},
		{"x 1e300", by(1e300), same, 3e-300, 1, 1e-15, 1e-12},
		{"x least", by(0x1p-1020), same, 3 * 0x1p1020, 1, 1e-15, 1e-12},
		{"y 1e300", same, by(1e300), 3e300, 1e300, 1e-15, 1e-12},
		{"both", by(1e-150), by(1e150), 3e300, 1e150, 1e-15, 1e-12},
		{"x far", plus(1e15), same, 3, 1 - 3e15, 0, 0},
		{"x epoch", plus(1.7e9), plus(-5e14), 3, 1 - 3*1.7e9 - 5e14, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, terms := gramOf(columns(mapped(x, c.x)), mapped(y, c.y))
			_, f, r, _ := solve(t, g, &Request{Terms: terms, Target: 2, Centred: true})
			if f.Rank() != 1 || !near(r.Coefficients[0], c.slope, c.tolerance) || !near(r.Intercept, c.intercept, math.Max(c.leftTol, 1e-15)) {
				t.Errorf("rank %d, slope %v, intercept %v, want %v, %v", f.Rank(), r.Coefficients[0], r.Intercept, c.slope, c.intercept)
			}
			if r.Unexplained > 1e-30 || math.IsInf(r.Total, 0) || math.IsNaN(r.Residual) {
				t.Errorf("unexplained %v, residual %v, total %v", r.Unexplained, r.Residual, r.Total)
			}
		})
	}
}

func same(x float64) float64               { return x }
func by(k float64) func(float64) float64   { return func(x float64) float64 { return x * k } }
func plus(k float64) func(float64) float64 { return func(x float64) float64 { return x + k } }

// Combinations of other terms and columns that do not vary are aliased, also
// where rounding blurs them; what is nearly one is not.
func TestAliased(t *testing.T) {
	rng := testutil.Rand(t)
	const n = 200
	a, b, y := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range a {
		a[i], b[i] = 1e9+rng.NormFloat64(), rng.NormFloat64()
		y[i] = a[i] + 2*b[i] + rng.NormFloat64()
	}
	sum, close, constant := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range a {
		sum[i] = a[i] + 3*b[i]
		close[i] = b[i] * (1 + 1e-9*rng.NormFloat64())
		constant[i] = 0.1
	}
	constant[7] = math.Nextafter(0.1, 1)
	g, terms := gramOf(columns(a, constant, b, sum, b, close), y)
	_, f, r, inverse := solve(t, g, &Request{Terms: terms, Target: 7, Centred: true})
	for i, want := range []bool{false, true, false, true, true, false} {
		if got := f.Aliased(i); got != want {
			t.Errorf("term %d: aliased %v, want %v", i, got, want)
		}
		if f.Aliased(i) && (r.Coefficients[i] != 0 || inverse.Roots[i] != 0) {
			t.Errorf("term %d is aliased and has the coefficient %v", i, r.Coefficients[i])
		}
	}
	if f.Rank() != 3 {
		t.Errorf("rank %d, want 3", f.Rank())
	}
	if inverse.Inflation[0] < 1 || inverse.Inflation[0] > 1.2 || inverse.Inflation[2] < 1e17 {
		t.Errorf("variance inflation %v: of a near 1, of b near 1e18", inverse.Inflation)
	}
}

// Condition number, inflation and errors of two columns of known correlation.
func TestConditionAndInverse(t *testing.T) {
	u, v := []float64{1, -1, 1, -1}, []float64{1, 1, -1, -1}
	rho := 0.9
	x2 := make([]float64, 4)
	for i := range x2 {
		x2[i] = 1e6 + 100*(rho*u[i]+math.Sqrt(1-rho*rho)*v[i])
	}
	g, terms := gramOf(columns(u, x2), []float64{1, 2, 3, 5})
	_, f, _, inverse := solve(t, g, &Request{Terms: terms, Target: 3, Centred: true})
	condition, err := f.Condition()
	if err != nil {
		t.Fatal(err)
	}
	if want := math.Sqrt((1 + rho) / (1 - rho)); !near(condition, want, 1e-5) {
		t.Errorf("condition number %v, want %v", condition, want)
	}
	inflation := 1 / (1 - rho*rho)
	if !near(inverse.Inflation[0], inflation, 1e-9) || !near(inverse.Inflation[1], inflation, 1e-9) {
		t.Errorf("inflation %v, want %v", inverse.Inflation, inflation)
	}
	if want := math.Sqrt(inflation / 4); !near(inverse.Roots[0], want, 1e-9) || !near(inverse.Roots[1], want/100, 1e-9) {
		t.Errorf("roots %v, want %v and a hundredth", inverse.Roots, want)
	}
	// The first mean is 0, the second 1e6: √(1/n + m²·(A⁻¹)₂₂).
	if got, want := f.PointRoot([]float64{0, 0}), math.Hypot(0.5, 1e6*inverse.Roots[1]); !near(got, want, 1e-12) {
		t.Errorf("the intercept's root %v, want %v", got, want)
	}
	if got := f.PointRoot([]float64{0, 1e6}); !near(got, 0.5, 1e-12) {
		t.Errorf("the root at the means %v, want 0.5", got)
	}
}

// A ridge penalty shrinks as the closed form says, in the units of the columns,
// and is no part of the residual; columns that repeat share the weight.
func TestPenalty(t *testing.T) {
	x, y := []float64{1, 2, 3, 4}, []float64{2, 1, 4, 7}
	// centred: Σx² = 5, Σxy = 9
	for _, lambda := range []float64{0.5, 1e-300, 1e300} {
		g, terms := gramOf(columns(x, x), y)
		_, f, r, _ := solve(t, g, &Request{Terms: terms, Target: 3, Centred: true, Penalty: []float64{lambda, lambda}})
		want, residual := 9/(10+lambda), 0.0
		for i := range x {
			d := y[i] - 3.5 - 2*want*(x[i]-2.5)
			residual += d * d
		}
		if f.Rank() == 1 && lambda < 1e-200 {
			continue // beyond what 106 bits hold, the columns are the same
		}
		if f.Rank() != 2 || !near(r.Coefficients[0], want, 1e-14) || !near(r.Coefficients[1], want, 1e-14) {
			t.Errorf("λ %v: rank %d, %v, want twice %v", lambda, f.Rank(), r.Coefficients, want)
		}
		if !near(r.Residual*r.Residual, residual, 1e-13) {
			t.Errorf("λ %v: residual %v, want %v", lambda, r.Residual*r.Residual, residual)
		}
	}
}

// The order of the rows and the unit of a power of two change no bit.
func TestSolutionBits(t *testing.T) {
	rng := testutil.Rand(t)
	const n = 3000
	x := make([][]float64, 5)
	for j := range x {
		for i := 0; i < n; i++ {
			x[j] = append(x[j], 1000*rng.NormFloat64()*math.Exp(rng.NormFloat64()))
		}
	}
	y := mapped(x[0], func(v float64) float64 { return v + rng.NormFloat64() })
	g, terms := gramOf(columns(x...), y)
	q := &Request{Terms: terms, Target: 6, Centred: true}
	_, _, want, _ := solve(t, g, q)
	order := rng.Perm(n)
	shuffled := make([][]float64, len(x))
	ys := make([]float64, n)
	for to, from := range order {
		for j := range x {
			shuffled[j] = append(shuffled[j], math.Ldexp(x[j][from], 40*j-100))
		}
		ys[to] = y[from]
	}
	g, _ = gramOf(columns(shuffled...), ys)
	_, _, got, _ := solve(t, g, q)
	for j := range x {
		if v := math.Ldexp(got.Coefficients[j], 40*j-100); v != want.Coefficients[j] {
			t.Errorf("coefficient %d: %v, want %v", j, v, want.Coefficients[j])
		}
	}
	if got.Intercept != want.Intercept || got.Residual != want.Residual {
		t.Errorf("intercept %v, residual %v, want %v, %v", got.Intercept, got.Residual, want.Intercept, want.Residual)
	}
}

// Every stage of a large system asks its check within milliseconds and ends with its error.
func TestCancel(t *testing.T) {
	const categories = 250
	g := NewGram(2)
	g.Grow(2 + categories)
	codes := make([]int32, 3*categories)
	ones, y := make([]float64, len(codes)), make([]float64, len(codes))
	for i := range codes {
		codes[i], ones[i], y[i] = int32(2+i%categories), 1, float64(i*i%101)
	}
	g.Add(&Block{Rows: len(codes), Right: columns(ones, y), Codes: [][]int32{codes}})
	q := &Request{Target: 1, Centred: true}
	for c := 1; c < categories; c++ { // the first is the reference
		q.Terms = append(q.Terms, 2+c)
	}
	cancelled := errors.New("cancelled")
	last, longest, calls := time.Now(), time.Duration(0), 0
	q.Check = func() error {
		longest = max(longest, time.Since(last))
		last = time.Now()
		calls++
		return nil
	}
	_, f, r, _ := solve(t, g, q)
	if f.Rank() != categories-1 || calls < 20 {
		t.Errorf("rank %d of %d, %d checks", f.Rank(), categories-1, calls)
	}
	t.Logf("%d checks, at most %v apart", calls, longest)
	// Each coefficient is the difference of two categories' means.
	mean := func(c int) float64 { return g.Cell(2+c, 1).Float() / 3 }
	for c := 1; c < categories; c++ {
		if want := mean(c) - mean(0); math.Abs(r.Coefficients[c-1]-want) > 1e-13 {
			t.Fatalf("category %d: %v, want %v", c, r.Coefficients[c-1], want)
		}
	}
	for stop := 1; stop < calls; stop += 1 + calls/12 {
		calls := 0
		q.Check = func() error {
			if calls++; calls == stop {
				return cancelled
			}
			return nil
		}
		s, err := g.System(q)
		var f *Factor
		if err == nil {
			f, err = s.Factor(q.Check)
		}
		if err == nil {
			_, err = f.Inverse()
		}
		if err != cancelled || calls != stop {
			t.Fatalf("check %d of %d: error %v", stop, calls, err)
		}
	}
}

func BenchmarkSolve(b *testing.B) {
	for _, p := range []int{12, 50, 200} {
		b.Run(fmt.Sprint("terms=", p), func(b *testing.B) {
			rng := testutil.Rand(b)
			x := make([][]float64, p)
			y := make([]float64, 2*p)
			for i := range y {
				y[i] = rng.NormFloat64()
				for j := range x {
					x[j] = append(x[j], rng.NormFloat64())
				}
			}
			g, terms := gramOf(columns(x...), y)
			for b.Loop() {
				_, f, _, _ := solve(b, g, &Request{Terms: terms, Target: p + 1, Centred: true})
				if f.Rank() != p {
					b.Fatalf("rank %d", f.Rank())
				}
			}
		})
	}
}
