package linear

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"htapdb/internal/testutil"
	"htapdb/ml"
	"htapdb/ml/modeltest"
	"htapdb/sql/sqlstate"
	"htapdb/vector"
)

// series makes a column of f(1) … f(n).
func series(n int, f func(i float64) float64) *vector.Vector {
	xs := make([]float64, n)
	for i := range xs {
		xs[i] = f(float64(i + 1))
	}
	return modeltest.Numbers(xs)
}

func truth(n int, f func(i int) bool) *vector.Vector {
	xs := make([]bool, n)
	for i := range xs {
		xs[i] = f(i + 1)
	}
	return modeltest.Bools(xs)
}

// mentions fails unless there is one notice, with the words; none for no words.
func mentions(t *testing.T, m *ml.Model, words ...string) {
	t.Helper()
	if len(words) == 0 && len(m.Notices) == 0 {
		return
	}
	if len(m.Notices) != 1 {
		t.Errorf("notices %q, want one of %q", m.Notices, words)
		return
	}
	for _, w := range words {
		if !strings.Contains(m.Notices[0], w) {
			t.Errorf("notice %q does not say %q", m.Notices[0], w)
		}
	}
}

func term(t *testing.T, m *ml.Model, name string) ml.Term {
	t.Helper()
	for _, x := range m.Fitted.(ml.Describer).Terms() {
		if x.Name == name {
			return x
		}
	}
	t.Fatalf("no term %q in %v", name, m.Fitted.(ml.Describer).Terms())
	return ml.Term{}
}

// The unit and the origin of a column change neither the fit nor its inference; before,
// a logistic regression dropped columns of the size of epoch seconds, and least
// squares those whose squares are beyond float64.
func TestUnits(t *testing.T) {
	late := truth(100, func(i int) bool { return i*7919%100 < i })
	for _, e := range []ml.Estimator{Least{}, Logistic{}} {
		target := series(100, func(i float64) float64 { return 3*i + math.Mod(i*7919, 100) })
		if e.Info().Name == "logistic_regression" {
			target = late
		}
		train := func(scale, shift float64) *ml.Model {
			return modeltest.MustTrain(t, e, nil, &modeltest.Data{Names: []string{"x"}, Target: target,
				Columns: []*vector.Vector{series(100, func(i float64) float64 { return i*scale + shift })}})
		}
		want := train(1, 0)
		slope := term(t, want, "x")
		if math.IsNaN(slope.StdErr) || slope.StdErr <= 0 {
			t.Fatalf("%s: %v", e.Info().Name, slope)
		}
		probability := modeltest.Predict(t, want, []*vector.Vector{series(100, func(i float64) float64 { return i })})
		for _, c := range []struct{ scale, shift float64 }{{1, 1e6}, {1, 1e8}, {1, 1.7e9}, {1, -1e15}, {1000, 1.7e12}, {1e160, 0}, {1e-200, 0},
			{1e300, 0}, {1e-300, 0}, {0x1p-1020, 0}, {1e306, -1e307}} {
			m := train(c.scale, c.shift)
			got := term(t, m, "x")
			mentions(t, m)
			for _, p := range [][2]float64{{got.Coefficient * c.scale, slope.Coefficient}, {got.StdErr * c.scale, slope.StdErr}, {got.P, slope.P}} {
				if math.Abs(p[0]-p[1]) > 1e-10*math.Abs(p[1]) {
					t.Errorf("%s, x·%v + %v: %v, want %v", e.Info().Name, c.scale, c.shift, got, slope)
				}
			}
			out := modeltest.Predict(t, m, []*vector.Vector{series(100, func(i float64) float64 { return i*c.scale + c.shift })})
			for i := range out.Len {
				if e.Info().Name == "linear_regression" && math.Abs(out.F64[i]-probability.F64[i]) > 1e-10*math.Abs(probability.F64[i]) ||
					e.Info().Name == "logistic_regression" && out.Datum(i) != probability.Datum(i) {
					t.Errorf("%s, x·%v + %v: row %d predicts %v, want %v", e.Info().Name, c.scale, c.shift, i, out.Datum(i), probability.Datum(i))
					break
				}
			}
		}
	}
	plain := modeltest.MustTrain(t, Least{}, nil, &modeltest.Data{Names: []string{"x"}, Columns: []*vector.Vector{series(20, func(i float64) float64 { return i })},
		Target: series(20, func(i float64) float64 { return i })})
	if out := modeltest.Predict(t, plain, []*vector.Vector{modeltest.Numbers([]float64{1.4, 1.6})}); out.F64[0] != 1.4 || out.F64[1] != 1.6 {
		t.Errorf("y = x predicts %v for 1.4 and 1.6", out.F64)
	}
	large := modeltest.MustTrain(t, Least{}, nil, &modeltest.Data{Names: []string{"x"}, Columns: []*vector.Vector{series(20, func(i float64) float64 { return i })},
		Target: series(20, func(i float64) float64 { return (3*i + 1) * 1e300 })})
	if b := term(t, large, "x").Coefficient; math.Abs(b-3e300) > 1e286 || modeltest.Metric(large, "r2") != 1 {
		t.Errorf("y·1e300: slope %v, metrics %v", b, large.Metrics)
	}
}

// Classes that are separated have no maximum of the likelihood: that is said, and no
// figure is garbage; before, it was 'converged' at a log-loss of 1e305, or l2 changed.
func TestSeparation(t *testing.T) {
	n := 100
	at := func(k, mod, by float64) *vector.Vector {
		return series(n, func(i float64) float64 { return math.Mod(i*k, mod) / by })
	}
	a, c, d, e := series(n, func(i float64) float64 { return i / 100 }), at(37, 101, 50), at(53, 97, 50), at(71, 89, 50)
	big := series(n, func(i float64) float64 { return i * 10 })
	upper := truth(n, func(i int) bool { return i > 50 })
	var products []*vector.Vector
	var names []string
	all := []*vector.Vector{a, c, d, e}
	for i, x := range all {
		names, products = append(names, fmt.Sprint("x", i)), append(products, x)
		for j, y := range all[:i+1] {
			names = append(names, fmt.Sprint("x", i, j))
			products = append(products, series(n, func(k float64) float64 { return x.F64[int(k)-1] * y.F64[int(k)-1] }))
		}
	}
	group := make([]string, n)
	for i := range group {
		group[i] = []string{"calm", "mixed", "storm"}[i%3]
	}
	stormy := truth(n, func(i int) bool { return (i-1)%3 == 2 || (i-1)%3 == 1 && i%2 == 0 || i%7 == 0 && (i-1)%3 != 2 })
	for _, s := range []struct {
		name    string
		data    *modeltest.Data
		want    separation
		notices []string
	}{
		{"one", &modeltest.Data{Names: []string{"a"}, Columns: []*vector.Vector{a}, Target: upper}, complete, []string{"completely", "did not converge", "l2"}},
		{"several", &modeltest.Data{Names: []string{"a", "c", "d", "e"}, Columns: all, Target: upper}, complete, []string{"completely"}},
		{"scaled", &modeltest.Data{Names: []string{"a", "c", "d", "e"}, Columns: []*vector.Vector{big, c, d, e}, Target: upper}, complete, []string{"completely"}},
		{"products", &modeltest.Data{Names: names, Columns: products, Target: upper}, complete, []string{"completely"}},
		{"a category", &modeltest.Data{Names: []string{"group", "c"}, Columns: []*vector.Vector{modeltest.Texts(group), c}, Target: stormy}, quasi,
			[]string{`"group = storm" separates`, "did not converge"}},
		{"tied", &modeltest.Data{Names: []string{"x"}, Columns: []*vector.Vector{modeltest.Numbers([]float64{1, 2, 3, 4, 4, 5, 6, 7})},
			Target: truth(8, func(i int) bool { return i > 4 })}, quasi, []string{"but for some rows"}},
	} {
		t.Run(s.name, func(t *testing.T) {
			m := modeltest.MustTrain(t, Logistic{}, nil, s.data)
			if modeltest.Metric(m, "converged") != 0 || separation(modeltest.Metric(m, "separation")) != s.want {
				t.Errorf("metrics %v", m.Metrics)
			}
			mentions(t, m, s.notices...)
			if loss := modeltest.Metric(m, "log_loss"); !(loss >= 0 && loss < 0.7) {
				t.Errorf("log-loss %v", loss)
			}
			for _, x := range m.Fitted.(ml.Describer).Terms() {
				if math.IsNaN(x.Coefficient) || math.IsInf(x.Coefficient, 0) || !math.IsNaN(x.StdErr) || !math.IsNaN(x.P) {
					t.Errorf("term %v", x)
				}
			}
			if s.want == complete {
				out := modeltest.Predict(t, m, s.data.Columns)
				for i := range out.Len {
					if out.Datum(i) != s.data.Target.Datum(i) {
						t.Errorf("row %d of separated classes predicts %v", i, out.Datum(i))
					}
				}
			}
			// The penalty that the notice advises makes a maximum.
			m = modeltest.MustTrain(t, Logistic{}, map[string]string{"l2": "1"}, s.data)
			if modeltest.Metric(m, "converged") != 1 || modeltest.Metric(m, "separation") != 0 {
				t.Errorf("with a penalty: metrics %v, notices %q", m.Metrics, m.Notices)
			}
		})
	}
}

// Classes that overlap by a hair are not called separated: the maximum is far, and found.
func TestNearlySeparated(t *testing.T) {
	x := series(200, func(i float64) float64 { return i })
	x.F64[99], x.F64[100] = 100.5, 100.4 // rows 100 and 101 change places
	m := modeltest.MustTrain(t, Logistic{}, map[string]string{"max_iter": "100"}, &modeltest.Data{Names: []string{"x"}, Columns: []*vector.Vector{x},
		Target: truth(200, func(i int) bool { return i > 100 })})
	if modeltest.Metric(m, "converged") != 1 || modeltest.Metric(m, "separation") != 0 || modeltest.Metric(m, "accuracy") != 0.99 {
		t.Errorf("metrics %v, notices %q", m.Metrics, m.Notices)
	}
	// Too few steps are said to be too few.
	m = modeltest.MustTrain(t, Logistic{}, map[string]string{"max_iter": "2"}, &modeltest.Data{Names: []string{"x"}, Columns: []*vector.Vector{x},
		Target: truth(200, func(i int) bool { return i > 100 })})
	mentions(t, m, "did not converge in 2 steps", "max_iter")
	if modeltest.Metric(m, "converged") != 0 || !math.IsNaN(term(t, m, "x").StdErr) {
		t.Errorf("metrics %v, term %v", m.Metrics, term(t, m, "x"))
	}
}

// What is left out is told, by name and reason.
func TestDropped(t *testing.T) {
	d := &modeltest.Data{Names: []string{"a", "same", "double", "b"}, Target: series(50, func(i float64) float64 { return i + math.Mod(i, 7) }),
		Columns: []*vector.Vector{series(50, func(i float64) float64 { return i }), series(50, func(float64) float64 { return 0.1 }),
			series(50, func(i float64) float64 { return 2*i + 5 }), series(50, func(i float64) float64 { return math.Mod(i*i, 11) })}}
	for _, e := range []ml.Estimator{Least{}, Logistic{}} {
		if e.Info().Name == "logistic_regression" {
			d.Target = truth(50, func(i int) bool { return i*31%50 < i })
		}
		m := modeltest.MustTrain(t, e, nil, d)
		if len(m.Notices) != 2 || !strings.Contains(m.Notices[0], `"same"`) || !strings.Contains(m.Notices[0], "same value") ||
			!strings.Contains(m.Notices[1], `"double"`) || !strings.Contains(m.Notices[1], "determined") {
			t.Errorf("%s: notices %q", e.Info().Name, m.Notices)
		}
		if modeltest.Metric(m, "dropped_terms") != 2 {
			t.Errorf("%s: metrics %v", e.Info().Name, m.Metrics)
		}
		for _, name := range []string{"same", "double"} {
			if x := term(t, m, name); x.Coefficient != 0 || !math.IsNaN(x.StdErr) || !math.IsNaN(x.VIF) {
				t.Errorf("%s: %v", e.Info().Name, x)
			}
		}
		if x := term(t, m, "a"); math.IsNaN(x.StdErr) || x.VIF < 1 {
			t.Errorf("%s: %v", e.Info().Name, x)
		}
	}
	// Sums of columns far from zero are blurred by their rounding, and still found.
	rng := testutil.Rand(t)
	a, b, sum := make([]float64, 200), make([]float64, 200), make([]float64, 200)
	up := make([]bool, 200)
	for i := range a {
		a[i], b[i] = 1e9+rng.NormFloat64(), rng.NormFloat64()
		sum[i], up[i] = a[i]+3*b[i], a[i]-1e9+rng.NormFloat64() > 0
	}
	d = &modeltest.Data{Names: []string{"a", "b", "sum"}, Columns: []*vector.Vector{modeltest.Numbers(a), modeltest.Numbers(b), modeltest.Numbers(sum)}}
	for _, e := range []ml.Estimator{Least{}, Logistic{}} {
		if d.Target = modeltest.Numbers(b); e.Info().Name == "logistic_regression" {
			d.Target = modeltest.Bools(up)
		}
		mentions(t, modeltest.MustTrain(t, e, nil, d), `"sum" is left out`)
	}
	few := modeltest.MustTrain(t, Least{}, nil, &modeltest.Data{Names: []string{"a"}, Columns: []*vector.Vector{modeltest.Numbers([]float64{1, 2})},
		Target: modeltest.Numbers([]float64{3, 5})})
	mentions(t, few, "no more rows (2) than coefficients (2)")
}

// The first text is the reference; NULL is a level where training saw it; without an
// intercept the first category has all its levels.
func TestCategories(t *testing.T) {
	d := &modeltest.Data{Names: []string{"c", "k"}, Target: modeltest.Numbers([]float64{1, 3, 7, 8, 10, 14, 2, 4, 8}),
		Columns: []*vector.Vector{modeltest.Texts([]string{"b", "a", modeltest.Null, "b", "a", modeltest.Null, "b", "a", modeltest.Null}),
			modeltest.Texts([]string{"x", "x", "x", "y", "y", "y", "x", "x", "x"})}}
	// Additive by construction, but for 1 between the rows 1–3 and 7–9.
	m := modeltest.MustTrain(t, Least{}, nil, d)
	mentions(t, m)
	for name, want := range map[string]float64{"(intercept)": 3.5, "c = b": -2, "c IS NULL": 4, "k = y": 6.5} {
		if got := term(t, m, name).Coefficient; math.Abs(got-want) > 1e-13 {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if got := len(m.Fitted.(ml.Describer).Terms()); got != 4 {
		t.Errorf("%d terms, want 4", got)
	}
	want := modeltest.Predict(t, m, d.Columns)
	free := modeltest.MustTrain(t, Least{}, map[string]string{"intercept": "false"}, d)
	mentions(t, free)
	var names []string
	for i, x := range free.Fitted.(ml.Describer).Terms() {
		names = append(names, x.Name)
		if x.Number != i+1 {
			t.Errorf("term %v has number %d", x, x.Number)
		}
	}
	if got := strings.Join(names, ", "); got != "c = a, c = b, c IS NULL, k = y" {
		t.Errorf("terms %s", got)
	}
	got := modeltest.Predict(t, free, d.Columns)
	for i := range got.Len {
		if math.Abs(got.F64[i]-want.F64[i]) > 1e-13 {
			t.Errorf("row %d without an intercept: %v, want %v", i, got.F64[i], want.F64[i])
		}
	}
	out := modeltest.Predict(t, m, []*vector.Vector{modeltest.Texts([]string{"new", "a"}), modeltest.Texts([]string{"x", modeltest.Null})})
	if out.F64[0] != out.F64[1] || math.Abs(out.F64[0]-want.F64[1]) > 1e-13 {
		t.Errorf("what was not seen predicts %v, want the references' %v", out.F64, want.F64[1])
	}
}

// A thousand categories end with the cancel, in every part of the work, and are
// refused where the memory does not suffice; before, 18 seconds passed and it committed.
func TestManyCategories(t *testing.T) {
	n, levels := 2000, 300
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprint("c", i%levels)
	}
	d := &modeltest.Data{Names: []string{"c"}, Columns: []*vector.Vector{modeltest.Texts(texts)}, Target: series(n, func(i float64) float64 { return math.Mod(i*i, 1009) })}
	for _, e := range []ml.Estimator{Least{}, Logistic{}} {
		if e.Info().Name == "logistic_regression" {
			d.Target = truth(n, func(i int) bool { return i*i%1009 < 500 })
		}
		start := time.Now()
		if _, err := modeltest.Train(t.Context(), e, nil, d, modeltest.Schedule{Limit: 1 << 20}); !sqlstate.Is(err, sqlstate.OutOfMemory) {
			t.Errorf("%s with 1 MB: %v", e.Info().Name, err)
		}
		m := modeltest.MustTrain(t, e, nil, d)
		whole := time.Since(start)
		if got := len(m.Fitted.(ml.Describer).Terms()); got != levels {
			t.Errorf("%d terms, want %d", got, levels)
		}
		modeltest.Cancels(t, func(ctx context.Context) error {
			_, err := modeltest.Train(ctx, e, nil, d, modeltest.Schedule{})
			return err
		})
		t.Logf("%s: %v", e.Info().Name, whole)
	}
	many := make([]string, maxTerms+10)
	for i := range many {
		many[i] = fmt.Sprint("c", i)
	}
	d = &modeltest.Data{Names: []string{"c"}, Columns: []*vector.Vector{modeltest.Texts(many)}, Target: series(len(many), func(i float64) float64 { return i })}
	if _, err := modeltest.Train(t.Context(), Least{}, nil, d, modeltest.Schedule{}); !sqlstate.Is(err, sqlstate.ProgramLimitExceeded) {
		t.Errorf("%d categories: %v", len(many), err)
	}
}

// Three runs, and any order and number of workers, give one model, also where columns
// are far from zero, wild and nearly dependent.
func TestOneHash(t *testing.T) {
	rng := testutil.Rand(t)
	n := 5000
	a, b, c := make([]float64, n), make([]float64, n), make([]float64, n)
	y, late := make([]float64, n), make([]bool, n)
	for i := range a {
		a[i] = 1.7e9 + 86400*rng.Float64()
		b[i] = math.Exp(6 * rng.NormFloat64())
		c[i] = a[i] + rng.NormFloat64()
		y[i] = (a[i]-1.7e9)/1e4 + rng.NormFloat64()
		late[i] = rng.Float64() < 1/(1+math.Exp(4-y[i]))
	}
	for _, e := range []ml.Estimator{Least{}, Logistic{}} {
		d := &modeltest.Data{Names: []string{"a", "b", "c"}, Columns: []*vector.Vector{modeltest.Numbers(a), modeltest.Numbers(b), modeltest.Numbers(c)}, Target: modeltest.Numbers(y)}
		if e.Info().Name == "logistic_regression" {
			d.Target = modeltest.Bools(late)
		}
		first := modeltest.MustTrain(t, e, nil, d)
		mentions(t, first)
		want := string(first.Encode())
		for workers := 1; workers < 7; workers++ {
			m, err := modeltest.Train(t.Context(), e, nil, d.Permuted(rng.Perm(n)), modeltest.Schedule{Workers: workers, Batch: func() int { return 1 + rng.IntN(3000) }})
			if err != nil {
				t.Fatal(err)
			}
			if string(m.Encode()) != want {
				t.Errorf("%s: another model with %d workers: %v", e.Info().Name, workers, m.Fitted.(ml.Describer).Terms())
			}
		}
	}
}

func BenchmarkTrain(b *testing.B) {
	for _, c := range []struct {
		e    ml.Estimator
		task ml.Task
	}{{Least{}, ml.Regression}, {Logistic{}, ml.Classification}} {
		b.Run(c.e.Info().Name, func(b *testing.B) {
			const n = 200_000
			d := modeltest.Mixed(testutil.Rand(b), n, c.task)
			for b.Loop() {
				m, err := modeltest.Train(b.Context(), c.e, nil, d, modeltest.Schedule{Workers: 2})
				if err != nil || m.Rows != n {
					b.Fatal(m, err)
				}
			}
			b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
