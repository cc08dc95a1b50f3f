package fn

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"htapdb/sql/types"
	"htapdb/vector"
)

// lineitem makes a batch like TPC-H's: 0 price and 1 discount NUMERIC(15,2), 2 quantity
// NUMERIC(15,2), 3 shipdate, 4 a key BIGINT, 5 a DOUBLE PRECISION, 6 text, 7 text as a dictionary.
func lineitem(nulls bool) *vector.Batch {
	r := rand.New(rand.NewPCG(1, 2))
	dec := types.TNumeric(15, 2)
	b := vector.NewBatch([]types.Type{dec, dec, dec, types.TDate, types.TInt8, types.TFloat8, types.TText}, vector.MaxBatch)
	words := []string{"forest green", "special packages requests", "blue", "carefully final deposits sleep quickly", "ideas"}
	for i := 0; i < b.Len; i++ {
		b.Cols[0].I64[i] = 90000 + r.Int64N(10000000)
		b.Cols[1].I64[i] = r.Int64N(11)
		b.Cols[2].I64[i] = 100 * (1 + r.Int64N(50))
		b.Cols[3].I32[i] = 8036 + r.Int32N(2526)
		b.Cols[4].I64[i] = r.Int64N(1 << 40)
		b.Cols[5].F64[i] = r.Float64() * 1000
		b.Cols[6].Str[i] = words[r.IntN(len(words))]
		if nulls && i%10 == 0 {
			for _, c := range b.Cols {
				c.SetNull(i)
			}
		}
	}
	dict := vector.New(types.TText, len(words))
	copy(dict.Str, words)
	codes := make([]uint32, b.Len)
	for i := range codes {
		codes[i] = r.Uint32N(uint32(len(words)))
	}
	b.Cols = append(b.Cols, vector.NewDict(dict, vector.NewDictID(), codes, nil))
	return b
}

func lineitemColumn(b *vector.Batch, i int) Expr {
	return &Column{Index: i, Typ: b.Cols[i].Type, Name: fmt.Sprintf("c%d", i)}
}

// steadyExprs are expressions whose evaluation must not allocate once warm.
func steadyExprs(t testing.TB, b *vector.Batch) map[string]Expr {
	c := func(i int) Expr { return lineitemColumn(b, i) }
	revenue := mustCall(t, "*", c(0), mustCall(t, "-", intLit(1), c(1)))
	return map[string]Expr{
		"decimal":   revenue,
		"compare":   mustCall(t, ">", revenue, number(t, "5000")),
		"date":      mustCall(t, "<", c(3), mustParse(t, "1995-03-15", types.TDate)),
		"year":      mustCall(t, "extract", &Literal{Value: types.NewString("year"), Typ: types.TText}, c(3)),
		"bigint":    mustCall(t, "+", mustCall(t, "*", c(4), intLit(3)), intLit(1)),
		"double":    mustCall(t, "*", mustCall(t, "+", c(5), number(t, "1.5")), c(5)),
		"like":      mustCall(t, "~~", c(6), mustParse(t, "%special%requests%", types.TText)),
		"like-dict": mustCall(t, "~~", c(7), mustParse(t, "%special%requests%", types.TText)),
		"substring": mustCall(t, "substring", c(6), intLit(1), intLit(2)),
		"in":        &In{Arg: c(7), List: []types.Datum{types.NewString("blue"), types.NewString("ideas")}},
		"case": &Case{Whens: []When{{Cond: mustCall(t, "~~", c(7), mustParse(t, "forest%", types.TText)), Then: revenue}},
			Else: &Literal{Value: types.NewInt128(types.Int128{}), Typ: revenue.Type()}, Typ: revenue.Type()},
		"logic": &Or{Args: []Expr{mustCall(t, "<", c(2), number(t, "10")), &And{Args: []Expr{mustCall(t, ">", c(5), number(t, "3")), mustCall(t, "is not null", c(4))}}}},
	}
}

// TestSteadyStateAllocates: evaluating a batch after the first allocates nothing.
func TestSteadyStateAllocates(t *testing.T) {
	for _, nulls := range []bool{false, true} {
		b := lineitem(nulls)
		for name, e := range steadyExprs(t, b) {
			ev := NewEvaluator(&Context{}, e)
			if n := testing.AllocsPerRun(20, func() {
				if _, err := ev.Eval(b); err != nil {
					t.Fatal(err)
				}
			}); n != 0 {
				t.Errorf("%s (nulls %t): %v allocations a batch", name, nulls, n)
			}
			if e.Type() != types.TBool {
				continue
			}
			filter := NewEvaluator(&Context{}, e)
			scratch := make([]int32, b.Len)
			if n := testing.AllocsPerRun(20, func() {
				if _, err := filter.Filter(b, scratch); err != nil {
					t.Fatal(err)
				}
			}); n != 0 {
				t.Errorf("filter %s (nulls %t): %v allocations a batch", name, nulls, n)
			}
		}
	}
}

func BenchmarkEval(bench *testing.B) {
	for _, nulls := range []string{"0", "0.1"} {
		b := lineitem(nulls != "0")
		for name, e := range steadyExprs(bench, b) {
			bench.Run(name+"/nulls="+nulls, func(bench *testing.B) {
				ev := NewEvaluator(&Context{}, e)
				for bench.Loop() {
					if _, err := ev.Eval(b); err != nil {
						bench.Fatal(err)
					}
				}
				bench.ReportMetric(float64(bench.Elapsed().Nanoseconds())/float64(bench.N)/float64(b.Len), "ns/row")
			})
		}
	}
}

func BenchmarkFilter(bench *testing.B) {
	b := lineitem(false)
	c := func(i int) Expr { return lineitemColumn(b, i) }
	q6 := &And{Args: []Expr{
		mustCall(bench, ">=", c(3), mustParse(bench, "1994-01-01", types.TDate)),
		mustCall(bench, "<", c(3), mustParse(bench, "1995-01-01", types.TDate)),
		mustCall(bench, ">=", c(1), number(bench, "0.05")),
		mustCall(bench, "<=", c(1), number(bench, "0.07")),
		mustCall(bench, "<", c(2), intLit(24)),
	}}
	ev := NewEvaluator(&Context{}, q6)
	scratch := make([]int32, b.Len)
	for bench.Loop() {
		if _, err := ev.Filter(b, scratch); err != nil {
			bench.Fatal(err)
		}
	}
	bench.ReportMetric(float64(bench.Elapsed().Nanoseconds())/float64(bench.N)/float64(b.Len), "ns/row")
}

func BenchmarkAggregate(bench *testing.B) {
	b := lineitem(false)
	groups := make([]uint32, b.Len)
	for i := range groups {
		groups[i] = uint32(i) % 4
	}
	for _, c := range []struct {
		name string
		col  int
	}{{"sum", 0}, {"avg", 2}, {"sum", 5}, {"min", 3}, {"max", 6}, {"count", 0}, {"stddev", 5}} {
		col := b.Cols[c.col]
		agg, err := ResolveAggregate(c.name, []types.Type{col.Type})
		if err != nil {
			bench.Fatal(err)
		}
		for _, grouped := range []bool{true, false} {
			bench.Run(fmt.Sprintf("%s/%s/grouped=%t", c.name, col.Type.BaseName(), grouped), func(bench *testing.B) {
				s := agg.NewState(&Context{})
				s.Grow(4)
				args := []*vector.Vector{col}
				for bench.Loop() {
					var err error
					if grouped {
						err = s.Add(groups, args, nil, b.Len)
					} else {
						err = s.AddAll(args, nil, b.Len)
					}
					if err != nil {
						bench.Fatal(err)
					}
				}
				bench.ReportMetric(float64(bench.Elapsed().Nanoseconds())/float64(bench.N)/float64(b.Len), "ns/row")
			})
		}
	}
}

// BenchmarkPoint is what a prepared point query pays: an evaluator, one row.
func BenchmarkPoint(bench *testing.B) {
	row := vector.NewBatch([]types.Type{types.TInt8, types.TNumeric(15, 2)}, 1)
	e := mustCall(bench, "=", &Column{Typ: types.TInt8}, &Param{Typ: types.TInt8})
	sum := mustCall(bench, "+", &Column{Index: 1, Typ: types.TNumeric(15, 2)}, intLit(1))
	ctx := &Context{Params: []types.Datum{types.NewInt64(0)}}
	var scratch [1]int32
	bench.ReportAllocs()
	for bench.Loop() {
		sel, err := NewEvaluator(ctx, e).Filter(row, scratch[:])
		if err != nil || len(sel) != 1 {
			bench.Fatal(sel, err)
		}
		if _, err := NewEvaluator(ctx, sum).Eval(row); err != nil {
			bench.Fatal(err)
		}
	}
}
