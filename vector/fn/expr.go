package fn

import (
	"htapdb/sql/types"
	"htapdb/vector"
)

// Expr is a typed, bound expression: the one form from the binder to the
// operators. Column indexes mean what the holder says: plan column IDs in a
// plan, positions in the input batch once the physical plan is built.
//
// Expressions are immutable and shared between goroutines; an Evaluator holds
// the state of running one. Other packages may add their own nodes (subqueries
// in sql/plan), which have to be gone before an Evaluator sees the expression.
type Expr interface {
	// Type is the type of the result.
	Type() types.Type
	// Children returns the operands in order; the slice must not be changed.
	Children() []Expr
	// WithChildren returns a copy with other operands, as many as Children returned.
	WithChildren(children []Expr) Expr
	// String is SQL-like text for EXPLAIN and tests.
	String() string
}

// Column is a reference to column Index of the input.
type Column struct {
	Index int
	Typ   types.Type
	// Name is for display only.
	Name string
}

// Literal is a constant.
type Literal struct {
	Value types.Datum
	Typ   types.Type
}

// Param is a statement parameter; Index is zero-based. Its value comes from Context.Params.
type Param struct {
	Index int
	Typ   types.Type
}

// Call applies a resolved scalar function (operators and casts are functions too).
type Call struct {
	Func *Scalar
	Args []Expr
	Typ  types.Type
}

// And is the n-ary conjunction of SQL's three-valued logic; an operand that
// raises an error may be skipped when another decides.
type And struct{ Args []Expr }

// Or is the n-ary disjunction, as And.
type Or struct{ Args []Expr }

// Case is CASE WHEN Whens[i].Cond THEN Whens[i].Then … ELSE Else END. Each
// branch is evaluated for the rows that reach it only. Else may be nil (NULL).
type Case struct {
	Whens []When
	Else  Expr
	Typ   types.Type
}

// When is one branch of a Case.
type When struct{ Cond, Then Expr }

// Coalesce is the first non-null operand, later ones evaluated only where needed.
type Coalesce struct {
	Args []Expr
	Typ  types.Type
}

// In is Arg [NOT] IN (constants) by a hash set or a sorted list. A NULL among
// the constants makes a miss NULL.
type In struct {
	Arg     Expr
	List    []types.Datum // without nulls, of Arg's type
	HasNull bool
	Negated bool
}

// Context is what evaluation may depend on besides its input. It is per
// statement; fields do not change while it runs.
type Context struct {
	// Params are the statement's parameters.
	Params []types.Datum
	// NowMicros is the transaction's start, µs since 1970-01-01 UTC.
	NowMicros int64
	// ZoneName is the session's time zone (IANA name), "UTC" by default.
	ZoneName string
	// DateStyle and IntervalStyle are how the session writes dates and intervals
	// as text, and in which order it reads the numbers of a date.
	DateStyle     types.DateStyle
	IntervalStyle types.IntervalStyle
	// Interrupted, if not nil, is polled by long kernels; true ends them with QueryCanceled.
	Interrupted func() bool
	// Vars holds session values that functions read (current_user, current_database …).
	Vars map[string]string
	// Sequences are what nextval and its like use; nil makes them fail.
	Sequences Sequences
	// Settings are what current_setting and set_config use; nil makes them fail.
	Settings Settings
	// Random is the seed of random() for this statement.
	Random uint64
	// Memory, if not nil, is the account that long texts draw from.
	Memory Memory
	// text is what the evaluator that runs holds of Memory.
	text *textAccount
}

// Kernel computes a function for the rows sel (all n rows if nil) of its
// arguments into out, which is flat with n rows and no nulls on entry. Results
// stand at the row's own index; other rows of out are left unspecified.
// Arguments are flat or constant, unless the Scalar says AnyEncoding.
type Kernel func(ctx *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error
