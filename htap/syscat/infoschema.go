package syscat

import (
	"slices"
	"strconv"

	"htapdb/htap/catalog"
	"htapdb/sql/types"
)

// databaseName is the one database that there is.
const databaseName = "htap"

// infoRelations are the relations of information_schema.
func infoRelations() []relation {
	info := func(name, columns string, rows func(*reader, rowAdder)) relation {
		return systemTable("information_schema", name, columns, rows)
	}
	return []relation{
		info("information_schema_catalog_name", `catalog_name:name`, func(_ *reader, add rowAdder) { add("catalog_name", databaseName) }),
		info("schemata", `catalog_name:name schema_name:name schema_owner:name default_character_set_catalog:name?
			default_character_set_schema:name? default_character_set_name:name? sql_path:text?`, schemataRows),
		info("tables", `table_catalog:name table_schema:name table_name:name table_type:text self_referencing_column_name:name?
			reference_generation:text? user_defined_type_catalog:name? user_defined_type_schema:name? user_defined_type_name:name?
			is_insertable_into:text is_typed:text commit_action:text?`, tableRows),
		info("columns", `table_catalog:name table_schema:name table_name:name column_name:name ordinal_position:int4 column_default:text?
			is_nullable:text data_type:text character_maximum_length:int4? character_octet_length:int4? numeric_precision:int4?
			numeric_precision_radix:int4? numeric_scale:int4? datetime_precision:int4? interval_type:text? interval_precision:int4?
			character_set_name:name? collation_name:name? domain_name:name? udt_catalog:name udt_schema:name udt_name:name
			is_identity:text identity_generation:text? is_generated:text generation_expression:text? is_updatable:text`, columnRows),
		info("views", `table_catalog:name table_schema:name table_name:name view_definition:text? check_option:text is_updatable:text
			is_insertable_into:text`, viewRows),
		info("sequences", `sequence_catalog:name sequence_schema:name sequence_name:name data_type:text numeric_precision:int4
			numeric_precision_radix:int4 numeric_scale:int4 start_value:text minimum_value:text maximum_value:text increment:text
			cycle_option:text`, infoSequenceRows),
		info("table_constraints", `constraint_catalog:name constraint_schema:name constraint_name:name table_catalog:name table_schema:name
			table_name:name constraint_type:text is_deferrable:text initially_deferred:text enforced:text`, tableConstraintRows),
		info("key_column_usage", `constraint_catalog:name constraint_schema:name constraint_name:name table_catalog:name table_schema:name
			table_name:name column_name:name ordinal_position:int4 position_in_unique_constraint:int4?`, keyColumnRows),
		info("constraint_column_usage", `table_catalog:name table_schema:name table_name:name column_name:name constraint_catalog:name
			constraint_schema:name constraint_name:name`, constraintColumnRows),
		info("check_constraints", `constraint_catalog:name constraint_schema:name constraint_name:name check_clause:text`, checkConstraintRows),
		info("referential_constraints", `constraint_catalog:name constraint_schema:name constraint_name:name unique_constraint_catalog:name
			unique_constraint_schema:name unique_constraint_name:name match_option:text update_rule:text delete_rule:text`, nil),
		info("routines", `specific_catalog:name specific_schema:name specific_name:name routine_catalog:name routine_schema:name
			routine_name:name routine_type:text data_type:text`, nil),
		info("triggers", `trigger_catalog:name trigger_schema:name trigger_name:name event_manipulation:text event_object_catalog:name
			event_object_schema:name event_object_table:name action_statement:text action_orientation:text action_timing:text`, nil),
	}
}

func schemataRows(x *reader, add rowAdder) {
	for _, s := range Schemas(x.cat) {
		add("catalog_name", databaseName, "schema_name", s, "schema_owner", "htap")
	}
}

func tableRows(x *reader, add rowAdder) {
	put := func(schema, name, kind, writable string) {
		add("table_catalog", databaseName, "table_schema", schema, "table_name", name, "table_type", kind,
			"is_insertable_into", writable, "is_typed", "NO")
	}
	for _, t := range x.cat.Tables() {
		put(t.Schema, t.Name, "BASE TABLE", "YES")
	}
	for _, v := range x.cat.Views() {
		put(v.Schema, v.Name, "VIEW", "NO")
	}
	for _, v := range relations {
		put(v.schema, v.name, "VIEW", "NO")
	}
}

func columnRows(x *reader, add rowAdder) {
	put := func(schema, table string, i int, name string, t types.Type, rest ...any) {
		row := []any{"table_catalog", databaseName, "table_schema", schema, "table_name", table, "column_name", name, "ordinal_position", i + 1,
			"is_nullable", "YES", "data_type", t.BaseName(), "udt_catalog", databaseName, "udt_schema", "pg_catalog", "udt_name", udtName(t),
			"is_identity", "NO", "is_generated", "NEVER", "is_updatable", "NO"}
		add(append(append(row, typeColumns(t)...), rest...)...)
	}
	for _, t := range x.cat.Tables() {
		for i := range t.Columns {
			c := &t.Columns[i]
			rest := []any{"is_updatable", "YES"}
			if text, ok := x.columnDefault(t, c); ok {
				rest = append(rest, "column_default", text)
			}
			if c.NotNull {
				rest = append(rest, "is_nullable", "NO")
			}
			switch {
			case c.Always:
				rest = append(rest, "is_identity", "YES", "identity_generation", "ALWAYS")
			case c.Identity:
				rest = append(rest, "is_identity", "YES", "identity_generation", "BY DEFAULT")
			}
			put(t.Schema, t.Name, i, c.Name, c.Type, rest...)
		}
	}
	for _, v := range x.cat.Views() {
		for i, c := range x.env.ViewColumns(v) {
			put(v.Schema, v.Name, i, c.Name, c.Type)
		}
	}
	for _, v := range relations {
		for k, c := range v.columns {
			put(v.schema, v.name, k, c.Name, c.Type)
		}
	}
}

// typeColumns are the columns that describe a type's limits.
func typeColumns(t types.Type) []any {
	bits := map[types.Kind]int{types.Int2: 16, types.Int4: 32, types.Int8: 64, types.Float4: 24, types.Float8: 53}
	switch {
	case t.IsInteger():
		return []any{"numeric_precision", bits[t.Kind], "numeric_precision_radix", 2, "numeric_scale", 0}
	case t.IsFloat():
		return []any{"numeric_precision", bits[t.Kind], "numeric_precision_radix", 2}
	case t.Kind == types.Numeric:
		return []any{"numeric_precision", int(t.Precision), "numeric_precision_radix", 10, "numeric_scale", int(t.Scale)}
	case t.IsString() && t.Length > 0:
		return []any{"character_maximum_length", int(t.Length)}
	case t.Kind == types.Date:
		return []any{"datetime_precision", 0}
	case t.Kind >= types.Time && t.Kind <= types.Interval:
		return []any{"datetime_precision", 6}
	}
	return nil
}

func viewRows(x *reader, add rowAdder) {
	for _, v := range x.cat.Views() {
		add("table_catalog", databaseName, "table_schema", v.Schema, "table_name", v.Name, "view_definition", v.SQL,
			"check_option", "NONE", "is_updatable", "NO", "is_insertable_into", "NO")
	}
}

// ofIdentity reports whether a sequence is an identity column's own.
func ofIdentity(cat *catalog.Snapshot, q *catalog.Sequence) bool {
	t := cat.TableByID(q.Owner)
	return t != nil && slices.ContainsFunc(t.Columns, func(c catalog.Column) bool { return c.Identity && c.Sequence == q.ID })
}

func infoSequenceRows(x *reader, add rowAdder) {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	yesNo := map[bool]string{true: "YES", false: "NO"}
	for _, q := range x.cat.Sequences() {
		if ofIdentity(x.cat, q) {
			continue // the standard knows it as a part of its column
		}
		t := sequenceType(q)
		lo, hi := q.Bounds()
		row := []any{"sequence_catalog", databaseName, "sequence_schema", q.Schema, "sequence_name", q.Name, "data_type", t.BaseName(),
			"start_value", number(q.Start), "minimum_value", number(lo), "maximum_value", number(hi), "increment", number(q.Increment),
			"cycle_option", yesNo[q.Cycle]}
		add(append(row, typeColumns(t)...)...)
	}
}

// constraintKinds are the names of the kinds in information_schema.
var constraintKinds = map[string]string{"p": "PRIMARY KEY", "u": "UNIQUE", "c": "CHECK"}

// constraintRow names a constraint and its table.
func constraintRow(c constraint, rest ...any) []any {
	return append([]any{"constraint_catalog", databaseName, "constraint_schema", c.table.Schema, "constraint_name", c.name,
		"table_catalog", databaseName, "table_schema", c.table.Schema, "table_name", c.table.Name}, rest...)
}

func tableConstraintRows(x *reader, add rowAdder) {
	x.constraints(func(c constraint) {
		add(constraintRow(c, "constraint_type", constraintKinds[c.kind], "is_deferrable", "NO", "initially_deferred", "NO", "enforced", "YES")...)
	})
}

func keyColumnRows(x *reader, add rowAdder) {
	x.constraints(func(c constraint) {
		for i, ord := range c.columns {
			add(constraintRow(c, "column_name", c.table.Columns[ord].Name, "ordinal_position", i+1)...)
		}
	})
}

func constraintColumnRows(x *reader, add rowAdder) {
	x.constraints(func(c constraint) {
		for _, ord := range c.columns {
			add(constraintRow(c, "column_name", c.table.Columns[ord].Name)...)
		}
	})
}

func checkConstraintRows(x *reader, add rowAdder) {
	x.constraints(func(c constraint) {
		if c.kind == "c" {
			add("constraint_catalog", databaseName, "constraint_schema", c.table.Schema, "constraint_name", c.name, "check_clause", c.check)
		}
	})
}
