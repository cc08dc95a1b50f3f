package physical

import (
	"htapdb/olap"
	"htapdb/sql/plan"
)

// windowKinds are the window functions that are not aggregates.
var windowKinds = map[string]olap.WindowKind{
	"row_number": olap.RowNumber, "rank": olap.Rank, "dense_rank": olap.DenseRank,
	"percent_rank": olap.PercentRank, "cume_dist": olap.CumeDist, "ntile": olap.Ntile,
	"lag": olap.Lag, "lead": olap.Lead,
	"first_value": olap.FirstValue, "last_value": olap.LastValue, "nth_value": olap.NthValue,
}

// frameModes, frameBounds and frameExclusions translate the parts of a frame.
var (
	frameModes = map[plan.FrameMode]olap.FrameMode{
		plan.FrameRange: olap.FrameRange, plan.FrameRows: olap.FrameRows, plan.FrameGroups: olap.FrameGroups,
	}
	frameBounds = map[plan.FrameBoundKind]olap.FrameBound{
		plan.UnboundedPreceding: olap.UnboundedPreceding, plan.Preceding: olap.Preceding, plan.CurrentRow: olap.CurrentRow,
		plan.Following: olap.Following, plan.UnboundedFollowing: olap.UnboundedFollowing,
	}
	frameExclusions = map[plan.FrameExclusion]olap.FrameExclusion{
		plan.ExcludeNoOthers: olap.ExcludeNoOthers, plan.ExcludeCurrentRow: olap.ExcludeCurrentRow,
		plan.ExcludeGroup: olap.ExcludeGroup, plan.ExcludeTies: olap.ExcludeTies,
	}
)

func (b *builder) window(n *plan.Window) (output, error) {
	in, err := b.build(n.Input)
	if err != nil {
		return output{}, err
	}
	w := &olap.Window{Input: in.node}
	if w.PartitionBy, err = lowerAll(n.Partition, in.pos); err != nil {
		return output{}, err
	}
	if w.OrderBy, err = lowerKeys(n.OrderBy, in.pos); err != nil {
		return output{}, err
	}
	frame := olap.Frame{
		Mode:  frameModes[n.Frame.Mode],
		Start: frameBounds[n.Frame.Start.Kind], End: frameBounds[n.Frame.End.Kind],
		StartOffset: n.Frame.Start.Offset, EndOffset: n.Frame.End.Offset,
		Exclude: frameExclusions[n.Frame.Exclude],
	}
	pos := make(map[plan.ColID]int, len(in.pos)+len(n.Funcs))
	for id, p := range in.pos {
		pos[id] = p
	}
	for i := range n.Funcs {
		f := &n.Funcs[i]
		wf, err := lowerWindowFunc(f, frame, in.pos)
		if err != nil {
			return output{}, err
		}
		w.Funcs = append(w.Funcs, wf)
		pos[f.Col.ID] = len(in.node.Types()) + i
	}
	return output{w, pos}, nil
}

// lowerWindowFunc lowers one function.
func lowerWindowFunc(f *plan.WindowFunc, frame olap.Frame, pos map[plan.ColID]int) (olap.WindowFunc, error) {
	out := olap.WindowFunc{Frame: frame, Result: f.Col.Type}
	args, err := lowerAll(f.Args, pos)
	if err != nil {
		return out, err
	}
	if f.IgnoreNulls {
		_, err := unsupported("IGNORE NULLS")
		return out, err
	}
	if f.Agg == nil {
		out.Kind, out.Args = windowKinds[f.Name], args
		return out, nil
	}
	filter, err := lower(f.Filter, pos)
	if err != nil {
		return out, err
	}
	out.Agg = olap.AggSpec{Agg: f.Agg, Args: guardedAll(args, filter), Filter: filter}
	return out, nil
}
