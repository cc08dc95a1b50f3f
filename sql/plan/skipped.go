package plan

import (
	"math"

	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// Functions over BIGINT that make up the count of Unskipped.
var (
	bigintAdd  = bigintFunc(fn.OpAdd)
	bigintSub  = bigintFunc(fn.OpSub)
	bigintLess = bigintFunc(fn.OpLe)
	bigintMore = bigintFunc(fn.OpGt)
)

// bigintFunc returns the operator; that there is none is a programmer's error.
func bigintFunc(op fn.Op) *fn.Scalar {
	f, err := fn.ResolveScalar(op.String(), []types.Type{types.TInt8, types.TInt8})
	if err != nil {
		panic(err)
	}
	return f
}

func bigintCall(f *fn.Scalar, a, b fn.Expr) fn.Expr {
	return &fn.Call{Func: f, Args: []fn.Expr{a, b}, Typ: f.Result}
}

// Unskipped is the Limit's input up to the last row that the Limit passes, with the
// rows that it skips: those for which a volatile projection below the Limit runs,
// as in PostgreSQL. Without a count, with ties, or if the count or offset says
// something else each time, that is the whole input.
func (l *Limit) Unskipped() Node {
	if l.Count == nil || l.WithTies || fn.VolatilityOf(l.Count) == fn.Volatile || fn.VolatilityOf(l.Offset) == fn.Volatile {
		return l.Input
	}
	if count, offset, ok := l.literals(); ok && offset <= math.MaxInt64-count {
		return &Limit{Input: l.Input, Count: Bigint(count + offset)}
	}
	// CASE WHEN offset > 0 THEN CASE WHEN count <= max - offset THEN count + offset END ELSE count END:
	// a sum that is too large is no limit, and NULL is one for the offset 0.
	sum := &fn.Case{Typ: types.TInt8, Whens: []fn.When{{
		Cond: bigintCall(bigintLess, l.Count, bigintCall(bigintSub, Bigint(math.MaxInt64), l.Offset)),
		Then: bigintCall(bigintAdd, l.Count, l.Offset),
	}}}
	return &Limit{Input: l.Input, Count: &fn.Case{Typ: types.TInt8, Whens: []fn.When{{
		Cond: bigintCall(bigintMore, l.Offset, Bigint(0)), Then: sum,
	}}, Else: l.Count}}
}

// literals returns the count and the offset if both are constants that are not negative.
func (l *Limit) literals() (count, offset int64, ok bool) {
	c, isCount := l.Count.(*fn.Literal)
	o, isOffset := l.Offset.(*fn.Literal)
	if !isCount || !isOffset || c.Value.IsNull() || o.Value.IsNull() {
		return 0, 0, false
	}
	count, offset = c.Value.Int(), o.Value.Int()
	return count, offset, count >= 0 && offset >= 0
}
