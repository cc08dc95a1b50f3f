package tree

import (
	"context"
	"math"
	"math/bits"
	"sync"

	"htapdb/ml"
)

// objective is the loss that boosting lowers: it knows the scores of the rows, and
// their gradients and hessians.
type objective struct {
	m       *matrix
	task    ml.Task
	classes int
	// unit is the power of two that targets are divided by, so that their squares and sums
	// have room; 1 for classes.
	unit float64
	// base is what the scores begin with.
	base []float64
	// scores are those of the rows by output; shares, of more than two classes, their
	// probabilities at the beginning of the round.
	scores, shares [][]float64
	// gradient and hessian are those of the rows for the output at hand; the hessians of
	// squares are 1, and not kept.
	gradient, hessian []float64
}

// newObjective returns the loss for a task.
func newObjective(ctx context.Context, t *ml.Training, m *matrix) (*objective, error) {
	o := &objective{m: m, task: t.Task(), classes: len(t.Target.Classes), unit: 1}
	outputs := o.outputs()
	perRow := 8*outputs + 8
	if o.task == ml.Classification {
		perRow += 8
		if outputs > 1 {
			perRow += 8 * outputs
		}
	}
	if err := t.Reserve(int64(perRow) * int64(m.rows)); err != nil {
		return nil, err
	}
	o.gradient = make([]float64, m.rows)
	if o.task == ml.Classification {
		o.hessian = make([]float64, m.rows)
	}
	if err := o.begin(ctx); err != nil {
		return nil, err
	}
	for k := range outputs {
		scores := make([]float64, m.rows)
		for i := range scores {
			scores[i] = o.base[k]
		}
		o.scores = append(o.scores, scores)
		if outputs > 1 {
			o.shares = append(o.shares, make([]float64, m.rows))
		}
	}
	return o, nil
}

// outputs is how many scores a row has.
func (o *objective) outputs() int {
	switch {
	case o.task == ml.Regression || o.classes == 2:
		return 1
	}
	return o.classes
}

// begin computes the scores that lose least without any tree.
func (o *objective) begin(ctx context.Context) error {
	if o.task == ml.Regression {
		o.unit = unitOf(o.m.target)
		sum := 0.0
		err := eachRow(ctx, o.m.rows, func(r int) {
			o.m.target[r] /= o.unit
			sum += o.m.target[r]
		})
		o.base = []float64{sum / float64(o.m.rows)}
		return err
	}
	share := make([]float64, o.classes)
	err := eachRow(ctx, o.m.rows, func(r int) { share[o.m.class[r]] += 1 / float64(o.m.rows) })
	if o.classes == 2 {
		o.base = []float64{math.Log(share[1] / share[0])}
		return err
	}
	o.base = make([]float64, o.classes)
	for k, p := range share {
		o.base[k] = math.Log(p)
	}
	return err
}

// unitOf is the power of two above the largest of xs.
func unitOf(xs []float64) float64 {
	most := 0.0
	for _, x := range xs {
		most = max(most, math.Abs(x))
	}
	_, exponent := math.Frexp(most)
	return math.Ldexp(1, min(exponent, 1023))
}

// roomyUnit returns the unit that values of up to two units are stored in so that sums of
// so many of them are finite: unit, or where that is too large a smaller power of two.
func roomyUnit(unit float64, values int) float64 {
	_, exponent := math.Frexp(unit)
	if over := exponent + bits.Len(uint(values)) - 1023; over > 0 {
		return math.Ldexp(unit, -over)
	}
	return unit
}

// normalize computes the probabilities of the round from the scores.
func (o *objective) normalize(ctx context.Context, workers int) error {
	if o.shares == nil {
		return nil
	}
	return eachChunk(ctx, workers, o.m.rows, func(_, from, to int) error {
		row := make([]float64, o.classes)
		for r := from; r < to; r++ {
			for k := range row {
				row[k] = o.scores[k][r]
			}
			softmax(row)
			for k := range row {
				o.shares[k][r] = row[k]
			}
		}
		return nil
	})
}

// softmax makes probabilities of scores.
func softmax(x []float64) {
	most := x[0]
	for _, v := range x {
		most = max(most, v)
	}
	sum := 0.0
	for i, v := range x {
		x[i] = math.Exp(v - most)
		sum += x[i]
	}
	for i := range x {
		x[i] /= sum
	}
}

// logistic is 1/(1+e^−x).
func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// derive computes gradients and hessians for an output, and the largest of each.
func (o *objective) derive(ctx context.Context, workers, output int) (mostG, mostH float64, err error) {
	var mu sync.Mutex
	err = eachChunk(ctx, workers, o.m.rows, func(_, from, to int) error {
		g, h := o.deriveRows(output, from, to)
		mu.Lock()
		defer mu.Unlock()
		mostG, mostH = max(mostG, g), max(mostH, h)
		return nil
	})
	return mostG, mostH, err
}

func (o *objective) deriveRows(output, from, to int) (mostG, mostH float64) {
	scores, gradient := o.scores[output][from:to], o.gradient[from:to]
	if o.task == ml.Regression {
		for i, y := range o.m.target[from:to] {
			gradient[i] = y - scores[i]
			mostG = max(mostG, math.Abs(gradient[i]))
		}
		return mostG, 1
	}
	positive, factor := int32(output), float64(o.classes)/float64(o.classes-1)
	if o.shares == nil {
		positive, factor = 1, 1
	}
	hessian := o.hessian[from:to]
	for i, c := range o.m.class[from:to] {
		var p float64
		if o.shares == nil {
			p = logistic(scores[i])
		} else {
			p = o.shares[output][from+i]
		}
		y := 0.0
		if c == positive {
			y = 1
		}
		// The softmax's K scores have a degree of freedom too many, which makes steps along
		// each alone too long by K/(K−1) (Friedman 2001, algorithm 6).
		g, h := y-p, p*(1-p)*factor
		gradient[i], hessian[i] = g, h
		mostG, mostH = max(mostG, math.Abs(g)), max(mostH, h)
	}
	return mostG, mostH
}

// metrics tell how well the scores fit the training rows. The sums run over the rows in
// their canonical order.
func (o *objective) metrics(ctx context.Context) ([]ml.Metric, error) {
	n := float64(o.m.rows)
	if o.task == ml.Regression {
		return squareMetrics(ctx, "", o.m.target, o.unit, func(r int) (float64, bool) { return o.scores[0][r], true })
	}
	loss, right := 0.0, 0.0
	row := make([]float64, max(o.classes, 2))
	err := eachRow(ctx, o.m.rows, func(r int) {
		c := o.m.class[r]
		if o.classes == 2 {
			row[1] = logistic(o.scores[0][r])
			row[0] = 1 - row[1]
		} else {
			for k := range o.classes {
				row[k] = o.scores[k][r]
			}
			softmax(row[:o.classes])
		}
		loss -= math.Log(max(row[c], math.SmallestNonzeroFloat64))
		if most(row[:o.classes]) == int(c) {
			right++
		}
	})
	return []ml.Metric{{Name: "log_loss", Value: loss / n}, {Name: "accuracy", Value: right / n}}, err
}

// most is the place of the largest value, the first of equals.
func most(xs []float64) int {
	at := 0
	for i, x := range xs {
		if x > xs[at] {
			at = i
		}
	}
	return at
}

// squareMetrics are rmse and r2, with a prefix, of the rows that have a prediction.
// Targets and predictions are in units.
func squareMetrics(ctx context.Context, prefix string, target []float64, unit float64, predict func(r int) (float64, bool)) ([]ml.Metric, error) {
	n, mean := 0.0, 0.0
	err := eachRow(ctx, len(target), func(r int) {
		if _, ok := predict(r); ok {
			n++
			mean += target[r]
		}
	})
	if err != nil {
		return nil, err
	}
	mean /= n
	residual, total := 0.0, 0.0
	err = eachRow(ctx, len(target), func(r int) {
		if p, ok := predict(r); ok {
			y := target[r]
			residual += (y - p) * (y - p)
			total += (y - mean) * (y - mean)
		}
	})
	out := []ml.Metric{{Name: prefix + "rmse", Value: math.Sqrt(residual/n) * unit}}
	if total > 0 {
		out = append(out, ml.Metric{Name: prefix + "r2", Value: 1 - residual/total})
	}
	return out, err
}
