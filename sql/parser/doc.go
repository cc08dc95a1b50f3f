// Package parser turns SQL text in PostgreSQL's dialect into a syntax tree,
// and a tree back into SQL. It is the first step in the life of a query: the
// binder reads the tree, resolves names and types, and builds the plan.
//
// The main entry points are Parse and ParseContext for scripts, ParseOne for one statement,
// ParseExpr for a single expression, Format for the way back, Walk to visit a
// tree, and OutputName for the name of a result column; Split cuts a text into
// statements without parsing them. The tree is in the files ast_*.go, one kind
// of node per file; the grammar is in parse_*.go with the same division, the
// way back in format_*.go.
//
// # How it works
//
// The lexer cuts a text into tokens as the parser asks for them, and the parser
// sees a window of them: two behind it, and as many ahead as it looks at
// (window.go). So a text needs memory for its tree alone, which the caller may
// bound and account for (Limits), and parsing ends with its context. An error of
// the lexer becomes a token, and is reported when the parser gets there, so that
// the first mistake in the
// text is the one reported. The parser is recursive descent with precedence
// climbing for expressions. After a syntax error the statement is parsed a
// second time with a trace of what the grammar expected, which is where hints
// come from (explain_error.go).
//
// Keywords are plain words to the lexer. Each has one of PostgreSQL's four
// categories, which say where it may be a name (see keywords.go); the words
// that are beyond PostgreSQL (MODEL, PREDICT, QUALIFY, EXCLUDE…) have none and
// mean something only where the grammar looks for them, so that tables and
// columns of those names keep working.
//
// # Invariants
//
//   - No input makes the parser panic or overflow the stack: nesting and the
//     height of every tree are bounded (54001), as are the sizes of a script
//     and of a statement (54000).
//   - Format gives SQL that parses into an equal tree, positions aside.
//   - Names are folded to lower case unless quoted; the tree keeps no other
//     trace of quoting. They are not cut at 63 bytes.
//   - A syntax error is a *sqlstate.Error with code 42601 and a position in
//     characters, counted in the whole text; a hint where one helps. A
//     feature that is known and not supported is 0A000 and named.
//
// # Ownership and concurrency
//
// A tree is not changed after it was built and may be shared. It refers to
// the text it was parsed from. Parsing has no state outside its arguments.
//
// # What is not here
//
// Meaning: whether a table, column, type, function or option exists, what an
// ordinal or alias refers to, and all typing, are the binder's.
package parser
