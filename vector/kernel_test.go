package vector

import (
	"math"
	"testing"

	"htapdb/sql/types"
)

// SelectCmp agrees with CompareDatum on every operator, encoding and selection.
func TestSelectCmpSmoke(t *testing.T) {
	nan := math.NaN()
	v := New(types.TFloat8, 6)
	copy(v.F64, []float64{1, nan, math.Copysign(0, -1), math.Inf(-1), 5, 0})
	v.SetNull(4)
	for op := Eq; op <= Ge; op++ {
		for _, c := range []float64{0, nan, 1, math.Inf(-1), math.Inf(1), math.Copysign(0, -1)} {
			got := SelectCmp(op, v, types.NewFloat64(c), nil, 6, nil)
			k := 0
			for i := range 6 {
				if v.IsNull(i) || !op.Holds(CompareDatum(v.Datum(i), types.NewFloat64(c))) {
					continue
				}
				if k >= len(got) || got[k] != int32(i) {
					t.Fatalf("op %v c %v: got %v, row %d missing", op, c, got, i)
				}
				k++
			}
			if k != len(got) {
				t.Fatalf("op %v c %v: got %v, want %d rows", op, c, got, k)
			}
		}
	}
}
