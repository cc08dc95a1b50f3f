package fn

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// aggInput is a batch with the group of every alive row.
type aggInput struct {
	args   []*vector.Vector
	sel    []int32
	n      int
	groups []uint32
}

// TestAggregates feeds every aggregate in three ways: all rows at once by group,
// split over two states that are merged, and group by group with AddAll; the results must agree.
func TestAggregates(t *testing.T) {
	r := newRand(t)
	for name, list := range aggregates() {
		for _, o := range list {
			if name == "array_agg" {
				continue
			}
			for round := 0; round < 15; round++ {
				ts := randomTypes(r, o.args)
				agg, err := ResolveAggregate(name, ts)
				if err != nil {
					t.Fatalf("%s%v: %v", name, ts, err)
				}
				var in []aggInput
				const groups = 4
				for k := 0; k < 3; k++ {
					n := 1 + r.IntN(30)
					one := aggInput{n: n, sel: randomSel(r, n)}
					for _, typ := range agg.Args {
						v := randomVector(r, typ, n)
						for i := range v.F64 {
							v.F64[i] = math.Round(math.Mod(v.F64[i], 100))
						}
						if v.Dict != nil {
							for i := range v.Dict.F64 {
								v.Dict.F64[i] = float64(i)
							}
						}
						one.args = append(one.args, v)
					}
					asObserved(r, agg, one.args...)
					for i := 0; i < (&vector.Batch{Len: n, Sel: one.sel}).Rows(); i++ {
						one.groups = append(one.groups, uint32(r.IntN(groups-1))) // the last group stays empty
					}
					in = append(in, one)
				}
				checkAggregate(t, agg, in, groups)
			}
		}
	}
}

func checkAggregate(t *testing.T, agg *Aggregate, in []aggInput, groups int) {
	t.Helper()
	ctx := &Context{}
	whole := agg.NewState(ctx)
	whole.Grow(groups)
	a, b := agg.NewState(ctx), agg.NewState(ctx)
	a.Grow(groups)
	b.Grow(groups)
	var errs [3]error
	for k, x := range in {
		errs[0] = first(errs[0], whole.Add(x.groups, x.args, x.sel, x.n))
		half := a
		if k > 0 {
			half = b
		}
		errs[1] = first(errs[1], half.Add(x.groups, x.args, x.sel, x.n))
	}
	// The odd groups, then the even ones, from the last on.
	for odd := range 2 {
		var from []int32
		var to []uint32
		for g := groups - 1; g >= 0; g-- {
			if g%2 != odd {
				from, to = append(from, int32(g)), append(to, uint32(g))
			}
		}
		errs[1] = first(errs[1], a.Merge(b, from, to))
	}
	var one []AggState
	for g := 0; g < groups; g++ {
		s := agg.NewState(ctx)
		s.Grow(1)
		for _, x := range in {
			sel := []int32{}
			for k, xg := range x.groups {
				if int(xg) == g {
					sel = append(sel, int32(rowOf(x.sel, k)))
				}
			}
			errs[2] = first(errs[2], s.AddAll(x.args, sel, x.n))
		}
		one = append(one, s)
	}
	w, m := vector.New(agg.Result, 0), vector.New(agg.Result, 0)
	errs[0] = first(errs[0], whole.Finish(w, 0, groups))
	errs[1] = first(errs[1], a.Finish(m, 0, groups))
	for g := 0; g < groups; g++ {
		o := vector.New(agg.Result, 0)
		errs[2] = first(errs[2], one[g].Finish(o, 0, 1))
		if errs[0] != nil {
			continue
		}
		if errs[1] != nil || errs[2] != nil {
			t.Errorf("%s%v: errors differ: %v", agg.Name, agg.Args, errs)
			return
		}
		x, y, z := w.Datum(g), m.Datum(g), o.Datum(0)
		if !closeDatum(x, y) || !closeDatum(x, z) {
			t.Errorf("%s%v group %d: whole %s, merged %s, alone %s", agg.Name, agg.Args, g,
				literalText(x, agg.Result), literalText(y, agg.Result), literalText(z, agg.Result))
		}
	}
	if whole.Bytes() <= 0 {
		t.Errorf("%s: no memory accounted", agg.Name)
	}
}

func first(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// closeDatum allows doubles to differ in their last digits.
func closeDatum(a, b types.Datum) bool {
	if a.Physical() == types.PhysFloat64 && b.Physical() == types.PhysFloat64 {
		x, y := a.Float(), b.Float()
		return sameDatum(a, b) || math.Abs(x-y) <= 1e-9*max(math.Abs(x), math.Abs(y), 1)
	}
	return sameDatum(a, b)
}

// aggregateOf runs an aggregate over a column.
func aggregateOf(t *testing.T, name string, cols ...*vector.Vector) (types.Datum, types.Type, error) {
	t.Helper()
	var ts []types.Type
	n := 0
	for _, c := range cols {
		ts, n = append(ts, c.Type), c.Len
	}
	agg, err := ResolveAggregate(name, ts)
	if err != nil {
		t.Fatal(err)
	}
	s := agg.NewState(&Context{})
	s.Grow(1)
	if err := s.AddAll(cols, nil, n); err != nil {
		return types.NullDatum, agg.Result, err
	}
	out := vector.New(agg.Result, 0)
	err = s.Finish(out, 0, 1)
	if err != nil {
		return types.NullDatum, agg.Result, err
	}
	return out.Datum(0), agg.Result, nil
}

func column(t *testing.T, typ types.Type, texts ...string) *vector.Vector {
	t.Helper()
	v := vector.New(typ, len(texts))
	for i, s := range texts {
		if s == "NULL" {
			v.SetNull(i)
			continue
		}
		d, err := ParseLiteral(s, typ)
		if err != nil {
			t.Fatal(err)
		}
		v.Set(i, d)
	}
	return v
}

// TestAggregateResults checks values and result types against PostgreSQL's.
func TestAggregateResults(t *testing.T) {
	f := types.TFloat8
	for _, c := range []struct {
		name, want, typ string
		cols            []*vector.Vector
	}{
		{"sum", "6", "bigint", []*vector.Vector{column(t, types.TInt4, "1", "2", "3", "NULL")}},
		{"sum", "18446744073709551614", "numeric(38,0)", []*vector.Vector{column(t, types.TInt8, "9223372036854775807", "9223372036854775807")}},
		{"sum", "3.75", "numeric(38,2)", []*vector.Vector{column(t, types.TNumeric(5, 2), "1.50", "2.25")}},
		{"sum", "0.30000000000000004", "double precision", []*vector.Vector{column(t, f, "0.1", "0.2")}},
		{"sum", "2", "double precision", []*vector.Vector{column(t, f, "1", "1e100", "1", "-1e100")}},
		{"sum", "2 mons 3 days", "interval", []*vector.Vector{column(t, types.TInterval, "1 month", "1 month 3 days")}},
		{"avg", "2.5", "double precision", []*vector.Vector{column(t, types.TInt4, "1", "4")}},
		{"avg", "0.075", "double precision", []*vector.Vector{column(t, types.TNumeric(15, 2), "0.10", "0.05")}},
		{"avg", "12:00:00", "interval", []*vector.Vector{column(t, types.TInterval, "1 day", "0 day")}},
		{"min", "-1", "integer", []*vector.Vector{column(t, types.TInt4, "3", "NULL", "-1")}},
		{"max", "NaN", "double precision", []*vector.Vector{column(t, f, "3", "NaN", "Infinity")}},
		{"max", "b", "text", []*vector.Vector{column(t, types.TText, "b", "B", "a")}},
		{"max", "31 days", "interval", []*vector.Vector{column(t, types.TInterval, "1 month", "31 days")}},
		{"count", "2", "bigint", []*vector.Vector{column(t, types.TInt4, "1", "NULL", "2")}},
		{"bool_and", "f", "boolean", []*vector.Vector{column(t, types.TBool, "true", "false")}},
		{"bool_or", "t", "boolean", []*vector.Vector{column(t, types.TBool, "true", "NULL")}},
		{"bit_or", "7", "integer", []*vector.Vector{column(t, types.TInt4, "1", "6")}},
		{"stddev", "1", "double precision", []*vector.Vector{column(t, f, "1", "2", "3")}},
		{"var_pop", "0.6666666666666666", "double precision", []*vector.Vector{column(t, f, "1000000001", "1000000002", "1000000003")}},
		{"var_pop", "2.5", "double precision", []*vector.Vector{column(t, f, "100000003", "100000004", "100000006", "100000007")}},
		{"var_pop", "0", "double precision", []*vector.Vector{column(t, f, "0.1", "0.1", "0.1")}},
		{"var_pop", "0", "double precision", []*vector.Vector{column(t, f, "1e308", "1e308")}},
		{"stddev", "1.414213562373095e+200", "double precision", []*vector.Vector{column(t, f, "1e200", "-1e200")}},
		{"avg", "3.333333333333333e+307", "double precision", []*vector.Vector{column(t, f, "1e308", "-1e308", "1e308")}},
		{"avg", "1e+308", "double precision", []*vector.Vector{column(t, f, "1e308", "1e308")}},
		{"var_samp", "NaN", "double precision", []*vector.Vector{column(t, f, "1", "Infinity", "2")}},
		{"var_samp", "", "double precision", []*vector.Vector{column(t, f, "Infinity")}},
		{"covar_pop", "NaN", "double precision", []*vector.Vector{column(t, f, "NaN"), column(t, f, "1")}},
		{"regr_avgx", "-Infinity", "double precision", []*vector.Vector{column(t, f, "1", "2", "3"), column(t, f, "5", "-Infinity", "7")}},
		{"regr_avgy", "Infinity", "double precision", []*vector.Vector{column(t, f, "Infinity", "2", "3"), column(t, f, "5", "6", "7")}},
		{"corr", "", "double precision", []*vector.Vector{column(t, f, "0.1", "0.1", "0.1"), column(t, f, "1", "2", "3")}},
		{"corr", "1", "double precision", []*vector.Vector{column(t, f, "1", "2", "3"), column(t, f, "2", "4", "6")}},
		{"regr_slope", "0.5", "double precision", []*vector.Vector{column(t, f, "1", "2", "3"), column(t, f, "2", "4", "6")}},
		{"regr_intercept", "1", "double precision", []*vector.Vector{column(t, f, "3", "5"), column(t, f, "1", "2")}},
		{"regr_count", "1", "bigint", []*vector.Vector{column(t, f, "3", "NULL"), column(t, f, "1", "2")}},
		{"string_agg", "a-b", "text", []*vector.Vector{column(t, types.TText, "a", "NULL", "b"), column(t, types.TText, "-", "-", "-")}},
		{"median", "2.5", "double precision", []*vector.Vector{column(t, f, "4", "1", "2", "3")}},
		{"approx_count_distinct", "3", "bigint", []*vector.Vector{column(t, types.TText, "a", "b", "c", "a")}},
	} {
		d, typ, err := aggregateOf(t, c.name, c.cols...)
		if got := types.Format(d, typ, nil); err != nil || got != c.want || typ.String() != c.typ {
			t.Errorf("%s: %s %s, %v; want %s %s", c.name, got, typ, err, c.want, c.typ)
		}
	}
	for _, c := range []struct {
		name string
		col  *vector.Vector
	}{
		{"sum", column(t, types.TNumeric(38, 0), "99999999999999999999999999999999999999", "1")},
		{"sum", column(t, f, "1.7e308", "1.7e308")},
		{"var_pop", column(t, f, "1.7e308", "-1.7e308")},
		{"var_samp", column(t, f, "1e200", "-1e200")},
	} {
		if d, _, err := aggregateOf(t, c.name, c.col); !sqlstate.Is(err, sqlstate.NumericValueOutOfRange) {
			t.Errorf("%s of %v: %v, %v", c.name, c.col, d, err)
		}
	}
	if _, _, err := aggregateOf(t, "array_agg", column(t, f, "1")); !sqlstate.Is(err, sqlstate.FeatureNotSupported) {
		t.Errorf("array_agg: %v", err)
	}
	if _, err := ResolveAggregate("sum", []types.Type{types.TText}); !sqlstate.Is(err, sqlstate.UndefinedFunction) {
		t.Errorf("sum(text): %v", err)
	}
}

// TestMomentsOfSplits splits integers far from zero over two states in every way:
// none may cost more of the moments than the last binary digit.
func TestMomentsOfSplits(t *testing.T) {
	values := []float64{100000003, 100000004, 100000006, 100000007}
	for name, want := range map[string]float64{"var_pop": 2.5, "regr_sxx": 10, "regr_sxy": 10, "regr_avgy": 100000005} {
		ts := []types.Type{types.TFloat8, types.TFloat8}
		if name == "var_pop" {
			ts = ts[:1]
		}
		agg, err := ResolveAggregate(name, ts)
		if err != nil {
			t.Fatal(err)
		}
		for split := 0; split < 1<<len(values); split++ {
			var states [2]AggState
			for k := range states {
				v := vector.New(types.TFloat8, 0)
				for i, x := range values {
					if split>>i&1 == k {
						v.F64 = append(v.F64, x)
					}
				}
				v.Len = len(v.F64)
				states[k] = agg.NewState(&Context{})
				states[k].Grow(1)
				if err := states[k].AddAll([]*vector.Vector{v, v}[:len(ts)], nil, v.Len); err != nil {
					t.Fatal(err)
				}
			}
			if err := states[0].Merge(states[1], nil, []uint32{0}); err != nil {
				t.Fatal(err)
			}
			out := vector.New(types.TFloat8, 0)
			if err := states[0].Finish(out, 0, 1); err != nil || math.Abs(out.F64[0]-want) > want/(1<<52) {
				t.Errorf("%s, split %04b: %v, %v; want %v", name, split, out.F64[0], err, want)
			}
		}
	}
}

// TestExactSums compares sums and averages of decimals with big.Int.
func TestExactSums(t *testing.T) {
	r := newRand(t)
	for round := 0; round < 2000; round++ {
		p := 1 + r.IntN(38)
		typ := types.TNumeric(p, r.IntN(p+1))
		v := vector.New(typ, 1+r.IntN(50))
		sum := new(big.Int)
		for i := 0; i < v.Len; i++ {
			d := randomDatum(r, typ)
			v.Set(i, d)
			sum.Add(sum, bigOf(d.Int128()))
		}
		d, _, err := aggregateOf(t, "sum", v)
		inRange := new(big.Int).Abs(sum).Cmp(bigOf(types.Pow10(types.MaxPrecision))) < 0
		if inRange && (err != nil || bigOf(d.Int128()).Cmp(sum) != 0) || !inRange && !sqlstate.Is(err, sqlstate.NumericValueOutOfRange) {
			t.Fatalf("sum of %s: %v, want %v, %v", typ, bigOf(d.Int128()), sum, err)
		}
		avg, _, err := aggregateOf(t, "avg", v)
		q := new(big.Rat).SetFrac(sum, new(big.Int).Mul(big.NewInt(int64(v.Len)), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(typ.Scale)), nil)))
		want, _ := q.Float64()
		if err != nil || avg.Float() != want {
			t.Fatalf("avg of %s: %v, want %v, %v", typ, avg.Float(), want, err)
		}
	}
}

// TestFloatSumOrder: the order of the input does not change the sum of doubles
// of very different sizes by more than a rounding.
func TestFloatSumOrder(t *testing.T) {
	r := newRand(t)
	v := vector.New(types.TFloat8, 2000)
	exact := new(big.Float).SetPrec(2000)
	for i := range v.F64 {
		v.F64[i] = (r.Float64() - 0.5) * math.Pow(10, float64(r.IntN(30)))
		exact.Add(exact, big.NewFloat(v.F64[i]))
	}
	want, _ := exact.Float64()
	for k := 0; k < 5; k++ {
		r.Shuffle(v.Len, func(i, j int) { v.F64[i], v.F64[j] = v.F64[j], v.F64[i] })
		if k == 4 {
			slices.Sort(v.F64)
		}
		d, _, err := aggregateOf(t, "sum", v)
		if err != nil || math.Abs(d.Float()-want) > 1e-15*math.Abs(want) {
			t.Errorf("order %d: %v, want %v, %v", k, d.Float(), want, err)
		}
	}
}

func bigOf(v types.Int128) *big.Int {
	b := new(big.Int).Lsh(big.NewInt(v.Hi), 64)
	return b.Add(b, new(big.Int).SetUint64(v.Lo))
}
