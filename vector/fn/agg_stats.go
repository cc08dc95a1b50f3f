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
		"regr_r2": regrR2, "regr_avgx": func(m *moments, g int) (float64, bool) { return m.x[g].mean(m.n[g]), m.n[g] > 0 },
		"regr_avgy": func(m *moments, g int) (float64, bool) { return m.y[g].mean(m.n[g]), m.n[g] > 0 },
		"regr_sxx":  func(m *moments, g int) (float64, bool) { return m.x[g].square, m.n[g] > 0 },
		"regr_syy":  func(m *moments, g int) (float64, bool) { return m.y[g].square, m.n[g] > 0 },
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

// moments holds the count, sums and centred second moments of a group by the
// method of Youngs and Cramer ("Some Results Relevant to Choice of Sum and
// Sum-of-Product Algorithms", 1971), which PostgreSQL has too. Sums are exact where
// Welford's running means are not: those cost the variance of four integers at 1e8
// half of its digits, in an order that depends on which worker came first.
// In pairs the first argument is y and the second x; alone, the argument is x.
type moments struct {
	pairs, count bool
	result       func(m *moments, g int) (float64, bool)
	n            []float64
	x, y         []axis    // y only in pairs
	xy           []float64 // Σ(x−mean)(y−mean), only in pairs
	// special marks the groups with an infinite or NaN input: only without one is
	// a result that is not finite an overflow. It is nil until there is such an input.
	special  []uint8
	inX, inY input[float64]
}

// axis is one variable of a group.
type axis struct {
	// origin is the group's first value, or 0 if that is not finite. Distances from
	// it keep the digits that sums of values with a large mean would lose.
	origin float64
	sum    float64 // Σ(v−origin)
	square float64 // Σ(v−mean)²
}

// add takes the n-th value of a group and returns its distance from the mean times n.
func (a *axis) add(v, n float64) float64 {
	if n == 1 {
		a.origin = v
		if v-v != 0 {
			a.origin, a.sum, a.square = 0, v, math.NaN()
		}
		return v - v
	}
	d := v - a.origin
	a.sum += d
	t := d*n - a.sum
	a.square += t * t / (n * (n - 1))
	return t
}

// mean is the mean of n values.
func (a *axis) mean(n float64) float64 { return a.origin + a.sum/n }

// merge adds the values of b, nb of them, to the na of a, and returns the distance
// of the means times na·nb.
func (a *axis) merge(b *axis, na, nb float64) float64 {
	sum := b.sum + nb*(b.origin-a.origin)
	t := a.sum*nb - sum*na
	a.sum += sum
	a.square += b.square + scaled(t, t, na, nb)
	return t
}

// scaled is s·t/(na·nb·(na+nb)), also where s·t is out of range and the result is not.
func scaled(s, t, na, nb float64) float64 {
	if p := s * t; !math.IsInf(p, 0) {
		return p / (na * nb * (na + nb))
	}
	return s / na / nb * (t / (na + nb))
}

func (m *moments) Grow(n int) {
	m.n, m.x = extend(m.n, n), extend(m.x, n)
	if m.pairs {
		m.y, m.xy = extend(m.y, n), extend(m.xy, n)
	}
	if m.special != nil {
		m.special = extend(m.special, n)
	}
}

// mark notes a special input of group g.
func (m *moments) mark(g uint32) {
	if m.special == nil {
		m.special = make([]uint8, len(m.n))
	}
	m.special[g] = 1
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
		dx := m.x[g].add(v, n)
		if v-v != 0 {
			m.mark(g)
		}
		if !m.pairs {
			continue
		}
		w := y.a[i&y.mask]
		dy := m.y[g].add(w, n)
		if w-w != 0 {
			m.mark(g)
		}
		m.xy[g] += dx * dy / max(n*(n-1), 1)
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
		if b == 0 {
			continue
		}
		if o.special != nil && o.special[g] != 0 {
			m.mark(t)
		}
		m.n[t] = a + b
		if a == 0 {
			m.x[t] = o.x[g]
			if m.pairs {
				m.y[t], m.xy[t] = o.y[g], o.xy[g]
			}
			continue
		}
		dx := m.x[t].merge(&o.x[g], a, b)
		if m.pairs {
			dy := m.y[t].merge(&o.y[g], a, b)
			m.xy[t] += o.xy[g] + scaled(dx, dy, a, b)
		}
	}
	return nil
}

// overflowed reports that a group without a special input left the range.
func (m *moments) overflowed(g int) bool {
	if m.special != nil && m.special[g] != 0 {
		return false
	}
	v := m.x[g].sum - m.x[g].sum + (m.x[g].square - m.x[g].square)
	if m.pairs {
		v += m.y[g].sum - m.y[g].sum + (m.y[g].square - m.y[g].square) + (m.xy[g] - m.xy[g])
	}
	return v != 0
}

func (m *moments) Finish(out *vector.Vector, from, to int) error {
	out.Resize(to - from)
	for g := from; g < to; g++ {
		if m.count {
			out.I64[g-from] = int64(m.n[g])
			continue
		}
		if m.overflowed(g) {
			return overflow()
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
	return sliceBytes(m.n) + sliceBytes(m.x) + sliceBytes(m.y) + sliceBytes(m.xy) + sliceBytes(m.special)
}

func varPop(m *moments, g int) (float64, bool)  { return m.x[g].square / m.n[g], m.n[g] > 0 }
func varSamp(m *moments, g int) (float64, bool) { return m.x[g].square / (m.n[g] - 1), m.n[g] > 1 }

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
	if m.n[g] < 1 || m.x[g].square == 0 || m.y[g].square == 0 {
		return 0, false
	}
	root := math.Sqrt(m.x[g].square * m.y[g].square)
	if root == 0 || math.IsInf(root, 0) { // the product left the range: the root of each
		root = math.Sqrt(m.x[g].square) * math.Sqrt(m.y[g].square)
	}
	r := m.xy[g] / root
	return max(-1, min(1, r)), true
}

func regrSlope(m *moments, g int) (float64, bool) {
	return m.xy[g] / m.x[g].square, m.n[g] > 0 && m.x[g].square != 0
}

func regrIntercept(m *moments, g int) (float64, bool) {
	slope, ok := regrSlope(m, g)
	return m.y[g].mean(m.n[g]) - slope*m.x[g].mean(m.n[g]), ok
}

func regrR2(m *moments, g int) (float64, bool) {
	switch {
	case m.n[g] < 1 || m.x[g].square == 0:
		return 0, false
	case m.y[g].square == 0:
		return 1, true
	}
	return m.xy[g] * m.xy[g] / (m.x[g].square * m.y[g].square), true
}
