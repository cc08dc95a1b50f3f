package fn

import "htapdb/sql/types"

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
	// Args are the argument types after coercion, Result is the result's.
	Args   []types.Type
	Result types.Type
	// Strict functions return NULL for a NULL argument: the evaluator does that,
	// and the kernel sees only rows whose arguments are all valid.
	Strict     bool
	Volatility Volatility
	// FlatArgs asks the evaluator to flatten dictionary arguments. A function
	// without it whose only non-constant argument is a dictionary vector is evaluated once
	// per dictionary entry instead.
	FlatArgs bool
	Kernel   Kernel
}

// CastContext says how a conversion came about; stronger contexts allow more.
type CastContext uint8

// The contexts of PostgreSQL's pg_cast.
const (
	ImplicitCast   CastContext = iota // operands and arguments
	AssignmentCast                    // INSERT and UPDATE targets
	ExplicitCast                      // CAST(x AS t), x::t
)
