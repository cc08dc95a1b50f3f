package linear

import (
	"bufio"
	"encoding/csv"
	"math"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"htapdb/internal/testutil"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// column makes a DOUBLE PRECISION vector.
func column(xs []float64) *vector.Vector {
	v := vector.New(types.TFloat8, len(xs))
	copy(v.F64, xs)
	for i, x := range xs {
		if math.IsNaN(x) {
			v.SetNull(i)
		}
	}
	return v
}

func textColumn(xs []string) *vector.Vector {
	v := vector.New(types.TText, len(xs))
	copy(v.Str, xs)
	return v
}

// source yields the columns in batches of size rows.
func source(size int, cols ...*vector.Vector) Source {
	return func(yield func(*vector.Batch) error) error {
		for at := 0; at < cols[0].Len; at += size {
			to := min(at+size, cols[0].Len)
			b := &vector.Batch{Len: to - at}
			for _, c := range cols {
				b.Cols = append(b.Cols, c.Slice(at, to))
			}
			if err := yield(b); err != nil {
				return err
			}
		}
		return nil
	}
}

// lre is the number of correct digits (log relative error).
func lre(got, want float64) float64 {
	if got == want {
		return 16
	}
	if want == 0 {
		return -math.Log10(math.Abs(got))
	}
	return -math.Log10(math.Abs(got-want) / math.Abs(want))
}

// The certified coefficients of NIST's data sets come out to 13 digits (as far as they are printed).
func TestNIST(t *testing.T) {
	certified := regexp.MustCompile(`certified coefficients: \[([^\]]*)\]; standard errors: \[[^\]]*\]; residual sum of squares: (\S+)`)
	for _, c := range []struct {
		name      string
		intercept bool
		degree    int
	}{
		{"longley", true, 1}, {"norris", true, 1}, {"noint1", false, 1}, {"noint2", false, 1},
		{"wampler1", true, 5}, {"wampler2", true, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := os.Open(testutil.Shared(t, "data", "nist", c.name+".csv"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			r := bufio.NewReader(f)
			head, err := r.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			m := certified.FindStringSubmatch(head)
			if m == nil {
				t.Fatalf("no certified values in %q", head)
			}
			records, err := csv.NewReader(r).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			y, xs := table(t, records[1:], c.degree)
			spec := &Spec{Algorithm: "linear_regression", Target: "y", TargetType: types.TFloat8,
				Options: map[string]string{"intercept": strconv.FormatBool(c.intercept)}}
			var cols []*vector.Vector
			for i := range xs {
				spec.Features = append(spec.Features, Feature{Name: "x" + strconv.Itoa(i+1), Type: types.TFloat8})
				cols = append(cols, column(xs[i]))
			}
			model, err := Train(spec, source(4, append(cols, column(y))...))
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Fields(m[1])
			if len(want) != len(model.Coefficients) {
				t.Fatalf("%d coefficients, want %d", len(model.Coefficients), len(want))
			}
			for i, text := range want {
				w, err := strconv.ParseFloat(text, 64)
				if err != nil {
					t.Fatal(err)
				}
				if d := lre(model.Coefficients[i], w); d < 13 {
					t.Errorf("coefficient %d = %v, certified %v: %.1f digits", i, model.Coefficients[i], w, d)
				}
			}
			rss, err := strconv.ParseFloat(m[2], 64)
			if err != nil {
				t.Fatal(err)
			}
			got := model.Metrics["rmse"] * model.Metrics["rmse"] * float64(model.Rows)
			if d := lre(got, rss); d < 12 && math.Abs(got-rss) > 1e-12 {
				t.Errorf("residual sum of squares %v, certified %v: %.1f digits", got, rss, d)
			}
		})
	}
}

// table splits records into the target and the features, or powers of the one feature.
func table(t *testing.T, records [][]string, degree int) (y []float64, xs [][]float64) {
	xs = make([][]float64, max(degree, len(records[0])-1))
	for _, rec := range records {
		var row []float64
		for _, cell := range rec {
			x, err := strconv.ParseFloat(cell, 64)
			if err != nil {
				t.Fatal(err)
			}
			row = append(row, x)
		}
		y = append(y, row[0])
		for i := range xs {
			if degree > 1 {
				xs[i] = append(xs[i], math.Pow(row[1], float64(i+1)))
			} else {
				xs[i] = append(xs[i], row[i+1])
			}
		}
	}
	return y, xs
}

// data draws a mixed data set with a known rule.
func data(rng *rand.Rand, n int) (x []float64, carrier []string, y []float64, late []bool) {
	names := []string{"AA", "DL", "UA", "WN"}
	effect := map[string]float64{"AA": 0, "DL": 3, "UA": -2, "WN": 5}
	for i := 0; i < n; i++ {
		a := rng.Float64() * 100
		c := names[rng.IntN(len(names))]
		e := 0.1*a + effect[c] + rng.NormFloat64()
		x, carrier, y = append(x, a), append(carrier, c), append(y, e)
		late = append(late, rng.Float64() < 1/(1+math.Exp(-(e-6)/2)))
	}
	return x, carrier, y, late
}

// Linear regression recovers the rule, does not depend on the order of rows or
// on the batches, and predicts the same on every encoding and after a round trip.
func TestLinearMixed(t *testing.T) {
	rng := testutil.Rand(t)
	x, carrier, y, _ := data(rng, 5000)
	train := func(x []float64, carrier []string, y []float64, size int) *Model {
		t.Helper()
		m, err := Train(&Spec{Algorithm: "linear", Target: "y", TargetType: types.TFloat8,
			Features: []Feature{{Name: "x", Type: types.TFloat8}, {Name: "carrier", Type: types.TText}}},
			source(size, column(x), textColumn(carrier), column(y)))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := train(x, carrier, y, 100)
	if got := m.Coefficients[m.Features[0].Term]; math.Abs(got-0.1) > 0.005 {
		t.Errorf("slope %v, want about 0.1", got)
	}
	if m.Metrics["r2"] < 0.8 || math.Abs(m.Metrics["rmse"]-1) > 0.1 {
		t.Errorf("metrics %v", m.Metrics)
	}
	// The first row stays first: it decides the reference category.
	perm := rng.Perm(len(x) - 1)
	px, pc, py := []float64{x[0]}, []string{carrier[0]}, []float64{y[0]}
	for _, i := range perm {
		px, pc, py = append(px, x[i+1]), append(pc, carrier[i+1]), append(py, y[i+1])
	}
	shuffled := train(px, pc, py, 7)

	blob, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := Decode(blob)
	if err != nil {
		t.Fatal(err)
	}
	codes := make([]uint32, len(carrier))
	dict := textColumn([]string{"AA", "DL", "UA", "WN", "ZZ"})
	for i, c := range carrier {
		codes[i] = uint32(strings.Index("AADLUAWN", c) / 2)
	}
	n := len(x)
	want := vector.New(types.TFloat8, n)
	if err := m.Predict([]*vector.Vector{column(x), textColumn(carrier)}, nil, n, want); err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]struct {
		m    *Model
		text *vector.Vector
	}{"shuffled": {shuffled, textColumn(carrier)}, "loaded": {loaded, textColumn(carrier)}, "dictionary": {m, vector.NewDict(dict, 1, codes, nil)}} {
		got := vector.New(types.TFloat8, n)
		if err := p.m.Predict([]*vector.Vector{column(x), p.text}, nil, n, got); err != nil {
			t.Fatal(err)
		}
		for i := range got.F64 {
			if math.Abs(got.F64[i]-want.F64[i]) > 1e-12*math.Abs(want.F64[i])+1e-12 {
				t.Fatalf("%s: row %d predicts %v, want %v", name, i, got.F64[i], want.F64[i])
			}
		}
	}
	sum := 0.0
	for i := range y {
		sum += y[i] - want.F64[i]
	}
	if math.Abs(sum) > 1e-7 {
		t.Errorf("residuals sum to %v, want 0 with an intercept", sum)
	}
}

// At the fitted coefficients the gradient of the log-likelihood vanishes.
func TestLogisticGradient(t *testing.T) {
	rng := testutil.Rand(t)
	x, carrier, _, late := data(rng, 4000)
	target := vector.New(types.TBool, len(late))
	for i, l := range late {
		if l {
			target.Bool[i] = 1
		}
	}
	m, err := Train(&Spec{Algorithm: "logistic_regression", Target: "late", TargetType: types.TBool,
		Features: []Feature{{Name: "x", Type: types.TFloat8}, {Name: "carrier", Type: types.TText}}},
		source(333, column(x), textColumn(carrier), target))
	if err != nil {
		t.Fatal(err)
	}
	if m.Metrics["converged"] != 1 || m.Metrics["accuracy"] < 0.7 {
		t.Errorf("metrics %v", m.Metrics)
	}
	p := vector.New(types.TFloat8, len(x))
	cols := []*vector.Vector{column(x), textColumn(carrier)}
	if err := m.PredictProba(cols, nil, len(x), p); err != nil {
		t.Fatal(err)
	}
	gradient := map[string]float64{}
	for i := range x {
		d := float64(target.Bool[i]) - p.F64[i]
		gradient["1"] += d
		gradient["x"] += d * x[i]
		gradient[carrier[i]] += d
	}
	for k, g := range gradient {
		if math.Abs(g) > 1e-3 {
			t.Errorf("gradient for %s is %v", k, g)
		}
	}
	class := vector.New(types.TBool, len(x))
	if err := m.Predict(cols, nil, len(x), class); err != nil {
		t.Fatal(err)
	}
	for i := range x {
		if (class.Bool[i] == 1) != (p.F64[i] >= 0.5) {
			t.Fatalf("row %d: class %d, probability %v", i, class.Bool[i], p.F64[i])
		}
	}
}

// Separable classes end with finite coefficients and a right answer.
func TestLogisticSeparable(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5, 6, 7, 8}
	m, err := Train(&Spec{Algorithm: "logistic", Target: "c", TargetType: types.TText,
		Features: []Feature{{Name: "x", Type: types.TFloat8}}},
		source(3, column(x), textColumn([]string{"low", "low", "low", "low", "up", "up", "up", "up"})))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range m.Coefficients {
		if math.IsNaN(b) || math.IsInf(b, 0) {
			t.Errorf("coefficients %v", m.Coefficients)
		}
	}
	if m.Metrics["accuracy"] != 1 {
		t.Errorf("metrics %v", m.Metrics)
	}
	out := vector.New(types.TText, 2)
	if err := m.Predict([]*vector.Vector{column([]float64{0, 9})}, nil, 2, out); err != nil {
		t.Fatal(err)
	}
	if out.Str[0] != "low" || out.Str[1] != "up" {
		t.Errorf("predictions %v", out.Str)
	}
}

// Collinear terms get coefficient 0 and missing values are skipped in training, imputed in prediction.
func TestCollinearAndMissing(t *testing.T) {
	nan := math.NaN()
	a := []float64{1, 2, 3, 4, nan}
	b := []float64{2, 4, 6, 8, 10}
	y := []float64{3, 5, 7, 9, 100}
	m, err := Train(&Spec{Algorithm: "ols", Target: "y", TargetType: types.TFloat8,
		Features: []Feature{{Name: "a", Type: types.TFloat8}, {Name: "b", Type: types.TFloat8}}},
		source(2, column(a), column(b), column(y)))
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{1, 2, 0}
	for i := range want {
		if math.Abs(m.Coefficients[i]-want[i]) > 1e-13 {
			t.Errorf("coefficients %v, want %v", m.Coefficients, want)
		}
	}
	if m.Skipped != 1 || m.Rows != 4 {
		t.Errorf("rows %d, skipped %d", m.Rows, m.Skipped)
	}
	out := vector.New(types.TFloat8, 1)
	if err := m.Predict([]*vector.Vector{column([]float64{nan}), column([]float64{0})}, nil, 1, out); err != nil {
		t.Fatal(err)
	}
	if math.Abs(out.F64[0]-6) > 1e-12 {
		t.Errorf("prediction with a missing value %v, want 6 (at the mean 2.5)", out.F64[0])
	}
}

// What cannot be trained is refused by name.
func TestErrors(t *testing.T) {
	num := []Feature{{Name: "x", Type: types.TFloat8}}
	one := column([]float64{1})
	for _, c := range []struct {
		name string
		spec Spec
		src  Source
		code sqlstate.Code
		text string
	}{
		{"algorithm", Spec{Algorithm: "magic"}, nil, sqlstate.UndefinedObject, `"magic"`},
		{"option", Spec{Algorithm: "linear", TargetType: types.TFloat8, Features: num, Options: map[string]string{"depth": "3"}}, nil, sqlstate.InvalidParameterValue, `"depth"`},
		{"option value", Spec{Algorithm: "linear", TargetType: types.TFloat8, Features: num, Options: map[string]string{"l2": "x"}}, nil, sqlstate.InvalidParameterValue, "l2"},
		{"target type", Spec{Algorithm: "linear", Target: "y", TargetType: types.TText, Features: num}, nil, sqlstate.DatatypeMismatch, `"y"`},
		{"no features", Spec{Algorithm: "linear", Target: "y", TargetType: types.TFloat8}, nil, sqlstate.InvalidParameterValue, "no features"},
		{"feature type", Spec{Algorithm: "linear", TargetType: types.TFloat8, Features: []Feature{{Name: "j", Type: types.TBytea}}}, nil, sqlstate.FeatureNotSupported, `"j"`},
		{"no rows", Spec{Algorithm: "linear", TargetType: types.TFloat8, Features: num}, source(1, column(nil), column(nil)), sqlstate.InvalidParameterValue, "0 rows"},
		{"one class", Spec{Algorithm: "logistic", Target: "c", TargetType: types.TText, Features: num}, source(1, one, textColumn([]string{"a"})), sqlstate.InvalidParameterValue, "has one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Train(&c.spec, c.src)
			if !sqlstate.Is(err, c.code) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("error %v, want %s with %q", err, c.code, c.text)
			}
		})
	}
	if _, err := Decode([]byte(`{"Format":9}`)); err == nil {
		t.Error("a newer format was read")
	}
	if _, err := Decode([]byte(`{"Format":1,"Features":[{"Name":"x","Type":{"Kind":7},"Term":4}],"Coefficients":[1]}`)); err == nil {
		t.Error("a model with a term out of range was read")
	}
}

func BenchmarkTrainLinear(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	x, carrier, y, _ := data(rng, 100_000)
	src := source(2048, column(x), textColumn(carrier), column(y))
	for b.Loop() {
		m, err := Train(&Spec{Algorithm: "linear", Target: "y", TargetType: types.TFloat8,
			Features: []Feature{{Name: "x", Type: types.TFloat8}, {Name: "carrier", Type: types.TText}}}, src)
		if err != nil || m.Rows != 100_000 {
			b.Fatal(m, err)
		}
	}
	b.ReportMetric(float64(b.N)*100_000/b.Elapsed().Seconds(), "rows/s")
}
