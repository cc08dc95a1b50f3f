// Package setting holds the variables of SET and SHOW: the one list of them,
// and a session's values.
//
// # Declared with their reader
//
// A setting is declared once, in list.go, and the declaration gives the accessor
// by which it is read:
//
//	var StatementTimeout = duration("statement_timeout", "0", …)
//	…
//	timeout := setting.StatementTimeout.Get(vars)
//
// There is no reading by name, so a setting that nothing reads is a declared
// variable that nothing refers to, and a test fails for it. What PostgreSQL has
// and what can have no effect here is in accepted.go, each with the reason and,
// where another value would change something, with the only values taken.
//
// # Values and transactions
//
// Values is an immutable table of parsed values: SET makes a new one, and reading
// is an index and a type assertion. Vars is a session's two pointers to such
// tables: what holds now, and what the session will have after the transaction,
// which differs after SET LOCAL. Mark remembers both; a rollback, of the
// transaction or to a savepoint, goes back to a mark, and a commit drops what was
// local. Vars belongs to one goroutine at a time, as its session does.
//
// # What is not here
//
// The settings of the transaction in progress (transaction_isolation,
// transaction_read_only) are declared here and kept by the session, which also
// tells clients of changes. Nothing here knows what a setting is for.
package setting
