package fn

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// doubles makes n doubles of one of several profiles, from alike to all of the range.
func doubles(r *rand.Rand, n int) []float64 {
	out := make([]float64, n)
	profile := r.IntN(5)
	for i := range out {
		switch profile {
		case 0:
			out[i] = r.Float64()
		case 1:
			out[i] = float64(r.IntN(2000)-1000) / 100
		case 2:
			out[i] = (r.Float64() - 0.5) * math.Pow(10, float64(r.IntN(40)-20))
		case 3:
			out[i] = math.Ldexp(r.Float64()-0.5, r.IntN(1800)-900)
		default: // those that cancel out on the way
			out[i] = []float64{1e308, -1e308, 1e16, -1e16, 5e-324, 1, 0.1}[r.IntN(7)]
		}
	}
	return out
}

// splits feeds rows of args to states in random parts, ways and orders, with some
// that are taken back, and merges them.
func splits(t *testing.T, r *rand.Rand, agg *Aggregate, args []*vector.Vector) AggState {
	t.Helper()
	n := args[0].Len
	rows := make([]int32, n)
	for i, p := range r.Perm(n) {
		rows[i] = int32(p)
	}
	whole := agg.state(1)
	must := func(err error) {
		if err != nil {
			t.Fatalf("%s%v: %v", agg.Name, agg.Args, err)
		}
	}
	for len(rows) > 0 {
		k := 1 + r.IntN(len(rows))
		part := agg.state(2)
		must(part.AddAll(args, rows[:k/2], n))
		must(part.Add(groupZero(rows[k/2:k], n), args, rows[k/2:k], n))
		if inverse, ok := part.(Inverse); ok && r.IntN(2) == 0 {
			back := rows[r.IntN(len(rows)):]
			must(inverse.Remove(groupZero(back, n), args, back, n))
			must(part.Add(groupZero(back, n), args, back, n))
		}
		must(whole.Merge(part, []int32{1, 0}, []uint32{0, 0}))
		rows = rows[k:]
	}
	return whole
}

// The sum and the average of doubles are the exact ones rounded once, for any
// split of the input, also where a part of it is out of range.
func TestFloatSumIsExact(t *testing.T) {
	r := newRand(t)
	overflows := 0
	for range 400 {
		v := vector.New(types.TFloat8, 1+r.IntN(600))
		copy(v.F64, doubles(r, v.Len))
		exact, count := new(big.Rat), int64(0)
		for i, x := range v.F64 {
			if r.IntN(8) == 0 {
				v.SetNull(i)
				continue
			}
			exact.Add(exact, new(big.Rat).SetFloat64(x))
			count++
		}
		for _, name := range []string{"sum", "avg"} {
			agg, err := ResolveAggregate(name, []types.Type{v.Type})
			if err != nil {
				t.Fatal(err)
			}
			want, _ := exact.Float64()
			if name == "avg" && count > 0 {
				want, _ = new(big.Rat).Quo(exact, big.NewRat(count, 1)).Float64()
			}
			d, code := outcome(t, agg, splits(t, r, agg, []*vector.Vector{v}))
			switch {
			case count == 0:
				if !d.IsNull() {
					t.Errorf("%s of nothing: %v", name, d)
				}
			case math.IsInf(want, 0):
				overflows++
				if code != sqlstate.NumericValueOutOfRange {
					t.Errorf("%s: %v %s, want 22003", name, d, code)
				}
			case code != "" || d.Float() != want:
				t.Errorf("%s of %d values: %v %s, want %v", name, v.Len, d.Float(), code, want)
			}
		}
	}
	if overflows == 0 {
		t.Error("no sum was out of range")
	}
}

// Infinities and NaN make the sum what IEEE 754 says, and can be taken back.
func TestFloatSumOfSpecials(t *testing.T) {
	for _, c := range []struct {
		values []string
		want   string
	}{
		{[]string{"Infinity", "1e308", "1e308"}, "Infinity"},
		{[]string{"-Infinity", "1"}, "-Infinity"},
		{[]string{"Infinity", "-Infinity"}, "NaN"},
		{[]string{"NaN", "Infinity"}, "NaN"},
	} {
		v := column(t, types.TFloat8, append(c.values, "7")...)
		for _, name := range []string{"sum", "avg"} {
			d, typ, err := aggregateOf(t, name, v)
			if got := types.Format(d, typ, nil); err != nil || got != c.want {
				t.Errorf("%s of %v: %s, %v; want %s", name, c.values, got, err, c.want)
			}
			agg, err := ResolveAggregate(name, []types.Type{v.Type})
			if err != nil {
				t.Fatal(err)
			}
			s, ok := agg.state(1).(Inverse)
			if !ok {
				t.Fatalf("%s has no inverse", name)
			}
			back := make([]int32, len(c.values))
			for i := range back {
				back[i] = int32(i)
			}
			if err := s.AddAll([]*vector.Vector{v}, nil, v.Len); err != nil {
				t.Fatal(err)
			}
			if err := s.Remove(groupZero(back, v.Len), []*vector.Vector{v}, back, v.Len); err != nil {
				t.Fatal(err)
			}
			if d, code := outcome(t, agg, s); code != "" || d.Float() != 7 {
				t.Errorf("%s of %v, taken back: %v %s, want 7", name, c.values, d, code)
			}
		}
	}
}

// The sum of reals is the exact one rounded once to a real: not first to a double,
// which may be in the middle between two of them.
func TestRealSumIsRoundedOnce(t *testing.T) {
	r := newRand(t)
	agg, err := ResolveAggregate("sum", []types.Type{types.TFloat4})
	if err != nil {
		t.Fatal(err)
	}
	sumOf := func(values ...float32) float32 {
		v := vector.New(types.TFloat4, len(values))
		copy(v.F32, values)
		d, code := outcome(t, agg, splits(t, r, agg, []*vector.Vector{v}))
		if code != "" {
			t.Fatalf("%v: %s", values, code)
		}
		return float32(d.Float())
	}
	const half, little = 0x1p-24, 0x1p-90
	for _, c := range []struct {
		want   float32
		values []float32
	}{
		{1, []float32{1, half}},
		{1 + 2*half, []float32{1, half, little}},
		{1, []float32{1, half, -little}},
		{-1 - 2*half, []float32{-1, -half, -little}},
		{-1, []float32{-1, -half, little}},
		{1 + 2*half, []float32{1, 2 * half, half, -little}},
		{1 + 4*half, []float32{1, 2 * half, half, little}},
		{0x1p127, []float32{0x1p127, 0x1p103, -0x1p-149}},
		{0x1p-149, []float32{0x1p-149, 1, -1}},
	} {
		if got := sumOf(c.values...); got != c.want {
			t.Errorf("sum of %b: %b, want %b", c.values, got, c.want)
		}
	}
	for range 300 {
		values := make([]float32, 2+r.IntN(6))
		exact := new(big.Rat)
		for i := range values {
			values[i] = float32(math.Ldexp(float64(1+r.IntN(3)), -r.IntN(140)))
			if r.IntN(2) == 0 {
				values[i] = -values[i]
			}
			exact.Add(exact, new(big.Rat).SetFloat64(float64(values[i])))
		}
		if want, _ := exact.Float32(); sumOf(values...) != want {
			t.Errorf("sum of %b: %b, want %b", values, sumOf(values...), want)
		}
	}
}
