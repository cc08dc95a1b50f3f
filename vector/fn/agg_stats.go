package fn

import (
	"math"
	"math/big"

	"htapdb/sql/types"
)

// statAggregates are variances of integers, NUMERIC and DOUBLE PRECISION, and
// covariances, correlation and regression of DOUBLE PRECISION. Results are DOUBLE
// PRECISION: the exact value rounded once.
func statAggregates() []aggregateOverload {
	var out []aggregateOverload
	for name, f := range map[string]func(e *estimate) (float64, bool){
		"stddev": stddevSamp, "stddev_samp": stddevSamp, "stddev_pop": stddevPop,
		"variance": varSamp, "var_samp": varSamp, "var_pop": varPop,
	} {
		for _, k := range []types.Kind{types.Int2, types.Int4, types.Int8, types.Numeric, types.Float8} {
			out = append(out, aggregateOverload{name: name, args: []types.Kind{k}, result: types.Float8, algebra: Inverts, bind: bindMoments(f)})
		}
	}
	for name, f := range map[string]func(e *estimate) (float64, bool){
		"covar_pop":      func(e *estimate) (float64, bool) { return e.covariance(0) },
		"covar_samp":     func(e *estimate) (float64, bool) { return e.covariance(1) },
		"corr":           (*estimate).corr,
		"regr_slope":     (*estimate).slope,
		"regr_intercept": (*estimate).intercept,
		"regr_r2":        (*estimate).r2,
		"regr_avgx":      func(e *estimate) (float64, bool) { return e.mean(&e.sx, e.ux, e.specialX), e.n > 0 },
		"regr_avgy":      func(e *estimate) (float64, bool) { return e.mean(&e.sy, e.uy, e.specialY), e.n > 0 },
		"regr_sxx":       func(e *estimate) (float64, bool) { return e.centred(&e.cxx, 2*e.ux, e.specialX), e.n > 0 },
		"regr_syy":       func(e *estimate) (float64, bool) { return e.centred(&e.cyy, 2*e.uy, e.specialY), e.n > 0 },
		"regr_sxy": func(e *estimate) (float64, bool) {
			return e.centred(&e.cxy, e.ux+e.uy, e.specialX+e.specialY), e.n > 0
		},
	} {
		out = append(out, aggregateOverload{name: name, args: []types.Kind{types.Float8, types.Float8}, result: types.Float8, algebra: Inverts, bind: bindMoments(f)})
	}
	return append(out, aggregateOverload{name: "regr_count", args: []types.Kind{types.Float8, types.Float8}, result: types.Int8, algebra: Inverts, bind: func(a *Aggregate) {
		a.NewState = func(*Context) AggState { return &pairCount{} }
	}})
}

// bindMoments binds an aggregate that is computed from the moments of its arguments.
func bindMoments(f func(e *estimate) (float64, bool)) func(*Aggregate) {
	return func(a *Aggregate) {
		t := a.Args[len(a.Args)-1]
		a.NewState = func(*Context) AggState { return newMoments(len(a.Args) == 2, t, f) }
	}
}

func newMoments(pairs bool, t types.Type, f func(e *estimate) (float64, bool)) *moments {
	m := &moments{pairs: pairs, result: f}
	if t.Kind == types.Numeric {
		m.scale = int(t.Scale)
	}
	m.inX.floats = t.Kind == types.Float8
	return m
}

// estimate is what is computed of the moments of one group. Its numbers are kept
// from group to group.
type estimate struct {
	n int64
	// The sums: sx and sxx are in units of 2^ux and 4^ux.
	sx, sy, sxx, syy, sxy big.Int
	ux, uy                int
	// What special values add up to, 0 without one.
	specialX, specialY float64
	// cxx is n·Σ(x−mean)², cxy n·Σ(x−mean)(y−mean), in the same units.
	cxx, cyy, cxy big.Int
	// unit is 10^(2·scale), by which squares of NUMERICs are to be divided.
	unit big.Int

	ratios
	a, b, count big.Int
}

// load computes the moments of group g.
func (e *estimate) load(m *moments, g uint32) {
	e.n = m.n[g]
	e.count.SetInt64(e.n)
	if e.unit.Sign() == 0 {
		e.unit.Exp(big.NewInt(100), big.NewInt(int64(m.scale)), nil)
	}
	e.ux, e.uy, e.specialX, e.specialY = m.x.unitOf(g), 0, 0, 0
	bigFixed(&e.sx, m.x.sumOf(g))
	bigFixed(&e.sxx, m.x.squareOf(g))
	if m.pairs {
		e.uy = m.y.unitOf(g)
		bigFixed(&e.sy, m.y.sumOf(g))
		bigFixed(&e.syy, m.y.squareOf(g))
		bigFixed(&e.sxy, wordsOf(m.xy, g, squareWords))
	}
	if far := m.far[g]; far != nil {
		e.addFar(far)
	}
	e.centre(&e.cxx, &e.sxx, &e.sx, &e.sx)
	if m.pairs {
		e.centre(&e.cyy, &e.syy, &e.sy, &e.sy)
		e.centre(&e.cxy, &e.sxy, &e.sx, &e.sy)
	}
}

// unitOf is the exponent of group g's unit.
func (a *axis) unitOf(g uint32) int {
	if a.unit == nil || a.unit[g] == unknownUnit {
		return 0
	}
	return int(a.unit[g])
}

// addFar adds the far moments, whose units the sums then have. Without values the
// unit is 0, above that of far sums too.
func (e *estimate) addFar(f *farMoments) {
	x, y := uint(e.ux-minExp), uint(e.uy-minExp)
	for _, s := range []struct {
		sum   *big.Int
		far   []uint64
		shift uint
	}{
		{&e.sx, f.sumX[:], x}, {&e.sy, f.sumY[:], y}, {&e.sxx, f.squareX[:], 2 * x}, {&e.syy, f.squareY[:], 2 * y}, {&e.sxy, f.square[:], x + y},
	} {
		s.sum.Lsh(s.sum, s.shift)
		s.sum.Add(s.sum, bigFixed(&e.a, s.far))
	}
	e.ux, e.uy, e.specialX, e.specialY = minExp, minExp, f.specialX.sum(), f.specialY.sum()
}

// centre sets c to n·s − a·b.
func (e *estimate) centre(c, s, a, b *big.Int) {
	e.a.Mul(a, b)
	c.Mul(&e.count, s)
	c.Sub(c, &e.a)
}

func (e *estimate) mean(sum *big.Int, unit int, special float64) float64 {
	if special != 0 || e.n == 0 {
		return special
	}
	return e.quotient(sum, &e.count, unit)
}

// centred is c/n, NaN if there was a special value.
func (e *estimate) centred(c *big.Int, unit int, special float64) float64 {
	if special != 0 {
		return math.NaN()
	}
	return e.mean(c, unit, 0)
}

// freedom sets b to n·(n − less)·unit, and reports whether that is above 0.
func (e *estimate) freedom(less int64) bool {
	if e.n <= less {
		return false
	}
	e.a.SetInt64(e.n - less)
	e.b.Mul(&e.count, &e.a)
	e.b.Mul(&e.b, &e.unit)
	return true
}

func (e *estimate) variance(less int64, of func(r *ratios, num, den *big.Int, exp int) float64) (float64, bool) {
	switch {
	case !e.freedom(less):
		return 0, false
	case e.specialX != 0:
		return math.NaN(), true
	}
	return of(&e.ratios, &e.cxx, &e.b, 2*e.ux), true
}

func varPop(e *estimate) (float64, bool)     { return e.variance(0, (*ratios).quotient) }
func varSamp(e *estimate) (float64, bool)    { return e.variance(1, (*ratios).quotient) }
func stddevPop(e *estimate) (float64, bool)  { return e.variance(0, (*ratios).root) }
func stddevSamp(e *estimate) (float64, bool) { return e.variance(1, (*ratios).root) }

func (e *estimate) covariance(less int64) (float64, bool) {
	switch {
	case !e.freedom(less):
		return 0, false
	case e.specialX != 0 || e.specialY != 0:
		return math.NaN(), true
	}
	return e.quotient(&e.cxy, &e.b, e.ux+e.uy), true
}

// sameValues reports whether the values are all the same.
func sameValues(c *big.Int, special float64) bool { return special == 0 && c.Sign() == 0 }

func (e *estimate) corr() (float64, bool) {
	switch {
	case e.n < 1 || sameValues(&e.cxx, e.specialX) || sameValues(&e.cyy, e.specialY):
		return 0, false
	case e.specialX != 0 || e.specialY != 0:
		return math.NaN(), true
	}
	e.a.Mul(&e.cxy, &e.cxy)
	e.b.Mul(&e.cxx, &e.cyy)
	r := e.root(&e.a, &e.b, 0)
	if e.cxy.Sign() < 0 {
		return -r, true
	}
	return r, true
}

func (e *estimate) r2() (float64, bool) {
	switch {
	case e.n < 1 || sameValues(&e.cxx, e.specialX):
		return 0, false
	case sameValues(&e.cyy, e.specialY):
		return 1, true
	case e.specialX != 0 || e.specialY != 0:
		return math.NaN(), true
	}
	e.a.Mul(&e.cxy, &e.cxy)
	e.b.Mul(&e.cxx, &e.cyy)
	return e.quotient(&e.a, &e.b, 0), true
}

func (e *estimate) slope() (float64, bool) {
	switch {
	case e.n < 1 || sameValues(&e.cxx, e.specialX):
		return 0, false
	case e.specialX != 0 || e.specialY != 0:
		return math.NaN(), true
	}
	return e.quotient(&e.cxy, &e.cxx, e.uy-e.ux), true
}

// intercept is (Σy·Cxx − Σx·Cxy) / (n·Cxx).
func (e *estimate) intercept() (float64, bool) {
	switch {
	case e.n < 1 || sameValues(&e.cxx, e.specialX):
		return 0, false
	case e.specialX != 0 || e.specialY != 0:
		return math.NaN(), true
	}
	e.a.Mul(&e.sy, &e.cxx)
	e.b.Mul(&e.sx, &e.cxy)
	e.a.Sub(&e.a, &e.b)
	e.b.Mul(&e.count, &e.cxx)
	return e.quotient(&e.a, &e.b, e.uy), true
}
