package fn

import (
	"runtime"
	"testing"

	"htapdb/vector"
)

// fedBytes is how much memory a new state of agg takes to be fed two of n rows, and
// to have them taken back if it can.
func fedBytes(t *testing.T, agg *Aggregate, args []*vector.Vector, n int) uint64 {
	t.Helper()
	sel, groups := []int32{1, int32(n - 1)}, []uint32{0, 1}
	must := func(err error) {
		if err != nil {
			t.Fatalf("%s%v: %v", agg.Name, agg.Args, err)
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s := agg.state(2)
	must(s.Add(groups, args, sel, n))
	must(s.AddAll(args, sel, n))
	if inverse, ok := s.(Inverse); ok {
		must(inverse.Remove(groups, args, sel, n))
	}
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// What a state is fed costs by the rows selected, not by those of the vectors: a
// window passes on all rows of its task with each 2048 of them.
func TestFeedingCostsTheSelection(t *testing.T) {
	r := newRand(t)
	const n, limit = 1 << 17, 1 << 16
	checked := 0
	for name, list := range aggregates() {
		for _, o := range list {
			if name == "array_agg" {
				continue
			}
			checked++
			agg, err := ResolveAggregate(name, randomTypes(r, o.args))
			if err != nil {
				t.Fatal(err)
			}
			var args []*vector.Vector
			for _, typ := range agg.Args {
				args = append(args, vector.New(typ, n))
			}
			asObserved(r, agg, args...)
			if got := fedBytes(t, agg, args, n); got > limit {
				t.Errorf("%s%v: 2 of %d rows take %d bytes, more than %d", name, agg.Args, n, got, limit)
			}
		}
	}
}
