package fn

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"htapdb/sql/types"
	"htapdb/vector"
)

// newRand returns a source whose seed is printed, or taken from FN_SEED.
func newRand(t testing.TB) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("FN_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("FN_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

var sampleTexts = []string{
	"", "a", "abc", "ABC def", "  padded ", "naïve café", "日本語テキスト", "%", "_x%y", "a\\b", "12", "-7.5", "2001-02-03", "day", "month", "hex", "YYYY-MM-DD",
	"UTC", "Europe/Berlin", "a,b,,c", "{\"a\": 1, \"b\": [true, null]}", "[1, 2]", "x' y", "aaaabbb", "FM999.00", "s", "^a", "second",
}

// randomDatum returns a value of t, edge cases often.
func randomDatum(r *rand.Rand, t types.Type) types.Datum {
	edge := r.IntN(4) == 0
	switch t.Kind {
	case types.Bool:
		return types.NewBool(r.IntN(2) == 0)
	case types.Int2, types.Int4, types.Int8:
		lo, hi := types.IntRange(t.Kind)
		if edge {
			return types.NewInt(t.Physical(), []int64{lo, hi, 0, 1, -1}[r.IntN(5)])
		}
		return types.NewInt(t.Physical(), int64(r.IntN(41)-20))
	case types.Float4:
		return types.NewFloat32(float32(randomFloat(r, edge)))
	case types.Float8:
		return types.NewFloat64(randomFloat(r, edge))
	case types.Numeric:
		v := types.Int128From(r.Int64N(100000) - 50000)
		if edge {
			v, _ = types.Pow10(int(t.Precision)).Sub(types.Int128From(1))
			if r.IntN(2) == 0 {
				v = v.Neg()
			}
		}
		if !v.FitsPrecision(int(t.Precision)) {
			v = types.Int128From(r.Int64N(10))
		}
		return types.NumericDatum(v, t)
	case types.Date:
		if edge {
			return types.NewInt32([]int32{types.MinDate, types.MaxDate, 0, -1}[r.IntN(4)])
		}
		return types.NewInt32(int32(r.IntN(40000) - 10000))
	case types.Time:
		return types.NewInt64(r.Int64N(types.MicrosPerDay + 1))
	case types.Timestamp, types.TimestampTZ:
		if edge {
			return types.NewInt64([]int64{types.MinTimestamp, types.MaxTimestamp, 0, -1}[r.IntN(4)])
		}
		return types.NewInt64(r.Int64N(4e15) - 1e15)
	case types.Interval:
		if edge {
			return types.NewInterval(types.IntervalValue{Months: math.MaxInt32, Days: math.MinInt32, Micros: math.MaxInt64})
		}
		return types.NewInterval(types.IntervalValue{Months: int32(r.IntN(50) - 25), Days: int32(r.IntN(80) - 40), Micros: r.Int64N(2e11) - 1e11})
	case types.UUID:
		b := make([]byte, 16)
		b[r.IntN(16)] = byte(r.IntN(4))
		return types.NewString(string(b))
	case types.JSON, types.JSONB:
		return types.NewString([]string{`{"a": 1, "b": "x"}`, `[1, "two", null]`, `"s"`, `12.5`, `true`, `null`, `{"a": {"c": [1]}}`}[r.IntN(7)])
	}
	return types.NewString(sampleTexts[r.IntN(len(sampleTexts))])
}

func randomFloat(r *rand.Rand, edge bool) float64 {
	if edge {
		return []float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 1e-310, 1e308, 0.5, -0.5, 2.5}[r.IntN(10)]
	}
	return float64(r.IntN(400)-200) / 8
}

// randomType picks a type of kind k.
func randomType(r *rand.Rand, k types.Kind) types.Type {
	switch k {
	case anyKind, sameKind:
		return randomType(r, []types.Kind{types.Int4, types.Text, types.Float8, types.Numeric, types.Date, types.Bool}[r.IntN(6)])
	case types.Numeric:
		p := 1 + r.IntN(types.MaxPrecision)
		if r.IntN(2) == 0 {
			p = 1 + r.IntN(types.MaxShortPrecision)
		}
		return types.TNumeric(p, r.IntN(min(p, 12)+1))
	}
	return types.Type{Kind: k}
}

// randomVector makes a vector of n rows in one of the encodings, with or without nulls.
func randomVector(r *rand.Rand, t types.Type, n int) *vector.Vector {
	nulls := r.IntN(2) == 0
	switch r.IntN(4) {
	case 0:
		if nulls && r.IntN(3) == 0 {
			return vector.NewConst(t, types.NullDatum, n)
		}
		return vector.NewConst(t, randomDatum(r, t), n)
	case 1:
		dict := vector.New(t, 1+r.IntN(8))
		for i := 0; i < dict.Len; i++ {
			dict.Set(i, randomDatum(r, t))
		}
		codes := make([]uint32, n)
		for i := range codes {
			codes[i] = uint32(r.IntN(dict.Len))
		}
		var valid []uint8
		if nulls {
			valid = make([]uint8, n)
			for i := range valid {
				valid[i] = uint8(r.IntN(2))
			}
		}
		id := uint64(0)
		if r.IntN(2) == 0 {
			id = vector.NewDictID()
		}
		return vector.NewDict(dict, id, codes, valid)
	}
	v := vector.New(t, n)
	for i := 0; i < n; i++ {
		v.Set(i, randomDatum(r, t))
		if nulls && r.IntN(3) == 0 {
			v.SetNull(i)
		}
	}
	return v
}

// randomSel is nil or some of n rows, ascending.
func randomSel(r *rand.Rand, n int) []int32 {
	if r.IntN(2) == 0 {
		return nil
	}
	sel := []int32{}
	for i := 0; i < n; i++ {
		if r.IntN(2) == 0 {
			sel = append(sel, int32(i))
		}
	}
	return sel
}

// sameDatum is equality of representations, with NaNs alike and the sign of zero kept apart.
func sameDatum(a, b types.Datum) bool {
	if a.Physical() == b.Physical() && (a.Physical() == types.PhysFloat64 || a.Physical() == types.PhysFloat32) {
		return a.Float() == b.Float() || a.Float() != a.Float() && b.Float() != b.Float()
	}
	return a == b
}

// checkExpr evaluates e over b and compares with evaluating each alive row alone.
func checkExpr(ctx *Context, ev *Evaluator, e Expr, b *vector.Batch) error {
	got, err := ev.Eval(b)
	var rowErr error
	for i := 0; i < b.Rows(); i++ {
		row := b.Row(i)
		lits, _ := Transform(e, func(n Expr) (Expr, error) {
			if c, ok := n.(*Column); ok {
				return &Literal{Value: b.Cols[c.Index].Datum(row), Typ: c.Typ}, nil
			}
			return n, nil
		})
		want, e1 := EvalScalar(ctx, lits)
		if e1 != nil {
			rowErr = e1
			continue
		}
		if err == nil && !sameDatum(got[0].Datum(row), want) {
			return fmt.Errorf("row %d of %s: batch gives %s, row gives %s (%s)", row, e,
				literalText(got[0].Datum(row), e.Type()), literalText(want, e.Type()), lits)
		}
	}
	if (err == nil) != (rowErr == nil) {
		return fmt.Errorf("%s: batch error %v, row error %v", e, err, rowErr)
	}
	return nil
}

// TestEveryKernel runs every overload of the registry, over random inputs in all
// encodings, nulls and selections, and compares with row-by-row evaluation.
func TestEveryKernel(t *testing.T) {
	r := newRand(t)
	ctx := &Context{ZoneName: "America/New_York", NowMicros: 1e15, Vars: map[string]string{"current_user": "me"}}
	const rounds = 25
	tried, ran := 0, 0
	for _, name := range slices.Sorted(maps.Keys(overloads())) {
		for _, o := range overloads()[name] {
			if o.vol == Volatile {
				continue
			}
			clean := 0
			for round := 0; round < rounds; round++ {
				n := 1 + r.IntN(20)
				b := &vector.Batch{Len: n, Sel: randomSel(r, n)}
				var args []Expr
				kinds := o.args
				if o.variadic {
					kinds = append(append([]types.Kind{}, kinds...), kinds[len(kinds)-1])
				}
				var ts []types.Type
				shared := randomType(r, sameKind)
				for i, k := range kinds {
					typ := randomType(r, k)
					if k == sameKind {
						typ = shared
					}
					ts = append(ts, typ)
					args = append(args, &Column{Index: i, Typ: typ})
				}
				s, err := o.instantiate(ts, nil)
				if err != nil {
					continue
				}
				for i := range args {
					if args[i], err = NewCast(args[i], s.Args[i], ExplicitCast); err != nil {
						t.Fatalf("%s: cast %s to %s: %v", name, ts[i], s.Args[i], err)
					}
				}
				e := &Call{Func: s, Args: args, Typ: s.Result}
				ev := NewEvaluator(ctx, e)
				for k := 0; k < 2; k++ {
					b.Cols = nil
					for _, typ := range ts {
						b.Cols = append(b.Cols, randomVector(r, typ, n))
					}
					if _, err := NewEvaluator(ctx, e).Eval(b); err == nil {
						clean++
					}
					if err := checkExpr(ctx, ev, e, b); err != nil {
						t.Errorf("%v (types %v)", err, ts)
					}
				}
			}
			tried++
			if clean > 0 {
				ran++
			} else {
				t.Logf("%s%v never ran without an error", name, o.args)
			}
		}
	}
	t.Logf("%d overloads, %d ran without an error at least once", tried, ran)
	if ran < tried*8/10 {
		t.Errorf("only %d of %d overloads gave a result", ran, tried)
	}
}

// TestEveryCast does the same for every conversion.
func TestEveryCast(t *testing.T) {
	r := newRand(t)
	ctx := &Context{ZoneName: "Asia/Kolkata"}
	for from := types.Bool; from <= types.JSONB; from++ {
		for to := types.Bool; to <= types.JSONB; to++ {
			for round := 0; round < 30; round++ {
				ft, tt := randomType(r, from), randomType(r, to)
				if tt.Kind == types.Varchar || tt.Kind == types.Char {
					tt.Length = int32(r.IntN(6))
				}
				n := 1 + r.IntN(20)
				c, err := NewCast(&Column{Typ: ft}, tt, ExplicitCast)
				if err != nil || ft == tt {
					continue
				}
				b := &vector.Batch{Len: n, Sel: randomSel(r, n), Cols: []*vector.Vector{randomVector(r, ft, n)}}
				if err := checkExpr(ctx, NewEvaluator(ctx, c), c, b); err != nil {
					t.Error(err)
				}
			}
		}
	}
}
