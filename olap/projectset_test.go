package olap

import (
	"errors"
	"sync/atomic"
	"testing"

	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// countTo yields 1 to its argument.
func countTo(args []types.Datum) (func() (types.Datum, bool), error) {
	n := args[0].Int()
	if n > 1e6 {
		return nil, errors.New("too many")
	}
	i := int64(0)
	return func() (types.Datum, bool) {
		i++
		return types.NewInt64(i), i <= n
	}, nil
}

// TestProjectSet: rows with no values, NULL arguments and more values than a
// batch holds, in every shape of input.
func TestProjectSet(t *testing.T) {
	checkGoroutines(t)
	h := newHarness(t)
	m := &memTable{name: "t", cols: []types.Type{types.TInt8, types.TText}, shape: h.shape, opened: &atomic.Int64{}}
	h.tables = append(h.tables, m)
	for i := range 200 {
		n := types.NewInt64(int64(i%5 - 1))
		if i%11 == 0 {
			n = types.NullDatum
		}
		if i == 77+1 {
			n = types.NewInt64(5000)
		}
		m.rows = append(m.rows, []types.Datum{n, types.NewString(string(rune('a' + i%3)))})
	}
	scan := &Scan{Source: m}
	set := &ProjectSet{Input: scan, Args: []fn.Expr{col(scan, 0)}, Func: countTo, Result: types.TInt8}
	h.check("set", set, false)
	h.check("set of a set", &ProjectSet{Input: &Filter{Input: set, Pred: call(t, "<", col(set, 2), intLit(4))}, Args: []fn.Expr{&fn.Column{Index: 2, Typ: types.TInt8}}, Func: countTo, Result: types.TInt8}, false)

	failing := &ProjectSet{Input: scan, Args: []fn.Expr{call(t, "+", intLit(2_000_000), call(t, "*", col(scan, 0), intLit(0)))}, Func: countTo, Result: types.TInt8}
	if _, err := result(failing, &Exec{Pool: testPool()}); err == nil || err.Error() != "too many" {
		t.Error("the function's error:", err)
	}
}
