package linear

import (
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// twoSided returns the probability that a statistic is by chance at least as far from
// 0: of Student's t with the degrees of freedom, or of the normal distribution if they
// are 0. NaN stays NaN.
func twoSided(statistic float64, freedom int64) float64 {
	if math.IsNaN(statistic) {
		return math.NaN()
	}
	if freedom == 0 {
		return math.Erfc(math.Abs(statistic) / math.Sqrt2)
	}
	n := float64(freedom)
	square := statistic * statistic
	if square < 1 {
		return 1 - mathext.RegIncBeta(0.5, n/2, square/(n+square))
	}
	// This side keeps the digits of small probabilities; the square may overflow, to 0.
	return mathext.RegIncBeta(n/2, 0.5, n/(n+square))
}

// twoSidedQuantile returns the statistic that is not exceeded with the probability.
func twoSidedQuantile(probability float64, freedom int64) float64 {
	p := 1 - (1-probability)/2
	if freedom == 0 {
		return distuv.UnitNormal.Quantile(p)
	}
	return distuv.StudentsT{Sigma: 1, Nu: float64(freedom)}.Quantile(p)
}

// fUpper returns the probability of an F statistic at least as large.
func fUpper(f float64, d1, d2 float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return math.NaN()
	}
	return mathext.RegIncBeta(d2/2, d1/2, d2/(d2+d1*f))
}
