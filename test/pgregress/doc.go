// Package pgregress runs PostgreSQL's own regression files on this engine and
// on a PostgreSQL server side by side, statement by statement, and compares
// what each says. The files are not the project's: HTAPDB_PGREGRESS names the
// folder that has them (src/test/regress of a PostgreSQL source tree); without
// it the test is skipped.
//
//	file ──split──▶ statements ──▶ PostgreSQL ─┐
//	                           └─▶ htap ───────┴─▶ verdict ──▶ taint ──▶ rules
//
// A difference may follow from an earlier one: taint keeps the objects that a
// statement has made or changed on one server only, or from others that were not
// the same, and what names such an object is counted apart. What is left has to be
// of a kind in testdata/explained.txt, which says how the kind is recognised and why
// it is no defect.
//
// # Invariants
//
// No statement ends in XX000, in a lost connection or in a hang; the test fails
// on any. It fails as well on a statement that both servers run with different
// results, or that this engine runs and PostgreSQL refuses, without a rule that
// explains it, and on a rule that explains nothing any more. The report ends with
// the number of statements of each kind.
//
// Not here: psql itself. Its variables, \c and inline COPY data are understood,
// its other commands are left out.
package pgregress
