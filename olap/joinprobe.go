package olap

import (
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// joinSpec is one execution of a HashJoin: the probe operator's shared part.
type joinSpec struct {
	node  *HashJoin
	table *joinTable
	build *stream
	// below is the stream that the probe operator is part of, depth its place.
	below *stream
	depth int
}

func (j *HashJoin) compile(r *run) (*stream, error) {
	probe, err := j.Probe.compile(r)
	if err != nil {
		return nil, err
	}
	build, err := j.Build.compile(r)
	if err != nil {
		return nil, err
	}
	spec := &joinSpec{node: j, build: build, below: probe, depth: len(probe.ops), table: &joinTable{node: j}}
	if j.Kind != Semi && j.Kind != Anti && j.Kind != Mark && j.Kind != Single {
		probe.expands = true
	}
	probe.then(j, spec)
	if !j.returnsBuild() {
		return probe, nil
	}
	rest := newStream(j, &unmatchedSource{table: spec.table})
	return newStream(nil, &unionSource{parts: []*stream{probe, rest}, barrier: true}), nil
}

// estimate counts the pairs to look at where there are no keys.
func (j *HashJoin) estimate(of func(Node) float64) float64 {
	p, b := of(j.Probe), of(j.Build)
	if len(j.ProbeKeys) == 0 {
		return p + b + p*b
	}
	return p + b
}

func (s *joinSpec) prepare(r *run) error {
	if err := s.table.build(r, s.build); err != nil {
		return err
	}
	j := s.node
	if s.table.linked == 0 {
		switch j.Kind {
		case Inner, Cross, Semi, Right, BuildSemi, BuildAnti:
			return errEnd
		}
	}
	s.announce()
	return nil
}

// inputColumn traces an output column to the probe input. The kinds that yield
// build rows without a match are not in the way of a trace: their streams are
// behind a barrier.
func (s *joinSpec) inputColumn(col int) (int, bool) {
	cols := s.node.ProbeOut
	if cols == nil {
		return col, col < len(s.node.Probe.Types())
	}
	if col >= len(cols) {
		return 0, false
	}
	return cols[col], true
}

func (s *joinSpec) operator(w *worker) (operator, error) {
	p := &joinProbe{t: s.table, j: s.node, r: w.r}
	var err error
	if p.keys, err = w.r.newExprs(s.node.ProbeKeys); err != nil {
		return nil, err
	}
	if s.node.Residual != nil {
		if p.residual, err = w.r.newPredicate(s.node.Residual); err != nil {
			return nil, err
		}
		n := len(s.node.Probe.Types()) + len(s.node.Build.Types())
		p.candidate = &vector.Batch{Cols: make([]*vector.Vector, n)}
		for _, c := range columnsIn(s.node.Residual, nil) {
			p.candidate.Cols[c] = &vector.Vector{}
		}
	}
	if s.node.hasProbe() {
		p.probeOut = allColumns(s.node.ProbeOut, len(s.node.Probe.Types()))
	}
	p.out = emptyBatch(len(s.node.Types()))
	return p, nil
}

// joinProbe looks up the rows of one worker's batches, in stages over the batch:
// hash the keys, read the directory, form candidate pairs, compare keys, test
// the residual, emit.
type joinProbe struct {
	t    *joinTable
	j    *HashJoin
	r    *run
	keys *exprs
	// residual is tested on candidate, probe columns followed by build columns.
	residual  *condition
	candidate *vector.Batch
	probeOut  []int

	// The batch in progress.
	active  bool
	keyCols []*vector.Vector
	n       int // alive rows
	at      int // alive row whose candidates come next
	from    []int32
	to      []int32 // the candidates of the k-th alive row are links[from[k]:to[k]]
	matched []uint8 // by physical row
	chunks  int     // of pairs so far

	// The pairs in progress: physical probe row and build row.
	pairRow   []int32
	pairBuild []int32

	hashes  []uint64
	touched uint64 // keeps the compiler from dropping touchLinks
	eq      []uint8
	elems   []int32
	rowsOf  []int32
	first   []int32 // see firstMatches; nil for most kinds
	partial bool    // some candidates of row at have been taken
	sel     []int32
	flat    vector.Vector
	nulls   []*vector.Vector
	mark    vector.Vector
	out     *vector.Batch
	outCols []*vector.Vector
}

func (p *joinProbe) process(in *vector.Batch) (*vector.Batch, bool, error) {
	if !p.active {
		if err := p.begin(in); err != nil {
			return nil, false, err
		}
	}
	if p.at < p.n {
		p.nextPairs(in)
		if err := p.verify(in); err != nil {
			return nil, false, err
		}
		if err := p.note(); err != nil {
			return nil, false, err
		}
		p.chunks++
		more := p.at < p.n || p.finishes(in)
		p.active = more
		if p.emitsPairs() && (len(p.pairRow) > 0 || p.outerInOne(in)) {
			return p.emitPairs(in), more, nil
		}
		if p.at < p.n {
			return nil, true, nil
		}
	}
	p.active = false
	if !p.finishes(in) {
		return nil, false, nil
	}
	out, err := p.finish(in)
	return out, false, err
}

// begin evaluates the keys of a new batch and finds the candidates of its rows.
func (p *joinProbe) begin(in *vector.Batch) error {
	cols, err := p.keys.eval(in)
	if err != nil {
		return err
	}
	p.active, p.keyCols, p.n, p.at, p.chunks = true, cols, in.Rows(), 0, 0
	p.matched = growBytes(p.matched, in.Len)
	clear(p.matched)
	p.from, p.to = growBytes(p.from, p.n), growBytes(p.to, p.n)
	t := p.t
	switch {
	case t.linked == 0:
		clear(p.from)
		clear(p.to)
		return nil
	case len(t.keys) == 0:
		clear(p.from)
		for k := range p.to {
			p.to[k] = int32(t.linked)
		}
		return nil
	case t.dense:
		p.lookupDense(cols[0], in)
		if t.direct != nil {
			p.dropNullKeys(cols, in, func(k int) { p.from[k] = -1 })
			return nil
		}
	default:
		p.lookupHashes(cols, in)
		p.touchLinks()
	}
	p.dropNullKeys(cols, in, func(k int) { p.to[k] = p.from[k] })
	if t.found != nil && !p.j.hasProbe() && p.residual == nil {
		p.firstMatches(in)
	}
	return nil
}

// dropNullKeys calls drop for the alive rows with NULL in a key that is not NullSafe.
func (p *joinProbe) dropNullKeys(cols []*vector.Vector, in *vector.Batch, drop func(k int)) {
	for i, v := range cols {
		if v.Valid == nil || p.j.NullSafe != nil && p.j.NullSafe[i] {
			continue
		}
		for k := range p.n {
			if v.IsNull(in.Row(k)) {
				drop(k)
			}
		}
	}
}

// lookupHashes reads the directory by hash.
func (p *joinProbe) lookupHashes(cols []*vector.Vector, in *vector.Batch) {
	p.hashes = hashRows(cols, in.Sel, in.Len, p.hashes)
	dir, shift := p.t.directory, p.t.shift
	from, to := p.from[:len(p.hashes)], p.to[:len(p.hashes)]
	for k, h := range p.hashes {
		b := h >> shift
		e := dir[b]
		from[k] = int32(e >> 16)
		to[k] = from[k]
		if e>>(h&15)&1 != 0 {
			to[k] = int32(dir[b+1] >> 16)
		}
	}
}

// touchLinks reads the first link of every row, so that the cache misses of all
// rows overlap; the loop over the candidates mispredicts too many branches for that.
func (p *joinProbe) touchLinks() {
	links := p.t.links
	if len(links) < 1<<14 {
		return
	}
	last := int32(len(links) - 1)
	var x uint64
	for _, f := range p.from {
		x |= links[min(f, last)]
	}
	p.touched = x
}

// lookupDense reads the directory by key value.
func (p *joinProbe) lookupDense(v *vector.Vector, in *vector.Batch) {
	if v.Enc != vector.Flat {
		v = v.Flatten(&p.flat)
	}
	switch v.Type.Physical() {
	case types.PhysInt16:
		denseRanges(p.t, v.I16, in.Sel, p.from, p.to)
	case types.PhysInt32:
		denseRanges(p.t, v.I32, in.Sel, p.from, p.to)
	default:
		denseRanges(p.t, v.I64, in.Sel, p.from, p.to)
	}
}

// denseRanges looks up keys by value: the range of links, or the row in from if
// there is a direct array (−1: none).
func denseRanges[T int16 | int32 | int64](t *joinTable, keys []T, sel []int32, from, to []int32) {
	base, direct := uint64(t.base), t.direct
	to = to[:len(from)]
	switch {
	case direct != nil && sel == nil:
		for k, x := range keys[:len(from)] {
			from[k] = -1
			if b := uint64(int64(x)) - base; b < uint64(len(direct)) {
				from[k] = direct[b] - 1
			}
		}
	case direct != nil:
		for k, r := range sel[:len(from)] {
			from[k] = -1
			if b := uint64(int64(keys[r])) - base; b < uint64(len(direct)) {
				from[k] = direct[b] - 1
			}
		}
	default:
		dir := t.directory
		last := uint64(len(dir) - 1)
		for k := range from {
			b := uint64(int64(keys[rowOf(sel, k)])) - base
			from[k], to[k] = 0, 0
			if b < last {
				from[k], to[k] = int32(dir[b]>>16), int32(dir[b+1]>>16)
			}
		}
	}
}

// verify drops the candidate pairs that do not match.
func (p *joinProbe) verify(in *vector.Batch) error {
	t := p.t
	if len(t.keys) > 0 && !t.dense && len(p.pairRow) > 0 {
		p.eq = growBytes(p.eq, len(p.pairRow))
		fill8(p.eq, 1)
		p.compareKeys()
		p.keepPairs(p.eq)
	}
	if p.residual == nil || len(p.pairRow) == 0 {
		return nil
	}
	return p.testResidual(in)
}

// keepPairs drops the pairs whose flag is 0.
func (p *joinProbe) keepPairs(flags []uint8) {
	k := 0
	for i, ok := range flags {
		p.pairRow[k], p.pairBuild[k] = p.pairRow[i], p.pairBuild[i]
		k += int(ok)
	}
	p.pairRow, p.pairBuild = p.pairRow[:k], p.pairBuild[:k]
}

// testResidual drops the pairs for which the residual is not true.
func (p *joinProbe) testResidual(in *vector.Batch) error {
	probe := len(p.j.Probe.Types())
	p.candidate.Len, p.candidate.Sel = len(p.pairRow), nil
	for c, v := range p.candidate.Cols {
		switch {
		case v == nil:
		case c < probe:
			takeRows(v, in.Cols[c], p.pairRow, in.Len)
		default:
			p.t.rows.cols[p.t.residual[c-probe]].gather(v, p.pairBuild)
		}
	}
	sel, err := p.residual.filter(p.candidate)
	if err != nil {
		return err
	}
	for i, k := range sel {
		p.pairRow[i], p.pairBuild[i] = p.pairRow[k], p.pairBuild[k]
	}
	p.pairRow, p.pairBuild = p.pairRow[:len(sel)], p.pairBuild[:len(sel)]
	return nil
}

// note records what the pairs say about their rows.
func (p *joinProbe) note() error {
	if p.j.Kind == Single {
		for _, r := range p.pairRow {
			if p.matched[r] != 0 {
				return sqlstate.New(sqlstate.CardinalityViolation, "more than one row returned by a subquery used as an expression")
			}
			p.matched[r] = 1
		}
		return nil
	}
	if p.j.Kind != Inner && p.j.Kind != Cross {
		for _, r := range p.pairRow {
			p.matched[r] = 1
		}
	}
	if p.t.found != nil {
		for _, b := range p.pairBuild {
			p.t.markFound(b)
		}
	}
	return nil
}

// emitsPairs reports whether matching pairs are output rows.
func (p *joinProbe) emitsPairs() bool {
	switch p.j.Kind {
	case Semi, Anti, Mark, BuildSemi, BuildAnti:
		return false
	}
	return true
}

// outer reports whether probe rows without a match are yielded with NULLs.
func (p *joinProbe) outer() bool {
	return p.j.Kind == Left || p.j.Kind == Full || p.j.Kind == Single
}

// announce gives the scan below the probe input the range of the build keys and
// a membership test, where probe rows without a match do not matter.
func (s *joinSpec) announce() {
	switch s.node.Kind {
	case Inner, Semi, Right, BuildSemi, BuildAnti:
	default:
		return
	}
	for i, k := range s.node.ProbeKeys {
		c, ok := k.(*fn.Column)
		if !ok || s.node.NullSafe != nil && s.node.NullSafe[i] {
			continue
		}
		if targets := s.below.scansOf(s.depth, c.Index); targets != nil {
			f := s.table.filter(i)
			for _, t := range targets {
				t.scan.filters = append(t.scan.filters, pushedFilter{t.col, f})
			}
		}
	}
}
