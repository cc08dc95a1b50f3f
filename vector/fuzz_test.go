package vector

import (
	"encoding/binary"
	"slices"
	"testing"
	"unsafe"
)

// FuzzKernels gives the same bytes to the vector kernels and to their plain Go
// twins as elements of every width.
func FuzzKernels(f *testing.F) {
	f.Add([]byte("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"), uint64(5), uint64(1<<40), uint8(1))
	f.Add(make([]byte, 1000), uint64(0), uint64(0), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, lo, hi uint64, seed uint8) {
		defer SetSIMD(SIMDLevel())
		fuzzWidth[uint8](t, data, uint8(lo), uint8(hi), seed)
		fuzzWidth[uint16](t, data, uint16(lo), uint16(hi), seed)
		fuzzWidth[int16](t, data, int16(lo), int16(hi), seed)
		fuzzWidth[int32](t, data, int32(lo), int32(hi), seed)
		fuzzWidth[int64](t, data, int64(lo), int64(hi), seed)
		fuzzWidth[uint64](t, data, lo, hi, seed)
		fuzzFloats(t, data, lo, hi)
	})
}

// viewed returns a copy of data as elements of T.
func viewed[T any](data []byte) []T {
	var x T
	a := make([]T, len(data)/int(unsafe.Sizeof(x)))
	if len(a) > 0 {
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&a[0])), len(a)*int(unsafe.Sizeof(x))), data)
	}
	return a
}

// levelsAgree runs f at each level and compares what it returns.
func levelsAgree[R comparable](t *testing.T, what string, f func() R) {
	t.Helper()
	var want R
	for l := LevelGo; l <= detectLevel(); l++ {
		if err := SetSIMD(l.String()); err != nil {
			t.Fatal(err)
		}
		got := f()
		if l == LevelGo {
			want = got
		} else if got != want {
			t.Fatalf("%s at %s: got %v, want %v", what, l, got, want)
		}
	}
}

// digest makes a selection comparable.
func digest(sel []int32) string {
	b := make([]byte, 0, 4*len(sel))
	for _, r := range sel {
		b = binary.LittleEndian.AppendUint32(b, uint32(r))
	}
	return string(b)
}

func fuzzWidth[T Int](t *testing.T, data []byte, lo, hi T, seed uint8) {
	a := viewed[T](data)
	sel := []int32{}
	for i := range a {
		if data[i]&seed != 0 {
			sel = append(sel, int32(i))
		}
	}
	for _, rows := range [][]int32{nil, sel} {
		levelsAgree(t, "range", func() string { return digest(SelectIntRange(a, lo, hi, seed&1 != 0, rows, nil)) })
	}
	levelsAgree(t, "minmax", func() [2]T {
		least, most, _ := MinMaxInt(a, nil, nil)
		return [2]T{least, most}
	})
	levelsAgree(t, "hash", func() uint64 {
		out := make([]uint64, len(a))
		hashIntsDense(a, out)
		var h uint64
		for _, x := range out {
			h = CombineHash(h, x)
		}
		return h
	})
	levelsAgree(t, "bits", func() string { return digest(SelectBits(data, true, 0, 8*len(data), nil, nil)) })
	levelsAgree(t, "bits of rows", func() string { return digest(SelectBits(data, false, 0, 0, sel, nil)) })
}

func fuzzFloats(t *testing.T, data []byte, lo, hi uint64) {
	a := viewed[float64](data)
	bounds := viewed[float64](binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, lo), hi))
	for op := Eq; op <= Ge; op++ {
		levelsAgree(t, op.String(), func() string { return digest(SelectFloat(op, a, bounds[0], nil, nil)) })
	}
	levelsAgree(t, "range", func() string { return digest(SelectFloatRange(a, bounds[0], bounds[1], nil, nil)) })
	numbers := slices.DeleteFunc(slices.Clone(a), func(x float64) bool { return x != x })
	levelsAgree(t, "sum", func() float64 {
		sum, _ := SumFloat64(numbers, nil, nil)
		if sum != sum { // ∞ − ∞
			return 0
		}
		return sum
	})
	levelsAgree(t, "minmax", func() [2]float64 {
		least, most, _ := MinMaxFloat(numbers, nil, nil)
		return [2]float64{least, most}
	})
}
