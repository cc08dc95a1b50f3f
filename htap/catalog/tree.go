package catalog

import (
	"iter"

	"github.com/RaduBerinde/btreemap"
)

// tree is an ordered map whose clones share what they have in common, so that
// the next version of a catalog of thousands of objects costs what changed.
type tree[K, V any] struct {
	m *btreemap.BTreeMap[K, V]
}

// treeDegree is the one that the library's own benchmarks favour for small
// values; between 8 and 64 a DDL statement beside 10,000 tables costs the same
// within the noise.
const treeDegree = 16

func newTree[K, V any](compare func(a, b K) int) tree[K, V] {
	return tree[K, V]{btreemap.New[K, V](treeDegree, compare)}
}

// clone must not run beside another clone of the same tree; reading may.
func (t tree[K, V]) clone() tree[K, V] { return tree[K, V]{t.m.Clone()} }

// get returns the value of the key, the zero value for none.
func (t tree[K, V]) get(k K) V {
	_, v, _ := t.m.Get(k)
	return v
}

func (t tree[K, V]) has(k K) bool { return t.m.Has(k) }

func (t tree[K, V]) set(k K, v V) { t.m.ReplaceOrInsert(k, v) }

func (t tree[K, V]) remove(k K) { t.m.Delete(k) }

// all iterates in the order of the keys.
func (t tree[K, V]) all() iter.Seq2[K, V] {
	return t.m.Ascend(btreemap.Min[K](), btreemap.Max[K]())
}

// values returns the values in the order of the keys.
func (t tree[K, V]) values() []V {
	out := make([]V, 0, t.m.Len())
	for _, v := range t.all() {
		out = append(out, v)
	}
	return out
}
