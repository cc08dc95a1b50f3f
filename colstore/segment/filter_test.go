package segment

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"htapdb/internal/vfs"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/predicate"
)

// randomPredicate returns a predicate whose constants come from the column or
// from beside it.
func randomPredicate(r *rand.Rand, s shape, v *vector.Vector) predicate.Predicate {
	constant := func() types.Datum {
		if v.Len > 0 && r.IntN(2) == 0 {
			return v.Datum(r.IntN(v.Len)) // may be NULL
		}
		return s.gen(r)
	}
	switch r.IntN(8) {
	case 0:
		return predicate.Predicate{Kind: predicate.IsNull}
	case 1:
		return predicate.Predicate{Kind: predicate.IsNotNull}
	case 2:
		p := predicate.Predicate{Kind: predicate.In}
		for range []int{0, 1, 2, 5, 40}[r.IntN(5)] {
			p.List = append(p.List, constant())
		}
		return p
	case 3:
		x, nulls := constant(), r.IntN(2) == 0
		return predicate.Predicate{Kind: predicate.Generic, Select: func(v *vector.Vector, sel []int32, n int, out []int32) ([]int32, error) {
			var picked []int32
			for _, i := range rowsOf(sel, n) {
				if d := v.Datum(int(i)); d.IsNull() && nulls || !d.IsNull() && !x.IsNull() && vector.CompareDatum(d, x) != 0 {
					picked = append(picked, i)
				}
			}
			return append(out[:0], picked...), nil
		}}
	case 4, 5:
		return predicate.Predicate{Kind: predicate.Range, Lo: constant(), Hi: constant(), LoOpen: r.IntN(2) == 0, HiOpen: r.IntN(2) == 0}
	}
	return predicate.Predicate{Kind: predicate.Compare, Op: vector.CmpOp(r.IntN(6)), Value: constant()}
}

// passes is the naive meaning of a predicate.
func passes(p predicate.Predicate, d types.Datum) bool {
	switch p.Kind {
	case predicate.IsNull:
		return d.IsNull()
	case predicate.IsNotNull:
		return !d.IsNull()
	case predicate.Generic:
		one := vector.NewConst(types.TInt8, types.NullDatum, 1)
		if !d.IsNull() {
			one = vector.NewConst(typeOf(d), d, 1)
		}
		sel, _ := p.Select(one, nil, 1, nil)
		return len(sel) == 1
	}
	if d.IsNull() {
		return false
	}
	switch p.Kind {
	case predicate.In:
		return slices.ContainsFunc(p.List, func(x types.Datum) bool { return !x.IsNull() && vector.CompareDatum(d, x) == 0 })
	case predicate.Range:
		return (p.Lo.IsNull() || vector.CompareDatum(d, p.Lo) > 0 || !p.LoOpen && vector.CompareDatum(d, p.Lo) == 0) &&
			(p.Hi.IsNull() || vector.CompareDatum(d, p.Hi) < 0 || !p.HiOpen && vector.CompareDatum(d, p.Hi) == 0)
	}
	return !p.Value.IsNull() && p.Op.Holds(vector.CompareDatum(d, p.Value))
}

// typeOf returns some type of d's representation.
func typeOf(d types.Datum) types.Type {
	return map[types.Physical]types.Type{
		types.PhysBool: types.TBool, types.PhysInt16: types.TInt2, types.PhysInt32: types.TInt4, types.PhysInt64: types.TInt8,
		types.PhysInt128: types.TNumeric(38, 0), types.PhysFloat32: types.TFloat4, types.PhysFloat64: types.TFloat8,
		types.PhysString: types.TText, types.PhysInterval: types.TInterval,
	}[d.Physical()]
}

// Filters on the encoded form select what a naive evaluation selects, and what
// Prune says is true.
func TestFilter(t *testing.T) {
	r := newRand(t)
	for _, n := range []int{1, 50, 3000} {
		for _, nulls := range nullShapes {
			in := Input{Rows: n}
			for i, s := range shapes {
				in.Columns = append(in.Columns, ColumnInput{ID: uint32(i), Data: s.column(r, n, nulls)})
			}
			seg := build(t, vfs.NewMem(), in)
			for i, s := range shapes {
				t.Run(fmt.Sprintf("%s/%d/%v", s.name, n, nulls), func(t *testing.T) {
					for range 15 {
						checkFilter(t, r, seg.Column(i), in.Columns[i].Data, randomPredicate(r, s, in.Columns[i].Data))
					}
				})
			}
		}
	}
}

func checkFilter(t *testing.T, r *rand.Rand, c *Column, v *vector.Vector, p predicate.Predicate) {
	t.Helper()
	f, err := c.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	passed := 0
	from := 0
	for from < v.Len {
		n := min(v.Len-from, 1+r.IntN(vector.MaxBatch))
		var sel, out []int32
		if r.IntN(2) == 0 {
			sel = pick(r, n, r.Float64())
			if r.IntN(2) == 0 {
				out = slices.Clone(sel)
				sel = out // filters may run in place
			}
		}
		tested := slices.Clone(rowsOf(sel, n))
		got, err := f.Filter(from, n, sel, out)
		if err != nil {
			t.Fatal(err)
		}
		var want []int32
		for _, i := range tested {
			if passes(p, v.Datum(from+int(i))) {
				want = append(want, i)
			}
		}
		if !slices.Equal(got, want) || got == nil {
			t.Fatalf("%+v (test %d) rows %d+%d, %d of them tested: got %d %v…, want %d %v…", p, f.test, from, n, len(tested),
				len(got), got[:min(8, len(got))], len(want), want[:min(8, len(want))])
		}
		from += n
	}
	for i := range v.Len {
		passed += map[bool]int{true: 1}[passes(p, v.Datum(i))]
	}
	if f.Prune() == PruneNone && passed > 0 || f.Prune() == PruneAll && passed < v.Len {
		t.Fatalf("%+v: prune says %s, but %d of %d rows pass", p, f.Prune(), passed, v.Len)
	}
}

// Sum adds what a naive loop adds, on every encoding that it serves.
func TestSum(t *testing.T) {
	r := newRand(t)
	for _, n := range []int{1, 200, 5000} {
		for _, nulls := range nullShapes {
			in := Input{Rows: n}
			for i, s := range shapes {
				in.Columns = append(in.Columns, ColumnInput{ID: uint32(i), Data: s.column(r, n, nulls)})
			}
			seg := build(t, vfs.NewMem(), in)
			for i, s := range shapes {
				for from := 0; from < n; {
					m := min(1+r.IntN(vector.MaxBatch), n-from)
					var sel []int32
					if r.IntN(2) == 0 {
						sel = pick(r, m, r.Float64())
					}
					checkSum(t, s.name, seg.Column(i), in.Columns[i].Data, from, m, sel)
					from += m
				}
			}
		}
	}
}

func checkSum(t *testing.T, name string, c *Column, v *vector.Vector, from, n int, sel []int32) {
	t.Helper()
	got, count, ok, err := c.Sum(from, n, sel)
	phys := v.Type.Physical()
	isInt := phys >= types.PhysInt16 && phys <= types.PhysInt64
	if err != nil || isInt && !ok || !(isInt || phys == types.PhysInt128) && ok {
		t.Fatalf("%s: ok %v, %v", name, ok, err)
	}
	if !ok {
		return
	}
	var want types.Int128
	rows := 0
	for _, i := range rowsOf(sel, n) {
		if d := v.Datum(from + int(i)); !d.IsNull() {
			want, _ = want.Add(d.Int128())
			rows++
		}
	}
	if got != want || count != rows {
		t.Fatalf("%s rows %d+%d: sum %v of %d, want %v of %d", name, from, n, got, count, want, rows)
	}
}
