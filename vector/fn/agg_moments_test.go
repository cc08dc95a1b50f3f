package fn

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// exactOf is a value as a fraction.
func exactOf(v *vector.Vector, i int) *big.Rat {
	d := v.Datum(i)
	switch v.Type.Kind {
	case types.Float8:
		return new(big.Rat).SetFloat64(d.Float())
	case types.Numeric:
		var n types.Int128
		if v.Type.Physical() == types.PhysInt64 {
			n = types.Int128From(d.Int())
		} else {
			n = d.Int128()
		}
		return new(big.Rat).SetFrac(bigOf(n), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(v.Type.Scale)), nil))
	}
	return new(big.Rat).SetInt64(d.Int())
}

// model computes what the aggregates of statistics are by their definitions, in fractions.
type model struct {
	n             int64
	sx, sy        *big.Rat
	sxx, syy, sxy *big.Rat // centred
}

func newModel(x, y *vector.Vector) *model {
	m := &model{sx: new(big.Rat), sy: new(big.Rat), sxx: new(big.Rat), syy: new(big.Rat), sxy: new(big.Rat)}
	rows := func(do func(i int)) {
		for i := range x.Len {
			if !x.IsNull(i) && !y.IsNull(i) {
				do(i)
			}
		}
	}
	rows(func(i int) {
		m.n++
		m.sx.Add(m.sx, exactOf(x, i))
		m.sy.Add(m.sy, exactOf(y, i))
	})
	if m.n == 0 {
		return m
	}
	mx, my := m.over(m.sx, m.n), m.over(m.sy, m.n)
	rows(func(i int) {
		dx, dy := new(big.Rat).Sub(exactOf(x, i), mx), new(big.Rat).Sub(exactOf(y, i), my)
		m.sxx.Add(m.sxx, new(big.Rat).Mul(dx, dx))
		m.syy.Add(m.syy, new(big.Rat).Mul(dy, dy))
		m.sxy.Add(m.sxy, new(big.Rat).Mul(dx, dy))
	})
	return m
}

func (m *model) over(s *big.Rat, n int64) *big.Rat { return new(big.Rat).Quo(s, big.NewRat(n, 1)) }

// value is aggregate name, nil for NULL; root says that its root is asked.
func (m *model) value(name string) (v *big.Rat, root bool) {
	if m.n == 0 || m.n == 1 && slices.Contains([]string{"stddev", "stddev_samp", "variance", "var_samp", "covar_samp"}, name) {
		return nil, false
	}
	one := big.NewRat(1, 1)
	switch name {
	case "stddev", "stddev_samp":
		return m.over(m.sxx, m.n-1), true
	case "stddev_pop":
		return m.over(m.sxx, m.n), true
	case "variance", "var_samp":
		return m.over(m.sxx, m.n-1), false
	case "var_pop":
		return m.over(m.sxx, m.n), false
	case "covar_pop":
		return m.over(m.sxy, m.n), false
	case "covar_samp":
		return m.over(m.sxy, m.n-1), false
	case "regr_sxx":
		return m.sxx, false
	case "regr_syy":
		return m.syy, false
	case "regr_sxy":
		return m.sxy, false
	case "regr_avgx":
		return m.over(m.sx, m.n), false
	case "regr_avgy":
		return m.over(m.sy, m.n), false
	}
	if m.sxx.Sign() == 0 {
		return nil, false
	}
	slope := new(big.Rat).Quo(m.sxy, m.sxx)
	switch name {
	case "regr_slope":
		return slope, false
	case "regr_intercept":
		return slope.Sub(m.over(m.sy, m.n), slope.Mul(slope, m.over(m.sx, m.n))), false
	}
	switch {
	case m.syy.Sign() == 0 && name == "regr_r2":
		return one, false
	case m.syy.Sign() == 0:
		return nil, false
	}
	return slope.Mul(slope, new(big.Rat).Quo(m.sxy, m.syy)), name == "corr"
}

// nearestDouble is v, or its root, as the nearest double.
func nearestDouble(v *big.Rat, root bool) float64 {
	if !root {
		f, _ := v.Float64()
		return f
	}
	b := new(big.Float).SetPrec(5000).SetRat(v)
	f, _ := b.Sqrt(b).Float64()
	return f
}

// Each aggregate of statistics is its exact value rounded once, for any split of the
// input, for integers and NUMERICs of any size and for doubles of any exponents.
func TestMomentsAreExact(t *testing.T) {
	r := newRand(t)
	values, overflows, far := 0, 0, 0
	for name, list := range aggregates() {
		for _, o := range list {
			if o.family() != "statistics" {
				continue
			}
			for range 40 {
				n := 1 + r.IntN(40)
				if r.IntN(8) == 0 {
					n = bulkRows + r.IntN(4*bulkRows)
				}
				var args []*vector.Vector
				for _, k := range o.args {
					args = append(args, statColumn(r, randomType(r, k), n))
				}
				agg, err := ResolveAggregate(name, vectorTypes(args))
				if err != nil {
					t.Fatal(err)
				}
				x, y := args[len(args)-1], args[0]
				m := newModel(x, y)
				want, root := m.value(name)
				state := splits(t, r, agg, args)
				if s, ok := state.(*moments); ok && len(s.far) > 0 {
					far++
				}
				d, code := outcome(t, agg, state)
				switch {
				case want == nil:
					if code != "" || !d.IsNull() {
						t.Errorf("%s%v: %v %s, want NULL", name, agg.Args, d, code)
					}
					continue
				case math.IsInf(nearestDouble(want, root), 0):
					overflows++
					if code != sqlstate.NumericValueOutOfRange {
						t.Errorf("%s%v: %v %s, want 22003", name, agg.Args, d, code)
					}
					continue
				}
				values++
				f := nearestDouble(want, root)
				if name == "corr" && m.sxy.Sign() < 0 {
					f = -f
				}
				if code != "" || d.IsNull() || d.Float() != f {
					t.Errorf("%s%v of %d rows: %v %s, want %v", name, agg.Args, n, d, code, f)
				}
			}
		}
	}
	if values < 500 || overflows == 0 || far < 50 {
		t.Errorf("%d values, %d out of range, %d with far moments", values, overflows, far)
	}
}

// family is "statistics" for those that are computed from moments.
func (o *aggregateOverload) family() string {
	if len(o.args) == 0 || len(o.args) > 2 || o.result != types.Float8 {
		return ""
	}
	ts := make([]types.Type, len(o.args))
	for i, k := range o.args {
		ts[i] = types.Type{Kind: k, Precision: 10}
	}
	a := &Aggregate{Args: ts}
	o.bind(a)
	if _, ok := a.NewState(&Context{}).(*moments); ok {
		return "statistics"
	}
	return ""
}

func vectorTypes(cols []*vector.Vector) []types.Type {
	var ts []types.Type
	for _, c := range cols {
		ts = append(ts, c.Type)
	}
	return ts
}

// statColumn makes n values of typ, some of them NULL; doubles of one of the profiles.
func statColumn(r *rand.Rand, typ types.Type, n int) *vector.Vector {
	v := vector.New(typ, n)
	for i := range n {
		v.Set(i, randomDatum(r, typ))
	}
	if typ.Kind == types.Float8 {
		copy(v.F64, doubles(r, n))
	}
	if r.IntN(8) == 0 {
		for i := range n {
			v.Set(i, v.Datum(0)) // all the same
		}
	}
	for i := range n {
		if r.IntN(8) == 0 {
			v.SetNull(i)
		}
	}
	return v
}

// Merges of groups whose units differ by any distance, in both directions, and
// again and again, are exact.
func TestMomentsOfDistantUnits(t *testing.T) {
	agg, err := ResolveAggregate("var_pop", []types.Type{types.TFloat8})
	if err != nil {
		t.Fatal(err)
	}
	small, large := []int32{0, 1}, []int32{2, 3}
	for distance := range 200 {
		v := vector.New(types.TFloat8, 4)
		copy(v.F64, []float64{1.1, 1.7, math.Ldexp(1.3, distance-100), math.Ldexp(1.9, distance-100)})
		want, _ := newModel(v, v).value("var_pop")
		args := []*vector.Vector{v}
		for _, rows := range [][2][]int32{{small, large}, {large, small}} {
			a, b, back := agg.state(1), agg.state(1), agg.state(1)
			err := first(a.AddAll(args, rows[0], 4), b.AddAll(args, rows[1], 4))
			if s, ok := back.(Inverse); ok {
				err = first(err, s.Remove(groupZero(rows[1], 4), args, rows[1], 4))
			}
			for k := range 65 {
				err = first(err, a.Merge([]AggState{b, back}[k%2], nil, []uint32{0}))
			}
			if d, code := outcome(t, agg, a); err != nil || code != "" || d.Float() != nearestDouble(want, false) {
				t.Errorf("distance %d: %v %s %v, want %v", distance-100, d, code, err, nearestDouble(want, false))
			}
		}
	}
}
