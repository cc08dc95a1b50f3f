package fn

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// TestNumericAgainstRat compares NUMERIC arithmetic, rounding, comparison and
// casts with exact rationals.
func TestNumericAgainstRat(t *testing.T) {
	r := newRand(t)
	for round := 0; round < 20000; round++ {
		a, b := randomType(r, types.Numeric), randomType(r, types.Numeric)
		x, y := &Literal{Value: randomDatum(r, a), Typ: a}, &Literal{Value: randomDatum(r, b), Typ: b}
		rx, ry := ratOf(x.Value, a), ratOf(y.Value, b)
		for _, op := range []string{"+", "-", "*"} {
			want := new(big.Rat)
			switch op {
			case "+":
				want.Add(rx, ry)
			case "-":
				want.Sub(rx, ry)
			default:
				want.Mul(rx, ry)
			}
			e := mustCall(t, op, x, y)
			checkNumeric(t, e, want)
			if r.IntN(4) == 0 { // and once more as a column's type
				checkNumeric(t, mustCall(t, op, e, x), combine(op, roundRat(want, int(e.Type().Scale)), rx))
			}
		}
		d, err := EvalScalar(&Context{}, mustCall(t, "<", x, y))
		if err != nil || d.Bool() != (rx.Cmp(ry) < 0) {
			t.Fatalf("%s < %s: %v, %v", x, y, d, err)
		}
		places := r.IntN(12) - 4
		e := mustCall(t, "round", x, intLit(int32(places)))
		checkNumeric(t, e, roundRat(rx, places))
		f, err := EvalScalar(&Context{}, mustCast(t, x, types.TFloat8))
		want, _ := rx.Float64()
		if err != nil || f.Float() != want {
			t.Fatalf("%s::float8: %v, want %v, %v", x, f.Float(), want, err)
		}
		to := randomType(r, types.Numeric)
		checkNumeric(t, mustCast(t, x, to), roundRat(rx, int(to.Scale)))
	}
}

func combine(op string, a, b *big.Rat) *big.Rat {
	switch op {
	case "+":
		return new(big.Rat).Add(a, b)
	case "-":
		return new(big.Rat).Sub(a, b)
	}
	return new(big.Rat).Mul(a, b)
}

func mustCast(t testing.TB, e Expr, to types.Type) Expr {
	t.Helper()
	s, err := ResolveCast(e.Type(), to, ExplicitCast)
	if err != nil {
		t.Fatal(err)
	}
	return &Call{Func: s, Args: []Expr{e}, Typ: to}
}

func ratOf(d types.Datum, t types.Type) *big.Rat {
	return new(big.Rat).SetFrac(bigOf(d.Int128()), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Scale)), nil))
}

// roundRat rounds half away from zero to decimal places.
func roundRat(x *big.Rat, places int) *big.Rat {
	unit := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(places, -places))), nil))
	if places < 0 {
		unit.Inv(unit)
	}
	scaled := new(big.Rat).Mul(new(big.Rat).Abs(x), unit)
	scaled.Add(scaled, big.NewRat(1, 2))
	q := new(big.Rat).SetInt(new(big.Int).Quo(scaled.Num(), scaled.Denom()))
	if x.Sign() < 0 {
		q.Neg(q)
	}
	return q.Quo(q, unit)
}

// checkNumeric evaluates e: it must be want (rounded to its scale), or 22003 if that does not fit.
func checkNumeric(t *testing.T, e Expr, want *big.Rat) {
	t.Helper()
	typ := e.Type()
	want = roundRat(want, int(typ.Scale))
	limit := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(typ.Precision)-int64(typ.Scale)), nil))
	d, err := EvalScalar(&Context{}, e)
	fits := new(big.Rat).Abs(want).Cmp(limit) < 0
	switch {
	case err != nil && !sqlstate.Is(err, sqlstate.NumericValueOutOfRange), err != nil && fits && !inputFails(e):
		t.Fatalf("%s: %v, want %s", e, err, want.FloatString(40))
	case err == nil && (!fits || ratOf(d, typ).Cmp(want) != 0):
		t.Fatalf("%s: %s %s, want %s", e, types.Format(d, typ, nil), typ, want.FloatString(40))
	}
}

// inputFails reports that an operand of e fails already: widening it to 38 digits of a larger scale.
func inputFails(e Expr) bool {
	for _, c := range e.Children() {
		if _, err := EvalScalar(&Context{}, c); err != nil {
			return true
		}
	}
	return false
}

// TestIntegersAgainstBig compares integer arithmetic with big.Int at the edges.
func TestIntegersAgainstBig(t *testing.T) {
	r := newRand(t)
	for round := 0; round < 20000; round++ {
		typ := []types.Type{types.TInt2, types.TInt4, types.TInt8}[r.IntN(3)]
		lo, hi := types.IntRange(typ.Kind)
		pick := func() *Literal {
			v := []int64{lo + int64(r.IntN(3)), hi - int64(r.IntN(3)), int64(r.IntN(7) - 3), int64(r.Uint64()) >> r.IntN(64)}[r.IntN(4)]
			v = max(lo, min(hi, v))
			return &Literal{Value: types.NewInt(typ.Physical(), v), Typ: typ}
		}
		x, y := pick(), pick()
		a, b := big.NewInt(x.Value.Int()), big.NewInt(y.Value.Int())
		for _, op := range []string{"+", "-", "*", "/", "%"} {
			want := new(big.Int)
			code := sqlstate.Code("")
			switch op {
			case "+":
				want.Add(a, b)
			case "-":
				want.Sub(a, b)
			case "*":
				want.Mul(a, b)
			default:
				if b.Sign() == 0 {
					code = sqlstate.DivisionByZero
				} else if op == "/" {
					want.Quo(a, b)
				} else {
					want.Rem(a, b)
				}
			}
			if want.Cmp(big.NewInt(lo)) < 0 || want.Cmp(big.NewInt(hi)) > 0 {
				code = sqlstate.NumericValueOutOfRange
			}
			d, err := EvalScalar(&Context{}, mustCall(t, op, x, y))
			if sqlstate.CodeOf(err) != code || code == "" && d.Int() != want.Int64() {
				t.Fatalf("%s %s %s (%s): %d, %v; want %v %s", x, op, y, typ, d.Int(), err, want, code)
			}
		}
	}
}

// TestDatesAgainstTime compares extract, date_trunc and interval arithmetic with package time.
func TestDatesAgainstTime(t *testing.T) {
	r := newRand(t)
	ctx := &Context{ZoneName: "Europe/Berlin"}
	loc, _ := types.Zone(ctx.ZoneName)
	eval := func(e Expr) types.Datum {
		t.Helper()
		d, err := EvalScalar(ctx, e)
		if err != nil {
			t.Fatalf("%s: %v", e, err)
		}
		return d
	}
	text := func(s string) Expr { return &Literal{Value: types.NewString(s), Typ: types.TText} }
	for round := 0; round < 5000; round++ {
		us := r.Int64N(4e15) - 1e15
		w := time.UnixMicro(us).UTC()
		ts := &Literal{Value: types.NewInt64(us), Typ: types.TTimestamp}
		date := &Literal{Value: types.NewInt32(timestampToDate(us)), Typ: types.TDate}
		for field, want := range map[string]int{"year": w.Year(), "month": int(w.Month()), "day": w.Day(), "dow": int(w.Weekday()), "doy": w.YearDay()} {
			if d := eval(mustCall(t, "extract", text(field), date)); d.Int() != int64(want) {
				t.Fatalf("%s of %s: %d", field, date, d.Int())
			}
		}
		if d := eval(mustCall(t, "extract", text("hour"), ts)); d.Int() != int64(w.Hour()) {
			t.Fatalf("hour of %s: %d", ts, d.Int())
		}
		day := time.Date(w.Year(), w.Month(), 1, 0, 0, 0, 0, time.UTC)
		if d := eval(mustCall(t, "date_trunc", text("month"), ts)); d.Int() != day.UnixMicro() {
			t.Fatalf("month of %s: %d", ts, d.Int())
		}
		tz := &Literal{Value: types.NewInt64(us), Typ: types.TTimestampTZ}
		local := w.In(loc)
		midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, loc)
		if d := eval(mustCall(t, "date_trunc", text("day"), tz)); d.Int() != midnight.UnixMicro() {
			t.Fatalf("day of %s: %v, want %v", tz, time.UnixMicro(d.Int()).In(loc), midnight)
		}
		iv := types.IntervalValue{Days: int32(r.IntN(800) - 400), Micros: r.Int64N(1e11)}
		sum := eval(mustCall(t, "+", ts, &Literal{Value: types.NewInterval(iv), Typ: types.TInterval})).Int()
		if want := w.AddDate(0, 0, int(iv.Days)).Add(time.Duration(iv.Micros) * time.Microsecond).UnixMicro(); sum != want {
			t.Fatalf("%s + %v: %d, want %d", ts, iv, sum, want)
		}
	}
}

// likeSlow is LIKE by recursion over its definition.
func likeSlow(s, p []rune) bool {
	switch {
	case len(p) == 0:
		return len(s) == 0
	case p[0] == '%':
		return likeSlow(s, p[1:]) || len(s) > 0 && likeSlow(s[1:], p)
	case len(s) == 0:
		return false
	case p[0] == '\\':
		return len(p) > 1 && s[0] == p[1] && likeSlow(s[1:], p[2:])
	}
	return (p[0] == '_' || p[0] == s[0]) && likeSlow(s[1:], p[1:])
}

// TestLikeAgainstDefinition compares compiled patterns with the definition.
func TestLikeAgainstDefinition(t *testing.T) {
	r := newRand(t)
	random := func(alphabet []string, n int) string {
		var b strings.Builder
		for k := r.IntN(n); k > 0; k-- {
			b.WriteString(alphabet[r.IntN(len(alphabet))])
		}
		return b.String()
	}
	for round := 0; round < 40000; round++ {
		s := random([]string{"a", "b", "é", "%", "_"}, 9)
		p := random([]string{"a", "b", "é", "%", "%", "_", `\%`, `\_`}, 7)
		c, err := compileLike(p, `\`, false)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := c.match(s), likeSlow([]rune(s), []rune(p)); got != want {
			t.Fatalf("%q LIKE %q: %t", s, p, got)
		}
	}
}

// TestSubstringAgainstRunes compares the character functions with slices of runes.
func TestSubstringAgainstRunes(t *testing.T) {
	r := newRand(t)
	for round := 0; round < 20000; round++ {
		s := sampleTexts[r.IntN(len(sampleTexts))]
		runes := []rune(s)
		from, n := r.IntN(14)-4, r.IntN(12)
		clip := func(i int) int { return max(0, min(len(runes), i)) }
		want := string(runes[clip(from-1):clip(max(from-1+n, clip(from-1)))])
		if got, _ := substring(s, int32(from), int32(n)); got != want {
			t.Fatalf("substring(%q, %d, %d) = %q, want %q", s, from, n, got, want)
		}
		if got := left(s, int32(n)); got != string(runes[:clip(n)]) {
			t.Fatalf("left(%q, %d) = %q", s, n, got)
		}
		if got := right(s, int32(n)); got != string(runes[clip(len(runes)-n):]) {
			t.Fatalf("right(%q, %d) = %q", s, n, got)
		}
	}
}

// TestYears compares the table of years with the calendar on every day.
func TestYears(t *testing.T) {
	from, to := types.DaysFromCivil(1790, 1, 1), types.DaysFromCivil(2210, 1, 1)
	for d := from; d < to; d++ {
		if got, want := yearOfDate(int32(d)), int64(types.CivilFromDays(d).Year); got != want {
			t.Fatalf("day %d: %d, want %d", d, got, want)
		}
	}
	for _, d := range []int32{math.MinInt32, math.MaxInt32, types.MinDate, types.MaxDate} {
		yearOfDate(d) // must not leave the table
	}
}

// TestConcurrentUse shares expressions between goroutines, each with its evaluator.
func TestConcurrentUse(t *testing.T) {
	b := lineitem(true)
	exprs := steadyExprs(t, b)
	done := make(chan error, 4)
	for k := 0; k < 4; k++ {
		r := rand.New(rand.NewPCG(uint64(k), 1))
		go func() {
			for name, e := range exprs {
				ev := NewEvaluator(&Context{}, e)
				in := *b
				in.Sel = randomSel(r, b.Len)
				if _, err := ev.Eval(&in); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			done <- nil
		}()
	}
	for k := 0; k < 4; k++ {
		<-done
	}
}
