package vector

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"htapdb/sql/types"
)

// vectorTypes has one type of each representation.
var vectorTypes = []types.Type{
	types.TBool, types.TInt2, types.TInt4, types.TInt8, types.TNumeric(38, 2),
	types.TFloat4, types.TFloat8, types.TText, types.TInterval,
}

// randomDatum returns one of few values of t, so that equal ones are frequent.
func randomDatum(r *rand.Rand, t types.Type) types.Datum {
	k := int64(r.IntN(7)) - 3
	switch t.Physical() {
	case types.PhysBool:
		return types.NewBool(k > 0)
	case types.PhysInt128:
		return types.NewInt128(types.Int128{Hi: k, Lo: uint64(r.IntN(2))})
	case types.PhysFloat32, types.PhysFloat64:
		f := []float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(-1), 1.5, -7, 1e9}[k+3]
		if t == types.TFloat4 {
			return types.NewFloat32(float32(f))
		}
		return types.NewFloat64(f)
	case types.PhysString:
		return types.NewString([]string{"", "a", "ab", "abc", "b", "\xff", "ab\x00"}[k+3])
	case types.PhysInterval:
		// A month and thirty days are equal but not identical.
		return types.NewInterval([]types.IntervalValue{{Months: 1}, {Days: 30}, {Micros: 5}, {}, {Days: 1}, {Micros: 86400e6}, {Months: -1}}[k+3])
	}
	return types.NewInt(t.Physical(), k)
}

// randomVector returns n rows of t in the encoding; half of them have nulls.
func randomVector(r *rand.Rand, t types.Type, enc Encoding, n int) *Vector {
	nulls := r.IntN(2) == 0
	datum := func() types.Datum {
		if nulls && r.IntN(4) == 0 {
			return types.NullDatum
		}
		return randomDatum(r, t)
	}
	switch enc {
	case Const:
		return NewConst(t, datum(), n)
	case Dict:
		entries := 1 + r.IntN(2*n+2) // often more than there are rows
		dict := New(t, entries)
		for i := range entries {
			dict.Set(i, randomDatum(r, t))
		}
		v := NewDict(dict, NewDictID(), make([]uint32, n), nil)
		for i := range v.Codes {
			v.Codes[i] = uint32(r.IntN(entries))
			if nulls && r.IntN(4) == 0 {
				v.SetNull(i)
			}
		}
		return v
	}
	v := New(t, n)
	for i := range n {
		v.Set(i, datum())
	}
	return v
}

// SelectCmp and SelectCmpCols agree with CompareDatum for every representation,
// encoding, operator and selection; nulls are never selected.
func TestSelectCmp(t *testing.T) {
	r := newRand(t)
	for _, typ := range vectorTypes {
		t.Run(typ.String(), func(t *testing.T) {
			for range 300 {
				n := r.IntN(70)
				a := randomVector(r, typ, Encoding(r.IntN(3)), n)
				b := randomVector(r, typ, Encoding(r.IntN(3)), n)
				if r.IntN(4) == 0 && a.Enc == Dict { // the same dictionary
					b = NewDict(a.Dict, a.DictID, slices.Clone(a.Codes), nil)
					r.Shuffle(n, func(i, j int) { b.Codes[i], b.Codes[j] = b.Codes[j], b.Codes[i] })
				}
				c := randomDatum(r, typ)
				if r.IntN(10) == 0 {
					c = types.NullDatum
				}
				sel := randomSel(r, n)
				for op := Eq; op <= Ge; op++ {
					got := SelectCmp(op, a, c, sel, n, nil)
					want := naiveSelect(sel, n, func(i int32) bool {
						return !c.IsNull() && !a.IsNull(int(i)) && op.Holds(CompareDatum(a.Datum(int(i)), c))
					})
					if !slices.Equal(got, want) || got == nil {
						t.Fatalf("encoding %d %s %v: got %v, want %v", a.Enc, op, c, got, want)
					}
					got = SelectCmpCols(op, a, b, sel, n, nil)
					want = naiveSelect(sel, n, func(i int32) bool {
						x, y := a.Datum(int(i)), b.Datum(int(i))
						return !x.IsNull() && !y.IsNull() && op.Holds(CompareDatum(x, y))
					})
					if !slices.Equal(got, want) || got == nil {
						t.Fatalf("encodings %d %s %d: got %v, want %v", a.Enc, op, b.Enc, got, want)
					}
				}
			}
		})
	}
}

// HashColumn gives each alive row the hash of its value, whatever the encoding,
// so that equal values hash equally, and combines columns in order.
func TestHashColumn(t *testing.T) {
	r := newRand(t)
	atEachLevel(t, func(t *testing.T) {
		for _, typ := range vectorTypes {
			for range 100 {
				n := r.IntN(3 * MaxBatch / 2)
				a := randomVector(r, typ, Encoding(r.IntN(3)), n)
				sel := randomSel(r, n)
				rows := rowsOf(sel, n)
				out := make([]uint64, len(rows))
				HashColumn(a, sel, n, out, false)
				for k, i := range rows {
					if want := HashDatum(a.Datum(int(i))); out[k] != want {
						t.Fatalf("%s encoding %d row %d: got %x, want %x", typ, a.Enc, i, out[k], want)
					}
				}
				first := slices.Clone(out)
				HashColumn(a, sel, n, out, true)
				for k, i := range rows {
					if want := CombineHash(first[k], HashDatum(a.Datum(int(i)))); out[k] != want {
						t.Fatalf("%s encoding %d row %d combined: got %x, want %x", typ, a.Enc, i, out[k], want)
					}
				}
			}
		}
	})
}

func TestHashDatum(t *testing.T) {
	equal := [][]types.Datum{
		{types.NewInt16(-5), types.NewInt32(-5), types.NewInt64(-5), types.NewInt128(types.Int128From(-5))},
		{types.NewFloat64(0), types.NewFloat64(math.Copysign(0, -1)), types.NewFloat32(0)},
		{types.NewFloat64(math.NaN()), types.NewFloat64(math.Float64frombits(0xfff8000000000123)), types.NewFloat32(float32(math.NaN()))},
		{types.NewInterval(types.IntervalValue{Months: 1}), types.NewInterval(types.IntervalValue{Days: 30})},
		{types.NullDatum},
		{types.NewString("")},
		{types.NewInt128(types.Int128{Hi: 1})},
		{types.NewInt128(types.Int128{Hi: 2})},
	}
	seen := map[uint64]int{}
	for i, group := range equal {
		for _, d := range group {
			h := HashDatum(d)
			if h != HashDatum(group[0]) {
				t.Errorf("%v hashes unlike %v", d, group[0])
			}
			if j, ok := seen[h]; ok && j != i {
				t.Errorf("groups %d and %d collide", i, j)
			}
			seen[h] = i
		}
	}
}

// The low and the high bits of the hashes of small integers spread evenly, also
// when two columns are combined: chi-squared over 256 buckets stays below a
// bound that chance passes once in a million.
func TestHashSpread(t *testing.T) {
	const n, buckets = 1 << 16, 256
	check := func(name string, hash func(i int) uint64) {
		for _, shift := range []int{0, 24, 56} {
			var counts [buckets]float64
			for i := range n {
				counts[hash(i)>>shift%buckets]++
			}
			chi := 0.0
			for _, c := range counts {
				chi += (c - n/buckets) * (c - n/buckets) / (n / buckets)
			}
			if chi > 380 {
				t.Errorf("%s, bits from %d: chi-squared %.0f", name, shift, chi)
			}
		}
	}
	check("counter", func(i int) uint64 { return HashInt64(int64(i)) })
	check("multiples of 1024", func(i int) uint64 { return HashInt64(int64(i) << 10) })
	check("high", func(i int) uint64 { return HashInt64(int64(i) << 44) })
	check("floats", func(i int) uint64 { return HashFloat64(float64(i)) })
	check("pairs", func(i int) uint64 { return CombineHash(HashInt64(int64(i&255)), HashInt64(int64(i>>8))) })
	check("equal pairs", func(i int) uint64 { return CombineHash(HashInt64(int64(i)), HashInt64(int64(i))) })
	check("strings", func(i int) uint64 { return HashString(fmt.Sprint(i)) })
}

// Sketches in segments hold hashes: their values are part of the format.
func TestHashValues(t *testing.T) {
	for _, c := range []struct {
		got, want uint64
	}{
		{HashInt64(0), 0x85e7f18cbfc5c1a1},
		{HashInt64(-1), 0x348115f926810acc},
		{HashString("segment"), 0x13a6a0060017adad},
		{HashFloat64(1), 0xfcf628f3ad825ed0},
	} {
		if c.got != c.want {
			t.Errorf("got %#x, want %#x", c.got, c.want)
		}
	}
}
