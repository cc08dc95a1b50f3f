// Package fn is the one function registry: every scalar function, operator,
// cast and aggregate of the engine exists once, here, as a kernel over vectors,
// together with the bound expressions that use them and their evaluator.
//
// In the life of a query the binder resolves names (ResolveScalar,
// ResolveAggregate, NewCast, CommonType; NewCall does it in one go), the optimizer folds and rewrites
// expressions (Fold, Transform, Conjuncts), and operators run them: an Evaluator
// per goroutine for expressions and filters, an AggState per worker for aggregates.
//
// Names of operators: + - * / % ^ & | # << >> ~ || = <> < <= > >=, unary − + ~ @
// with one argument, "not", "is [not] null", "is [not] true", "is [not] false",
// "is [not] unknown", "is [not] distinct from"; LIKE is "~~", ILIKE "~~*", their
// negations "!~~" and "!~~*" (a third argument is the ESCAPE character); regular expressions are
// ~ ~* !~ !~*. extract(field FROM x) is extract(field, x), x AT TIME ZONE z is
// timezone(z, x), position(a IN b) is position(b, a) and substring(x FROM a FOR b) is substring(x, a, b),
// as in PostgreSQL. Names are lower case.
//
// Semantics that PostgreSQL leaves to its types and that hold throughout: NaN
// equals NaN and is above every number, −0 equals 0; CHAR(n) is kept without its
// padding and compares so, types.Format adds it; text orders by bytes; NUMERIC has at
// most 38 digits and a fixed scale, its quotients are DOUBLE PRECISION.
//
// Invariants: expressions and Scalars are immutable and shared between
// goroutines; Evaluators and AggStates belong to one goroutine at a time.
//
// Other packages may make their own Scalars (predictions of a model): the
// evaluator needs no more than the struct.
//
// Not here: parsing of SQL, types' text form (sql/types), plan nodes.
package fn
