// Package htap is the engine as a library: one database of transactional rows
// and analytic columns behind one SQL session.
//
//	db, err := htap.Open("data")            // "" keeps everything in memory
//	s := db.Session(ctx)
//	_, err = s.Exec(ctx, "CREATE TABLE t (id BIGINT PRIMARY KEY, v TEXT)")
//	rows, err := s.Query(ctx, "SELECT v FROM t WHERE id = $1", 7)
//	for rows.Next() { err = rows.Scan(&v) }
//
// # The life of a statement
//
// A Session parses the text (sql/parser), binds it at its transaction's catalog
// snapshot (sql/binder, htap/catalog), optimizes and routes the plan (sql/opt,
// sql/router), builds operators over the row store or the columns
// (htap/physical) and runs them (olap). A commit goes through the row store to
// the feed (htap/feed), which applies it to the columns; a fresh query waits
// until they have caught up with its snapshot.
//
// # Main types
//
// DB is an open database; Session is a connection's state: settings, the
// current transaction, prepared statements. Stmt is a prepared statement, Rows
// a result, Tx a transaction begun by Session.Begin. Every error that a
// statement causes is an *Error with a SQLSTATE.
//
// # Concurrency
//
// A DB is safe for concurrent use. A Session, its Stmts, Tx and Rows belong to
// one goroutine at a time; contexts cancel from anywhere.
//
// Not here: wire protocols (server), the database/sql driver (htap/driver).
package htap
