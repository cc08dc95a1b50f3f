package olap

import (
	"htapdb/sql/types"
	"htapdb/vector"
)

// distinctRows reports whether the pairs name every probe row at most once (in
// ascending order): then they are a selection of the input batch.
func (p *joinProbe) distinctRows() bool {
	for i := 1; i < len(p.pairRow); i++ {
		if p.pairRow[i] <= p.pairRow[i-1] {
			return false
		}
	}
	return true
}

// outerInOne reports whether an outer join's batch is done in one piece: all its
// rows had their candidates in the first chunk, and none has two matches.
func (p *joinProbe) outerInOne(in *vector.Batch) bool {
	return p.outer() && p.chunks == 1 && p.at == p.n && p.distinctRows()
}

// sparse is the share of a batch's rows below which pairs are gathered rather
// than selected.
const sparse = 4

// emitPairs makes the output of the pairs. Where every probe row occurs once,
// probe columns pass through with a selection and build columns are written to
// the rows' own places; else both are gathered.
func (p *joinProbe) emitPairs(in *vector.Batch) *vector.Batch {
	nProbe := len(p.probeOut)
	switch {
	case p.outerInOne(in):
		p.out.Len, p.out.Sel = in.Len, in.Sel
		p.passProbe(in)
		for i, c := range p.t.out {
			p.t.rows.cols[c].scatter(p.own(nProbe+i), in.Len, p.pairRow, p.pairBuild, true)
		}
	case len(p.pairRow)*sparse >= in.Len && p.distinctRows():
		p.sel = append(p.sel[:0], p.pairRow...)
		p.out.Len, p.out.Sel = in.Len, p.sel
		p.passProbe(in)
		for i, c := range p.t.out {
			p.t.rows.cols[c].scatter(p.own(nProbe+i), in.Len, p.pairRow, p.pairBuild, false)
		}
	default:
		p.out.Len, p.out.Sel = len(p.pairRow), nil
		for i, c := range p.probeOut {
			takeRows(p.own(i), in.Cols[c], p.pairRow, in.Len)
		}
		for i, c := range p.t.out {
			p.t.rows.cols[c].gather(p.own(nProbe+i), p.pairBuild)
		}
	}
	return p.out
}

// own makes output column i a vector of the operator's own.
func (p *joinProbe) own(i int) *vector.Vector {
	if p.outCols == nil {
		p.outCols = emptyBatch(len(p.out.Cols)).Cols
	}
	if vector.Invariants && p.outCols[i].Enc == vector.Flat {
		p.outCols[i].MangleElements()
	}
	p.out.Cols[i] = p.outCols[i]
	return p.outCols[i]
}

// passProbe makes the probe columns of the output those of in.
func (p *joinProbe) passProbe(in *vector.Batch) {
	for i, c := range p.probeOut {
		p.out.Cols[i] = in.Cols[c]
	}
}

// finishes reports whether the batch has output besides its pairs.
func (p *joinProbe) finishes(in *vector.Batch) bool {
	switch p.j.Kind {
	case Semi, Anti, Mark:
		return true
	}
	return p.outer() && !(p.chunks > 0 && p.outerInOne(in))
}

// finish makes the output of a batch whose pairs are all done: for outer joins
// the rows without a match, for the kinds without pairs all they yield.
func (p *joinProbe) finish(in *vector.Batch) (*vector.Batch, error) {
	p.out.Len = in.Len
	p.passProbe(in)
	want := uint8(0)
	switch p.j.Kind {
	case Mark:
		unknown, err := p.unknownRows(in)
		if err != nil {
			return nil, err
		}
		p.out.Sel = in.Sel
		p.out.Cols[len(p.out.Cols)-1] = p.markColumn(in, unknown)
		return p.out, nil
	case Anti:
		unknown, err := p.unknownRows(in)
		if err != nil {
			return nil, err
		}
		for _, r := range unknown {
			p.matched[r] = 1
		}
	case Semi:
		want = 1
	default:
		p.fillNulls(len(p.probeOut), in.Len)
	}
	p.sel = growBytes(p.sel, p.n)[:0]
	for k := range p.n {
		if r := in.Row(k); p.matched[r] == want {
			p.sel = append(p.sel, int32(r))
		}
	}
	p.out.Sel = p.sel
	return p.out, nil
}

// fillNulls makes the build columns, which begin at column from, NULL.
func (p *joinProbe) fillNulls(from, n int) {
	if p.nulls == nil {
		for _, c := range p.t.out {
			p.nulls = append(p.nulls, vector.NewConst(p.t.rows.cols[c].typ, types.NullDatum, n))
		}
	}
	for i, v := range p.nulls {
		v.Len = n
		p.out.Cols[from+i] = v
	}
}

// markColumn returns the mark of every row of in.
func (p *joinProbe) markColumn(in *vector.Batch, unknown []int32) *vector.Vector {
	v := &p.mark
	v.Type = types.TBool
	v.Resize(in.Len)
	copy(v.Bool, p.matched)
	for _, r := range unknown {
		v.SetNull(int(r))
	}
	return v
}

// scatter writes rows rows[k] of c to the places at[k] of out, which has n rows;
// other places are harmless to read. With outer they are NULL.
func (c *column) scatter(out *vector.Vector, n int, at, rows []int32, outer bool) {
	out.Type = c.typ
	if c.dict != nil {
		codes := growBytes(out.Codes, n)
		for k, r := range rows {
			codes[at[k]] = c.vec.Codes[r]
		}
		out.Enc, out.Len, out.Codes = vector.Dict, n, codes
		out.Dict, out.DictID, out.Valid = c.dict.values, c.dict.id, nil
	} else {
		out.Resize(n)
		c.scatterElements(out, at, rows)
	}
	if !outer && c.vec.Valid == nil {
		return
	}
	valid := make([]uint8, n)
	for k, r := range rows {
		valid[at[k]] = 1
		if c.isNull(int(r)) {
			valid[at[k]] = 0
		}
	}
	out.Valid = valid
}

func (c *column) scatterElements(out *vector.Vector, at, rows []int32) {
	v := &c.vec
	switch c.phys {
	case types.PhysBool:
		scatterTo(out.Bool, v.Bool, at, rows)
	case types.PhysInt16:
		scatterTo(out.I16, v.I16, at, rows)
	case types.PhysInt32:
		scatterTo(out.I32, v.I32, at, rows)
	case types.PhysInt64:
		scatterTo(out.I64, v.I64, at, rows)
	case types.PhysInt128:
		scatterTo(out.I128, v.I128, at, rows)
	case types.PhysFloat32:
		scatterTo(out.F32, v.F32, at, rows)
	case types.PhysFloat64:
		scatterTo(out.F64, v.F64, at, rows)
	case types.PhysInterval:
		scatterTo(out.Iv, v.Iv, at, rows)
	case types.PhysString:
		for k, r := range rows {
			out.Str[at[k]] = c.arena.get(c.refs[r], c.lens[r])
		}
	}
}

func scatterTo[T any](dst, src []T, at, rows []int32) {
	at = at[:len(rows)]
	for k, r := range rows {
		dst[at[k]] = src[r]
	}
}
