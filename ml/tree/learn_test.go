package tree

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"htapdb/internal/testutil"
	"htapdb/ml"
	"htapdb/ml/modeltest"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// iris reads testdata/iris.csv; petal_width comes first of the columns.
func iris(t *testing.T) *modeltest.Data {
	f, err := os.Open("testdata/iris.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comment = '#'
	records, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	d := &modeltest.Data{}
	var species []string
	sum := 0.0
	for _, c := range []int{3, 0, 1, 2} {
		var xs []float64
		for _, rec := range records[1:] {
			x, err := strconv.ParseFloat(rec[c], 64)
			if err != nil {
				t.Fatal(err)
			}
			xs, sum = append(xs, x), sum+x
		}
		d.Names, d.Columns = append(d.Names, records[0][c]), append(d.Columns, modeltest.Numbers(xs))
	}
	for _, rec := range records[1:] {
		species = append(species, rec[4])
	}
	d.Target = modeltest.Texts(species)
	if math.Abs(sum-2078.7) > 1e-9 {
		t.Fatalf("the values sum to %v, want 2078.7", sum)
	}
	return d
}

// questions renders the nodes of a model's first tree in preorder.
func questions(m *ml.Model) []string {
	e := ensembleOf(m)
	var out []string
	var walk func(at int32)
	walk = func(at int32) {
		n := &e.nodes[at]
		if e.leaf[at] >= 0 {
			return
		}
		if n.slot < 0 {
			out = append(out, fmt.Sprintf("%s in %x", m.Features[^n.slot/2].Name, e.sets[n.threshold][0]))
		} else {
			out = append(out, fmt.Sprintf("%s <= %.4g", m.Features[n.slot/2].Name, ofRank(n.threshold)))
		}
		walk(n.left)
		walk(n.left + 1)
	}
	walk(e.roots[0])
	return out
}

func ensembleOf(m *ml.Model) *ensemble {
	switch f := m.Fitted.(type) {
	case regressor:
		return f.ensemble
	case classifier:
		return f.ensemble
	}
	return nil
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("%s: %s, want %s", what, g, w)
	}
}

func accuracy(t *testing.T, m *ml.Model, d *modeltest.Data) float64 {
	t.Helper()
	out, right := modeltest.Predict(t, m, d.Columns), 0
	for i := range out.Len {
		if out.Datum(i) == d.Target.Datum(i) {
			right++
		}
	}
	return float64(right) / float64(out.Len)
}

// The tree of depth 2 that every textbook shows. Petal length ≤ 2.45 is as good a first
// question; of equals the first column's is asked.
func TestIrisTree(t *testing.T) {
	d := iris(t)
	m := modeltest.MustTrain(t, Single{}, map[string]string{"max_depth": "2"}, d)
	equal(t, "questions", questions(m), []string{"petal_width <= 0.8", "petal_width <= 1.75"})
	equal(t, "accuracy", accuracy(t, m, d), 0.96)
	equal(t, "metric", modeltest.Metric(m, "accuracy"), 0.96)
	full := modeltest.MustTrain(t, Single{}, nil, d)
	equal(t, "accuracy of the full tree", accuracy(t, full, d), 1)
}

// Five folds, each with a fifth of each species in order: the mean accuracy is
// scikit-learn's (DecisionTree, RandomForest, HistGradientBoosting), within the standard
// deviation between its folds.
func TestIrisFolds(t *testing.T) {
	d := iris(t)
	for _, c := range []struct {
		e             ml.Estimator
		want, between float64
	}{{Single{}, 0.96, 0.0327}, {Forest{}, 0.9667, 0.0211}, {Boosted{}, 0.9467, 0.0581}} {
		sum := 0.0
		for fold := range 5 {
			var train, test []int
			for i := range d.Rows() {
				if i%50/10 == fold {
					test = append(test, i)
				} else {
					train = append(train, i)
				}
			}
			m := modeltest.MustTrain(t, c.e, nil, d.Permuted(train))
			sum += accuracy(t, m, d.Permuted(test)) / 5
		}
		if math.Abs(sum-c.want) > c.between {
			t.Errorf("%s: accuracy %.4f, want about %.4f", c.e.Info().Name, sum, c.want)
		}
	}
}

func column(n int, f func(i int) float64) *vector.Vector {
	xs := make([]float64, n)
	for i := range xs {
		xs[i] = f(i)
	}
	return modeltest.Numbers(xs)
}

// one makes data of one column of numbers.
func one(x, y *vector.Vector) *modeltest.Data {
	return &modeltest.Data{Names: []string{"x"}, Columns: []*vector.Vector{x}, Target: y}
}

// A step is found where it is, half way between the neighbours, and the sides are their means.
func TestStep(t *testing.T) {
	d := one(column(10, func(i int) float64 { return float64(i * i) }), column(10, func(i int) float64 {
		if i <= 6 {
			return 1
		}
		return 4
	}))
	m := modeltest.MustTrain(t, Single{}, nil, d)
	equal(t, "questions", questions(m), []string{"x <= 42.5"})
	equal(t, "predictions", modeltest.Predict(t, m, []*vector.Vector{modeltest.Numbers([]float64{-5, 42.5, 42.6, 1e9})}).F64, []float64{1, 1, 4, 4})
	boosted := modeltest.MustTrain(t, Boosted{}, map[string]string{"trees": "1", "learning_rate": "1", "l2": "0", "min_rows": "1"}, d)
	equal(t, "questions", questions(boosted), []string{"x <= 42.5"})
	for i, y := range modeltest.Predict(t, boosted, d.Columns).F64 {
		if math.Abs(y-d.Target.F64[i]) > 1e-12 {
			t.Errorf("row %d predicts %v, want %v", i, y, d.Target.F64[i])
		}
	}
}

// With the penalty l2 a leaf of n rows has the value Σ/(n + l2) beside the mean.
func TestPenalty(t *testing.T) {
	d := one(modeltest.Numbers([]float64{0, 0, 1, 1}), modeltest.Numbers([]float64{-6, -6, 6, 6}))
	m := modeltest.MustTrain(t, Boosted{}, map[string]string{"trees": "1", "learning_rate": "0.5", "l2": "1", "min_rows": "1"}, d)
	equal(t, "predictions", modeltest.Predict(t, m, d.Columns).F64, []float64{-2, -2, 2, 2})
	if rows := modeltest.MustTrain(t, Boosted{}, map[string]string{"trees": "1", "min_rows": "3"}, d); len(questions(rows)) != 0 {
		t.Errorf("leaves of 2 rows where min_rows is 3: %v", questions(rows))
	}
	if gain := modeltest.MustTrain(t, Boosted{}, map[string]string{"trees": "1", "min_rows": "1", "min_gain": "97"}, d); len(questions(gain)) != 0 {
		t.Errorf("a split that gains 2·12²/(2+1) = 96 where min_gain is 97: %v", questions(gain))
	}
	if gain := modeltest.MustTrain(t, Boosted{}, map[string]string{"trees": "1", "min_rows": "1", "min_gain": "95"}, d); len(questions(gain)) != 1 {
		t.Errorf("a split that gains 96 where min_gain is 95: %v", questions(gain))
	}
}

// The parity of two features has no first question that gains, and needs depth 2.
func TestParity(t *testing.T) {
	a, b := column(64, func(i int) float64 { return float64(i % 2) }), column(64, func(i int) float64 { return float64(i / 2 % 2) })
	y := make([]bool, 64)
	for i := range y {
		y[i] = a.F64[i] != b.F64[i]
	}
	d := &modeltest.Data{Names: []string{"a", "b"}, Columns: []*vector.Vector{a, b}, Target: modeltest.Bools(y)}
	equal(t, "accuracy of one question", accuracy(t, modeltest.MustTrain(t, Single{}, map[string]string{"max_depth": "1"}, d), d), 0.5)
	equal(t, "accuracy of two", accuracy(t, modeltest.MustTrain(t, Single{}, map[string]string{"max_depth": "2"}, d), d), 1)
	rng := testutil.Rand(t)
	n := 4000
	d = &modeltest.Data{Names: []string{"a", "b"}, Columns: []*vector.Vector{column(n, func(int) float64 { return rng.NormFloat64() }), column(n, func(int) float64 { return rng.NormFloat64() })}}
	y = make([]bool, n)
	for i := range y {
		y[i] = d.Columns[0].F64[i]*d.Columns[1].F64[i] > 0
	}
	d.Target = modeltest.Bools(y)
	if got := accuracy(t, modeltest.MustTrain(t, Boosted{}, nil, d), d); got < 0.97 {
		t.Errorf("accuracy of boosted trees %v", got)
	}
	if got := accuracy(t, modeltest.MustTrain(t, Boosted{}, map[string]string{"max_depth": "1"}, d), d); got > 0.75 {
		t.Errorf("accuracy of boosted trees of one question %v: sums of single features know no parity", got)
	}
}

// That a value is missing tells something, on either side, and infinite numbers are the
// ends of the order.
func TestMissing(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	xs := []float64{nan, -inf, -1, 0, 1, inf}
	for _, c := range []struct {
		name string
		y    []float64
	}{
		{"NULL alone", []float64{9, 1, 1, 1, 1, 1}},
		{"NULL with the small", []float64{9, 9, 9, 1, 1, 1}},
		{"NULL with the large", []float64{9, 1, 1, 1, 9, 9}},
		{"the ends", []float64{1, 5, 1, 1, 1, 7}},
		{"plus infinity", []float64{1, 1, 1, 1, 1, 7}},
		{"minus infinity", []float64{1, 7, 1, 1, 1, 1}},
	} {
		d := one(modeltest.Numbers(xs), modeltest.Numbers(c.y))
		m := modeltest.MustTrain(t, Single{}, nil, d)
		equal(t, c.name, modeltest.Predict(t, m, d.Columns).F64, c.y)
	}
	// Without NULL in training it goes where more rows went.
	m := modeltest.MustTrain(t, Single{}, nil, one(modeltest.Numbers([]float64{1, 2, 3, 4, 5}), modeltest.Numbers([]float64{1, 1, 1, 8, 8})))
	equal(t, "NULL of no training", modeltest.Predict(t, m, []*vector.Vector{modeltest.Numbers([]float64{nan})}).F64, []float64{1})
}

// Categories are split as sets in one question; NULL is one of them; those that
// training has not seen go with more rows.
func TestCategories(t *testing.T) {
	var texts []string
	var ys []float64
	for _, c := range []struct {
		text string
		rows int
		y    float64
	}{{"b", 3, 7}, {"a", 2, 1}, {"d", 2, 7}, {"c", 2, 1}, {modeltest.Null, 2, 7}} {
		for range c.rows {
			texts, ys = append(texts, c.text), append(ys, c.y)
		}
	}
	d := one(modeltest.Texts(texts), modeltest.Numbers(ys))
	for _, e := range []ml.Estimator{Single{}, Boosted{}} {
		options := map[string]string{"min_rows": "1"}
		if e.Info() == (Boosted{}).Info() {
			options = map[string]string{"min_rows": "1", "trees": "1", "learning_rate": "1", "l2": "0"}
		}
		m := modeltest.MustTrain(t, e, options, d)
		equal(t, "questions", len(questions(m)), 1)
		out := modeltest.Predict(t, m, []*vector.Vector{modeltest.Texts([]string{"a", "b", "c", "d", modeltest.Null, "unseen"})})
		for i, want := range []float64{1, 7, 1, 7, 7, 7} {
			if math.Abs(out.F64[i]-want) > 1e-12 {
				t.Errorf("%s: category %d predicts %v, want %v", e.Info().Name, i, out.F64[i], want)
			}
		}
	}
}

// Of more categories than bins the most frequent are told apart.
func TestManyCategories(t *testing.T) {
	var texts []string
	var ys []float64
	for i := range 400 {
		for range 1 + i%2*9 { // the odd ones are frequent
			texts, ys = append(texts, fmt.Sprintf("c%03d", i)), append(ys, float64(i/2%2))
		}
	}
	m := modeltest.MustTrain(t, Single{}, nil, one(modeltest.Texts(texts), modeltest.Numbers(ys)))
	out := modeltest.Predict(t, m, []*vector.Vector{modeltest.Texts([]string{"c001", "c003", "c397", "c399"})})
	equal(t, "frequent categories", out.F64, []float64{0, 1, 0, 1})
}

// The task follows from the target's type, and for integers from the option.
func TestTask(t *testing.T) {
	rng := testutil.Rand(t)
	d := modeltest.Mixed(rng, 300, ml.Regression)
	equal(t, "numbers", modeltest.MustTrain(t, Boosted{}, nil, d).Task, ml.Regression)
	if _, err := modeltest.Train(t.Context(), Boosted{}, map[string]string{"task": "classification"}, d, modeltest.Schedule{}); err == nil {
		t.Error("classes of doubles were learned")
	}
	d.Target = vector.New(types.TInt8, d.Rows())
	for i := range d.Target.I64 {
		d.Target.I64[i] = int64(i % 3)
	}
	equal(t, "integers", modeltest.MustTrain(t, Boosted{}, nil, d).Task, ml.Regression)
	m := modeltest.MustTrain(t, Boosted{}, map[string]string{"task": "classification"}, d)
	equal(t, "labels", m.Task, ml.Classification)
	equal(t, "classes", m.Target.Classes, []string{"0", "1", "2"})
	if again, err := ml.NewRegistry(Boosted{}).Decode(m.Encode()); err != nil || again.Task != ml.Classification {
		t.Errorf("read again: %v", err)
	}
	if _, err := modeltest.Train(t.Context(), Boosted{}, map[string]string{"task": "regression"}, modeltest.Mixed(rng, 300, ml.Classification), modeltest.Schedule{}); err == nil {
		t.Error("a regression of booleans was learned")
	}
}

// A rising target makes rising predictions of one feature.
func TestMonotone(t *testing.T) {
	d := one(column(3000, func(i int) float64 { return float64(i) / 10 }), column(3000, func(i int) float64 { return math.Sqrt(float64(i)) }))
	for _, e := range []ml.Estimator{Boosted{}, Forest{}, Single{}} {
		out := modeltest.Predict(t, modeltest.MustTrain(t, e, nil, d), d.Columns)
		for i := 1; i < out.Len; i++ {
			if out.F64[i] < out.F64[i-1]-1e-9 {
				t.Fatalf("%s: %v after %v", e.Info().Name, out.F64[i], out.F64[i-1])
			}
		}
	}
}

// Probabilities are of the classes' order and sum to 1; they are honest on average.
func TestProbabilities(t *testing.T) {
	d := iris(t)
	for _, e := range []ml.Estimator{Boosted{}, Forest{}, Single{}} {
		m := modeltest.MustTrain(t, e, nil, d)
		equal(t, "classes", m.Target.Classes, []string{"setosa", "versicolor", "virginica"})
		sum, first := make([]float64, 150), modeltest.Probabilities(t, m, 0, d.Columns)
		for k := range 3 {
			for i, p := range modeltest.Probabilities(t, m, k, d.Columns) {
				sum[i] += p
			}
		}
		for i := range sum {
			if math.Abs(sum[i]-1) > 1e-12 {
				t.Fatalf("%s: the probabilities of row %d sum to %v", e.Info().Name, i, sum[i])
			}
			if (first[i] > 0.5) != (i < 50) {
				t.Errorf("%s: row %d is setosa with probability %v", e.Info().Name, i, first[i])
			}
		}
	}
	two := modeltest.Mixed(testutil.Rand(t), 5000, ml.Classification)
	m := modeltest.MustTrain(t, Boosted{}, nil, two)
	mean, share := 0.0, 0.0
	for i, p := range modeltest.Probabilities(t, m, 1, two.Columns) {
		mean += p / 5000
		share += float64(two.Target.Bool[i]) / 5000
	}
	if math.Abs(mean-share) > 0.01 {
		t.Errorf("mean probability %v, share %v", mean, share)
	}
}

// What decides matters; out-of-bag error is that of new rows.
func TestImportances(t *testing.T) {
	rng := testutil.Rand(t)
	d := modeltest.Mixed(rng, 3000, ml.Regression)
	for _, e := range []ml.Estimator{Boosted{}, Forest{}, Single{}} {
		m := modeltest.MustTrain(t, e, map[string]string{"min_rows": "20"}, d)
		got := m.Fitted.(ml.Importancer).Importances()
		if got[0].Gain < 10*got[2].Gain || got[1].Gain < 10*got[2].Gain || got[0].Splits == 0 {
			t.Errorf("%s: importances %+v", e.Info().Name, got)
		}
	}
	fresh := modeltest.Mixed(rng, 3000, ml.Regression)
	m := modeltest.MustTrain(t, Forest{}, nil, d)
	sum := 0.0
	for i, p := range modeltest.Predict(t, m, fresh.Columns).F64 {
		sum += (p - fresh.Target.F64[i]) * (p - fresh.Target.F64[i])
	}
	rmse, oob := math.Sqrt(sum/3000), modeltest.Metric(m, "oob_rmse")
	if math.Abs(rmse/oob-1) > 0.07 {
		t.Errorf("error %v on new rows, %v out of bag", rmse, oob)
	}
}

// Samples depend on the seed; a model of less rows and columns still learns.
func TestSampling(t *testing.T) {
	d := modeltest.Mixed(testutil.Rand(t), 3000, ml.Regression)
	with := func(seed string) *ml.Model {
		return modeltest.MustTrain(t, Boosted{}, map[string]string{"subsample": "0.5", "column_sample": "0.7", "seed": seed}, d)
	}
	a, again, b := with("1").Encode(), with("1").Encode(), with("2").Encode()
	if string(a) != string(again) {
		t.Error("one seed made two models")
	}
	if string(a) == string(b) {
		t.Error("two seeds made one model")
	}
	if r2 := modeltest.Metric(with("1"), "r2"); r2 < 0.8 {
		t.Errorf("r2 %v", r2)
	}
	rng := testutil.Rand(t)
	for range 5 {
		m, err := modeltest.Train(t.Context(), Boosted{}, map[string]string{"subsample": "0.5", "column_sample": "0.7", "seed": "1"},
			d.Permuted(rng.Perm(d.Rows())), modeltest.Schedule{Workers: 3})
		if err != nil {
			t.Fatal(err)
		}
		if string(m.Encode()) != string(a) {
			t.Fatal("a sample depends on the order of the rows")
		}
	}
}

// A prediction allocates nothing.
func TestPredictAllocates(t *testing.T) {
	d := iris(t)
	for _, e := range []ml.Estimator{Boosted{}, Forest{}} {
		m := modeltest.MustTrain(t, e, map[string]string{"trees": "10"}, d)
		b := &ml.Block{Rows: 1}
		for _, c := range d.Columns {
			b.Columns = append(b.Columns, ml.Column{Numbers: c.F64[70:71]})
		}
		out := make([]float64, 1)
		if n := testing.AllocsPerRun(100, func() { m.Fitted.Predict(b, out) }); n > 0 {
			t.Errorf("%s: %v allocations", e.Info().Name, n)
		}
	}
}

// Too many classes are refused with a way out that the target's type has.
func TestTooManyClasses(t *testing.T) {
	texts, numbers := make([]string, maxClasses+1), vector.New(types.TInt8, maxClasses+1)
	for i := range texts {
		texts[i], numbers.I64[i] = fmt.Sprint(i), int64(i)
	}
	x := column(len(texts), func(i int) float64 { return float64(i) })
	for hint, target := range map[string]*vector.Vector{"Group its values": modeltest.Texts(texts), "task = 'regression'": numbers} {
		_, err := modeltest.Train(t.Context(), Single{}, map[string]string{"task": "classification"}, one(x, target), modeltest.Schedule{})
		var known *sqlstate.Error
		if !errors.As(err, &known) || known.Code != sqlstate.ProgramLimitExceeded || !strings.Contains(known.Hint, hint) {
			t.Errorf("%v, want the hint %q", err, hint)
		}
	}
}

// Sums of targets near the largest double, or their opposites, do not overflow.
func TestLargestTargets(t *testing.T) {
	rng := testutil.Rand(t)
	x := column(400, func(i int) float64 { return float64(i) })
	for name, y := range map[string]func(i int) float64{
		"all the largest":  func(int) float64 { return math.MaxFloat64 },
		"near the largest": func(int) float64 { return -1.7e308 + 1e305*rng.NormFloat64() },
		"both ends":        func(i int) float64 { return 1.7e308 * float64(i/200*2-1) },
		"1e307":            func(i int) float64 { return 1e307 + float64(i/200)*1e305 },
	} {
		d := one(x, column(400, y))
		for _, e := range []ml.Estimator{Forest{}, Single{}, Boosted{}} {
			m := modeltest.MustTrain(t, e, nil, d)
			again, err := ml.NewRegistry(e).Decode(m.Encode())
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range modeltest.Predict(t, again, d.Columns).F64 {
				// Forests and boosted trees mix rows of the border.
				if want := d.Target.F64[i]; i/20 != 10 && i/20 != 9 && !(math.Abs(p/1e300-want/1e300) <= 0.01*math.Abs(want/1e300)) {
					t.Fatalf("%s of %s: row %d predicts %v, want about %v", e.Info().Name, name, i, p, want)
				}
			}
		}
	}
}

// A leaf of vanishing hessians without a penalty has a finite value.
func TestLeafWithoutHessian(t *testing.T) {
	b := &booster{rate: 1, o: &objective{gradient: []float64{1, -1}, hessian: []float64{5e-324, 5e-324}}}
	for r, sign := range []float64{1, -1} {
		if v := b.leafValue([]int32{int32(r)}); math.IsInf(v, 0) || v*sign <= 0 {
			t.Errorf("a gradient of %v has the value %v", sign, v)
		}
	}
}

// A quotient beyond the doubles is the largest of them.
func TestQuotientIsFinite(t *testing.T) {
	e := newEnsemble(nil, 1, 1)
	e.base[0], e.divisor = -math.MaxFloat64, 0.5
	out := make([]float64, 1)
	regressor{e}.Predict(&ml.Block{Rows: 1}, out)
	equal(t, "prediction", out[0], -math.MaxFloat64)
}
