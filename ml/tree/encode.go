package tree

import (
	"math"

	"htapdb/ml"
)

// encode writes the ensemble: the codes of categories, the outputs, and the trees, each
// its nodes in order. A node is the number of its feature plus one, 0 for a leaf; then a
// leaf's values, or how far behind the node its children are and the threshold and
// whether NULL goes left, or the set.
func (e *ensemble) encode(w *ml.Encoder) {
	for i := range e.features {
		if e.features[i].category {
			w.Bytes(e.features[i].codeOf)
		}
	}
	w.Floats(e.base)
	w.Float(e.divisor)
	w.Floats(e.gains)
	for _, n := range e.splits {
		w.Int(n)
	}
	w.Int(int64(len(e.roots)))
	for t, first := range e.roots {
		end := int32(len(e.nodes))
		if t+1 < len(e.roots) {
			end = e.roots[t+1]
		}
		w.Int(int64(end - first))
		for i := first; i < end; i++ {
			e.encodeNode(w, i)
		}
	}
}

func (e *ensemble) encodeNode(w *ml.Encoder, i int32) {
	n := &e.nodes[i]
	if at := e.leaf[i]; at >= 0 {
		w.Int(0)
		for _, v := range e.values[at:][:e.width] {
			w.Float(v)
		}
		return
	}
	if n.slot < 0 {
		w.Int(int64(^n.slot/2) + 1)
		w.Int(int64(n.left - i))
		for _, word := range e.sets[n.threshold] {
			w.Float(math.Float64frombits(word))
		}
		return
	}
	w.Int(int64(n.slot/2) + 1)
	w.Int(int64(n.left - i))
	w.Float(ofRank(n.threshold))
	w.Int(int64(1 - n.slot%2))
}

// decode reads what encode wrote for a model of these features, with so many outputs
// and values a leaf. Every index is checked, and children lie behind their parent within
// the tree, so that every walk ends.
func decode(d *ml.Decoder, m *ml.Model, outputs, width int) *ensemble {
	features := make([]feature, len(m.Features))
	for i := range features {
		if m.Features[i].Kind != ml.Category {
			continue
		}
		features[i] = feature{category: true, codeOf: d.Bytes()}
		if len(features[i].codeOf) != len(m.Features[i].Categories) {
			d.Fail("feature %d has %d codes for %d categories", i, len(features[i].codeOf), len(m.Features[i].Categories))
			return nil
		}
	}
	e := newEnsemble(features, outputs, width)
	e.base, e.divisor, e.gains = d.Floats(), d.Float(), d.Floats()
	if len(e.base) != outputs || len(e.gains) != len(features) {
		d.Fail("%d outputs and %d gains, not %d and %d", len(e.base), len(e.gains), outputs, len(features))
		return nil
	}
	for i := range e.splits {
		e.splits[i] = d.Int()
	}
	trees := d.Index(math.MaxInt32)
	for t := 0; t < trees && d.Err() == nil; t++ {
		e.decodeTree(d)
	}
	return e
}

func (e *ensemble) decodeTree(d *ml.Decoder) {
	first := len(e.nodes)
	count := d.Index(math.MaxInt32 - first)
	if count == 0 {
		d.Fail("tree %d has no nodes", len(e.roots))
	}
	e.roots = append(e.roots, int32(first))
	for i := 0; i < count && d.Err() == nil; i++ {
		f := d.Index(len(e.features)+1) - 1
		if f < 0 {
			e.addLeaf()
			for range e.width {
				e.values = append(e.values, d.Float())
			}
			continue
		}
		// The last possible left child leaves room for its brother.
		behind := d.Index(count - i - 1)
		if behind == 0 {
			d.Fail("node %d of tree %d is its own child", i, len(e.roots)-1)
		}
		left := int32(first + i + behind)
		if e.features[f].category {
			var set codeSet
			for w := range set {
				set[w] = math.Float64bits(d.Float())
			}
			e.addSet(int32(f), set, left)
			continue
		}
		threshold := d.Float()
		if threshold != threshold {
			d.Fail("node %d of tree %d has no threshold", i, len(e.roots)-1)
		}
		e.addNumber(int32(f), threshold, d.Index(2) == 1, left)
	}
	if d.Err() == nil {
		e.measure(len(e.roots) - 1)
	}
}
