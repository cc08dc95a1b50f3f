package ddl

import (
	"slices"

	"htapdb/htap/catalog"
	"htapdb/htap/exec"
	"htapdb/htap/sequence"
	"htapdb/sql/binder"
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// schemaOf returns the schema that a new object goes to, which must exist.
func (x *Statement) schemaOf(n parser.ObjectName) (string, error) {
	if n.Catalog != "" && n.Catalog != "htap" {
		return "", sqlstate.New(sqlstate.FeatureNotSupported, "cross-database references are not supported: %s", n)
	}
	schema := n.Schema
	if schema == "" {
		path := x.Session.Path(x.Cat)
		if len(path) == 0 {
			return "", sqlstate.New(sqlstate.InvalidSchemaName, "no schema has been selected to create in")
		}
		schema = path[0]
	}
	if catalog.IsSystemSchema(schema) && !x.Cat.HasSchema(schema) {
		return "", sqlstate.New(sqlstate.InsufficientPrivilege, "permission denied to create \"%s.%s\"", schema, n.Name).
			WithDetail("System catalog modifications are currently disallowed.")
	}
	if !x.Cat.HasSchema(schema) {
		return "", sqlstate.New(sqlstate.InvalidSchemaName, "schema %q does not exist", schema)
	}
	return schema, x.Catalog.UseSchema(x.Ctx, x.Tx.Txn, schema)
}

// CreateTable is CREATE TABLE.
func (x *Statement) CreateTable(st *parser.CreateTableStmt) (*exec.Output, error) {
	schema, err := x.schemaOf(st.Name)
	if err != nil {
		return nil, err
	}
	if st.Persistence == parser.Temporary {
		return nil, sqlstate.New(sqlstate.FeatureNotSupported, "temporary tables are not supported")
	}
	if len(st.Likes) > 0 {
		return nil, sqlstate.New(sqlstate.FeatureNotSupported, "CREATE TABLE … (LIKE …) is not supported")
	}
	if x.Cat.Exists(schema, st.Name.Name) {
		if st.IfNotExists {
			x.Warn(sqlstate.DuplicateTable, "relation %q already exists, skipping", st.Name.Name)
			return exec.Done, nil
		}
		return nil, sqlstate.New(sqlstate.DuplicateTable, "relation %q already exists", st.Name.Name)
	}
	b := &tableBuilder{x: x, t: &catalog.Table{Schema: schema, Name: st.Name.Name, Version: 1, NextColumnID: 1}}
	if b.t.ID, err = x.Catalog.NextID(x.Ctx); err != nil {
		return nil, err
	}
	b.t.StorageID = b.t.ID
	for _, c := range st.Columns {
		if err := b.column(c); err != nil {
			return nil, err
		}
	}
	for _, c := range st.Constraints {
		if err := b.constraint(c); err != nil {
			return nil, err
		}
	}
	if err := b.makeKeys(); err != nil {
		return nil, err
	}
	return exec.Done, b.create()
}

// tableBuilder collects the parts of a new table.
type tableBuilder struct {
	x         *Statement
	t         *catalog.Table
	sequences []*catalog.Sequence
	// keys are the PRIMARY KEY and UNIQUE constraints that are not in t yet.
	keys []key
}

// column adds a column with its constraints.
func (b *tableBuilder) column(c *parser.ColumnDef) error {
	if b.t.Ordinal(c.Name) >= 0 {
		return sqlstate.New(sqlstate.DuplicateColumn, "column %q specified more than once", c.Name).
			WithPosition(parser.Position(b.x.Script, c.Pos()))
	}
	t, serial, err := ColumnType(c.Type, b.x.Script)
	if err != nil {
		return err
	}
	if err := b.x.checkDeclared(b.t.Name, c, t, serial); err != nil {
		return err
	}
	ord := len(b.t.Columns)
	b.t.Columns = append(b.t.Columns, catalog.Column{ID: b.t.NextColumnID, Name: c.Name, Type: t})
	b.t.NextColumnID++
	if serial {
		b.t.Columns[ord].NotNull = true
		if err := b.sequence(ord, nil); err != nil {
			return err
		}
	}
	for _, k := range c.Constraints {
		if err := b.columnConstraint(ord, k); err != nil {
			return err
		}
	}
	return nil
}

// columnConstraint applies one constraint of a column definition.
func (b *tableBuilder) columnConstraint(ord int, k *parser.ColumnConstraint) error {
	col := &b.t.Columns[ord]
	self := []parser.Ident{{Name: col.Name}}
	switch k.Kind {
	case parser.ConstrNull:
	case parser.ConstrNotNull:
		col.NotNull = true
	case parser.ConstrDefault:
		text, err := b.x.checkDefault(k.Expr, col.Type, b.t)
		if err != nil {
			return err
		}
		col.Default = text
	case parser.ConstrIdentity:
		col.NotNull, col.Identity, col.Always = true, true, k.Always
		return b.sequence(ord, k.Sequence)
	default:
		return b.constraint(&parser.TableConstraint{Loc: k.Loc, Name: k.Name, Kind: k.Kind, Columns: self, Expr: k.Expr, References: k.References})
	}
	return nil
}

// checkDefault binds a default expression of a table, to refuse what cannot be one,
// and returns its text.
func (x *Statement) checkDefault(e parser.Expr, t types.Type, of *catalog.Table) (string, error) {
	bound, err := binder.BindExpr(e, nil, t, binder.Options{SQL: x.Script, Catalog: x.Names()})
	if err != nil {
		return "", err
	}
	if plan.HasSubquery(bound) {
		return "", sqlstate.New(sqlstate.FeatureNotSupported, "cannot use subquery in DEFAULT expression")
	}
	return x.storedExpr(e, true, of)
}

// sequence gives a column a sequence of its own.
func (b *tableBuilder) sequence(ord int, options []*parser.Option) error {
	col := &b.t.Columns[ord]
	if col.Type.Kind != types.Int2 && col.Type.Kind != types.Int4 && col.Type.Kind != types.Int8 {
		return sqlstate.New(sqlstate.InvalidParameterValue, "identity column type must be smallint, integer, or bigint")
	}
	q := &catalog.Sequence{Schema: b.t.Schema, Name: numbered(b.t.Name, col.Name, "seq", b.relationTaken), Owner: b.t.ID, OwnerColumn: col.ID}
	err := sequence.Options(q, options, col.Type)
	if err != nil {
		return err
	}
	if q.ID, err = b.x.Catalog.NextID(b.x.Ctx); err != nil {
		return err
	}
	col.Sequence = q.ID
	b.sequences = append(b.sequences, q)
	return nil
}

// constraint applies a table constraint.
func (b *tableBuilder) constraint(k *parser.TableConstraint) error {
	switch k.Kind {
	case parser.ConstrPrimaryKey, parser.ConstrUnique:
		primary := k.Kind == parser.ConstrPrimaryKey
		if primary && (len(b.t.Primary) > 0 || slices.ContainsFunc(b.keys, func(o key) bool { return o.primary })) {
			return sqlstate.New(sqlstate.InvalidTableDefinition, "multiple primary keys for table %q are not allowed", b.t.Name)
		}
		ords, err := b.ordinals(k.Columns)
		if err != nil {
			return err
		}
		for _, o := range ords {
			b.t.Columns[o].NotNull = b.t.Columns[o].NotNull || primary
		}
		b.keys = append(b.keys, key{name: k.Name, columns: ords, primary: primary, pos: k.Pos()})
	case parser.ConstrCheck:
		name := k.Name
		if name == "" {
			name = b.checkName(k.Expr)
		} else if hasConstraint(b.t, name) {
			return b.duplicateConstraint(name, k.Pos())
		}
		text, err := b.x.storedExpr(k.Expr, false, b.t)
		if err != nil {
			return err
		}
		b.t.Checks = append(b.t.Checks, catalog.Check{Name: name, SQL: text})
	case parser.ConstrForeignKey:
		return sqlstate.New(sqlstate.FeatureNotSupported, "FOREIGN KEY constraints are not supported").
			WithPosition(parser.Position(b.x.Script, k.Pos()))
	default:
		return sqlstate.New(sqlstate.FeatureNotSupported, "generated columns are not supported").
			WithPosition(parser.Position(b.x.Script, k.Pos()))
	}
	return nil
}

// hasConstraint reports a constraint of the name: a check, or a key.
func hasConstraint(t *catalog.Table, name string) bool {
	return len(t.Primary) > 0 && t.PrimaryName == name ||
		slices.ContainsFunc(t.Checks, func(c catalog.Check) bool { return c.Name == name }) ||
		slices.ContainsFunc(t.Indexes, func(i catalog.Index) bool { return i.Constraint && i.Name == name })
}

// ordinals resolves key columns.
func (b *tableBuilder) ordinals(cols []parser.Ident) ([]int, error) {
	return exec.KeyOrdinals(b.t, cols, b.x.Script)
}

// create checks the table as a whole and stores it.
func (b *tableBuilder) create() error {
	cols := make([]plan.Column, len(b.t.Columns))
	for i := range b.t.Columns {
		cols[i] = plan.Column{ID: plan.ColID(i + 1), Name: b.t.Columns[i].Name, Type: b.t.Columns[i].Type}
	}
	for _, c := range b.t.Checks {
		e, err := parser.ParseExpr(c.SQL)
		if err != nil {
			return err
		}
		if _, err := binder.BindExpr(e, cols, types.TBool, binder.Options{SQL: c.SQL, Catalog: b.x.Names()}); err != nil {
			return err
		}
	}
	if _, err := b.x.Catalog.RowSchema(b.t); err != nil {
		return err
	}
	txn := b.x.Tx.Txn
	if err := b.x.Catalog.CreateTable(b.x.Ctx, txn, b.t); err != nil {
		return err
	}
	for _, q := range b.sequences {
		if err := b.x.Catalog.CreateSequence(b.x.Ctx, txn, q); err != nil {
			return err
		}
	}
	b.x.Tx.DDL = true
	return nil
}
