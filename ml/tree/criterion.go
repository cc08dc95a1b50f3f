package tree

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

// orders is how many orders of categories are to be tried: by mean gradient, or by the
// share of each class. The best split of two classes is among those along one order
// (Breiman et al. 1984, theorem 4.5); for more classes they are a heuristic.
func (c *criterion) orders() int {
	if c.kind == gini && c.sums > 2 {
		return c.sums
	}
	return 1
}

// rank is the place of a category with sums in an order, of total's node.
func (c *criterion) rank(order int, sums, total []int64) float64 {
	at := c.sums - 1 - order
	mean := 0.0
	if w := c.weight(total); w > 0 {
		mean = float64(total[at]) / w
	}
	smoothing := c.smoothing
	if n := c.count(total); c.kind == newton && n > 0 {
		smoothing *= c.weight(total) / float64(n)
	}
	w := c.weight(sums) + smoothing
	if w <= 0 {
		return 0
	}
	return (float64(sums[at]) + smoothing*mean) / w
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
