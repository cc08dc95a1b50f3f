package tree

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"htapdb/internal/testutil"
	"htapdb/ml"
	"htapdb/ml/modeltest"
	"htapdb/sql/sqlstate"
)

// noise makes a target that trees of single rows alone fit.
func noise(t *testing.T, rows int) *modeltest.Data {
	rng := testutil.Rand(t)
	normal := func(int) float64 { return rng.NormFloat64() }
	d := &modeltest.Data{Names: []string{"a", "b", "c"}, Target: column(rows, normal)}
	for range d.Names {
		d.Columns = append(d.Columns, column(rows, normal))
	}
	return d
}

// What trees take is charged before it is allocated: under a limit the training is
// refused, and the heap has not passed the limit by more than what nobody counts.
func TestTreesAreCharged(t *testing.T) {
	d := noise(t, 20_000)
	const limit, slack = 24 << 20, 6 << 20
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	most, calls := int64(0), 0
	_, err := modeltest.Train(t.Context(), Forest{}, map[string]string{"trees": "100"}, d, modeltest.Schedule{Workers: 2, Limit: limit,
		Progress: func(float64, string) {
			calls++
			runtime.GC()
			runtime.ReadMemStats(&now)
			most = max(most, int64(now.HeapAlloc)-int64(before.HeapAlloc))
		}})
	if !sqlstate.Is(err, sqlstate.OutOfMemory) {
		t.Errorf("100 trees of 60 MB in all under a limit of %d MB: %v", limit>>20, err)
	}
	if calls < 4 || most > limit+slack {
		t.Errorf("the heap grew to %d KB under a limit of %d KB, seen %d times", most>>10, int64(limit)>>10, calls)
	}
}

// Where there is no memory for a tree a worker, fewer grow at a time. The model is the
// same.
func TestFewerTreesAtATime(t *testing.T) {
	d := noise(t, 20_000)
	options := map[string]string{"trees": "8"}
	var want *ml.Model
	limit := int64(2 << 20)
	for ; ; limit += limit / 16 {
		m, err := modeltest.Train(t.Context(), Forest{}, options, d, modeltest.Schedule{Workers: 1, Limit: limit})
		if err == nil {
			want = m
			break
		}
		if !sqlstate.Is(err, sqlstate.OutOfMemory) {
			t.Fatal(err)
		}
	}
	limit += 1 << 20 // what 8 workers have of their own
	m, err := modeltest.Train(t.Context(), Forest{}, options, d, modeltest.Schedule{Workers: 8, Limit: limit})
	if err != nil {
		t.Fatalf("one worker trains within %d KB, 8 do not: %v", limit>>10, err)
	}
	if !bytes.Equal(m.Encode(), want.Encode()) {
		t.Error("the number of trees that grow at a time changes the model")
	}
}

// A model beyond a limit of its format is refused with the way out, by a tree alone and
// by all together.
func TestTooManyNodes(t *testing.T) {
	d := noise(t, 2000)
	for _, c := range []struct {
		name           string
		e              ml.Estimator
		encoded, place int64
		want           string
	}{
		{"a tree's bytes", Single{}, 10_000, mostPlaces, "limit of a model"},
		{"a tree's nodes", Single{}, mostEncoded, 3000, "at most 3000"},
		{"a forest's bytes", Forest{}, 300_000, mostPlaces, "limit of a model"},
		{"a forest's nodes", Forest{}, mostEncoded, 20_000, "at most 20000"},
		{"boosted trees' nodes", Boosted{}, mostEncoded, 500, "at most 500"},
	} {
		func() {
			defer func(a, b int64) { mostEncoded, mostPlaces = a, b }(mostEncoded, mostPlaces)
			mostEncoded, mostPlaces = c.encoded, c.place
			_, err := modeltest.Train(t.Context(), c.e, nil, d, modeltest.Schedule{})
			if !sqlstate.Is(err, sqlstate.ProgramLimitExceeded) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", c.name, err)
			}
		}()
	}
}

// What is reserved for the serialized form is no less than it takes.
func TestEncodedBytes(t *testing.T) {
	for _, task := range []ml.Task{ml.Regression, ml.Classification} {
		d := modeltest.Mixed(testutil.Rand(t), 2000, task)
		m := modeltest.MustTrain(t, Forest{}, map[string]string{"trees": "20"}, d)
		if got, size := ensembleOf(m).encoded, int64(len(m.Encode())); got < size*9/10 || got > size {
			t.Errorf("%v: %d bytes are reserved for trees of a model of %d", task, got, size)
		}
	}
}
