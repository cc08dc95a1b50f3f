package fn

import (
	"htapdb/sql/types"
	"htapdb/vector"
)

// Volatility says how a function's result may change between calls with equal arguments.
type Volatility uint8

// PostgreSQL's three classes: Immutable calls on constants are folded by the
// optimizer, Stable ones are constant within a statement, Volatile never.
const (
	Immutable Volatility = iota
	Stable
	Volatile
)

// Scalar is a resolved overload of a scalar function, operator or cast.
type Scalar struct {
	// Name is the SQL name: "substring", "+", "cast".
	Name string
	// Op is what the function is, for layers that treat it specially.
	Op Op
	// Risky functions fail for values that a query commonly keeps away from them.
	Risky bool
	// Args are the argument types after coercion, Result is the result's.
	Args   []types.Type
	Result types.Type
	// Strict functions return NULL for a NULL argument: the evaluator does that,
	// and the kernel sees only rows whose arguments are all valid.
	Strict     bool
	Volatility Volatility
	// FlatArgs asks the evaluator to flatten dictionary arguments always. A function
	// without it whose only non-constant argument is a dictionary vector is evaluated once
	// per dictionary entry instead, where that is less work. Either way the
	// kernel sees flat and constant arguments only, unless AnyEncoding is set.
	FlatArgs bool
	// AnyEncoding kernels read dictionary vectors themselves.
	AnyEncoding bool
	// Total kernels cannot fail and accept the unspecified elements under nulls:
	// the evaluator runs a strict one over null rows too instead of selecting around them.
	Total  bool
	Kernel Kernel
	// Prepare, if not nil, makes the kernel that is used instead of Kernel, once
	// for an evaluator: consts[i] is the constant vector of argument i, nil for
	// one that varies or is NULL. The kernel may keep scratch state (one goroutine runs it);
	// a nil kernel means that Kernel will do. Patterns are compiled here.
	Prepare func(consts []*vector.Vector) (Kernel, error)
	// Select, if not nil, is the fast path of a BOOLEAN function as a filter: it appends
	// to out (empty, with room for the rows) the rows of sel (all n if nil) where
	// the result is TRUE. Arguments are flat or constant and may hold nulls.
	Select func(ctx *Context, args []*vector.Vector, sel []int32, n int, out []int32) ([]int32, error)
	// bound is how long a result that is text is at most; nil for results that are not.
	bound *textBound
	// relabel marks a cast that changes the type only, not the value's representation.
	relabel bool
	// identity names the computation beside Name, Args and Result, for finding
	// common subexpressions; "" (Scalars made elsewhere) compares by pointer.
	identity string
}

// CastContext says how a conversion came about; stronger contexts allow more.
type CastContext uint8

// The contexts of PostgreSQL's pg_cast.
const (
	ImplicitCast   CastContext = iota // operands and arguments
	AssignmentCast                    // INSERT and UPDATE targets
	ExplicitCast                      // CAST(x AS t), x::t
)
