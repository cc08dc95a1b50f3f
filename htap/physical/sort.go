package physical

import (
	"htapdb/olap"
	"htapdb/sql/plan"
)

func (b *builder) sort(n *plan.Sort) (output, error) {
	in, err := b.build(n.Input)
	if err != nil {
		return output{}, err
	}
	keys, err := lowerKeys(n.Keys, in.pos)
	if err != nil {
		return output{}, err
	}
	return output{&olap.Sort{Input: in.node, Keys: keys}, in.pos}, nil
}

func (b *builder) topN(n *plan.TopN) (output, error) {
	in, err := b.build(n.Input)
	if err != nil {
		return output{}, err
	}
	keys, err := lowerKeys(n.Keys, in.pos)
	if err != nil {
		return output{}, err
	}
	return output{&olap.TopN{Input: in.node, Keys: keys, Count: n.Count, Offset: n.Offset}, in.pos}, nil
}

func (b *builder) limit(n *plan.Limit) (output, error) {
	if n.WithTies {
		return unsupported("FETCH FIRST … WITH TIES")
	}
	in, err := b.build(n.Input)
	if err != nil {
		return output{}, err
	}
	return output{&olap.Limit{Input: in.node, Count: n.Count, Offset: n.Offset}, in.pos}, nil
}
