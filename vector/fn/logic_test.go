package fn

import (
	"math/rand/v2"
	"testing"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// randomBool makes a boolean expression over integer columns 0–2 and boolean
// column 3, with operands that may fail (division by a column).
func randomBool(r *rand.Rand, depth int) Expr {
	col := func(i int) Expr { return &Column{Index: i, Typ: types.TInt4} }
	must := func(name string, args ...Expr) Expr {
		e, err := NewCall(name, args...)
		if err != nil {
			panic(err)
		}
		return e
	}
	lit := &Literal{Value: types.NewInt32(int32(r.IntN(7) - 3)), Typ: types.TInt4}
	if depth == 0 {
		switch r.IntN(6) {
		case 0:
			return &Column{Index: 3, Typ: types.TBool}
		case 1:
			return must("is null", col(r.IntN(3)))
		case 2:
			return &In{Arg: col(r.IntN(3)), List: []types.Datum{types.NewInt32(1), types.NewInt32(-2)}, HasNull: r.IntN(2) == 0, Negated: r.IntN(2) == 0}
		case 3:
			return BoolLiteral(r.IntN(2) == 0)
		}
		return must(comparisonOps[r.IntN(6)].op.String(), col(r.IntN(3)), lit)
	}
	sub := func() Expr { return randomBool(r, depth-1) }
	num := func() Expr {
		switch r.IntN(4) {
		case 0:
			return &Case{Whens: []When{{sub(), col(0)}, {sub(), lit}}, Else: col(1), Typ: types.TInt4}
		case 1:
			return &Case{Whens: []When{{sub(), must("/", lit, col(2))}}, Typ: types.TInt4}
		case 2:
			return &Coalesce{Args: []Expr{col(0), must("/", col(1), col(2)), lit}, Typ: types.TInt4}
		}
		return col(r.IntN(3))
	}
	switch r.IntN(4) {
	case 0:
		return &And{Args: []Expr{sub(), sub(), sub()}}
	case 1:
		return &Or{Args: []Expr{sub(), sub()}}
	case 2:
		return must("not", sub())
	}
	return must(comparisonOps[r.IntN(6)].op.String(), num(), num())
}

// TestLogic compares AND, OR, CASE, COALESCE and IN over batches with their row-by-row
// evaluation, and Filter and Fold with Eval.
func TestLogic(t *testing.T) {
	r := newRand(t)
	ctx := &Context{}
	for round := 0; round < 3000; round++ {
		n := 1 + r.IntN(12)
		b := &vector.Batch{Len: n, Sel: randomSel(r, n)}
		for i := 0; i < 4; i++ {
			typ := types.TInt4
			if i == 3 {
				typ = types.TBool
			}
			v := randomVector(r, typ, n)
			for k := range v.I32 {
				v.I32[k] %= 4
			}
			b.Cols = append(b.Cols, v)
		}
		e := randomBool(r, 1+r.IntN(3))
		if err := checkExpr(ctx, NewEvaluator(ctx, e), e, b); err != nil {
			t.Fatal(err)
		}
		got, err := NewEvaluator(ctx, e).Eval(b)
		folded, _ := Fold(e, ctx)
		again, ferr := NewEvaluator(ctx, folded).Eval(b)
		sel, serr := NewEvaluator(ctx, e).Filter(b, nil)
		if err == nil && (ferr != nil || serr != nil) {
			t.Fatalf("%s: Eval succeeds, folded %s: %v, filter: %v", e, folded, ferr, serr)
		}
		if err != nil {
			continue
		}
		if sel == nil {
			t.Fatal("Filter returned nil")
		}
		want := map[int32]bool{}
		for i := 0; i < b.Rows(); i++ {
			row := b.Row(i)
			d := got[0].Datum(row)
			if !sameDatum(d, again[0].Datum(row)) {
				t.Fatalf("%s folded to %s differs in row %d", e, folded, row)
			}
			if !d.IsNull() && d.Bool() {
				want[int32(row)] = true
			}
		}
		last := int32(-1)
		for _, i := range sel {
			if !want[i] || i <= last {
				t.Fatalf("%s: Filter gives %v, want rows %v", e, sel, want)
			}
			last = i
		}
		if len(sel) != len(want) {
			t.Fatalf("%s: Filter gives %v, want rows %v", e, sel, want)
		}
	}
}

// TestFilterDefersErrors: an operand that fails counts only if it fails on the
// rows that the others leave, whatever the order.
func TestFilterDefersErrors(t *testing.T) {
	x := &Column{Typ: types.TInt4, Name: "x"}
	quotient := mustCall(t, ">", mustCall(t, "/", intLit(6), x), intLit(1))
	guard := mustCall(t, "<>", x, intLit(0))
	b := vector.NewBatch([]types.Type{types.TInt4}, 4)
	copy(b.Cols[0].I32, []int32{0, 2, 9, 0})
	for _, e := range []Expr{&And{Args: []Expr{guard, quotient}}, &And{Args: []Expr{quotient, guard}}} {
		sel, err := NewEvaluator(&Context{}, e).Filter(b, nil)
		if err != nil || len(sel) != 1 || sel[0] != 1 {
			t.Errorf("%s: %v, %v", e, sel, err)
		}
	}
	if _, err := NewEvaluator(&Context{}, quotient).Filter(b, nil); !sqlstate.Is(err, sqlstate.DivisionByZero) {
		t.Errorf("unguarded: %v", err)
	}
}

// TestFilterReorders: the conjunct that drops most rows moves to the front.
func TestFilterReorders(t *testing.T) {
	x := &Column{Typ: types.TInt4, Name: "x"}
	ev := NewEvaluator(&Context{}, &And{Args: []Expr{mustCall(t, ">", x, intLit(-1)), mustCall(t, "<", x, intLit(10))}})
	b := vector.NewBatch([]types.Type{types.TInt4}, vector.MaxBatch)
	for i := range b.Cols[0].I32 {
		b.Cols[0].I32[i] = int32(i)
	}
	var scratch []int32
	for i := 0; i < 4*reorderEvery; i++ {
		sel, err := ev.Filter(b, scratch)
		if err != nil || len(sel) != 10 {
			t.Fatal(len(sel), err)
		}
		scratch = sel
	}
	first := ev.conj.parts[0].node.(*callNode).fn
	if _, last := ev.conj.parts[0], ev.conj.parts[1]; last.out*2 < last.in || first == nil {
		t.Errorf("the selective conjunct is not first: %+v %+v", ev.conj.parts[0], ev.conj.parts[1])
	}
}

func intLit(v int32) *Literal { return &Literal{Value: types.NewInt32(v), Typ: types.TInt4} }

func mustCall(t testing.TB, name string, args ...Expr) Expr {
	t.Helper()
	e, err := NewCall(name, args...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestCommonSubexpressions: an expression that stands twice is computed once,
// and a volatile one is not.
func TestCommonSubexpressions(t *testing.T) {
	calls := 0
	counting := &Scalar{Name: "f", Args: []types.Type{types.TInt4}, Result: types.TInt4, Strict: true, identity: "test",
		Kernel: func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
			calls++
			copy(out.I32, args[0].I32)
			return nil
		}}
	x := &Column{Typ: types.TInt4}
	f := func() Expr { return &Call{Func: counting, Args: []Expr{x}, Typ: types.TInt4} }
	ev := NewEvaluator(&Context{}, mustCall(t, "+", f(), intLit(1)), mustCall(t, "*", f(), f()))
	b := vector.NewBatch([]types.Type{types.TInt4}, 3)
	for i := 1; i <= 2; i++ {
		if _, err := ev.Eval(b); err != nil || calls != i {
			t.Fatalf("%d calls after %d batches, %v", calls, i, err)
		}
	}
	random := mustCall(t, "random")
	b = vector.NewBatch(nil, 100)
	v, err := NewEvaluator(&Context{Random: 7}, random, mustCall(t, "random")).Eval(b)
	if err != nil || v[0].F64[0] == v[1].F64[0] || v[0].F64[0] == v[0].F64[1] {
		t.Errorf("random() repeats: %v", err)
	}
}

// TestDictionary: a function of one dictionary column runs once per entry, its
// result is a dictionary again, and entries that fail do not count unless a row has them.
func TestDictionary(t *testing.T) {
	dict := vector.New(types.TText, 3)
	copy(dict.Str, []string{"1", "22", "x"})
	codes := []uint32{0, 1, 0, 1}
	col := &Column{Typ: types.TText}
	upper := NewEvaluator(&Context{}, mustCall(t, "upper", col))
	b := &vector.Batch{Len: 4, Cols: []*vector.Vector{vector.NewDict(dict, vector.NewDictID(), codes, nil)}}
	v, err := upper.Eval(b)
	if err != nil || v[0].Enc != vector.Dict || v[0].Datum(1).Str() != "22" || v[0].DictID == 0 {
		t.Fatalf("upper: %+v, %v", v, err)
	}
	id := v[0].DictID
	if v, _ = upper.Eval(b); v[0].DictID != id {
		t.Errorf("the dictionary's result was not kept")
	}
	toInt, err := NewCast(col, types.TInt4, ExplicitCast)
	if err != nil {
		t.Fatal(err)
	}
	v, err = NewEvaluator(&Context{}, toInt).Eval(b)
	if err != nil || v[0].Datum(3).Int() != 22 {
		t.Errorf("cast: %v, %v", v, err)
	}
	codes[2] = 2
	if _, err = NewEvaluator(&Context{}, toInt).Eval(b); !sqlstate.Is(err, sqlstate.InvalidTextRepresentation) {
		t.Errorf("cast of x: %v", err)
	}
}
