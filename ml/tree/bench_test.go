package tree

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"htapdb/ml"
	"htapdb/ml/modeltest"
	"htapdb/vector"
)

// synthetic draws rows of 28 numbers, of which some decide, alone and in pairs, whether
// a row is of the second class: boosted trees reach an AUC of about 0.96.
func synthetic(n int) *modeltest.Data {
	rng := rand.New(rand.NewPCG(7, 28))
	const features = 28
	xs := make([][]float64, features)
	for f := range xs {
		xs[f] = make([]float64, n)
		for i := range xs[f] {
			xs[f][i] = rng.NormFloat64()
		}
	}
	y := make([]bool, n)
	for i := range y {
		s := 1.5*xs[0][i] - xs[1][i] + 2*xs[2][i]*xs[3][i] + 1.5*math.Sin(2*xs[4][i]) + math.Abs(xs[5][i])
		s += xs[6][i]*xs[7][i] - 0.5*xs[8][i]*xs[8][i]
		if xs[9][i] > 0.5 && xs[10][i] < 0 {
			s += 2
		}
		y[i] = rng.Float64() < logistic(1.5*s)
	}
	d := &modeltest.Data{Target: modeltest.Bools(y)}
	for f := range xs {
		d.Names, d.Columns = append(d.Names, fmt.Sprintf("x%d", f)), append(d.Columns, modeltest.Numbers(xs[f]))
	}
	return d
}

// auc is the area under the ROC curve.
func auc(p []float64, y []uint8) float64 {
	by := make([]int, len(p))
	for i := range by {
		by[i] = i
	}
	slices.SortFunc(by, func(a, b int) int {
		if p[a] < p[b] {
			return -1
		}
		if p[a] > p[b] {
			return 1
		}
		return 0
	})
	var ranks, positives float64
	for i := 0; i < len(by); {
		j := i
		for j < len(by) && p[by[j]] == p[by[i]] {
			j++
		}
		for _, r := range by[i:j] {
			if y[r] == 1 {
				ranks += float64(i+j+1) / 2
				positives++
			}
		}
		i = j
	}
	negatives := float64(len(by)) - positives
	return (ranks - positives*(positives+1)/2) / (positives * negatives)
}

// benchRows is the rows of BenchmarkTrain, or what HTAPDB_BENCH_ROWS says.
func benchRows(b *testing.B) int {
	if s := os.Getenv("HTAPDB_BENCH_ROWS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			b.Fatal(err)
		}
		return n
	}
	return 900_000
}

// Training 100 trees of 31 leaves on 9 of 10 rows, and the AUC on the rest.
func BenchmarkTrain(b *testing.B) {
	n := benchRows(b)
	all := synthetic(n + n/9)
	train, test := rowsOf(all, 0, n), rowsOf(all, n, n+n/9)
	b.ResetTimer()
	var m *ml.Model
	for b.Loop() {
		var err error
		if m, err = modeltest.Train(b.Context(), Boosted{}, nil, train, modeltest.Schedule{Workers: 2}); err != nil {
			b.Fatal(err)
		}
	}
	area := auc(modeltest.Probabilities(b, m, 1, test.Columns), test.Target.Bool)
	if area < 0.9 {
		b.Errorf("AUC %v", area)
	}
	b.ReportMetric(area, "AUC")
}

func rowsOf(d *modeltest.Data, from, to int) *modeltest.Data {
	out := &modeltest.Data{Names: d.Names, Target: d.Target.Slice(from, to)}
	for _, c := range d.Columns {
		out.Columns = append(out.Columns, c.Slice(from, to))
	}
	return out
}

// Prediction by 100 trees of depth 6.
func BenchmarkPredict(b *testing.B) {
	d := synthetic(100_000)
	m, err := modeltest.Train(b.Context(), Boosted{}, map[string]string{"max_depth": "6", "max_leaves": "64"}, d, modeltest.Schedule{Workers: 2})
	if err != nil {
		b.Fatal(err)
	}
	for _, rows := range []int{1, 1024} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			var columns []*vector.Vector
			for _, c := range d.Columns {
				columns = append(columns, c.Slice(0, rows))
			}
			out := vector.New(m.ResultType(), rows)
			b.ReportAllocs()
			for b.Loop() {
				if err := m.Predict(columns, nil, rows, out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
		})
	}
}
