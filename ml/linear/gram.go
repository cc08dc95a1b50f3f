package linear

import "math"

// gram accumulates X'X, X'y and y'y over sparse rows. Terms may be added
// while rows arrive: a category that appears late is a term whose earlier
// products are all zero.
type gram struct {
	// cells is the lower triangle by rows: cell (i, j), j ≤ i, at i(i+1)/2 + j.
	cells []dd
	xy    []dd
	yy    dd
	n     float64
}

// grow makes room for p terms.
func (g *gram) grow(p int) {
	for len(g.xy) < p {
		g.xy = append(g.xy, dd{})
	}
	for need := p * (p + 1) / 2; len(g.cells) < need; {
		g.cells = append(g.cells, make([]dd, need-len(g.cells))...)
	}
}

// add adds one row with its non-zero terms in ascending order.
func (g *gram) add(terms []term, y float64) {
	for a := range terms {
		i, x := terms[a].index, terms[a].value
		base := i * (i + 1) / 2
		for b := 0; b <= a; b++ {
			g.cells[base+terms[b].index].addProd(x, terms[b].value)
		}
		g.xy[i].addProd(x, y)
	}
	g.yy.addProd(y, y)
	g.n++
}

// solve returns β with (G + λ·diag(penalized)) β = X'y by Cholesky
// decomposition in double-double, after scaling to unit diagonal. Terms that
// the ones before them determine (relative pivot below tolerance) get 0 and are
// not counted in rank.
func (g *gram) solve(lambda float64, penalized func(term int) bool) (beta []float64, rank int) {
	p := len(g.xy)
	scale := make([]float64, p)
	for i := range scale {
		d := g.at(i, i).hi
		if lambda > 0 && penalized(i) {
			d += lambda
		}
		if d > 0 {
			// A power of two scales without rounding.
			_, e := math.Frexp(math.Sqrt(d))
			scale[i] = math.Ldexp(1, -e)
		}
	}
	l, used := g.factor(scale, lambda, penalized)
	z := make([]dd, p)
	for i := 0; i < p; i++ {
		if !used[i] {
			continue
		}
		rank++
		s := g.xy[i].mul(ddFrom(scale[i]))
		for j := 0; j < i; j++ {
			if used[j] {
				s = s.sub(l[i*(i+1)/2+j].mul(z[j]))
			}
		}
		z[i] = s.div(l[i*(i+1)/2+i])
	}
	for i := p - 1; i >= 0; i-- {
		if !used[i] {
			continue
		}
		s := z[i]
		for j := i + 1; j < p; j++ {
			if used[j] {
				s = s.sub(l[j*(j+1)/2+i].mul(z[j]))
			}
		}
		z[i] = s.div(l[i*(i+1)/2+i])
	}
	beta = make([]float64, p)
	for i := range beta {
		beta[i] = z[i].mul(ddFrom(scale[i])).float()
	}
	return beta, rank
}

// aliasTolerance is the share of a term's own square sum that has to be left
// after the terms before it; below it the term is a combination of them. Double-double
// leaves about 1e-30 of noise, so ill-conditioned terms survive and exact ones do not.
const aliasTolerance = 1e-24

// factor returns the Cholesky factor of the scaled matrix, lower triangle by rows.
func (g *gram) factor(scale []float64, lambda float64, penalized func(int) bool) (l []dd, used []bool) {
	p := len(scale)
	l = make([]dd, len(g.cells))
	used = make([]bool, p)
	for i := 0; i < p; i++ {
		row := l[i*(i+1)/2:][:i+1]
		for j := 0; j <= i; j++ {
			s := g.at(i, j)
			if i == j && lambda > 0 && penalized(i) {
				s = s.add(ddFrom(lambda))
			}
			s = s.mul(ddFrom(scale[i])).mul(ddFrom(scale[j]))
			diagonal := s.hi
			other := l[j*(j+1)/2:][:j+1]
			for k := 0; k < j; k++ {
				if used[k] {
					s = s.sub(row[k].mul(other[k]))
				}
			}
			switch {
			case i != j && used[j]:
				row[j] = s.div(other[j])
			case i == j && s.hi > aliasTolerance*diagonal && diagonal > 0:
				row[i] = s.sqrt()
				used[i] = true
			}
		}
	}
	return l, used
}

func (g *gram) at(i, j int) dd { return g.cells[i*(i+1)/2+j] }

// residual returns Σ(y − xβ)² = y'y − 2β'X'y + β'Gβ, at least 0.
func (g *gram) residual(beta []float64) float64 {
	s := g.yy
	for i, b := range beta {
		if b == 0 {
			continue
		}
		s = s.sub(g.xy[i].mul(ddFrom(2 * b)))
		for j := 0; j <= i; j++ {
			if beta[j] == 0 {
				continue
			}
			c := g.at(i, j).mul(ddFrom(b)).mul(ddFrom(beta[j]))
			s = s.add(c)
			if j < i {
				s = s.add(c)
			}
		}
	}
	return math.Max(s.float(), 0)
}
