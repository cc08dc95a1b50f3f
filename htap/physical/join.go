package physical

import (
	"htapdb/olap"
	"htapdb/sql/plan"
)

// joinKinds maps the plan's kinds; MarkJoin and the rest carry their own options.
var joinKinds = map[plan.JoinKind]olap.JoinKind{
	plan.InnerJoin: olap.Inner, plan.LeftJoin: olap.Left, plan.RightJoin: olap.Right, plan.FullJoin: olap.Full,
	plan.SemiJoin: olap.Semi, plan.AntiJoin: olap.Anti, plan.MarkJoin: olap.Mark, plan.SingleJoin: olap.Single,
}

func (b *builder) join(n *plan.Join) (output, error) {
	left, err := b.build(n.Left)
	if err != nil {
		return output{}, err
	}
	right, err := b.build(n.Right)
	if err != nil {
		return output{}, err
	}
	j := &olap.HashJoin{Probe: left.node, Build: right.node, Kind: joinKinds[n.Kind]}
	probe, build := left, right
	turned := n.BuildLeft && !n.NullAware && (n.Kind == plan.SemiJoin || n.Kind == plan.AntiJoin)
	if turned {
		probe, build = right, left
		j.Probe, j.Build = right.node, left.node
		j.Kind = olap.BuildSemi
		if n.Kind == plan.AntiJoin {
			j.Kind = olap.BuildAnti
		}
	}
	for _, k := range n.Keys {
		l, err := lower(k.Left, left.pos)
		if err != nil {
			return output{}, err
		}
		r, err := lower(k.Right, right.pos)
		if err != nil {
			return output{}, err
		}
		if turned {
			l, r = r, l
		}
		j.ProbeKeys = append(j.ProbeKeys, l)
		j.BuildKeys = append(j.BuildKeys, r)
		j.NullSafe = append(j.NullSafe, k.NullSafe)
		j.NullAware = append(j.NullAware, n.NullAware)
	}
	if len(n.Keys) == 0 && n.Kind == plan.InnerJoin {
		j.Kind = olap.Cross
	}
	both := make(map[plan.ColID]int, len(probe.pos)+len(build.pos))
	for id, p := range probe.pos {
		both[id] = p
	}
	for id, p := range build.pos {
		both[id] = p + len(probe.node.Types())
	}
	if j.Residual, err = lowerConds(n.Residual, both); err != nil {
		return output{}, err
	}
	switch {
	case turned:
		return output{j, left.pos}, nil
	case n.Kind.LeftOnly():
		pos := left.pos
		if n.Kind == plan.MarkJoin {
			pos = make(map[plan.ColID]int, len(left.pos)+1)
			for id, p := range left.pos {
				pos[id] = p
			}
			pos[n.MarkCol.ID] = len(left.node.Types())
		}
		return output{j, pos}, nil
	}
	return output{j, both}, nil
}
