package olap

import (
	"testing"

	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// A short batch whose rows have several matches each, and then a row with more
// than a batch holds: the list of pairs grows, but never beyond a batch.
func TestSkewedJoin(t *testing.T) {
	checkGoroutines(t)
	const plain, each, heavy = 251, 10, 3000
	h := newHarness(t)
	cols := []types.Type{types.TText, types.TInt8}
	build := h.table(cols, plain*each+heavy, func(i int) row {
		return row{textOf(min(i/each, plain)), types.NewInt64(int64(i))}
	})
	probe := h.table(cols, plain+1, func(i int) row { return row{textOf(i), types.NewInt64(int64(i))} })
	for _, kind := range []JoinKind{Inner, Left, Right, Full} {
		j := &HashJoin{
			Probe: probe, Build: build, Kind: kind, ProbeKeys: []fn.Expr{col(probe, 0)}, BuildKeys: []fn.Expr{col(build, 0)},
			ProbeOut: []int{1}, BuildOut: []int{1},
		}
		h.each(func(t *testing.T, ex *Exec) {
			seen := map[int64]int{}
			for _, r := range mustRun(t, j, ex) {
				p, b := r[0].Int(), r[1].Int()
				if p != min(b/each, plain) {
					t.Fatalf("%v: row %d is joined with %d", kind, p, b)
				}
				seen[b]++
			}
			if len(seen) != plain*each+heavy {
				t.Fatalf("%v: %d rows", kind, len(seen))
			}
		})
	}
}
