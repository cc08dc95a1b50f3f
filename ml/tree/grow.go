package tree

import (
	"context"
	"slices"
	"sync"

	"htapdb/ml"
)

// growth bounds a tree.
type growth struct {
	// maxLeaves is 0 for as many as there can be: then nodes are split depth first, and
	// else by gain. maxDepth is 0 for any.
	maxLeaves, maxDepth int
	minRows             int64
	// minGain is what a split has to gain more than.
	minGain float64
	// exhaust splits nodes as long as their rows differ in the outcome, even where the
	// best split alone gains nothing, as with the parity of two features.
	exhaust bool
	// perNode is how many features are drawn for each node, 0 for all of the tree's.
	perNode int
}

// grown is a tree in terms of codes. It is the grower's, and gone when the next tree
// grows.
type grown struct {
	nodes []grownNode
}

// grownBytes is what a node takes: a grownNode, and 20 bytes while its tree is taken
// over, for the depth, the value and the place of a leaf.
const grownBytes = 120 + 20

type grownNode struct {
	// split is the question, where left is not 0: the children are left and left+1.
	split
	left int32
	// pure says that the rows have one target (rescale).
	pure bool
	// from and to are the node's rows in grower.rows while the tree is new.
	from, to int
	// sums are those of its rows, of gradients in the unit; 1 where a criterion has it.
	sums []int64
	unit float64
	// depth is 0 for the root.
	depth int
}

// open is a node that may be split.
type open struct {
	node int32
	hist []int64 // nil if the node's histogram has not been kept
	best split
}

// grower grows trees one after the other from the same rows. It belongs to one
// goroutine, and uses workers of them.
type grower struct {
	m       *matrix
	layout  layout
	c       criterion
	growth  growth
	workers int
	// values are the packed values of the rows by plane.
	values [][]int64
	// unit is that of the gradients in values at the root.
	unit float64
	// at is where each feature begins in a histogram of size sums.
	at   []int
	size int
	// memory may be that of several growers. held is what this one has of it.
	memory *budget
	held   int64

	// rows are those of the tree, those of a node side by side and ascending; moved is
	// room to partition them.
	rows, moved []int32
	features    []int32
	draw        draw
	tree        *grown
	frontier    []open
	// arena has the sums of nodes: pieces are kept from tree to tree, and piece and used
	// tell which of them and how much of it this tree's nodes have.
	arena       [][]int64
	piece, used int

	packs   []*packed
	finders []*finder
	spare   [][]int64
	found   [][2]split
	sampled []int32
}

// newGrower returns a grower for the rows of m.
func newGrower(m *matrix, l layout, c criterion, g growth, workers int, memory *budget) (*grower, error) {
	c.sums = l.sums
	out := &grower{m: m, layout: l, c: c, growth: g, workers: workers, memory: memory, unit: 1}
	for _, f := range m.features {
		out.at = append(out.at, out.size)
		out.size += f.codes * l.sums
	}
	// Rows twice, packed sums, what finders count few rows in, and the open nodes.
	perWorker := int64(groupSize*256*8 + (fewRows+2)*8*l.sums)
	frontier := int64(min(g.maxLeaves, m.rows)) * 88
	if err := out.take(int64(m.rows)*8 + int64(workers)*perWorker + frontier); err != nil {
		return nil, err
	}
	out.rows, out.moved = make([]int32, 0, m.rows), make([]int32, m.rows)
	for range workers {
		out.packs = append(out.packs, &packed{})
		out.finders = append(out.finders, newFinder(&out.c, max(g.minRows, 1)))
	}
	out.tree = &grown{}
	out.found = make([][2]split, len(m.features))
	out.sampled = make([]int32, len(m.features))
	return out, nil
}

// take reserves memory that the grower keeps until it is dropped. Errors: 53200.
func (g *grower) take(bytes int64) error {
	if err := g.memory.take(bytes); err != nil {
		return err
	}
	g.held += bytes
	return nil
}

// addNodes appends nodes to the tree. Errors: 53200, and 54000 for a tree that no model
// has room for.
func (g *grower) addNodes(nodes ...grownNode) error {
	n := len(g.tree.nodes) + len(nodes)
	leaves := int64(n/2 + 1)
	width := int64(1)
	if g.c.kind == gini {
		width = int64(g.c.sums)
	}
	if err := checkSize(leaves*leafBytes(int(width)), int64(n), leaves*width); err != nil {
		return err
	}
	var err error
	if g.tree.nodes, err = extend(g.tree.nodes, len(nodes), grownBytes, g.take, g.release); err != nil {
		return err
	}
	g.tree.nodes = append(g.tree.nodes, nodes...)
	return nil
}

// release gives back memory that was taken.
func (g *grower) release(bytes int64) {
	g.held -= bytes
	g.memory.release(bytes)
}

// pieceSums is how many sums a piece of the arena has: 64 KB.
const pieceSums = 1 << 13

// newSums returns room for the sums of a node, of anything. It is the tree's. Errors: 53200.
func (g *grower) newSums() ([]int64, error) {
	k := g.layout.sums
	if g.piece < len(g.arena) && g.used+k > len(g.arena[g.piece]) {
		g.piece, g.used = g.piece+1, 0
	}
	if g.piece == len(g.arena) {
		n := max(k, pieceSums)
		if err := g.take(int64(n) * 8); err != nil {
			return nil, err
		}
		g.arena = append(g.arena, make([]int64, n))
	}
	out := g.arena[g.piece][g.used : g.used+k : g.used+k]
	g.used += k
	return out, nil
}

// takeHist returns a histogram of anything.
func (g *grower) takeHist() ([]int64, error) {
	if n := len(g.spare); n > 0 {
		h := g.spare[n-1]
		g.spare = g.spare[:n-1]
		return h, nil
	}
	if err := g.take(int64(g.size) * 8); err != nil {
		return nil, err
	}
	return make([]int64, g.size), nil
}

func (g *grower) giveHist(h []int64) {
	if h != nil {
		g.spare = append(g.spare, h)
	}
}

// grow grows a tree of g.rows with the given features, ascending.
func (g *grower) grow(ctx context.Context, features []int32, d draw) (*grown, error) {
	g.features, g.draw = features, d
	g.tree.nodes, g.piece, g.used = g.tree.nodes[:0], 0, 0
	for _, o := range g.frontier {
		g.giveHist(o.hist)
	}
	g.frontier = g.frontier[:0]
	if err := g.root(ctx); err != nil {
		return nil, err
	}
	for leaves := 1; ; leaves++ {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if g.growth.maxLeaves > 0 && leaves >= g.growth.maxLeaves {
			break
		}
		o, ok := g.next()
		if !ok {
			break
		}
		last := g.growth.maxLeaves > 0 && leaves+1 >= g.growth.maxLeaves
		if err := g.divide(ctx, o, last); err != nil {
			return nil, err
		}
	}
	return g.tree, nil
}

// next takes the node to split: the one that gains most, the older of equals, or
// without a bound of leaves the newest.
func (g *grower) next() (open, bool) {
	if len(g.frontier) == 0 {
		return open{}, false
	}
	at := len(g.frontier) - 1
	if g.growth.maxLeaves > 0 {
		at = 0
		for i := range g.frontier {
			if g.frontier[i].best.gain > g.frontier[at].best.gain {
				at = i
			}
		}
	}
	o := g.frontier[at]
	g.frontier = append(g.frontier[:at], g.frontier[at+1:]...)
	return o, true
}

// root begins the tree.
func (g *grower) root(ctx context.Context) error {
	sums, err := g.newSums()
	if err != nil {
		return err
	}
	if err := g.sumRows(ctx, g.rows, sums); err != nil {
		return err
	}
	if err := g.addNodes(grownNode{to: len(g.rows), sums: sums, unit: g.unit}); err != nil {
		return err
	}
	if _, err := g.rescale(ctx, 0); err != nil {
		return err
	}
	if !g.divisible(0) {
		return nil
	}
	if g.growth.perNode > 0 {
		return g.sample(ctx, 0)
	}
	return g.look(ctx, 0, g.features)
}

// sumRows adds up the values of rows.
func (g *grower) sumRows(ctx context.Context, rows []int32, sums []int64) error {
	clear(sums)
	var mu sync.Mutex
	return eachChunk(ctx, g.sharing(len(rows)), len(rows), func(_, from, to int) error {
		for plane, values := range g.values {
			word := [1]int64{}
			for _, r := range rows[from:to] {
				word[0] += values[r]
			}
			mu.Lock()
			g.layout.widen(plane, word[:], sums)
			mu.Unlock()
		}
		return nil
	})
}

// divisible reports whether a node may be split at all.
func (g *grower) divisible(node int32) bool {
	n := &g.tree.nodes[node]
	return g.roomy(n) && !g.pure(n)
}

// roomy reports whether there is room for the children of a node: in depth and rows.
func (g *grower) roomy(n *grownNode) bool {
	if g.growth.maxDepth > 0 && n.depth >= g.growth.maxDepth {
		return false
	}
	return g.c.count(n.sums) >= 2*max(g.growth.minRows, 1)
}

// pure reports whether the rows of a node are known to have one outcome.
func (g *grower) pure(n *grownNode) bool {
	if g.m.class != nil || !g.growth.exhaust {
		return g.c.pure(n.sums)
	}
	return n.pure
}

// gainDigits is the part of a node's quality below which a gain is rounding.
const gainDigits = 1e-12

// enough reports whether a node's best split gains enough.
func (g *grower) enough(o open) bool {
	if g.growth.exhaust {
		return true
	}
	return o.best.gain > g.growth.minGain && o.best.gain > gainDigits*g.c.quality(g.tree.nodes[o.node].sums)
}

// fewRows is how many rows a node has at most for which no histogram is made: as many as
// a feature may have bins, since looking at more bins than rows costs more. Without it a
// forest of 4,000 rows down to single ones spent nearly all its time on empty bins.
const fewRows = 256

// few reports whether a node has no more than fewRows.
func (g *grower) few(node int32) bool {
	n := &g.tree.nodes[node]
	return n.to-n.from <= fewRows
}

// fill counts the histogram of a node's rows, of the given features.
func (g *grower) fill(ctx context.Context, node int32, features []int32, hist []int64) error {
	n := &g.tree.nodes[node]
	rows := g.rows[n.from:n.to]
	groups := byGroup(features)
	g.empty(hist, features)
	parts := g.parts(len(groups), len(rows))
	if parts == 1 {
		return ml.Each(ctx, g.sharing(len(rows)), len(groups), func(worker, i int) error {
			return g.addParts(ctx, worker, groups[i], rows, hist)
		})
	}
	// Few features and many rows: each part counts into a histogram of its own.
	hists := make([][]int64, parts)
	hists[0] = hist
	for i := 1; i < parts; i++ {
		var err error
		if hists[i], err = g.takeHist(); err != nil {
			return err
		}
		g.empty(hists[i], features)
	}
	err := ml.Each(ctx, g.workers, parts*len(groups), func(worker, i int) error {
		part, group := i%parts, groups[i/parts]
		return g.addParts(ctx, worker, group, rows[len(rows)*part/parts:len(rows)*(part+1)/parts], hists[part])
	})
	for _, h := range hists[1:] {
		for _, f := range features {
			to := g.bins(hist, f)
			for i, x := range g.bins(h, f) {
				to[i] += x
			}
		}
		g.giveHist(h)
	}
	return err
}

// bins are the sums of a feature in a histogram.
func (g *grower) bins(hist []int64, f int32) []int64 {
	return hist[g.at[f]:][:g.m.features[f].codes*g.layout.sums]
}

// empty sets the bins of features to zero.
func (g *grower) empty(hist []int64, features []int32) {
	for _, f := range features {
		clear(g.bins(hist, f))
	}
}

// cancelRows is how many rows of a group are added between two looks at the context:
// some milliseconds.
const cancelRows = 1 << 18

// addParts adds rows to the sums of one group's features.
func (g *grower) addParts(ctx context.Context, worker int, features, rows []int32, hist []int64) error {
	for from := 0; from < len(rows); from += cancelRows {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		g.packs[worker].add(g, int(features[0])/groupSize, features, rows[from:min(from+cancelRows, len(rows))], hist)
	}
	return nil
}

// aloneRows is how many rows one worker adds before others are worth waking, which
// takes some microseconds.
const aloneRows = 2048

// sharing is how many workers take part in work on so many rows.
func (g *grower) sharing(rows int) int {
	if rows < aloneRows {
		return 1
	}
	return g.workers
}

// parts is into how many parts rows are cut so that all workers have some.
func (g *grower) parts(groups, rows int) int {
	if groups%g.workers == 0 || groups >= 4*g.workers {
		return 1
	}
	return max(min(g.workers, rows/(4*aloneRows)), 1)
}

// byGroup cuts an ascending list of features by their groups.
func byGroup(features []int32) [][]int32 {
	var out [][]int32
	for from := 0; from < len(features); {
		to := from + 1
		for to < len(features) && features[to]/groupSize == features[from]/groupSize {
			to++
		}
		out = append(out, features[from:to])
		from = to
	}
	return out
}

// search finds the best splits of nodes among some features, in their histograms or, of
// those that have none, in their rows, and opens those nodes that have a split. The others' histograms are given back.
func (g *grower) search(ctx context.Context, nodes []open, features []int32) error {
	rows := 0
	for _, o := range nodes {
		rows += g.tree.nodes[o.node].to - g.tree.nodes[o.node].from
	}
	err := ml.Each(ctx, g.sharing(min(rows, 256)*len(features)), len(features)*len(nodes), func(worker, i int) error {
		at, o := i/len(nodes), &nodes[i%len(nodes)]
		f, n, finder := features[at], &g.tree.nodes[o.node], g.finders[worker]
		finder.total = n.sums
		finder.parent = g.c.quality(n.sums)
		found := &g.found[at][i%len(nodes)]
		var err error
		switch {
		case o.hist == nil:
			finder.inRows(g, f, g.rows[n.from:n.to])
			*found, err = finder.find(ctx, f, &g.m.features[f])
		case g.c.kind != gini && !g.m.features[f].category:
			*found = finder.gradients(f, g.bins(o.hist, f))
		default:
			finder.inHistogram(g.bins(o.hist, f))
			*found, err = finder.find(ctx, f, &g.m.features[f])
		}
		return err
	})
	if err != nil {
		return err
	}
	for k, o := range nodes {
		for at := range features {
			if s := &g.found[at][k]; s.found && (!o.best.found || s.gain > o.best.gain) {
				o.best = *s
			}
		}
		if !o.best.found || !g.enough(o) {
			g.giveHist(o.hist)
			continue
		}
		unit := g.tree.nodes[o.node].unit
		o.best.gain *= unit * unit
		o.best.finish(&g.m.features[o.best.feature])
		if g.growth.perNode > 0 {
			g.giveHist(o.hist) // the children's features will be others
			o.hist = nil
		}
		g.frontier = append(g.frontier, o)
	}
	return nil
}

// sample finds the best split among features that are drawn for a node; if none of them
// has one, among the next ones that are drawn.
func (g *grower) sample(ctx context.Context, node int32) error {
	order := g.sampled[:len(g.features)]
	newDraw(uint64(g.draw), uint64(node)).shuffled(order)
	before := len(g.frontier)
	for from := 0; from < len(order) && len(g.frontier) == before; from += g.growth.perNode {
		drawn := order[from:min(from+g.growth.perNode, len(order))]
		for i, k := range drawn {
			drawn[i] = g.features[k]
		}
		slices.Sort(drawn)
		if err := g.look(ctx, node, drawn); err != nil {
			return err
		}
	}
	return nil
}

// look finds the best split of a node by itself.
func (g *grower) look(ctx context.Context, node int32, features []int32) error {
	o := open{node: node}
	if !g.few(node) {
		var err error
		if o.hist, err = g.takeHist(); err != nil {
			return err
		}
		if err := g.fill(ctx, node, features, o.hist); err != nil {
			return err
		}
	}
	return g.search(ctx, []open{o}, features)
}

// divide splits a node and looks for splits of its children, unless they are the last.
func (g *grower) divide(ctx context.Context, o open, last bool) error {
	n := g.tree.nodes[o.node] // a copy: nodes move
	middle, err := g.partition(ctx, n.from, n.to, &o.best)
	if err != nil {
		return err
	}
	children := [2]grownNode{{from: n.from, to: middle, depth: n.depth + 1}, {from: middle, to: n.to, depth: n.depth + 1}}
	small := 0
	if middle-n.from > n.to-middle {
		small = 1
	}
	for i := range children {
		children[i].unit = n.unit
		if children[i].sums, err = g.newSums(); err != nil {
			return err
		}
	}
	if err := g.sumRows(ctx, g.rows[children[small].from:children[small].to], children[small].sums); err != nil {
		return err
	}
	for i, x := range children[small].sums {
		children[1-small].sums[i] = n.sums[i] - x
	}
	left := int32(len(g.tree.nodes))
	if err := g.addNodes(children[:]...); err != nil {
		return err
	}
	g.tree.nodes[o.node].split, g.tree.nodes[o.node].left = o.best, left
	if last {
		g.giveHist(o.hist)
		return nil
	}
	rescaled := false
	for i := range int32(2) {
		changed, err := g.rescale(ctx, left+i)
		if err != nil {
			return err
		}
		rescaled = rescaled || changed
	}
	if g.growth.perNode > 0 {
		for _, child := range []int32{left, left + 1} {
			if g.divisible(child) {
				if err := g.sample(ctx, child); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return g.searchChildren(ctx, o.hist, left+int32(small), left+1-int32(small), rescaled)
}

// searchChildren counts the histogram of the smaller child and takes it off the
// parent's, which becomes the larger child's. Children of few rows need none. Where the
// values of either were rescaled both are counted.
func (g *grower) searchChildren(ctx context.Context, hist []int64, small, large int32, rescaled bool) error {
	var s, l []int64
	if l = hist; g.few(large) || !g.divisible(large) {
		g.giveHist(hist)
		l = nil
	}
	if l != nil && !rescaled || g.divisible(small) && !g.few(small) {
		var err error
		if s, err = g.takeHist(); err != nil {
			return err
		}
		if err := g.fill(ctx, small, g.features, s); err != nil {
			return err
		}
	}
	if l != nil && rescaled {
		if err := g.fill(ctx, large, g.features, l); err != nil {
			return err
		}
	} else if l != nil {
		err := ml.Each(ctx, g.sharing(len(g.features)*256), len(g.features), func(_, i int) error {
			to := g.bins(l, g.features[i])
			for k, x := range g.bins(s, g.features[i]) {
				to[k] -= x
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	var nodes []open
	if g.divisible(large) {
		nodes = append(nodes, open{node: large, hist: l})
	}
	if g.few(small) || !g.divisible(small) {
		g.giveHist(s)
		s = nil
	}
	if g.divisible(small) {
		nodes = append(nodes, open{node: small, hist: s})
	}
	// The left child has the lower number: the order in which equals are split must not
	// depend on which is smaller.
	slices.SortFunc(nodes, func(a, b open) int { return int(a.node - b.node) })
	if len(nodes) == 0 {
		return nil
	}
	return g.search(ctx, nodes, g.features)
}
