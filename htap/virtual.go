package htap

import (
	"encoding/json"
	"sort"

	"htapdb/htap/catalog"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// virtualTable is a relation whose rows the engine computes from the catalog.
type virtualTable struct {
	schema, name string
	columns      []plan.TableColumn
	rows         func(x *execution) [][]types.Datum
}

// virtualID is the first ID of virtual tables, above all stored ones.
const virtualID = 0xf0000000

// virtualTables returns the relations of pg_catalog, information_schema, ml and
// htap. It is a function because the rows of some list the others.
func virtualTables() []virtualTable {
	return append([]virtualTable{
		{"information_schema", "schemata", vcols("catalog_name", "schema_name", "schema_owner"), schemataRows},
		{"information_schema", "tables", vcols("table_catalog", "table_schema", "table_name", "table_type"), tableRows},
		{"pg_catalog", "pg_namespace", []plan.TableColumn{vcol("oid", types.TInt8), vcol("nspname", types.TText)}, namespaceRows},
		{"pg_catalog", "pg_class", []plan.TableColumn{vcol("oid", types.TInt8), vcol("relname", types.TText), vcol("relnamespace", types.TInt8),
			vcol("relkind", types.TText), vcol("reltuples", types.TFloat4)}, classRows},
		{"pg_catalog", "pg_tables", vcols("schemaname", "tablename", "tableowner"), pgTableRows},
		{"pg_catalog", "pg_indexes", vcols("schemaname", "tablename", "indexname", "indexdef"), indexRows},
		{"pg_catalog", "pg_settings", vcols("name", "setting", "short_desc"), settingRows},
		{"ml", "models", []plan.TableColumn{vcol("name", types.TText), vcol("version", types.TInt4), vcol("algorithm", types.TText),
			vcol("target", types.TText), vcol("snapshot_ts", types.TInt8), vcol("row_count", types.TInt8), vcol("metrics", types.TJSON),
			vcol("features", types.TText), vcol("query", types.TText)}, modelRows},
		{"htap", "tables", []plan.TableColumn{vcol("name", types.TText), vcol("row_count", types.TInt8), vcol("state", types.TText),
			vcol("reason", types.TText), vcol("lag_us", types.TInt8), vcol("delta_rows", types.TInt8), vcol("segments", types.TInt4),
			vcol("column_bytes", types.TInt8)}, htapTableRows},
	}, informationTables()...)
}

func vcol(name string, t types.Type) plan.TableColumn { return plan.TableColumn{Name: name, Type: t} }

func vcols(names ...string) []plan.TableColumn {
	out := make([]plan.TableColumn, len(names))
	for i, n := range names {
		out[i] = vcol(n, types.TText)
	}
	return out
}

// lookupVirtual finds a virtual table; those of pg_catalog need no schema.
func lookupVirtual(schema, name string) *plan.Table {
	for i, v := range virtualTables() {
		if v.name != name || v.schema != schema && (schema != "" || v.schema != "pg_catalog") {
			continue
		}
		cols := append([]plan.TableColumn(nil), v.columns...)
		for k := range cols {
			cols[k].ID = uint32(k + 1)
		}
		return &plan.Table{ID: virtualID + uint32(i), Schema: v.schema, Name: v.name, Columns: cols, Virtual: true}
	}
	return nil
}

func isVirtualSchema(name string) bool {
	for _, v := range virtualTables() {
		if v.schema == name {
			return true
		}
	}
	return false
}

// virtualRows computes the rows of a virtual table at the statement's catalog.
func (x *execution) virtualRows(t *plan.Table) ([][]types.Datum, error) {
	tables, i := virtualTables(), int(t.ID-virtualID)
	if i < 0 || i >= len(tables) {
		return nil, sqlstate.New(sqlstate.InternalError, "virtual table %q is unknown", t.Name)
	}
	return tables[i].rows(x), nil
}

func texts(values ...string) []types.Datum {
	out := make([]types.Datum, len(values))
	for i, v := range values {
		out[i] = text(v)
	}
	return out
}

// allSchemas are the user's and the virtual ones.
func allSchemas(x *execution) []string {
	out := x.cat.Schemas()
	seen := map[string]bool{}
	for _, v := range virtualTables() {
		if s := v.schema; !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	sort.Strings(out)
	return out
}

func schemataRows(x *execution) (rows [][]types.Datum) {
	for _, s := range allSchemas(x) {
		rows = append(rows, texts("htap", s, "htap"))
	}
	return rows
}

func tableRows(x *execution) (rows [][]types.Datum) {
	for _, t := range x.cat.Tables() {
		rows = append(rows, texts("htap", t.Schema, t.Name, "BASE TABLE"))
	}
	for _, v := range x.cat.Views() {
		rows = append(rows, texts("htap", v.Schema, v.Name, "VIEW"))
	}
	for _, v := range virtualTables() {
		rows = append(rows, texts("htap", v.schema, v.name, "VIEW"))
	}
	return rows
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

// namespaceID numbers schemas for pg_namespace and pg_class.
func namespaceID(x *execution, schema string) int64 {
	for i, s := range allSchemas(x) {
		if s == schema {
			return int64(i) + 1
		}
	}
	return 0
}

func namespaceRows(x *execution) (rows [][]types.Datum) {
	for _, s := range allSchemas(x) {
		rows = append(rows, []types.Datum{types.NewInt64(namespaceID(x, s)), text(s)})
	}
	return rows
}

func classRows(x *execution) (rows [][]types.Datum) {
	add := func(id catalog.ID, name, schema, kind string, tuples float32) {
		rows = append(rows, []types.Datum{types.NewInt64(int64(id)), text(name), types.NewInt64(namespaceID(x, schema)), text(kind), types.NewFloat32(tuples)})
	}
	for _, t := range x.cat.Tables() {
		n := float32(-1)
		if ct, ok := x.s.db.feed.Columns().Table(t.StorageID); ok {
			n = float32(ct.Stats().Rows)
		}
		add(t.ID, t.Name, t.Schema, "r", n)
		for i := range t.Indexes {
			add(t.Indexes[i].ID, t.Indexes[i].Name, t.Schema, "i", n)
		}
	}
	for _, v := range x.cat.Views() {
		add(v.ID, v.Name, v.Schema, "v", 0)
	}
	for _, q := range x.cat.Sequences() {
		add(q.ID, q.Name, q.Schema, "S", 1)
	}
	return rows
}

func pgTableRows(x *execution) (rows [][]types.Datum) {
	for _, t := range x.cat.Tables() {
		rows = append(rows, texts(t.Schema, t.Name, "htap"))
	}
	return rows
}

func indexRows(x *execution) (rows [][]types.Datum) {
	columns := func(t *catalog.Table, ords []int) string {
		list := ""
		for i, o := range ords {
			if i > 0 {
				list += ", "
			}
			list += t.Columns[o].Name
		}
		return list
	}
	for _, t := range x.cat.Tables() {
		if !t.HiddenKey() {
			rows = append(rows, texts(t.Schema, t.Name, t.PrimaryName, "CREATE UNIQUE INDEX "+t.PrimaryName+" ON "+t.Schema+"."+t.Name+" ("+columns(t, t.Primary)+")"))
		}
		for _, i := range t.Indexes {
			unique := ""
			if i.Unique {
				unique = "UNIQUE "
			}
			rows = append(rows, texts(t.Schema, t.Name, i.Name, "CREATE "+unique+"INDEX "+i.Name+" ON "+t.Schema+"."+t.Name+" ("+columns(t, i.Columns)+")"))
		}
	}
	return rows
}

func settingRows(x *execution) (rows [][]types.Datum) {
	for i := range settingList {
		if v, err := x.s.Setting(settingList[i].name); err == nil {
			rows = append(rows, texts(settingList[i].name, v, settingList[i].about))
		}
	}
	return rows
}

func modelRows(x *execution) (rows [][]types.Datum) {
	for _, m := range x.cat.Models() {
		metrics, err := json.Marshal(m.Metrics)
		if err != nil {
			metrics = []byte("{}")
		}
		features, err := json.Marshal(m.Features)
		if err != nil {
			features = []byte("[]")
		}
		rows = append(rows, []types.Datum{text(m.Name), types.NewInt32(int32(m.Version)), text(m.Algorithm), text(m.Target),
			types.NewInt64(int64(m.SnapshotTS)), types.NewInt64(m.RowCount), text(string(metrics)), text(string(features)), text(m.Query)})
	}
	return rows
}

func htapTableRows(x *execution) (rows [][]types.Datum) {
	for _, t := range x.s.db.tableStatus(uint64(x.s.db.rows.Visible())) {
		reason := types.NullDatum
		if t.Reason != "" {
			reason = text(t.Reason)
		}
		rows = append(rows, []types.Datum{text(t.Name), types.NewInt64(t.Rows), text(t.State), reason, types.NewInt64(t.LagMicros),
			types.NewInt64(t.DeltaRows), types.NewInt32(int32(t.Segments)), types.NewInt64(t.ColumnBytes)})
	}
	return rows
}
