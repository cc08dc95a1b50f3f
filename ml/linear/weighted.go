package linear

import (
	"math"

	"htapdb/sql/sqlstate"

	"gonum.org/v1/gonum/mat"
)

// weighted accumulates X'WX and X'Wz of one Newton step in doubles: the steps
// correct each other, so the sums need no more than that.
type weighted struct {
	p  int
	xx []float64 // lower triangle by rows
	xz []float64
}

func newWeighted(p int) *weighted {
	return &weighted{p: p, xx: make([]float64, p*(p+1)/2), xz: make([]float64, p)}
}

// add adds a sparse row, its terms in ascending order, with weight w and response z.
func (g *weighted) add(terms []term, w, z float64) {
	for a := range terms {
		i := terms[a].index
		wx := w * terms[a].value
		row := g.xx[i*(i+1)/2:][:i+1]
		for b := 0; b <= a; b++ {
			row[terms[b].index] += wx * terms[b].value
		}
		g.xz[i] += wx * z
	}
}

// rankTolerance is the relative pivot below which a term counts as a
// combination of others.
const rankTolerance = 1e-11

// solve returns β with (X'WX + λ·diag(penalized)) β = X'Wz, 0 for aliased terms.
func (g *weighted) solve(lambda float64, penalized func(int) bool) ([]float64, error) {
	a := mat.NewSymDense(g.p, nil)
	scale := make([]float64, g.p)
	for i := range scale {
		d := g.xx[i*(i+1)/2+i]
		if penalized(i) {
			d += lambda
		}
		if d > 0 {
			scale[i] = 1 / math.Sqrt(d)
		}
	}
	for i := 0; i < g.p; i++ {
		for j := 0; j <= i; j++ {
			v := g.xx[i*(i+1)/2+j]
			if i == j && penalized(i) {
				v += lambda
			}
			a.SetSym(i, j, v*scale[i]*scale[j])
		}
	}
	var pivoted mat.PivotedCholesky
	pivoted.Factorize(a, rankTolerance)
	rank := pivoted.Rank()
	kept := pivoted.ColumnPivots(nil)[:rank]
	if rank == 0 {
		return nil, sqlstate.New(sqlstate.NumericValueOutOfRange, "no term of the model varies")
	}
	sub := mat.NewSymDense(rank, nil)
	rhs := mat.NewVecDense(rank, nil)
	for i, ti := range kept {
		rhs.SetVec(i, g.xz[ti]*scale[ti])
		for j := 0; j <= i; j++ {
			sub.SetSym(i, j, a.At(ti, kept[j]))
		}
	}
	var chol mat.Cholesky
	if !chol.Factorize(sub) {
		return nil, sqlstate.New(sqlstate.NumericValueOutOfRange, "the normal equations of a Newton step are not positive definite").
			WithHint("Add a penalty: WITH (l2 = 0.001).")
	}
	x := mat.NewVecDense(rank, nil)
	if err := chol.SolveVecTo(x, rhs); err != nil && !isCondition(err) {
		return nil, sqlstate.Wrap(sqlstate.NumericValueOutOfRange, err, "solving a Newton step")
	}
	beta := make([]float64, g.p)
	for i, ti := range kept {
		beta[ti] = x.AtVec(i) * scale[ti]
	}
	return beta, nil
}

// isCondition reports gonum's warning of an ill-conditioned matrix, whose
// solution the next step corrects.
func isCondition(err error) bool {
	_, ok := err.(mat.Condition)
	return ok
}
