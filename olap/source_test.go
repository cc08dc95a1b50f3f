package olap

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/predicate"
)

// shape is how a test table presents its rows: the same rows in other vectors.
type shape struct {
	batch    int
	dict     bool // strings and integers as dictionaries, two of them in turn
	constant bool // runs of equal values as constants
	sel      bool // dead rows in between
	filters  bool // apply run-time filters
}

// memTable is a Source over rows in memory.
type memTable struct {
	name  string
	cols  []types.Type
	rows  [][]types.Datum
	est   float64
	shape *shape
	// opened counts scanners that have not been closed.
	opened *atomic.Int64
	// nextErr, if not nil, is returned instead of the batch with that number.
	nextErr error
	errAt   int

	dictMu sync.Mutex
	dicts  map[int][2]*vector.Vector
}

func (m *memTable) Types() []types.Type { return m.cols }
func (m *memTable) EstimatedRows() float64 {
	if m.est != 0 {
		return m.est
	}
	return float64(len(m.rows))
}

func (m *memTable) Open(ctx context.Context, ex *Exec) (Scanner, error) {
	if m.opened != nil {
		m.opened.Add(1)
	}
	s := &memScanner{table: m, batch: m.shape.batch, codes: map[uint64]map[types.Datum]uint32{}}
	if ex.BatchSize > 0 {
		s.batch = min(s.batch, ex.BatchSize)
	}
	if m.shape.dict {
		s.dicts = map[int][2]*vector.Vector{}
		for c, t := range m.cols {
			if t.Physical() == types.PhysString || t.Physical() == types.PhysInt32 {
				s.dicts[c] = m.dictsOf(c)
			}
		}
		s.ids = make([][2]uint64, len(m.cols))
		for c := range s.ids {
			s.ids[c] = [2]uint64{vector.NewDictID(), vector.NewDictID()}
		}
	}
	return s, nil
}

// dictsOf returns two dictionaries of all values of column c, in different orders.
func (m *memTable) dictsOf(c int) [2]*vector.Vector {
	m.dictMu.Lock()
	defer m.dictMu.Unlock()
	if d, ok := m.dicts[c]; ok {
		return d
	}
	seen := map[types.Datum]bool{}
	a := vector.New(m.cols[c], 0)
	for _, r := range m.rows {
		if !r[c].IsNull() && !seen[r[c]] {
			seen[r[c]] = true
			a.Append(r[c])
		}
	}
	if a.Len == 0 {
		a.Resize(1) // codes under nulls have to be valid
	}
	b := vector.New(m.cols[c], 0)
	for i := a.Len - 1; i >= 0; i-- {
		b.Append(a.Datum(i))
	}
	if m.dicts == nil {
		m.dicts = map[int][2]*vector.Vector{}
	}
	m.dicts[c] = [2]*vector.Vector{a, b}
	return m.dicts[c]
}

type memScanner struct {
	table   *memTable
	batch   int
	next    atomic.Int64
	dicts   map[int][2]*vector.Vector
	ids     [][2]uint64
	filters []pushedFilter
	mu      sync.Mutex
	codes   map[uint64]map[types.Datum]uint32
}

func (s *memScanner) AddRuntimeFilter(col int, f *RuntimeFilter) {
	s.filters = append(s.filters, pushedFilter{col, f})
}

func (s *memScanner) NewReader() (Reader, error) { return &memReader{s: s}, nil }

func (s *memScanner) Close() {
	if s.table.opened != nil {
		s.table.opened.Add(-1)
	}
}

type memReader struct {
	s   *memScanner
	out *vector.Batch
}

func (r *memReader) Close() {}

func (r *memReader) Next(ctx context.Context) (*vector.Batch, error) {
	if r.out != nil {
		scramble(r.out)
	}
	m, sh := r.s.table, r.s.table.shape
	at := int(r.s.next.Add(1)-1) * r.s.batch
	if m.nextErr != nil && at/r.s.batch == m.errAt {
		return nil, m.nextErr
	}
	if at >= len(m.rows) {
		return nil, nil
	}
	rows := m.rows[at:min(at+r.s.batch, len(m.rows))]
	b := &vector.Batch{Len: len(rows)}
	if sh.sel {
		b.Len = 2*len(rows) + 1
		b.Sel = make([]int32, len(rows))
		for i := range rows {
			b.Sel[i] = int32(2*i + 1)
		}
	}
	row := func(i int) []types.Datum {
		if sh.sel {
			return rows[min(i/2, len(rows)-1)]
		}
		return rows[i]
	}
	for c, t := range m.cols {
		v := vector.New(t, b.Len)
		same := true
		for i := range b.Len {
			v.Set(i, row(i)[c])
			same = same && row(i)[c] == row(0)[c]
		}
		switch {
		case sh.constant && same:
			v = vector.NewConst(t, row(0)[c], b.Len)
		case sh.dict && r.s.dicts[c][0] != nil:
			v = r.s.encode(v, c, at/r.s.batch%2)
		}
		b.Cols = append(b.Cols, v)
	}
	if sh.filters {
		r.filter(b)
	}
	r.out = b
	return b, nil
}

// encode makes v a dictionary vector.
func (s *memScanner) encode(v *vector.Vector, c, which int) *vector.Vector {
	dict := s.dicts[c][which]
	s.mu.Lock()
	id := s.ids[c][which]
	code := s.codes[id]
	if code == nil {
		code = map[types.Datum]uint32{}
		for i := range dict.Len {
			code[dict.Datum(i)] = uint32(i)
		}
		s.codes[id] = code
	}
	s.mu.Unlock()
	codes := make([]uint32, v.Len)
	for i := range codes {
		codes[i] = code[v.Datum(i)]
	}
	return vector.NewDict(dict, s.ids[c][which], codes, v.Valid)
}

// filter applies the run-time filters as a scan would.
func (r *memReader) filter(b *vector.Batch) {
	for _, p := range r.s.filters {
		ps := p.filter.Predicates
		keepNulls := false
		if m := p.filter.Moving; m != nil {
			if now := m.Load(); now != nil {
				ps, keepNulls = append(ps[:len(ps):len(ps)], *now), m.KeepNulls
			}
		}
		v := b.Cols[p.col]
		for i := range ps {
			sel := []int32{}
			keep := map[int32]bool{}
			if ps[i].Selects() {
				rows, err := ps[i].Select(v, b.Sel, b.Len, nil)
				if err != nil {
					panic(err)
				}
				for _, r := range rows {
					keep[r] = true
				}
			}
			for k := range b.Rows() {
				row := b.Row(k)
				d := v.Datum(row)
				if ps[i].Selects() && keep[int32(row)] || d.IsNull() && keepNulls || holds(&ps[i], d) {
					sel = append(sel, int32(row))
				}
			}
			b.Sel = sel
		}
	}
}

// holds evaluates a predicate that has no Select.
func holds(p *predicate.Predicate, d types.Datum) bool {
	switch p.Kind {
	case predicate.IsNull, predicate.IsNotNull:
		return d.IsNull() == (p.Kind == predicate.IsNull)
	case predicate.In:
		return slices.ContainsFunc(p.List, func(x types.Datum) bool { return !d.IsNull() && vector.CompareDatum(x, d) == 0 })
	case predicate.Compare, predicate.Range:
		for _, c := range p.Comparisons() {
			if d.IsNull() || !c.Op.Holds(vector.CompareDatum(d, c.Value)) {
				return false
			}
		}
		return !d.IsNull()
	}
	return false
}

// scramble overwrites a batch whose time is over, so that who still reads it is
// found out. Dictionaries stay.
func scramble(b *vector.Batch) {
	for _, v := range b.Cols {
		for i := range v.Bool {
			v.Bool[i] ^= 1
		}
		for i := range v.I16 {
			v.I16[i] = -77
		}
		for i := range v.I32 {
			v.I32[i] = -77777
		}
		for i := range v.I64 {
			v.I64[i] = -7777777
		}
		for i := range v.F64 {
			v.F64[i] = 1e300
		}
		for i := range v.Str {
			v.Str[i] = "scrambled"
		}
		for i := range v.Codes {
			v.Codes[i] = 0
		}
		for i := range v.Valid {
			v.Valid[i] ^= 1
		}
	}
	for i := range b.Sel {
		b.Sel[i] = 0
	}
}

// testTypes are the column types of random tables.
var testTypes = []types.Type{
	types.TInt4, types.TText, types.TInt8, types.TFloat8, types.TBool, types.TInt2,
	types.TNumeric(30, 2), types.TInterval, types.TFloat4, types.TDate,
}

// randomDatum returns a value of a small domain, or NULL.
func randomDatum(rng *rand.Rand, t types.Type, domain int) types.Datum {
	if rng.IntN(8) == 0 {
		return types.NullDatum
	}
	x := rng.IntN(domain)
	switch t.Physical() {
	case types.PhysBool:
		return types.NewBool(x%2 == 0)
	case types.PhysInt16, types.PhysInt32, types.PhysInt64:
		if x == domain-1 && t.Physical() == types.PhysInt64 {
			return types.NewInt64(math.MinInt64 + int64(rng.IntN(2)))
		}
		return types.NewInt(t.Physical(), int64(x)-2)
	case types.PhysInt128:
		return types.NewInt128(types.Int128{Hi: int64(x%3) - 1, Lo: uint64(x)})
	case types.PhysFloat32:
		return types.NewFloat32(float32(x) - 1.5)
	case types.PhysFloat64:
		special := []float64{math.NaN(), math.Copysign(0, -1), 0, math.Inf(1), math.Inf(-1)}
		if x < len(special) {
			return types.NewFloat64(special[x])
		}
		return types.NewFloat64(float64(x) - 6.5)
	case types.PhysInterval:
		if x%2 == 0 {
			return types.NewInterval(types.IntervalValue{Months: int32(x % 4)})
		}
		return types.NewInterval(types.IntervalValue{Days: int32(30 * (x % 4))})
	}
	if x == 0 {
		return types.NewString("")
	}
	return types.NewString(strings.Repeat("common prefix ", x%3) + fmt.Sprint(x))
}

func randomTable(rng *rand.Rand, cols []types.Type, rows, domain int, sh *shape) *memTable {
	m := &memTable{cols: cols, shape: sh, est: 1e6, opened: &atomic.Int64{}}
	for range rows {
		row := make([]types.Datum, len(cols))
		for c, t := range cols {
			row[c] = randomDatum(rng, t, domain)
		}
		m.rows = append(m.rows, row)
	}
	return m
}
