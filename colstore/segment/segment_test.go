package segment

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"htapdb/internal/vfs"
	"htapdb/sql/types"
	"htapdb/vector"
)

// newRand returns a generator whose seed is logged.
func newRand(t testing.TB) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// A shape generates values that lead to one encoding.
type shape struct {
	name string
	typ  types.Type
	gen  func(r *rand.Rand) types.Datum
}

var shapes = []shape{
	{"bool", types.TBool, func(r *rand.Rand) types.Datum { return types.NewBool(r.IntN(2) == 0) }},
	{"boolConst", types.TBool, func(r *rand.Rand) types.Datum { return types.NewBool(true) }},
	{"int2frame", types.TInt2, func(r *rand.Rand) types.Datum { return types.NewInt16(int16(r.IntN(200) - 300)) }},
	{"int2plain", types.TInt2, func(r *rand.Rand) types.Datum { return types.NewInt16(int16(r.Uint32())) }},
	{"int4const", types.TInt4, func(r *rand.Rand) types.Datum { return types.NewInt32(-7) }},
	{"int4frame1", types.TInt4, func(r *rand.Rand) types.Datum { return types.NewInt32(int32(r.IntN(256) + math.MaxInt32 - 255)) }},
	{"int4frame2", types.TInt4, func(r *rand.Rand) types.Datum { return types.NewInt32(int32(r.IntN(65536) + math.MinInt32)) }},
	{"int4plain", types.TInt4, func(r *rand.Rand) types.Datum { return types.NewInt32(int32(r.Uint32())) }},
	{"date", types.TDate, func(r *rand.Rand) types.Datum { return types.NewInt32(int32(r.IntN(3000) + 9000)) }},
	{"int8frame4", types.TInt8, func(r *rand.Rand) types.Datum { return types.NewInt64(int64(r.Uint32()) - math.MaxInt64) }},
	{"int8plain", types.TInt8, func(r *rand.Rand) types.Datum { return types.NewInt64(int64(r.Uint64())) }},
	{"timestamp", types.TTimestamp, func(r *rand.Rand) types.Datum { return types.NewInt64(1_700_000_000_000_000 + int64(r.Uint64()>>20)) }},
	{"numeric18", types.TNumeric(18, 2), func(r *rand.Rand) types.Datum { return types.NewInt64(int64(r.IntN(50)) * 100) }},
	{"numeric38frame", types.TNumeric(38, 2), func(r *rand.Rand) types.Datum { return types.NewInt128(types.Int128From(int64(r.IntN(70000)) - 5)) }},
	{"numeric38frame8", types.TNumeric(38, 2), func(r *rand.Rand) types.Datum { return types.NewInt128(types.Int128From(int64(r.Uint64()))) }},
	{"numeric38plain", types.TNumeric(38, 2), func(r *rand.Rand) types.Datum {
		return types.NewInt128(types.Int128{Hi: int64(r.IntN(7)) - 3, Lo: r.Uint64()})
	}},
	{"float4", types.TFloat4, func(r *rand.Rand) types.Datum { return types.NewFloat32(float32(oddFloat(r))) }},
	{"float8", types.TFloat8, func(r *rand.Rand) types.Datum { return types.NewFloat64(oddFloat(r)) }},
	{"float8zero", types.TFloat8, func(r *rand.Rand) types.Datum { return types.NewFloat64(math.Copysign(0, float64(r.IntN(2))-0.5)) }},
	{"float8nan", types.TFloat8, func(r *rand.Rand) types.Datum { return types.NewFloat64(math.NaN()) }},
	{"interval", types.TInterval, func(r *rand.Rand) types.Datum {
		return types.NewInterval(types.IntervalValue{Months: int32(r.IntN(3)) - 1, Days: int32(r.IntN(60)), Micros: int64(r.IntN(3))})
	}},
	{"textConst", types.TText, func(r *rand.Rand) types.Datum { return types.NewString("the only one") }},
	{"textDict1", types.TText, func(r *rand.Rand) types.Datum { return types.NewString(fmt.Sprintf("k%02d", r.IntN(30))) }},
	{"textDict2", types.Type{Kind: types.Varchar, Length: 80}, func(r *rand.Rand) types.Datum { return types.NewString(fmt.Sprintf("key-%d", r.IntN(400))) }},
	{"textPlain", types.TText, func(r *rand.Rand) types.Datum {
		return types.NewString(strings.Repeat("x", r.IntN(100)) + fmt.Sprint(r.Uint32()))
	}},
	{"textLong", types.TText, func(r *rand.Rand) types.Datum {
		return types.NewString(strings.Repeat("a", 70) + fmt.Sprint(r.IntN(9)))
	}},
	{"bytea", types.TBytea, func(r *rand.Rand) types.Datum { return types.NewString(string([]byte{byte(r.IntN(3)), 0xff, 0})) }},
	{"uuid", types.TUUID, func(r *rand.Rand) types.Datum {
		b := make([]byte, 16)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return types.NewString(string(b))
	}},
}

// oddFloat returns a number, often one with its own rules.
func oddFloat(r *rand.Rand) float64 {
	odd := []float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 1, -1, math.MaxFloat64, math.SmallestNonzeroFloat64}
	if i := r.IntN(2 * len(odd)); i < len(odd) {
		return odd[i]
	}
	return r.NormFloat64() * 100
}

// nullShapes are the patterns of nulls, as the share of null rows.
var nullShapes = []float64{0, 0.001, 0.3, 0.999, 1}

// column generates n rows.
func (s shape) column(r *rand.Rand, n int, nulls float64) *vector.Vector {
	v := vector.New(s.typ, n)
	for i := range n {
		v.Set(i, s.gen(r))
		if r.Float64() < nulls {
			v.SetNull(i)
		}
	}
	return v
}

// same reports equality of representation: −0 is not 0, NaN is NaN.
func same(a, b types.Datum) bool {
	if a.Physical() == types.PhysFloat64 || a.Physical() == types.PhysFloat32 {
		return b.Physical() == a.Physical() && (math.Float64bits(a.Float()) == math.Float64bits(b.Float()) || a.Float() != a.Float() && b.Float() != b.Float())
	}
	return a == b
}

// build writes and opens a segment of the columns.
func build(t testing.TB, fs vfs.FS, in Input) *Segment {
	t.Helper()
	if _, err := Write(fs, "t.seg", in); err != nil {
		t.Fatal(err)
	}
	s, err := Open(fs, "t.seg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Release(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Every type, null pattern and size reads back as written, in batches of any
// alignment and with any selection.
func TestRoundTrip(t *testing.T) {
	r := newRand(t)
	for _, n := range []int{0, 1, 7, 64, 1000, 5001} {
		for _, nulls := range nullShapes {
			in := Input{Rows: n, MinTs: 5, MaxTs: 5}
			for i, s := range shapes {
				in.Columns = append(in.Columns, ColumnInput{ID: uint32(i + 1), Data: s.column(r, n, nulls)})
			}
			seg := build(t, vfs.NewMem(), in)
			for i, s := range shapes {
				c, ok := seg.ColumnByID(uint32(i + 1))
				if !ok || c.Type() != s.typ || seg.Column(i) != c {
					t.Fatalf("%s: no column, or of another type", s.name)
				}
				t.Run(fmt.Sprintf("%s/%d/%v", s.name, n, nulls), func(t *testing.T) {
					checkReads(t, r, c, in.Columns[i].Data)
					checkZone(t, c, in.Columns[i].Data)
				})
			}
			if err := seg.Verify(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func checkReads(t *testing.T, r *rand.Rand, c *Column, want *vector.Vector) {
	rows := want.Len
	out := &vector.Vector{}
	step := []int{vector.MaxBatch, 1000, 129}[r.IntN(3)]
	for from := 0; from < rows; from += step {
		n := min(step, rows-from)
		var sel []int32
		if r.IntN(2) == 0 {
			sel = pick(r, n, []float64{0.02, 0.5, 1}[r.IntN(3)])
		}
		if err := c.Read(from, n, sel, out); err != nil {
			t.Fatal(err)
		}
		if out.Len != n || out.Type != want.Type {
			t.Fatalf("Read(%d, %d): %d rows of %s", from, n, out.Len, out.Type)
		}
		for _, i := range rowsOf(sel, n) {
			if got, want := out.Datum(int(i)), want.Datum(from+int(i)); !same(got, want) {
				t.Fatalf("row %d: got %v, want %v", from+int(i), got, want)
			}
		}
		for i := range n { // harmless to read, selected or not
			out.Datum(i)
		}
	}
}

// checkZone compares the zone map with the values.
func checkZone(t *testing.T, c *Column, v *vector.Vector) {
	z := c.Zone()
	nulls := 0
	distinct := map[types.Datum]bool{}
	for i := range v.Len {
		d := v.Datum(i)
		if d.IsNull() {
			nulls++
			continue
		}
		distinct[d] = true
		if cmp := vector.CompareDatum(z.Min, d); cmp > 0 {
			t.Fatalf("minimum %v is above %v", z.Min, d)
		}
		if cmp := vector.CompareDatum(z.Max, d); cmp < 0 && !z.MaxTruncated {
			t.Fatalf("maximum %v is below %v", z.Max, d)
		}
		if z.MaxTruncated && z.Max.Str() < d.Str()[:min(len(d.Str()), zoneBytes)] {
			t.Fatalf("maximum prefix %v is below %v", z.Max, d)
		}
	}
	if z.Nulls != nulls || z.Rows != v.Len {
		t.Fatalf("zone counts %d nulls of %d, want %d of %d", z.Nulls, z.Rows, nulls, v.Len)
	}
	if z.DistinctExact && len(distinct) != z.Distinct && len(distinct) > 0 {
		t.Fatalf("%d distinct values, want %d", z.Distinct, len(distinct))
	}
	if k := float64(len(distinct)); v.Type.IsInteger() && math.Abs(float64(z.Distinct)-k) > 0.1*k+1 {
		t.Fatalf("%d distinct values, want about %v", z.Distinct, k)
	}
	if (c.Sketch() == nil) != (nulls == v.Len) {
		t.Fatalf("sketch %v with %d nulls of %d", c.Sketch(), nulls, v.Len)
	}
}

// pick returns an ascending selection of about share of n rows.
func pick(r *rand.Rand, n int, share float64) []int32 {
	sel := []int32{}
	for i := range n {
		if r.Float64() < share {
			sel = append(sel, int32(i))
		}
	}
	return sel
}

func rowsOf(sel []int32, n int) []int32 {
	if sel != nil {
		return sel
	}
	all := make([]int32, n)
	for i := range all {
		all[i] = int32(i)
	}
	return all
}
