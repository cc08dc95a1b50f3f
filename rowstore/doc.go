// Package rowstore is the engine's MVCC row store on Pebble: the copy of every
// table that takes the writes and that the other copy is rebuilt from.
//
// In the life of a write: a session begins a Txn, each statement takes a
// snapshot (StartStatement), finds rows (Get, Scan, ScanIndex), locks and
// re-reads them (Lock), buffers new versions in the transaction's write set
// (Insert, Update, Delete) and Commit assigns one Timestamp and the rowIDs,
// applies a batch to Pebble, hands one Event to the Publisher and returns when
// the commit is visible. In the life of a query: Store.Snapshot gives reads as
// of one timestamp. Loads write sorted tables directly (Load).
//
// # Main types
//
// Store is an open directory. Schema is a table's compiled definition, made
// from a TableDef by NewSchema; the catalog owns definitions, the store keeps
// none. Key is an encoded primary key and the locator of a row. Row is a view
// over an encoded row that decodes single columns. Snapshot and Txn read; Txn
// writes. Event is what a commit tells the change feed.
//
// # Keys
//
//	uvarint table | uvarint index | key columns … | 0x00 | ^timestamp (8) | 0x09
//	'———————————————————— prefix ————————————————————'   '————— suffix —————'
//
// Index 0 is the primary key. The column part is order preserving and
// self-delimiting, so the byte order of prefixes is the SQL order of the key
// columns; the newest version of a key sorts first. Table 0 holds the store's
// own records, whose keys have no suffix.
//
// # Values
//
//	flags (1) | rowID (8) | [predecessor rowID (8)] | row
//	row: schema version (2) | null bitmap | fixed-width part | end offsets (2 or 4 each) | bytes
//
// # Invariants
//
// Uncommitted writes never enter Pebble. Versions of a commit become visible
// together, in timestamp order; Visible never passes a commit that is not
// durable unless that commit asked for it. A rowID belongs to one version of
// one table and is never used twice. Versions that an open snapshot, the
// collection floors or the feed still need are not removed.
//
// # Concurrency
//
// Store, Snapshot and Schema are safe for concurrent use. A Txn, a Load and an
// iterator belong to one goroutine at a time.
//
// Not here: SQL, expressions, column formats, foreign keys and the catalog.
package rowstore
