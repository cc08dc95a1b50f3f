// Package driver is the database/sql driver "htap" of the embedded engine.
//
//	db, err := sql.Open("htap", "data?route=auto&freshness=100ms")
//	db, err := sql.Open("htap", "")            // a new database in memory
//	db := sql.OpenDB(driver.NewConnector(engine, nil))   // one that the program has opened
//
// # Names
//
// A name is a directory and options. An empty directory (or ":memory:") is a new
// database for each sql.DB, shared by its connections and gone when it is closed.
// A directory that is opened twice in a process shares one engine, which closes
// with the last sql.DB; another process gets an error that names the holder.
//
// Options of the database: memory_limit (bytes or with a unit), workers,
// synchronous_commit, files (a directory, or empty for none). They must agree
// between those who share it. Options of each connection: route, freshness,
// freshness_timeout, and any setting by its name (htap.route, timezone …).
//
// # Statements
//
// Parameters are $1, $2 … or ?. A text of several statements runs in one
// transaction, as in PostgreSQL; its result sets follow each other by
// Rows.NextResultSet, statements without one are run and passed over.
// A context that ends cancels its statement; the error satisfies
// errors.Is(err, context.Canceled) and is an *htap.Error with SQLSTATE 57014,
// and the connection stays usable.
//
// Values come as int64, float64, bool, string, []byte and time.Time (UTC);
// NUMERIC, INTERVAL, TIME, UUID and JSON as their text.
//
// # Main types
//
// Driver and Connector open; Conn is a connection, and sql.Conn.Raw gives it, so
// that Conn.Session reaches what database/sql cannot say: Arrow results, Append.
//
// # Concurrency
//
// As database/sql wants it: a Connector is safe for concurrent use, a connection
// belongs to one caller at a time. Closing the sql.DB ends connections in use, so
// that rows which nobody closed do not keep the engine open. Lock order:
// Connector.mu before Conn.mu and registry.mu; registry.mu guards the table of
// open directories, and is not held while one opens.
package driver
