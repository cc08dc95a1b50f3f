// Package colstore is the column copy of the tables: fed in commit order by the
// change feed, read by analytic scans at a timestamp, thrown away and rebuilt
// whenever it is in doubt. The row store is the truth.
//
// A Table is a list of sealed segments (files of up to 128 Ki rows, package
// colstore/segment) and a delta (chunks of up to 2,048 rows in memory that never
// move). Every row is one version of a row of the row store, with a rowID, the
// timestamp at which it begins and, once it was replaced or deleted, the
// timestamp at which it ends; it is visible at T iff begin ≤ T < end.
//
//	superversion ── segments  [ 0: rows 1…131072 ][ 1: … ]   mapped files
//	             │     └ per 2,048 rows a delete log: (timestamp, row) …
//	             └─ delta     [chunk][chunk][chunk ░░]       applier appends
//
// The life of a write: the feed's applier of the table calls ApplyGroup, which
// copies the new rows to the delta's tail and appends the ended rows to delete
// logs, then Advance, which makes the timestamp safe to read. The maintenance
// goroutine later seals full chunks into segments, drops rows that no snapshot
// can see, and rewrites segments that are small or mostly dead. Checkpoint
// writes what is not on disk yet, and a manifest.
//
// The life of a query: Table.Snapshot(T) pins a superversion, NewScan plans the
// morsels, each worker takes a Reader; a Reader prunes by zone maps, filters
// encoded data, and materializes the surviving rows.
//
// Invariants:
//   - A table serves exactly the timestamps in [Floor, Safe]. Everything begun or
//     ended at or before Safe is in the columns; nothing that a timestamp ≥ Floor
//     may see has been dropped.
//   - RowIDs are unique in a table and ascend within the delta and within each
//     segment; they have gaps, and ranges of different segments may interleave.
//   - Begin timestamps ascend within the delta and within each segment, so what a
//     timestamp sees of one is a prefix less the deleted rows.
//   - What a superversion lists is immutable but for two things that grow: the
//     row count of the last chunk and the delete logs. Both publish with one
//     atomic store, and growth concerns only timestamps above Safe.
//   - The manifest on disk describes exactly position P: rows begun and ended at
//     or before P. A reader of files beyond P sees none of it.
//
// Concurrency: one applier goroutine per table; any number of snapshots, scans
// and readers; one maintenance goroutine per store, which Close stops and waits
// for. Readers take no lock while they scan. Lock order: Table.applyMu (changes of
// content and superversion), then Store.mu (the lists of tables and loads) or
// Table.mu (pinning, the list of open snapshots).
//
// Not here: the feed (htap/feed), the choice between rows and columns
// (sql/router), operators (olap), encodings and files of segments
// (colstore/segment).
package colstore
