// Package test holds the SQL tests of the whole engine: the files in slt, each
// a feature with the answers that PostgreSQL gives, and the shared corpus of
// sqllogictest files, and random queries (internal/testutil/randsql).
//
// The files of slt run under a matrix of configurations (row store, columns,
// small batches, one worker, no optimizer, no SIMD). Where the engine differs
// from PostgreSQL on purpose, a pair of "skipif postgresql" and "onlyif
// postgresql" records says so; docs/sql lists these differences.
//
//	go test ./test -run TestFiles/joins              one file
//	go test ./test -run TestPostgreSQL [-rewrite]    on PostgreSQL instead
//	HTAPDB_LONG=1 go test ./test -run TestCorpus     the whole corpus, also on PostgreSQL
//	HTAPDB_DURATION=5m go test ./test -run TestRandomQueries
//
// There is nothing here but tests.
package test
