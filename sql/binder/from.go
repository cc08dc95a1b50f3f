package binder

import (
	"slices"

	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// from binds a FROM clause and makes its columns visible in sc. Items are
// joined without a condition from the left; a lateral item is the right side of a dependent
// join: its plan uses columns of the left side.
func (b *binder) from(items []parser.TableExpr, sc *scope) (plan.Node, error) {
	if len(items) == 0 {
		return oneRow(), nil
	}
	var node plan.Node
	sc.ns = &namespace{}
	for _, it := range items {
		n, ns, err := b.fromItem(it, sc, sc.ns)
		if err != nil {
			return nil, err
		}
		if err := b.checkAliases(sc.ns, ns, it.Pos()); err != nil {
			return nil, err
		}
		sc.ns = concat(sc.ns, ns)
		if node == nil {
			node = n
			continue
		}
		node = &plan.Join{Kind: plan.InnerJoin, Left: node, Right: n}
	}
	return node, nil
}

// oneRow is the input of a SELECT without FROM.
func oneRow() plan.Node { return &plan.Values{Rows: [][]fn.Expr{{}}} }

// checkAliases refuses two FROM items of one name.
func (b *binder) checkAliases(left, right *namespace, pos int) error {
	for _, r := range right.rels {
		if r.name == "" {
			continue
		}
		if o := left.find("", r.name); o != nil && (o.schema == r.schema || o.table == nil || r.table == nil) {
			return b.errorAt(pos, sqlstate.DuplicateAlias, "table name %q specified more than once", r.name)
		}
	}
	return nil
}

// fromItem binds one item. outer is the scope around the query, with what a
// lateral item may see to its left in left.
func (b *binder) fromItem(item parser.TableExpr, sc *scope, left *namespace) (plan.Node, *namespace, error) {
	// A wide item is as much work as many expressions.
	b.ticks |= 0xff
	if err := b.tick(); err != nil {
		return nil, nil, err
	}
	switch item := item.(type) {
	case *parser.TableRef:
		return b.tableRef(item, sc)
	case *parser.FileRef:
		return b.fileScan(item.Path, "", nil, item.Alias, item.Pos())
	case *parser.SubqueryRef:
		return b.derivedTable(item, sc, left)
	case *parser.FunctionRef:
		return b.functionRef(item, sc, left)
	case *parser.JoinExpr:
		return b.join(item, sc, left)
	}
	return nil, nil, b.unsupported(item.Pos(), "FROM items of kind %T are", item)
}

// aliasName returns the name of an item: its alias, else the fallback.
func aliasName(a *parser.TableAlias, fallback string) string {
	if a != nil && a.Name != "" {
		return a.Name
	}
	return fallback
}

// renamed applies the column aliases of an item.
func (b *binder) renamed(r *relation, a *parser.TableAlias) error {
	if a == nil {
		return nil
	}
	if len(a.Columns) > len(r.cols) {
		return b.errorAt(a.Pos(), sqlstate.InvalidColumnReference,
			"table %q has %d columns available but %d columns specified", r.name, len(r.cols), len(a.Columns))
	}
	for i, c := range a.Columns {
		r.cols[i].name = c.Name
	}
	return nil
}

// tableRef binds a name: a WITH item, a table or a view.
func (b *binder) tableRef(e *parser.TableRef, sc *scope) (plan.Node, *namespace, error) {
	if e.Name.Schema == "" {
		if c := sc.findCTE(e.Name.Name); c != nil {
			return b.cteRef(c, e)
		}
	}
	src, err := b.relationNamed(e.Name)
	switch {
	case err != nil:
		return nil, nil, b.locate(err, e.Pos())
	case src.View != nil:
		return b.viewRef(&src, e)
	case src.Table == nil:
		return nil, nil, b.undefinedTable(e.Name)
	}
	scan, rel := b.scan(src.Table, aliasName(e.Alias, e.Name.Name))
	rel.narrow(src.Columns)
	if e.Alias != nil {
		rel.schema = ""
	}
	if err := b.renamed(rel, e.Alias); err != nil {
		return nil, nil, err
	}
	return scan, newNamespace(rel), nil
}

func (b *binder) undefinedTable(name parser.ObjectName) error {
	text := name.Name
	if name.Schema != "" {
		text = name.Schema + "." + text
	}
	return b.errorAt(name.Pos(), sqlstate.UndefinedTable, "relation %q does not exist", text)
}

// scan makes a scan of all columns of a table and the relation that names them.
func (b *binder) scan(t *plan.Table, alias string) (*plan.Scan, *relation) {
	s := plan.NewScan(t, alias, b.ids)
	rel := &relation{schema: t.Schema, name: alias, table: t, ordinals: map[plan.ColID]int{}}
	for _, c := range s.Cols {
		rel.add(c.Name, c.Column)
		rel.ordinals[c.ID] = c.Ordinal
		b.origins[c.ID] = origin{t, c.Ordinal}
	}
	return s, rel
}

// derivedTable binds a query in FROM.
func (b *binder) derivedTable(e *parser.SubqueryRef, sc *scope, left *namespace) (plan.Node, *namespace, error) {
	outer := b.outside(sc)
	if e.Lateral {
		outer = outer.child()
		outer.ns = left
	}
	q, err := b.selectStmt(e.Query, outer)
	if err != nil {
		return nil, nil, err
	}
	b.closeQuery(q)
	rel := &relation{name: aliasName(e.Alias, "")}
	for _, c := range q.cols {
		rel.add(c.Name, c.Column)
	}
	if err := b.renamed(rel, e.Alias); err != nil {
		return nil, nil, err
	}
	return q.node, newNamespace(rel), nil
}

// outside is the scope in which items of sc's FROM clause are bound: that of
// the enclosing query, with the WITH items of sc itself.
func (b *binder) outside(sc *scope) *scope {
	if sc.parent == nil {
		return &scope{ns: &namespace{}, ctes: sc.ctes}
	}
	return sc.parent
}

// fileScan binds a file as a table.
func (b *binder) fileScan(path, format string, options map[string]string, alias *parser.TableAlias, pos int) (plan.Node, *namespace, error) {
	cols, err := b.cat.FileSchema(path, format, options)
	if err != nil {
		return nil, nil, b.locate(err, pos)
	}
	rel := &relation{name: aliasName(alias, fileAlias(path))}
	f := &plan.FileScan{Path: path, Format: format, Options: options, Alias: rel.name}
	var scanCols []plan.ScanColumn
	for i, c := range cols {
		c.ID = b.ids.Next()
		rel.add(c.Name, c)
		scanCols = append(scanCols, plan.ScanColumn{Column: c, Ordinal: i})
	}
	if err := b.renamed(rel, alias); err != nil {
		return nil, nil, err
	}
	return f.WithCols(scanCols), newNamespace(rel), nil
}

// fileAlias is the name of a file's table: the base name without its endings.
func fileAlias(path string) string {
	start, end := 0, len(path)
	for i, c := range path {
		if c == '/' || c == '\\' {
			start = i + 1
		}
	}
	for i := start; i < end; i++ {
		if path[i] == '.' && i > start {
			end = i
		}
	}
	return path[start:end]
}

// functionRef binds a function call in FROM.
func (b *binder) functionRef(e *parser.FunctionRef, sc *scope, left *namespace) (plan.Node, *namespace, error) {
	name := e.Call.Name.Name
	if len(e.ColumnDefs) > 0 {
		return nil, nil, b.unsupported(e.ColumnDefs[0].Pos(), "column definition lists are")
	}
	if format, ok := fileFunctions[name]; ok {
		path, options, err := b.fileArgs(e.Call)
		if err != nil {
			return nil, nil, err
		}
		return b.fileScan(path, format, options, e.Alias, e.Pos())
	}
	if len(e.Call.Args) == 0 && !e.Ordinality && (e.Call.Name.Schema == "" || e.Call.Name.Schema == "pg_catalog") {
		if node, ns, err := b.catalogRows(e); node != nil || err != nil {
			return node, ns, err
		}
	}
	args, pos, err := b.tableFuncArgs(e, sc, left)
	if err != nil {
		return nil, nil, err
	}
	if name == "unnest" || !constant(args) {
		return b.projectSet(e, args, pos)
	}
	f := &plan.TableFunc{Name: name, Alias: aliasName(e.Alias, name), Ordinality: e.Ordinality}
	if name == "generate_series" {
		err = b.generateSeries(f, args, pos, e)
	} else {
		err = b.catalogFunction(f, args, pos, e)
	}
	if err != nil {
		return nil, nil, err
	}
	if e.Ordinality {
		c := b.newColumn("ordinality", types.TInt8)
		c.NotNull = true
		f.Cols = append(f.Cols, c)
	}
	rel := &relation{name: f.Alias}
	for _, c := range f.Cols {
		rel.add(c.Name, c)
	}
	// A function of one column gives it the alias of the table.
	if len(f.Cols) == 1 && e.Alias != nil && e.Alias.Name != "" {
		rel.cols[0].name = e.Alias.Name
	}
	if err := b.renamed(rel, e.Alias); err != nil {
		return nil, nil, err
	}
	return f, newNamespace(rel), nil
}

// catalogRows binds a function over the catalog without arguments, which is a relation
// with "()" behind its name; nil for others.
func (b *binder) catalogRows(e *parser.FunctionRef) (plan.Node, *namespace, error) {
	name := e.Call.Name.Name
	t, err := b.cat.Table("pg_catalog", name+"()")
	if t == nil || err != nil {
		return nil, nil, err
	}
	scan, rel := b.scan(t, aliasName(e.Alias, name))
	rel.schema = ""
	if err := b.renamed(rel, e.Alias); err != nil {
		return nil, nil, err
	}
	return scan, newNamespace(rel), nil
}

// tableFuncArgs binds arguments, which may use the FROM items to the left.
func (b *binder) tableFuncArgs(e *parser.FunctionRef, sc *scope, left *namespace) ([]fn.Expr, []int, error) {
	inner := b.outside(sc).child()
	inner.ns, inner.clause = left, "a function in FROM"
	return b.exprs(e.Call.Args, inner)
}

var fileFunctions = map[string]string{
	"read_parquet": "parquet", "parquet_scan": "parquet",
	"read_csv": "csv", "read_csv_auto": "csv",
	"read_json": "json", "read_json_auto": "json", "read_ndjson": "json",
	"read_arrow": "arrow",
}

// fileArgs reads read_csv('path', option => value …).
func (b *binder) fileArgs(call *parser.FuncCall) (path string, options map[string]string, err error) {
	options = map[string]string{}
	for i, a := range call.Args {
		named, isNamed := a.(*parser.NamedArg)
		switch {
		case isNamed:
			text, ok := constText(named.Value)
			if !ok {
				return "", nil, b.errorAt(named.Pos(), sqlstate.InvalidParameterValue, "option %q must be a constant", named.Name)
			}
			options[named.Name] = text
		case i == 0:
			lit, ok := a.(*parser.StringLit)
			if !ok {
				return "", nil, b.errorAt(a.Pos(), sqlstate.InvalidParameterValue, "%s needs the path as a string constant", call.Name.Name)
			}
			path = lit.Value
		default:
			return "", nil, b.errorAt(a.Pos(), sqlstate.SyntaxError, "options of %s are given by name", call.Name.Name)
		}
	}
	if path == "" {
		return "", nil, b.errorAt(call.Pos(), sqlstate.UndefinedFunction, "%s needs a path", call.Name.Name)
	}
	return path, options, nil
}

// constText is the text of a constant option value.
func constText(e parser.Expr) (string, bool) {
	switch e := e.(type) {
	case *parser.StringLit:
		return e.Value, true
	case *parser.NumberLit:
		return e.Text, true
	case *parser.BoolLit:
		if e.Value {
			return "true", true
		}
		return "false", true
	case *parser.ColumnRef:
		return e.Column(), len(e.Parts) == 1
	}
	return "", false
}

// seriesTypes are the types of generate_series, the first that fits wins, with
// the type of the step.
var seriesTypes = []struct{ value, step types.Type }{
	{types.TInt4, types.TInt4},
	{types.TInt8, types.TInt8},
	{types.TTimestamp, types.TInterval},
	{types.TTimestampTZ, types.TInterval},
}

// generateSeries types generate_series(start, stop[, step]). Dates become timestamps.
func (b *binder) generateSeries(f *plan.TableFunc, args []fn.Expr, pos []int, e *parser.FunctionRef) error {
	if len(args) < 2 || len(args) > 3 {
		return b.undefinedFunction(e.Call, args)
	}
	ts := []types.Type{b.currentType(args[0]), b.currentType(args[1])}
	for _, s := range seriesTypes {
		if !fitsSeries(ts, s.value) || len(args) == 3 && !fitsSeries([]types.Type{b.currentType(args[2])}, s.step) {
			continue
		}
		if s.step == types.TInterval && len(args) == 2 {
			break
		}
		want := []types.Type{s.value, s.value, s.step}
		for i, a := range args {
			x, err := b.coerce(a, want[i], fn.ImplicitCast, pos[i])
			if err != nil {
				return err
			}
			f.Args = append(f.Args, x)
		}
		c := b.newColumn(f.Name, s.value)
		c.NotNull = true
		f.Cols = []plan.Column{c}
		return nil
	}
	return b.undefinedFunction(e.Call, args)
}

// fitsSeries reports whether values of the types become t implicitly.
func fitsSeries(ts []types.Type, t types.Type) bool {
	ok := map[types.Kind][]types.Kind{
		types.Int4:        {types.Int2, types.Int4},
		types.Int8:        {types.Int2, types.Int4, types.Int8},
		types.Timestamp:   {types.Date, types.Timestamp},
		types.TimestampTZ: {types.Date, types.Timestamp, types.TimestampTZ},
		types.Interval:    {types.Interval},
	}[t.Kind]
	for _, x := range ts {
		if x.Kind != types.Unknown && !slices.Contains(ok, x.Kind) {
			return false
		}
	}
	return true
}

// catalogFunction asks the catalog for a table function.
func (b *binder) catalogFunction(f *plan.TableFunc, args []fn.Expr, pos []int, e *parser.FunctionRef) error {
	t, err := b.cat.TableFunction(f.Name, args)
	if err != nil {
		return b.locate(err, e.Pos())
	}
	if t == nil || len(t.Args) != len(args) {
		return b.undefinedFunction(e.Call, args)
	}
	for i, a := range args {
		x, err := b.coerce(a, t.Args[i], fn.ImplicitCast, pos[i])
		if err != nil {
			return err
		}
		f.Args = append(f.Args, x)
	}
	for _, c := range t.Columns {
		c.ID = b.ids.Next()
		f.Cols = append(f.Cols, c)
	}
	return nil
}
