package olap

import (
	"math/rand/v2"
	"slices"
	"testing"

	"htapdb/sql/types"
	"htapdb/vector"
)

// memberTable is a join table over some integer keys, dense or by hash.
func memberTable(t testing.TB, keys []int64, dense bool) *joinTable {
	t.Helper()
	v := vector.New(types.TInt8, len(keys))
	copy(v.I64, keys)
	jt := &joinTable{node: &HashJoin{}, keys: []int{0}, rows: &rowBuffer{rows: len(keys), cols: []column{{vec: *v, phys: types.PhysInt64}}}}
	jt.linked = len(keys)
	if dense {
		if done, err := jt.indexDense(&run{ex: &Exec{}}, nil); !done || err != nil {
			t.Fatal(done, err)
		}
	} else {
		hashes := hashRows([]*vector.Vector{v}, nil, len(keys), nil)
		jt.shift = 64 - 12
		jt.directory, jt.links = make([]uint64, 1<<12+1), make([]uint64, len(keys))
		hashed := make([]hashedRow, len(keys))
		for i, h := range hashes {
			hashed[i] = hashedRow{h, int32(i)}
		}
		jt.linkPartition(hashed, 0, 1<<12, 0)
		jt.directory[1<<12] = uint64(len(keys)) << 16
	}
	jt.markPresent()
	return jt
}

// Every row whose key is in the build passes, from every encoding, with nulls
// and selections, in place; of a dense table no other row does.
func TestMayContain(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, repeated := range []bool{false, true} {
		var keys []int64
		in := map[int64]bool{}
		for k := int64(-500); k < 500; k++ {
			if rng.IntN(3) == 0 {
				in[k] = true
				keys = append(keys, k)
				if repeated {
					keys = append(keys, k)
				}
			}
		}
		for _, dense := range []bool{true, false} {
			jt := memberTable(t, keys, dense)
			for _, enc := range []vector.Encoding{vector.Flat, vector.Dict, vector.Const} {
				for _, nulls := range []bool{false, true} {
					v := memberVector(rng, enc, nulls)
					sel := []int32{}
					for i := range int32(v.Len) {
						if rng.IntN(2) == 0 {
							sel = append(sel, i)
						}
					}
					checkMembers(t, jt, in, v, nil, nil)
					checkMembers(t, jt, in, v, sel, nil)
					checkMembers(t, jt, in, v, sel, slices.Clone(sel))
				}
			}
		}
	}
}

// memberVector is a vector of keys around the table's range.
func memberVector(rng *rand.Rand, enc vector.Encoding, nulls bool) *vector.Vector {
	const n = 300
	key := func() types.Datum { return types.NewInt64(rng.Int64N(1400) - 700) }
	v := vector.New(types.TInt8, n)
	for i := range n {
		v.Set(i, key())
	}
	switch enc {
	case vector.Const:
		if nulls {
			return vector.NewConst(types.TInt8, types.NullDatum, n)
		}
		return vector.NewConst(types.TInt8, key(), n)
	case vector.Dict:
		codes := make([]uint32, n)
		for i := range codes {
			codes[i] = uint32(rng.IntN(n))
		}
		v = vector.NewDict(v, vector.NewDictID(), codes, nil)
	}
	if nulls {
		v.Valid = make([]uint8, n)
		for i := range v.Valid {
			v.Valid[i] = uint8(rng.IntN(2))
		}
	}
	return v
}

// checkMembers compares with a map; scratch, if not nil, is a copy of sel to be
// overwritten in place.
func checkMembers(t *testing.T, jt *joinTable, in map[int64]bool, v *vector.Vector, sel, scratch []int32) {
	t.Helper()
	rows, dst := sel, []int32(nil)
	if scratch != nil {
		rows, dst = scratch, scratch[:0]
	}
	got := map[int32]bool{}
	for _, r := range jt.mayContain(v, rows, v.Len, dst) {
		got[r] = true
	}
	n := v.Len
	if sel != nil {
		n = len(sel)
	}
	for k := range n {
		r := rowOf(sel, k)
		want := !v.IsNull(r) && in[v.Datum(r).Int()]
		if want && !got[int32(r)] || !want && got[int32(r)] && (jt.dense || v.IsNull(r)) {
			t.Fatalf("dense %v, encoding %d, row %d: passes %v, want %v", jt.dense, v.Enc, r, got[int32(r)], want)
		}
		delete(got, int32(r))
	}
	if len(got) > 0 {
		t.Fatalf("rows that were not asked for: %v", got)
	}
}

// BenchmarkMayContain tests a batch of which a fifth passes.
func BenchmarkMayContain(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, dense := range []bool{true, false} {
		name := "dense"
		var keys []int64
		for k := range int64(1_500_000) {
			if rng.IntN(5) == 0 {
				keys = append(keys, k)
			}
		}
		if !dense {
			name, keys = "hash", keys[:2000]
		}
		b.Run(name, func(b *testing.B) {
			jt := memberTable(b, keys, dense)
			v := vector.New(types.TInt8, vector.MaxBatch)
			for i := range v.I64 {
				v.I64[i] = rng.Int64N(1_500_000)
			}
			var dst []int32
			for b.Loop() {
				dst = jt.mayContain(v, nil, v.Len, dst[:0])
			}
			if len(dst) == v.Len {
				b.Fatal("everything passes")
			}
			b.ReportMetric(float64(v.Len)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
