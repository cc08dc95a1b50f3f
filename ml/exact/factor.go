package exact

import "math"

// Factor is the Cholesky factorization of a System's matrix with diagonal
// pivoting: at each step the term is next that has most left of its own squares
// after the ones before it, the first among equals (Higham, Accuracy and
// Stability of Numerical Algorithms, 10.3). A term of which less is left than
// rounding leaves is aliased: it is a linear combination of others, and its
// coefficient 0.
//
// Aliased means that the share left of a term's (centred) squares is at most
// the larger of two bounds: p·2⁻⁹⁶, what the factorization itself may leave
// (about 1e-28 for ten terms); and 2⁻¹⁰⁴ of the squares before centring, what
// the rounding of the term's numbers to doubles may leave: x, z and x+z of the
// size of 1e9 with a spread of 1 differ from a combination by 1e-7, not by 1e-16.
type Factor struct {
	s *System
	// order are the positions that are not aliased, in the order of their pivots.
	order   []int
	aliased []bool
	// rows[i] holds row i of L in pivot order: entries for the pivots up to its own.
	rows [][]DD
	work ticker
}

// factorNoise bounds, times p, the share that rounding leaves of a term.
const factorNoise = 0x1p-96

// Factor decomposes the matrix. The only error is that of check.
func (s *System) Factor(check func() error) (*Factor, error) {
	p := len(s.Terms)
	f := &Factor{s: s, aliased: make([]bool, p), rows: make([][]DD, p), work: ticker{check: check}}
	left := make([]DD, p) // what is left of the diagonal
	var open []int
	for i := 0; i < p; i++ {
		left[i] = s.at(i, i)
		if f.aliased[i] = s.Constant[i]; !f.aliased[i] {
			open = append(open, i)
			f.rows[i] = make([]DD, 0, p)
		}
	}
	for len(open) > 0 {
		k, most := 0, 0.0
		keep := open[:0]
		for _, i := range open {
			share := left[i].Hi / s.at(i, i).Hi
			if share <= math.Max(float64(p)*factorNoise, s.noise[i]) {
				f.aliased[i] = true
				continue
			}
			if share > most {
				k, most = len(keep), share
			}
			keep = append(keep, i)
		}
		if open = keep; len(open) == 0 {
			break
		}
		pivot := open[k]
		open = append(open[:k], open[k+1:]...)
		row := f.rows[pivot]
		d := left[pivot].Sqrt()
		for _, i := range open {
			v := s.at(i, pivot).Sub(dot(f.rows[i], row)).Div(d)
			f.rows[i] = append(f.rows[i], v)
			left[i] = left[i].Sub(v.Mul(v))
			if err := f.work.tick(len(row) + 10); err != nil {
				return nil, err
			}
		}
		f.rows[pivot] = append(row, d)
		f.order = append(f.order, pivot)
	}
	return f, nil
}

func (s *System) at(i, j int) DD {
	if i < j {
		i, j = j, i
	}
	return s.a[i*(i+1)/2+j]
}

// Rank is the number of terms that are not aliased.
func (f *Factor) Rank() int { return len(f.order) }

// Aliased reports whether the term at position i is a combination of others or
// does not vary.
func (f *Factor) Aliased(i int) bool { return f.aliased[i] }

// Solution is β and what follows from it.
type Solution struct {
	// Coefficients by position, 0 for aliased terms, in units of the target per
	// unit of the term.
	Coefficients []float64
	// Intercept is the constant's coefficient, 0 without centring; it is the fit
	// where all terms are 0. Base is the fit where the terms that Solve was told
	// are at their means and the others 0.
	Intercept, Base float64
	// Residual and Total are the square roots of the (weighted) sums of squares
	// around the fit and around the mean (around 0 without centring): roots,
	// because the squares may be beyond the range of float64. Where rounding
	// would leave more than there is of the residuals, they are 0.
	Residual, Total float64
	// Unexplained is Residual² / Total², 0 where Total is 0.
	Unexplained float64
}

// residualNoise bounds, times the rank + 1, the share of the total that
// rounding leaves of a perfect fit.
const residualNoise = 0x1p-98

// Solve returns the solution of the equations. atMean are the positions that
// Solution.Base takes at their means, nil for none.
func (f *Factor) Solve(atMean []bool) *Solution {
	s := f.s
	z := f.forward(s.b)
	x := f.backward(z)
	r := &Solution{Coefficients: make([]float64, len(x)), Total: math.Ldexp(s.yy.Sqrt().Hi, s.yScale)}
	intercept, base, rest := s.yMean, s.yMean, s.yy.Sub(dot(z, z))
	for i, v := range x {
		r.Coefficients[i] = v.Ldexp(s.yScale - s.scale[i]).Float()
		intercept = intercept.Sub(v.Mul(s.means[i]))
		if atMean == nil || !atMean[i] {
			base = base.Sub(v.Mul(s.means[i]))
		}
		// b'A⁻¹b holds the penalty, which is no part of the residual.
		rest = rest.Sub(s.penalty[i].Mul(v).Mul(v))
	}
	r.Intercept, r.Base = intercept.Ldexp(s.yScale).Float(), base.Ldexp(s.yScale).Float()
	if rest.Hi > float64(len(z)+1)*residualNoise*s.yy.Hi {
		r.Residual = math.Ldexp(rest.Sqrt().Float(), s.yScale)
		r.Unexplained = rest.Div(s.yy).Float()
	}
	return r
}

// Inverse is what standard errors need of A⁻¹.
type Inverse struct {
	// Roots are the square roots of its diagonal by position, in units of one
	// over the terms' own, 0 for aliased terms: times the residual standard
	// error they are the coefficients' standard errors.
	Roots []float64
	// Inflation are the variance inflation factors, 1/(1−R²) of each term on the
	// others, 0 for aliased terms.
	Inflation []float64
}

// Inverse computes the diagonal of the inverse, which costs as much as the
// factorization. The only error is that of its check.
func (f *Factor) Inverse() (*Inverse, error) {
	s := f.s
	v := &Inverse{Roots: make([]float64, len(s.Terms)), Inflation: make([]float64, len(s.Terms))}
	z := make([]DD, len(f.order))
	for k, i := range f.order {
		// Column k of L⁻¹: its squares sum to the inverse's entry.
		z[k] = FromFloat(1).Div(f.rows[i][k])
		for m := k + 1; m < len(f.order); m++ {
			row := f.rows[f.order[m]]
			z[m] = dot(row[k:m], z[k:m]).Neg().Div(row[m])
			if err := f.work.tick(m - k + 10); err != nil {
				return nil, err
			}
		}
		d := dot(z[k:], z[k:])
		v.Roots[i] = math.Ldexp(d.Sqrt().Float(), -s.scale[i])
		v.Inflation[i] = d.Mul(s.at(i, i)).Float()
	}
	return v, nil
}

// PointRoot returns √(1/n + (x−m)'A⁻¹(x−m)), m being the means: times the residual
// standard error it is the standard error of the fit at x, by position, and for
// x = 0 that of the constant. Without centring it is √(x'A⁻¹x).
func (f *Factor) PointRoot(x []float64) float64 {
	s := f.s
	d := make([]DD, len(x))
	for i, v := range x {
		d[i] = FromFloat(v).Ldexp(-s.scale[i]).Sub(s.means[i])
	}
	z := f.forward(d)
	square := dot(z, z)
	if s.centred {
		square = square.Add(FromFloat(1).Div(s.weight).Ldexp(-s.wScale))
	}
	return square.Sqrt().Float()
}

// forward solves L·z = b, z in pivot order.
func (f *Factor) forward(b []DD) []DD {
	z := make([]DD, len(f.order))
	for k, i := range f.order {
		row := f.rows[i]
		z[k] = b[i].Sub(dot(row[:k], z[:k])).Div(row[k])
	}
	return z
}

// backward solves L'·x = z and returns x by position, 0 for the aliased.
func (f *Factor) backward(z []DD) []DD {
	x := make([]DD, len(f.aliased))
	z = append([]DD(nil), z...)
	for k := len(f.order) - 1; k >= 0; k-- {
		row := f.rows[f.order[k]]
		v := z[k].Div(row[k])
		x[f.order[k]] = v
		for m := range z[:k] {
			z[m] = z[m].Sub(v.Mul(row[m]))
		}
	}
	return x
}
