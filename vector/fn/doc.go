// Package fn is the one function registry: every scalar function, operator,
// cast and aggregate of the engine exists once, here, as a kernel over vectors,
// together with the bound expressions that use them and their evaluator.
package fn
