package olap

import (
	"slices"
	"sync/atomic"

	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/predicate"
)

// unmatchedSource yields, after the probe side is through, the build rows of a
// join: those without a match for Right, Full and BuildAnti, those with one for
// BuildSemi.
type unmatchedSource struct {
	table *joinTable
	batch int
	next  atomic.Int64
}

func (u *unmatchedSource) open(r *run) error { u.batch = r.batch; return nil }
func (u *unmatchedSource) parallel() int     { return 1 }
func (u *unmatchedSource) rows() int64       { return int64(u.table.rows.rows) }

func (u *unmatchedSource) reader(*worker) (reader, error) {
	return &unmatchedReader{src: u, out: emptyBatch(len(u.table.node.Types()))}, nil
}

type unmatchedReader struct {
	src  *unmatchedSource
	at   int
	rows []int32
	out  *vector.Batch
}

func (u *unmatchedReader) next() (*vector.Batch, bool, error) {
	t := u.src.table
	want := t.node.Kind == BuildSemi
	u.rows = u.rows[:0]
	for ; u.at < t.rows.rows && len(u.rows) < u.src.batch; u.at++ {
		if (t.found[u.at>>5]>>(u.at&31)&1 != 0) == want {
			u.rows = append(u.rows, int32(u.at))
		}
	}
	if len(u.rows) == 0 {
		return nil, false, nil
	}
	first := len(u.out.Cols) - len(t.out)
	ts := t.node.Types()
	for i := range first {
		if u.out.Cols[i].Type != ts[i] || u.out.Cols[i].Enc != vector.Const {
			u.out.Cols[i] = vector.NewConst(ts[i], types.NullDatum, 0)
		}
		u.out.Cols[i].Len = len(u.rows)
	}
	t.rows.gather(u.out.Cols[first:], t.out, u.rows)
	u.out.Len = len(u.rows)
	return u.out, true, nil
}

func (u *unmatchedReader) close() {}

// unknownRows returns the alive rows of in without a match whose NULL-aware
// comparison with some build row is unknown: neither true nor false for all.
func (p *joinProbe) unknownRows(in *vector.Batch) ([]int32, error) {
	t := p.t
	if !slices.Contains(p.j.NullAware, true) || t.rows.rows == 0 {
		return nil, nil
	}
	var out []int32
	simple := len(p.keyCols) == 1 && p.residual == nil
	for k := range p.n {
		r := in.Row(k)
		if p.matched[r] != 0 {
			continue
		}
		if simple {
			if t.hasNull || p.keyCols[0].IsNull(r) {
				out = append(out, int32(r))
			}
			continue
		}
		unknown, err := p.isUnknown(in, int32(r))
		if err != nil {
			return nil, err
		}
		if unknown {
			out = append(out, int32(r))
		}
	}
	return out, nil
}

// isUnknown looks for a build row that agrees with row r in all plain keys and
// the residual, and in each NULL-aware key unless one of the two is NULL. It
// looks at every row: a slow path for keys of several columns.
func (p *joinProbe) isUnknown(in *vector.Batch, r int32) (bool, error) {
	if !p.t.hasNull && !p.hasNullKey(int(r)) {
		return false, nil
	}
	total := int32(p.t.rows.rows)
	for from := int32(0); from < total; from += int32(p.r.batch) {
		if err := p.r.check(); err != nil {
			return false, err
		}
		to := min(from+int32(p.r.batch), total)
		p.pairRow, p.pairBuild = p.pairRow[:0], p.pairBuild[:0]
		for b := from; b < to; b++ {
			if p.perhapsEqual(int(r), b) {
				p.pairRow, p.pairBuild = append(p.pairRow, r), append(p.pairBuild, b)
			}
		}
		if len(p.pairRow) > 0 && p.residual != nil {
			if err := p.testResidual(in); err != nil {
				return false, err
			}
		}
		if len(p.pairRow) > 0 {
			return true, nil
		}
	}
	return false, nil
}

// hasNullKey reports whether row r has NULL in a NULL-aware key.
func (p *joinProbe) hasNullKey(r int) bool {
	for i, aware := range p.j.NullAware {
		if aware && p.keyCols[i].IsNull(r) {
			return true
		}
	}
	return false
}

// perhapsEqual compares the keys of probe row r and build row b.
func (p *joinProbe) perhapsEqual(r int, b int32) bool {
	var eq [1]uint8
	var scratch [1]int32
	row, build := [1]int32{int32(r)}, [1]int32{b}
	for i, c := range p.t.keys {
		col := &p.t.rows.cols[c]
		if p.j.NullAware[i] && (p.keyCols[i].IsNull(r) || col.isNull(int(b))) {
			continue
		}
		eq[0] = 1
		nullSafe := p.j.NullSafe != nil && p.j.NullSafe[i]
		col.matchRows(p.keyCols[i], row[:], build[:], nullSafe, eq[:], scratch[:])
		if eq[0] == 0 {
			return false
		}
	}
	return true
}

// filter derives a run-time filter from build key i.
func (t *joinTable) filter(i int) *RuntimeFilter {
	f := &RuntimeFilter{Source: t.node.Name(), Empty: t.linked == 0}
	if t.linked == 0 {
		return f
	}
	c := &t.rows.cols[t.keys[i]]
	if set := t.smallSet(c); set != nil {
		f.Predicates = append(f.Predicates, predicate.Predicate{Kind: predicate.In, List: set})
		return f
	}
	if lo, hi := c.bounds(t.rows.rows); !lo.IsNull() {
		f.Predicates = append(f.Predicates, predicate.Predicate{Kind: predicate.Range, Lo: lo, Hi: hi})
	}
	if len(t.keys) == 1 {
		t.markPresent()
		f.Predicates = append(f.Predicates, predicate.Predicate{Kind: predicate.Generic,
			Select: func(v *vector.Vector, sel []int32, n int, out []int32) ([]int32, error) {
				return t.mayContain(v, sel, n, out[:0]), nil
			}})
	}
	return f
}

// bounds returns the range of the values of c, which has n rows; NULLs if it has none.
func (c *column) bounds(n int) (least, most types.Datum) {
	if c.vec.Valid == nil {
		if lo, hi, ok := intRange(&c.vec, nil, n); ok {
			return types.NewInt(c.phys, lo), types.NewInt(c.phys, hi)
		}
	}
	lo, hi := -1, -1
	for k := range n {
		if c.isNull(k) {
			continue
		}
		if lo < 0 || c.compare(k, lo) < 0 {
			lo = k
		}
		if hi < 0 || c.compare(k, hi) > 0 {
			hi = k
		}
	}
	if lo < 0 {
		return types.NullDatum, types.NullDatum
	}
	return c.datum(lo), c.datum(hi)
}

// datum returns row i as a scalar.
func (c *column) datum(i int) types.Datum {
	if c.isNull(i) {
		return types.NullDatum
	}
	if c.phys == types.PhysString {
		return types.NewString(c.str(i))
	}
	return c.vec.Datum(i)
}

// smallSet returns the distinct values of a key column in order, nil if there
// may be more than MaxFilterValues.
func (t *joinTable) smallSet(c *column) []types.Datum {
	if t.rows.rows > 4*MaxFilterValues {
		return nil
	}
	var set []types.Datum
	for i := range t.rows.rows {
		if !c.isNull(i) {
			set = append(set, c.datum(i))
		}
	}
	slices.SortFunc(set, vector.CompareDatum)
	set = slices.CompactFunc(set, func(a, b types.Datum) bool { return vector.CompareDatum(a, b) == 0 })
	if len(set) > MaxFilterValues {
		return nil
	}
	return set
}
