package linear

import (
	"bufio"
	"encoding/csv"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"htapdb/internal/testutil"
	"htapdb/ml"
	"htapdb/ml/modeltest"
	"htapdb/vector"
)

func TestConformance(t *testing.T) {
	t.Run("linear_regression", func(t *testing.T) { modeltest.Run(t, Least{}) })
	t.Run("logistic_regression", func(t *testing.T) { modeltest.Run(t, Logistic{}) })
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
			d := &modeltest.Data{Target: modeltest.Numbers(y)}
			for i := range xs {
				d.Names, d.Columns = append(d.Names, "x"+strconv.Itoa(i+1)), append(d.Columns, modeltest.Numbers(xs[i]))
			}
			model := modeltest.MustTrain(t, Least{}, map[string]string{"intercept": strconv.FormatBool(c.intercept)}, d)
			got := model.Fitted.(ml.Describer).Terms()
			want := strings.Fields(m[1])
			if len(want) != len(got) {
				t.Fatalf("%d coefficients, want %d", len(got), len(want))
			}
			for i, text := range want {
				w, err := strconv.ParseFloat(text, 64)
				if err != nil {
					t.Fatal(err)
				}
				if d := lre(got[i].Coefficient, w); d < 13 {
					t.Errorf("coefficient %d = %v, certified %v: %.1f digits", i, got[i].Coefficient, w, d)
				}
			}
			rss, err := strconv.ParseFloat(m[2], 64)
			if err != nil {
				t.Fatal(err)
			}
			rmse := modeltest.Metric(model, "rmse")
			sum := rmse * rmse * float64(model.Rows)
			if d := lre(sum, rss); d < 12 && math.Abs(sum-rss) > 1e-12 {
				t.Errorf("residual sum of squares %v, certified %v: %.1f digits", sum, rss, d)
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

// Linear regression recovers the rule, and its residuals sum to 0.
func TestLinearMixed(t *testing.T) {
	d := modeltest.Mixed(testutil.Rand(t), 5000, ml.Regression)
	m := modeltest.MustTrain(t, Least{}, nil, d)
	if got := m.Fitted.(ml.Describer).Terms()[1].Coefficient; math.Abs(got-0.1) > 0.005 {
		t.Errorf("slope %v, want about 0.1", got)
	}
	if r2, rmse := modeltest.Metric(m, "r2"), modeltest.Metric(m, "rmse"); r2 < 0.8 || math.Abs(rmse-1) > 0.1 {
		t.Errorf("metrics %v", m.Metrics)
	}
	sum, out := 0.0, modeltest.Predict(t, m, d.Columns)
	for i, y := range d.Target.F64 {
		sum += y - out.F64[i]
	}
	if math.Abs(sum) > 1e-7 {
		t.Errorf("residuals sum to %v, want 0 with an intercept", sum)
	}
}

// At the fitted coefficients the gradient of the log-likelihood vanishes.
func TestLogisticGradient(t *testing.T) {
	d := modeltest.Mixed(testutil.Rand(t), 4000, ml.Classification)
	m := modeltest.MustTrain(t, Logistic{}, nil, d)
	if modeltest.Metric(m, "converged") != 1 || modeltest.Metric(m, "accuracy") < 0.7 {
		t.Errorf("metrics %v", m.Metrics)
	}
	p := modeltest.Probabilities(t, m, 1, d.Columns)
	gradient := map[string]float64{}
	for i := range p {
		e := float64(d.Target.Bool[i]) - p[i]
		gradient["1"] += e
		gradient["a"] += e * d.Columns[0].F64[i]
		gradient[d.Columns[1].Str[i]] += e
	}
	for k, g := range gradient {
		if math.Abs(g) > 1e-3 {
			t.Errorf("gradient for %s is %v", k, g)
		}
	}
	class := modeltest.Predict(t, m, d.Columns)
	for i := range p {
		if (class.Bool[i] == 1) != (p[i] >= 0.5) {
			t.Fatalf("row %d: class %d, probability %v", i, class.Bool[i], p[i])
		}
	}
}

// Collinear terms get coefficient 0 and missing values are skipped in training, imputed in prediction.
func TestCollinearAndMissing(t *testing.T) {
	nan := math.NaN()
	d := &modeltest.Data{Names: []string{"a", "b"}, Columns: []*vector.Vector{modeltest.Numbers([]float64{1, 2, 3, 4, nan}), modeltest.Numbers([]float64{2, 4, 6, 8, 10})},
		Target: modeltest.Numbers([]float64{3, 5, 7, 9, 100})}
	m := modeltest.MustTrain(t, Least{}, nil, d)
	got := m.Fitted.(ml.Describer).Terms()
	for i, want := range []float64{1, 2, 0} {
		if math.Abs(got[i].Coefficient-want) > 1e-13 {
			t.Errorf("term %v, want %v", got[i], want)
		}
	}
	if m.Skipped != 1 || m.Rows != 4 {
		t.Errorf("rows %d, skipped %d", m.Rows, m.Skipped)
	}
	out := modeltest.Predict(t, m, []*vector.Vector{modeltest.Numbers([]float64{nan}), modeltest.Numbers([]float64{0})})
	if math.Abs(out.F64[0]-6) > 1e-12 {
		t.Errorf("prediction with a missing value %v, want 6 (at the mean 2.5)", out.F64[0])
	}
}
