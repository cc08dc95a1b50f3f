// Package binder gives names and types to a syntax tree and turns it into a
// logical plan: it is the second step in the life of a query, after sql/parser and
// before sql/opt.
//
// Bind is the entry for SELECT, INSERT, UPDATE and DELETE; BindExpr binds a
// single expression (defaults, CHECK conditions, EXECUTE arguments) and
// ResolveType a type name. What exists is asked of a Catalog, an interface
// that this package owns and htap implements.
//
// # How it works
//
// A scope is the naming environment of one SELECT: its FROM items, the
// enclosing scope, and the aggregates and window functions that its
// expressions call. Every column gets a plan.ColID when the item that produces it is bound;
// a reference to a column of an enclosing query is simply its ColID, so the
// binder need not know how deep it is. Aggregates are collected while
// expressions are bound and stand in them as columns from the beginning;
// afterwards the expressions above the grouping are checked and rewritten
// over the grouping columns.
//
// Quoted literals, NULLs and parameters start as of type unknown and get
// their type where they are used, by the rules of vector/fn; what is unknown
// at the end is text.
//
// # Invariants
//
//   - The plan satisfies plan.Validate; its root's columns are the result's.
//   - Every error is a *sqlstate.Error; errors about something in the statement's text
//     carry its position, errors inside a view's definition do not.
//   - What parses but cannot run is 0A000 and names the feature.
//
// A binding has no shared state: concurrent calls are safe if the Catalog is.
//
// # What is not here
//
// Privileges, DDL and utility statements (htap), functions and casts
// (vector/fn), rewrites (sql/opt).
package binder
