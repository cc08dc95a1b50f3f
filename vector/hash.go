package vector

import (
	"math"
	"math/bits"

	"htapdb/sql/types"

	"github.com/zeebo/xxh3"
)

// The hash of an integer is a bijection of 64 bits (xor-shift, multiply, twice:
// the finalizer of MurmurHash3 in structure), since its steps exist as vector
// instructions, which a 64×64→128 multiplication does not; two different
// integers never collide. Strings are hashed with XXH3. The sketches in segments
// are made of these hashes: a change needs a new format version there.
const (
	hashMul1 = 0xff51afd7ed558ccd
	hashMul2 = 0xc4ceb9fe1a85ec53
	hashNull = 0x9ae16a3b2f90404f
	hashSeed = 0x2d358dccaa6c78a5
	hashFold = 0x9e3779b97f4a7c15
)

// HashInt64 returns the hash that HashColumn gives an integer, date, time or
// short numeric of any width.
func HashInt64(x int64) uint64 {
	h := uint64(x) ^ hashSeed
	h = (h ^ h>>32) * hashMul1
	h = (h ^ h>>29) * hashMul2
	return h ^ h>>32
}

// HashString returns the hash that HashColumn gives a string.
func HashString(s string) uint64 { return xxh3.HashStringSeed(s, hashSeed) }

// HashFloat64 returns the hash that HashColumn gives a float of either width:
// −0 hashes as 0 and every NaN alike.
func HashFloat64(f float64) uint64 {
	if f != f {
		f = math.NaN()
	}
	return HashInt64(int64(math.Float64bits(f + 0)))
}

// HashInt128 returns the hash that HashColumn gives a long numeric; a value
// that fits 64 bits hashes as that integer does.
func HashInt128(x types.Int128) uint64 {
	if v, ok := x.Int64(); ok {
		return HashInt64(v)
	}
	return CombineHash(HashInt64(int64(x.Lo)), HashInt64(x.Hi))
}

// HashDatum returns the hash that HashColumn gives a row holding d.
func HashDatum(d types.Datum) uint64 {
	switch d.Physical() {
	case types.PhysNone:
		return hashNull
	case types.PhysInt128:
		return HashInt128(d.Int128())
	case types.PhysFloat32, types.PhysFloat64:
		return HashFloat64(d.Float())
	case types.PhysString:
		return HashString(d.Str())
	case types.PhysInterval:
		return HashInt128(IntervalLength(d.Interval()))
	}
	return HashInt64(d.Int())
}

// CombineHash mixes the hash of a further column into that of the columns
// before it; the order of columns matters.
func CombineHash(h, next uint64) uint64 {
	h = bits.RotateLeft64(h, 23)*hashFold ^ next
	return h ^ h>>32
}

// HashColumn stores in out[k] the hash of the k-th alive row of v: row sel[k],
// or row k of the first n if sel is nil. With combine the hash is mixed into
// out[k] instead, for keys of several columns. out holds as many elements as
// there are alive rows.
//
// Equal values hash equally whatever the encoding, and integers whatever their
// width (boolean to 128 bits), floats too; NULL has one hash of its own. Strings
// hash by their bytes, intervals by IntervalLength.
func HashColumn(v *Vector, sel []int32, n int, out []uint64, combine bool) {
	if sel != nil {
		n = len(sel)
	}
	out = out[:n]
	switch {
	case v.Enc == Const:
		h := HashDatum(v.Datum(0))
		if combine {
			for i, x := range out {
				out[i] = CombineHash(x, h)
			}
			return
		}
		fill(out, h)
		return
	case combine:
		var scratch [MaxBatch]uint64
		for from := 0; from < n; from += MaxBatch {
			part := out[from:min(from+MaxBatch, n)]
			hashRows(v, sel, from, scratch[:len(part)])
			for i, h := range scratch[:len(part)] {
				part[i] = CombineHash(part[i], h)
			}
		}
		return
	}
	hashRows(v, sel, 0, out)
}

// hashRows hashes the alive rows from, from+1, … of a flat or dictionary vector
// into out.
func hashRows(v *Vector, sel []int32, from int, out []uint64) {
	n := len(out)
	if sel != nil {
		sel = sel[from : from+n]
		from = 0
	}
	if v.Enc == Dict {
		hashDict(v, sel, from, out)
	} else {
		hashFlat(v, sel, from, out)
	}
	if v.Valid == nil {
		return
	}
	if sel != nil {
		for i, r := range sel {
			if v.Valid[r] == 0 {
				out[i] = hashNull
			}
		}
		return
	}
	for i, ok := range v.Valid[from : from+n] {
		if ok == 0 {
			out[i] = hashNull
		}
	}
}

// hashFlat hashes the elements of a flat vector, nulls as what lies under them.
func hashFlat(v *Vector, sel []int32, from int, out []uint64) {
	switch v.Type.Physical() {
	case types.PhysBool:
		hashInts(v.Bool, sel, from, out)
	case types.PhysInt16:
		hashInts(v.I16, sel, from, out)
	case types.PhysInt32:
		hashInts(v.I32, sel, from, out)
	case types.PhysInt64:
		hashInts(v.I64, sel, from, out)
	case types.PhysInt128:
		hashEach(v.I128, sel, from, out, HashInt128)
	case types.PhysFloat32:
		hashEach(v.F32, sel, from, out, func(f float32) uint64 { return HashFloat64(float64(f)) })
	case types.PhysFloat64:
		hashEach(v.F64, sel, from, out, HashFloat64)
	case types.PhysString:
		hashEach(v.Str, sel, from, out, HashString)
	case types.PhysInterval:
		hashEach(v.Iv, sel, from, out, func(iv types.IntervalValue) uint64 { return HashInt128(IntervalLength(iv)) })
	}
}

func hashInts[T Int](a []T, sel []int32, from int, out []uint64) {
	if sel != nil {
		for i, r := range sel {
			out[i] = HashInt64(int64(a[r]))
		}
		return
	}
	hashIntsDense(a[from:from+len(out)], out)
}

func hashIntsGo[T Int](a []T, out []uint64) {
	out = out[:len(a)]
	for i, x := range a {
		out[i] = HashInt64(int64(x))
	}
}

func hashEach[T any](a []T, sel []int32, from int, out []uint64, hash func(T) uint64) {
	if sel != nil {
		for i, r := range sel {
			out[i] = hash(a[r])
		}
		return
	}
	for i, x := range a[from : from+len(out)] {
		out[i] = hash(x)
	}
}

// hashDict hashes each entry once if there are fewer than rows, else each row's.
func hashDict(v *Vector, sel []int32, from int, out []uint64) {
	row := func(i int) int {
		if sel != nil {
			return int(sel[i])
		}
		return from + i
	}
	if v.Dict.Len > len(out) {
		for i := range out {
			out[i] = HashDatum(v.Dict.Datum(int(v.Codes[row(i)])))
		}
		return
	}
	entries := make([]uint64, v.Dict.Len)
	hashFlat(v.Dict, nil, 0, entries)
	for i := range out {
		out[i] = entries[v.Codes[row(i)]]
	}
}
