package syscat

import (
	"slices"
	"strconv"
	"strings"

	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// There is one role, which may do everything, and GRANT is refused. What
// has_table_privilege and its like tell is therefore whether what they are asked
// about exists: a wrong name is an error and an unknown identifier NULL, as in
// PostgreSQL.

// privileged is a kind of object that has privileges.
type privileged struct {
	// privileges are their names in lower case.
	privileges []string
	// open are those that PUBLIC has without a GRANT.
	open []string
	// column says that a column's name or number follows the object's.
	column bool
	// exists looks the object up: false for an identifier that nothing has.
	exists func(c *Names, object string) (oid int64, found bool, err error)
}

var tablePrivileges = []string{"select", "insert", "update", "delete", "truncate", "references", "trigger", "rule"}

// columnPrivileges are those that a column can have of its own.
var columnPrivileges = []string{"select", "insert", "update", "references"}

// privilegeFunctions are the kinds by the name of their function.
var privilegeFunctions = map[string]privileged{
	"has_table_privilege":      {privileges: tablePrivileges, exists: (*Names).grantedRelation},
	"has_any_column_privilege": {privileges: columnPrivileges, exists: (*Names).grantedRelation},
	"has_column_privilege":     {privileges: columnPrivileges, column: true, exists: (*Names).grantedRelation},
	"has_sequence_privilege":   {privileges: []string{"usage", "select", "update"}, exists: (*Names).grantedSequence},
	"has_schema_privilege": {privileges: []string{"create", "usage"}, open: []string{"usage"}, exists: func(c *Names, object string) (int64, bool, error) {
		return c.named("pg_namespace", object)
	}},
	"has_database_privilege": {privileges: []string{"create", "connect", "temporary", "temp"}, open: []string{"connect", "temporary", "temp"},
		exists: (*Names).grantedDatabase},
}

// function is the kind's function: of ([role,] object [, column], privileges).
func (k privileged) function() catalogFunction {
	least := 2
	if k.column {
		least = 3
	}
	args := make([]types.Type, least+1)
	for i := range args {
		args[i] = types.TText // an identifier comes as digits
	}
	return catalogFunction{args, least, types.TBool, func(c *Names) func([]types.Datum) (types.Datum, error) {
		return func(args []types.Datum) (types.Datum, error) { return k.has(c, args, least) }
	}}
}

// has is the answer; the arguments are not NULL.
func (k privileged) has(c *Names, args []types.Datum, least int) (types.Datum, error) {
	texts := make([]string, len(args))
	for i, a := range args {
		texts[i] = a.Str()
	}
	holder := "htap"
	if len(texts) > least {
		holder, texts = texts[0], texts[1:]
		if holder != "htap" && holder != "public" && !isOID(holder) {
			return types.NullDatum, sqlstate.New(sqlstate.UndefinedObject, "role %q does not exist", holder)
		}
	}
	oid, found, err := k.exists(c, texts[0])
	if err == nil && found && k.column {
		found, err = c.hasColumn(oid, texts[0], texts[1])
	}
	if err != nil {
		return types.NullDatum, err
	}
	all, open, err := k.asked(texts[len(texts)-1])
	switch {
	case err != nil:
		return types.NullDatum, err
	case !found:
		return types.NullDatum, nil
	case holder == "htap" || holder == strconv.Itoa(oidRole):
		return types.NewBool(all), nil
	}
	return types.NewBool(holder == "public" && open), nil
}

// asked reads a list of privileges, of which one is enough: all says that there
// is one, open that PUBLIC has one of them.
func (k privileged) asked(list string) (all, open bool, err error) {
	for p := range strings.SplitSeq(list, ",") {
		p = strings.TrimSpace(p)
		name, grantable := strings.CutSuffix(strings.ToLower(p), " with grant option")
		if name = strings.TrimSpace(name); !slices.Contains(k.privileges, name) {
			return false, false, sqlstate.New(sqlstate.InvalidParameterValue, "unrecognized privilege type: %q", p)
		}
		all = all || name != "rule" // a privilege of tables that nobody has
		open = open || !grantable && slices.Contains(k.open, name)
	}
	return all, open, nil
}

// isOID reports whether an argument is an identifier rather than a name.
func isOID(text string) bool {
	_, err := strconv.ParseInt(text, 10, 64)
	return err == nil
}

// named finds an object of a catalog by its name or identifier.
func (c *Names) named(kind, text string) (int64, bool, error) {
	d, err := c.regOID(kind, true)([]types.Datum{types.NewString(text)})
	if err != nil {
		return 0, false, err
	}
	oid := d.Int()
	switch kind {
	case "pg_class":
		_, found := c.relations()[oid]
		return oid, found, nil
	case "pg_namespace":
		return oid, slices.ContainsFunc(Schemas(c.cat), func(s string) bool { return schemaOID(s) == oid }), nil
	}
	return oid, true, nil
}

func (c *Names) grantedRelation(object string) (int64, bool, error) {
	return c.named("pg_class", object)
}

func (c *Names) grantedSequence(object string) (int64, bool, error) {
	oid, found, err := c.named("pg_class", object)
	if err == nil && found && c.cat.SequenceByID(uint32(oid)) == nil {
		return 0, false, sqlstate.New(sqlstate.WrongObjectType, "%q is not a sequence", c.relations()[oid].name)
	}
	return oid, found, err
}

func (c *Names) grantedDatabase(object string) (int64, bool, error) {
	if isOID(object) {
		return oidDatabase, object == strconv.Itoa(oidDatabase), nil
	}
	if object != "htap" {
		return 0, false, sqlstate.New(sqlstate.InvalidCatalogName, "database %q does not exist", object)
	}
	return oidDatabase, true, nil
}

// hasColumn finds a column of a relation by name, or by number: a wrong name is an error.
func (c *Names) hasColumn(oid int64, relation, column string) (bool, error) {
	var columns []plan.TableColumn
	if t := c.cat.TableByID(uint32(oid)); t != nil {
		for i := range t.Columns {
			columns = append(columns, plan.TableColumn{Name: t.Columns[i].Name})
		}
	} else if v := c.cat.ViewByID(uint32(oid)); v != nil {
		for _, name := range v.Columns {
			columns = append(columns, plan.TableColumn{Name: name})
		}
	} else if i := oid - firstID; i >= 0 && int(i) < len(relations) {
		columns = relations[i].columns
	}
	if n, err := strconv.Atoi(column); err == nil {
		return n > 0 && n <= len(columns), nil
	}
	if n, err := parser.ParseName(relation); err == nil {
		relation = n.Name
	}
	if !slices.ContainsFunc(columns, func(col plan.TableColumn) bool { return col.Name == column }) {
		return false, sqlstate.New(sqlstate.UndefinedColumn, "column %q of relation %q does not exist", column, relation)
	}
	return true, nil
}
