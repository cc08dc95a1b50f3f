package ml_test

import (
	"context"
	"runtime"
	"strconv"
	"testing"
	"time"

	"htapdb/internal/memory"
	"htapdb/ml"
	"htapdb/ml/modeltest"
)

// learner is an estimator of clusters whose Fit is a function.
type learner func(ctx context.Context, t *ml.Training) error

func (learner) Info() *ml.Info {
	return &ml.Info{Name: "learner", Tasks: []ml.Task{ml.Clustering}}
}

func (f learner) Fit(ctx context.Context, t *ml.Training) (*ml.Fit, error) {
	return &ml.Fit{}, f(ctx, t)
}

func (learner) Decode(*ml.Decoder, *ml.Model) (ml.Fitted, error) { return nil, nil }

// learn runs a function as a training of the rows.
func learn(t *testing.T, d *modeltest.Data, f learner) {
	t.Helper()
	if _, err := modeltest.Train(t.Context(), f, nil, d, modeltest.Schedule{}); err != nil {
		t.Fatal(err)
	}
}

// numbers are n rows of so many columns whose values tell the row and the column.
func numbers(n, columns int) *modeltest.Data {
	d := &modeltest.Data{}
	for c := range columns {
		xs := make([]float64, n)
		for r := range xs {
			xs[r] = float64(r) + float64(c)/16
		}
		d.Names, d.Columns = append(d.Names, "x"+strconv.Itoa(c)), append(d.Columns, modeltest.Numbers(xs))
	}
	return d
}

// A frame is charged by the rows that it has, not by those of a whole block, and what
// it allocates is what it charges.
func TestFrameIsChargedAsItGrows(t *testing.T) {
	const perRow = 8
	for _, c := range []struct {
		rows, columns int
		most          int64
	}{
		{10, 1000, 1 << 10 * 1001 * perRow},
		{1025, 100, 2 << 10 * 101 * perRow},
		{65_536, 10, 65_536 * 11 * perRow},
		{65_537, 10, 2 * 65_536 * 11 * perRow},
	} {
		d := numbers(c.rows, c.columns)
		var frame *ml.Frame
		var account *memory.Account
		learn(t, d, func(ctx context.Context, t *ml.Training) (err error) {
			frame, err = t.Frame(ctx)
			account = t.Memory.(*memory.Account)
			return err
		})
		if account.Peak() > c.most || account.Peak() < int64(c.rows*c.columns)*perRow {
			t.Errorf("%d rows of %d numbers are charged %d bytes, at most %d are due", c.rows, c.columns, account.Peak(), c.most)
		}
		room, r := int64(0), 0
		for _, b := range frame.Blocks {
			for i, col := range b.Columns {
				room += int64(cap(col.Numbers)) * perRow
				for k, x := range col.Numbers {
					if x != float64(r+k)+float64(i)/16 {
						t.Fatalf("row %d of column %d is %v", r+k, i, x)
					}
				}
			}
			r += b.Rows
		}
		if room > account.Peak() {
			t.Errorf("%d rows of %d numbers take %d bytes and are charged %d", c.rows, c.columns, room, account.Peak())
		}
		if r != c.rows || frame.Rows != c.rows {
			t.Errorf("the frame has %d rows, its blocks %d, want %d", frame.Rows, r, c.rows)
		}
	}
}

// A source that panics leaves no worker behind.
func TestStreamEndsWithItsSource(t *testing.T) {
	const workers = 4
	before := runtime.NumGoroutine()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic of the source is lost")
			}
		}()
		s := modeltest.Schedule{Workers: workers, Before: func(row int) error {
			if row > 0 {
				panic("source")
			}
			return nil
		}}
		_, err := modeltest.Train(t.Context(), learner(func(ctx context.Context, t *ml.Training) error {
			return t.Stream(ctx, func(int, *ml.Block) error { return nil })
		}), nil, numbers(10_000, 2), s)
		t.Errorf("the training ended: %v", err)
	}()
	// A goroutine that was waited for may still be on its last instruction.
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before the training", runtime.NumGoroutine(), before)
}
