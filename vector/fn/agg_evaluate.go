package fn

import (
	"math"
	"math/big"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// evaluationAggregates say how good predictions are: the first argument is what
// was observed, the second what was predicted. Pairs with a NULL are ignored. A
// quotient whose divisor is 0 for the rows at hand (a precision without a
// positive prediction, an area with one class) is NULL.
func evaluationAggregates() []aggregateOverload {
	var out []aggregateOverload
	add := func(name string, y, p types.Kind, algebra Algebra, state func() AggState) {
		out = append(out, aggregateOverload{name: name, args: []types.Kind{y, p}, result: types.Float8, algebra: algebra, bind: func(a *Aggregate) {
			a.NewState = func(*Context) AggState { return state() }
		}})
	}
	average := func() Inverse { return &floatSum[float64]{avg: true} }
	squares := func(f func(e *estimate) (float64, bool)) func() Inverse {
		return func() Inverse { return newMoments(false, types.TFloat8, f) }
	}
	add("mae", types.Float8, types.Float8, Inverts, func() AggState { return newDerived(average, distance) })
	add("rmse", types.Float8, types.Float8, Inverts, func() AggState { return newDerived(squares(rootMeanSquare), distance) })
	add("mape", types.Float8, types.Float8, Inverts, func() AggState { return newDerived(average, relativeDistance) })
	add("r2_score", types.Float8, types.Float8, Inverts, func() AggState {
		d := newDerived(func() Inverse { return newMoments(true, types.TFloat8, r2Score) }, distance)
		d.observed = true
		return d
	})
	for _, y := range []types.Kind{types.Bool, types.Float8} {
		label := labels{kind: y}
		probability := func(name string, inner func() Inverse, f func(y, p float64) (float64, error)) {
			add(name, y, types.Float8, Inverts, func() AggState {
				d := newDerived(inner, f)
				d.labels = &labels{name: name, kind: y}
				return d
			})
		}
		probability("logloss", average, logLoss)
		probability("brier", squares(meanSquare), probabilityDistance)
		area := func(name string, of func(positive, negative []float64) (float64, bool)) {
			l := label
			l.name = name
			out = append(out, aggregateOverload{name: name, args: []types.Kind{y, types.Float8}, result: types.Float8, algebra: Collects, bind: func(a *Aggregate) {
				a.NewState = func(ctx *Context) AggState { return &rankedScores{labels: l, area: of, ctx: ctx} }
			}})
		}
		area("roc_auc", rocArea)
		area("pr_auc", precisionRecallArea)
		class := func(name string, of func(c *confusion) (float64, bool)) {
			add(name, y, y, Inverts, func() AggState {
				l := label
				l.name = name
				return &confusions{y: l, p: l, result: of}
			})
		}
		class("precision_score", (*confusion).precision)
		class("recall_score", (*confusion).recall)
		class("f1", (*confusion).f1)
		class("mcc", (*confusion).mcc)
	}
	return append(out, aggregateOverload{name: "accuracy", args: []types.Kind{sameKind, sameKind}, result: types.Float8, algebra: Inverts, bind: func(a *Aggregate) {
		a.NewState = func(*Context) AggState { return &agreement{} }
	}})
}

// distance is |y − p|.
//
// Errors: 22003 the distance of two numbers is out of range.
func distance(y, p float64) (float64, error) {
	d := math.Abs(y - p)
	if math.IsInf(d, 0) && !math.IsInf(y, 0) && !math.IsInf(p, 0) {
		return 0, overflow()
	}
	return d, nil
}

// relativeDistance is |y − p| / |y|.
//
// Errors: 22012 y is 0, 22003 as for distance.
func relativeDistance(y, p float64) (float64, error) {
	if y == 0 {
		return 0, sqlstate.New(sqlstate.DivisionByZero, "mape: an observed value is 0").
			WithHint("Leave such rows out with FILTER (WHERE y <> 0), or use mae.")
	}
	d, err := distance(y, p)
	if err != nil {
		return 0, err
	}
	r := d / math.Abs(y)
	if math.IsInf(r, 0) && !math.IsInf(d, 0) {
		return 0, overflow()
	}
	return r, nil
}

// logLoss is −ln of the probability of what was observed, at least 2⁻⁵² as in
// scikit-learn: one certain and wrong prediction does not make the mean infinite.
func logLoss(y, p float64) (float64, error) {
	const least = 0x1p-52
	if err := checkProbability("logloss", p); err != nil {
		return 0, err
	}
	p = min(max(p, least), 1-least)
	if y == 0 {
		return -math.Log1p(-p), nil
	}
	return -math.Log(p), nil
}

func probabilityDistance(y, p float64) (float64, error) {
	if err := checkProbability("brier", p); err != nil {
		return 0, err
	}
	return math.Abs(y - p), nil
}

// checkProbability refuses what is not in [0, 1] with 22023.
func checkProbability(name string, p float64) error {
	if p >= 0 && p <= 1 {
		return nil
	}
	return sqlstate.New(sqlstate.InvalidParameterValue, "%s: %v is not a probability", name, p).
		WithHint("The second argument is the predicted probability of the positive class, from 0 to 1.")
}

func meanSquare(e *estimate) (float64, bool) {
	return e.squared((*ratios).quotient), e.n > 0
}

func rootMeanSquare(e *estimate) (float64, bool) {
	return e.squared((*ratios).root), e.n > 0
}

// squared is the mean of the squares, or its root.
func (e *estimate) squared(of func(r *ratios, num, den *big.Int, exp int) float64) float64 {
	if e.specialX != 0 || e.n == 0 {
		return e.specialX
	}
	return of(&e.ratios, &e.sxx, &e.count, 2*e.ux)
}

// r2Score is 1 − Σ(y − p)² / Σ(y − mean)², NULL if all y are the same. x is the distance.
func r2Score(e *estimate) (float64, bool) {
	switch {
	case e.n < 1 || sameValues(&e.cyy, e.specialY):
		return 0, false
	case e.specialX != 0 || e.specialY != 0:
		return math.NaN(), true
	}
	e.a.Mul(&e.count, &e.sxx)
	e.b.Set(&e.cyy)
	if shift := 2 * (e.ux - e.uy); shift >= 0 {
		e.a.Lsh(&e.a, uint(shift))
	} else {
		e.b.Lsh(&e.b, uint(-shift))
	}
	e.a.Sub(&e.b, &e.a)
	return e.quotient(&e.a, &e.b, 0), true
}

// labels reads a class: a BOOLEAN, or the number 1 or 0.
type labels struct {
	name string
	kind types.Kind
	b    input[uint8]
	f    input[float64]
}

func (l *labels) set(v *vector.Vector) {
	if l.kind == types.Bool {
		l.b.set(v)
	} else {
		l.f.set(v)
	}
}

func (l *labels) null(i int) bool {
	if l.kind == types.Bool {
		return l.b.null(i)
	}
	return l.f.null(i)
}

// at reports whether row i is of the positive class.
//
// Errors: 22023 it is neither 0 nor 1.
func (l *labels) at(i int) (bool, error) {
	if l.kind == types.Bool {
		return l.b.a[i&l.b.mask] != 0, nil
	}
	switch v := l.f.a[i&l.f.mask]; v {
	case 0:
		return false, nil
	case 1:
		return true, nil
	default:
		return false, sqlstate.New(sqlstate.InvalidParameterValue, "%s: class %v is neither 0 nor 1", l.name, v).
			WithHint("Compare with the positive class, as in %s(y = 'spam', …).", l.name)
	}
}

// derived is an aggregate of something computed of each pair.
type derived struct {
	Inverse
	of func(y, p float64) (float64, error)
	// labels, if not nil, reads the first argument, as 0 or 1.
	labels *labels
	// observed says that the first argument is an argument of the aggregate too.
	observed bool
	y, p     input[float64]
	out, in  vector.Vector // scratch of derivedRows: what is computed, and y if observed
}

// derivedRows is how many rows are computed at a time: the scratch is bounded by it,
// whatever the selection and the columns it is of.
const derivedRows = vector.MaxBatch

func newDerived(inner func() Inverse, of func(y, p float64) (float64, error)) *derived {
	return &derived{Inverse: inner(), of: of, out: vector.Vector{Type: types.TFloat8}, in: vector.Vector{Type: types.TFloat8}}
}

// inParts computes the arguments of the aggregate for the rows of sel, all n if nil,
// side by side, and passes them on: those of the rows [from, to) of sel with each call.
func (d *derived) inParts(args []*vector.Vector, sel []int32, n int, do func(cols []*vector.Vector, from, to int) error) error {
	if d.labels != nil {
		d.labels.set(args[0])
	} else {
		d.y.set(args[0])
	}
	d.p.set(args[1])
	cols := []*vector.Vector{&d.out}
	if d.observed {
		cols = []*vector.Vector{&d.in, &d.out}
	}
	if sel != nil {
		n = len(sel)
	}
	for from := 0; from < n; from += derivedRows {
		to := min(from+derivedRows, n)
		if err := d.part(sel, from, to); err != nil {
			return err
		}
		if err := do(cols, from, to); err != nil {
			return err
		}
	}
	return nil
}

// part computes out, and in if observed, of the rows [from, to) of sel.
func (d *derived) part(sel []int32, from, to int) error {
	d.out.Resize(to - from)
	if d.observed {
		d.in.Resize(to - from)
	}
	for k := range to - from {
		i := rowOf(sel, from+k)
		if d.p.null(i) || d.labels != nil && d.labels.null(i) || d.labels == nil && d.y.null(i) {
			d.out.SetNull(k)
			continue
		}
		y, err := d.observation(i)
		if err != nil {
			return err
		}
		if d.out.F64[k], err = d.of(y, d.p.a[i&d.p.mask]); err != nil {
			return err
		}
		if d.observed {
			d.in.F64[k] = y
		}
	}
	return nil
}

func (d *derived) observation(i int) (float64, error) {
	if d.labels == nil {
		return d.y.a[i&d.y.mask], nil
	}
	positive, err := d.labels.at(i)
	return float64(b2u(positive)), err
}

func (d *derived) Add(groups []uint32, args []*vector.Vector, sel []int32, n int) error {
	return d.inParts(args, sel, n, func(cols []*vector.Vector, from, to int) error {
		return d.Inverse.Add(groups[from:to], cols, nil, to-from)
	})
}

// Remove implements Inverse.
func (d *derived) Remove(groups []uint32, args []*vector.Vector, sel []int32, n int) error {
	return d.inParts(args, sel, n, func(cols []*vector.Vector, from, to int) error {
		return d.Inverse.Remove(groups[from:to], cols, nil, to-from)
	})
}

func (d *derived) AddAll(args []*vector.Vector, sel []int32, n int) error {
	return d.inParts(args, sel, n, func(cols []*vector.Vector, from, to int) error {
		return d.Inverse.AddAll(cols, nil, to-from)
	})
}

func (d *derived) Merge(other AggState, from []int32, to []uint32) error {
	o, ok := other.(*derived)
	if !ok {
		return errMerge
	}
	return d.Inverse.Merge(o.Inverse, from, to)
}
