package olap

import (
	"sync/atomic"

	"htapdb/sql/types"
	"htapdb/vector"
)

// Bounds is a closed range of values; a NULL end is open.
type Bounds struct{ Min, Max types.Datum }

// RuntimeFilter is a condition on one column that an operator above a scan
// derived from data: the range of a join's build keys, or the threshold of a
// top-N, which tightens while the query runs. Rows that fail it cannot reach
// the result. It is safe for concurrent use.
type RuntimeFilter struct {
	bounds atomic.Pointer[Bounds]
	// KeepNulls says that rows whose column is NULL have to be kept.
	KeepNulls bool
	// Empty says that no row passes at all.
	Empty bool
	// values and mayContain are set before the filter is announced.
	values     []types.Datum
	mayContain func(v *vector.Vector, sel []int32, n int, dst []int32) []int32
}

// Bounds returns the range as it is now. It only ever gets narrower; a scan
// looks again before each segment or batch. Values of floats are ordered as by
// SQL: NaN above all others.
func (f *RuntimeFilter) Bounds() Bounds {
	if b := f.bounds.Load(); b != nil {
		return *b
	}
	return Bounds{}
}

// Values returns the exact set of passing values if it is small (at most
// MaxFilterValues), ascending and without duplicates, else nil.
func (f *RuntimeFilter) Values() []types.Datum { return f.values }

// MaxFilterValues is the largest set that RuntimeFilter.Values returns.
const MaxFilterValues = 64

// Exact reports whether Select tests membership in a set, besides the bounds.
func (f *RuntimeFilter) Exact() bool { return f.mayContain != nil }

// Select appends to dst[:0] the rows of sel (of the first n rows if nil) that
// may pass the membership test, false positives included, and returns it. It
// does not test the bounds. v is the filter's column; dst must not overlap sel
// unless they begin at the same element.
func (f *RuntimeFilter) Select(v *vector.Vector, sel []int32, n int, dst []int32) []int32 {
	dst = dst[:0]
	if f.mayContain != nil {
		return f.mayContain(v, sel, n, dst)
	}
	if sel != nil {
		return append(dst, sel...)
	}
	for i := range n {
		dst = append(dst, int32(i))
	}
	return dst
}
