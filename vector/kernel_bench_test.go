package vector

import (
	"math/rand/v2"
	"testing"
)

// Every benchmark runs over one batch at each level, so that the figures are of
// the kernels and not of the memory.

// benchLevels runs f at each level; bytes is what a call reads.
func benchLevels(b *testing.B, name string, bytes int, f func()) {
	defer SetSIMD(SIMDLevel())
	for l := LevelGo; l <= detectLevel(); l++ {
		if err := SetSIMD(l.String()); err != nil {
			b.Fatal(err)
		}
		b.Run(name+"/"+l.String(), func(b *testing.B) {
			b.SetBytes(int64(bytes))
			for b.Loop() {
				f()
			}
		})
	}
}

// benchInput returns a batch of values below 100, half of which are below 50.
func benchInput[T Int | Float]() []T {
	r := rand.New(rand.NewPCG(1, 2))
	a := make([]T, MaxBatch)
	for i := range a {
		a[i] = T(r.IntN(100))
	}
	return a
}

func benchSel(share float64) []int32 {
	r := rand.New(rand.NewPCG(3, 4))
	var sel []int32
	for i := range int32(MaxBatch) {
		if r.Float64() < share {
			sel = append(sel, i)
		}
	}
	return sel
}

func BenchmarkSelect(b *testing.B) {
	out := make([]int32, MaxBatch)
	u8, u16, i32, i64 := benchInput[uint8](), benchInput[uint16](), benchInput[int32](), benchInput[int64]()
	f32, f64 := benchInput[float32](), benchInput[float64]()
	benchLevels(b, "uint8", len(u8), func() { SelectInt(Lt, u8, 50, nil, out) })
	benchLevels(b, "uint8none", len(u8), func() { SelectInt(Gt, u8, 150, nil, out) })
	benchLevels(b, "uint16", 2*len(u16), func() { SelectInt(Lt, u16, 50, nil, out) })
	benchLevels(b, "int32", 4*len(i32), func() { SelectInt(Lt, i32, 50, nil, out) })
	benchLevels(b, "int64", 8*len(i64), func() { SelectInt(Lt, i64, 50, nil, out) })
	benchLevels(b, "float32", 4*len(f32), func() { SelectFloat(Lt, f32, 50, nil, out) })
	benchLevels(b, "float64", 8*len(f64), func() { SelectFloat(Lt, f64, 50, nil, out) })
	half := benchSel(0.5)
	bits := u8[:MaxBatch/8]
	benchLevels(b, "bits", len(bits), func() { SelectBits(bits, true, 0, MaxBatch, nil, out) })
	benchLevels(b, "bitssel", len(half)/8, func() { SelectBits(bits, true, 0, MaxBatch, half, out) })
	set := NewCodeSet(benchInput[uint8]()[:100])
	benchLevels(b, "codes8", len(u8), func() { SelectCodes(set, u8, nil, out) })
	benchLevels(b, "codes16", 2*len(u16), func() { SelectCodes(set, u16, nil, out) })
	benchLevels(b, "codes8sel", len(half), func() { SelectCodes(set, u8, half, out) })
	benchLevels(b, "int32sel", 4*len(half), func() { SelectInt(Lt, i32, 50, half, out) })
	benchLevels(b, "int64sel", 8*len(half), func() { SelectInt(Lt, i64, 50, half, out) })
	benchLevels(b, "uint8sel", len(half), func() { SelectInt(Lt, u8, 50, half, out) })
}

func BenchmarkSum(b *testing.B) {
	u8, u16, i32, i64, f64 := benchInput[uint8](), benchInput[uint16](), benchInput[int32](), benchInput[int64](), benchInput[float64]()
	valid := make([]uint8, MaxBatch)
	for i := range valid {
		valid[i] = uint8(b2i(u8[i] < 50))
	}
	half := benchSel(0.5)
	benchLevels(b, "countValid", len(valid), func() { CountValid(valid) })
	benchLevels(b, "codes8", len(u8), func() { SumCodes(u8, nil) })
	benchLevels(b, "codes16", 2*len(u16), func() { SumCodes(u16, nil) })
	benchLevels(b, "codes16sel", 2*len(half), func() { SumCodes(u16, half) })
	benchLevels(b, "int32", 4*len(i32), func() { SumInt32(i32, nil, nil) })
	benchLevels(b, "int32valid", 4*len(i32), func() { SumInt32(i32, valid, nil) })
	benchLevels(b, "int64", 8*len(i64), func() { SumInt64(i64, nil, nil) })
	benchLevels(b, "int64valid", 8*len(i64), func() { SumInt64(i64, valid, nil) })
	benchLevels(b, "int64sel", 8*len(half), func() { SumInt64(i64, nil, half) })
	benchLevels(b, "float64", 8*len(f64), func() { SumFloat64(f64, nil, nil) })
	benchLevels(b, "float64valid", 8*len(f64), func() { SumFloat64(f64, valid, nil) })
	benchLevels(b, "float64sel", 8*len(half), func() { SumFloat64(f64, nil, half) })
	benchLevels(b, "product", 16*len(i64), func() { SumProductInt64(i64, i64, nil, nil) })
}

func BenchmarkMinMax(b *testing.B) {
	u8, i32, i64, f64 := benchInput[uint8](), benchInput[int32](), benchInput[int64](), benchInput[float64]()
	benchLevels(b, "uint8", len(u8), func() { MinMaxInt(u8, nil, nil) })
	benchLevels(b, "int32", 4*len(i32), func() { MinMaxInt(i32, nil, nil) })
	benchLevels(b, "int64", 8*len(i64), func() { MinMaxInt(i64, nil, nil) })
	benchLevels(b, "float64", 8*len(f64), func() { MinMaxFloat(f64, nil, nil) })
}

func BenchmarkUnpack(b *testing.B) {
	u8, u16, u32 := benchInput[uint8](), benchInput[uint16](), benchInput[uint32]()
	i32, i64 := make([]int32, MaxBatch), make([]int64, MaxBatch)
	// The bytes are those written.
	benchLevels(b, "8to32", 4*len(i32), func() { Unpack(i32, u8, 7) })
	benchLevels(b, "16to32", 4*len(i32), func() { Unpack(i32, u16, 7) })
	benchLevels(b, "8to64", 8*len(i64), func() { Unpack(i64, u8, 7) })
	benchLevels(b, "32to64", 8*len(i64), func() { Unpack(i64, u32, 7) })
}

func BenchmarkHash(b *testing.B) {
	i32, i64, out := benchInput[int32](), benchInput[int64](), make([]uint64, MaxBatch)
	v := &Vector{Type: vectorTypes[3], Len: MaxBatch, I64: i64}
	benchLevels(b, "int32", 4*len(i32), func() { hashIntsDense(i32, out) })
	benchLevels(b, "int64", 8*len(i64), func() { HashColumn(v, nil, v.Len, out, false) })
	benchLevels(b, "int64combine", 8*len(i64), func() { HashColumn(v, nil, v.Len, out, true) })
}
