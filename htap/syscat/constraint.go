package syscat

import (
	"strconv"
	"strings"

	"htapdb/htap/catalog"
	"htapdb/sql/parser"
	"htapdb/vector/fn"
)

// constraint is a constraint of a table.
type constraint struct {
	oid   int64
	name  string
	table *catalog.Table
	// kind is p, u or c, as in pg_constraint.contype.
	kind string
	// index is the index that keeps it, 0 for a check.
	index   int64
	columns []int
	// check is the condition of a check.
	check string
}

// key is conkey; the columns of a check are not listed.
func (c *constraint) key() any {
	if c.kind == "c" {
		return nil
	}
	return fn.ArrayText(attnums(c.columns), false)
}

func (c *constraint) bin() any {
	if c.kind == "c" {
		return c.check
	}
	return nil
}

// definition is the constraint in SQL.
func (c *constraint) definition() string {
	switch c.kind {
	case "p":
		return "PRIMARY KEY (" + columnNames(c.table, c.columns) + ")"
	case "u":
		return "UNIQUE (" + columnNames(c.table, c.columns) + ")"
	}
	return "CHECK ((" + c.check + "))"
}

// constraints visits the constraints of all tables.
func (x *reader) constraints(visit func(constraint)) { visitConstraints(x.cat, visit) }

func visitConstraints(cat *catalog.Snapshot, visit func(constraint)) {
	for _, t := range cat.Tables() {
		for _, k := range tableIndexes(t) {
			if k.constraint {
				kind := "u"
				if k.primary {
					kind = "p"
				}
				visit(constraint{oid: constraintOID(k.oid), name: k.name, table: t, kind: kind, index: k.oid, columns: k.columns})
			}
		}
		for _, c := range t.Checks {
			oid := derived(baseCheck, strconv.Itoa(int(t.ID)), c.Name)
			visit(constraint{oid: oid, name: c.Name, table: t, kind: "c", check: c.SQL})
		}
	}
}

// columnNames lists columns, quoted where they need it.
func columnNames(t *catalog.Table, ordinals []int) string {
	names := make([]string, len(ordinals))
	for i, o := range ordinals {
		names[i] = parser.QuoteIdent(t.Columns[o].Name)
	}
	return strings.Join(names, ", ")
}

// indexDefinition is the CREATE INDEX of an index, as pg_get_indexdef has it.
func indexDefinition(t *catalog.Table, k tableIndex) string {
	unique := ""
	if k.unique {
		unique = "UNIQUE "
	}
	return "CREATE " + unique + "INDEX " + parser.QuoteIdent(k.name) + " ON " + parser.QuoteIdent(t.Schema) + "." + parser.QuoteIdent(t.Name) +
		" USING btree (" + columnNames(t, k.columns) + ")"
}
