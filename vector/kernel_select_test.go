package vector

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// compareInt is the three-way comparison of integers.
func compareInt[T Int](a, b T) int { return b2i(a > b) - b2i(a < b) }

func TestSelectInt(t *testing.T) {
	r := newRand(t)
	atEachLevel(t, func(t *testing.T) {
		testSelectInt[uint8](t, r)
		testSelectInt[uint16](t, r)
		testSelectInt[int16](t, r)
		testSelectInt[uint32](t, r)
		testSelectInt[int32](t, r)
		testSelectInt[int64](t, r)
		testSelectInt[uint64](t, r)
	})
}

func testSelectInt[T Int](t *testing.T, r *rand.Rand) {
	mem := newArena(t)
	for _, n := range lengths() {
		mem.reset()
		a := guarded[T](mem, n)
		randomInts(r, a)
		constant := func() T {
			if n > 0 && r.IntN(2) == 0 {
				return a[r.IntN(n)]
			}
			var one [1]T
			randomInts(r, one[:])
			return one[0]
		}
		for op := Eq; op <= Ge; op++ {
			c, sel := constant(), randomSel(r, n)
			out := guarded[int32](mem, len(rowsOf(sel, n)))
			got := SelectInt(op, a, c, sel, out)
			want := naiveSelect(sel, n, func(i int32) bool { return op.Holds(compareInt(a[i], c)) })
			if !slices.Equal(got, want) || got == nil {
				t.Fatalf("%T[%d] %s %v: got %v, want %v", a, n, op, c, got, want)
			}
		}
		lo, hi, negate, sel := constant(), constant(), r.IntN(2) == 0, randomSel(r, n)
		got := SelectIntRange(a, lo, hi, negate, sel, guarded[int32](mem, len(rowsOf(sel, n))))
		want := naiveSelect(sel, n, func(i int32) bool { return (lo <= a[i] && a[i] <= hi) != negate })
		if !slices.Equal(got, want) {
			t.Fatalf("%T[%d] in [%v, %v] != %v: got %v, want %v", a, n, lo, hi, negate, got, want)
		}
	}
}

func TestSelectFloat(t *testing.T) {
	r := newRand(t)
	atEachLevel(t, func(t *testing.T) {
		testSelectFloat[float32](t, r)
		testSelectFloat[float64](t, r)
	})
}

func testSelectFloat[T Float](t *testing.T, r *rand.Rand) {
	mem := newArena(t)
	for _, n := range lengths() {
		mem.reset()
		a := guarded[T](mem, n)
		randomFloats(r, a)
		var c [2]T
		for op := Eq; op <= Ge; op++ {
			randomFloats(r, c[:])
			sel := randomSel(r, n)
			out := guarded[int32](mem, len(rowsOf(sel, n)))
			got := SelectFloat(op, a, c[0], sel, out)
			want := naiveSelect(sel, n, func(i int32) bool { return op.Holds(CompareFloat(float64(a[i]), float64(c[0]))) })
			if !slices.Equal(got, want) || got == nil {
				t.Fatalf("%T[%d] %s %v: got %v, want %v", a, n, op, c[0], got, want)
			}
		}
		sel := randomSel(r, n)
		got := SelectFloatRange(a, c[0], c[1], sel, guarded[int32](mem, len(rowsOf(sel, n))))
		want := naiveSelect(sel, n, func(i int32) bool {
			return CompareFloat(float64(a[i]), float64(c[0])) >= 0 && CompareFloat(float64(a[i]), float64(c[1])) <= 0
		})
		if !slices.Equal(got, want) {
			t.Fatalf("%T[%d] in %v: got %v, want %v", a, n, c, got, want)
		}
	}
}

// A filter may write its result over its selection.
func TestSelectInPlace(t *testing.T) {
	r := newRand(t)
	atEachLevel(t, func(t *testing.T) {
		a := make([]int32, MaxBatch)
		randomInts(r, a)
		sel := []int32{}
		for len(sel) == 0 {
			sel = randomSel(r, len(a))
		}
		want := SelectInt(Gt, a, a[0], sel, nil)
		got := SelectInt(Gt, a, a[0], sel, sel)
		if !slices.Equal(got, want) {
			t.Fatal("in place differs")
		}
	})
}

func TestSelectByCodeAndValid(t *testing.T) {
	r := newRand(t)
	atEachLevel(t, func(t *testing.T) {
		mem := newArena(t)
		for _, n := range lengths() {
			mem.reset()
			valid, sel := randomValid(r, mem, n), randomSel(r, n)
			room := len(rowsOf(sel, n))
			got := SelectValid(valid, n, sel, guarded[int32](mem, room))
			if want := naiveSelect(sel, n, func(i int32) bool { return valid[i] == 1 }); !slices.Equal(got, want) {
				t.Fatalf("valid[%d]: got %v, want %v", n, got, want)
			}
			got = SelectNull(valid, n, sel, guarded[int32](mem, room))
			if want := naiveSelect(sel, n, func(i int32) bool { return valid[i] == 0 }); !slices.Equal(got, want) {
				t.Fatalf("null[%d]: got %v, want %v", n, got, want)
			}
			codes, pass := guarded[uint16](mem, n), make([]uint8, 300)
			for i := range codes {
				codes[i] = uint16(r.IntN(len(pass)))
			}
			for i := range pass {
				pass[i] = uint8(r.IntN(2))
			}
			got = SelectByCode(codes, pass, sel, guarded[int32](mem, room))
			if want := naiveSelect(sel, n, func(i int32) bool { return pass[codes[i]] == 1 }); !slices.Equal(got, want) {
				t.Fatalf("codes[%d]: got %v, want %v", n, got, want)
			}
		}
	})
}

func TestSelectCodes(t *testing.T) {
	r := newRand(t)
	atEachLevel(t, func(t *testing.T) {
		testSelectCodes[uint8](t, r, 3)
		testSelectCodes[uint8](t, r, 256)
		testSelectCodes[uint16](t, r, 500)
		testSelectCodes[uint16](t, r, 1<<16)
		testSelectCodes[uint32](t, r, 70_000)
	})
}

func testSelectCodes[C Code](t *testing.T, r *rand.Rand, entries int) {
	mem := newArena(t)
	pass := make([]uint8, entries)
	for i := range pass {
		pass[i] = uint8(r.IntN(2))
	}
	set := NewCodeSet(pass)
	for _, n := range lengths() {
		mem.reset()
		codes, sel := guarded[C](mem, n), randomSel(r, n)
		for i := range codes {
			codes[i] = C(r.IntN(entries))
		}
		if n > 0 {
			codes[r.IntN(n)] = C(entries - 1)
		}
		got := SelectCodes(set, codes, sel, guarded[int32](mem, len(rowsOf(sel, n))))
		want := naiveSelect(sel, n, func(i int32) bool { return pass[codes[i]] != 0 && set.Has(uint32(codes[i])) })
		if !slices.Equal(got, want) || got == nil {
			t.Fatalf("%T[%d] of %d entries: got %v, want %v", codes, n, entries, got, want)
		}
	}
}

func TestSelectBits(t *testing.T) {
	r := newRand(t)
	atEachLevel(t, func(t *testing.T) {
		mem := newArena(t)
		for _, n := range lengths() {
			for range 4 {
				mem.reset()
				from, sel, set := 8*r.IntN(5), randomSel(r, n), r.IntN(2) == 0
				if r.IntN(4) == 0 {
					from = r.IntN(40)
				}
				bits := guarded[byte](mem, (from+n+7)/8)
				for i := range bits {
					bits[i] = byte(r.Uint32())
				}
				got := SelectBits(bits, set, from, n, sel, guarded[int32](mem, len(rowsOf(sel, n))))
				want := naiveSelect(sel, n, func(i int32) bool {
					b := from + int(i)
					return bits[b/8]>>(b%8)&1 == uint8(b2i(set))
				})
				if !slices.Equal(got, want) || got == nil {
					t.Fatalf("%d bits from %d, set %v: got %v, want %v", n, from, set, got, want)
				}
			}
		}
	})
}

func ExampleSelectInt() {
	fmt.Println(SelectInt(Ge, []int32{5, 1, 7, 5}, 5, nil, nil))
	// Output: [0 2 3]
}
