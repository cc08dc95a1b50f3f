package check

import (
	"math"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"

	"github.com/zeebo/xxh3"
)

// A digest of a row takes in its values one by one: the columns column-wise
// (digestVector), the rows row by row (rowDigest in check.go). mixDigest is a
// bijection of either argument, so that a change of one value of fixed width
// always changes the digest; others do up to chance.

// mixDigest takes x into the digest h.
func mixDigest(h, x uint64) uint64 {
	// The steps are those of a 64-bit finalizer of MurmurHash's family: odd
	// multipliers and shifted exclusive ors can be undone.
	h = h*0x9E3779B97F4A7C15 + x
	h = (h ^ h>>32) * 0xD6E8FEB86659FD93
	h = (h ^ h>>29) * 0xBF58476D1CE4E5B9
	return h ^ h>>32
}

// digestNull takes NULL into the digest: twice, as no value of 64 bits is.
func digestNull(h uint64) uint64 {
	const mark = 0xA0761D6478BD642F
	return mixDigest(mixDigest(h, mark), mark)
}

func digestString(h uint64, s string) uint64 {
	return mixDigest(mixDigest(h, uint64(len(s))), xxh3.HashString(s))
}

func digestInt128(h uint64, v types.Int128) uint64 {
	return mixDigest(mixDigest(h, v.Lo), uint64(v.Hi))
}

func digestInterval(h uint64, v types.IntervalValue) uint64 {
	return mixDigest(mixDigest(h, uint64(uint32(v.Months))<<32|uint64(uint32(v.Days))), uint64(v.Micros))
}

// digestVector takes a value of each row into its digest. The vector is flat.
func digestVector(digests []uint64, v *vector.Vector) error {
	if v.Valid != nil {
		for i, ok := range v.Valid[:len(digests)] {
			if ok == 0 {
				digests[i] = digestNull(digests[i])
			}
		}
	}
	valid := func(i int) bool { return v.Valid == nil || v.Valid[i] != 0 }
	switch v.Type.Physical() {
	case types.PhysBool:
		digestInts(digests, v.Bool, v.Valid)
	case types.PhysInt16:
		digestInts(digests, v.I16, v.Valid)
	case types.PhysInt32:
		digestInts(digests, v.I32, v.Valid)
	case types.PhysInt64:
		digestInts(digests, v.I64, v.Valid)
	case types.PhysFloat32:
		for i := range digests {
			if valid(i) {
				digests[i] = mixDigest(digests[i], math.Float64bits(float64(v.F32[i])))
			}
		}
	case types.PhysFloat64:
		for i := range digests {
			if valid(i) {
				digests[i] = mixDigest(digests[i], math.Float64bits(v.F64[i]))
			}
		}
	case types.PhysInt128:
		for i := range digests {
			if valid(i) {
				digests[i] = digestInt128(digests[i], v.I128[i])
			}
		}
	case types.PhysInterval:
		for i := range digests {
			if valid(i) {
				digests[i] = digestInterval(digests[i], v.Iv[i])
			}
		}
	case types.PhysString:
		for i := range digests {
			if valid(i) {
				digests[i] = digestString(digests[i], v.Str[i])
			}
		}
	default:
		return sqlstate.New(sqlstate.InternalError, "no digest of type %s", v.Type)
	}
	return nil
}

func digestInts[T uint8 | int16 | int32 | int64](digests []uint64, a []T, valid []uint8) {
	a = a[:len(digests)]
	if valid == nil {
		for i, x := range a {
			digests[i] = mixDigest(digests[i], uint64(int64(x)))
		}
		return
	}
	valid = valid[:len(digests)]
	for i, x := range a {
		if valid[i] != 0 {
			digests[i] = mixDigest(digests[i], uint64(int64(x)))
		}
	}
}

// digestRangeBits is the binary logarithm of how many rowIDs a range has.
const digestRangeBits = 12

// tableDigest is the digests of a table's rows, added up by ranges of rowIDs: two
// copies of a table agree if they agree in each range, whatever order their rows
// come in. A sum changes if one of its digests does.
type tableDigest struct {
	rows   int64
	ranges map[uint64]rangeDigest
	// open is the range at, not yet in the map: rows mostly come in the order of
	// their rowIDs.
	open rangeDigest
	at   uint64
}

type rangeDigest struct {
	rows int64
	sum  uint64
}

// bytesPerRange is what a range takes in a table digest.
const bytesPerRange = 64

func newTableDigest() *tableDigest { return &tableDigest{ranges: map[uint64]rangeDigest{}} }

// add adds a row.
func (d *tableDigest) add(rowID, digest uint64) {
	if r := rowID >> digestRangeBits; r != d.at {
		d.close()
		d.at, d.open = r, d.ranges[r]
	}
	d.rows++
	d.open.rows++
	d.open.sum += mixDigest(digest, rowID)
}

// close puts the open range into the map.
func (d *tableDigest) close() {
	if d.open.rows > 0 {
		d.ranges[d.at] = d.open
	}
}

// difference returns the first range in which two closed digests differ.
func (d *tableDigest) difference(other *tableDigest) (r uint64, differ bool) {
	note := func(at uint64) {
		if d.ranges[at] != other.ranges[at] && (!differ || at < r) {
			r, differ = at, true
		}
	}
	for at := range d.ranges {
		note(at)
	}
	for at := range other.ranges {
		note(at)
	}
	return r, differ
}
