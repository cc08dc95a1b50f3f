// Package ddl runs the statements that change the catalog: CREATE, ALTER, DROP,
// TRUNCATE, COMMENT. Each handler is a method of [Statement] named after its statement.
//
// A handler locks what it changes ([exec.Statement.LockTable]), makes the new
// descriptor from a clone of the old one, and stores it; [physical.ErrRestart] has the
// facade start the statement over on a newer catalog. [Statement.CheckClauses] comes
// first: it refuses by name what nothing implements.
//
//	table.go       CREATE TABLE, and the parts of a table that ALTER TABLE shares
//	alter.go       ALTER TABLE; rekey.go writes rows again under a new key
//	as.go, view.go, model.go   CREATE TABLE AS, CREATE VIEW, CREATE MODEL
//	drop.go        DROP, with what depends on it
//	other.go       sequences, schemas, indexes, TRUNCATE, COMMENT
package ddl
