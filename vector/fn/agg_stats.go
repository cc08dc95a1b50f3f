package fn

import (
	"math"

	"htapdb/sql/types"
	"htapdb/vector"
)

// statAggregates are variances, covariances, correlation and regression, over DOUBLE PRECISION.
func statAggregates() []aggregateOverload {
	var out []aggregateOverload
	one, two := []types.Kind{types.Float8}, []types.Kind{types.Float8, types.Float8}
	for name, f := range map[string]func(m *moments, g int) (float64, bool){
		"stddev": stddevSamp, "stddev_samp": stddevSamp, "stddev_pop": stddevPop,
		"variance": varSamp, "var_samp": varSamp, "var_pop": varPop,
	} {
		out = append(out, aggregateOverload{name: name, args: one, result: types.Float8, algebra: Merges, bind: func(a *Aggregate) {
			a.NewState = func(*Context) AggState { return &moments{result: f} }
		}})
	}
	for name, f := range map[string]func(m *moments, g int) (float64, bool){
		"covar_pop": covarPop, "covar_samp": covarSamp, "corr": corr, "regr_slope": regrSlope, "regr_intercept": regrIntercept,
		"regr_r2": regrR2, "regr_avgx": func(m *moments, g int) (float64, bool) { return m.x[g], m.n[g] > 0 },
		"regr_avgy": func(m *moments, g int) (float64, bool) { return m.y[g], m.n[g] > 0 },
		"regr_sxx":  func(m *moments, g int) (float64, bool) { return m.xx[g], m.n[g] > 0 },
		"regr_syy":  func(m *moments, g int) (float64, bool) { return m.yy[g], m.n[g] > 0 },
		"regr_sxy":  func(m *moments, g int) (float64, bool) { return m.xy[g], m.n[g] > 0 },
	} {
		out = append(out, aggregateOverload{name: name, args: two, result: types.Float8, algebra: Merges, bind: func(a *Aggregate) {
			a.NewState = func(*Context) AggState { return &moments{pairs: true, result: f} }
		}})
	}
	return append(out, aggregateOverload{name: "regr_count", args: two, result: types.Int8, algebra: Merges, bind: func(a *Aggregate) {
		a.NewState = func(*Context) AggState { return &moments{pairs: true, count: true} }
	}})
}

// moments holds the count, means and centred second moments of a group, updated
// by Welford's method and merged by Chan's, so that a large mean costs no digits.
// In pairs the first argument is y and the second x; alone, the argument is x.
type moments struct {
	pairs, count bool
	result       func(m *moments, g int) (float64, bool)
	n            []float64
	x, xx        []float64 // mean, Σ(x−mean)²
	y, yy, xy    []float64 // only in pairs
	inX, inY     input[float64]
}

func (m *moments) Grow(n int) {
	m.n, m.x, m.xx = extend(m.n, n), extend(m.x, n), extend(m.xx, n)
	if m.pairs {
		m.y, m.yy, m.xy = extend(m.y, n), extend(m.yy, n), extend(m.xy, n)
	}
}

func (m *moments) Add(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	x, y := &m.inX, &m.inY
	x.set(args[len(args)-1])
	if m.pairs {
		y.set(args[0])
	}
	for k, g := range groups {
		i := rowOf(sel, k)
		if x.null(i) || m.pairs && y.null(i) {
			continue
		}
		v := x.a[i&x.mask]
		m.n[g]++
		n := m.n[g]
		dx := v - m.x[g]
		m.x[g] += dx / n
		m.xx[g] += dx * (v - m.x[g])
		if m.pairs {
			w := y.a[i&y.mask]
			dy := w - m.y[g]
			m.y[g] += dy / n
			m.yy[g] += dy * (w - m.y[g])
			m.xy[g] += dx * (w - m.y[g])
		}
	}
	return nil
}

func (m *moments) AddAll(args []*vector.Vector, sel []int32, n int) error {
	return m.Add(groupZero(sel, n), args, sel, n)
}

func (m *moments) Merge(other AggState, from []int32, to []uint32) error {
	o, ok := other.(*moments)
	if !ok {
		return errMerge
	}
	for k, t := range to {
		g := MergedGroup(from, k)
		a, b := m.n[t], o.n[g]
		switch {
		case b == 0:
			continue
		case a == 0: // exactly: b·x/b may round
			m.n[t], m.x[t], m.xx[t] = b, o.x[g], o.xx[g]
			if m.pairs {
				m.y[t], m.yy[t], m.xy[t] = o.y[g], o.yy[g], o.xy[g]
			}
			continue
		}
		n := a + b
		dx := o.x[g] - m.x[t]
		m.n[t] = n
		m.x[t] += dx * b / n
		m.xx[t] += o.xx[g] + dx*dx*a*b/n
		if m.pairs {
			dy := o.y[g] - m.y[t]
			m.y[t] += dy * b / n
			m.yy[t] += o.yy[g] + dy*dy*a*b/n
			m.xy[t] += o.xy[g] + dx*dy*a*b/n
		}
	}
	return nil
}

func (m *moments) Finish(out *vector.Vector, from, to int) error {
	out.Resize(to - from)
	for g := from; g < to; g++ {
		if m.count {
			out.I64[g-from] = int64(m.n[g])
			continue
		}
		v, ok := m.result(m, g)
		if !ok {
			out.SetNull(g - from)
		}
		out.F64[g-from] = v
	}
	return nil
}

func (m *moments) Bytes() int64 {
	return sliceBytes(m.n) + sliceBytes(m.x) + sliceBytes(m.xx) + sliceBytes(m.y) + sliceBytes(m.yy) + sliceBytes(m.xy)
}

func varPop(m *moments, g int) (float64, bool)  { return m.xx[g] / m.n[g], m.n[g] > 0 }
func varSamp(m *moments, g int) (float64, bool) { return m.xx[g] / (m.n[g] - 1), m.n[g] > 1 }

func stddevPop(m *moments, g int) (float64, bool) {
	v, ok := varPop(m, g)
	return math.Sqrt(v), ok
}

func stddevSamp(m *moments, g int) (float64, bool) {
	v, ok := varSamp(m, g)
	return math.Sqrt(v), ok
}

func covarPop(m *moments, g int) (float64, bool)  { return m.xy[g] / m.n[g], m.n[g] > 0 }
func covarSamp(m *moments, g int) (float64, bool) { return m.xy[g] / (m.n[g] - 1), m.n[g] > 1 }

func corr(m *moments, g int) (float64, bool) {
	if m.n[g] < 1 || m.xx[g] == 0 || m.yy[g] == 0 {
		return 0, false
	}
	root := math.Sqrt(m.xx[g] * m.yy[g])
	if root == 0 || math.IsInf(root, 0) { // the product left the range: the root of each
		root = math.Sqrt(m.xx[g]) * math.Sqrt(m.yy[g])
	}
	r := m.xy[g] / root
	return max(-1, min(1, r)), true
}

func regrSlope(m *moments, g int) (float64, bool) {
	return m.xy[g] / m.xx[g], m.n[g] > 0 && m.xx[g] != 0
}

func regrIntercept(m *moments, g int) (float64, bool) {
	slope, ok := regrSlope(m, g)
	return m.y[g] - slope*m.x[g], ok
}

func regrR2(m *moments, g int) (float64, bool) {
	switch {
	case m.n[g] < 1 || m.xx[g] == 0:
		return 0, false
	case m.yy[g] == 0:
		return 1, true
	}
	return m.xy[g] * m.xy[g] / (m.xx[g] * m.yy[g]), true
}
