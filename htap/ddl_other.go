package htap

import (
	"slices"

	"htapdb/htap/catalog"
	"htapdb/htap/syscat"
	"htapdb/rowstore"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

func (x *execution) createSequence(st *parser.CreateSequenceStmt) (*output, error) {
	schema, err := x.schemaOf(st.Name)
	if err != nil {
		return nil, err
	}
	if st.IfNotExists && x.cat.Exists(schema, st.Name.Name) {
		return done, nil
	}
	q := &catalog.Sequence{Schema: schema, Name: st.Name.Name}
	if err = sequenceOptions(q, st.Options, types.TInt8); err != nil {
		return nil, err
	}
	if q.ID, err = x.s.db.catalog.NextID(x.ctx); err != nil {
		return nil, err
	}
	x.s.tx.ddl = true
	return done, x.s.db.catalog.CreateSequence(x.ctx, x.s.tx.txn, q)
}

func (x *execution) createSchema(st *parser.CreateSchemaStmt) (*output, error) {
	if x.cat.HasSchema(st.Name.Name) || syscat.IsSchema(st.Name.Name) {
		if st.IfNotExists {
			return done, nil
		}
		return nil, sqlstate.New(sqlstate.DuplicateSchema, "schema %q already exists", st.Name.Name)
	}
	x.s.tx.ddl = true
	return done, x.s.db.catalog.CreateSchema(x.ctx, x.s.tx.txn, st.Name.Name)
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
		if st.RestartIdentity {
			if err := x.restartSequences(next); err != nil {
				return nil, err
			}
		}
		if err := x.s.db.catalog.AlterTable(x.ctx, x.s.tx.txn, t, next); err != nil {
			return nil, err
		}
		x.s.tx.ddl = true
	}
	return done, nil
}

// restartSequences gives the columns of a table new sequences in place of those
// that they draw from: unlike a changed counter, that can be rolled back.
func (x *execution) restartSequences(t *catalog.Table) error {
	for i := range t.Columns {
		q := x.cat.SequenceByID(t.Columns[i].Sequence)
		if q == nil {
			continue
		}
		fresh := *q
		var err error
		if fresh.ID, err = x.s.db.catalog.NextID(x.ctx); err != nil {
			return err
		}
		t.Columns[i].Sequence = fresh.ID
		if err := x.s.db.catalog.ReplaceSequence(x.ctx, x.s.tx.txn, &fresh); err != nil {
			return err
		}
	}
	return nil
}

// comment stores COMMENT ON TABLE; comments on other objects, which have to be
// there, are dropped with a warning.
func (x *execution) comment(st *parser.CommentStmt) (*output, error) {
	if st.Kind != parser.ObjectTable {
		if err := x.commented(st); err != nil {
			return nil, err
		}
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

// commented looks for the object of a comment.
func (x *execution) commented(st *parser.CommentStmt) error {
	n := st.Name
	missing := func(code sqlstate.Code, format string, args ...any) error {
		return sqlstate.New(code, format, args...).WithPosition(parser.Position(x.st.script, n.Pos()))
	}
	switch st.Kind {
	case parser.ObjectColumn:
		if v := x.cat.View(n.Schema, n.Name); v != nil {
			if !slices.Contains(v.Columns, st.Sub.Name) {
				return missing(sqlstate.UndefinedColumn, "column %q of relation %q does not exist", st.Sub.Name, v.Name)
			}
			return nil
		}
		t, err := x.table(n)
		if err == nil {
			_, err = x.alteredColumn(t, st.Sub)
		}
		return err
	case parser.ObjectConstraint:
		t, err := x.table(n)
		if err == nil && !hasConstraint(t, st.Sub.Name) {
			return missing(sqlstate.UndefinedObject, "constraint %q for table %q does not exist", st.Sub.Name, t.Name)
		}
		return err
	case parser.ObjectView:
		if x.cat.View(n.Schema, n.Name) == nil {
			return missing(sqlstate.UndefinedTable, "relation %q does not exist", n.Name)
		}
	case parser.ObjectIndex:
		if x.cat.IndexTable(n.Schema, n.Name) == nil {
			return missing(sqlstate.UndefinedTable, "relation %q does not exist", n.Name)
		}
	case parser.ObjectSchema:
		if !x.cat.HasSchema(n.Name) && !syscat.IsSchema(n.Name) {
			return missing(sqlstate.InvalidSchemaName, "schema %q does not exist", n.Name)
		}
	}
	return nil
}

// nextStatement lets the rest of this one see what it has written.
func (x *execution) nextStatement() error {
	if err := x.s.tx.txn.StartStatement(x.ctx); err != nil {
		return err
	}
	return x.loadCatalog()
}

// settle is nextStatement once the newest change of the catalog is visible:
// what others did while a lock was waited for is known after it.
func (x *execution) settle() error {
	if err := x.s.db.rows.WaitVisible(x.ctx, x.s.db.catalog.Newest()); err != nil {
		return err
	}
	return x.nextStatement()
}

// dropSchema removes a schema that lockItem has locked, so that nobody has put
// anything into it since the statement looked.
func (x *execution) dropSchema(schema string) error {
	if err := x.cat.EmptySchema(schema); err != nil {
		return err
	}
	db, txn := x.s.db, x.s.tx.txn
	if x.s.tx.isolation == "repeatable read" && db.catalog.Newest() > txn.ReadTimestamp() {
		// What was put into it before the lock is not in this snapshot.
		return sqlstate.New(sqlstate.SerializationFailure, "could not serialize access due to concurrent update").
			WithDetail("The catalog has changed since the transaction began: schema %q may not be empty.", schema)
	}
	return db.catalog.DropSchema(x.ctx, txn, schema)
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

func (x *execution) vacuum(*parser.VacuumStmt) (*output, error) {
	if !x.auto {
		return nil, sqlstate.New(sqlstate.ActiveTransaction, "VACUUM cannot run inside a transaction block")
	}
	return done, nil
}

func (x *execution) checkpoint(*parser.CheckpointStmt) (*output, error) {
	return done, x.s.db.Checkpoint(x.ctx)
}

// text is a TEXT value.
func text(s string) types.Datum { return types.NewString(s) }
