package olap

import (
	"sync/atomic"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// GenerateSeries yields one column: Start, Start + Step … up to and including
// Stop. A NULL argument makes no rows, a Step of zero is InvalidParameterValue.
type GenerateSeries struct {
	// Start and Stop, without columns, have the column's type.
	Start, Stop fn.Expr
	// Step, without columns, has the column's type for numbers (nil: 1), INTERVAL for timestamps.
	Step fn.Expr
	// Next computes the value after column 0 by the step in column 1. It is
	// needed for types other than SMALLINT, INTEGER and BIGINT.
	Next fn.Expr
}

// Types returns Start's type.
func (g *GenerateSeries) Types() []types.Type { return []types.Type{g.Start.Type()} }

// Inputs returns nil.
func (g *GenerateSeries) Inputs() []Node { return nil }

// Name returns "Generate Series".
func (g *GenerateSeries) Name() string { return "Generate Series" }

func (g *GenerateSeries) estimate(func(Node) float64) float64 {
	a, ok1 := g.Start.(*fn.Literal)
	b, ok2 := g.Stop.(*fn.Literal)
	if !g.Start.Type().IsInteger() || !ok1 || !ok2 {
		return 2 * DefaultInlineRows
	}
	return max(float64(b.Value.Int())-float64(a.Value.Int()), float64(a.Value.Int())-float64(b.Value.Int())) + 1
}

func (g *GenerateSeries) compile(*run) (*stream, error) {
	return newStream(g, &seriesSource{node: g}), nil
}

// seriesSource is one execution of a GenerateSeries.
type seriesSource struct {
	node              *GenerateSeries
	r                 *run
	start, stop, step types.Datum
	// count is the number of integers, −1 for other types.
	count int64
	next  atomic.Int64
}

func (s *seriesSource) open(r *run) (err error) {
	s.r = r
	if s.start, err = r.scalar(s.node.Start); err != nil {
		return err
	}
	if s.stop, err = r.scalar(s.node.Stop); err != nil {
		return err
	}
	s.step = types.NewInt64(1)
	if s.node.Step != nil {
		if s.step, err = r.scalar(s.node.Step); err != nil {
			return err
		}
	}
	if s.start.IsNull() || s.stop.IsNull() || s.step.IsNull() {
		s.count = 0
		return nil
	}
	if !s.node.Start.Type().IsInteger() {
		s.count = -1
		if s.node.Next == nil {
			return sqlstate.New(sqlstate.FeatureNotSupported, "generate_series over %s is not supported", s.node.Start.Type())
		}
		if s.sign() == 0 {
			return stepIsZero()
		}
		return nil
	}
	return s.countIntegers()
}

func stepIsZero() error {
	return sqlstate.New(sqlstate.InvalidParameterValue, "step size cannot equal zero")
}

func (s *seriesSource) countIntegers() error {
	from, to, step := s.start.Int(), s.stop.Int(), s.step.Int()
	var n uint64
	switch {
	case step == 0:
		return stepIsZero()
	case step > 0 && from <= to:
		n = (uint64(to) - uint64(from)) / uint64(step)
	case step < 0 && from >= to:
		n = (uint64(from) - uint64(to)) / -uint64(step)
	default:
		return nil
	}
	if n >= 1<<62 {
		return sqlstate.New(sqlstate.ProgramLimitExceeded, "generate_series would make %d rows", n)
	}
	s.count = int64(n) + 1
	return nil
}

// sign is that of the step.
func (s *seriesSource) sign() int {
	switch s.step.Physical() {
	case types.PhysInterval:
		return vector.IntervalLength(s.step.Interval()).Sign()
	case types.PhysFloat32, types.PhysFloat64:
		return vector.CompareFloat(s.step.Float(), 0)
	}
	return s.step.Int128().Sign()
}

func (s *seriesSource) parallel() int {
	if s.count < 0 {
		return 1
	}
	return int(min(s.count/int64(s.r.batch)+1, 1<<20))
}

func (s *seriesSource) rows() int64 { return s.count }

func (s *seriesSource) reader(*worker) (reader, error) {
	if s.count >= 0 {
		return &integerSeries{src: s, out: emptyBatch(1)}, nil
	}
	e, err := s.r.newExprs([]fn.Expr{s.node.Next})
	return &steppedSeries{src: s, advance: e, at: s.start, out: emptyBatch(1)}, err
}

// integerSeries yields integers, shared out among the workers in batches.
type integerSeries struct {
	src *seriesSource
	out *vector.Batch
}

func (g *integerSeries) next() (*vector.Batch, bool, error) {
	s := g.src
	batch := int64(s.r.batch)
	from := s.next.Add(batch) - batch
	n := int(min(batch, s.count-from))
	if n <= 0 {
		return nil, false, nil
	}
	v := g.out.Cols[0]
	v.Type = s.node.Start.Type()
	v.Resize(n)
	g.out.Len = n
	step := s.step.Int()
	x := s.start.Int() + from*step
	for i := range n {
		switch v.Type.Kind {
		case types.Int2:
			v.I16[i] = int16(x)
		case types.Int4:
			v.I32[i] = int32(x)
		default:
			v.I64[i] = x
		}
		x += step
	}
	return g.out, true, nil
}

func (g *integerSeries) close() {}

// steppedSeries yields values of any type, each computed from the one before.
type steppedSeries struct {
	src     *seriesSource
	advance *exprs
	at      types.Datum
	done    bool
	out     *vector.Batch
}

func (g *steppedSeries) next() (*vector.Batch, bool, error) {
	s := g.src
	v := g.out.Cols[0]
	v.Type = s.node.Start.Type()
	v.Resize(0)
	for !g.done && v.Len < s.r.batch {
		if vector.CompareDatum(g.at, s.stop)*s.sign() > 0 {
			g.done = true
			break
		}
		v.Append(g.at)
		in := &vector.Batch{Len: 1, Cols: []*vector.Vector{
			vector.NewConst(v.Type, g.at, 1), vector.NewConst(s.node.Step.Type(), s.step, 1),
		}}
		out, err := g.advance.eval(in)
		if err != nil {
			return nil, false, err
		}
		if g.at = out[0].Datum(0); g.at.IsNull() {
			g.done = true
		}
	}
	g.out.Len = v.Len
	return g.out, v.Len > 0, nil
}

func (g *steppedSeries) close() {}
