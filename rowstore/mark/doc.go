// Package mark keeps, outside Pebble's directory, a small record of what
// Pebble's files must hold, so that lost commits are noticed when a store is
// opened and before anything of it is changed.
//
// Pebble takes a log that ends early for one that a crash cut off, and a missing
// manifest marker for a new store: both open without a word. The record says
// otherwise: it lists the files from which the rest follows (logs, manifest,
// markers, options), each with the length that is known to be durable and a
// checksum of that much. The sorted files are listed by the manifest, which has
// their sizes, and have checksums of their own.
//
// In the life of a store: Check compares a directory with its record; Open
// returns a Keeper, a file system that Pebble is opened on; it follows what
// Pebble writes, syncs, renames and removes, and writes the record.
//
// # The record
//
// Two files are written in turn, in place, and the newer one that is whole
// counts, so a torn write costs nothing:
//
//	"HTAPMARK" | version (4) | length (4) | generation (8) | newest durable commit (8)
//	commits (8) | wall clock in µs (8) | clean (1)
//	number of files; each: name length, name, size, checksum (4), summed (1)
//	XXH3 of all that (8)
//
// # Invariants
//
// A record claims only what was durable before it was written: bytes that a
// sync covered, in files whose names a sync of the directory covered. A file
// that a record lists is not removed, renamed or written over before a newer
// record without it is durable; and the record that lets a log go vouches for
// the manifest that made it obsolete. So a store without damage always agrees
// with its record, whatever crash it went through.
//
// # Concurrency
//
// A Keeper is safe for concurrent use. Records are written by a goroutine of
// its own, at most once per Interval, and by whoever removes a listed file.
//
// Not here: what the files mean (Pebble), when a store is refused and how it is
// repaired (rowstore).
package mark
