package vector

import (
	"testing"

	"htapdb/internal/testutil"
	"htapdb/sql/types"
)

// Every type survives the way to Arrow and back, with nulls, selections and encodings.
func TestArrowRoundTrip(t *testing.T) {
	rng := testutil.Rand(t)
	ts := []types.Type{types.TBool, types.TInt2, types.TInt4, types.TInt8, types.TFloat4, types.TFloat8,
		types.TNumeric(15, 2), types.TNumeric(38, 4), types.TText, types.TBytea, types.TDate, types.TTime,
		types.TTimestamp, types.TTimestampTZ, types.TInterval, types.TUUID}
	random := func(ty types.Type) types.Datum {
		x := int64(rng.Uint64()>>33) - 1<<30
		switch ty.Physical() {
		case types.PhysBool:
			return types.NewBool(x&1 == 0)
		case types.PhysInt16:
			return types.NewInt16(int16(x))
		case types.PhysInt32:
			return types.NewInt32(int32(x))
		case types.PhysInt128:
			return types.NewInt128(types.Mul64(x, x*7))
		case types.PhysFloat32:
			return types.NewFloat32(float32(x) / 4)
		case types.PhysFloat64:
			return types.NewFloat64(float64(x) / 3)
		case types.PhysInterval:
			return types.NewInterval(types.IntervalValue{Months: int32(x), Days: int32(-x), Micros: x})
		case types.PhysString:
			return types.NewString(string([]byte("0123456789abcdef")[:16-int(uint64(x)%2)*boolInt(ty.Kind != types.UUID)]))
		}
		return types.NewInt64(x)
	}
	for round := range 20 {
		n := 1 + rng.IntN(100)
		b := NewBatch(ts, n)
		for i, ty := range ts {
			for r := range n {
				if rng.IntN(4) > 0 || round%2 == 0 {
					b.Cols[i].Set(r, random(ty))
				} else {
					b.Cols[i].SetNull(r)
				}
			}
			if rng.IntN(4) == 0 {
				b.Cols[i] = NewConst(ty, random(ty), n)
			}
		}
		if rng.IntN(2) == 0 {
			b.Sel = []int32{}
			for r := range n {
				if rng.IntN(2) == 0 {
					b.Sel = append(b.Sel, int32(r))
				}
			}
		}
		rec, err := ToArrow(ArrowSchema(make([]string, len(ts)), ts), b)
		if err != nil {
			t.Fatal(err)
		}
		back, err := FromArrow(rec)
		if err != nil {
			t.Fatal(err)
		}
		rec.Release()
		if back.Len != b.Rows() {
			t.Fatalf("%d rows, want %d", back.Len, b.Rows())
		}
		for i := range ts {
			if back.Cols[i].Type != ts[i] {
				t.Fatalf("type %s came back as %s", ts[i], back.Cols[i].Type)
			}
			for r := range back.Len {
				if got, want := back.Cols[i].Datum(r), b.Cols[i].Datum(b.Row(r)); got != want {
					t.Fatalf("%s row %d: %v, want %v", ts[i], r, got, want)
				}
			}
		}
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
