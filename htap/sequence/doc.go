// Package sequence is what statements do with sequences: nextval and its like,
// the values that a session has taken, the options of CREATE SEQUENCE. The counters
// themselves are kept by [htapdb/htap/catalog].
package sequence
