package linear

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"htapdb/ml"
	"htapdb/ml/modeltest"
	"htapdb/vector"
)

// readTable reads a file of testdata: a line about its source, the columns' names, the rows.
func readTable(t *testing.T, name string) (names []string, rows [][]string) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comment, r.FieldsPerRecord = '#', -1
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all[0], all[1:]
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// diabetes is the diabetes data with the columns named, all if there are none.
func diabetes(t *testing.T, wanted ...string) *modeltest.Data {
	names, rows := readTable(t, "diabetes.csv")
	d := &modeltest.Data{}
	for c, name := range names {
		xs := make([]float64, len(rows))
		for i := range rows {
			xs[i] = number(t, rows[i][c])
		}
		switch {
		case c == 0:
			d.Target = modeltest.Numbers(xs)
		case len(wanted) == 0 || strings.Contains(strings.Join(wanted, " "), name):
			d.Names, d.Columns = append(d.Names, name), append(d.Columns, modeltest.Numbers(xs))
		}
	}
	return d
}

// iris is the iris data: four measures, and whether a flower is a virginica, of those
// that are not setosa.
func iris(t *testing.T) *modeltest.Data {
	names, rows := readTable(t, "iris.csv")
	columns := make([][]float64, len(names)-1)
	var virginica []bool
	for _, row := range rows {
		if row[0] == "setosa" {
			continue
		}
		virginica = append(virginica, row[0] == "virginica")
		for c := range columns {
			columns[c] = append(columns[c], number(t, row[c+1]))
		}
	}
	d := &modeltest.Data{Names: names[1:], Target: modeltest.Bools(virginica)}
	for _, c := range columns {
		d.Columns = append(d.Columns, modeltest.Numbers(c))
	}
	return d
}

// compareTerms compares the inference table and the metrics of a model with those of a file.
func compareTerms(t *testing.T, m *ml.Model, file string, tolerance float64) {
	t.Helper()
	_, rows := readTable(t, file)
	terms := m.Fitted.(ml.Describer).Terms()
	check := func(what string, got float64, text string) {
		if want := number(t, text); !(math.Abs(got-want) <= tolerance*math.Abs(want)) {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	compared := 0
	for _, row := range rows {
		if name, ok := strings.CutPrefix(row[0], "metric "); ok {
			check(name, modeltest.Metric(m, name), row[1])
			continue
		}
		term := terms[compared]
		if compared++; term.Name != row[0] || term.Number != compared-1 {
			t.Fatalf("term %d is %d, %q, want %q", compared, term.Number, term.Name, row[0])
		}
		for i, got := range []float64{term.Coefficient, term.StdErr, term.Statistic, term.P, term.Low, term.High, term.VIF} {
			if 1+i < len(row) && row[1+i] != "" {
				check(row[0]+", column "+strconv.Itoa(i), got, row[1+i])
			}
		}
	}
	if compared != len(terms) {
		t.Errorf("%d terms, want %d", len(terms), compared)
	}
}

// The whole inference table and all metrics agree with statsmodels.
func TestDiabetesInference(t *testing.T) {
	m := modeltest.MustTrain(t, Least{}, nil, diabetes(t))
	compareTerms(t, m, "diabetes_ols.csv", 1e-9)
	if len(m.Notices) != 0 || modeltest.Metric(m, "dropped_terms") != 0 {
		t.Errorf("notices %q, metrics %v", m.Notices, m.Metrics)
	}
	if c := modeltest.Metric(m, "condition_number"); math.Abs(c-21.7) > 0.1 {
		t.Errorf("condition number %v of the standardized columns, want 21.7", c)
	}
}

// The figures that scikit-learn's documentation and reference runs give.
func TestDiabetesReference(t *testing.T) {
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-9*math.Abs(want) {
			t.Errorf("%s is %.15g, want %.15g", what, got, want)
		}
	}
	// load_diabetes scales each column: centred, of length 1.
	scaled := diabetes(t)
	for _, c := range scaled.Columns {
		sum, squares := 0.0, 0.0
		for _, x := range c.F64 {
			sum += x
		}
		for i := range c.F64 {
			c.F64[i] -= sum / float64(c.Len)
			squares += c.F64[i] * c.F64[i]
		}
		for i := range c.F64 {
			c.F64[i] /= math.Sqrt(squares)
		}
	}
	m := modeltest.MustTrain(t, Least{}, nil, scaled)
	want := []float64{152.13348416289597, -10.00986629981, -239.81564367242, 519.84592005446, 324.38464550232, -792.17563855223,
		476.73902100526, 101.04326793803, 177.06323767135, 751.27369955710, 67.62669218371}
	for i, term := range m.Fitted.(ml.Describer).Terms() {
		near(term.Name, term.Coefficient, want[i])
	}
	near("r2", modeltest.Metric(m, "r2"), 0.5177484222203498)
	near("mse", math.Pow(modeltest.Metric(m, "rmse"), 2), 2859.69634758675)

	m = modeltest.MustTrain(t, Least{}, map[string]string{"l2": "1"}, scaled)
	near("r2 of ridge 1", modeltest.Metric(m, "r2"), 0.45123062774)
	m = modeltest.MustTrain(t, Least{}, map[string]string{"l2": "10"}, diabetes(t))
	want = []float64{-226.2542352259629, -0.018830389044549128, -20.52921775635909, 5.833733494532215, 1.1235145909941417, -0.05053690274315222,
		-0.20862182196582854, -0.7751985454926847, 4.684300289907397, 37.258731731886364, 0.32299468120514074}
	for i, term := range m.Fitted.(ml.Describer).Terms() {
		near("ridge 10: "+term.Name, term.Coefficient, want[i])
		if !math.IsNaN(term.StdErr) || !math.IsNaN(term.P) || !math.IsNaN(term.Low) {
			t.Errorf("a term with a penalty has inference: %v", term)
		}
	}
	near("r2 of ridge 10", modeltest.Metric(m, "r2"), 0.513103327276214)
	if len(m.Notices) != 1 || !strings.Contains(m.Notices[0], "l2 = 10") {
		t.Errorf("notices %q", m.Notices)
	}
	// The example of scikit-learn's documentation: bmi alone, the last 20 rows held out.
	one := &modeltest.Data{Names: []string{"bmi"}, Columns: []*vector.Vector{scaled.Columns[2].Slice(0, 422)}, Target: scaled.Target.Slice(0, 422)}
	m = modeltest.MustTrain(t, Least{}, nil, one)
	out := modeltest.Predict(t, m, []*vector.Vector{scaled.Columns[2].Slice(422, 442)})
	squares := 0.0
	for i, p := range out.F64 {
		squares += math.Pow(p-scaled.Target.F64[422+i], 2)
	}
	near("slope", m.Fitted.(ml.Describer).Terms()[1].Coefficient, 938.23786125)
	near("mse held out", squares/20, 2548.07239873)
}

// The maximum of the likelihood, its standard errors and the metrics agree with statsmodels.
func TestIrisLogit(t *testing.T) {
	m := modeltest.MustTrain(t, Logistic{}, nil, iris(t))
	compareTerms(t, m, "iris_logit.csv", 1e-8)
	if modeltest.Metric(m, "converged") != 1 || modeltest.Metric(m, "separation") != 0 || modeltest.Metric(m, "accuracy") != 0.98 || len(m.Notices) != 0 {
		t.Errorf("metrics %v, notices %q", m.Metrics, m.Notices)
	}
	// A penalty of 1 is scikit-learn's C = 1.
	m = modeltest.MustTrain(t, Logistic{}, map[string]string{"l2": "1"}, iris(t))
	want := []float64{-14.430758180168663, -0.3944334785720612, -0.5132774044284348, 2.9307513838533588, 2.4170321883370063}
	for i, term := range m.Fitted.(ml.Describer).Terms() {
		if math.Abs(term.Coefficient-want[i]) > 1e-8*math.Abs(want[i]) || !math.IsNaN(term.StdErr) {
			t.Errorf("l2 = 1: %v, want %v", term, want[i])
		}
	}
	if modeltest.Metric(m, "converged") != 1 || len(m.Notices) != 1 {
		t.Errorf("metrics %v, notices %q", m.Metrics, m.Notices)
	}
}

// Quantiles and probabilities agree with SciPy's.
func TestDistributions(t *testing.T) {
	near := func(what string, got, want float64) {
		t.Helper()
		if !(math.Abs(got-want) <= 1e-10*want) {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	for _, c := range []struct {
		t       float64
		freedom int64
		want    float64
	}{{0.1, 1, 0.936548965138893}, {2, 3, 0.13932596855884305}, {12, 100, 4.395087715604393e-21}, {-40, 20, 1.457469655431075e-20},
		{1e-9, 5, 0.9999999992407866}, {1.959963984540054, 0, 0.05}, {1e300, 7, 0}} {
		near("p of t", twoSided(c.t, c.freedom), c.want)
	}
	for freedom, want := range map[int64]float64{0: 1.959963984540054, 1: 12.706204736174694, 2: 4.302652729749462, 5: 2.5705818356363146,
		30: 2.0422724563012378, 1000: 1.9623390808264083} {
		near("quantile", twoSidedQuantile(0.95, freedom), want)
	}
	near("p of F", fUpper(3.5, 4, 20), 0.02538523086644128)
	near("p of F", fUpper(300, 10, 431), 3.874668345456576e-187)
}
