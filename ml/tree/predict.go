package tree

import (
	"math"
	"math/bits"

	"htapdb/ml"
)

// predictRows is how many rows are walked through a tree before the next: the keys of
// 32 rows of 28 numbers (14 KB) and a tree of 31 leaves (1 KB) stay in the first cache.
const predictRows = 32

// scratch is the room of a prediction.
type scratch struct {
	keys   []uint64
	scores []float64
}

// scores computes the outputs of a block's rows and calls f with those of each row.
func (e *ensemble) eachScore(b *ml.Block, f func(row int, scores []float64)) {
	s, _ := e.scratch.Get().(*scratch)
	if s == nil {
		s = &scratch{keys: make([]uint64, predictRows*2*len(e.features)), scores: make([]float64, predictRows*e.outputs)}
	}
	defer e.scratch.Put(s)
	for from := 0; from < b.Rows; from += predictRows {
		n := min(predictRows, b.Rows-from)
		e.fillKeys(b, from, n, s.keys)
		e.walk(n, s)
		for i := range n {
			f(from+i, s.scores[i*e.outputs:][:e.outputs])
		}
	}
}

// fillKeys writes the keys of rows: two a feature, in which NULL is less and greater
// than all numbers, or the code of a category.
func (e *ensemble) fillKeys(b *ml.Block, from, n int, keys []uint64) {
	stride := 2 * len(e.features)
	for i := range e.features {
		at := 2 * i
		if e.features[i].category {
			for _, c := range b.Columns[i].Codes[from : from+n] {
				keys[at] = uint64(e.features[i].categoryCode(c))
				at += stride
			}
			continue
		}
		for _, x := range b.Columns[i].Numbers[from : from+n] {
			low, high := uint64(0), uint64(math.MaxUint64)
			if x == x {
				low = rank(x)
				high = low
			}
			keys[at], keys[at+1] = low, high
			at += stride
		}
	}
}

// walk computes the outputs of n rows. Four walks go in step: each step waits for the
// memory of the one before, and four of them wait at the same time. For less than four
// rows they are of one row through four trees. Either way a row's values are added in
// the order of the trees.
func (e *ensemble) walk(n int, s *scratch) {
	for i := range n {
		copy(s.scores[i*e.outputs:], e.base)
	}
	whole := n &^ 3
	if whole > 0 {
		for t := range e.roots {
			e.walkRows(t, whole, s)
		}
	}
	for i := whole; i < n; i++ {
		e.walkTrees(s.keys[i*2*len(e.features):][:2*len(e.features)], s.scores[i*e.outputs:][:e.outputs])
	}
	if e.divisor != 1 {
		for i := range s.scores[:n*e.outputs] {
			// A mean of the largest doubles may be rounded up beyond them.
			s.scores[i] = max(min(s.scores[i]/e.divisor, math.MaxFloat64), -math.MaxFloat64)
		}
	}
}

// walkRows adds the values of a tree to the outputs of n rows, a multiple of four.
func (e *ensemble) walkRows(t, n int, s *scratch) {
	stride := 2 * len(e.features)
	root, depth, out := e.roots[t], e.depths[t], t*e.width%e.outputs
	for i := 0; i < n; i += 4 {
		keys := s.keys[i*stride : (i+4)*stride]
		k0, k1, k2, k3 := keys[:stride], keys[stride:2*stride], keys[2*stride:3*stride], keys[3*stride:]
		var at [4]int32
		if e.mixed[t] {
			at = [4]int32{e.find(root, k0), e.find(root, k1), e.find(root, k2), e.find(root, k3)}
		} else {
			at = step4(e.nodes, [4]int32{root, root, root, root}, k0, k1, k2, k3, depth)
		}
		for j, leaf := range at {
			e.addValues(leaf, s.scores[(i+j)*e.outputs+out:])
		}
	}
}

// walkTrees adds the values of all trees to the outputs of a row.
func (e *ensemble) walkTrees(keys []uint64, scores []float64) {
	t := 0
	for ; t+4 <= len(e.roots); t += 4 {
		var at [4]int32
		if e.mixed[t] || e.mixed[t+1] || e.mixed[t+2] || e.mixed[t+3] {
			for j := range at {
				at[j] = e.find(e.roots[t+j], keys)
			}
		} else {
			depth := max(e.depths[t], e.depths[t+1], e.depths[t+2], e.depths[t+3])
			at = step4(e.nodes, [4]int32(e.roots[t:t+4]), keys, keys, keys, keys, depth)
		}
		for j, leaf := range at {
			e.addValues(leaf, scores[(t+j)*e.width%e.outputs:])
		}
	}
	for ; t < len(e.roots); t++ {
		e.addValues(e.find(e.roots[t], keys), scores[t*e.width%e.outputs:])
	}
}

// addValues adds the values of a leaf.
func (e *ensemble) addValues(leaf int32, scores []float64) {
	at := int(e.leaf[leaf])
	for i, v := range e.values[at : at+e.width] {
		scores[i] += v
	}
}

// step4 takes four walks depth steps on. It asks for numbers alone. The borrow of a
// subtraction is the answer: with a branch, which no processor foresees, 1,024 rows took
// three to four times as long.
func step4(nodes []node, at [4]int32, k0, k1, k2, k3 []uint64, depth int32) [4]int32 {
	n0, n1, n2, n3 := at[0], at[1], at[2], at[3]
	for range depth {
		a, b, c, d := &nodes[n0], &nodes[n1], &nodes[n2], &nodes[n3]
		_, right0 := bits.Sub64(a.threshold, k0[a.slot], 0)
		_, right1 := bits.Sub64(b.threshold, k1[b.slot], 0)
		_, right2 := bits.Sub64(c.threshold, k2[c.slot], 0)
		_, right3 := bits.Sub64(d.threshold, k3[d.slot], 0)
		n0, n1, n2, n3 = a.left+int32(right0), b.left+int32(right1), c.left+int32(right2), d.left+int32(right3)
	}
	return [4]int32{n0, n1, n2, n3}
}

// find walks a row from a root to its leaf.
func (e *ensemble) find(at int32, keys []uint64) int32 {
	for e.leaf[at] < 0 {
		n := &e.nodes[at]
		at = n.left
		if n.slot >= 0 {
			if keys[n.slot] > n.threshold {
				at++
			}
		} else if !e.sets[n.threshold].has(uint8(keys[^n.slot])) {
			at++
		}
	}
	return at
}
