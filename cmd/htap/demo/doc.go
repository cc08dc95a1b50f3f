// Package demo shows the engine at its main job on real input: it imports 3
// million flights, books seats on some of them in concurrent transactions while
// analytic queries read the same tables, trains models, predicts, exports, and
// checks that both copies of everything agree.
//
//	schema.sql ──▶ prepare ──▶ run: writers (booking.go)  ┐
//	                                readers (reader.go)   ├──▶ meters ──▶ screen or lines
//	                                compare (compare.go)  ┘
//	           ──▶ finish: answers by both paths, models, export, CHECK TABLE ──▶ servers
//
// # Main types
//
// Options say how the demo runs; Run does. demo is its state, meters what the
// workers count. screen redraws a terminal, lines writes a line a second
// anywhere else; both are views of the same figures.
//
// # Invariants
//
// Every answer that is shown was computed by the rows and by the columns in one
// REPEATABLE READ transaction, and both agreed; the first difference, and any
// error that is no conflict, makes the demo fail. Figures are measured, never
// smoothed.
//
// # Concurrency
//
// Workers have one session each and end with the run's context; the meters are
// locked. The rest belongs to the goroutine that called Run.
//
// Not here: the flags (cmd/htap), the servers' start and end (serving).
package demo
