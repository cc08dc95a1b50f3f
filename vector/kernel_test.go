package vector

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
	"unsafe"

	"htapdb/sql/types"
)

// The plain Go twins are
// the specification; every level of vector instructions has to give the same
// results on inputs and outputs that end at an inaccessible page.

// newRand returns a generator whose seed is logged.
func newRand(t testing.TB) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// atEachLevel runs f at each level that the processor has.
func atEachLevel(t *testing.T, f func(t *testing.T)) {
	before := SIMDLevel()
	defer SetSIMD(before)
	for l := LevelGo; l <= LevelAVX512; l++ {
		t.Run(l.String(), func(t *testing.T) {
			if l > detectLevel() {
				t.Skipf("this processor has no %s", l)
			}
			if err := SetSIMD(l.String()); err != nil {
				t.Fatal(err)
			}
			f(t)
		})
	}
}

// lengths are those around every block size and around a batch.
func lengths() []int {
	var list []int
	for n := range 200 {
		list = append(list, n)
	}
	return append(list, 255, 256, 257, 2047, 2048, 2049, 3*MaxBatch+5)
}

// arena hands out slices that end at an inaccessible page.
type arena struct {
	t     testing.TB
	pages [][]byte
	next  int
}

func newArena(t testing.TB) *arena { return &arena{t: t} }

// reset makes the memory handed out so far available again.
func (a *arena) reset() { a.next = 0 }

// guarded returns n zero elements at the end of a region.
func guarded[T any](a *arena, n int) []T {
	if a.next == len(a.pages) {
		a.pages = append(a.pages, guardedBytes(a.t, 3*MaxBatch*16+4096))
	}
	b := a.pages[a.next]
	a.next++
	var x T
	size := n * int(unsafe.Sizeof(x))
	b = b[len(b)-size:]
	clear(b)
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n)
}

// randomInts fills a with values of a random spread around a random center.
func randomInts[T Int](r *rand.Rand, a []T) {
	center := T(r.Uint64())
	mask := T(1)<<r.IntN(int(unsafe.Sizeof(center))*8) - 1
	least, most := limits[T]()
	for i := range a {
		switch r.IntN(20) {
		case 0:
			a[i] = least
		case 1:
			a[i] = most
		default:
			a[i] = center + T(r.Uint64())&mask
		}
	}
}

// randomFloats fills a with numbers, often ones with their own rules.
func randomFloats[T Float](r *rand.Rand, a []T) {
	odd := []float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64, 1, -1}
	for i := range a {
		if k := r.IntN(3 * len(odd)); k < len(odd) {
			a[i] = T(odd[k])
		} else {
			a[i] = T(r.NormFloat64() * 10)
		}
	}
}

func randomValid(r *rand.Rand, a *arena, n int) []uint8 {
	valid := guarded[uint8](a, n)
	share := []float64{0, 0.01, 0.5, 1}[r.IntN(4)]
	for i := range valid {
		valid[i] = uint8(b2i(r.Float64() >= share))
	}
	return valid
}

// randomSel returns nil or an ascending selection of some of n rows.
func randomSel(r *rand.Rand, n int) []int32 {
	if r.IntN(2) == 0 {
		return nil
	}
	share := r.Float64()
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
	return selectAllOrNone(n, true, nil, nil)
}

// naiveSelect selects by a function.
func naiveSelect(sel []int32, n int, pass func(i int32) bool) []int32 {
	out := []int32{}
	for _, r := range rowsOf(sel, n) {
		if pass(r) {
			out = append(out, r)
		}
	}
	return out
}

func TestSums(t *testing.T) {
	r := newRand(t)
	atEachLevel(t, func(t *testing.T) {
		mem := newArena(t)
		for _, n := range lengths() {
			for range 3 {
				mem.reset()
				testSums(t, r, mem, n)
			}
		}
	})
}

// testSums checks one length with random validity and selection.
func testSums(t *testing.T, r *rand.Rand, mem *arena, n int) {
	sel := randomSel(r, n)
	var valid []uint8
	if r.IntN(2) == 0 {
		valid = randomValid(r, mem, n)
	}
	i32, i64, other := guarded[int32](mem, n), guarded[int64](mem, n), guarded[int64](mem, n)
	randomInts(r, i32)
	randomInts(r, i64)
	randomInts(r, other)
	var sum32 int64
	var sum64, product types.Int128
	count := 0
	for _, i := range rowsOf(sel, n) {
		if valid == nil || valid[i] != 0 {
			sum32 += int64(i32[i])
			sum64, _ = sum64.Add(types.Int128From(i64[i]))
			product, _ = product.Add(types.Mul64(i64[i], other[i]))
			count++
		}
	}
	if got, c := SumInt32(i32, valid, sel); got != sum32 || c != count {
		t.Fatalf("SumInt32[%d]: got %d of %d, want %d of %d", n, got, c, sum32, count)
	}
	if got, c := SumInt64(i64, valid, sel); got != sum64 || c != count {
		t.Fatalf("SumInt64[%d]: got %v of %d, want %v of %d", n, got, c, sum64, count)
	}
	if got, c := SumProductInt64(i64, other, valid, sel); got != product || c != count {
		t.Fatalf("SumProductInt64[%d]: got %v of %d, want %v of %d", n, got, c, product, count)
	}
	if valid != nil && sel == nil {
		if got := CountValid(valid); got != count {
			t.Fatalf("CountValid[%d]: got %d, want %d", n, got, count)
		}
	}
	f64 := guarded[float64](mem, n)
	for i := range f64 {
		f64[i] = r.NormFloat64() * 1e10
	}
	if r.IntN(2) == 0 {
		randomFloats(r, f64)
	}
	lanes := [8]float64{}
	for k, i := range rowsOf(sel, n) {
		if valid == nil || valid[i] != 0 {
			lanes[k%8] += f64[i]
		}
	}
	want := ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]))
	got, c := SumFloat64(f64, valid, sel)
	if c != count || math.Float64bits(got) != math.Float64bits(want) && !(got != got && want != want) {
		t.Fatalf("SumFloat64[%d]: got %v of %d, want %v of %d", n, got, c, want, count)
	}
	testSumCodes[uint8](t, r, mem, n, sel)
	testSumCodes[uint16](t, r, mem, n, sel)
	testSumCodes[uint32](t, r, mem, n, sel)
}

func testSumCodes[S Code](t *testing.T, r *rand.Rand, mem *arena, n int, sel []int32) {
	a := guarded[S](mem, n)
	for i := range a {
		a[i] = ^S(0) - S(r.IntN(3))
	}
	var want uint64
	for _, i := range rowsOf(sel, n) {
		want += uint64(a[i])
	}
	if got := SumCodes(a, sel); got != want {
		t.Fatalf("SumCodes(%T[%d]): got %d, want %d", a, n, got, want)
	}
}

func TestMinMax(t *testing.T) {
	r := newRand(t)
	atEachLevel(t, func(t *testing.T) {
		testMinMax[uint8](t, r)
		testMinMax[int8](t, r)
		testMinMax[int16](t, r)
		testMinMax[uint16](t, r)
		testMinMax[int32](t, r)
		testMinMax[uint32](t, r)
		testMinMax[int64](t, r)
		testMinMax[uint64](t, r)
		testMinMaxFloat[float32](t, r)
		testMinMaxFloat[float64](t, r)
	})
}

func testMinMax[T Int](t *testing.T, r *rand.Rand) {
	mem := newArena(t)
	for _, n := range lengths() {
		mem.reset()
		a, sel := guarded[T](mem, n), randomSel(r, n)
		randomInts(r, a)
		var valid []uint8
		if r.IntN(2) == 0 {
			valid = randomValid(r, mem, n)
		}
		var list []T
		for _, i := range rowsOf(sel, n) {
			if valid == nil || valid[i] != 0 {
				list = append(list, a[i])
			}
		}
		var least, most T
		if len(list) > 0 {
			least, most = slices.Min(list), slices.Max(list)
		}
		if lo, hi, c := MinMaxInt(a, valid, sel); lo != least || hi != most || c != len(list) {
			t.Fatalf("MinMaxInt(%T[%d]): got %v, %v of %d, want %v, %v of %d", a, n, lo, hi, c, least, most, len(list))
		}
	}
}

func testMinMaxFloat[T Float](t *testing.T, r *rand.Rand) {
	mem := newArena(t)
	for _, n := range lengths() {
		mem.reset()
		a, sel := guarded[T](mem, n), randomSel(r, n)
		randomFloats(r, a)
		if r.IntN(3) == 0 { // only NaN, or only one value
			for i := range a {
				a[i] = a[0]
			}
		}
		var valid []uint8
		if r.IntN(2) == 0 {
			valid = randomValid(r, mem, n)
		}
		var least, most T
		count := 0
		for _, i := range rowsOf(sel, n) {
			if valid != nil && valid[i] == 0 {
				continue
			}
			if count == 0 || CompareFloat(float64(a[i]), float64(least)) < 0 {
				least = a[i]
			}
			if count == 0 || CompareFloat(float64(a[i]), float64(most)) > 0 {
				most = a[i]
			}
			count++
		}
		lo, hi, c := MinMaxFloat(a, valid, sel)
		if c != count || CompareFloat(float64(lo), float64(least)) != 0 || CompareFloat(float64(hi), float64(most)) != 0 {
			t.Fatalf("MinMaxFloat(%T[%d]): got %v, %v of %d, want %v, %v of %d", a, n, lo, hi, c, least, most, count)
		}
	}
}

func TestUnpack(t *testing.T) {
	r := newRand(t)
	atEachLevel(t, func(t *testing.T) {
		testUnpack[int16, uint8](t, r)
		testUnpack[int32, uint8](t, r)
		testUnpack[int64, uint8](t, r)
		testUnpack[int32, uint16](t, r)
		testUnpack[int64, uint16](t, r)
		testUnpack[uint32, uint32](t, r)
		testUnpack[int64, uint32](t, r)
	})
}

func testUnpack[D Int, S Code](t *testing.T, r *rand.Rand) {
	mem := newArena(t)
	for _, n := range lengths() {
		mem.reset()
		src, dst, base := guarded[S](mem, n), guarded[D](mem, n), D(r.Uint64())
		for i := range src {
			src[i] = S(r.Uint32())
		}
		Unpack(dst, src, base)
		for i, x := range src {
			if want := base + D(x); dst[i] != want {
				t.Fatalf("Unpack(%T[%d], %T) [%d]: got %v, want %v", dst, n, src, i, dst[i], want)
			}
		}
		clear(dst)
		sel := randomSel(r, n)
		UnpackSel(dst, src, base, sel)
		for _, i := range sel {
			if want := base + D(src[i]); dst[i] != want {
				t.Fatalf("UnpackSel [%d]: got %v, want %v", i, dst[i], want)
			}
		}
	}
}

func TestHashInts(t *testing.T) {
	r := newRand(t)
	atEachLevel(t, func(t *testing.T) {
		mem := newArena(t)
		for _, n := range lengths() {
			mem.reset()
			testHashInts[int16](t, r, mem, n)
			testHashInts[int32](t, r, mem, n)
			testHashInts[int64](t, r, mem, n)
			testHashInts[uint32](t, r, mem, n)
		}
	})
}

func testHashInts[T Int](t *testing.T, r *rand.Rand, mem *arena, n int) {
	a, out := guarded[T](mem, n), guarded[uint64](mem, n)
	randomInts(r, a)
	hashIntsDense(a, out)
	for i, x := range a {
		if want := HashInt64(int64(x)); out[i] != want {
			t.Fatalf("hash of %T[%d] %v: got %x, want %x", a, n, x, out[i], want)
		}
	}
}

func TestSetSIMD(t *testing.T) {
	defer SetSIMD(SIMDLevel())
	for _, name := range []string{"", "AVX2", "sse"} {
		if SetSIMD(name) == nil {
			t.Errorf("no error for level %q", name)
		}
	}
	for _, c := range [][2]string{{"off", "go"}, {"go", "go"}, {"auto", detectLevel().String()}, {"on", detectLevel().String()}} {
		if err := SetSIMD(c[0]); err != nil || SIMDLevel() != c[1] {
			t.Errorf("SetSIMD(%q): %v, level %s, want %s", c[0], err, SIMDLevel(), c[1])
		}
	}
}
