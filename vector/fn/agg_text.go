package fn

import (
	"math"
	"unsafe"

	"github.com/axiomhq/hyperloglog"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// collectingAggregates keep more than a number a group: string_agg, median, approx_count_distinct.
func collectingAggregates() []aggregateOverload {
	agg := func(*Context) AggState { return &stringAgg{} }
	return []aggregateOverload{
		{name: "string_agg", args: []types.Kind{types.Text, types.Text}, result: types.Text, ordered: true, bind: func(a *Aggregate) { a.NewState = agg }},
		{name: "string_agg", args: []types.Kind{types.Bytea, types.Bytea}, result: types.Bytea, ordered: true, bind: func(a *Aggregate) { a.NewState = agg }},
		{name: "array_agg", args: []types.Kind{anyKind}, result: types.Text, ordered: true, bind: func(a *Aggregate) {
			a.NewState = func(*Context) AggState { return unsupported{"array_agg"} }
		}},
		{name: "median", args: []types.Kind{types.Float8}, result: types.Float8, bind: func(a *Aggregate) {
			a.NewState = func(ctx *Context) AggState { return &median{ctx: ctx} }
		}},
		{name: "approx_count_distinct", args: []types.Kind{anyKind}, result: types.Int8, bind: func(a *Aggregate) {
			a.NewState = func(*Context) AggState { return &distinctSketch{} }
		}},
	}
}

// stringAgg joins strings; the delimiter of a row goes before its string, except at the start.
type stringAgg struct {
	// text is the last block of each group's string, full the blocks before: long strings
	// are not copied as they grow.
	text  [][]byte
	full  map[uint32]*fullBlocks
	seen  []uint8
	bytes int64
	// firstDelim is the delimiter of a group's first string, needed only when groups merge.
	firstDelim []string
	in, delim  input[string]
}

func (s *stringAgg) Grow(n int) {
	s.text, s.seen, s.firstDelim = extend(s.text, n), extend(s.seen, n), extend(s.firstDelim, n)
}

// Growth implements TextKeeper.
func (s *stringAgg) Growth(_ []uint32, args []*vector.Vector, sel []int32, n int) int64 {
	return 2 * sumBound.total(args, sel, n)
}

func (s *stringAgg) Add(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	s.in.set(args[0])
	s.delim.set(args[1])
	for k, g := range groups {
		i := rowOf(sel, k)
		if s.in.null(i) {
			continue
		}
		d := ""
		if !s.delim.null(i) {
			d = s.delim.a[i&s.delim.mask]
		}
		if err := s.add(g, d, s.in.a[i&s.in.mask]); err != nil {
			return err
		}
	}
	return nil
}

// add appends a string to a group's.
//
// Errors: 54000 the result would be longer than a text can be.
func (s *stringAgg) add(g uint32, delim, text string) error {
	if s.seen[g] == 0 {
		s.seen[g], s.firstDelim[g] = 1, delim
		delim = ""
	}
	if n := len(s.text[g]) + len(delim) + len(text); n > cap(s.text[g]) && n > aggBlock {
		if err := s.newBlock(g, len(delim)+len(text)); err != nil {
			return err
		}
	}
	s.text[g] = append(append(s.text[g], delim...), text...)
	s.bytes += int64(len(delim) + len(text))
	return nil
}

func (s *stringAgg) AddAll(args []*vector.Vector, sel []int32, n int) error {
	return s.Add(groupZero(sel, n), args, sel, n)
}

func (s *stringAgg) Merge(other AggState, from []int32, to []uint32) error {
	o, ok := other.(*stringAgg)
	if !ok {
		return errMerge
	}
	for k, t := range to {
		g := MergedGroup(from, k)
		if o.seen[g] != 0 {
			if err := s.add(t, o.firstDelim[g], o.whole(uint32(g))); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *stringAgg) Finish(out *vector.Vector, from, to int) error {
	out.Resize(to - from)
	for g := from; g < to; g++ {
		if s.seen[g] == 0 {
			out.SetNull(g - from)
			out.Str[g-from] = ""
			continue
		}
		out.Str[g-from] = s.whole(uint32(g))
	}
	return nil
}

// fullBlocks are the complete blocks of one group's string.
type fullBlocks struct {
	blocks [][]byte
	bytes  int
}

// aggBlock is from which length on a group's string goes on in a new block, and
// aggBlocks the length of those.
const (
	aggBlock  = 64 << 10
	aggBlocks = 1 << 20
)

// newBlock begins a block of group g for at least n bytes.
//
// Errors: 54000 the string would be longer than a text can be.
func (s *stringAgg) newBlock(g uint32, n int) error {
	f := s.full[g]
	if f == nil {
		if s.full == nil {
			s.full = map[uint32]*fullBlocks{}
		}
		f = &fullBlocks{}
		s.full[g] = f
	}
	if f.bytes+len(s.text[g])+n > maxTextBytes {
		return tooLong()
	}
	if len(s.text[g]) > 0 {
		f.blocks, f.bytes = append(f.blocks, s.text[g]), f.bytes+len(s.text[g])
	}
	s.text[g] = make([]byte, 0, max(n, min(max(f.bytes, aggBlock), aggBlocks)))
	return nil
}

// whole is group g's string; if it has several blocks, a copy, which Bytes counts.
func (s *stringAgg) whole(g uint32) string {
	f := s.full[g]
	if f == nil {
		return bytesText(s.text[g])
	}
	b := make([]byte, 0, f.bytes+len(s.text[g]))
	for _, block := range f.blocks {
		b = append(b, block...)
	}
	return bytesText(append(b, s.text[g]...))
}

// bytesText is b as a text that shares its memory: what is appended to b later
// leaves it as it is.
func bytesText(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func (s *stringAgg) Bytes() int64 {
	return 2*s.bytes + sliceBytes(s.text) + sliceBytes(s.seen) + sliceBytes(s.firstDelim)
}

// unsupported is the state of an aggregate that exists in SQL but not here.
type unsupported struct{ name string }

func (u unsupported) err() error {
	return sqlstate.New(sqlstate.FeatureNotSupported, "aggregate %s is not supported", u.name)
}

func (u unsupported) Grow(int) {}

func (u unsupported) Add([]uint32, []*vector.Vector, []int32, int) error { return u.err() }

func (u unsupported) AddAll([]*vector.Vector, []int32, int) error { return u.err() }

func (u unsupported) Merge(AggState, []int32, []uint32) error { return u.err() }

func (u unsupported) Finish(*vector.Vector, int, int) error { return u.err() }

func (u unsupported) Bytes() int64 { return 0 }

// median collects a group's values; the middle one, or the mean of the two in the middle.
type median struct {
	vals  [][]float64
	count int64
	in    input[float64]
	ctx   *Context
}

func (s *median) Grow(n int) { s.vals = extend(s.vals, n) }

func (s *median) Add(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	s.in.set(args[0])
	for k, g := range groups {
		if i := rowOf(sel, k); !s.in.null(i) {
			s.vals[g] = append(s.vals[g], s.in.a[i&s.in.mask])
			s.count++
		}
	}
	return nil
}

func (s *median) AddAll(args []*vector.Vector, sel []int32, n int) error {
	return s.Add(groupZero(sel, n), args, sel, n)
}

func (s *median) Merge(other AggState, from []int32, to []uint32) error {
	o, ok := other.(*median)
	if !ok {
		return errMerge
	}
	for k, t := range to {
		g := MergedGroup(from, k)
		s.vals[t] = append(s.vals[t], o.vals[g]...)
		s.count += int64(len(o.vals[g]))
	}
	return nil
}

func (s *median) Finish(out *vector.Vector, from, to int) error {
	out.Resize(to - from)
	for g := from; g < to; g++ {
		v := s.vals[g]
		if len(v) == 0 {
			out.SetNull(g - from)
			continue
		}
		if err := sortDoubles(v, s.ctx.interrupted); err != nil {
			return err
		}
		lo, hi := v[(len(v)-1)/2], v[len(v)/2]
		if lo == hi {
			out.F64[g-from] = lo
		} else {
			out.F64[g-from] = lo + (hi-lo)/2
		}
	}
	return nil
}

func (s *median) Bytes() int64 { return 16*s.count + sliceBytes(s.vals) }

// distinctSketch estimates how many different values a group has (HyperLogLog, about 1 % off).
type distinctSketch struct {
	sketches []*hyperloglog.Sketch
}

func (s *distinctSketch) Grow(n int) { s.sketches = extend(s.sketches, n) }

func (s *distinctSketch) at(g uint32) *hyperloglog.Sketch {
	if s.sketches[g] == nil {
		s.sketches[g] = hyperloglog.New14()
	}
	return s.sketches[g]
}

func (s *distinctSketch) Add(groups []uint32, args []*vector.Vector, sel []int32, n int) error {
	for k, g := range groups {
		i := rowOf(sel, k)
		if !args[0].IsNull(i) {
			s.at(g).InsertHash(vector.HashDatum(args[0].Datum(i)))
		}
	}
	return nil
}

func (s *distinctSketch) AddAll(args []*vector.Vector, sel []int32, n int) error {
	return s.Add(groupZero(sel, n), args, sel, n)
}

func (s *distinctSketch) Merge(other AggState, from []int32, to []uint32) error {
	o, ok := other.(*distinctSketch)
	if !ok {
		return errMerge
	}
	for k, t := range to {
		g := MergedGroup(from, k)
		if o.sketches[g] != nil {
			if err := s.at(t).Merge(o.sketches[g]); err != nil {
				return sqlstate.Wrap(sqlstate.InternalError, err, "merging sketches: %v", err)
			}
		}
	}
	return nil
}

func (s *distinctSketch) Finish(out *vector.Vector, from, to int) error {
	out.Resize(to - from)
	for g := from; g < to; g++ {
		out.I64[g-from] = 0
		if s.sketches[g] != nil {
			out.I64[g-from] = int64(min(s.sketches[g].Estimate(), math.MaxInt64))
		}
	}
	return nil
}

func (s *distinctSketch) Bytes() int64 {
	n := sliceBytes(s.sketches)
	for _, k := range s.sketches {
		if k != nil {
			n += 1 << 14
		}
	}
	return n
}
