package olap

import "htapdb/vector/fn"

// NewDistinct returns the aggregate that removes duplicate rows of input.
func NewDistinct(input Node) *HashAggregate {
	a := &HashAggregate{Input: input}
	for i, t := range input.Types() {
		a.GroupBy = append(a.GroupBy, &fn.Column{Index: i, Typ: t})
	}
	return a
}
