package tree

import (
	"context"
	"math"

	"htapdb/ml"
)

// Forest is a random forest (Breiman 2001): deep trees, each of rows drawn with
// replacement, each node of features drawn anew. It predicts the mean of its trees, and
// for classes the mean of the shares in their leaves.
type Forest struct{}

// Single is one tree of all rows and features (CART).
type Single struct{}

func treeOptions(first ...ml.Option) []ml.Option {
	return append(first,
		ml.Option{Name: "max_depth", Kind: ml.IntegerOption, Default: "0", Max: 1000, Help: "Most questions from the root to a leaf; 0 for any number."},
		ml.Option{Name: "min_rows", Kind: ml.IntegerOption, Default: "1", Min: 1, Max: math.MaxInt32, Help: "Fewest rows of a leaf."},
		ml.Option{Name: "max_bins", Kind: ml.IntegerOption, Default: "255", Min: 2, Max: 255, Help: "Most bins of a number, and most categories of a text that are told apart."},
		ml.TaskOption())
}

var forestInfo = ml.Info{
	Name: "random_forest", Aliases: []string{"rf"}, Tasks: []ml.Task{ml.Regression, ml.Classification},
	Help: "Mean of trees, each of a sample of rows and features.",
	Options: treeOptions(
		ml.Option{Name: "trees", Kind: ml.IntegerOption, Default: "100", Min: 1, Max: 100_000, Help: "Number of trees."},
		ml.Option{Name: "column_sample", Default: "auto", Min: 1e-3, Max: 1, Choices: []string{"auto", "sqrt"},
			Help: "The part of the features that is drawn for each node. sqrt is the square root of their number; auto is that for classes, and a third of them for numbers."},
		ml.Option{Name: "bootstrap", Kind: ml.BoolOption, Default: "true", Help: "Whether each tree has rows drawn with replacement; else it has all."},
		ml.Option{Name: "seed", Kind: ml.IntegerOption, Default: "0", Max: mostSeed, Help: "Makes other draws."}),
}

var singleInfo = ml.Info{
	Name: "decision_tree", Aliases: []string{"cart"}, Tasks: []ml.Task{ml.Regression, ml.Classification},
	Help: "One tree of questions to single features.",
	Options: treeOptions(
		ml.Option{Name: "max_leaves", Kind: ml.IntegerOption, Default: "0", Max: 65_536, Help: "Most leaves, which grow where the gain is largest; 0 for any number."}),
}

// Info implements ml.Estimator.
func (Forest) Info() *ml.Info { return &forestInfo }

// Info implements ml.Estimator.
func (Single) Info() *ml.Info { return &singleInfo }

// planter is a training of a forest.
type planter struct {
	t         *ml.Training
	m         *matrix
	e         *ensemble
	memory    *budget
	trees     int
	bootstrap bool
	seed      uint64
	// unit is what targets are divided by, mean their mean then; stored is the unit that
	// leaves are kept in (roomyUnit); width the values of a leaf.
	unit, mean, scale float64
	stored            float64
	width             int
	// layout, criterion and growth are those of all growers.
	layout    layout
	criterion criterion
	growth    growth
	beds      []*bed
	// votes are the sums of the leaves' values, by row, of the trees that have not seen
	// the row (of all where there is no bootstrap), and voters their number.
	votes  []float64
	voters []int32
}

// bed is where one tree grows at a time.
type bed struct {
	g *grower
	// weight is how often each row was drawn.
	weight []uint8
	values [][]int64
	tree   *grown
}

// Fit implements ml.Estimator.
func (Forest) Fit(ctx context.Context, t *ml.Training) (*ml.Fit, error) {
	p := &planter{t: t, memory: &budget{t: t}, trees: t.Options.Integer("trees"), bootstrap: t.Options.Bool("bootstrap"), seed: uint64(t.Options.Number("seed"))}
	n := float64(len(t.Features))
	part := t.Options.Number("column_sample") * n
	switch word := t.Options.Choice("column_sample"); {
	case word == "sqrt" || word == "auto" && t.Task() == ml.Classification:
		part = math.Sqrt(n)
	case word == "auto":
		part = n / 3
	}
	perNode := max(int(math.Round(part)), 1)
	if perNode == len(t.Features) {
		perNode = 0
	}
	return p.fit(ctx, growth{perNode: perNode})
}

// Fit implements ml.Estimator.
func (Single) Fit(ctx context.Context, t *ml.Training) (*ml.Fit, error) {
	p := &planter{t: t, memory: &budget{t: t}, trees: 1}
	return p.fit(ctx, growth{maxLeaves: t.Options.Integer("max_leaves")})
}

func (p *planter) fit(ctx context.Context, g growth) (*ml.Fit, error) {
	g.maxDepth, g.minRows, g.exhaust = p.t.Options.Integer("max_depth"), int64(p.t.Options.Integer("min_rows")), true
	var err error
	if p.m, err = newMatrix(ctx, p.t, p.t.Options.Integer("max_bins")); err != nil {
		return nil, err
	}
	if err := p.prepare(ctx, g); err != nil {
		return nil, err
	}
	for from := 0; from < p.trees; {
		n, err := p.plantSome(ctx, from)
		from += n
		if outOfMemory(err) && len(p.beds) > 1 {
			// Fewer trees at a time have room, and they are the same trees.
			err = p.makeBeds(len(p.beds) / 2)
		}
		if err != nil {
			return nil, err
		}
		p.t.Report(readShare+(1-readShare)*float64(from)/float64(p.trees+1), "trees")
	}
	p.dropBeds()
	if err := p.e.reserveEncoded(p.memory); err != nil {
		return nil, err
	}
	p.e.divisor = float64(p.trees) * (p.stored / p.unit)
	metrics, err := p.metrics(ctx)
	if err != nil {
		return nil, err
	}
	fit := &ml.Fit{Fitted: fittedFor(p.e, len(p.t.Target.Classes), shareScores), Metrics: metrics}
	p.t.Report(1, "done")
	return fit, nil
}

// prepare makes what grows trees: a bed a worker, or all workers on the only tree.
func (p *planter) prepare(ctx context.Context, g growth) error {
	n := p.m.rows
	l, c := gradientLayout(), criterion{kind: squares, gradient: 1}
	p.unit, p.stored, p.width = 1, 1, 1
	if p.t.Task() == ml.Classification {
		p.width = len(p.t.Target.Classes)
		l, c = classLayout(p.width), criterion{kind: gini}
	} else {
		if err := p.center(ctx); err != nil {
			return err
		}
	}
	p.e = newEnsemble(p.m.features, p.width, p.width)
	if err := p.memory.take(int64(n) * int64(8*p.width+4)); err != nil {
		return err
	}
	p.votes, p.voters = make([]float64, n*p.width), make([]int32, n)
	p.layout, p.criterion, p.growth = l, c, g
	return p.makeBeds(min(p.t.Parallel(), p.trees))
}

// plantSome grows the trees from a number on, one a bed, and takes them into the forest.
// It returns how many were taken.
func (p *planter) plantSome(ctx context.Context, from int) (int, error) {
	beds := p.beds[:min(len(p.beds), p.trees-from)]
	if err := ml.Each(ctx, len(beds), len(beds), func(_, i int) error { return p.plant(ctx, beds[i], from+i) }); err != nil {
		return 0, err
	}
	for i, b := range beds {
		if err := p.harvest(ctx, b); err != nil {
			return i, err
		}
	}
	return len(beds), nil
}

// makeBeds replaces the beds by at most so many: as many as there is memory for, at
// least one.
func (p *planter) makeBeds(most int) error {
	for beds := most; ; beds /= 2 {
		p.dropBeds()
		if err := p.tryBeds(beds); err == nil || beds == 1 || !outOfMemory(err) {
			return err
		}
	}
}

// dropBeds releases the beds' memory.
func (p *planter) dropBeds() {
	for _, b := range p.beds {
		p.memory.release(b.g.held)
	}
	p.beds = nil
}

// tryBeds makes so many beds, which share the workers.
func (p *planter) tryBeds(beds int) error {
	n := p.m.rows
	for range beds {
		grower, err := newGrower(p.m, p.layout, p.criterion, p.growth, p.t.Parallel()/beds, p.memory)
		if err != nil {
			return err
		}
		b := &bed{g: grower}
		p.beds = append(p.beds, b)
		if err := grower.take(int64(n) * int64(1+8*len(p.layout.planes))); err != nil {
			return err
		}
		b.weight = make([]uint8, n)
		for range p.layout.planes {
			b.values = append(b.values, make([]int64, n))
		}
		grower.values = b.values
		if p.m.class == nil {
			grower.unit = inverse(p.scale)
		}
	}
	return nil
}

// center brings the targets to a unit and finds the scale of their integers.
func (p *planter) center(ctx context.Context) error {
	p.unit = unitOf(p.m.target)
	p.stored = roomyUnit(p.unit, p.trees)
	err := eachRow(ctx, p.m.rows, func(r int) {
		p.m.target[r] /= p.unit
		p.mean += p.m.target[r]
	})
	if err != nil {
		return err
	}
	p.mean /= float64(p.m.rows)
	far := 0.0
	err = eachRow(ctx, p.m.rows, func(r int) { far = max(far, math.Abs(p.m.target[r]-p.mean)) })
	p.scale = inverse(far / gradientMost)
	return err
}

// plant draws the rows of a tree and grows it.
func (p *planter) plant(ctx context.Context, b *bed, number int) error {
	if err := p.draw(ctx, b, newDraw(p.seed, uint64(number))); err != nil {
		return err
	}
	err := eachRow(ctx, p.m.rows, func(r int) {
		w := b.weight[r]
		if p.m.class != nil {
			plane, at := int(p.m.class[r])/classesPerPlane, int(p.m.class[r])%classesPerPlane
			for i := range b.values {
				b.values[i][r] = 0
			}
			b.values[plane][r] = int64(w) << b.g.layout.planes[plane][at].shift
			return
		}
		b.values[0][r] = gradientValue(int64(w), (p.m.target[r]-p.mean)*p.scale)
	})
	if err != nil {
		return err
	}
	features := make([]int32, len(p.m.features))
	for i := range features {
		features[i] = int32(i)
	}
	tree, err := b.g.grow(ctx, features, newDraw(p.seed, uint64(number), 1))
	b.tree = tree
	return err
}

// draw draws as many rows as there are, with replacement, or takes each once.
func (p *planter) draw(ctx context.Context, b *bed, d draw) error {
	if p.bootstrap {
		clear(b.weight)
		err := eachRow(ctx, p.m.rows, func(i int) {
			if r := d.below(uint64(i), p.m.rows); b.weight[r] < maxWeight {
				b.weight[r]++
			}
		})
		if err != nil {
			return err
		}
	} else {
		for r := range b.weight {
			b.weight[r] = 1
		}
	}
	b.g.rows = b.g.rows[:0]
	return eachRow(ctx, p.m.rows, func(r int) {
		if b.weight[r] > 0 {
			b.g.rows = append(b.g.rows, int32(r))
		}
	})
}

// harvest takes a tree into the forest and lets it vote on the rows that it was not
// made from. Votes are added tree by tree, in the order of their numbers.
func (p *planter) harvest(ctx context.Context, b *bed) error {
	if err := p.e.reserve(b.tree, p.memory); err != nil {
		return err
	}
	first := len(p.e.nodes)
	p.e.add(b.tree, func(i int, out []float64) { p.leafValues(b, &b.tree.nodes[i], out) })
	return eachChunk(ctx, p.t.Parallel(), p.m.rows, func(_, from, to int) error {
		for r := from; r < to; r++ {
			if p.bootstrap && b.weight[r] > 0 {
				continue
			}
			votes := p.votes[r*p.width:][:p.width]
			at := int(p.e.leaf[first+int(b.tree.find(p.m, int32(r)))])
			for i, v := range p.e.values[at : at+p.width] {
				votes[i] += v / p.stored
			}
			p.voters[r]++
		}
		return nil
	})
}

// leafValues writes the shares of the classes in a leaf, or the mean of its rows, which
// are in canonical order.
func (p *planter) leafValues(b *bed, n *grownNode, out []float64) {
	if p.m.class != nil {
		rows := float64(b.g.c.count(n.sums))
		for i, x := range n.sums {
			out[i] = float64(x) / rows
		}
		return
	}
	rows, sum := 0.0, 0.0
	for _, r := range b.g.rows[n.from:n.to] {
		w := float64(b.weight[r])
		sum += w * p.m.target[r]
		rows += w
	}
	out[0] = sum / rows * p.stored
}

// metrics are those of the votes: with a bootstrap of the trees that have not seen a
// row ("out of bag"), which is how the forest does on new rows.
func (p *planter) metrics(ctx context.Context) ([]ml.Metric, error) {
	prefix := ""
	if p.bootstrap {
		prefix = "oob_"
	}
	trees := ml.Metric{Name: "trees", Value: float64(p.trees)}
	if p.m.class == nil {
		out, err := squareMetrics(ctx, prefix, p.m.target, p.unit, func(r int) (float64, bool) {
			return p.votes[r] / float64(p.voters[r]), p.voters[r] > 0
		})
		return append(out, trees), err
	}
	right, judged := 0.0, 0.0
	err := eachRow(ctx, p.m.rows, func(r int) {
		if p.voters[r] == 0 {
			return
		}
		judged++
		if most(p.votes[r*p.width:][:p.width]) == int(p.m.class[r]) {
			right++
		}
	})
	return []ml.Metric{{Name: prefix + "accuracy", Value: right / judged}, trees}, err
}

// Decode implements ml.Estimator.
func (Forest) Decode(d *ml.Decoder, m *ml.Model) (ml.Fitted, error) { return decodeForest(d, m) }

// Decode implements ml.Estimator.
func (Single) Decode(d *ml.Decoder, m *ml.Model) (ml.Fitted, error) { return decodeForest(d, m) }

func decodeForest(d *ml.Decoder, m *ml.Model) (ml.Fitted, error) {
	width := max(len(m.Target.Classes), 1)
	e := decode(d, m, width, width)
	return fittedFor(e, len(m.Target.Classes), shareScores), d.Err()
}
