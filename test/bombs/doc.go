// Package bombs holds the tests of statements that want too much: memory, time or
// both. A statement ends with its answer or with an error that says why, soon
// after a cancel, and the other sessions are served meanwhile.
//
//	go test ./test/bombs -run TestCancel             cancelled at random moments
//	HTAPDB_ALONE=1 go test ./test/bombs              the same, on an idle machine: within 100 ms
//	HTAPDB_LONG=1 go test ./test/bombs               all bombs, in real cgroups
//
// There is nothing here but tests.
package bombs
