package syscat

import (
	"strconv"
	"strings"

	"htapdb/htap/catalog"
	"htapdb/sql/parser"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

func namespaceRows(x *reader, add rowAdder) {
	for _, s := range Schemas(x.cat) {
		add("oid", schemaOID(s), "nspname", s, "nspowner", oidRole)
	}
}

// tableIndex is an index of a table, the one of its primary key included.
type tableIndex struct {
	oid             int64
	name            string
	columns         []int
	unique, primary bool
	// constraint says that a constraint made it.
	constraint bool
}

// tableIndexes lists the indexes of a table, the primary key's first.
func tableIndexes(t *catalog.Table) (out []tableIndex) {
	if !t.HiddenKey() {
		out = append(out, tableIndex{primaryOID(t), t.PrimaryName, t.Primary, true, true, true})
	}
	for i := range t.Indexes {
		k := &t.Indexes[i]
		out = append(out, tableIndex{int64(k.ID), k.Name, k.Columns, k.Unique, false, k.Constraint})
	}
	return out
}

// attnums are the numbers of columns, which count from 1.
func attnums(ordinals []int) []int {
	out := make([]int, len(ordinals))
	for i, o := range ordinals {
		out[i] = o + 1
	}
	return out
}

func classRows(x *reader, add rowAdder) {
	rel := func(oid any, name, schema, kind string, natts int, rest ...any) {
		add(append([]any{"oid", oid, "relname", name, "relnamespace", schemaOID(schema), "relowner", oidRole, "relkind", kind,
			"relnatts", natts, "relpersistence", "p", "relispopulated", true, "relreplident", "n", "relfilenode", oid}, rest...)...)
	}
	for _, t := range x.cat.Tables() {
		n, indexes := x.env.RowCount(t), tableIndexes(t)
		rel(t.ID, t.Name, t.Schema, "r", len(t.Columns), "reltuples", n, "relam", oidHeap, "relhasindex", len(indexes) > 0,
			"relchecks", len(t.Checks), "relreplident", "d")
		for _, k := range indexes {
			rel(k.oid, k.name, t.Schema, "i", len(k.columns), "reltuples", n, "relam", oidBtree)
		}
	}
	for _, v := range x.cat.Views() {
		rel(v.ID, v.Name, v.Schema, "v", len(x.env.ViewColumns(v)), "relhasrules", true)
	}
	for _, q := range x.cat.Sequences() {
		rel(q.ID, q.Name, q.Schema, "S", 3, "reltuples", float32(1))
	}
	for i, v := range relations {
		rel(int64(firstID)+int64(i), v.name, v.schema, "v", len(v.columns))
	}
}

func attributeRows(x *reader, add rowAdder) {
	attr := func(rel any, num int, name string, t types.Type, rest ...any) {
		collation := int64(0)
		if t.IsString() {
			collation = oidCollation
		}
		storage := "p"
		if t.TypLen() < 0 {
			storage = "x"
		}
		add(append([]any{"attrelid", rel, "attname", name, "atttypid", t.OID(), "attstattarget", -1, "attlen", int(t.TypLen()), "attnum", num,
			"attcacheoff", -1, "atttypmod", int(t.TypMod()), "attbyval", t.TypLen() > 0 && t.TypLen() <= 8, "attalign", "i",
			"attstorage", storage, "attislocal", true, "attcollation", collation}, rest...)...)
	}
	for _, t := range x.cat.Tables() {
		for i := range t.Columns {
			c := &t.Columns[i]
			identity := ""
			switch {
			case c.Always:
				identity = "a"
			case c.Identity:
				identity = "d"
			}
			_, hasDefault := x.columnDefault(t, c)
			attr(t.ID, i+1, c.Name, c.Type, "attnotnull", c.NotNull, "atthasdef", hasDefault, "attidentity", identity)
		}
		for _, k := range tableIndexes(t) {
			for i, ord := range k.columns {
				attr(k.oid, i+1, t.Columns[ord].Name, t.Columns[ord].Type)
			}
		}
	}
	for _, v := range x.cat.Views() {
		for i, c := range x.env.ViewColumns(v) {
			attr(v.ID, i+1, c.Name, c.Type)
		}
	}
	for _, q := range x.cat.Sequences() {
		attr(q.ID, 1, "last_value", types.TInt8, "attnotnull", true)
		attr(q.ID, 2, "log_cnt", types.TInt8, "attnotnull", true)
		attr(q.ID, 3, "is_called", types.TBool, "attnotnull", true)
	}
	for i, v := range relations {
		for k, c := range v.columns {
			attr(int64(firstID)+int64(i), k+1, c.Name, c.Type)
		}
	}
}

// columnDefault is the text of a column's default, that of a serial column
// included. An identity column has none.
func (x *reader) columnDefault(t *catalog.Table, c *catalog.Column) (text string, ok bool) {
	if c.Sequence == 0 || c.Always || c.Identity {
		return c.Default, c.Default != ""
	}
	if q := x.cat.SequenceByID(c.Sequence); q != nil {
		return "nextval('" + catalog.QualifiedName(parser.QuoteIdent(q.Schema), parser.QuoteIdent(q.Name)) + "'::regclass)", true
	}
	return "", false
}

func defaultRows(x *reader, add rowAdder) {
	for _, t := range x.cat.Tables() {
		for i := range t.Columns {
			c := &t.Columns[i]
			if text, ok := x.columnDefault(t, c); ok {
				oid := derived(baseDefault, strconv.Itoa(int(t.ID)), strconv.Itoa(int(c.ID)))
				add("oid", oid, "adrelid", t.ID, "adnum", i+1, "adbin", text)
			}
		}
	}
}

// otherTypes are types that clients look for and that no column has.
var otherTypes = []struct {
	oid, array int
	name       string
	category   string
	size       int
}{
	{18, 1002, "char", "Z", 1}, {19, 1003, "name", "S", 64}, {22, 1006, "int2vector", "A", -1}, {24, 1008, "regproc", "N", 4},
	{26, 1028, "oid", "N", 4}, {30, 1013, "oidvector", "A", -1}, {705, 0, "unknown", "X", -2}, {2205, 2210, "regclass", "N", 4},
	{2206, 2211, "regtype", "N", 4}, {2249, 2287, "record", "P", -1}, {4089, 4090, "regnamespace", "N", 4}, {4096, 4097, "regrole", "N", 4},
}

// IsType reports whether pg_type has a type of the name.
func IsType(name string) (found bool) {
	typeRows(nil, func(values ...any) {
		for i := 0; i < len(values); i += 2 {
			found = found || values[i] == "typname" && values[i+1] == name
		}
	})
	return found
}

func typeRows(_ *reader, add rowAdder) {
	put := func(oid, array, elem any, name, category string, size int, rest ...any) {
		collation := 0
		if category == "S" {
			collation = oidCollation
		}
		kind := "b"
		if category == "P" || category == "X" {
			kind = "p"
		}
		add(append([]any{"oid", oid, "typname", name, "typnamespace", oidPgCatalog, "typowner", oidRole, "typlen", size,
			"typbyval", size > 0 && size <= 8, "typtype", kind, "typcategory", category, "typisdefined", true, "typdelim", ",",
			"typelem", elem, "typarray", array, "typinput", name + "in", "typoutput", name + "out", "typreceive", name + "recv",
			"typsend", name + "send", "typmodin", "-", "typmodout", "-", "typanalyze", "-", "typsubscript", "-", "typalign", "i",
			"typstorage", "p", "typtypmod", -1, "typcollation", collation}, rest...)...)
	}
	arrayOf := func(oid, elem any, name string) {
		put(oid, 0, elem, "_"+name, "A", -1, "typinput", "array_in", "typoutput", "array_out", "typreceive", "array_recv",
			"typsend", "array_send", "typsubscript", "array_subscript_handler")
	}
	for k := types.Bool; k <= types.JSONB; k++ {
		t, name := types.Base(k), udtName(types.Base(k))
		put(t.OID(), t.ArrayOID(), 0, name, fn.Category(k), int(t.TypLen()))
		arrayOf(t.ArrayOID(), t.OID(), name)
	}
	for _, t := range otherTypes {
		put(t.oid, t.array, 0, t.name, t.category, t.size)
		if t.array != 0 {
			arrayOf(t.array, t.oid, t.name)
		}
	}
}

func pgIndexRows(x *reader, add rowAdder) {
	for _, t := range x.cat.Tables() {
		for _, k := range tableIndexes(t) {
			zeros := make([]int, len(k.columns))
			add("indexrelid", k.oid, "indrelid", t.ID, "indnatts", len(k.columns), "indnkeyatts", len(k.columns), "indisunique", k.unique,
				"indisprimary", k.primary, "indimmediate", true, "indisvalid", true, "indisready", true, "indislive", true,
				"indkey", fn.ArrayText(attnums(k.columns), true), "indcollation", fn.ArrayText(zeros, true),
				"indclass", fn.ArrayText(zeros, true), "indoption", fn.ArrayText(zeros, true))
		}
	}
}

func constraintRows(x *reader, add rowAdder) {
	x.constraints(func(c constraint) {
		add("oid", c.oid, "conname", c.name, "connamespace", schemaOID(c.table.Schema), "contype", c.kind, "convalidated", true,
			"conrelid", c.table.ID, "conindid", c.index, "conislocal", true, "confupdtype", " ", "confdeltype", " ", "confmatchtype", " ",
			"connoinherit", c.kind != "c", "conkey", c.key(), "conbin", c.bin())
	})
}

// sequenceType is the type that the bounds of a sequence are those of.
func sequenceType(q *catalog.Sequence) types.Type {
	for _, t := range []types.Type{types.TInt2, types.TInt4} {
		if lo, hi := types.IntRange(t.Kind); q.Min >= lo && q.Max == hi || q.Min == lo && q.Max <= hi {
			return t
		}
	}
	return types.TInt8
}

func sequenceRows(x *reader, add rowAdder) {
	for _, q := range x.cat.Sequences() {
		lo, hi := q.Bounds()
		add("seqrelid", q.ID, "seqtypid", sequenceType(q).OID(), "seqstart", q.Start, "seqincrement", q.Increment, "seqmax", hi,
			"seqmin", lo, "seqcache", 1, "seqcycle", q.Cycle)
	}
}

func pgSequenceRows(x *reader, add rowAdder) {
	for _, q := range x.cat.Sequences() {
		lo, hi := q.Bounds()
		add("schemaname", q.Schema, "sequencename", q.Name, "sequenceowner", "htap", "data_type", sequenceType(q).BaseName(),
			"start_value", q.Start, "min_value", lo, "max_value", hi, "increment_by", q.Increment, "cycle", q.Cycle, "cache_size", 1)
	}
}

func pgTableRows(x *reader, add rowAdder) {
	for _, t := range x.cat.Tables() {
		add("schemaname", t.Schema, "tablename", t.Name, "tableowner", "htap", "hasindexes", len(tableIndexes(t)) > 0)
	}
}

func pgViewRows(x *reader, add rowAdder) {
	for _, v := range x.cat.Views() {
		add("schemaname", v.Schema, "viewname", v.Name, "viewowner", "htap", "definition", v.SQL)
	}
}

func indexRows(x *reader, add rowAdder) {
	for _, t := range x.cat.Tables() {
		for _, k := range tableIndexes(t) {
			add("schemaname", t.Schema, "tablename", t.Name, "indexname", k.name, "indexdef", indexDefinition(t, k))
		}
	}
}

func settingRows(x *reader, add rowAdder) {
	for _, d := range x.env.Settings() {
		var unit any
		if d.Unit != "" {
			unit = d.Unit
		}
		add("name", d.Name, "setting", d.Value, "category", "Settings", "short_desc", d.About, "context", d.Context, "vartype", d.Type, "unit", unit,
			"source", d.Source, "boot_val", d.Default, "reset_val", d.Reset)
	}
}

func statTableRows(x *reader, add rowAdder) {
	for _, t := range x.cat.Tables() {
		add("relid", t.ID, "schemaname", t.Schema, "relname", t.Name, "n_live_tup", int64(max(x.env.RowCount(t), 0)))
	}
}

func cursorRows(x *reader, add rowAdder) {
	for _, c := range x.env.Cursors() {
		add("name", c.Name, "statement", c.SQL, "is_holdable", c.Hold, "is_scrollable", c.Scroll)
	}
}

func preparedRows(x *reader, add rowAdder) {
	for _, p := range x.env.Prepared() {
		names := make([]string, len(p.Params))
		for i, t := range p.Params {
			names[i] = t.BaseName()
		}
		add("name", p.Name, "statement", p.SQL, "prepare_time", p.Since, "parameter_types", "{"+strings.Join(names, ",")+"}",
			"from_sql", p.FromSQL, "generic_plans", 0, "custom_plans", 0)
	}
}

// relationID is the identifier of a virtual relation, 0 if there is none.
func relationID(schema, name string) int64 {
	if t := Lookup(schema, name); t != nil {
		return int64(t.ID)
	}
	return 0
}
