// Package syscat is the system catalog as relations: pg_catalog,
// information_schema, ml and htap, and PostgreSQL's functions over them.
//
// Clients ask what there is with SQL of their own. Lookup gives the binder a
// relation by name, Rows its rows at one snapshot of the catalog; the engine
// filters and joins them like those of any table. A relation is a line of data,
// its columns, and a function that makes the rows; what PostgreSQL has and this
// engine does not is there too, empty. Names answers pg_get_indexdef, casts to
// regclass and their like.
//
// Invariants: what a statement sees is of its own catalog snapshot; identifiers
// are those of the catalog, and derived from names for what has none there, so
// that they are the same in every statement.
//
// Concurrency: everything here is read-only and safe for concurrent use.
//
// Not here: what the objects are (htap/catalog), the session's own state, which
// comes through Env.
package syscat
