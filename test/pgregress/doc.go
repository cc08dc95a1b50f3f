// Package pgregress runs PostgreSQL's own regression files on this engine and
// on a PostgreSQL server side by side, statement by statement, and compares
// what each says. The files are not the project's: HTAPDB_PGREGRESS names the
// folder that has them (src/test/regress of a PostgreSQL source tree); without
// it the test is skipped.
//
//	file ──split──▶ statements ──▶ PostgreSQL ─┐
//	                           └─▶ htap ───────┴─▶ verdict per statement
//
// # Invariants
//
// No statement ends in XX000, in a lost connection or in a hang; the test fails
// on any. A statement that both servers run with different results is in
// testdata/explained.txt with a reason, by the hash of its text, or it fails
// the test; one that works on an object which an earlier statement could not
// make the same follows from that one and is counted apart.
//
// Not here: psql itself. Its variables, \c and inline COPY data are understood,
// its other commands are left out.
package pgregress
