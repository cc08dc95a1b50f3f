// Package files reads and writes tables as files: Parquet and CSV.
//
// A Reader yields batches of vectors, a Writer takes them. Parquet is read page
// by page with parquet-go: dictionary pages stay encoded, so a text column that
// repeats costs a code a row; it is written with arrow-go. CSV follows
// PostgreSQL's COPY: quoting, NULL marks, header, delimiter; OpenCSV infers
// types from a sample where the caller does not give them.
//
// Errors: a file that is not what it should be is 22P04 (BadCopyFileFormat) and
// names the file, the column and for CSV the line; a value that is not of the
// column's type 22P02; a nested column 0A000. Nothing panics on foreign bytes.
//
// Ownership: a batch is valid until the next call. Strings of Parquet batches
// belong to the garbage collector and may be kept.
//
// Not here: which files a session may touch, and opening them (htap); COPY's
// statement (htap); parallel reading is by Reader per row group, chosen by the caller.
package files
