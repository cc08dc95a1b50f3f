package cluster

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"htapdb/ml"
	"htapdb/ml/exact"
)

// KMeans groups rows around k centers, so that the sum of the squared distances to the
// nearest one is small: k-means++ (Arthur and Vassilvitskii 2007) chooses the rows to
// begin with, Lloyd's steps with Hamerly's bounds (2010) move the centers.
type KMeans struct{}

var kmeansInfo = ml.Info{
	Name: "kmeans", Aliases: []string{"k_means"}, Tasks: []ml.Task{ml.Clustering}, Complete: true,
	Help: "Groups of rows around centers.",
	Options: []ml.Option{
		{Name: "k", Kind: ml.IntegerOption, Default: "3", Min: 1, Max: 10000, Help: "Number of clusters."},
		{Name: "standardize", Kind: ml.BoolOption, Default: "true", Help: "Whether numbers are divided by their standard deviation, so that their units do not matter."},
		{Name: "starts", Kind: ml.IntegerOption, Default: "3", Min: 1, Max: 100, Help: "How often to begin with other rows; the best result counts."},
		{Name: "max_iter", Kind: ml.IntegerOption, Default: "300", Min: 1, Max: 100000, Help: "Most steps a start."},
		{Name: "tol", Default: "1e-4", Max: 1, Help: "Steps end when the centers move by less than this share of the variance, or no row changes its cluster."},
		{Name: "seed", Kind: ml.IntegerOption, Default: "42", Max: 1 << 53, Help: "Decides which rows are begun with."},
	},
}

// Info implements ml.Estimator.
func (KMeans) Info() *ml.Info { return &kmeansInfo }

// Fit implements ml.Estimator.
func (KMeans) Fit(ctx context.Context, t *ml.Training) (*ml.Fit, error) {
	frame, err := t.Frame(ctx)
	if err != nil {
		return nil, err
	}
	t.Report(0, "reading rows")
	c, err := newCloud(ctx, t, frame, t.Options.Bool("standardize"))
	if err != nil {
		return nil, err
	}
	k, starts, most := t.Options.Integer("k"), t.Options.Integer("starts"), t.Options.Integer("max_iter")
	l := newLloyd(c, k, t.Options.Number("tol"))
	if err := t.Reserve(l.bytes()); err != nil {
		return nil, err
	}
	l.allocate()
	if err := l.quantize(ctx); err != nil {
		return nil, err
	}
	if err := l.hash(ctx); err != nil {
		return nil, err
	}
	var best *solution
	for start := range starts {
		report := func(step int) {
			t.Report((float64(start)+float64(step)/float64(most+1))/float64(starts), fmt.Sprintf("start %d, step %d", start+1, step))
		}
		report(0)
		s, err := l.run(ctx, uint64(t.Options.Integer("seed"))+uint64(start)<<56, most, report)
		if err != nil {
			return nil, err
		}
		if best == nil || s.inertia < best.inertia {
			best = s
		}
	}
	t.Report(1, "done")
	best.order()
	f := &fitted{layout: c.layout, centers: best.centers, counts: best.counts}
	out := &ml.Fit{Fitted: f, Metrics: []ml.Metric{{Name: "inertia", Value: best.inertia}, {Name: "clusters", Value: float64(len(best.counts))},
		{Name: "iterations", Value: float64(best.steps)}, {Name: "converged", Value: 0}}}
	if best.converged {
		out.Metrics[3].Value = 1
	} else {
		out.Notices = append(out.Notices, fmt.Sprintf("the centers still moved after max_iter = %d steps", most))
	}
	if n := len(best.counts); n < k {
		out.Notices = append(out.Notices, fmt.Sprintf("there are %d clusters instead of %d, because there are no more distinct rows", n, k))
	}
	return out, nil
}

// solution is the result of a start.
type solution struct {
	// centers are the coordinates of the clusters, one after the other.
	centers   []float64
	counts    []int64
	inertia   float64
	steps     int
	converged bool
}

// order numbers the clusters by size, and those of a size by their coordinates.
func (s *solution) order() {
	d := len(s.centers) / len(s.counts)
	by := make([]int, len(s.counts))
	for i := range by {
		by[i] = i
	}
	center := func(i int) []float64 { return s.centers[i*d : (i+1)*d] }
	slices.SortFunc(by, func(a, b int) int {
		if c := cmp.Compare(s.counts[b], s.counts[a]); c != 0 {
			return c
		}
		return slices.Compare(center(a), center(b))
	})
	var centers []float64
	var counts []int64
	for _, i := range by {
		centers, counts = append(centers, center(i)...), append(counts, s.counts[i])
	}
	s.centers, s.counts = centers, counts
}

// lloyd is the state of the steps.
type lloyd struct {
	*cloud
	k   int
	tol float64
	// variance is the mean of the coordinates' variances.
	variance float64
	// units are by coordinate how many steps a coordinate's 1 is divided into: sums of
	// such integers do not depend on their order.
	units []float64

	// hashes are those of the rows' coordinates, times how many rows are equal; see begin.
	hashes [][]uint64
	times  map[uint64]int32

	// The fields below are by row, in chunks: the cluster, a bound that its distance
	// does not exceed, and one that no other cluster is nearer than. While centers are
	// chosen, upper has the squared distance to the nearest.
	label        [][]int32
	upper, lower [][]float64

	centers []float64
	// half is, by center, half of the distance to its nearest other.
	half []float64
	// sums and counts are those of each cluster's rows.
	sums   []int64
	counts []int64
	// parts are the changes of sums and counts that a worker has found.
	parts []part
}

// part is what a worker adds to the sums.
type part struct {
	sums    []int64
	counts  []int64
	changed int
}

func newLloyd(c *cloud, k int, tol float64) *lloyd {
	return &lloyd{cloud: c, k: min(k, c.rows), tol: tol}
}

// bytes is what allocate and hash take: labels, bounds and hashes a row, the hashes once
// more in order, and a part a worker, which has what it changes.
func (l *lloyd) bytes() int64 {
	return int64(l.rows)*36 + int64(l.workers+4)*int64(l.k)*int64(l.dims+2)*8
}

func (l *lloyd) allocate() {
	n := len(l.chunks)
	l.label, l.upper, l.lower = make([][]int32, n), make([][]float64, n), make([][]float64, n)
	for i, b := range l.chunks {
		rows := len(b) / l.dims
		l.label[i], l.upper[i], l.lower[i] = make([]int32, rows), make([]float64, rows), make([]float64, rows)
	}
	for range l.workers {
		l.parts = append(l.parts, part{sums: make([]int64, l.k*l.dims), counts: make([]int64, l.k)})
	}
	l.half, l.sums, l.counts = make([]float64, l.k), make([]int64, l.k*l.dims), make([]int64, l.k)
}

// quantize chooses the units, so that the sum of all rows fits into 62 bits: of 10
// million rows a coordinate has 38 bits of its largest, 4e-12.
func (l *lloyd) quantize(ctx context.Context) error {
	largest := make([][]float64, len(l.chunks))
	if err := each(ctx, len(l.chunks), l.workers, func(_, i int) {
		top := make([]float64, l.dims)
		for at, x := range l.chunks[i] {
			j := at % l.dims
			top[j] = max(top[j], math.Abs(x))
		}
		largest[i] = top
	}); err != nil {
		return err
	}
	l.units = make([]float64, l.dims)
	room := min(52, 62-bits.Len(uint(l.rows)))
	for j := range l.units {
		top := 0.0
		for _, t := range largest {
			top = max(top, t[j])
		}
		l.units[j] = 1
		if top > 0 {
			l.units[j] = math.Ldexp(1, max(-1000, min(1000, room-exponent(top))))
		}
	}
	// The variance decides when the steps end, and must not depend on the order either.
	sums := make([]exact.Sum, l.workers)
	if err := each(ctx, len(l.chunks), l.workers, func(w, i int) {
		for at, x := range l.chunks[i] {
			q := math.Round(x*l.units[at%l.dims]) / l.units[at%l.dims]
			sums[w].AddProduct(q, q)
		}
	}); err != nil {
		return err
	}
	for i := range sums[1:] {
		sums[0].Merge(&sums[i+1])
	}
	// Numbers are centred: their mean square is their variance.
	l.variance = sums[0].Float() / float64(l.rows) / float64(l.dims)
	return nil
}

// run is a start.
func (l *lloyd) run(ctx context.Context, seed uint64, most int, report func(step int)) (*solution, error) {
	if err := l.begin(ctx, seed); err != nil {
		return nil, err
	}
	k := len(l.centers) / l.dims
	clear(l.sums)
	clear(l.counts)
	for i := range l.chunks {
		for r := range l.label[i] {
			l.label[i][r], l.upper[i][r], l.lower[i][r] = -1, math.Inf(1), 0
		}
	}
	s := &solution{}
	for s.steps < most {
		changed, err := l.assign(ctx, k)
		if err != nil {
			return nil, err
		}
		if changed == 0 {
			s.converged = true
			break
		}
		s.steps++
		report(s.steps)
		moved, err := l.move(ctx, k)
		if err != nil {
			return nil, err
		}
		if moved <= l.tol*l.variance {
			s.converged = true
			break
		}
	}
	s.centers = slices.Clone(l.centers)
	return s, l.finish(ctx, s)
}

// assign gives each row the nearest center, and returns how many rows have another
// than before. Rows whose bounds say that it is still the same are not looked at.
func (l *lloyd) assign(ctx context.Context, k int) (changed int, err error) {
	d := l.dims
	if err := each(ctx, k, l.workers, func(_, c int) {
		near := math.Inf(1)
		for o := range k {
			if o != c {
				near = min(near, distance(l.centers[c*d:(c+1)*d], l.centers[o*d:(o+1)*d]))
			}
		}
		l.half[c] = math.Sqrt(near) / 2
	}); err != nil {
		return 0, err
	}
	for w := range l.parts {
		l.parts[w].clear()
	}
	if err := each(ctx, len(l.chunks), l.workers, func(w, i int) { l.assignChunk(ctx, &l.parts[w], i, k) }); err != nil {
		return 0, err
	}
	for w := range l.parts {
		p := &l.parts[w]
		if p.changed == 0 {
			continue
		}
		changed += p.changed
		for j, v := range p.sums {
			l.sums[j] += v
		}
		for j, v := range p.counts {
			l.counts[j] += v
		}
	}
	return changed, nil
}

func (p *part) clear() {
	clear(p.sums)
	clear(p.counts)
	p.changed = 0
}

func (l *lloyd) assignChunk(ctx context.Context, p *part, i, k int) {
	d, look := l.dims, looking(k*l.dims)
	label, upper, lower := l.label[i], l.upper[i], l.lower[i]
	for r := range label {
		if r%look == 0 && ctx.Err() != nil {
			return
		}
		x := l.chunks[i][r*d : (r+1)*d]
		old := label[r]
		if old >= 0 {
			bound := max(l.half[old], lower[r])
			if upper[r] <= bound {
				continue
			}
			if upper[r] = math.Sqrt(distance(x, l.centers[int(old)*d:(int(old)+1)*d])); upper[r] <= bound {
				continue
			}
		}
		c, first, second := nearest(x, l.centers, k)
		upper[r], lower[r] = math.Sqrt(first), math.Sqrt(second)
		if int32(c) == old {
			continue
		}
		label[r] = int32(c)
		p.changed++
		p.counts[c]++
		if old >= 0 {
			p.counts[old]--
		}
		for j, v := range x {
			q := int64(math.Round(v * l.units[j]))
			p.sums[c*d+j] += q
			if old >= 0 {
				p.sums[int(old)*d+j] -= q
			}
		}
	}
}

// nearest returns the nearest of k centers, the first one of several, and the squares
// of its distance and of the second nearest's.
func nearest(x, centers []float64, k int) (c int, first, second float64) {
	d := len(x)
	first, second = math.Inf(1), math.Inf(1)
	for o := range k {
		switch square := distance(x, centers[o*d:(o+1)*d]); {
		case square < first:
			c, first, second = o, square, first
		case square < second:
			second = square
		}
	}
	return c, first, second
}

// move puts the centers to the means of their rows, and returns the sum of the squares
// of the distances by which they moved.
func (l *lloyd) move(ctx context.Context, k int) (moved float64, err error) {
	d := l.dims
	far, reach := 0.0, make([]float64, k)
	taken := map[place]bool{}
	for c := range k {
		old := slices.Clone(l.centers[c*d : (c+1)*d])
		if l.counts[c] == 0 {
			// It has lost all its rows: it begins again at the row that is worst off.
			row, at, err := l.farthest(ctx, taken)
			if err != nil {
				return 0, err
			}
			taken[at] = true
			copy(l.centers[c*d:], row)
		} else {
			for j := range d {
				l.centers[c*d+j] = float64(l.sums[c*d+j]) / float64(l.counts[c]) / l.units[j]
			}
		}
		square := distance(old, l.centers[c*d:(c+1)*d])
		moved += square
		reach[c] = math.Sqrt(square)
		far = max(far, reach[c])
	}
	return moved, each(ctx, len(l.chunks), l.workers, func(_, i int) {
		upper, lower := l.upper[i], l.lower[i]
		for r, c := range l.label[i] {
			upper[r] += reach[c]
			lower[r] -= far
		}
	})
}

// place is where a row is.
type place struct{ chunk, row int }

// farthest returns the row whose distance to its center is largest, and where it is; of
// several the one with the smallest coordinates.
func (l *lloyd) farthest(ctx context.Context, taken map[place]bool) (row []float64, at place, err error) {
	type candidate struct {
		square float64
		row    []float64
		at     place
	}
	d := l.dims
	found := make([]candidate, len(l.chunks))
	err = each(ctx, len(l.chunks), l.workers, func(_, i int) {
		best := candidate{square: -1}
		for r, c := range l.label[i] {
			x := l.chunks[i][r*d : (r+1)*d]
			square := distance(x, l.centers[int(c)*d:(int(c)+1)*d])
			if (square > best.square || square == best.square && slices.Compare(x, best.row) < 0) && !taken[place{i, r}] {
				best = candidate{square, x, place{i, r}}
			}
		}
		found[i] = best
	})
	best := candidate{square: -1}
	for _, f := range found {
		if f.row != nil && (f.square > best.square || f.square == best.square && slices.Compare(f.row, best.row) < 0) {
			best = f
		}
	}
	return best.row, best.at, err
}

// finish counts the rows of the solution's clusters and sums their squared distances.
// Clusters without rows go.
func (l *lloyd) finish(ctx context.Context, s *solution) error {
	d := l.dims
	k := len(s.centers) / d
	sums, look := make([]exact.Sum, l.workers), looking(k*d)
	for w := range l.parts {
		l.parts[w].clear()
	}
	if err := each(ctx, len(l.chunks), l.workers, func(w, i int) {
		for r := range l.label[i] {
			if r%look == 0 && ctx.Err() != nil {
				return
			}
			c, square, _ := nearest(l.chunks[i][r*d:(r+1)*d], s.centers, k)
			sums[w].Add(square)
			l.parts[w].counts[c]++
		}
	}); err != nil {
		return err
	}
	counts := make([]int64, k)
	var inertia exact.Sum
	for w := range sums {
		inertia.Merge(&sums[w])
		for c := range counts {
			counts[c] += l.parts[w].counts[c]
		}
	}
	s.inertia = inertia.Float()
	var centers []float64
	for c, n := range counts {
		if n > 0 {
			centers, s.counts = append(centers, s.centers[c*d:(c+1)*d]...), append(s.counts, n)
		}
	}
	s.centers = centers
	return nil
}
