package plan

import (
	"hash/maphash"

	"htapdb/vector/fn"
)

var hashSeed = maphash.MakeSeed()

// Hash returns a number that is equal for Equal expressions.
func Hash(e fn.Expr) uint64 {
	var h maphash.Hash
	h.SetSeed(hashSeed)
	writeHash(&h, e)
	return h.Sum64()
}

func writeHash(h *maphash.Hash, e fn.Expr) {
	switch e := e.(type) {
	case *fn.Column:
		maphash.WriteComparable(h, e.Index)
	case *fn.Literal:
		maphash.WriteComparable(h, e.Value)
	case *fn.Param:
		maphash.WriteComparable(h, -1-e.Index)
	case *fn.Call:
		h.WriteString(e.Func.Name)
	case *Subquery:
		maphash.WriteComparable(h, e.Kind)
		return // what Equal ones have below may have other columns
	case *fn.In:
		maphash.WriteComparable(h, len(e.List))
	}
	for _, c := range e.Children() {
		writeHash(h, c)
	}
}

// ExprSet is a list of expressions without equal ones, in order of insertion.
type ExprSet struct {
	List   []fn.Expr
	byHash map[uint64][]int
}

// Add appends an expression that is not there yet.
func (s *ExprSet) Add(e fn.Expr) {
	if s.byHash == nil {
		s.byHash = make(map[uint64][]int, len(s.List)+1)
		for i, x := range s.List {
			k := Hash(x)
			s.byHash[k] = append(s.byHash[k], i)
		}
	}
	k := Hash(e)
	for _, i := range s.byHash[k] {
		if Equal(s.List[i], e) {
			return
		}
	}
	s.byHash[k] = append(s.byHash[k], len(s.List))
	s.List = append(s.List, e)
}
