package htap

import (
	"strings"

	"htapdb/htap/catalog"
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/types"
)

// informationTables are relations of information_schema and pg_catalog about
// columns, constraints, views and sequences, with the columns that clients name.
func informationTables() []virtualTable {
	i4, i8, txt := types.TInt4, types.TInt8, types.TText
	cols := func(head []plan.TableColumn, more ...plan.TableColumn) []plan.TableColumn {
		return append(head, more...)
	}
	return []virtualTable{
		{"information_schema", "columns", cols(vcols("table_catalog", "table_schema", "table_name", "column_name"),
			vcol("ordinal_position", i4), vcol("column_default", txt), vcol("is_nullable", txt), vcol("data_type", txt),
			vcol("character_maximum_length", i4), vcol("character_octet_length", i4), vcol("numeric_precision", i4),
			vcol("numeric_precision_radix", i4), vcol("numeric_scale", i4), vcol("datetime_precision", i4),
			vcol("udt_catalog", txt), vcol("udt_schema", txt), vcol("udt_name", txt), vcol("is_identity", txt),
			vcol("identity_generation", txt), vcol("is_generated", txt), vcol("is_updatable", txt)), columnRows},
		{"information_schema", "table_constraints", vcols("constraint_catalog", "constraint_schema", "constraint_name", "table_catalog",
			"table_schema", "table_name", "constraint_type", "is_deferrable", "initially_deferred", "enforced"), constraintRows},
		{"information_schema", "key_column_usage", cols(vcols("constraint_catalog", "constraint_schema", "constraint_name", "table_catalog",
			"table_schema", "table_name", "column_name"), vcol("ordinal_position", i4), vcol("position_in_unique_constraint", i4)), keyColumnRows},
		{"information_schema", "referential_constraints", vcols("constraint_catalog", "constraint_schema", "constraint_name",
			"unique_constraint_catalog", "unique_constraint_schema", "unique_constraint_name", "match_option", "update_rule", "delete_rule"), noRows},
		{"information_schema", "views", vcols("table_catalog", "table_schema", "table_name", "view_definition", "check_option",
			"is_updatable", "is_insertable_into"), viewRows},
		{"information_schema", "sequences", vcols("sequence_catalog", "sequence_schema", "sequence_name", "data_type", "start_value",
			"minimum_value", "maximum_value", "increment", "cycle_option"), sequenceRows},
		{"pg_catalog", "pg_views", vcols("schemaname", "viewname", "viewowner", "definition"), pgViewRows},
		{"pg_catalog", "pg_sequences", cols(vcols("schemaname", "sequencename", "sequenceowner", "data_type"), vcol("start_value", i8),
			vcol("min_value", i8), vcol("max_value", i8), vcol("increment_by", i8), vcol("cycle", types.TBool)), pgSequenceRows},
		{"pg_catalog", "pg_attribute", []plan.TableColumn{vcol("attrelid", i8), vcol("attname", txt), vcol("atttypid", i8), vcol("attlen", types.TInt2),
			vcol("attnum", types.TInt2), vcol("atttypmod", i4), vcol("attnotnull", types.TBool), vcol("atthasdef", types.TBool),
			vcol("attidentity", txt), vcol("attgenerated", txt), vcol("attisdropped", types.TBool)}, attributeRows},
		{"pg_catalog", "pg_type", []plan.TableColumn{vcol("oid", i8), vcol("typname", txt), vcol("typnamespace", i8), vcol("typlen", types.TInt2),
			vcol("typtype", txt)}, typeRows},
		{"pg_catalog", "pg_database", []plan.TableColumn{vcol("oid", i8), vcol("datname", txt)}, databaseRows},
	}
}

// infoColumn is a column of any relation as the information tables show it.
type infoColumn struct {
	schema, relation string
	id               catalog.ID
	ordinal          int
	name, def        string
	notNull          bool
	typ              types.Type
	// identity is "", ALWAYS or BY DEFAULT.
	identity  string
	updatable bool
}

// infoColumns are the columns of all relations in the order of their names.
func infoColumns(x *execution) (out []infoColumn) {
	for _, t := range x.cat.Tables() {
		for i := range t.Columns {
			c := &t.Columns[i]
			info := infoColumn{t.Schema, t.Name, t.ID, i + 1, c.Name, c.Default, c.NotNull, c.Type, "", true}
			switch q := x.cat.SequenceByID(c.Sequence); {
			case q == nil:
			case c.Always:
				info.identity = "ALWAYS"
			case c.Identity:
				info.identity = "BY DEFAULT"
			default:
				info.def = "nextval('" + catalog.QualifiedName(q.Schema, q.Name) + "'::regclass)"
			}
			out = append(out, info)
		}
	}
	for _, v := range x.cat.Views() {
		for i, c := range x.viewColumns(v) {
			out = append(out, infoColumn{schema: v.Schema, relation: v.Name, id: v.ID, ordinal: i + 1, name: c.Name, typ: c.Type})
		}
	}
	for i, v := range virtualTables() {
		for k, c := range v.columns {
			out = append(out, infoColumn{schema: v.schema, relation: v.name, id: virtualID + catalog.ID(i), ordinal: k + 1, name: c.Name, typ: c.Type})
		}
	}
	return out
}

// viewColumns describes a view, nil if its query does not bind any more.
func (x *execution) viewColumns(v *catalog.View) []Column {
	sel, err := parser.ParseOne("SELECT * FROM " + parser.QuoteIdent(v.Schema) + "." + parser.QuoteIdent(v.Name))
	if err != nil {
		return nil
	}
	p, err := x.s.planQuery(sel.Stmt, "", nil, x.cat)
	if err != nil {
		return nil
	}
	return p.columns
}

// yesNo is a Boolean of information_schema.
func yesNo(b bool) types.Datum {
	if b {
		return text("YES")
	}
	return text("NO")
}

// orNull is a text, NULL for "".
func orNull(s string) types.Datum {
	if s == "" {
		return types.NullDatum
	}
	return text(s)
}

// typeFigures are the length, octets, precision, radix, scale and datetime
// precision of a type in information_schema.
func typeFigures(t types.Type) [6]types.Datum {
	n := func(v int) types.Datum { return types.NewInt32(int32(v)) }
	var f [6]types.Datum
	for i := range f {
		f[i] = types.NullDatum
	}
	switch t.Kind {
	case types.Varchar, types.Char, types.Text:
		f[1] = n(1 << 30)
		if t.Length > 0 {
			f[0], f[1] = n(int(t.Length)), n(4*int(t.Length))
		}
	case types.Int2, types.Int4, types.Int8:
		f[2], f[3], f[4] = n(16<<(t.Kind-types.Int2)), n(2), n(0)
	case types.Float4:
		f[2], f[3] = n(24), n(2)
	case types.Float8:
		f[2], f[3] = n(53), n(2)
	case types.Numeric:
		f[2], f[3], f[4] = n(int(t.Precision)), n(10), n(int(t.Scale))
	case types.Date:
		f[5] = n(0)
	case types.Time, types.Timestamp, types.TimestampTZ, types.Interval:
		f[5] = n(6)
	}
	return f
}

func columnRows(x *execution) (rows [][]types.Datum) {
	for _, c := range infoColumns(x) {
		f := typeFigures(c.typ)
		row := append(texts("htap", c.schema, c.relation, c.name), types.NewInt32(int32(c.ordinal)), orNull(c.def), yesNo(!c.notNull), text(c.typ.BaseName()))
		row = append(append(row, f[:]...), text("htap"), text("pg_catalog"), text(udtName(c.typ)),
			yesNo(c.identity != ""), orNull(c.identity), text("NEVER"), yesNo(c.updatable))
		rows = append(rows, row)
	}
	return rows
}

// infoKey is a constraint of a table.
type infoKey struct {
	table      *catalog.Table
	name, kind string
	columns    []int
}

func infoKeys(x *execution) (out []infoKey) {
	for _, t := range x.cat.Tables() {
		if !t.HiddenKey() {
			out = append(out, infoKey{t, t.PrimaryName, "PRIMARY KEY", t.Primary})
		}
		for _, i := range t.Indexes {
			if i.Constraint {
				out = append(out, infoKey{t, i.Name, "UNIQUE", i.Columns})
			}
		}
		for _, c := range t.Checks {
			out = append(out, infoKey{t, c.Name, "CHECK", nil})
		}
	}
	return out
}

func constraintRows(x *execution) (rows [][]types.Datum) {
	for _, k := range infoKeys(x) {
		rows = append(rows, texts("htap", k.table.Schema, k.name, "htap", k.table.Schema, k.table.Name, k.kind, "NO", "NO", "YES"))
	}
	return rows
}

func keyColumnRows(x *execution) (rows [][]types.Datum) {
	for _, k := range infoKeys(x) {
		for i, o := range k.columns {
			rows = append(rows, append(texts("htap", k.table.Schema, k.name, "htap", k.table.Schema, k.table.Name, k.table.Columns[o].Name),
				types.NewInt32(int32(i+1)), types.NullDatum))
		}
	}
	return rows
}

// noRows are the rows of what the engine has not.
func noRows(*execution) [][]types.Datum { return nil }

func viewRows(x *execution) (rows [][]types.Datum) {
	for _, v := range x.cat.Views() {
		rows = append(rows, texts("htap", v.Schema, v.Name, v.SQL, "NONE", "NO", "NO"))
	}
	return rows
}

func pgViewRows(x *execution) (rows [][]types.Datum) {
	for _, v := range x.cat.Views() {
		rows = append(rows, texts(v.Schema, v.Name, "htap", v.SQL))
	}
	return rows
}

// sequenceType is the type that the bounds of a sequence are those of.
func sequenceType(q *catalog.Sequence) string {
	for _, t := range []types.Type{types.TInt2, types.TInt4} {
		if lo, hi := types.IntRange(t.Kind); q.Min >= lo && q.Max == hi || q.Min == lo && q.Max <= hi {
			return t.BaseName()
		}
	}
	return types.TInt8.BaseName()
}

func sequenceRows(x *execution) (rows [][]types.Datum) {
	number := func(n int64) string { return types.Format(types.NewInt64(n), types.TInt8, nil) }
	for _, q := range x.cat.Sequences() {
		lo, hi := q.Bounds()
		cycle := "NO"
		if q.Cycle {
			cycle = "YES"
		}
		rows = append(rows, texts("htap", q.Schema, q.Name, sequenceType(q), number(q.Start), number(lo), number(hi), number(q.Increment), cycle))
	}
	return rows
}

func pgSequenceRows(x *execution) (rows [][]types.Datum) {
	for _, q := range x.cat.Sequences() {
		lo, hi := q.Bounds()
		rows = append(rows, append(texts(q.Schema, q.Name, "htap", sequenceType(q)), types.NewInt64(q.Start), types.NewInt64(lo),
			types.NewInt64(hi), types.NewInt64(q.Increment), types.NewBool(q.Cycle)))
	}
	return rows
}

func attributeRows(x *execution) (rows [][]types.Datum) {
	for _, c := range infoColumns(x) {
		identity := ""
		if c.identity != "" {
			identity = strings.ToLower(c.identity[:1]) // PostgreSQL's a and d
			if identity == "b" {
				identity = "d"
			}
		}
		rows = append(rows, []types.Datum{types.NewInt64(int64(c.id)), text(c.name), types.NewInt64(int64(c.typ.OID())), types.NewInt16(c.typ.TypLen()),
			types.NewInt16(int16(c.ordinal)), types.NewInt32(c.typ.TypMod()), types.NewBool(c.notNull), types.NewBool(c.def != ""),
			text(identity), text(""), types.NewBool(false)})
	}
	return rows
}

func typeRows(x *execution) (rows [][]types.Datum) {
	for k := types.Bool; k <= types.JSONB; k++ {
		t := types.Base(k)
		rows = append(rows, []types.Datum{types.NewInt64(int64(t.OID())), text(udtName(t)), types.NewInt64(namespaceID(x, "pg_catalog")),
			types.NewInt16(t.TypLen()), text("b")})
	}
	return rows
}

func databaseRows(*execution) [][]types.Datum {
	return [][]types.Datum{{types.NewInt64(1), text("htap")}}
}
