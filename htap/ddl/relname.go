package ddl

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"htapdb/htap/catalog"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
)

// maxName is the length in bytes that names which the engine makes keep to, as
// those of PostgreSQL do.
const maxName = 63

// objectName is the default name of what belongs to a table and maybe to columns of
// it: table_column_label. The longer of the first two parts is cut to make it fit.
func objectName(table, column, label string) string {
	room := maxName - len(label) - 1
	if column != "" {
		room--
	}
	n, m := len(table), len(column)
	for n+m > room {
		if n > m {
			n--
		} else {
			m--
		}
	}
	name := clip(table, n)
	if column != "" {
		name += "_" + clip(column, m)
	}
	return name + "_" + label
}

// clip is the first n bytes of a name, fewer if they end within a character.
func clip(s string, n int) string {
	for n < len(s) && n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// numbered returns the first of the names that is free, with no number or the
// smallest one behind its label.
func numbered(table, column, label string, taken func(name string) bool) string {
	name := objectName(table, column, label)
	for i := 1; taken(name); i++ {
		name = objectName(table, column, fmt.Sprintf("%s%d", label, i))
	}
	return name
}

// relationTaken reports whether a relation has a name: the indexes of constraints
// are relations too.
func (x *Statement) relationTaken(schema string) func(name string) bool {
	return func(name string) bool { return x.Cat.Exists(schema, name) }
}

// constraintTaken reports whether a constraint of any table of a schema has a name.
// Nothing but default names avoids it.
func (x *Statement) constraintTaken(schema, name string) bool {
	return slices.ContainsFunc(x.Cat.Tables(), func(t *catalog.Table) bool { return t.Schema == schema && hasConstraint(t, name) })
}

// duplicateRelation is 42P07.
func duplicateRelation(name string) error {
	return sqlstate.New(sqlstate.DuplicateTable, "relation %q already exists", name)
}

// relationTaken reports whether a relation has a name, of the catalog or of those
// that the statement is about to make.
func (b *tableBuilder) relationTaken(name string) bool {
	return name == b.t.Name || b.x.Cat.Exists(b.t.Schema, name) || len(b.t.Primary) > 0 && name == b.t.PrimaryName ||
		slices.ContainsFunc(b.t.Indexes, func(x catalog.Index) bool { return x.Name == name }) ||
		slices.ContainsFunc(b.sequences, func(q *catalog.Sequence) bool { return q.Name == name })
}

// key is a PRIMARY KEY or UNIQUE constraint of the statement.
type key struct {
	name    string
	columns []int
	primary bool
	pos     int
}

// makeKeys makes the constraints that were collected into the table's primary key
// and indexes, as PostgreSQL does it: behind the CHECK constraints, the primary key
// first; what says the same as one before it is no key of its own, but may
// give it a name.
func (b *tableBuilder) makeKeys() error {
	slices.SortStableFunc(b.keys, func(k, o key) int {
		switch {
		case k.primary == o.primary:
			return 0
		case k.primary:
			return -1
		}
		return 1
	})
	var kept []key
	for _, k := range b.keys {
		i := slices.IndexFunc(kept, func(o key) bool { return slices.Equal(o.columns, k.columns) })
		if i < 0 {
			kept = append(kept, k)
		} else if kept[i].name == "" {
			kept[i].name = k.name
		}
	}
	for _, k := range kept {
		if err := b.makeKey(k); err != nil {
			return err
		}
	}
	return nil
}

// makeKey adds a primary key or the index of a UNIQUE constraint to the table.
func (b *tableBuilder) makeKey(k key) error {
	taken := func(name string) bool {
		return b.relationTaken(name) || b.x.constraintTaken(b.t.Schema, name) || hasConstraint(b.t, name)
	}
	switch {
	case k.name == "" && k.primary:
		k.name = numbered(b.t.Name, "", "pkey", taken)
	case k.name == "":
		var names []string
		for _, o := range k.columns {
			names = append(names, b.t.Columns[o].Name)
		}
		k.name = numbered(b.t.Name, strings.Join(names, "_"), "key", taken)
	case b.relationTaken(k.name):
		return duplicateRelation(k.name)
	case hasConstraint(b.t, k.name):
		return b.duplicateConstraint(k.name, k.pos)
	}
	if k.primary {
		b.t.Primary, b.t.PrimaryName = k.columns, k.name
		return nil
	}
	id, err := b.x.Catalog.NextID(b.x.Ctx)
	if err != nil {
		return err
	}
	b.t.Indexes = append(b.t.Indexes, catalog.Index{ID: id, Name: k.name, Columns: k.columns, Unique: true, Constraint: true})
	return nil
}

// duplicateConstraint is 42710.
func (b *tableBuilder) duplicateConstraint(name string, pos int) error {
	return sqlstate.New(sqlstate.DuplicateObject, "constraint %q for relation %q already exists", name, b.t.Name).
		WithPosition(parser.Position(b.x.Script, pos))
}

// checkName is the default name of a CHECK constraint: it has the column's name if
// its condition reads just one.
func (b *tableBuilder) checkName(condition parser.Expr) string {
	column := ""
	parser.Walk(condition, func(n parser.Node) bool {
		if ref, ok := n.(*parser.ColumnRef); ok && column != "" && column != ref.Column() {
			column = "," // of several columns
		} else if ok {
			column = ref.Column()
		}
		return true
	})
	if b.t.Ordinal(column) < 0 {
		column = ""
	}
	return numbered(b.t.Name, column, "check", func(name string) bool { return hasConstraint(b.t, name) || b.x.constraintTaken(b.t.Schema, name) })
}
