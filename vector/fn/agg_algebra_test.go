package fn

import (
	"math/rand/v2"
	"slices"
	"testing"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// algebraRows makes rows for agg without doubles that overflow when they are added
// in one order and not in another.
func algebraRows(r *rand.Rand, agg *Aggregate, n int) []*vector.Vector {
	var args []*vector.Vector
	for _, t := range agg.Args {
		v := randomVector(r, t, n)
		for _, f := range [][]float64{v.F64, dictOf(v).F64} {
			for i := range f {
				if f[i] > 1e300 {
					f[i] = 7
				}
			}
		}
		args = append(args, v)
	}
	asObserved(r, agg, args...)
	return args
}

// randomTypes are types of the kinds, the same one for all that have to be.
func randomTypes(r *rand.Rand, kinds []types.Kind) []types.Type {
	var ts []types.Type
	shared := randomType(r, sameKind)
	for _, k := range kinds {
		if k == sameKind {
			ts = append(ts, shared)
		} else {
			ts = append(ts, randomType(r, k))
		}
	}
	return ts
}

// asObserved makes doubles what an evaluation aggregate takes: classes,
// probabilities, observations that are not 0.
func asObserved(r *rand.Rand, agg *Aggregate, args ...*vector.Vector) {
	if !slices.Contains([]string{"mape", "logloss", "brier", "roc_auc", "pr_auc", "precision_score", "recall_score", "f1", "mcc"}, agg.Name) {
		return
	}
	for _, v := range args {
		for _, f := range [][]float64{v.F64, dictOf(v).F64} {
			for i := range f {
				if f[i] = float64(r.IntN(2)); agg.Name == "mape" {
					f[i]++
				}
			}
		}
	}
}

func dictOf(v *vector.Vector) *vector.Vector {
	if v.Dict != nil {
		return v.Dict
	}
	return &vector.Vector{}
}

// The algebra that each aggregate of the registry declares is that of its
// states: Inverse takes back what was added, in any order; Merge is associative
// and the empty state its identity; a state that does not collect has a fixed size.
func TestAlgebra(t *testing.T) {
	r := newRand(t)
	declared := map[Algebra]int{}
	for name, list := range aggregates() {
		for _, o := range list {
			if name == "array_agg" {
				continue
			}
			declared[o.algebra]++
			for range 20 {
				ts := randomTypes(r, o.args)
				agg, err := ResolveAggregate(name, ts)
				if err != nil {
					t.Fatal(err)
				}
				checkInverse(t, r, agg)
				checkAssociative(t, r, agg)
				checkStateSize(t, r, agg)
			}
		}
	}
	if declared[Inverts] < 10 || declared[Merges] < 40 {
		t.Errorf("declared: %v", declared)
	}
}

// outcome is the result of group 0.
func outcome(t *testing.T, agg *Aggregate, s AggState) (types.Datum, sqlstate.Code) {
	t.Helper()
	out := vector.New(agg.Result, 0)
	if err := s.Finish(out, 0, 1); err != nil {
		return types.NullDatum, sqlstate.CodeOf(err)
	}
	return out.Datum(0), ""
}

func (a *Aggregate) state(n int) AggState {
	s := a.NewState(&Context{})
	s.Grow(n)
	return s
}

func checkSame(t *testing.T, agg *Aggregate, what string, a, b AggState, same func(a, b types.Datum) bool) {
	t.Helper()
	x, xc := outcome(t, agg, a)
	y, yc := outcome(t, agg, b)
	if xc != yc || !same(x, y) {
		t.Errorf("%s%v: %s: %s %s, want %s %s", agg.Name, agg.Args, what, literalText(x, agg.Result), xc, literalText(y, agg.Result), yc)
	}
}

func checkInverse(t *testing.T, r *rand.Rand, agg *Aggregate) {
	t.Helper()
	s, ok := agg.state(1).(Inverse)
	if ok != (agg.Algebra == Inverts) {
		t.Errorf("%s%v: declared %d, is Inverse: %t", agg.Name, agg.Args, agg.Algebra, ok)
	}
	if !ok {
		return
	}
	n := 1 + r.IntN(50)
	args := algebraRows(r, agg, n)
	keep, passing := randomSel(r, n), randomSel(r, n)
	add := func(s AggState, sel []int32) {
		if err := s.Add(groupZero(sel, n), args, sel, n); err != nil {
			t.Errorf("%s%v: Add: %v", agg.Name, agg.Args, err)
		}
	}
	remove := func(sel []int32) {
		if err := s.Remove(groupZero(sel, n), args, sel, n); err != nil {
			t.Errorf("%s%v: Remove: %v", agg.Name, agg.Args, err)
		}
	}
	plain := agg.state(1)
	add(plain, keep)
	switch r.IntN(3) {
	case 0:
		add(s, keep)
		add(s, passing)
		remove(passing)
	case 1:
		remove(passing)
		add(s, keep)
		add(s, passing)
	default:
		add(s, passing)
		remove(passing)
		add(s, keep)
	}
	checkSame(t, agg, "added and removed", s, plain, sameDatum)
}

func checkAssociative(t *testing.T, r *rand.Rand, agg *Aggregate) {
	t.Helper()
	same := sameDatum
	if agg.Algebra == Merges {
		same = closeDatum
	}
	const parts = 4 // the last stays empty
	n := 1 + r.IntN(50)
	args := algebraRows(r, agg, n)
	if agg.Name == "median" || len(agg.Args) == 2 && agg.Name != "string_agg" || agg.Algebra == Merges && agg.Result.Kind == types.Float8 {
		// Moments of doubles of any size have no digits in common.
		for _, v := range args {
			for i := range v.F64 {
				v.F64[i] = float64(r.IntN(100))
			}
			for i := range dictOf(v).F64 {
				v.Dict.F64[i] = float64(r.IntN(100))
			}
		}
	}
	groups := make([]uint32, n)
	for i := range groups {
		groups[i] = uint32(i * (parts - 1) / n)
	}
	asObserved(r, agg, args...)
	p := agg.state(parts)
	if err := p.Add(groups, args, nil, n); err != nil {
		t.Fatalf("%s%v: %v", agg.Name, agg.Args, err)
	}
	merged := func(order ...int32) AggState {
		s := agg.state(1)
		if err := s.Merge(p, order, make([]uint32, len(order))); err != nil {
			t.Fatalf("%s%v: %v", agg.Name, agg.Args, err)
		}
		return s
	}
	whole := merged(3, 0, 3, 1, 2)
	left, right := merged(0), merged(1, 2)
	if err := left.Merge(right, nil, []uint32{0}); err != nil {
		t.Fatal(err)
	}
	checkSame(t, agg, "a(bc)", left, whole, same)
	if agg.Algebra == Collects {
		return
	}
	// Running totals within one state, from behind so that the order is kept.
	if err := p.Merge(p, []int32{3, 2, 1}, []uint32{2, 1, 0}); err != nil {
		t.Fatal(err)
	}
	checkSame(t, agg, "running totals", p, whole, same)
}

// checkStateSize feeds one group many rows.
func checkStateSize(t *testing.T, r *rand.Rand, agg *Aggregate) {
	t.Helper()
	const n, small = 200, 2048
	args := make([]*vector.Vector, len(agg.Args))
	for i, typ := range agg.Args {
		args[i] = vector.New(typ, n)
		for k := range n {
			args[i].Set(k, randomDatum(r, typ))
		}
		for k := range args[i].F64 {
			args[i].F64[k] = float64(k)
		}
	}
	asObserved(r, agg, args...)
	s := agg.state(1)
	if err := s.AddAll(args, []int32{0}, n); err != nil {
		t.Fatal(err)
	}
	before := s.Bytes()
	for range 3 {
		if err := s.AddAll(args, nil, n); err != nil {
			t.Fatal(err)
		}
	}
	// One that keeps a text, as max does, is as large as the text.
	fixed := s.Bytes() < small
	if fixed != (agg.Algebra != Collects) {
		t.Errorf("%s%v: declared %d, but a state has %d bytes after one row and %d after many", agg.Name, agg.Args, agg.Algebra, before, s.Bytes())
	}
}

// Whether a sum of NUMERICs is out of range does not depend on what it was in between.
func TestSumsLeaveTheirRange(t *testing.T) {
	const big = "99999999999999999999999999999999999999"
	typ := types.TNumeric(38, 0)
	back := column(t, typ, big, big, big, "-"+big, "-"+big, "1", "-"+big)
	if d, _, err := aggregateOf(t, "sum", back); err != nil || types.Format(d, typ, nil) != "1" {
		t.Errorf("sum: %v, %v", d, err)
	}
	if d, _, err := aggregateOf(t, "avg", column(t, typ, big, big, big, big)); err != nil || d.Float() != 1e38 {
		t.Errorf("avg: %v, %v", d, err)
	}
	if _, _, err := aggregateOf(t, "sum", column(t, typ, big, big, big, big)); !sqlstate.Is(err, sqlstate.NumericValueOutOfRange) {
		t.Errorf("sum out of range: %v", err)
	}
}

// An infinite input of one group does not hide the overflow of another.
func TestOverflowBesideInfinity(t *testing.T) {
	agg, err := ResolveAggregate("sum", []types.Type{types.TFloat8})
	if err != nil {
		t.Fatal(err)
	}
	s := agg.state(2)
	v := column(t, types.TFloat8, "Infinity", "1.7e308", "1.7e308")
	if err := s.Add([]uint32{0, 1, 1}, []*vector.Vector{v}, nil, 3); err != nil {
		t.Fatal(err)
	}
	out := vector.New(agg.Result, 0)
	if err := s.Finish(out, 0, 1); err != nil {
		t.Errorf("infinity: %v", err)
	}
	if err := s.Finish(out, 1, 2); !sqlstate.Is(err, sqlstate.NumericValueOutOfRange) {
		t.Errorf("overflow: %v, %v", out.F64, err)
	}
}
