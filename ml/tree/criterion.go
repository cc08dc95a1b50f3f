package tree

import "slices"

// criterion tells how good a node is by its sums. What a split gains is the quality of
// its sides less that of the node.
type criterion struct {
	kind criterionKind
	// sums is the number of sums of a bin.
	sums int
	// gradient and hessian are the units of those sums.
	gradient, hessian float64
	// l2 is added to a node's hessian.
	l2 float64
	// smoothing is how many rows of the node's mean are added to each category before
	// categories are put in order: a category of few rows would else come first or last
	// by chance.
	smoothing float64
}

type criterionKind uint8

const (
	// squares is of sums (count, gradient): gradient²/(count + l2). A split's gain is what
	// it takes off the sum of squares.
	squares criterionKind = iota
	// newton is of sums (count, hessian, gradient): gradient²/(hessian + l2).
	newton
	// gini is of counts by class: Σ count²/rows, rows less those times the impurity.
	gini
)

// count is the number of rows, with their weights.
func (c *criterion) count(sums []int64) int64 {
	if c.kind != gini {
		return sums[0]
	}
	n := int64(0)
	for _, x := range sums {
		n += x
	}
	return n
}

// weight is what a sum of gradients is divided by.
func (c *criterion) weight(sums []int64) float64 {
	if c.kind == newton {
		return float64(sums[1]) * c.hessian
	}
	return float64(c.count(sums))
}

// quality is the higher the better the rows of the sums are told from others.
func (c *criterion) quality(sums []int64) float64 {
	if c.kind == gini {
		n, q := 0.0, 0.0
		for _, x := range sums {
			n += float64(x)
			q += float64(x) * float64(x)
		}
		if n == 0 {
			return 0
		}
		return q / n
	}
	return part(float64(sums[c.sums-1])*c.gradient, c.weight(sums)+c.l2)
}

// mostOrders bounds the orders of categories that are tried in a node: with each of 1,000
// classes a node of 256 categories would take 250 million steps.
const mostOrders = 16

// orders appends to out the sums by which categories are put in order, one after the
// other: the gradient, or the counts of the node's classes that have most rows. The best
// split of two classes is among those along one order (Breiman et al. 1984, theorem 4.5);
// for more classes they are a heuristic.
func (c *criterion) orders(total []int64, out []int) []int {
	if c.kind != gini {
		return append(out, c.sums-1)
	}
	// A list of the largest so far, the first of equals in front.
	for class, n := range total {
		at := len(out)
		for at > 0 && n > total[out[at-1]] {
			at--
		}
		if n > 0 && at < mostOrders {
			if len(out) == mostOrders {
				out = out[:mostOrders-1]
			}
			out = slices.Insert(out, at, class)
		}
	}
	if len(out) == 2 {
		return append(out[:0], max(out[0], out[1])) // the order by the other is the reverse
	}
	return out
}

// ranking puts categories in an order, by one of the sums.
type ranking struct {
	at              int
	smoothing, mean float64
}

// ranking returns the order of the categories of total's node by the sum with an index.
func (c *criterion) ranking(at int, total []int64) ranking {
	r := ranking{at: at, smoothing: c.smoothing}
	w := c.weight(total)
	if w > 0 {
		r.mean = float64(total[at]) / w
	}
	if n := c.count(total); c.kind == newton && n > 0 {
		r.smoothing *= w / float64(n)
	}
	return r
}

// rank is the place of a category with sums of a weight.
func (r *ranking) rank(sums []int64, weight float64) float64 {
	w := weight + r.smoothing
	if w <= 0 {
		return 0
	}
	return (float64(sums[r.at]) + r.smoothing*r.mean) / w
}

// pure reports whether no split of the node can gain.
func (c *criterion) pure(sums []int64) bool {
	if c.kind != gini {
		return false
	}
	classes := 0
	for _, x := range sums {
		if x > 0 {
			classes++
		}
	}
	return classes < 2
}
