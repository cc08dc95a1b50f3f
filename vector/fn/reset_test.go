package fn

import (
	"testing"

	"htapdb/sql/types"
	"htapdb/vector"
)

// call resolves a function for a test.
func call(t *testing.T, name string, args ...Expr) Expr {
	t.Helper()
	ts := make([]types.Type, len(args))
	for i, a := range args {
		ts[i] = a.Type()
	}
	f, err := ResolveScalar(name, ts)
	if err != nil {
		t.Fatal(err)
	}
	return &Call{Func: f, Args: args, Typ: f.Result}
}

// A reset evaluator knows nothing of the parameters before: it gives what a new
// one gives, for every kind of node, and allocates nothing.
func TestReset(t *testing.T) {
	num, text := &Param{Index: 0, Typ: types.TInt8}, &Param{Index: 1, Typ: types.TText}
	col := &Column{Index: 0, Typ: types.TInt8}
	name := &Column{Index: 1, Typ: types.TText}
	one := &Literal{Value: types.NewInt64(1), Typ: types.TInt8}
	pattern := &Literal{Value: types.NewString("a%"), Typ: types.TText}
	positive := call(t, ">", num, one)
	exprs := []Expr{
		num, call(t, "+", num, one), call(t, "+", col, call(t, "+", num, num)),
		call(t, "~~", name, text), call(t, "~~", name, pattern), call(t, "~~", text, pattern),
		&And{Args: []Expr{positive, call(t, "~~", name, text)}},
		&Case{Whens: []When{{positive, call(t, "+", col, num)}}, Else: num, Typ: types.TInt8},
		&Coalesce{Args: []Expr{num, col}, Typ: types.TInt8},
		&In{Arg: num, List: []types.Datum{types.NewInt64(1), types.NewInt64(5)}},
		call(t, "concat", text, num),
	}
	b := vector.NewBatch([]types.Type{types.TInt8, types.TText}, 3)
	for i, s := range []string{"abc", "xyz", ""} {
		b.Cols[0].Set(i, types.NewInt64(int64(i)))
		b.Cols[1].Set(i, types.NewString(s))
	}
	b.Cols[1].SetNull(2)
	params := [][]types.Datum{
		{types.NewInt64(5), types.NewString("a%")}, {types.NewInt64(-3), types.NewString("%z")},
		{types.NullDatum, types.NewString("abc")}, {types.NewInt64(1), types.NullDatum}, {types.NewInt64(2), types.NewString("a%")},
	}
	for _, e := range exprs {
		reused := NewEvaluator(nil, e)
		filter := NewEvaluator(nil, e)
		for round := range 2 {
			for _, p := range params {
				ctx := &Context{Params: p, ZoneName: "UTC"}
				reused.Reset(ctx)
				got, gotErr := reused.Eval(b)
				want, wantErr := NewEvaluator(ctx, e).Eval(b)
				if (gotErr == nil) != (wantErr == nil) {
					t.Fatalf("%s with %v: %v, a new evaluator: %v", e, p, gotErr, wantErr)
				}
				for i := range b.Len {
					if gotErr == nil && got[0].Datum(i) != want[0].Datum(i) {
						t.Errorf("round %d: %s with %v: row %d is %v, a new evaluator: %v", round, e, p, i, got[0].Datum(i), want[0].Datum(i))
					}
				}
				if e.Type().Kind != types.Bool {
					continue
				}
				filter.Reset(ctx)
				kept, err := filter.Filter(b, nil)
				fresh, _ := NewEvaluator(ctx, e).Filter(b, nil)
				if err != nil || len(kept) != len(fresh) {
					t.Errorf("%s with %v keeps %v, a new evaluator %v (%v)", e, p, kept, fresh, err)
				}
			}
		}
	}
	ctx := &Context{Params: params[0]}
	ev := NewEvaluator(ctx, call(t, "+", col, num))
	if n := testing.AllocsPerRun(100, func() {
		ev.Reset(ctx)
		if _, err := ev.Eval(b); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations for each statement", n)
	}
}
