package fn

import (
	"htapdb/sql/sqlstate"
	"htapdb/vector"
)

// rankedScores keeps the scores of each group by class, and computes the area
// under a curve over all thresholds: those need the scores sorted. It is charged for
// them as they come.
type rankedScores struct {
	labels
	area               func(positive, negative []float64) (area float64, ok bool)
	positive, negative [][]float64
	count              int64
	score              input[float64]
	ctx                *Context
}

func (s *rankedScores) Grow(n int) {
	s.positive, s.negative = extend(s.positive, n), extend(s.negative, n)
}

// Add implements AggState.
//
// Errors: 22023 a class is neither 0 nor 1, a score is NaN.
func (s *rankedScores) Add(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	s.labels.set(args[0])
	s.score.set(args[1])
	for k, g := range groups {
		i := rowOf(sel, k)
		if s.labels.null(i) || s.score.null(i) {
			continue
		}
		positive, err := s.labels.at(i)
		if err != nil {
			return err
		}
		v := s.score.a[i&s.score.mask]
		if v != v {
			return sqlstate.New(sqlstate.InvalidParameterValue, "%s: a score is NaN", s.name).
				WithHint("Leave such rows out with FILTER, or make them NULL: NULLIF(p, 'NaN').")
		}
		if positive {
			s.positive[g] = append(s.positive[g], v)
		} else {
			s.negative[g] = append(s.negative[g], v)
		}
		s.count++
	}
	return nil
}

func (s *rankedScores) AddAll(args []*vector.Vector, sel []int32, n int) error {
	return s.Add(groupZero(sel, n), args, sel, n)
}

func (s *rankedScores) Merge(other AggState, from []int32, to []uint32) error {
	o, ok := other.(*rankedScores)
	if !ok {
		return errMerge
	}
	for k, t := range to {
		g := MergedGroup(from, k)
		s.positive[t] = append(s.positive[t], o.positive[g]...)
		s.negative[t] = append(s.negative[t], o.negative[g]...)
		s.count += int64(len(o.positive[g]) + len(o.negative[g]))
	}
	return nil
}

func (s *rankedScores) Finish(out *vector.Vector, from, to int) error {
	out.Resize(to - from)
	for g := from; g < to; g++ {
		p, n := s.positive[g], s.negative[g]
		for _, scores := range [][]float64{p, n} {
			if err := sortDoubles(scores, s.ctx.interrupted); err != nil {
				return err
			}
		}
		v, ok := s.area(p, n)
		if !ok {
			out.SetNull(g - from)
			continue
		}
		out.F64[g-from] = v
	}
	return nil
}

func (s *rankedScores) Bytes() int64 {
	return 16*s.count + sliceBytes(s.positive) + sliceBytes(s.negative)
}

// rocArea is how many of all pairs of a positive and a negative have the higher
// score at the positive, ties counting half (Mann and Whitney's U): the area under the curve of
// true over false positives. Both are sorted; without one of them it is undefined.
func rocArea(positive, negative []float64) (area float64, ok bool) {
	if len(positive) == 0 || len(negative) == 0 {
		return 0, false
	}
	var twice uint64
	below, notAbove := 0, 0 // negatives
	for _, v := range positive {
		for below < len(negative) && negative[below] < v {
			below++
		}
		for notAbove < len(negative) && negative[notAbove] <= v {
			notAbove++
		}
		twice += uint64(below) + uint64(notAbove)
	}
	return float64(twice) / (2 * float64(len(positive)) * float64(len(negative))), true
}

// precisionRecallArea is the average precision: the precision at each threshold,
// weighted by how much recall it adds. Between thresholds nothing is interpolated, which
// would be too optimistic (Davis and Goadrich, "The relationship between precision-recall and
// ROC curves", 2006). Both are sorted; without a positive it is undefined.
func precisionRecallArea(positive, negative []float64) (area float64, ok bool) {
	p, n := len(positive), len(negative)
	for p > 0 {
		threshold := positive[p-1]
		before := p
		for p > 0 && positive[p-1] >= threshold {
			p--
		}
		for n > 0 && negative[n-1] >= threshold {
			n--
		}
		tp, fp := len(positive)-p, len(negative)-n
		area += float64(before-p) * (float64(tp) / float64(tp+fp))
	}
	return area / float64(len(positive)), len(positive) > 0
}
