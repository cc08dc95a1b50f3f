package fn

import (
	"math"
	"math/bits"

	"htapdb/sql/types"
	"htapdb/vector"
)

// moments holds, for each group, the count, Σx, Σx² and, of pairs, Σy, Σy² and
// Σxy, all exact: as fixed-point numbers. What is asked of them is computed from
// these integers and rounded once. So no digit is lost far from zero, the result
// has the same bits for any order of the rows and number of workers, and rows can be
// taken back. In pairs the first argument is y and the second x; alone, the argument is x.
//
// The units of a group's sums of doubles follow its first value. What does not fit
// into the words goes into the group's far moments, which hold any double.
type moments struct {
	pairs  bool
	result func(e *estimate) (float64, bool)
	n      []int64
	x, y   axis     // y only in pairs
	xy     []uint64 // squareWords each, in units of x's times y's; only in pairs
	far    map[uint32]*farMoments
	// scale is that of NUMERIC arguments.
	scale    int
	bulk     *bulk       // scratch of addBulk: 16 KiB, of one state a worker
	whole    *farMoments // scratch of fold
	inX, inY reader
	e        estimate
}

// The words of a group's Σx and Σx². A double's highest bit is up to axisReach+53
// places above the unit; a square's twice that, and 2⁴⁰ rows add 40.
const (
	sumWords    = 4
	squareWords = 6
	axisReach   = 112
)

// The bits of one value and of its square within axisReach.
const nearSumBits, nearSquareBits = axisReach + 53, 2*axisReach + 106

// The words of sums in units of 2^minExp and 4^minExp, the least double and its square.
const farSquareWords = 70

// axis is the sums of one variable, for all groups.
type axis struct {
	sum    []uint64
	square []uint64
	// unit is the exponent of the groups' units, unknownUnit without one; nil for integers, of unit 1.
	unit []int16
}

const unknownUnit = math.MinInt16

func (a *axis) sumOf(g uint32) []uint64    { return wordsOf(a.sum, g, sumWords) }
func (a *axis) squareOf(g uint32) []uint64 { return wordsOf(a.square, g, squareWords) }

func wordsOf(s []uint64, g uint32, n int) []uint64 {
	at := int(g) * n
	return s[at : at+n : at+n]
}

func (a *axis) grow(n int, floats bool) {
	a.sum, a.square = extend(a.sum, n*sumWords), extend(a.square, n*squareWords)
	if floats {
		old := len(a.unit)
		a.unit = extend(a.unit, n)
		for i := old; i < n; i++ {
			a.unit[i] = unknownUnit
		}
	}
}

func (a *axis) bytes() int64 { return sliceBytes(a.sum) + sliceBytes(a.square) + sliceBytes(a.unit) }

// exactNumber is ±(hi·2⁶⁴ + lo)·2^exp, or special.
type exactNumber struct {
	hi, lo   uint64
	exp      int
	negative bool
	special  float64 // an infinity or NaN, else 0
}

// place makes the exponent of v relative to the units of group g, which begin with
// its first value; it reports whether v fits.
func (a *axis) place(g uint32, v *exactNumber) bool {
	if a.unit == nil || v.lo|v.hi == 0 {
		v.exp = 0
		return true
	}
	if a.unit[g] == unknownUnit {
		a.unit[g] = int16(unitFor(v.exp))
	}
	at := v.exp - int(a.unit[g])
	if at < 0 && bits.TrailingZeros64(v.lo) >= -at {
		v.lo >>= -at
		at = 0
	}
	if at < 0 || at > axisReach {
		return false
	}
	v.exp = at
	return true
}

// unitFor is the unit of a group that begins with a number of exponent exp: in steps,
// so that the groups of several workers mostly have the same.
func unitFor(exp int) int {
	const below, step = 48, 16
	return max((exp-below)&^(step-1), minExp)
}

// addMoments adds v and its square, negated if taken back.
func addMoments(sum, square []uint64, v *exactNumber, back bool) {
	addFixed(sum, uint(v.exp), v.hi, v.lo, signOf(v.negative != back))
	addProduct(square, v, v, back)
}

// addProduct adds a·b.
func addProduct(sum []uint64, a, b *exactNumber, back bool) {
	sign := signOf((a.negative != b.negative) != back)
	at := uint(a.exp + b.exp)
	hi, lo := bits.Mul64(a.lo, b.lo)
	addFixed(sum, at, hi, lo, sign)
	if a.hi|b.hi == 0 {
		return
	}
	hi, lo = bits.Mul64(a.hi, b.lo)
	addFixed(sum, at+64, hi, lo, sign)
	hi, lo = bits.Mul64(a.lo, b.hi)
	addFixed(sum, at+64, hi, lo, sign)
	hi, lo = bits.Mul64(a.hi, b.hi)
	addFixed(sum, at+128, hi, lo, sign)
}

// farMoments is the part of a group's moments that its words do not hold.
type farMoments struct {
	sumX, sumY               [farWords]uint64
	squareX, squareY, square [farSquareWords]uint64
	specialX, specialY       specials
}

func (m *moments) farOf(g uint32) *farMoments {
	f := m.far[g]
	if f == nil {
		if m.far == nil {
			m.far = map[uint32]*farMoments{}
		}
		f = &farMoments{}
		m.far[g] = f
	}
	return f
}

func (m *moments) Grow(n int) {
	m.n = extend(m.n, n)
	m.x.grow(n, m.inX.floats)
	if m.pairs {
		m.y.grow(n, true)
		m.xy = extend(m.xy, n*squareWords)
	}
}

func (m *moments) Add(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	m.feed(groups, args, sel, 1)
	return nil
}

// Remove implements Inverse.
func (m *moments) Remove(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	m.feed(groups, args, sel, -1)
	return nil
}

func (m *moments) AddAll(args []*vector.Vector, sel []int32, n int) error {
	if m.inX.floats && (sel == nil && n >= bulkRows || len(sel) >= bulkRows) {
		m.addBulk(args, sel, n)
		return nil
	}
	return m.Add(groupZero(sel, n), args, sel, n)
}

func (m *moments) feed(groups []uint32, args []*vector.Vector, sel []int32, by int64) {
	m.inX.set(args[len(args)-1])
	if m.pairs {
		m.inY.set(args[0])
	}
	switch {
	case m.pairs:
		m.feedPairs(groups, sel, by)
	case m.inX.floats:
		m.feedDoubles(groups, sel, by)
	default:
		for k, g := range groups {
			if i := rowOf(sel, k); !m.inX.null(i) {
				m.n[g] += by
				m.feedOne(g, i, by)
			}
		}
	}
}

// feedDoubles is feed for doubles, most of which are normal and near the first.
func (m *moments) feedDoubles(groups []uint32, sel []int32, by int64) {
	a, valid, mask := m.inX.v.F64, m.inX.v.Valid, m.inX.mask
	back := signOf(by < 0)
	for k, g := range groups {
		i := rowOf(sel, k) & mask
		if valid != nil && valid[i] == 0 {
			continue
		}
		m.n[g] += by
		x, ok := m.x.near(g, a[i])
		if !ok {
			m.feedOne(g, i, by)
			continue
		}
		addFixed(m.x.sumOf(g), x.at, 0, x.mantissa, x.sign^back)
		hi, lo := bits.Mul64(x.mantissa, x.mantissa)
		addFixed(m.x.squareOf(g), 2*x.at, hi, lo, back)
	}
}

// nearDouble is ±mantissa·2^at in the units of a group.
type nearDouble struct {
	mantissa uint64
	at       uint
	sign     uint64
}

// near takes a double apart if it is a normal one that place would take as it is.
func (a *axis) near(g uint32, v float64) (d nearDouble, ok bool) {
	b := math.Float64bits(v)
	biased := b >> 52 & 0x7ff
	d = nearDouble{b&(1<<52-1) | 1<<52, uint(int(biased) + minExp - 1 - int(a.unit[g])), uint64(int64(b) >> 63)}
	return d, biased-1 < 0x7fe && d.at <= axisReach
}

// feedOne feeds the value of row i.
func (m *moments) feedOne(g uint32, i int, by int64) {
	var x exactNumber
	m.inX.read(&x, i)
	if x.special == 0 && m.x.place(g, &x) {
		addMoments(m.x.sumOf(g), m.x.squareOf(g), &x, by < 0)
		return
	}
	m.addFar(g, &x, nil, by)
}

func (m *moments) feedPairs(groups []uint32, sel []int32, by int64) {
	ax, ay := m.inX.v.F64, m.inY.v.F64
	back := signOf(by < 0)
	for k, g := range groups {
		i := rowOf(sel, k)
		if m.inX.null(i) || m.inY.null(i) {
			continue
		}
		m.n[g] += by
		x, okX := m.x.near(g, ax[i&m.inX.mask])
		y, okY := m.y.near(g, ay[i&m.inY.mask])
		if !okX || !okY {
			m.feedPair(g, i, by)
			continue
		}
		addFixed(m.x.sumOf(g), x.at, 0, x.mantissa, x.sign^back)
		hi, lo := bits.Mul64(x.mantissa, x.mantissa)
		addFixed(m.x.squareOf(g), 2*x.at, hi, lo, back)
		addFixed(m.y.sumOf(g), y.at, 0, y.mantissa, y.sign^back)
		hi, lo = bits.Mul64(y.mantissa, y.mantissa)
		addFixed(m.y.squareOf(g), 2*y.at, hi, lo, back)
		hi, lo = bits.Mul64(x.mantissa, y.mantissa)
		addFixed(wordsOf(m.xy, g, squareWords), x.at+y.at, hi, lo, x.sign^y.sign^back)
	}
}

// feedPair feeds the pair of row i.
func (m *moments) feedPair(g uint32, i int, by int64) {
	var x, y exactNumber
	m.inX.read(&x, i)
	m.inY.read(&y, i)
	back := by < 0
	px, py := x, y
	if x.special != 0 || y.special != 0 || !m.x.place(g, &px) || !m.y.place(g, &py) {
		m.addFar(g, &x, &y, by)
		return
	}
	addMoments(m.x.sumOf(g), m.x.squareOf(g), &px, back)
	addMoments(m.y.sumOf(g), m.y.squareOf(g), &py, back)
	addProduct(wordsOf(m.xy, g, squareWords), &px, &py, back)
}

// addFar adds a value, or a pair, to the far moments of group g.
func (m *moments) addFar(g uint32, x, y *exactNumber, by int64) {
	f, back := m.farOf(g), by < 0
	place := func(v *exactNumber, s *specials) bool {
		if v.special != 0 {
			s.count(v.special, by)
			return false
		}
		v.exp -= minExp
		return true
	}
	finite := place(x, &f.specialX)
	if finite {
		addMoments(f.sumX[:], f.squareX[:], x, back)
	}
	if y == nil {
		return
	}
	if !place(y, &f.specialY) {
		return
	}
	addMoments(f.sumY[:], f.squareY[:], y, back)
	if finite {
		addProduct(f.square[:], x, y, back)
	}
}

func (m *moments) Merge(other AggState, from []int32, to []uint32) error {
	o, ok := other.(*moments)
	if !ok {
		return errMerge
	}
	for k, t := range to {
		g := uint32(MergedGroup(from, k))
		m.n[t] += o.n[g]
		m.mergeNear(o, g, t)
		if far := o.far[g]; far != nil {
			m.farOf(t).merge(far)
		}
		if m.far[t] != nil {
			m.fold(t)
		}
	}
	return nil
}

func (f *farMoments) merge(o *farMoments) {
	f.specialX.merge(&o.specialX)
	f.specialY.merge(&o.specialY)
	addFixedSum(f.sumX[:], o.sumX[:], 0)
	addFixedSum(f.sumY[:], o.sumY[:], 0)
	addFixedSum(f.squareX[:], o.squareX[:], 0)
	addFixedSum(f.squareY[:], o.squareY[:], 0)
	addFixedSum(f.square[:], o.square[:], 0)
}

// fold drops the far moments of group t if its words can hold all of them: once the
// one value that did not fit has left a window, the frames that follow are cheap again.
// What is far may be any part of the moments: the words' unit may be that value's.
func (m *moments) fold(t uint32) {
	f := m.far[t]
	if f.specialX != (specials{}) || f.specialY != (specials{}) {
		return
	}
	if m.whole == nil {
		m.whole = &farMoments{}
	}
	w := m.whole
	*w = *f
	m.addNearTo(w, m, t)
	ux, x := lowestUnit(w.sumX[:], w.squareX[:])
	uy, y := lowestUnit(w.sumY[:], w.squareY[:])
	if !fitsNear(w.sumX[:], x, nearSumBits) || !fitsNear(w.squareX[:], 2*x, nearSquareBits) ||
		m.pairs && !(fitsNear(w.sumY[:], y, nearSumBits) && fitsNear(w.squareY[:], 2*y, nearSquareBits) && fitsNear(w.square[:], x+y, nearSquareBits)) {
		return
	}
	moveFixed(m.x.sumOf(t), w.sumX[:], x)
	moveFixed(m.x.squareOf(t), w.squareX[:], 2*x)
	if m.pairs {
		moveFixed(m.y.sumOf(t), w.sumY[:], y)
		moveFixed(m.y.squareOf(t), w.squareY[:], 2*y)
		moveFixed(wordsOf(m.xy, t, squareWords), w.square[:], x+y)
	}
	m.setUnits(t, ux, uy)
	delete(m.far, t)
}

// lowestUnit is the exponent of a unit that divides the far sum, and whose square
// divides that of squares, and by how much it is above far units; unknownUnit if both are 0.
func lowestUnit(sum, square []uint64) (unit int, above uint) {
	if fixedIsZero(sum) && fixedIsZero(square) {
		return unknownUnit, 0
	}
	unit = unitFor(int(min(fixedZeros(sum), fixedZeros(square)/2)) + minExp)
	return unit, uint(unit - minExp)
}

// fitsNear reports whether a far number can be one of at most limit bits in units 2^n as large.
func fitsNear(far []uint64, n, limit uint) bool {
	return fixedZeros(far) >= n && fixedBits(far) <= n+limit
}

// mergeNear adds the words of o's group g to those of t.
func (m *moments) mergeNear(o *moments, g, t uint32) {
	dx, dy, ok := m.align(o, g, t)
	if !ok {
		m.moveFar(o, g, t)
		return
	}
	addFixedSum(m.x.sumOf(t), o.x.sumOf(g), dx)
	addFixedSum(m.x.squareOf(t), o.x.squareOf(g), 2*dx)
	if m.pairs {
		addFixedSum(m.y.sumOf(t), o.y.sumOf(g), dy)
		addFixedSum(m.y.squareOf(t), o.y.squareOf(g), 2*dy)
		addFixedSum(wordsOf(m.xy, t, squareWords), wordsOf(o.xy, g, squareWords), dx+dy)
	}
}

// align makes the units of t those of o's group g if these are smaller, and returns
// by how many bits the words of g are to be shifted before they are added.
func (m *moments) align(o *moments, g, t uint32) (dx, dy uint, ok bool) {
	ux, uy := m.x.common(&o.x, g, t), 0
	dx, fromX := distances(&m.x, &o.x, g, t, ux)
	fromY := uint(0)
	if m.pairs {
		uy = m.y.common(&o.y, g, t)
		dy, fromY = distances(&m.y, &o.y, g, t, uy)
	}
	if dx|dy|fromX|fromY == 0 {
		m.setUnits(t, ux, uy)
		return 0, 0, true
	}
	if !o.hasRoom(g, dx, dy) || !m.hasRoom(t, fromX, fromY) {
		return 0, 0, false
	}
	shiftFixed(m.x.sumOf(t), fromX)
	shiftFixed(m.x.squareOf(t), 2*fromX)
	if m.pairs {
		shiftFixed(m.y.sumOf(t), fromY)
		shiftFixed(m.y.squareOf(t), 2*fromY)
		shiftFixed(wordsOf(m.xy, t, squareWords), fromX+fromY)
	}
	m.setUnits(t, ux, uy)
	return dx, dy, true
}

func (m *moments) setUnits(t uint32, ux, uy int) {
	if m.x.unit != nil {
		m.x.unit[t] = int16(ux)
	}
	if m.pairs {
		m.y.unit[t] = int16(uy)
	}
}

// common is the smaller of the units of a's group t and o's group g; an unknown
// one is that of zeros, for which any is right.
func (a *axis) common(o *axis, g, t uint32) int {
	switch {
	case a.unit == nil:
		return 0
	case a.unit[t] == unknownUnit:
		return int(o.unit[g])
	case o.unit[g] == unknownUnit:
		return int(a.unit[t])
	}
	return int(min(a.unit[t], o.unit[g]))
}

// distances is how far the units of o's group g and of a's group t are above unit.
func distances(a, o *axis, g, t uint32, unit int) (og, at uint) {
	if a.unit == nil {
		return 0, 0
	}
	if u := o.unit[g]; u != unknownUnit {
		og = uint(int(u) - unit)
	}
	if u := a.unit[t]; u != unknownUnit {
		at = uint(int(u) - unit)
	}
	return og, at
}

// hasRoom reports whether the words of group g have, shifted by dx and dy, no more
// bits than those of one value within axisReach: what is added later then fits.
func (m *moments) hasRoom(g uint32, dx, dy uint) bool {
	fits := func(words []uint64, d, limit uint) bool { return fixedBits(words)+d <= limit }
	ok := fits(m.x.sumOf(g), dx, nearSumBits) && fits(m.x.squareOf(g), 2*dx, nearSquareBits)
	if ok && m.pairs {
		ok = fits(m.y.sumOf(g), dy, nearSumBits) && fits(m.y.squareOf(g), 2*dy, nearSquareBits) &&
			fits(wordsOf(m.xy, g, squareWords), dx+dy, nearSquareBits)
	}
	return ok
}

// moveFar adds the words of o's group g to the far moments of t.
func (m *moments) moveFar(o *moments, g, t uint32) {
	m.addNearTo(m.farOf(t), o, g)
}

// addNearTo adds the words of o's group g to f.
func (m *moments) addNearTo(f *farMoments, o *moments, g uint32) {
	x := o.x.aboveFar(g)
	addFixedSum(f.sumX[:], o.x.sumOf(g), x)
	addFixedSum(f.squareX[:], o.x.squareOf(g), 2*x)
	if m.pairs {
		y := o.y.aboveFar(g)
		addFixedSum(f.sumY[:], o.y.sumOf(g), y)
		addFixedSum(f.squareY[:], o.y.squareOf(g), 2*y)
		addFixedSum(f.square[:], wordsOf(o.xy, g, squareWords), x+y)
	}
}

// aboveFar is how far the unit of group g is above that of far sums.
func (a *axis) aboveFar(g uint32) uint {
	if a.unit[g] == unknownUnit {
		return 0
	}
	return uint(int(a.unit[g]) - minExp)
}

func (m *moments) Finish(out *vector.Vector, from, to int) error {
	out.Resize(to - from)
	for g := from; g < to; g++ {
		e := &m.e
		e.load(m, uint32(g))
		v, ok := m.result(e)
		switch {
		case !ok:
			out.SetNull(g - from)
		case math.IsInf(v, 0) && e.specialX == 0 && e.specialY == 0:
			return overflow()
		}
		if out.Type.Kind == types.Int8 {
			out.I64[g-from] = int64(v)
		} else {
			out.F64[g-from] = v
		}
	}
	return nil
}

func (m *moments) Bytes() int64 {
	const far = 8*(2*farWords+3*farSquareWords+6) + 32 // with its place in the map
	return sliceBytes(m.n) + m.x.bytes() + m.y.bytes() + sliceBytes(m.xy) + far*int64(len(m.far))
}

// reader reads numbers of any type as they are.
type reader struct {
	floats bool
	phys   types.Physical
	v      *vector.Vector
	mask   int
	flat   vector.Vector
}

func (r *reader) set(v *vector.Vector) {
	if v.Enc == vector.Dict {
		v = flatten(v, &r.flat)
	}
	r.v, r.mask, r.phys = v, step(v), v.Type.Physical()
}

func (r *reader) null(i int) bool { return r.v.Valid != nil && r.v.Valid[i&r.mask] == 0 }

// read sets n to the value of row i.
func (r *reader) read(n *exactNumber, i int) {
	i &= r.mask
	var v int64
	switch r.phys {
	case types.PhysFloat64:
		n.set(r.v.F64[i])
		return
	case types.PhysInt128:
		v := r.v.I128[i]
		if *n = (exactNumber{hi: uint64(v.Hi), lo: v.Lo, negative: v.Hi < 0}); n.negative {
			v = v.Neg()
			n.hi, n.lo = uint64(v.Hi), v.Lo
		}
		return
	case types.PhysInt64:
		v = r.v.I64[i]
	case types.PhysInt32:
		v = int64(r.v.I32[i])
	default:
		v = int64(r.v.I16[i])
	}
	if *n = (exactNumber{lo: uint64(v), negative: v < 0}); n.negative {
		n.lo = -n.lo
	}
}

// set sets n to a double.
func (n *exactNumber) set(v float64) {
	if v-v != 0 {
		*n = exactNumber{special: v}
		return
	}
	*n = exactNumber{}
	n.lo, n.exp, n.negative = splitFloat(v)
}
