// Package shell is the program's SQL shell: it reads statements from a
// terminal, a file or the command line, runs them on an embedded database or a
// server, and prints the results.
//
//	lines (liner, file) ──▶ Shell.feed ──▶ parser.Split ──▶ Conn.Run ──▶ Result ──▶ printer ──▶ out
//	                          └ \commands (meta.go)
//
// # Main types
//
// Shell is the state of one shell: its connection, its output format and its
// switches. Conn is what it talks to; Embedded and Remote make one. Result is
// the rows of one statement, read once and forward. printer is an output
// format.
//
// # Invariants
//
// A result is streamed: what a format keeps in memory is bounded (the first and
// last rows on a terminal, a sample for the widths of a plain table). Text of
// the database never reaches a terminal with its control characters. Nothing
// but results goes to the output; errors, notices and progress go to the error
// stream.
//
// # Concurrency
//
// A Shell belongs to one goroutine. While a statement runs, one more watches
// the time and an interrupt cancels the statement's context.
//
// Not here: SQL itself (htapdb/htap), the flags of the program (cmd/htap).
package shell
