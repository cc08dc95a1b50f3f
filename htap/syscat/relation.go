package syscat

import (
	"slices"
	"sort"
	"strings"

	"htapdb/htap/catalog"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// relation is a relation whose rows are computed from the catalog.
type relation struct {
	schema, name string
	columns      []plan.TableColumn
	rows         func(x *reader) [][]types.Datum
}

// reader is what the rows of a relation are made of.
type reader struct {
	cat *catalog.Snapshot
	env Env
}

// firstID is the first ID of the relations, above all stored ones.
const firstID = 0xf0000000

// relations are those of pg_catalog, information_schema, ml and htap. They are
// filled in init because the rows of some list the others.
var relations []relation

func init() {
	relations = append(slices.Concat(pgRelations(), infoRelations(), mlRelations()),
		relation{"htap", "tables", []plan.TableColumn{vcol("name", types.TText), vcol("row_count", types.TInt8), vcol("state", types.TText),
			vcol("reason", types.TText), vcol("lag_us", types.TInt8), vcol("delta_rows", types.TInt8), vcol("segments", types.TInt4),
			vcol("column_bytes", types.TInt8)}, htapTableRows})
}

func vcol(name string, t types.Type) plan.TableColumn { return plan.TableColumn{Name: name, Type: t} }

// Lookup finds a relation, nil if there is none; those of pg_catalog need no schema. A
// function of pg_catalog that is read in FROM is a relation with "()" behind its name.
func Lookup(schema, name string) *plan.Table {
	if strings.HasSuffix(name, "()") && schema == PgCatalog {
		return lookupFunction(name)
	}
	for i, v := range relations {
		if v.name == name && (v.schema == schema || schema == "" && v.schema == PgCatalog) {
			return v.describe(firstID + uint32(i))
		}
	}
	return nil
}

// describe describes a relation to the planner.
func (v *relation) describe(id uint32) *plan.Table {
	cols := append([]plan.TableColumn(nil), v.columns...)
	for k := range cols {
		cols[k].ID = uint32(k + 1)
	}
	return &plan.Table{ID: id, Schema: v.schema, Name: v.name, Columns: cols, Virtual: true}
}

// PgCatalog is the schema that comes before all others, unless the search path
// names it.
const PgCatalog = "pg_catalog"

// Resolve returns the schema of the system's relation that a name means along a search
// path, "" if it means none: a stored one, or nothing. pg_catalog comes first, unless
// the path names it.
func Resolve(cat *catalog.Snapshot, path []string, schema, name string) (system string) {
	if schema != "" {
		path = []string{schema}
	} else if !slices.Contains(path, PgCatalog) {
		path = append([]string{PgCatalog}, path...)
	}
	for _, s := range path {
		if cat.Exists(s, name) {
			return ""
		}
		if slices.ContainsFunc(relations, func(r relation) bool { return r.schema == s && r.name == name }) {
			return s
		}
	}
	return ""
}

// Rows computes the rows of a relation that Lookup has found.
func Rows(t *plan.Table, cat *catalog.Snapshot, env Env) ([][]types.Datum, error) {
	if i := int(t.ID) - firstFunction; i >= 0 && i < len(functions) {
		return functions[i].rows(&reader{cat: cat, env: env}), nil
	}
	i := int(t.ID - firstID)
	if i < 0 || i >= len(relations) {
		return nil, sqlstate.New(sqlstate.InternalError, "system relation %q is unknown", t.Name)
	}
	return relations[i].rows(&reader{cat: cat, env: env}), nil
}

// Schemas are the user's schemas and the system's, sorted.
func Schemas(cat *catalog.Snapshot) []string {
	out := cat.Schemas()
	seen := map[string]bool{}
	for _, v := range relations {
		if s := v.schema; !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	sort.Strings(out)
	return out
}

// udtName is PostgreSQL's internal name of a type.
func udtName(t types.Type) string {
	names := map[types.Kind]string{types.Bool: "bool", types.Int2: "int2", types.Int4: "int4", types.Int8: "int8",
		types.Float4: "float4", types.Float8: "float8", types.Numeric: "numeric", types.Text: "text", types.Varchar: "varchar",
		types.Char: "bpchar", types.Time: "time", types.Timestamp: "timestamp", types.TimestampTZ: "timestamptz"}
	if n, ok := names[t.Kind]; ok {
		return n
	}
	return t.String()
}

func htapTableRows(x *reader) (rows [][]types.Datum) {
	for _, t := range x.env.TableStates() {
		reason := types.NullDatum
		if t.Reason != "" {
			reason = text(t.Reason)
		}
		rows = append(rows, []types.Datum{text(t.Name), types.NewInt64(t.Rows), text(t.State), reason, types.NewInt64(t.LagMicros),
			types.NewInt64(t.DeltaRows), types.NewInt32(int32(t.Segments)), types.NewInt64(t.ColumnBytes)})
	}
	return rows
}

func text(s string) types.Datum { return types.NewString(s) }
