package tree

import (
	"math"
	"sync"

	"htapdb/ml"
)

// ensemble is trees as predictions walk them: all nodes in one array, the children of a
// node side by side and behind it.
type ensemble struct {
	// features has the kinds of the features, and codes of categories.
	features []feature
	nodes    []node
	roots    []int32
	// depths are, by tree, the most steps from the root to a leaf; mixed tells the trees
	// that ask for categories.
	depths []int32
	mixed  []bool
	sets   []codeSet
	// leaf is, by node, the place of its first value in values, of which a leaf has width.
	leaf   []int32
	values []float64
	width  int
	// outputs is how many numbers a row gets. Tree t adds its values to those from
	// t·width, modulo outputs.
	outputs int
	// base is what the outputs begin with, divisor what they are divided by.
	base    []float64
	divisor float64

	gains  []float64
	splits []int64
	// encoded is about how many bytes the trees take when they are written.
	encoded int64

	scratch sync.Pool
}

// node is a question to a row's keys: keys[slot] > threshold goes to left+1, else to
// left. A leaf goes to itself, so that walks in step need not look who is at the end.
type node struct {
	threshold uint64
	// slot is a feature's key, times two, plus one for that in which NULL is the largest;
	// or, for a category, the complement of that, and the threshold is the number of a set.
	slot int32
	left int32
}

// rank maps numbers to keys of their order, all above 0 and below never.
func rank(x float64) uint64 { return uint64(orderedKey(x)) ^ 1<<63 }

// ofRank is the inverse of rank.
func ofRank(k uint64) float64 { return ofKey(int64(k ^ 1<<63)) }

// never is a threshold that no key exceeds.
const never = math.MaxUint64

// newEnsemble returns an ensemble without trees.
func newEnsemble(m []feature, outputs, width int) *ensemble {
	return &ensemble{features: m, outputs: outputs, width: width, divisor: 1, base: make([]float64, outputs),
		gains: make([]float64, len(m)), splits: make([]int64, len(m))}
}

// reserve makes room for a tree, whose memory it takes first. Errors: 53200, and 54000
// for more than a model may have.
func (e *ensemble) reserve(t *grown, b *budget) error {
	leaves, sets, encoded := 0, 0, e.encoded
	for i := range t.nodes {
		n := &t.nodes[i]
		switch {
		case n.left == 0:
			leaves++
			encoded += leafBytes(e.width)
		case e.features[n.feature].category:
			sets++
			encoded += varintBytes(int64(n.feature)+1) + varintBytes(int64(n.left)-int64(i)) + 32
		default:
			encoded += varintBytes(int64(n.feature)+1) + varintBytes(int64(n.left)-int64(i)) + 9
		}
	}
	values := len(e.values) + leaves*e.width
	if err := checkSize(encoded, int64(len(e.nodes)+len(t.nodes)), int64(values)); err != nil {
		return err
	}
	var err error
	if e.nodes, err = extend(e.nodes, len(t.nodes), 16, b.take, b.release); err != nil {
		return err
	}
	if e.leaf, err = extend(e.leaf, len(t.nodes), 4, b.take, b.release); err != nil {
		return err
	}
	if e.sets, err = extend(e.sets, sets, 32, b.take, b.release); err != nil {
		return err
	}
	if e.values, err = extend(e.values, leaves*e.width, 8, b.take, b.release); err != nil {
		return err
	}
	e.encoded = encoded
	return nil
}

// leafBytes is how many bytes a leaf of so many values takes when it is written.
func leafBytes(width int) int64 { return 1 + 8*int64(width) }

// reserveEncoded takes the memory of the serialized form, which is made as soon as the
// training ends, twice: its buffer is copied as it grows.
func (e *ensemble) reserveEncoded(b *budget) error { return b.take(2 * e.encoded) }

// add appends a tree, for which there is room, and whose leaves have the values that
// value writes.
func (e *ensemble) add(t *grown, value func(i int, out []float64)) {
	first := int32(len(e.nodes))
	e.roots = append(e.roots, first)
	for i := range t.nodes {
		n := &t.nodes[i]
		if n.left == 0 {
			at := len(e.values)
			e.addLeaf()
			e.values = e.values[:at+e.width]
			value(i, e.values[at:])
			continue
		}
		e.gains[n.feature] += max(n.gain, 0)
		e.splits[n.feature]++
		kind := &e.features[n.feature]
		if kind.category {
			e.addSet(n.feature, n.split.left, first+n.left)
			continue
		}
		threshold := math.Inf(1)
		if at := int(n.last) - 1; at < len(kind.cuts) {
			threshold = kind.cuts[at]
		}
		e.addNumber(n.feature, threshold, n.missingLeft, first+n.left)
	}
	e.measure(len(e.roots) - 1)
}

// addLeaf appends a leaf whose values are the next ones.
func (e *ensemble) addLeaf() {
	self := int32(len(e.nodes))
	e.nodes = append(e.nodes, node{threshold: never, left: self})
	e.leaf = append(e.leaf, int32(len(e.values)))
}

func (e *ensemble) addNumber(feature int32, threshold float64, missingLeft bool, left int32) {
	slot := feature*2 + 1
	if missingLeft {
		slot--
	}
	e.nodes = append(e.nodes, node{threshold: rank(threshold), slot: slot, left: left})
	e.leaf = append(e.leaf, -1)
}

func (e *ensemble) addSet(feature int32, set codeSet, left int32) {
	e.nodes = append(e.nodes, node{threshold: uint64(len(e.sets)), slot: ^(feature * 2), left: left})
	e.leaf = append(e.leaf, -1)
	e.sets = append(e.sets, set)
}

// measure sets what the tree's walks need.
func (e *ensemble) measure(t int) {
	first := e.roots[t]
	depths := make([]int32, len(e.nodes)-int(first))
	deepest, mixed := int32(0), false
	for i := range depths {
		n := &e.nodes[int(first)+i]
		if n.slot < 0 {
			mixed = true
		}
		if e.leaf[int(first)+i] >= 0 {
			deepest = max(deepest, depths[i])
			continue
		}
		for _, child := range []int32{n.left, n.left + 1} {
			depths[child-first] = max(depths[child-first], depths[i]+1)
		}
	}
	e.depths, e.mixed = append(e.depths, deepest), append(e.mixed, mixed)
}

// importances returns how often and with what gain the features were split.
func (e *ensemble) Importances() []ml.Importance {
	out := make([]ml.Importance, len(e.features))
	for i := range out {
		out[i] = ml.Importance{Feature: i, Gain: e.gains[i], Splits: e.splits[i]}
	}
	return out
}
