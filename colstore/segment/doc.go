// Package segment writes and reads sealed segments: up to 131,072 rows of a
// table, column by column in narrow encodings, as one immutable file that is
// mapped into memory.
//
// Its place: the column store seals its delta with Write and opens the result
// with Open; a scan asks each Column's zone map (Column.Zone, Compile) whether
// the segment can be skipped, filters rows on the encoded form
// (Compiled.Filter) and materializes what is left (Column.Read) batch by batch.
//
//	in := segment.Input{Rows: n, Columns: cols, FirstRowID: 1, Begin: begins, MinTs: lo, MaxTs: hi}
//	stats, err := segment.Write(fs, "000042.seg", in)
//	seg, err := segment.Open(fs, "000042.seg")
//	col, ok := seg.ColumnByID(7)
//	f, err := col.Compile(segment.Predicate{Kind: segment.Compare, Op: vector.Le, Value: types.NewInt32(24)})
//	if f.Prune() != segment.PruneNone { // some row may pass
//		for from := 0; from < seg.NumRows(); from += vector.MaxBatch {
//			n := min(vector.MaxBatch, seg.NumRows()-from)
//			sel, err = f.Filter(from, n, nil, sel)
//			err = col.Read(from, n, sel, out)
//		}
//	}
//	seg.Release()
//
// # Format
//
// Numbers are little-endian. A file is a header, one chunk per column, a footer
// and a trailer; chunks begin at multiples of 64 bytes, zeros fill the gaps.
//
//	┌────────┬─────────┬─────────┬───┬────────┬─────────┐
//	│ header │ chunk 0 │ chunk 1 │ … │ footer │ trailer │
//	└────────┴─────────┴─────────┴───┴────────┴─────────┘
//
//	header (64 bytes)                      trailer (32 bytes, the file's end)
//	  0  8  magic "HTAPSEGM"                 0  8  footer offset
//	  8  4  format version                   8  4  footer length
//	 12  4  flags: 1 provisional            12  4  format version
//	 16  8  rows                            16  8  XXH3 of the footer
//	 24  8  least commit timestamp          24  8  magic "HTAPSEGE"
//	 32  8  greatest commit timestamp
//	 40  8  first rowID
//	 48  8  0
//	 56  8  XXH3 of bytes 0 to 55
//
//	footer
//	  0  8  XXH3 of the header (ties both to one write)
//	  8  4  number of directory entries
//	 12  …  directory entries
//
//	directory entry
//	  0  4  column ID; 0xffffff00 rowIDs, 01 their order, 02 begin, 03 predecessors
//	  4  1  kind (types.Kind)     5  1  precision     6  1  scale
//	  7  1  encoding              8  4  length of VARCHAR(n), CHAR(n)
//	 12  1  lane: bytes of an integer or code, 0, 1, 2, 4, 8 or 16
//	 13  1  flags: 1 least truncated, 2 greatest truncated
//	 14  2  0
//	 16  4  nulls                20  4  distinct values (estimate, or exact)
//	 24  8  base: frame of reference, added to every residue
//	 32  8  offset of the chunk in the file
//	 40  8  length of the chunk in bytes
//	 48  8  XXH3 of the chunk
//	 56  4  dictionary entries   60  4  length of the sketch
//	 64  …  least value, greatest value (each: 1 byte representation, 4 bytes
//	        length, bytes), HyperLogLog sketch
//
// The chunk of a column is its buffers in this order, those its encoding has,
// each padded to a multiple of 64 bytes:
//
//	validity  one bit a row, least significant first; only with nulls
//	data      rows × lane: residues, codes or plain elements
//	offsets   (entries+1) × 4: where strings begin; of rows or of the dictionary
//	bytes     the strings
//
//	encoding    for                          data         offsets, bytes
//	constant    any type                     —            (strings) the one value
//	frame       integers, dates, times,      residue:     —
//	            numerics; lane 1, 2, 4, 8    value − base
//	dictionary  strings; lane 1, 2, 4        code         sorted, distinct
//	plain       all but strings              element      —
//	strings     strings                      —            of each row
//
// The element under a null is zero or empty, so that kernels may read it.
//
// # Invariants
//
// A segment never changes. Dictionary codes are in byte order of the strings
// and all below the number of entries. Zone maps hold for all rows, visible or
// not. A file appears under its name only when complete and durable.
//
// # Ownership and concurrency
//
// All methods are safe for concurrent use. A Segment starts with one reference;
// the last Release unmaps the file, after which nothing of it may be touched:
// strings that Read returned and the dictionaries of its vectors point into the
// mapping. Vectors given to Read belong to the caller and are overwritten.
//
// Damage is reported as DataCorrupted naming file and column: of header and
// footer by Open, of a chunk by whatever touches it first.
//
// Not here: deletes, visibility and position maps (colstore), which segments a
// table has (its manifest), compaction.
package segment
