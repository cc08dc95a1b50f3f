package exact

import "math"

// conditionSteps bounds the iterations, conditionTolerance ends them: the
// condition number is read for its magnitude.
const (
	conditionSteps     = 60
	conditionTolerance = 1e-6
)

// Condition returns the condition number of the terms that are not aliased, as
// columns that are centred and scaled to length 1: the square root of the ratio
// of the largest to the smallest eigenvalue of their correlation matrix, by power
// iteration and inverse iteration. It is a lower bound, close to within a percent
// as a rule. 1 means orthogonal; of 16 digits of a term, log₁₀ of it may say
// nothing about the coefficients. A penalty counts as data. The only error is that of check.
func (f *Factor) Condition() (float64, error) {
	n := len(f.order)
	if n <= 1 {
		return float64(n), nil
	}
	length := make([]float64, n)
	for k, i := range f.order {
		length[k] = math.Sqrt(f.s.at(i, i).Hi)
	}
	largest, err := f.iterate(func(out, in []float64) {
		for k, i := range f.order {
			sum := 0.0
			for m, j := range f.order {
				sum += float64(f.s.at(i, j).Hi / length[m] * in[m])
			}
			out[k] = sum / length[k]
		}
	})
	if err != nil {
		return 0, err
	}
	b := make([]DD, len(f.s.Terms))
	inverse, err := f.iterate(func(out, in []float64) {
		for k, i := range f.order {
			b[i] = FromFloat(in[k] * length[k])
		}
		x := f.backward(f.forward(b))
		for k, i := range f.order {
			out[k] = x[i].Hi * length[k]
		}
	})
	if err != nil {
		return 0, err
	}
	return math.Max(1, math.Sqrt(largest*inverse)), nil
}

// iterate returns the largest eigenvalue of the symmetric map by power iteration.
func (f *Factor) iterate(apply func(out, in []float64)) (float64, error) {
	n := len(f.order)
	x, y := make([]float64, n), make([]float64, n)
	// A start that no eigenvector of a regular matrix is orthogonal to.
	for k := range x {
		x[k] = 1 + math.Mod(float64(k+1)*math.Phi, 1)
		if k%2 == 1 {
			x[k] = -x[k]
		}
	}
	value := 0.0
	for step := 0; step < conditionSteps; step++ {
		normalize(x)
		apply(y, x)
		next := 0.0
		for k := range x {
			next += float64(x[k] * y[k])
		}
		if err := f.work.tick(n * n); err != nil {
			return 0, err
		}
		if math.Abs(next-value) <= conditionTolerance*next {
			return next, nil
		}
		value = next
		x, y = y, x
	}
	return value, nil
}

func normalize(x []float64) {
	sum := 0.0
	for _, v := range x {
		sum += float64(v * v)
	}
	for k := range x {
		x[k] /= math.Sqrt(sum)
	}
}
