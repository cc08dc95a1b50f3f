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
	"htapdb/sql/sqlstate"
	"htapdb/vector"
)

// learner is an estimator whose Fit is a function.
type learner struct {
	fit  func(ctx context.Context, t *ml.Training) error
	task ml.Task
}

func (e learner) Info() *ml.Info {
	return &ml.Info{Name: "learner", Tasks: []ml.Task{e.task}}
}

func (e learner) Fit(ctx context.Context, t *ml.Training) (*ml.Fit, error) {
	return &ml.Fit{}, e.fit(ctx, t)
}

func (learner) Decode(*ml.Decoder, *ml.Model) (ml.Fitted, error) { return nil, nil }

// learn runs a function as a training of the rows.
func learn(t *testing.T, d *modeltest.Data, f func(ctx context.Context, t *ml.Training) error) {
	t.Helper()
	if _, err := modeltest.Train(t.Context(), learner{f, ml.Clustering}, nil, d, modeltest.Schedule{}); err != nil {
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
		{10, 1000, (1<<10 + 10) * 1001 * perRow}, // room for 1,024 rows, and the batch
		{1025, 100, 3 << 10 * 101 * perRow},
		{65_536, 10, (65_536 + 1<<10) * 11 * perRow},
		{65_537, 10, (2*65_536 + 1<<10) * 11 * perRow},
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
		_, err := modeltest.Train(t.Context(), learner{func(ctx context.Context, t *ml.Training) error {
			return t.Stream(ctx, func(int, *ml.Block) error { return nil })
		}, ml.Clustering}, nil, numbers(10_000, 2), s)
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

// The lists and the map of a text column's values are charged: the whole of a training
// takes no more than that.
func TestCategoriesAreCharged(t *testing.T) {
	const n = 200_000
	texts := make([]string, n)
	for i := range texts {
		texts[i] = strconv.Itoa(i)
	}
	for _, target := range []bool{false, true} {
		d := &modeltest.Data{Names: []string{"c"}, Columns: []*vector.Vector{modeltest.Texts(texts)}}
		task := ml.Clustering
		if target {
			d, task = numbers(n, 1), ml.Classification
			d.Target = modeltest.Texts(texts)
		}
		var charged int64
		e := learner{func(ctx context.Context, t *ml.Training) error {
			_, err := t.Frame(ctx)
			charged = t.Memory.(*memory.Account).Used()
			return err
		}, task}
		before := heap()
		m, err := modeltest.Train(t.Context(), e, nil, d, modeltest.Schedule{})
		if err != nil {
			t.Fatal(err)
		}
		takes := heap() - before
		runtime.KeepAlive(m)
		// What is left of it is the model: texts, their list, and the map or the values.
		// The rest has been let go: the lists and the map of the arrivals, and the frame.
		const arrivals, frame = n * (16 + 25), n * 12
		if charged < takes+arrivals+frame {
			t.Errorf("%v: charged %d bytes, the model takes %d, and beside it there were at least %d", task, charged, takes, arrivals+frame)
		}
		s := modeltest.Schedule{Limit: charged - 1}
		if _, err := modeltest.Train(t.Context(), e, nil, d, s); !sqlstate.Is(err, sqlstate.OutOfMemory) {
			t.Errorf("%v with a byte less than it takes: %v", task, err)
		}
	}
}

// heap is the bytes in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
