package fn

import (
	"testing"

	"htapdb/sql/types"
	"htapdb/vector"
)

// TestFold shows what folding leaves.
func TestFold(t *testing.T) {
	x := &Column{Index: 0, Typ: types.TInt4, Name: "x"}
	d := &Column{Index: 1, Typ: types.TDate, Name: "d"}
	q := &Column{Index: 2, Typ: types.TNumeric(15, 2), Name: "q"}
	b := &Column{Index: 3, Typ: types.TBool, Name: "b"}
	null := &Literal{Typ: types.TInt4}
	unknown := func(s string) Expr { return &Literal{Value: types.NewString(s), Typ: types.TUnknown} }
	date := mustParse(t, "1998-12-01", types.TDate)
	interval := mustParse(t, "90 days", types.TInterval)
	for _, c := range []struct {
		e    Expr
		want string
	}{
		{mustCall(t, "+", intLit(1), intLit(2)), "3"},
		{mustCall(t, "/", intLit(1), intLit(0)), "(1 / 0)"},
		{mustCall(t, "+", x, null), "NULL"},
		{mustCall(t, "now"), "now()"},
		{mustCall(t, "<=", d, mustCall(t, "-", date, interval)), "(d <= '1998-09-02'::date)"},
		{mustCall(t, ">", mustParse(t, "1998-09-02 12:00", types.TTimestamp), d), "(d <= '1998-09-02'::date)"},
		{mustCall(t, "<", d, mustParse(t, "1998-09-02", types.TTimestamp)), "(d < '1998-09-02'::date)"},
		{mustCall(t, "=", d, mustParse(t, "1998-09-02 12:00", types.TTimestamp)), "(CAST(d AS timestamp without time zone) = '1998-09-02 12:00:00'::timestamp without time zone)"},
		{mustCall(t, "<", x, number(t, "2.5")), "(x <= 2)"},
		{mustCall(t, ">=", x, number(t, "-2.5")), "(x > -3)"},
		{mustCall(t, "<", x, number(t, "3000000000")), "(CAST(x AS bigint) < 3000000000)"},
		{mustCall(t, "=", x, mustParse(t, "7", types.TInt8)), "(x = 7)"},
		{mustCall(t, "<", q, intLit(24)), "(q < 24.00)"},
		{mustCall(t, ">", q, number(t, "24.005")), "(q > 24.00)"},
		{mustCall(t, "=", d, unknown("1998-01-01")), "(d = '1998-01-01'::date)"},
		{&And{Args: []Expr{BoolLiteral(true), b, &And{Args: []Expr{b, BoolLiteral(true)}}}}, "(b AND b)"},
		{&And{Args: []Expr{b, BoolLiteral(false)}}, "false"},
		{&Or{Args: []Expr{b, BoolLiteral(true)}}, "true"},
		{&Or{Args: []Expr{BoolLiteral(false)}}, "false"},
		{&Case{Whens: []When{{BoolLiteral(false), x}, {b, x}, {BoolLiteral(true), intLit(1)}, {b, intLit(2)}}, Typ: types.TInt4}, "CASE WHEN b THEN x ELSE 1 END"},
		{&Case{Whens: []When{{BoolLiteral(false), x}}, Typ: types.TInt4}, "NULL"},
		{&Coalesce{Args: []Expr{null, x, intLit(1), x}, Typ: types.TInt4}, "COALESCE(x, 1)"},
		{&In{Arg: intLit(2), List: []types.Datum{types.NewInt32(1), types.NewInt32(2)}}, "true"},
		{&In{Arg: x, List: []types.Datum{types.NewInt32(1)}, HasNull: true, Negated: true}, "(x NOT IN (1, NULL))"},
		{&In{Arg: x}, "false"},
		{mustCall(t, "~~", mustCall(t, "lower", unknown("ABC")), unknown("a%")), "true"},
	} {
		got, err := Fold(c.e, nil)
		if err != nil || got.String() != c.want {
			t.Errorf("%s folds to %s, %v; want %s", c.e, got, err, c.want)
		}
	}
}

func mustParse(t testing.TB, s string, typ types.Type) *Literal {
	t.Helper()
	d, err := ParseLiteral(s, typ)
	if err != nil {
		t.Fatal(err)
	}
	return &Literal{Value: d, Typ: typ}
}

func number(t testing.TB, s string) *Literal {
	t.Helper()
	l, err := NumberLiteral(s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestNarrowedComparisons: folding a comparison with a constant of a wider type
// changes no result.
func TestNarrowedComparisons(t *testing.T) {
	r := newRand(t)
	pairs := [][2]types.Type{
		{types.TDate, types.TTimestamp}, {types.TInt2, types.TInt4}, {types.TInt4, types.TInt8}, {types.TInt4, types.TFloat8},
		{types.TInt4, types.TNumeric(14, 3)}, {types.TInt2, types.TNumeric(3, 1)}, {types.TNumeric(6, 2), types.TNumeric(12, 4)}, {types.TNumeric(20, 1), types.TNumeric(24, 3)},
		{types.TFloat4, types.TFloat8}, {types.TNumeric(38, 12), types.TNumeric(38, 0)}, {types.TInt8, types.TNumeric(38, 25)},
	}
	for round := 0; round < 4000; round++ {
		p := pairs[r.IntN(len(pairs))]
		lit := &Literal{Value: randomDatum(r, p[1]), Typ: p[1]}
		args := []Expr{&Column{Typ: p[0]}, lit}
		if r.IntN(2) == 0 {
			args[0], args[1] = args[1], args[0]
		}
		e := mustCall(t, comparisonOps[r.IntN(6)].op.String(), args...)
		folded, _ := Fold(e, nil)
		v := randomVector(r, p[0], 20)
		if r.IntN(3) == 0 && p[0].IsInteger() { // near the constant
			v = vector.New(p[0], 3)
			if f, _, ok := PlaceOf(lit.Value, p[1], p[0]); ok {
				v.Set(0, f)
			}
		}
		b := &vector.Batch{Len: v.Len, Cols: []*vector.Vector{v}}
		x, err1 := NewEvaluator(&Context{}, e).Eval(b)
		if err1 != nil {
			continue // a date beyond timestamps
		}
		y, err2 := NewEvaluator(&Context{}, folded).Eval(b)
		if err2 != nil {
			t.Fatal(err2)
		}
		for i := 0; i < v.Len; i++ {
			if !sameDatum(x[0].Datum(i), y[0].Datum(i)) {
				t.Fatalf("%s folded to %s differs for %s", e, folded, literalText(v.Datum(i), p[0]))
			}
		}
	}
}

// ParseLiteral reads the text of a quoted literal as type t, zones as UTC; too
// long a text for VARCHAR(n) is an error.
//
// Errors as types.Parse: 22P02, 22003, 22007, 22008, 22001.
func ParseLiteral(text string, t types.Type) (types.Datum, error) {
	return parseLiteral(text, t, false)
}
