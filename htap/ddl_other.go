package htap

import (
	"strconv"
	"strings"

	"htapdb/htap/catalog"
	"htapdb/rowstore"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// sequenceOptions reads START and INCREMENT.
func sequenceOptions(options []*parser.Option) (start, increment int64, err error) {
	start, increment = 1, 1
	for _, o := range options {
		text, _ := o.Text()
		n, e := strconv.ParseInt(text, 10, 64)
		switch strings.ToLower(o.Name) {
		case "start":
			start = n
		case "increment":
			increment = n
		case "cache", "minvalue", "maxvalue", "no minvalue", "no maxvalue", "no cycle", "as", "owned by":
			e = nil
		default:
			return 0, 0, sqlstate.New(sqlstate.FeatureNotSupported, "sequence option %s is not supported", strings.ToUpper(o.Name))
		}
		if e != nil {
			return 0, 0, sqlstate.New(sqlstate.InvalidParameterValue, "sequence option %s must be a number, not %q", strings.ToUpper(o.Name), text)
		}
	}
	if increment == 0 {
		return 0, 0, sqlstate.New(sqlstate.InvalidParameterValue, "INCREMENT must not be zero")
	}
	return start, increment, nil
}

func (x *execution) createSequence(st *parser.CreateSequenceStmt) (*output, error) {
	schema, err := x.schemaOf(st.Name)
	if err != nil {
		return nil, err
	}
	if st.IfNotExists && x.cat.Exists(schema, st.Name.Name) {
		return done, nil
	}
	q := &catalog.Sequence{Schema: schema, Name: st.Name.Name}
	if q.Start, q.Increment, err = sequenceOptions(st.Options); err != nil {
		return nil, err
	}
	if q.ID, err = x.s.db.catalog.NextID(x.ctx); err != nil {
		return nil, err
	}
	x.s.tx.ddl = true
	return done, x.s.db.catalog.CreateSequence(x.ctx, x.s.tx.txn, q)
}

func (x *execution) createSchema(st *parser.CreateSchemaStmt) (*output, error) {
	if x.cat.HasSchema(st.Name.Name) || isVirtualSchema(st.Name.Name) {
		if st.IfNotExists {
			return done, nil
		}
		return nil, sqlstate.New(sqlstate.DuplicateSchema, "schema %q already exists", st.Name.Name)
	}
	x.s.tx.ddl = true
	return done, x.s.db.catalog.CreateSchema(x.ctx, x.s.tx.txn, st.Name.Name)
}

func (x *execution) createView(st *parser.CreateViewStmt) (*output, error) {
	if st.Materialized || st.Recursive || st.CheckOption != "" || st.Persistence == parser.Temporary {
		return nil, sqlstate.New(sqlstate.FeatureNotSupported, "this kind of view is not supported").WithHint("CREATE [OR REPLACE] VIEW v AS SELECT … is.")
	}
	schema, err := x.schemaOf(st.Name)
	if err != nil {
		return nil, err
	}
	pl, err := x.s.planQuery(st.Query, x.st.script, nil, x.cat)
	if err != nil {
		return nil, err
	}
	if len(pl.params) > 0 {
		return nil, sqlstate.New(sqlstate.UndefinedParameter, "there is no parameter $1 in a view")
	}
	v := &catalog.View{Schema: schema, Name: st.Name.Name, SQL: parser.Format(st.Query)}
	for _, c := range st.Columns {
		v.Columns = append(v.Columns, c.Name)
	}
	if len(v.Columns) > len(pl.columns) {
		return nil, sqlstate.New(sqlstate.SyntaxError, "CREATE VIEW specifies more column names than columns")
	}
	old := x.cat.View(schema, v.Name)
	if old != nil && st.OrReplace {
		v.ID = old.ID
	} else if v.ID, err = x.s.db.catalog.NextID(x.ctx); err != nil {
		return nil, err
	}
	x.s.tx.ddl = true
	return done, x.s.db.catalog.PutView(x.ctx, x.s.tx.txn, v, old != nil && st.OrReplace)
}

// table finds a stored table by name.
func (x *execution) table(n parser.ObjectName) (*catalog.Table, error) {
	t := x.cat.Table(n.Schema, n.Name)
	if t == nil {
		e := sqlstate.New(sqlstate.UndefinedTable, "relation %q does not exist", catalog.QualifiedName(n.Schema, n.Name))
		if n.Pos() > 0 {
			e = e.WithPosition(parser.Position(x.st.script, n.Pos()))
		}
		return nil, e
	}
	return t, nil
}

// createIndex is CREATE INDEX: it fills the index under the table's exclusive lock.
func (x *execution) createIndex(st *parser.CreateIndexStmt) (*output, error) {
	if st.Where != nil || len(st.Include) > 0 || st.NullsNotDistinct {
		return nil, sqlstate.New(sqlstate.FeatureNotSupported, "partial, covering and NULLS NOT DISTINCT indexes are not supported")
	}
	t, err := x.table(st.Table)
	if err != nil {
		return nil, err
	}
	var cols []parser.Ident
	for _, e := range st.Elems {
		ref, ok := e.Expr.(*parser.ColumnRef)
		if !ok || len(ref.Parts) != 1 {
			return nil, sqlstate.New(sqlstate.FeatureNotSupported, "indexes on expressions are not supported")
		}
		cols = append(cols, parser.Ident{Loc: ref.Loc, Name: ref.Parts[0]})
	}
	ords, err := keyOrdinals(t, cols, x.st.script)
	if err != nil {
		return nil, err
	}
	name := st.Name.Name
	if name == "" {
		name = x.freeName(t.Schema, t.Name+"_"+joinNames(cols)+"_idx")
	}
	if x.cat.Exists(t.Schema, name) {
		if st.IfNotExists {
			x.s.warn(sqlstate.DuplicateTable, "relation %q already exists, skipping", name)
			return done, nil
		}
		return nil, sqlstate.New(sqlstate.DuplicateTable, "relation %q already exists", name)
	}
	return done, x.addIndex(t, catalog.Index{Name: name, Columns: ords, Unique: st.Unique})
}

// addIndex stores and fills an index.
func (x *execution) addIndex(t *catalog.Table, index catalog.Index) error {
	if err := x.lockTable(t, rowstore.LockTableExclusive); err != nil {
		return err
	}
	id, err := x.s.db.catalog.NextID(x.ctx)
	if err != nil {
		return err
	}
	index.ID = id
	next := t.Clone()
	next.Indexes = append(next.Indexes, index)
	schema, err := x.s.db.catalog.RowSchema(next)
	if err != nil {
		return err
	}
	txn := x.s.tx.txn
	if err := txn.BuildIndex(x.ctx, schema, id); err != nil {
		return err
	}
	x.s.tx.ddl = true
	return x.s.db.catalog.AlterTable(x.ctx, txn, t, next)
}

// truncate gives the tables new, empty storage.
func (x *execution) truncate(st *parser.TruncateStmt) (*output, error) {
	for _, n := range st.Tables {
		t, err := x.table(n)
		if err != nil {
			return nil, err
		}
		if err := x.lockTable(t, rowstore.LockTableExclusive); err != nil {
			return nil, err
		}
		next := t.Clone()
		if next.StorageID, err = x.s.db.catalog.NextID(x.ctx); err != nil {
			return nil, err
		}
		if err := x.s.db.catalog.AlterTable(x.ctx, x.s.tx.txn, t, next); err != nil {
			return nil, err
		}
		x.s.tx.ddl = true
	}
	return done, nil
}

// comment stores COMMENT ON TABLE; comments on other objects are accepted and dropped.
func (x *execution) comment(st *parser.CommentStmt) (*output, error) {
	if st.Kind != parser.ObjectTable {
		x.s.warn(sqlstate.FeatureNotSupported, "comments on a %s are not kept", st.Kind)
		return done, nil
	}
	t, err := x.table(st.Name)
	if err != nil {
		return nil, err
	}
	// The descriptor is written as a whole, so nobody else may change it.
	if err := x.lockTable(t, rowstore.LockTableExclusive); err != nil {
		return nil, err
	}
	next := t.Clone()
	next.Comment = ""
	if st.Text != nil {
		next.Comment = st.Text.Value
	}
	x.s.tx.ddl = true
	return done, x.s.db.catalog.AlterTable(x.ctx, x.s.tx.txn, t, next)
}

// drop is DROP of any kind of object.
func (x *execution) drop(st *parser.DropStmt) (*output, error) {
	for _, n := range st.Names {
		found, err := x.dropOne(st, n)
		if err != nil {
			return nil, err
		}
		if found {
			x.s.tx.ddl = true
			if err := x.nextStatement(); err != nil {
				return nil, err
			}
			continue
		}
		if !st.IfExists {
			return nil, x.noSuch(st.Kind, n)
		}
		x.s.warn(sqlstate.UndefinedObject, "%s %q does not exist, skipping", st.Kind, n.Name)
	}
	return &output{tag: "DROP " + strings.ToUpper(st.Kind.String())}, nil
}

// nextStatement lets the rest of this one see what it has written.
func (x *execution) nextStatement() error {
	if err := x.s.tx.txn.StartStatement(x.ctx); err != nil {
		return err
	}
	return x.loadCatalog()
}

func (x *execution) noSuch(kind parser.ObjectKind, n parser.ObjectName) error {
	code := sqlstate.UndefinedTable
	switch kind {
	case parser.ObjectSchema:
		code = sqlstate.InvalidSchemaName
	case parser.ObjectModel, parser.ObjectIndex, parser.ObjectType:
		code = sqlstate.UndefinedObject
	}
	return sqlstate.New(code, "%s %q does not exist", kind, n.Name)
}

// dropOne drops one object and reports whether there was one.
func (x *execution) dropOne(st *parser.DropStmt, n parser.ObjectName) (bool, error) {
	c, txn := x.s.db.catalog, x.s.tx.txn
	switch st.Kind {
	case parser.ObjectTable:
		t := x.cat.Table(n.Schema, n.Name)
		if t == nil {
			return false, nil
		}
		if err := x.lockTable(t, rowstore.LockTableExclusive); err != nil {
			return true, err
		}
		return true, c.DropTable(x.ctx, txn, x.cat, t)
	case parser.ObjectIndex:
		t := x.cat.IndexTable(n.Schema, n.Name)
		if t == nil {
			return false, nil
		}
		return true, x.dropIndex(t, n.Name)
	case parser.ObjectView:
		v := x.cat.View(n.Schema, n.Name)
		if v == nil {
			return false, nil
		}
		return true, c.DropView(x.ctx, txn, v)
	case parser.ObjectSequence:
		q := x.cat.Sequence(n.Schema, n.Name)
		if q == nil {
			return false, nil
		}
		if q.Owner != 0 {
			return true, sqlstate.New(sqlstate.DependentObjectsStillExist, "cannot drop sequence %q because a column uses it", q.Name)
		}
		return true, c.DropSequence(x.ctx, txn, q)
	case parser.ObjectModel:
		m := x.cat.Model(n.Schema, n.Name)
		if m == nil {
			return false, nil
		}
		return true, c.DropModel(x.ctx, txn, m)
	case parser.ObjectSchema:
		if !x.cat.HasSchema(n.Name) || n.Name == catalog.DefaultSchema {
			return false, nil
		}
		return true, x.dropSchema(n.Name)
	}
	return false, sqlstate.New(sqlstate.FeatureNotSupported, "DROP %s is not supported", strings.ToUpper(st.Kind.String()))
}

// dropSchema removes an empty schema. Whoever was about to put something into it
// is waited for.
func (x *execution) dropSchema(schema string) error {
	db := x.s.db
	if err := db.catalog.DropSchema(x.ctx, x.s.tx.txn, schema); err != nil {
		return err
	}
	if err := x.cat.EmptySchema(schema); err != nil {
		return err
	}
	newest := db.catalog.Newest()
	if newest <= x.s.tx.txn.ReadTimestamp() {
		return nil
	}
	if err := db.rows.WaitVisible(x.ctx, newest); err != nil {
		return err
	}
	cat, err := db.committedCatalog()
	if err != nil {
		return err
	}
	return cat.EmptySchema(schema)
}

// dropIndex removes an index; its entries go with the table's storage.
func (x *execution) dropIndex(t *catalog.Table, name string) error {
	if err := x.lockTable(t, rowstore.LockTableExclusive); err != nil {
		return err
	}
	next := t.Clone()
	next.Indexes = next.Indexes[:0]
	for _, i := range t.Indexes {
		if i.Name != name {
			next.Indexes = append(next.Indexes, i)
			continue
		}
		if i.Constraint {
			return sqlstate.New(sqlstate.DependentObjectsStillExist, "cannot drop index %q because constraint %q on table %q requires it", name, name, t.Name).
				WithHint("ALTER TABLE %s DROP CONSTRAINT %s drops both.", t.Name, name)
		}
	}
	return x.s.db.catalog.AlterTable(x.ctx, x.s.tx.txn, t, next)
}

func (x *execution) analyze(*parser.AnalyzeStmt) (*output, error) { return done, nil }

func (x *execution) vacuum(*parser.VacuumStmt) (*output, error) { return done, nil }

func (x *execution) checkpoint(*parser.CheckpointStmt) (*output, error) {
	return done, x.s.db.Checkpoint(x.ctx)
}

// text is a TEXT value.
func text(s string) types.Datum { return types.NewString(s) }
