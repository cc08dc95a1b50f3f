package fn

// Op is the identity of a scalar function: what it is, whatever types its
// arguments have. Layers above the registry recognise functions by it and ask for
// its properties; they never compare names, which a misspelling makes a condition that
// is silently false. Functions that no layer treats specially share OpFunction.
type Op uint8

// The identities. The order groups the classes.
const (
	OpFunction Op = iota

	OpEq
	OpNe
	OpLt
	OpLe
	OpGt
	OpGe
	OpDistinct
	OpNotDistinct

	OpNot
	OpIsNull
	OpIsNotNull
	OpIsTrue
	OpIsNotTrue
	OpIsFalse
	OpIsNotFalse
	OpIsUnknown
	OpIsNotUnknown

	OpLike
	OpNotLike
	OpILike
	OpNotILike

	OpAdd
	OpSub
	OpMul
	OpDiv
	OpMod
	OpConcat

	OpCast
	OpIn

	opCount
)

// Class says what kind of thing an Op is.
type Class uint8

// The classes.
const (
	ClassFunction   Class = iota // anything else
	ClassComparison              // = <> < <= > >=, by the order of values
	ClassDistinct                // IS [NOT] DISTINCT FROM: comparisons that know NULL
	ClassLogic                   // NOT
	ClassTest                    // IS [NOT] NULL, TRUE, FALSE, UNKNOWN
	ClassMatch                   // LIKE and its like
	ClassArithmetic              // + - * / % ||
	ClassCast
	ClassMembership // the test of an In node
)

// properties is a row of the table of identities.
type properties struct {
	name  string
	class Class
	// strict operators are NULL for a NULL operand; a test compares it with the overloads.
	strict bool
	// negation is the operator that is TRUE where this one is FALSE and the other way
	// round, OpFunction for none; commuted the one with the operands exchanged.
	negation, commuted Op
}

// identities is the table of what is known about each Op.
var identities = [opCount]properties{
	OpEq:          {"=", ClassComparison, true, OpNe, OpEq},
	OpNe:          {"<>", ClassComparison, true, OpEq, OpNe},
	OpLt:          {"<", ClassComparison, true, OpGe, OpGt},
	OpLe:          {"<=", ClassComparison, true, OpGt, OpGe},
	OpGt:          {">", ClassComparison, true, OpLe, OpLt},
	OpGe:          {">=", ClassComparison, true, OpLt, OpLe},
	OpDistinct:    {"is distinct from", ClassDistinct, false, OpNotDistinct, OpDistinct},
	OpNotDistinct: {"is not distinct from", ClassDistinct, false, OpDistinct, OpNotDistinct},

	OpNot:          {"not", ClassLogic, true, OpFunction, OpFunction},
	OpIsNull:       {"is null", ClassTest, false, OpIsNotNull, OpFunction},
	OpIsNotNull:    {"is not null", ClassTest, false, OpIsNull, OpFunction},
	OpIsTrue:       {"is true", ClassTest, false, OpIsNotTrue, OpFunction},
	OpIsNotTrue:    {"is not true", ClassTest, false, OpIsTrue, OpFunction},
	OpIsFalse:      {"is false", ClassTest, false, OpIsNotFalse, OpFunction},
	OpIsNotFalse:   {"is not false", ClassTest, false, OpIsFalse, OpFunction},
	OpIsUnknown:    {"is unknown", ClassTest, false, OpIsNotUnknown, OpFunction},
	OpIsNotUnknown: {"is not unknown", ClassTest, false, OpIsUnknown, OpFunction},

	OpLike:     {"~~", ClassMatch, true, OpNotLike, OpFunction},
	OpNotLike:  {"!~~", ClassMatch, true, OpLike, OpFunction},
	OpILike:    {"~~*", ClassMatch, true, OpNotILike, OpFunction},
	OpNotILike: {"!~~*", ClassMatch, true, OpILike, OpFunction},

	OpAdd:    {"+", ClassArithmetic, true, OpFunction, OpAdd},
	OpSub:    {"-", ClassArithmetic, true, OpFunction, OpFunction},
	OpMul:    {"*", ClassArithmetic, true, OpFunction, OpMul},
	OpDiv:    {"/", ClassArithmetic, true, OpFunction, OpFunction},
	OpMod:    {"%", ClassArithmetic, true, OpFunction, OpFunction},
	OpConcat: {"||", ClassArithmetic, true, OpFunction, OpFunction},

	OpCast: {castName, ClassCast, true, OpFunction, OpFunction},
	OpIn:   {"in", ClassMembership, true, OpFunction, OpFunction},
}

// opsByName finds the identity of a registered name.
var opsByName = func() map[string]Op {
	m := make(map[string]Op, opCount)
	for op := OpFunction + 1; op < opCount; op++ {
		m[identities[op].name] = op
	}
	return m
}()

// Class is the operator's class.
func (op Op) Class() Class { return identities[op].class }

// Strict reports that the operator is NULL where an operand is.
func (op Op) Strict() bool { return identities[op].strict }

// String is the name that the registry knows the operator by, "" for OpFunction.
func (op Op) String() string { return identities[op].name }

// Negation is the operator that is TRUE exactly where op is FALSE.
func (op Op) Negation() (Op, bool) {
	n := identities[op].negation
	return n, n != OpFunction
}

// Commuted is the operator that gives the same with its operands exchanged.
func (op Op) Commuted() (Op, bool) {
	c := identities[op].commuted
	return c, c != OpFunction
}

// IsComparison reports = <> < <= > >=.
func (op Op) IsComparison() bool { return identities[op].class == ClassComparison }

// IsUpper reports < and <=, which bound their left operand above; IsLower > and >=.
func (op Op) IsUpper() bool { return op == OpLt || op == OpLe }

// IsLower reports > and >=, which bound their left operand below.
func (op Op) IsLower() bool { return op == OpGt || op == OpGe }

// NewOp returns the call of an operator, as NewCall by its name does.
func NewOp(op Op, args ...Expr) (Expr, error) { return NewCall(op.String(), args...) }

// CastOf returns the operand of a cast.
func CastOf(e Expr) (operand Expr, ok bool) {
	if c, isCall := e.(*Call); isCall && c.Func.Op == OpCast && len(c.Args) == 1 {
		return c.Args[0], true
	}
	return nil, false
}

// AggregateOp is the identity of an aggregate, as Op is that of a scalar function.
type AggregateOp uint8

// The aggregates that layers above the registry treat specially.
const (
	AggFunction AggregateOp = iota
	AggCount
	AggMin
	AggMax
)

var aggregateOps = map[string]AggregateOp{"count": AggCount, "min": AggMin, "max": AggMax}

// zeroWhenEmpty are the aggregates that yield 0, not NULL, over no rows.
var zeroWhenEmpty = map[string]bool{"count": true, "regr_count": true, "approx_count_distinct": true}

// risky are functions that fail for values which a query commonly keeps away from
// them: a zero, a negative number, text that is no date.
var risky = map[string]bool{
	"/": true, "%": true, "mod": true, "div": true, "sqrt": true, "ln": true, "log": true, "log10": true,
	"power": true, "^": true, "to_date": true, "to_timestamp": true, "make_date": true, "chr": true,
}

// NullOnlyForNull reports that the operator is NULL exactly where an operand is.
func (op Op) NullOnlyForNull() bool {
	switch op.Class() {
	case ClassComparison, ClassCast, ClassLogic:
		return true
	}
	return op == OpAdd || op == OpSub || op == OpMul || op == OpLike || op == OpNotLike
}

// NeverNull reports that the operator is TRUE or FALSE whatever its operands are.
func (op Op) NeverNull() bool { return op.Class() == ClassTest || op.Class() == ClassDistinct }

// Same reports that s and o are the same function, for any argument types.
func (s *Scalar) Same(o *Scalar) bool { return s.Op == o.Op && s.Name == o.Name }

// Same reports that a and o are the same aggregate, for any argument types.
func (a *Aggregate) Same(o *Aggregate) bool { return a.Op == o.Op && a.Name == o.Name }
