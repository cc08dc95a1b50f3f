package vector

import (
	"math"
	"math/bits"

	"htapdb/sql/types"
)

// The aggregate kernels below take the elements a, their validity (nil: all
// valid, else a byte an element) and the rows sel (nil: all of a), and return
// how many rows counted beside the result.

// CountValid returns how many of the bytes, each 0 or 1, are 1.
func CountValid(valid []uint8) int { return countValid(valid) }

// SumInt32 returns the exact sum; a has at most 2³² elements.
func SumInt32(a []int32, valid []uint8, sel []int32) (sum int64, count int) {
	switch {
	case sel != nil && valid != nil:
		for _, r := range sel {
			ok := valid[r]
			sum += int64(a[r]) & -int64(ok)
			count += int(ok)
		}
		return sum, count
	case sel != nil:
		return sumInt32Sel(a, sel), len(sel)
	case valid != nil:
		return sumInt32Valid(a, valid[:len(a)]), countValid(valid[:len(a)])
	}
	return sumInt32(a), len(a)
}

// SumCodes returns the exact sum of unsigned lanes, at most 2³² of them: with
// the base of a frame of reference, Σ a = base·count + Σ residues.
func SumCodes[S Code](a []S, sel []int32) (sum uint64) {
	if sel == nil {
		return sumCodes(a)
	}
	return sumCodesSel(a, sel)
}

// SumInt64 returns the exact sum in 128 bits.
func SumInt64(a []int64, valid []uint8, sel []int32) (sum types.Int128, count int) {
	switch {
	case sel != nil && valid != nil:
		return sumInt64SelValid(a, valid, sel)
	case sel != nil:
		return sumInt64Sel(a, sel), len(sel)
	case valid != nil:
		return sumInt64Valid(a, valid[:len(a)]), countValid(valid[:len(a)])
	}
	return sumInt64(a), len(a)
}

// SumFloat64 returns the sum. The order of additions is fixed, so that every
// SIMD level gives the same bits: element k of those summed (null ones included)
// is added to lane k mod 8, then lanes 4 to 7 to lanes 0 to 3, then 2 and 3 to
// 0 and 1, then 1 to 0.
func SumFloat64(a []float64, valid []uint8, sel []int32) (sum float64, count int) {
	switch {
	case sel != nil && valid != nil:
		return sumFloat64SelValid(a, valid, sel)
	case sel != nil:
		return sumFloat64Sel(a, sel), len(sel)
	case valid != nil:
		return sumFloat64Valid(a, valid[:len(a)]), countValid(valid[:len(a)])
	}
	return sumFloat64(a), len(a)
}

// SumProductInt64 returns Σ a[i]·b[i]; valid is that of both operands together.
// It is exact modulo 2¹²⁸, which 2⁶² pairs of 18-digit decimals cannot reach.
func SumProductInt64(a, b []int64, valid []uint8, sel []int32) (sum types.Int128, count int) {
	b = b[:len(a)]
	if sel == nil && valid == nil {
		return sumProductInt64(a, b), len(a)
	}
	var hi, lo, carry uint64
	add := func(r int32) {
		p := types.Mul64(a[r], b[r])
		lo, carry = bits.Add64(lo, p.Lo, 0)
		hi += uint64(p.Hi) + carry
	}
	if sel == nil {
		for i, ok := range valid[:len(a)] {
			if ok != 0 {
				add(int32(i))
				count++
			}
		}
		return types.Int128{Hi: int64(hi), Lo: lo}, count
	}
	for _, r := range sel {
		if valid == nil || valid[r] != 0 {
			add(r)
			count++
		}
	}
	return types.Int128{Hi: int64(hi), Lo: lo}, count
}

// MinMaxInt returns the least and the greatest value; both are 0 if count is 0.
func MinMaxInt[T Int](a []T, valid []uint8, sel []int32) (least, most T, count int) {
	if sel == nil && valid == nil {
		if len(a) == 0 {
			return 0, 0, 0
		}
		least, most = minMaxInt(a)
		return least, most, len(a)
	}
	most, least = limits[T]()
	visit := func(x T) {
		least, most = min(least, x), max(most, x)
		count++
	}
	if sel == nil {
		for i, ok := range valid[:len(a)] {
			if ok != 0 {
				visit(a[i])
			}
		}
	}
	for _, r := range sel {
		if valid == nil || valid[r] != 0 {
			visit(a[r])
		}
	}
	if count == 0 {
		return 0, 0, 0
	}
	return least, most, count
}

// MinMaxFloat is MinMaxInt in SQL's order, where NaN is above every number. The
// sign of a zero result is unspecified.
func MinMaxFloat[T Float](a []T, valid []uint8, sel []int32) (least, most T, count int) {
	inf, nan := T(math.Inf(1)), T(math.NaN())
	numbers := 0
	least, most = inf, -inf
	visit := func(x T) {
		count++
		if x == x {
			numbers++
			least, most = min(least, x), max(most, x)
		}
	}
	switch {
	case sel != nil:
		for _, r := range sel {
			if valid == nil || valid[r] != 0 {
				visit(a[r])
			}
		}
	case valid != nil:
		for i, ok := range valid[:len(a)] {
			if ok != 0 {
				visit(a[i])
			}
		}
	default:
		least, most, numbers = minMaxFloat(a, least, most)
		count = len(a)
	}
	switch {
	case count == 0:
		return 0, 0, 0
	case numbers == 0:
		return nan, nan, count
	case numbers < count:
		most = nan
	}
	return least, most, count
}

// The plain Go kernels. Where they take lanes or bounds, a vector kernel may
// have begun the work.

func countValidGo(valid []uint8) int {
	n := 0
	for _, b := range valid {
		n += int(b)
	}
	return n
}

func sumInt32Go(a []int32) (sum int64) {
	for _, x := range a {
		sum += int64(x)
	}
	return sum
}

func sumInt32ValidGo(a []int32, valid []uint8) (sum int64) {
	valid = valid[:len(a)]
	for i, x := range a {
		sum += int64(x) & -int64(valid[i])
	}
	return sum
}

func sumCodesGo[S Code](a []S) (sum uint64) {
	for _, x := range a {
		sum += uint64(x)
	}
	return sum
}

func sumInt64Go(a []int64) types.Int128 {
	var hi, lo, carry uint64
	for _, x := range a {
		lo, carry = bits.Add64(lo, uint64(x), 0)
		hi += uint64(x>>63) + carry
	}
	return types.Int128{Hi: int64(hi), Lo: lo}
}

func sumInt64ValidGo(a []int64, valid []uint8) types.Int128 {
	valid = valid[:len(a)]
	var hi, lo, carry uint64
	for i, x := range a {
		x &= -int64(valid[i])
		lo, carry = bits.Add64(lo, uint64(x), 0)
		hi += uint64(x>>63) + carry
	}
	return types.Int128{Hi: int64(hi), Lo: lo}
}

// The sums over selections do eight rows a round, so that the loads of several
// rows are in flight.

func sumCodesSel[S Code](a []S, sel []int32) uint64 {
	var s0, s1 uint64
	for ; len(sel) >= 8; sel = sel[8:] {
		r := sel[:8:8]
		s0 += uint64(a[r[0]]) + uint64(a[r[1]]) + uint64(a[r[2]]) + uint64(a[r[3]])
		s1 += uint64(a[r[4]]) + uint64(a[r[5]]) + uint64(a[r[6]]) + uint64(a[r[7]])
	}
	for _, r := range sel {
		s0 += uint64(a[r])
	}
	return s0 + s1
}

func sumInt32Sel(a []int32, sel []int32) int64 {
	var s0, s1 int64
	for ; len(sel) >= 8; sel = sel[8:] {
		r := sel[:8:8]
		s0 += int64(a[r[0]]) + int64(a[r[1]]) + int64(a[r[2]]) + int64(a[r[3]])
		s1 += int64(a[r[4]]) + int64(a[r[5]]) + int64(a[r[6]]) + int64(a[r[7]])
	}
	for _, r := range sel {
		s0 += int64(a[r])
	}
	return s0 + s1
}

// sumInt64Sel adds the halves of the elements apart: two sums of 32-bit numbers
// need no carries. A selection has less than 2³¹ rows.
func sumInt64Sel(a []int64, sel []int32) types.Int128 {
	const low = 1<<32 - 1
	var hi int64
	var lo uint64
	for ; len(sel) >= 4; sel = sel[4:] {
		r := sel[:4:4]
		x0, x1, x2, x3 := a[r[0]], a[r[1]], a[r[2]], a[r[3]]
		hi += x0>>32 + x1>>32 + (x2>>32 + x3>>32)
		lo += uint64(x0)&low + uint64(x1)&low + (uint64(x2)&low + uint64(x3)&low)
	}
	for _, r := range sel {
		hi += a[r] >> 32
		lo += uint64(a[r]) & low
	}
	sum, _ := types.Int128{Hi: hi >> 32, Lo: uint64(hi) << 32}.Add(types.Int128{Lo: lo})
	return sum
}

func sumInt64SelValid(a []int64, valid []uint8, sel []int32) (types.Int128, int) {
	var hi, lo, carry uint64
	count := 0
	for _, r := range sel {
		x := a[r] & -int64(valid[r])
		lo, carry = bits.Add64(lo, uint64(x), 0)
		hi += uint64(x>>63) + carry
		count += int(valid[r])
	}
	return types.Int128{Hi: int64(hi), Lo: lo}, count
}

// foldLanes adds the eight lanes as SumFloat64 documents.
func foldLanes(s [8]float64) float64 {
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}

func sumFloat64Go(a []float64, s *[8]float64) float64 {
	s0, s1, s2, s3, s4, s5, s6, s7 := s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]
	for ; len(a) >= 8; a = a[8:] {
		b := a[:8:8]
		s0, s1, s2, s3 = s0+b[0], s1+b[1], s2+b[2], s3+b[3]
		s4, s5, s6, s7 = s4+b[4], s5+b[5], s6+b[6], s7+b[7]
	}
	*s = [8]float64{s0, s1, s2, s3, s4, s5, s6, s7}
	for i, x := range a {
		s[i] += x
	}
	return foldLanes(*s)
}

func sumFloat64ValidGo(a []float64, valid []uint8, s *[8]float64) float64 {
	valid = valid[:len(a)]
	for i, x := range a {
		if valid[i] != 0 {
			s[i&7] += x
		}
	}
	return foldLanes(*s)
}

func sumFloat64Sel(a []float64, sel []int32) float64 {
	var s0, s1, s2, s3, s4, s5, s6, s7 float64
	for ; len(sel) >= 8; sel = sel[8:] {
		r := sel[:8:8]
		s0, s1, s2, s3 = s0+a[r[0]], s1+a[r[1]], s2+a[r[2]], s3+a[r[3]]
		s4, s5, s6, s7 = s4+a[r[4]], s5+a[r[5]], s6+a[r[6]], s7+a[r[7]]
	}
	s := [8]float64{s0, s1, s2, s3, s4, s5, s6, s7}
	for i, r := range sel {
		s[i] += a[r]
	}
	return foldLanes(s)
}

func sumFloat64SelValid(a []float64, valid []uint8, sel []int32) (float64, int) {
	var s [8]float64
	count := 0
	for k, r := range sel {
		if valid[r] != 0 {
			s[k&7] += a[r]
			count++
		}
	}
	return foldLanes(s), count
}

func sumProductInt64Go(a, b []int64) types.Int128 {
	var hi, lo, carry uint64
	b = b[:len(a)]
	for i, x := range a {
		p := types.Mul64(x, b[i])
		lo, carry = bits.Add64(lo, p.Lo, 0)
		hi += uint64(p.Hi) + carry
	}
	return types.Int128{Hi: int64(hi), Lo: lo}
}

func minMaxIntGo[T Int](a []T, least, most T) (T, T) {
	for _, x := range a {
		least, most = min(least, x), max(most, x)
	}
	return least, most
}

func minMaxFloatGo[T Float](a []T, least, most T) (_, _ T, numbers int) {
	for _, x := range a {
		if x < least {
			least = x
		}
		if x > most {
			most = x
		}
		numbers += b2i(x == x)
	}
	return least, most, numbers
}
