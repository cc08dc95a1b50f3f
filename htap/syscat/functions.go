package syscat

import (
	"strconv"
	"strings"
	"sync"

	"htapdb/htap/catalog"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"

	"htapdb/sql/binder"
)

// Names answers the functions of PostgreSQL that read the catalog, for one
// snapshot of it. What it looks up it collects on first use. Safe for concurrent use.
type Names struct {
	sizes Sizes
	cat   *catalog.Snapshot
	// path is the search_path with the schemas of system catalogs that it names.
	path []string

	once    sync.Once
	byOID   map[int64]catalogName
	indexes map[int64]string
	checks  map[int64]string
	views   map[int64]string
	notes   map[described]string
}

// catalogName is a name in pg_class.
type catalogName struct{ schema, name string }

// NewNames returns the functions for a snapshot of the catalog and a search path.
func NewNames(cat *catalog.Snapshot, path []string, sizes Sizes) *Names {
	return &Names{sizes: sizes, cat: cat, path: path}
}

func (c *Names) load() {
	c.byOID, c.indexes, c.checks = map[int64]catalogName{}, map[int64]string{}, map[int64]string{}
	c.views, c.notes = map[int64]string{}, map[described]string{}
	for _, t := range c.cat.Tables() {
		c.byOID[int64(t.ID)] = catalogName{t.Schema, t.Name}
		for _, k := range tableIndexes(t) {
			c.byOID[k.oid] = catalogName{t.Schema, k.name}
			c.indexes[k.oid] = indexDefinition(t, k)
		}
	}
	for _, v := range c.cat.Views() {
		c.byOID[int64(v.ID)] = catalogName{v.Schema, v.Name}
		c.views[int64(v.ID)] = v.SQL + ";"
	}
	for _, q := range c.cat.Sequences() {
		c.byOID[int64(q.ID)] = catalogName{q.Schema, q.Name}
	}
	for i, v := range relations {
		c.byOID[int64(firstID)+int64(i)] = catalogName{v.schema, v.name}
	}
	visitConstraints(c.cat, func(k constraint) { c.checks[k.oid] = k.definition() })
	visitComments(c.cat, func(d described, text string) { c.notes[d] = text })
}

// note returns the comment on an object.
func (c *Names) note(d described) (types.Datum, error) {
	c.once.Do(c.load)
	if text, ok := c.notes[d]; ok {
		return types.NewString(text), nil
	}
	return types.NullDatum, nil
}

// objectNote is obj_description(oid, catalog); without the catalog any will do,
// since identifiers are those of one object.
func (c *Names) objectNote(args []types.Datum) (types.Datum, error) {
	oid := args[0].Int()
	if len(args) > 1 {
		return c.note(described{oid, args[1].Str(), 0})
	}
	d, err := c.note(described{oid, "pg_class", 0})
	if err == nil && d.IsNull() {
		return c.note(described{oid, "pg_constraint", 0})
	}
	return d, err
}

// columnNote is col_description(table, number).
func (c *Names) columnNote(args []types.Datum) (types.Datum, error) {
	if args[1].Int() == 0 {
		return types.NullDatum, nil
	}
	return c.note(described{args[0].Int(), "pg_class", int(args[1].Int())})
}

func (c *Names) relations() map[int64]catalogName {
	c.once.Do(c.load)
	return c.byOID
}

// of finds a text by an object's identifier.
func (c *Names) of(pick func(*Names) map[int64]string) func([]types.Datum) (types.Datum, error) {
	return func(args []types.Datum) (types.Datum, error) {
		c.once.Do(c.load)
		if s, ok := pick(c)[args[0].Int()]; ok {
			return types.NewString(s), nil
		}
		return types.NullDatum, nil
	}
}

// constraintText is the definition of a constraint; a pretty one has no
// parentheses that are not needed.
func (c *Names) constraintText(args []types.Datum) (types.Datum, error) {
	c.once.Do(c.load)
	s, ok := c.checks[args[0].Int()]
	if !ok {
		return types.NullDatum, nil
	}
	if inner, check := strings.CutPrefix(s, "CHECK (("); check && len(args) > 1 && args[1].Bool() {
		s = "CHECK (" + strings.TrimSuffix(inner, "))") + ")"
	}
	return types.NewString(s), nil
}

// size is the size of a table's columns; the rows of all tables share files.
func (c *Names) size(args []types.Datum) (types.Datum, error) {
	oid := args[0].Int()
	if _, ok := c.relations()[oid]; !ok {
		return types.NullDatum, nil
	}
	if t := c.cat.TableByID(uint32(oid)); t != nil && int64(t.ID) == oid {
		return types.NewInt64(c.sizes.ColumnBytes(t)), nil
	}
	return types.NewInt64(0), nil
}

// forkSize is pg_relation_size(oid, fork): all is in the main one.
func (c *Names) forkSize(args []types.Datum) (types.Datum, error) {
	if len(args) < 2 || args[1].Str() == "main" {
		return c.size(args)
	}
	switch args[1].Str() {
	case "fsm", "vm", "init":
		return types.NewInt64(0), nil
	}
	return types.NullDatum, sqlstate.New(sqlstate.InvalidParameterValue, "invalid fork name").
		WithHint("Valid fork names are \"main\", \"fsm\", \"vm\", and \"init\".")
}

// visible reports whether a name without its schema finds the relation.
func (c *Names) visible(args []types.Datum) (types.Datum, error) {
	r, ok := c.relations()[args[0].Int()]
	if !ok {
		return types.NullDatum, nil
	}
	return types.NewBool(c.isVisible(r)), nil
}

// isVisible reports whether a relation is found by its name without the schema.
func (c *Names) isVisible(r catalogName) bool {
	if system := Resolve(c.cat, c.path, "", r.name); system != "" {
		return system == r.schema
	}
	return c.cat.Visible(r.schema, r.name)
}

// regName is the name of an object: of pg_class, pg_type, pg_namespace or pg_roles.
func (c *Names) regName(kind string) func([]types.Datum) (types.Datum, error) {
	return func(args []types.Datum) (types.Datum, error) {
		oid := args[0].Int()
		if oid == 0 {
			return types.NewString("-"), nil
		}
		switch kind {
		case "pg_class":
			if r, ok := c.relations()[oid]; ok {
				name := parser.QuoteIdent(r.name)
				if !c.isVisible(r) {
					name = parser.QuoteIdent(r.schema) + "." + name
				}
				return types.NewString(name), nil
			}
		case "pg_type":
			if t, ok := types.FromOID(uint32(oid)); ok && oid == int64(uint32(oid)) {
				return types.NewString(t.BaseName()), nil
			}
		case "pg_namespace":
			for _, s := range Schemas(c.cat) {
				if schemaOID(s) == oid {
					return types.NewString(parser.QuoteIdent(s)), nil
				}
			}
		case "pg_roles":
			if oid == oidRole {
				return types.NewString("htap"), nil
			}
		}
		return types.NewString(strconv.FormatInt(oid, 10)), nil
	}
}

// regOID is the identifier of the object with a name; missing objects are an
// error, or NULL for to_regclass.
func (c *Names) regOID(kind string, strict bool) func([]types.Datum) (types.Datum, error) {
	return func(args []types.Datum) (types.Datum, error) {
		text := strings.TrimSpace(args[0].Str())
		if n, err := strconv.ParseUint(text, 10, 32); err == nil {
			return types.NewInt64(int64(n)), nil
		}
		if text == "-" {
			return types.NewInt64(0), nil
		}
		n, err := parser.ParseName(text)
		if err != nil {
			return types.NullDatum, err
		}
		if n.Schema != "" && (kind == "pg_roles" || kind == "pg_namespace") {
			return types.NullDatum, sqlstate.New(sqlstate.InvalidName, "invalid name syntax")
		}
		if oid, ok := c.find(kind, n.Schema, n.Name, text); ok {
			return types.NewInt64(oid), nil
		}
		if !strict {
			return types.NullDatum, nil
		}
		switch kind {
		case "pg_type":
			return types.NullDatum, sqlstate.New(sqlstate.UndefinedObject, "type %q does not exist", text)
		case "pg_namespace":
			return types.NullDatum, sqlstate.New(sqlstate.InvalidSchemaName, "schema %q does not exist", text)
		case "pg_roles":
			return types.NullDatum, sqlstate.New(sqlstate.UndefinedObject, "role %q does not exist", text)
		}
		return types.NullDatum, c.cat.NoRelation(n.Schema, n.Name)
	}
}

func (c *Names) find(kind, schema, name, text string) (int64, bool) {
	switch kind {
	case "pg_class":
		return c.relationOID(schema, name)
	case "pg_type":
		e, err := parser.ParseExpr("NULL::" + text)
		if cast, ok := e.(*parser.CastExpr); err == nil && ok {
			if t, err := binder.ResolveType(cast.Type); err == nil {
				return int64(t.OID()), true
			}
		}
	case "pg_namespace":
		for _, s := range Schemas(c.cat) {
			if s == name {
				return schemaOID(s), true
			}
		}
	case "pg_roles":
		return oidRole, name == "htap"
	}
	return 0, false
}

// relationOID finds a relation by name for regclass.
func (c *Names) relationOID(schema, name string) (int64, bool) {
	if system := Resolve(c.cat, c.path, schema, name); system != "" {
		return relationID(system, name), true
	}
	for oid, r := range c.relations() {
		if r.name == name && (r.schema == schema || schema == "" && c.cat.Visible(r.schema, name)) {
			return oid, true
		}
	}
	return 0, false
}

// Function returns the function over the catalog with that name and number of
// arguments, nil if there is none.
func (c *Names) Function(name string, args int) *fn.Scalar {
	f, ok := catalogFunctions[name]
	if !ok || args < 1 || args > len(f.args) || args < f.least {
		return nil
	}
	eval := f.eval(c)
	return &fn.Scalar{Name: name, Args: f.args[:args], Result: f.result, Strict: true, Volatility: fn.Stable,
		Kernel: func(_ *fn.Context, in []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
			return rowByRow(eval, in, sel, n, out)
		}}
}

// rowByRow runs a function of datums over vectors.
func rowByRow(eval func([]types.Datum) (types.Datum, error), in []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
	args := make([]types.Datum, len(in))
	rows := vector.Batch{Len: n, Sel: sel}
	for k := range rows.Rows() {
		i := rows.Row(k)
		for a, v := range in {
			args[a] = v.Datum(i)
		}
		d, err := eval(args)
		if err != nil {
			return err
		}
		out.Set(i, d)
	}
	return nil
}

// catalogFunction is a function of PostgreSQL over the catalog.
type catalogFunction struct {
	args []types.Type
	// least is the number of arguments that are not optional.
	least  int
	result types.Type
	eval   func(*Names) func([]types.Datum) (types.Datum, error)
}

// catalogFunctions are the functions by name. The binder turns casts to and from
// regclass and its like into those with names of two words.
var catalogFunctions = func() map[string]catalogFunction {
	oid, txt := types.TInt8, types.TText
	of := func(pick func(*Names) map[int64]string, args ...types.Type) catalogFunction {
		return catalogFunction{append([]types.Type{oid}, args...), 1, txt,
			func(c *Names) func([]types.Datum) (types.Datum, error) { return c.of(pick) }}
	}
	out := map[string]catalogFunction{
		"pg_get_indexdef": of(func(c *Names) map[int64]string { return c.indexes }, types.TInt4, types.TBool),
		"pg_get_constraintdef": {[]types.Type{oid, types.TBool}, 1, txt, func(c *Names) func([]types.Datum) (types.Datum, error) {
			return c.constraintText
		}},
		"pg_get_viewdef": of(func(c *Names) map[int64]string { return c.views }, types.TBool),
		"obj_description": {[]types.Type{oid, txt}, 1, txt, func(c *Names) func([]types.Datum) (types.Datum, error) {
			return c.objectNote
		}},
		"col_description": {[]types.Type{oid, types.TInt4}, 2, txt, func(c *Names) func([]types.Datum) (types.Datum, error) {
			return c.columnNote
		}},
		"pg_table_is_visible": {[]types.Type{oid}, 1, types.TBool, func(c *Names) func([]types.Datum) (types.Datum, error) {
			return c.visible
		}},
	}
	for _, kind := range []string{"pg_class", "pg_type", "pg_namespace", "pg_roles"} {
		out[binder.RegName+kind] = catalogFunction{[]types.Type{oid}, 1, txt,
			func(c *Names) func([]types.Datum) (types.Datum, error) { return c.regName(kind) }}
		out[binder.RegOID+kind] = catalogFunction{[]types.Type{txt}, 1, oid,
			func(c *Names) func([]types.Datum) (types.Datum, error) { return c.regOID(kind, true) }}
	}
	for name, kind := range map[string]string{"to_regclass": "pg_class", "to_regtype": "pg_type", "to_regnamespace": "pg_namespace", "to_regrole": "pg_roles"} {
		out[name] = catalogFunction{[]types.Type{txt}, 1, oid,
			func(c *Names) func([]types.Datum) (types.Datum, error) { return c.regOID(kind, false) }}
	}
	out["pg_relation_size"] = catalogFunction{[]types.Type{oid, txt}, 1, types.TInt8, func(c *Names) func([]types.Datum) (types.Datum, error) {
		return c.forkSize
	}}
	for _, name := range []string{"pg_table_size", "pg_total_relation_size", "pg_indexes_size"} {
		out[name] = catalogFunction{[]types.Type{oid}, 1, types.TInt8, func(c *Names) func([]types.Datum) (types.Datum, error) {
			if name == "pg_indexes_size" {
				return func([]types.Datum) (types.Datum, error) { return types.NewInt64(0), nil }
			}
			return c.size
		}}
	}
	for name, kind := range privilegeFunctions {
		out[name] = kind.function()
	}
	// NULL: they are of objects that do not exist here.
	for _, name := range []string{"pg_get_statisticsobjdef_columns", "pg_get_functiondef", "pg_get_function_arguments",
		"pg_get_function_identity_arguments", "pg_get_function_result", "pg_get_triggerdef", "pg_get_ruledef", "pg_get_partkeydef"} {
		out[name] = of(func(*Names) map[int64]string { return nil }, types.TBool)
	}
	return out
}()
