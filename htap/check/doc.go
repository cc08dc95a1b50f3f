// Package check is CHECK TABLE: it proves that the row store and the columns have
// the same rows. Both copies are read at the statement's timestamp into digests by
// ranges of rowIDs, and the first range that differs is read again row by row, so
// that the difference is named and not only seen. The same reading of the rows
// tells which entries the secondary indexes must have; they are compared with
// those that are there.
package check
