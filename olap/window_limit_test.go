package olap

import (
	"context"
	"testing"
	"time"

	"htapdb/internal/memory"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// windowOver is f over a series of n numbers.
func windowOver(n int64, order fn.Expr, f WindowFunc) *Window {
	return &Window{Input: &GenerateSeries{Start: intLit(1), Stop: intLit(n)}, OrderBy: []SortKey{{Expr: order}}, Funcs: []WindowFunc{f}}
}

// Peers have one frame, which is summed once and not for each of them.
func TestFramesOfPeers(t *testing.T) {
	checkGoroutines(t)
	const rows = 300_000
	series := &GenerateSeries{Start: intLit(1), Stop: intLit(rows)}
	f := WindowFunc{Agg: agg(t, "sum", col(series, 0))}
	f.Result = f.Agg.Agg.Result
	f.Frame = Frame{Mode: FrameGroups, Start: Preceding, StartOffset: intLit(3), End: CurrentRow}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	n := 0
	err := Run(ctx, windowOver(rows, intLit(7), f), &Exec{Memory: memory.NewRoot(0)}, func(b *vector.Batch) error {
		n += b.Rows()
		if got, want := b.Cols[1].Datum(b.Row(0)), int64(rows)*(rows+1)/2; types.Format(got, f.Result, nil) != types.Format(types.NewInt64(want), types.TInt8, nil) {
			t.Errorf("sum %s, want %d", types.Format(got, f.Result, nil), want)
		}
		return nil
	})
	if err != nil || n != rows {
		t.Errorf("%d rows, %v", n, err)
	}
}

// The texts that frames collect are memory of the query.
func TestMemoryOfFrames(t *testing.T) {
	checkGoroutines(t)
	const rows = 40_000
	series := &GenerateSeries{Start: intLit(1), Stop: intLit(rows)}
	f := WindowFunc{Agg: agg(t, "string_agg", fn.Expr(&fn.Literal{Value: types.NewString("some text"), Typ: types.TText}), &fn.Literal{Value: types.NewString(","), Typ: types.TText})}
	f.Result = f.Agg.Agg.Result
	for _, frame := range []Frame{
		{Mode: FrameRows, Start: UnboundedPreceding, End: CurrentRow},
		{Mode: FrameRows, Start: Preceding, StartOffset: intLit(1000), End: CurrentRow},
	} {
		f.Frame = frame
		ex := &Exec{Memory: memory.NewRoot(8 << 20)}
		_, err := result(windowOver(rows, col(series, 0), f), ex)
		if !sqlstate.Is(err, sqlstate.OutOfMemory) || ex.Memory.Used() != 0 {
			t.Errorf("%v: %d bytes left, %v", frame, ex.Memory.Used(), err)
		}
	}
}
