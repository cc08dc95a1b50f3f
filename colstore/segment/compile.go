package segment

import (
	"math"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/predicate"
)

// test is how a compiled predicate decides on a row.
type test uint8

const (
	testNever  test = iota // no row
	testAlways             // every row
	testValid              // rows that are not null
	testNull               // rows that are null
	testCodes              // residue or code in codes; not null
	testTable              // residue or code in set; nulls as nullPasses
	testInts               // plain integer in [lo, hi]; not null
	testFloats             // plain float by comparisons; not null
	testValues             // materialize and compare
	testFunc               // materialize and call Select
)

// codeRange is the residues or codes from lo to hi, or all others.
type codeRange struct {
	lo, hi uint64
	negate bool
}

// Compiled is a predicate translated for one column of one segment: constants
// into residues, codes or a table of codes. It is immutable and safe for
// concurrent use, and valid as long as the segment is open.
type Compiled struct {
	col  *Column
	pred predicate.Predicate
	test test

	codes      codeRange
	table      []uint8 // by code, while compiling
	set        *vector.CodeSet
	nullPasses bool
	lo, hi     int64 // of testInts
	negate     bool
	list       []types.Datum       // In, sorted
	ints       *intSet             // list, if of integers
	strs       map[string]struct{} // list, if of strings
}

// Compile translates p for the column. Errors: DataCorrupted and IOError if the
// dictionary has to be read, InternalError for constants of another
// representation.
func (c *Column) Compile(p predicate.Predicate) (*Compiled, error) {
	f := &Compiled{col: c, pred: p}
	if err := c.checkConstants(&p); err != nil {
		return nil, err
	}
	rows, nulls := c.seg.NumRows(), c.entry.nulls
	switch {
	case rows == 0:
		return f, nil
	case p.Kind == predicate.IsNull:
		f.test = byNulls(testNull, nulls, rows)
		return f, nil
	case p.Kind == predicate.IsNotNull:
		f.test = byNulls(testValid, nulls, rows)
		return f, nil
	case p.Kind == predicate.Never:
		return f, nil
	case p.Selects():
		if none, err := f.outside(); none || err != nil {
			return f, err
		}
		return f, f.compileGeneric()
	case nulls == rows || p.Kind == predicate.Compare && p.Value.IsNull():
		return f, nil // never
	case p.Kind == predicate.In:
		return f, f.compileIn()
	}
	switch c.entry.typ.Physical() {
	case types.PhysString:
		return f, f.compileString()
	case types.PhysFloat32, types.PhysFloat64, types.PhysInterval:
		f.compileOrdered()
		return f, nil
	}
	f.compileInt()
	return f, nil
}

// byNulls reduces testNull or testValid by the number of nulls.
func byNulls(t test, nulls, rows int) test {
	switch {
	case nulls == 0 && t == testNull, nulls == rows && t == testValid:
		return testNever
	case nulls == 0, nulls == rows:
		return testAlways
	}
	return t
}

// valid is testValid, or testAlways without nulls.
func (c *Column) valid() test { return byNulls(testValid, c.entry.nulls, c.seg.NumRows()) }

// Prune says whether no row, every row or some rows may pass.
func (f *Compiled) Prune() Prune {
	switch f.test {
	case testNever:
		return PruneNone
	case testAlways:
		return PruneAll
	}
	return PruneSome
}

// Method is how a compiled predicate decides on rows.
type Method uint8

// The methods, the cheapest first.
const (
	ByZoneMap    Method = iota // no row, or every one, by the zone map alone
	ByValidity                 // by the null bits
	ByCode                     // by comparing encoded values
	ByDictionary               // by looking codes up in a table of passing ones
	ByValue                    // by decoding the values
	Methods                    // how many there are
)

var methodNames = [...]string{ByZoneMap: "zone map", ByValidity: "validity", ByCode: "encoded", ByDictionary: "dictionary", ByValue: "values"}

// String is the method's name in EXPLAIN.
func (m Method) String() string { return methodNames[m] }

// Method says how Filter decides.
func (f *Compiled) Method() Method {
	switch f.test {
	case testNever, testAlways:
		return ByZoneMap
	case testValid, testNull:
		return ByValidity
	case testTable:
		return ByDictionary
	case testValues, testFunc:
		return ByValue
	}
	if f.col.entry.enc == Dictionary {
		return ByDictionary
	}
	return ByCode
}

// checkConstants reports constants that the column's values cannot be compared
// with.
func (c *Column) checkConstants(p *predicate.Predicate) error {
	want := class(c.entry.typ.Physical())
	for _, d := range append([]types.Datum{p.Value, p.Lo, p.Hi}, p.List...) {
		if !d.IsNull() && class(d.Physical()) != want {
			return sqlstate.New(sqlstate.InternalError, "predicate constant of representation %d for %s of type %s", d.Physical(), c.name(), c.entry.typ)
		}
	}
	return nil
}

// class maps representations that are compared with one another to one.
func class(p types.Physical) types.Physical {
	switch p {
	case types.PhysBool, types.PhysInt16, types.PhysInt32, types.PhysInt64, types.PhysInt128:
		return types.PhysInt128
	}
	return p
}

var (
	least128 = types.Int128{Hi: math.MinInt64}
	most128  = types.Int128{Hi: math.MaxInt64, Lo: math.MaxUint64}
	one128   = types.Int128{Lo: 1}
)

// bounds128 turns a comparison or range into lo ≤ x ≤ hi, or its complement;
// empty is set if no integer satisfies lo ≤ x ≤ hi.
func bounds128(p *predicate.Predicate) (lo, hi types.Int128, negate, empty bool) {
	lo, hi = least128, most128
	loOpen, hiOpen := p.LoOpen, p.HiOpen
	if p.Kind == predicate.Range {
		if !p.Lo.IsNull() {
			lo = p.Lo.Int128()
		}
		if !p.Hi.IsNull() {
			hi = p.Hi.Int128()
		}
		loOpen, hiOpen = loOpen && !p.Lo.IsNull(), hiOpen && !p.Hi.IsNull()
	} else {
		x := p.Value.Int128()
		loOpen, hiOpen = p.Op == vector.Gt, p.Op == vector.Lt
		switch p.Op {
		case vector.Eq, vector.Ne:
			lo, hi, negate = x, x, p.Op == vector.Ne
		case vector.Lt, vector.Le:
			hi = x
		default:
			lo = x
		}
	}
	ok := true
	if loOpen {
		lo, ok = lo.Add(one128)
		empty = empty || !ok
	}
	if hiOpen {
		hi, ok = hi.Sub(one128)
		empty = empty || !ok
	}
	return lo, hi, negate, empty || lo.Cmp(hi) > 0
}

// compileInt compiles a comparison or range of integers, dates, times, numerics
// and booleans.
func (f *Compiled) compileInt() {
	e := &f.col.entry
	lo, hi, negate, empty := bounds128(&f.pred)
	least, most := e.min.Int128(), e.max.Int128()
	if empty || lo.Cmp(most) > 0 || hi.Cmp(least) < 0 {
		f.setAll(negate)
		return
	}
	if lo.Cmp(least) <= 0 && hi.Cmp(most) >= 0 {
		f.setAll(!negate)
		return
	}
	if lo.Cmp(least) < 0 {
		lo = least
	}
	if hi.Cmp(most) > 0 {
		hi = most
	}
	switch {
	case e.enc == Frame:
		// Within the zone, so that both differences fit the lane.
		base := types.Int128From(e.base)
		from, _ := lo.Sub(base)
		to, _ := hi.Sub(base)
		f.test, f.codes = testCodes, codeRange{lo: from.Lo, hi: to.Lo, negate: negate}
	case e.typ.Physical() == types.PhysInt128:
		f.test = testValues
	default:
		f.test, f.negate = testInts, negate
		f.lo, _ = lo.Int64()
		f.hi, _ = hi.Int64()
	}
}

// setAll makes all rows that are not null pass, or none.
func (f *Compiled) setAll(pass bool) {
	f.test = testNever
	if pass {
		f.test = f.col.valid()
	}
}

// compileOrdered compiles a comparison or range of floats and intervals by the
// zone map.
func (f *Compiled) compileOrdered() {
	e := &f.col.entry
	none, all := false, true
	for _, part := range f.pred.Comparisons() {
		n, a := prunePart(part.Op, vector.CompareDatum(e.min, part.Value), vector.CompareDatum(e.max, part.Value))
		none, all = none || n, all && a
	}
	switch {
	case none:
		f.test = testNever
	case all:
		f.test = f.col.valid()
	case e.typ.Physical() == types.PhysInterval:
		f.test = testValues
	default:
		f.test = testFloats
	}
}

// prunePart says whether op holds for no value or all values between a least
// and a greatest one whose comparisons with the constant gave these signs.
func prunePart(op vector.CmpOp, least, most int) (none, all bool) {
	switch op {
	case vector.Eq:
		return least > 0 || most < 0, least == 0 && most == 0
	case vector.Ne:
		return least == 0 && most == 0, least > 0 || most < 0
	case vector.Lt, vector.Le:
		return !op.Holds(least), op.Holds(most)
	}
	return !op.Holds(most), op.Holds(least)
}

// outside reports that no row of the segment lies in the range that a Match implies.
func (f *Compiled) outside() (bool, error) {
	if f.pred.Lo.IsNull() && f.pred.Hi.IsNull() {
		return false, nil
	}
	implied := f.pred
	implied.Kind, implied.Select = predicate.Range, nil
	r, err := f.col.Compile(implied)
	return err == nil && r.Prune() == PruneNone, err
}

// compileGeneric evaluates Select once per dictionary entry or one-byte code
// where the column has them.
func (f *Compiled) compileGeneric() error {
	c, e := f.col, &f.col.entry
	f.test = testFunc
	var entries *vector.Vector
	switch {
	case e.nulls == c.seg.NumRows():
		entries = vector.New(e.typ, 0)
	case e.enc == Dictionary || e.enc == Constant:
		if err := c.touch(); err != nil {
			return err
		}
		if entries = c.dict; entries == nil {
			entries = vector.New(e.typ, 1)
			entries.Set(0, c.constant())
		}
	case e.enc == Frame && e.lane == 1 && e.typ.Physical() != types.PhysInt128:
		span := int(e.max.Int() - e.base)
		entries = vector.New(e.typ, span+1)
		for i := range span + 1 {
			entries.Set(i, types.NewInt(e.typ.Physical(), e.base+int64(i)))
		}
	default:
		return nil
	}
	if !f.tabulate(entries) {
		return nil
	}
	switch {
	case e.enc != Constant:
		f.reduceTable()
	case len(f.table) > 0 && f.table[0] != 0 && f.nullPasses:
		f.test = testAlways
	case len(f.table) > 0 && f.table[0] != 0:
		f.test = c.valid()
	case f.nullPasses:
		f.test = byNulls(testNull, e.nulls, c.seg.NumRows())
	default:
		f.test = testNever
	}
	return nil
}

// tabulate calls Select with the entries and with a NULL; false if that failed.
func (f *Compiled) tabulate(entries *vector.Vector) bool {
	f.table = make([]uint8, entries.Len)
	var out []int32
	for from := 0; from < entries.Len; from += vector.MaxBatch {
		n := min(vector.MaxBatch, entries.Len-from)
		picked, err := f.pred.Select(entries.Slice(from, from+n), nil, n, out)
		if err != nil {
			return false
		}
		for _, r := range picked {
			f.table[from+int(r)] = 1
		}
		out = picked
	}
	if f.col.entry.nulls == 0 {
		return true
	}
	picked, err := f.pred.Select(vector.NewConst(f.col.entry.typ, types.NullDatum, 1), nil, 1, nil)
	f.nullPasses = len(picked) > 0
	return err == nil
}
