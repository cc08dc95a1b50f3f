package fn

import (
	"bufio"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// evaluation reads testdata/evaluation/scikit-learn.txt: the columns y, p, class, score and
// guess, and what scikit-learn computed of them.
func evaluation(t *testing.T) (cols [5]*vector.Vector, want map[string]float64) {
	t.Helper()
	f, err := os.Open("testdata/evaluation/scikit-learn.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	want = map[string]float64{}
	for i := range cols {
		cols[i] = vector.New(types.TFloat8, 0)
	}
	number := func(s string) float64 {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := strings.Fields(lines.Text())
		switch line[0] {
		case "#":
		case "=":
			want[line[1]] = number(line[2])
		default:
			for i, c := range cols {
				c.F64 = append(c.F64, number(line[i]))
				c.Len++
			}
		}
	}
	return cols, want
}

// asBool are classes as BOOLEAN.
func asBool(v *vector.Vector) *vector.Vector {
	b := vector.New(types.TBool, v.Len)
	for i, x := range v.F64 {
		b.Bool[i] = uint8(x)
	}
	return b
}

// withNulls adds rows of which one side or the other is NULL.
func withNulls(v *vector.Vector, first int) *vector.Vector {
	out := vector.New(v.Type, v.Len+2)
	vector.CopyInto(out, 0, v, nil)
	out.Set(v.Len, v.Datum(0))
	out.Set(v.Len+1, v.Datum(0))
	out.SetNull(v.Len + first)
	return out
}

// The evaluation aggregates give scikit-learn's figures, for any split of the
// rows, ignoring pairs with a NULL, for classes as numbers and as Booleans.
func TestEvaluationLikeScikitLearn(t *testing.T) {
	r := newRand(t)
	cols, want := evaluation(t)
	y, p, class, score, guess := cols[0], cols[1], cols[2], cols[3], cols[4]
	args := map[string][][]*vector.Vector{"accuracy": {{class, guess}, {asBool(class), asBool(guess)}}}
	for _, name := range []string{"mae", "rmse", "mape", "r2_score"} {
		args[name] = [][]*vector.Vector{{y, p}}
	}
	for _, name := range []string{"logloss", "brier", "roc_auc", "pr_auc"} {
		args[name] = [][]*vector.Vector{{class, score}, {asBool(class), score}}
	}
	for _, name := range []string{"precision_score", "recall_score", "f1", "mcc"} {
		args[name] = [][]*vector.Vector{{class, guess}, {asBool(class), asBool(guess)}}
	}
	if len(want) != 13 || len(args) != len(want) {
		t.Fatalf("%d figures, %d aggregates", len(want), len(args))
	}
	for name, ways := range args {
		for _, columns := range ways {
			agg, err := ResolveAggregate(name, vectorTypes(columns))
			if err != nil {
				t.Fatal(err)
			}
			columns = []*vector.Vector{withNulls(columns[0], 0), withNulls(columns[1], 1)}
			one := math.NaN()
			for range 20 {
				d, code := outcome(t, agg, splits(t, r, agg, columns))
				if code != "" || d.IsNull() || math.Abs(d.Float()-want[name]) > 4e-15*math.Abs(want[name]) {
					t.Fatalf("%s%v: %v %s, want %v", name, agg.Args, d, code, want[name])
				}
				if one == one && d.Float() != one {
					t.Errorf("%s: %v and %v of the same rows", name, d.Float(), one)
				}
				one = d.Float()
			}
		}
	}
}

// Where a figure is not defined it is NULL; what is no class or probability is refused.
func TestEvaluationEdges(t *testing.T) {
	f, b := types.TFloat8, types.TBool
	for _, c := range []struct {
		name string
		y, p *vector.Vector
		want string
	}{
		{"rmse", column(t, f, "NULL"), column(t, f, "1"), ""},
		{"rmse", column(t, f, "1e308"), column(t, f, "0"), "1e+308"},
		{"rmse", column(t, f, "Infinity", "-Infinity"), column(t, f, "1", "1"), "Infinity"},
		{"mae", column(t, f, "NaN", "1"), column(t, f, "1", "1"), "NaN"},
		{"r2_score", column(t, f, "1", "1"), column(t, f, "1", "2"), ""},
		{"r2_score", column(t, f, "1", "3"), column(t, f, "1", "3"), "1"},
		{"r2_score", column(t, f, "1e-200", "3e-200"), column(t, f, "3e-200", "1e-200"), "-3"},
		{"logloss", column(t, b, "true"), column(t, f, "0"), "36.04365338911715"},
		{"logloss", column(t, b, "true"), column(t, f, "1"), "2.2204460492503136e-16"},
		{"roc_auc", column(t, b, "true", "true"), column(t, f, "0.3", "0.4"), ""},
		{"roc_auc", column(t, b, "true", "false"), column(t, f, "0.3", "0.3"), "0.5"},
		{"roc_auc", column(t, b, "true", "false"), column(t, f, "0", "-0"), "0.5"},
		{"roc_auc", column(t, b, "true", "false"), column(t, f, "Infinity", "1e308"), "1"},
		{"pr_auc", column(t, b, "false"), column(t, f, "0.3"), ""},
		{"pr_auc", column(t, b, "true"), column(t, f, "0.3"), "1"},
		{"accuracy", column(t, types.TText, "a", "b", "c", "NULL"), column(t, types.TText, "a", "b", "d", "e"), "0.6666666666666666"},
		{"precision_score", column(t, b, "true"), column(t, b, "false"), ""},
		{"recall_score", column(t, b, "false"), column(t, b, "true"), ""},
		{"f1", column(t, b, "true"), column(t, b, "false"), "0"},
		{"f1", column(t, b, "false"), column(t, b, "false"), ""},
		{"mcc", column(t, b, "true", "true"), column(t, b, "true", "false"), ""},
		{"mcc", column(t, b, "true", "false"), column(t, b, "false", "true"), "-1"},
	} {
		d, typ, err := aggregateOf(t, c.name, c.y, c.p)
		if got := types.Format(d, typ, nil); err != nil || got != c.want {
			t.Errorf("%s(%v, %v): %q, %v; want %q", c.name, c.y.F64, c.p.F64, got, err, c.want)
		}
	}
	for _, c := range []struct {
		name string
		y, p *vector.Vector
		code sqlstate.Code
		says string
	}{
		{"logloss", column(t, f, "1"), column(t, f, "1.5"), sqlstate.InvalidParameterValue, "1.5 is not a probability"},
		{"brier", column(t, f, "1"), column(t, f, "NaN"), sqlstate.InvalidParameterValue, "NaN is not a probability"},
		{"roc_auc", column(t, f, "2"), column(t, f, "1"), sqlstate.InvalidParameterValue, "roc_auc: class 2 is neither 0 nor 1"},
		{"f1", column(t, f, "1"), column(t, f, "0.5"), sqlstate.InvalidParameterValue, "f1: class 0.5 is neither"},
		{"pr_auc", column(t, f, "1"), column(t, f, "NaN"), sqlstate.InvalidParameterValue, "a score is NaN"},
		{"mape", column(t, f, "0"), column(t, f, "1"), sqlstate.DivisionByZero, "observed value is 0"},
		{"mape", column(t, f, "1e-300"), column(t, f, "1e10"), sqlstate.NumericValueOutOfRange, "overflow"},
		{"mae", column(t, f, "1e308"), column(t, f, "-1e308"), sqlstate.NumericValueOutOfRange, "overflow"},
	} {
		d, _, err := aggregateOf(t, c.name, c.y, c.p)
		if !sqlstate.Is(err, c.code) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, %v; want %s %q", c.name, d, err, c.code, c.says)
		}
	}
}

// Rows beyond those computed at a time keep their groups and their observations.
func TestEvaluationInParts(t *testing.T) {
	const n = 2*derivedRows + 7
	y, p := vector.New(types.TFloat8, n), vector.New(types.TFloat8, n)
	groups, sel := make([]uint32, n), make([]int32, n)
	for i := range n {
		sel[i] = int32(n - 1 - i)
		groups[i] = uint32(i % 2) // of row n−1−i, whose parity is the same: n is odd
		y.F64[i], p.F64[i] = float64(i%3), float64(i%3+1+i%2)
	}
	for name, want := range map[string][2]float64{"mae": {1, 2}, "rmse": {1, 2}, "r2_score": {-0.5, -5}} {
		agg, err := ResolveAggregate(name, []types.Type{y.Type, p.Type})
		if err != nil {
			t.Fatal(err)
		}
		s := agg.state(2)
		if err := s.Add(groups, []*vector.Vector{y, p}, sel, n); err != nil {
			t.Fatal(err)
		}
		out := vector.New(agg.Result, 0)
		if err := s.Finish(out, 0, 2); err != nil {
			t.Fatal(err)
		}
		for g, w := range want {
			if math.Abs(out.F64[g]-w) > 0.01 {
				t.Errorf("%s of group %d: %v, want %v", name, g, out.F64[g], w)
			}
		}
		whole := agg.state(1)
		if err := whole.AddAll([]*vector.Vector{y, p}, sel, n); err != nil {
			t.Fatal(err)
		}
		merged := agg.state(1)
		if err := merged.Merge(s, nil, []uint32{0, 0}); err != nil {
			t.Fatal(err)
		}
		checkSame(t, agg, "groups merged", merged, whole, sameDatum)
	}
}
