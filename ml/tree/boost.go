package tree

import (
	"context"
	"math"

	"htapdb/ml"
)

// Boosted is gradient boosting: each tree predicts the steepest descent of the loss at
// the sum of the trees before it.
type Boosted struct{}

// categorySmoothing is LightGBM's cat_smooth.
const categorySmoothing = 10

const mostSeed = 1 << 53

var boostedInfo = ml.Info{
	Name: "gbt", Aliases: []string{"boosted_trees", "gradient_boosting", "xgboost", "lightgbm"},
	Tasks: []ml.Task{ml.Regression, ml.Classification},
	Help:  "Gradient-boosted trees: squared error for numbers, logistic loss for two classes, softmax for more.",
	Options: []ml.Option{
		{Name: "trees", Kind: ml.IntegerOption, Default: "100", Min: 1, Max: 100_000, Help: "Rounds of boosting; each makes one tree, or one a class where there are more than two."},
		{Name: "learning_rate", Default: "0.1", Min: 1e-6, Max: 1, Help: "The part of each tree's prediction that is added. Smaller needs more trees and generalizes better."},
		{Name: "max_leaves", Kind: ml.IntegerOption, Default: "31", Min: 2, Max: 65_536, Help: "Most leaves of a tree, which grows where the gain is largest."},
		{Name: "max_depth", Kind: ml.IntegerOption, Default: "0", Max: 1000, Help: "Most questions from the root to a leaf; 0 for any number."},
		{Name: "min_rows", Kind: ml.IntegerOption, Default: "20", Min: 1, Max: math.MaxInt32, Help: "Fewest rows of a leaf."},
		// 0, as LightGBM has it, lets leaves grow without bound where classes are separable
		// and hessians vanish; 1, as XGBoost has it, costs nothing elsewhere.
		{Name: "l2", Default: "1", Max: math.MaxFloat64, Help: "Ridge penalty on the squares of the leaves' values."},
		{Name: "min_gain", Default: "0", Max: math.MaxFloat64, Help: "What a split must take off the loss, times two."},
		{Name: "subsample", Default: "1", Min: 1e-3, Max: 1, Help: "The part of the rows that is drawn for each tree."},
		{Name: "column_sample", Default: "1", Min: 1e-3, Max: 1, Help: "The part of the features that is drawn for each tree, at least one."},
		{Name: "max_bins", Kind: ml.IntegerOption, Default: "255", Min: 2, Max: 255, Help: "Most bins of a number, and most categories of a text that are told apart."},
		{Name: "seed", Kind: ml.IntegerOption, Default: "0", Max: mostSeed, Help: "Makes other draws."},
		ml.TaskOption(),
	},
}

// Info implements ml.Estimator.
func (Boosted) Info() *ml.Info { return &boostedInfo }

// booster is a training of boosted trees.
type booster struct {
	t       *ml.Training
	m       *matrix
	o       *objective
	g       *grower
	e       *ensemble
	memory  *budget
	values  []int64
	inBag   []bool
	rate    float64
	most    float64 // the largest packed gradient
	l2      float64
	seed    uint64
	columns []int32
}

// Fit implements ml.Estimator.
func (Boosted) Fit(ctx context.Context, t *ml.Training) (*ml.Fit, error) {
	m, err := newMatrix(ctx, t, t.Options.Integer("max_bins"))
	if err != nil {
		return nil, err
	}
	b := &booster{t: t, m: m, memory: &budget{t: t}, rate: t.Options.Number("learning_rate"), l2: t.Options.Number("l2"), seed: uint64(t.Options.Number("seed"))}
	if b.o, err = newObjective(ctx, t, m); err != nil {
		return nil, err
	}
	b.e = newEnsemble(m.features, b.o.outputs(), 1)
	stored := roomyUnit(b.o.unit, scoreRoom)
	for k, x := range b.o.base {
		b.e.base[k] = x * stored
	}
	b.e.divisor = stored / b.o.unit
	trees := t.Options.Integer("trees")
	if t.Task() == ml.Classification && len(t.Target.Classes) < 2 {
		trees = 0 // there is nothing to tell apart
	}
	if err := b.prepare(); err != nil {
		return nil, err
	}
	for i := range trees {
		if err := b.round(ctx, i); err != nil {
			return nil, err
		}
		t.Report(readShare+(1-readShare)*float64(i+1)/float64(trees+1), "trees")
	}
	b.memory.release(b.g.held)
	b.g = nil
	if err := b.e.reserveEncoded(b.memory); err != nil {
		return nil, err
	}
	metrics, err := b.o.metrics(ctx)
	if err != nil {
		return nil, err
	}
	fit := &ml.Fit{Fitted: fittedFor(b.e, len(t.Target.Classes), rawScores), Metrics: append(metrics, ml.Metric{Name: "trees", Value: float64(len(b.e.roots))})}
	if t.Task() == ml.Regression {
		if notice := farNotice(t.Target.Name, m.target, b.o.unit); notice != "" {
			fit.Notices = append(fit.Notices, notice)
		}
	}
	t.Report(1, "done")
	return fit, nil
}

// prepare makes what grows trees.
func (b *booster) prepare() error {
	o := b.t.Options
	c := criterion{kind: squares, l2: b.l2, smoothing: categorySmoothing, gradient: 1, hessian: 1}
	layout := gradientLayout()
	b.most = gradientMost
	if b.t.Task() == ml.Classification {
		c.kind, layout, b.most = newton, newtonLayout(), newtonMost
	}
	g := growth{maxLeaves: o.Integer("max_leaves"), maxDepth: o.Integer("max_depth"), minRows: int64(o.Integer("min_rows")),
		minGain: o.Number("min_gain") / b.o.unit / b.o.unit}
	var err error
	if b.g, err = newGrower(b.m, layout, c, g, b.t.Parallel(), b.memory); err != nil {
		return err
	}
	if err := b.memory.take(9 * int64(b.m.rows)); err != nil {
		return err
	}
	b.values = make([]int64, b.m.rows)
	b.g.values = [][]int64{b.values}
	b.columns = make([]int32, len(b.m.features))
	return nil
}

// round adds a tree for each output.
func (b *booster) round(ctx context.Context, round int) error {
	if err := b.o.normalize(ctx, b.t.Parallel()); err != nil {
		return err
	}
	for k := range b.o.outputs() {
		d := newDraw(b.seed, uint64(round), uint64(k))
		if err := b.pack(ctx, k, d); err != nil {
			return err
		}
		// The rows of a round are the same for all of its trees.
		if err := b.sample(ctx, newDraw(b.seed, uint64(round))); err != nil {
			return err
		}
		tree, err := b.g.grow(ctx, b.sampleColumns(newDraw(b.seed, uint64(round), uint64(k), 1)), d)
		if err != nil {
			return err
		}
		if err := b.addTree(ctx, tree, k); err != nil {
			return err
		}
	}
	return nil
}

// pack computes the values that the rows add to histograms for an output: its
// gradients and hessians as integers, rounded up or down at random so that sums have no
// bias. The scale comes from the largest of the round, which no order changes.
func (b *booster) pack(ctx context.Context, output int, d draw) error {
	mostG, mostH, err := b.o.derive(ctx, b.t.Parallel(), output)
	if err != nil {
		return err
	}
	b.g.c.gradient, b.g.c.hessian = mostG/b.most, mostH/b.most
	scaleG, scaleH := inverse(b.g.c.gradient), inverse(b.g.c.hessian)
	lanes := b.g.layout.planes[0]
	return eachChunk(ctx, b.t.Parallel(), b.m.rows, func(_, from, to int) error {
		for r := from; r < to; r++ {
			x := d.at(uint64(r))
			v := int64(1) // the count
			if b.o.hessian != nil {
				v += int64(b.o.hessian[r]*scaleH+float64(uint32(x))*0x1p-32) << lanes[1].shift
			}
			g := int64(math.Floor(b.o.gradient[r]*scaleG + float64(x>>32)*0x1p-32))
			b.values[r] = v + g<<lanes[len(lanes)-1].shift
		}
		return nil
	})
}

// inverse is 1/x, or 0 where that is not finite.
func inverse(x float64) float64 {
	if y := 1 / x; !math.IsInf(y, 0) {
		return y
	}
	return 0
}

// sample draws the rows of a tree by their place in the canonical order.
func (b *booster) sample(ctx context.Context, d draw) error {
	part := b.t.Options.Number("subsample")
	rows := b.g.rows[:0]
	if part < 1 && b.inBag == nil {
		b.inBag = make([]bool, b.m.rows)
	}
	err := eachRow(ctx, b.m.rows, func(r int) {
		in := part >= 1 || d.unit(uint64(r)) < part
		if in {
			rows = append(rows, int32(r))
		}
		if b.inBag != nil {
			b.inBag[r] = in
		}
	})
	b.g.rows = rows
	return err
}

// sampleColumns draws the features of a tree.
func (b *booster) sampleColumns(d draw) []int32 {
	n := max(int(math.Round(b.t.Options.Number("column_sample")*float64(len(b.columns)))), 1)
	d.shuffled(b.columns)
	return ascending(b.columns[:n])
}

// addTree gives the leaves their values, adds them to the scores of the rows, and the
// tree to the ensemble.
func (b *booster) addTree(ctx context.Context, t *grown, output int) error {
	if err := b.e.reserve(t, b.memory); err != nil {
		return err
	}
	var leaves []int
	for i := range t.nodes {
		if t.nodes[i].left == 0 {
			leaves = append(leaves, i)
		}
	}
	values := make([]float64, len(t.nodes))
	scores := b.o.scores[output]
	err := ml.Each(ctx, b.t.Parallel(), len(leaves), func(_, i int) error {
		n := &t.nodes[leaves[i]]
		rows := b.g.rows[n.from:n.to]
		v := b.leafValue(rows)
		values[leaves[i]] = v
		for _, r := range rows {
			scores[r] += v
		}
		return nil
	})
	if err != nil {
		return err
	}
	if b.inBag != nil {
		err = eachChunk(ctx, b.t.Parallel(), b.m.rows, func(_, from, to int) error {
			for r := from; r < to; r++ {
				if !b.inBag[r] {
					scores[r] += values[t.find(b.m, int32(r))]
				}
			}
			return nil
		})
	}
	b.e.add(t, func(i int, out []float64) { out[0] = values[i] * (b.o.unit * b.e.divisor) })
	return err
}

// leafValue is the Newton step of a leaf's rows, from their gradients as they are: the
// integers only decide where trees split. The rows are in canonical order.
func (b *booster) leafValue(rows []int32) float64 {
	g, h := 0.0, b.l2
	for _, r := range rows {
		g += b.o.gradient[r]
	}
	if b.o.hessian == nil {
		h += float64(len(rows))
	} else {
		for _, r := range rows {
			h += b.o.hessian[r]
		}
	}
	if h <= 0 {
		return 0
	}
	return max(min(b.rate*g/h, mostLeaf), -mostLeaf)
}

// mostLeaf bounds a leaf's value: where l2 is 0 and the hessians of separable classes
// vanish a step has no bound, and the difference of two infinite scores is no number. The
// sum of 100,000 such values is finite.
const mostLeaf = 1e300

// scoreRoom is how many times the largest target the sums of a row's leaves have room
// for. What is left of the loss falls with each tree, but a single row's may grow.
const scoreRoom = 1 << 20

// find walks a training row to its leaf.
func (t *grown) find(m *matrix, r int32) int32 {
	at := int32(0)
	for t.nodes[at].left != 0 {
		n := &t.nodes[at]
		at = n.left
		if !n.split.left.has(m.code(n.feature, r)) {
			at++
		}
	}
	return at
}

// Decode implements ml.Estimator.
func (Boosted) Decode(d *ml.Decoder, m *ml.Model) (ml.Fitted, error) {
	outputs := 1
	if n := len(m.Target.Classes); n > 2 || n == 1 {
		outputs = n
	}
	e := decode(d, m, outputs, 1)
	return fittedFor(e, len(m.Target.Classes), rawScores), d.Err()
}
