package cluster

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"htapdb/internal/testutil"
	"htapdb/ml"
	"htapdb/ml/modeltest"
	"htapdb/vector"
)

func TestConformance(t *testing.T) { modeltest.Run(t, KMeans{}) }

// The sums of squares that scikit-learn 1.9.1 finds for iris, as the best of 20 starts,
// and the sizes of the clusters.
func TestIris(t *testing.T) {
	d := modeltest.Iris()
	d.Target = nil
	for k, want := range map[int]struct {
		inertia float64
		sizes   []int64
	}{
		2: {152.3479517603579, []int64{97, 53}},
		3: {78.851441426146, []int64{62, 50, 38}},
		4: {57.22847321428571, []int64{50, 40, 32, 28}},
	} {
		m := modeltest.MustTrain(t, KMeans{}, map[string]string{"k": strconv.Itoa(k), "standardize": "false", "starts": "20"}, d)
		if got := modeltest.Metric(m, "inertia"); math.Abs(got-want.inertia) > 1e-10*want.inertia {
			t.Errorf("k = %d: inertia %v, want %v", k, got, want.inertia)
		}
		clusters := m.Fitted.(ml.Clusterer).Clusters()
		out := modeltest.Predict(t, m, d.Columns)
		counted := make([]int64, k)
		for _, c := range out.I32 {
			counted[c-1]++
		}
		for i, c := range clusters {
			if c.Rows != want.sizes[i] || counted[i] != want.sizes[i] {
				t.Errorf("k = %d: cluster %d has %d rows, %d are predicted, want %d", k, i+1, c.Rows, counted[i], want.sizes[i])
			}
		}
		if k == 3 {
			// The middle cluster is setosa, whose mean is known.
			for j, x := range []float64{5.006, 3.428, 1.462, 0.246} {
				if math.Abs(clusters[1].Center[j]-x) > 1e-12 {
					t.Errorf("the center of setosa is %v", clusters[1].Center)
				}
			}
		}
	}
}

// Steps with bounds end where steps without end: each row is with its nearest center,
// and each center is the mean of its rows.
func TestFixedPoint(t *testing.T) {
	rng := testutil.Rand(t)
	const n, k = 5000, 12
	xs, ys := make([]float64, n), make([]float64, n)
	for i := range xs {
		xs[i], ys[i] = rng.NormFloat64()+float64(rng.IntN(4)*3), rng.NormFloat64()*2
	}
	d := &modeltest.Data{Names: []string{"x", "y"}, Columns: []*vector.Vector{modeltest.Numbers(xs), modeltest.Numbers(ys)}}
	m := modeltest.MustTrain(t, KMeans{}, map[string]string{"k": strconv.Itoa(k), "standardize": "false", "tol": "0", "starts": "1", "max_iter": "2000"}, d)
	if modeltest.Metric(m, "converged") != 1 {
		t.Fatalf("metrics %v", m.Metrics)
	}
	clusters := m.Fitted.(ml.Clusterer).Clusters()
	out := modeltest.Predict(t, m, d.Columns)
	sums, counts, inertia := make([][2]float64, k), make([]float64, k), 0.0
	for i, c := range out.I32 {
		square := func(c int) float64 {
			dx, dy := xs[i]-clusters[c].Center[0], ys[i]-clusters[c].Center[1]
			return dx*dx + dy*dy
		}
		own := square(int(c - 1))
		for o := range k {
			if square(o) < own-1e-9 {
				t.Fatalf("row %d is nearer to %d than to %d", i, o+1, c)
			}
		}
		sums[c-1][0] += xs[i]
		sums[c-1][1] += ys[i]
		counts[c-1]++
		inertia += own
	}
	for c := range clusters {
		for j := range 2 {
			if math.Abs(sums[c][j]/counts[c]-clusters[c].Center[j]) > 1e-9 {
				t.Errorf("the mean of cluster %d is not its center", c+1)
			}
		}
	}
	if got := modeltest.Metric(m, "inertia"); math.Abs(got-inertia) > 1e-9*inertia {
		t.Errorf("inertia %v, want %v", got, inertia)
	}
}

// Numbers of other units make the same clusters, unless standardize is off; more
// clusters than rows are said.
func TestUnits(t *testing.T) {
	d := modeltest.Iris()
	d.Target = nil
	in := modeltest.Predict(t, modeltest.MustTrain(t, KMeans{}, nil, d), d.Columns)
	for i, x := range d.Columns[1].F64 {
		d.Columns[1].F64[i] = x * 1024
	}
	moved := modeltest.Predict(t, modeltest.MustTrain(t, KMeans{}, nil, d), d.Columns)
	for i := range in.I32 {
		if in.I32[i] != moved.I32[i] {
			t.Fatalf("row %d is in cluster %d, in other units in %d", i, in.I32[i], moved.I32[i])
		}
	}
	few := &modeltest.Data{Names: []string{"x"}, Columns: []*vector.Vector{modeltest.Numbers([]float64{1, 2, 2, 1, 1})}}
	m := modeltest.MustTrain(t, KMeans{}, map[string]string{"k": "4"}, few)
	if len(m.Notices) != 1 || modeltest.Metric(m, "clusters") != 2 || modeltest.Metric(m, "inertia") > 1e-20 {
		t.Errorf("metrics %v, notices %q", m.Metrics, m.Notices)
	}
}

func BenchmarkKMeans(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	const n, columns = 1_000_000, 12
	d := &modeltest.Data{}
	for j := range columns {
		xs := make([]float64, n)
		for i := range xs {
			xs[i] = rng.NormFloat64() + float64((i*(j+1))%7)
		}
		d.Names, d.Columns = append(d.Names, "x"+strconv.Itoa(j)), append(d.Columns, modeltest.Numbers(xs))
	}
	for b.Loop() {
		m, err := modeltest.Train(b.Context(), KMeans{}, map[string]string{"k": "10", "starts": "1"}, d, modeltest.Schedule{Workers: 2, Batch: func() int { return 2048 }})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(modeltest.Metric(m, "iterations"), "steps")
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "rows/s")
}

// With many clusters a pass takes long, and looks at its cancel within.
func TestManyClusters(t *testing.T) {
	d := modeltest.Mixed(testutil.Rand(t), 8192, ml.Clustering)
	modeltest.Cancels(t, func(ctx context.Context) error {
		_, err := modeltest.Train(ctx, KMeans{}, map[string]string{"k": "2000", "starts": "1", "max_iter": "2"}, d, modeltest.Schedule{Workers: 2})
		return err
	})
}

// Numbers at the ends of the range of doubles leave the others their places.
func TestEndsOfTheRange(t *testing.T) {
	for name, edge := range map[string][]float64{
		"subnormal": {0, 1e-310, 0, 1e-310, 0, 1e-310, 0, 1e-310},
		"largest":   {-1.7e308, -1.7e308, -1.7e308, -1.7e308, -1.7e308, -1.7e308, -1.7e308, 1.7e308},
	} {
		for _, standardize := range []string{"true", "false"} {
			d := &modeltest.Data{Names: []string{"edge", "x"}, Columns: []*vector.Vector{modeltest.Numbers(edge), modeltest.Numbers([]float64{1, 2, 1, 2, 101, 102, 101, 102})}}
			m := modeltest.MustTrain(t, KMeans{}, map[string]string{"k": "2", "standardize": standardize, "starts": "20"}, d)
			if len(m.Notices) > 0 || modeltest.Metric(m, "clusters") != 2 || math.IsNaN(modeltest.Metric(m, "inertia")) {
				t.Errorf("%s, standardize = %s: metrics %v, notices %q", name, standardize, m.Metrics, m.Notices)
			}
			if out := modeltest.Predict(t, m, d.Columns).I32; name == "subnormal" && standardize == "false" && (out[0] != out[1] || out[0] == out[4]) {
				t.Errorf("%s: clusters %v", name, out)
			}
		}
	}
	// Predictions beyond what training has seen go to the nearest end.
	d := &modeltest.Data{Names: []string{"x"}, Columns: []*vector.Vector{modeltest.Numbers([]float64{1, 2, 3, 101, 102})}}
	m := modeltest.MustTrain(t, KMeans{}, map[string]string{"k": "2"}, d)
	out := modeltest.Predict(t, m, []*vector.Vector{modeltest.Numbers([]float64{math.Inf(-1), -1e200, 2, math.Inf(1), 1e200, 1e5})}).I32
	if fmt.Sprint(out) != "[1 1 1 2 2 2]" {
		t.Errorf("far away: %v", out)
	}
}

// Rows that are equal count as often as they are there: of the rows to begin with, the
// first is one of the many.
func TestMultiplicity(t *testing.T) {
	xs := make([]float64, 1000)
	for i := range 3 {
		xs[i] = float64(100 * (i + 1))
	}
	d := &modeltest.Data{Names: []string{"x"}, Columns: []*vector.Vector{modeltest.Numbers(xs)}}
	often := 0
	for seed := range 20 {
		c := &cloud{layout: &layout{dims: 1}, rows: len(xs), chunks: [][]float64{d.Columns[0].F64}, workers: 1}
		l := newLloyd(c, 1, 0)
		l.allocate()
		if err := l.hash(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := l.begin(t.Context(), uint64(seed)); err != nil {
			t.Fatal(err)
		}
		if l.centers[0] == 0 {
			often++
		}
	}
	if often < 17 {
		t.Errorf("the point of 997 of 1,000 rows begins %d of 20 times", often)
	}
}
