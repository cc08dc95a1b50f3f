package modeltest

import (
	"bytes"
	"context"
	"math"
	"strconv"
	"strings"
	"testing"

	"htapdb/internal/testutil"
	"htapdb/ml"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// Run checks what every estimator has to keep, for each of its tasks.
func Run(t *testing.T, e ml.Estimator) { RunWith(t, e, nil) }

// RunWith is Run with options that make the trainings short.
func RunWith(t *testing.T, e ml.Estimator, with map[string]string) {
	t.Run("options", func(t *testing.T) { options(t, e) })
	for _, task := range e.Info().Tasks {
		t.Run(task.String(), func(t *testing.T) { run(t, e, task, with) })
	}
}

// run checks what an estimator has to keep when it is trained for a task.
func run(t *testing.T, e ml.Estimator, task ml.Task, with map[string]string) {
	t.Run("saved", func(t *testing.T) { saved(t, e, task, with) })
	t.Run("rows", func(t *testing.T) { byRow(t, e, task, with) })
	t.Run("schedules", func(t *testing.T) { schedules(t, e, task, with) })
	t.Run("parts", func(t *testing.T) { parts(t, e, task, with) })
	t.Run("extremes", func(t *testing.T) { extremes(t, e, task, with) })
	t.Run("missing", func(t *testing.T) { missing(t, e, task, with) })
	t.Run("cancel", func(t *testing.T) { cancels(t, e, task, with) })
	t.Run("memory", func(t *testing.T) { limits(t, e, task, with) })
	t.Run("progress", func(t *testing.T) { progress(t, e, task, with) })
	t.Run("damage", func(t *testing.T) { damage(t, e, task, with) })
}

// A model that was saved and read again is the same.
func saved(t *testing.T, e ml.Estimator, task ml.Task, with map[string]string) {
	d := Mixed(testutil.Rand(t), 3000, task)
	m := MustTrain(t, e, with, d)
	state := m.Encode()
	again, err := ml.NewRegistry(e).Decode(state)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "read again", Predict(t, again, d.Columns), Predict(t, m, d.Columns))
	if !bytes.Equal(again.Encode(), state) {
		t.Error("what was read is written differently")
	}
}

func same(t *testing.T, what string, got, want *vector.Vector) {
	t.Helper()
	for i := range want.Len {
		if got.Datum(i) != want.Datum(i) {
			t.Fatalf("%s: row %d predicts %v, want %v", what, i, got.Datum(i), want.Datum(i))
		}
	}
}

// A prediction does not depend on how many rows are predicted at a time, on which of
// a batch, nor on the encoding of the columns.
func byRow(t *testing.T, e ml.Estimator, task ml.Task, with map[string]string) {
	rng := testutil.Rand(t)
	d := Mixed(rng, 2000, task)
	m := MustTrain(t, e, with, d)
	want := Predict(t, m, d.Columns)
	one := vector.New(want.Type, want.Len)
	for i := range want.Len {
		var cols []*vector.Vector
		for _, c := range d.Columns {
			cols = append(cols, c.Slice(i, i+1))
		}
		one.Set(i, Predict(t, m, cols).Datum(0))
	}
	same(t, "row by row", one, want)
	var sel []int32
	for i := range want.Len {
		if rng.IntN(3) == 0 {
			sel = append(sel, int32(i))
		}
	}
	part := vector.New(want.Type, want.Len)
	if err := m.Predict(d.Columns, sel, want.Len, part); err != nil {
		t.Fatal(err)
	}
	for _, i := range sel {
		if part.Datum(int(i)) != want.Datum(int(i)) {
			t.Fatalf("selected row %d predicts %v, want %v", i, part.Datum(int(i)), want.Datum(int(i)))
		}
	}
	encoded := append([]*vector.Vector(nil), d.Columns...)
	dict, codes := Texts([]string{"ZZ", "WN", "UA", "DL", "AA"}), make([]uint32, want.Len)
	for i := range codes {
		for k, text := range dict.Str {
			if d.Columns[1].Str[i] == text {
				codes[i] = uint32(k)
			}
		}
	}
	encoded[1] = vector.NewDict(dict, 1, codes, nil)
	same(t, "dictionary", Predict(t, m, encoded), want)
}

// The same rows make the same bits, in whatever order, batches and number of workers
// they come.
func schedules(t *testing.T, e ml.Estimator, task ml.Task, with map[string]string) {
	rng := testutil.Rand(t)
	d := Mixed(rng, 4000, task)
	d.Columns[0].SetNull(17)
	d.Columns[1].SetNull(170)
	if d.Target != nil {
		d.Target.SetNull(3)
	}
	for _, i := range []int{5, 50, 500} {
		d.Columns[2].F64[i] *= 1e12 // sums of these and of small ones show their order
	}
	want := MustTrain(t, e, with, d).Encode()
	n := 20
	if testutil.Long() {
		n = 200
	}
	for range n {
		s := Schedule{Workers: 1 + rng.IntN(8), Batch: func() int { return 1 + rng.IntN(1500) }}
		scheduled(t, e, with, d.Permuted(rng.Perm(d.Rows())), s, want)
	}
}

// scheduled trains by a schedule and compares with the model wanted.
func scheduled(t *testing.T, e ml.Estimator, with map[string]string, d *Data, s Schedule, want []byte) {
	t.Helper()
	m, err := Train(t.Context(), e, with, d, s)
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Encode(); !bytes.Equal(got, want) {
		t.Fatalf("%d workers and another order of the rows make another model: metrics %v, terms %v", s.Workers, m.Metrics, terms(m))
	}
}

// partsRows and partsColumns are more than any part of the work has that is merged with
// others: a block of a frame (65,536 rows), a worker's span, a chunk of columns.
const (
	partsRows    = 150_000
	partsColumns = 10
)

// The same rows make the same bits where there are more of them than a part holds.
func parts(t *testing.T, e ml.Estimator, task ml.Task, with map[string]string) {
	if !testutil.Long() {
		t.Skip("HTAPDB_LONG=1 trains with more rows than a block has")
	}
	rng := testutil.Rand(t)
	d := Mixed(rng, partsRows, task)
	for c := len(d.Columns); c < partsColumns; c++ {
		xs := make([]float64, partsRows)
		for i := range xs {
			xs[i] = rng.NormFloat64() * math.Exp(4*rng.NormFloat64())
		}
		d.Names, d.Columns = append(d.Names, "x"+strconv.Itoa(c)), append(d.Columns, Numbers(xs))
	}
	want := MustTrain(t, e, with, d).Encode()
	for _, workers := range []int{1, 3, 8} {
		s := Schedule{Workers: workers, Batch: func() int { return 1 + rng.IntN(20_000) }}
		scheduled(t, e, with, d.Permuted(rng.Perm(d.Rows())), s, want)
	}
}

func terms(m *ml.Model) []ml.Term {
	if d, ok := m.Fitted.(ml.Describer); ok {
		return d.Terms()
	}
	return nil
}

// Predictions take NULL, NaN, infinite numbers and texts that training has not seen.
func missing(t *testing.T, e ml.Estimator, task ml.Task, with map[string]string) {
	d := Mixed(testutil.Rand(t), 1000, task)
	m := MustTrain(t, e, with, d)
	nan := Numbers([]float64{1, math.NaN(), 1, 1})
	out := Predict(t, m, []*vector.Vector{nan, Texts([]string{"AA", "AA", Null, "unseen"}), Numbers([]float64{0, 0, 0, 0})})
	for i := range out.Len {
		if out.IsNull(i) || out.Type == types.TFloat8 && math.IsNaN(out.F64[i]) {
			t.Errorf("row %d predicts nothing", i)
		}
	}
}

// A cancel ends the training soon, in whatever phase it comes.
func cancels(t *testing.T, e ml.Estimator, task ml.Task, with map[string]string) {
	d := Mixed(testutil.Rand(t), 60_000, task)
	Cancels(t, func(ctx context.Context) error {
		_, err := Train(ctx, e, with, d, Schedule{Workers: 2})
		return err
	})
}

// Progress grows and ends at 1.
func progress(t *testing.T, e ml.Estimator, task ml.Task, with map[string]string) {
	d := Mixed(testutil.Rand(t), 3000, task)
	last, calls := 0.0, 0
	if _, err := Train(t.Context(), e, with, d, Schedule{Progress: func(share float64, phase string) {
		calls++
		if share < last || share > 1 || phase == "" {
			t.Errorf("progress %v (%s) after %v", share, phase, last)
		}
		last = share
	}}); err != nil {
		t.Fatal(err)
	}
	if calls == 0 || last != 1 {
		t.Errorf("progress ended at %v after %d calls", last, calls)
	}
}

// Options out of their range are refused by name, with the range.
func options(t *testing.T, e ml.Estimator) {
	info := e.Info()
	for _, o := range info.Options {
		if o.Help == "" {
			t.Errorf("option %s has no help", o.Name)
		}
		for _, bad := range []string{"", "nonsense", "NaN", "-1e308"} {
			_, err := ml.ParseOptions(info, map[string]string{o.Name: bad})
			if !sqlstate.Is(err, sqlstate.InvalidParameterValue) || !strings.Contains(err.Error(), o.Name) {
				t.Errorf("%s = %q: %v", o.Name, bad, err)
			}
		}
	}
	if _, err := ml.ParseOptions(info, map[string]string{"no such": "1"}); !sqlstate.Is(err, sqlstate.InvalidParameterValue) {
		t.Errorf("an unknown option: %v", err)
	}
}
