package parser

// TypeName is a type as written; the binder resolves it.
//
// Name is lower case. Spellings of several words have one form: "double
// precision", "character varying", "bit varying", "timestamp with time zone",
// "time with time zone"; WITHOUT TIME ZONE is dropped. The keyword CHAR (and
// NCHAR, NATIONAL CHARACTER) is "character", because the quoted "char" is
// another type, PostgreSQL's one byte. Other aliases (int, int4, integer,
// serial, decimal…) stay as written.
type TypeName struct {
	Loc
	// Catalog and Schema are the qualification, or empty: pg_catalog…
	Catalog string
	Schema  string
	Name    string
	// Args are the modifiers in parentheses: length, precision, scale.
	Args []int
	// Fields restricts an interval: "year to month", "second"; else empty.
	Fields string
	// Dims has one entry for each array dimension: the declared length, or -1.
	// A type that is no array has none.
	Dims []int
}
