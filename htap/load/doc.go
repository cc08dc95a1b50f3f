// Package load writes many rows into a table past the write set: COPY, CREATE
// TABLE AS, appends and tables that get a new key.
package load
