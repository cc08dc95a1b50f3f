package ddl

import (
	"strings"

	"htapdb/htap/catalog"
	"htapdb/htap/exec"
	"htapdb/htap/sequence"
	"htapdb/rowstore"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// CreateSequence is CREATE SEQUENCE.
func (x *Statement) CreateSequence(st *parser.CreateSequenceStmt) (*exec.Output, error) {
	schema, err := x.schemaOf(st.Name)
	if err != nil {
		return nil, err
	}
	if st.IfNotExists && x.Cat.Exists(schema, st.Name.Name) {
		x.Warn(sqlstate.DuplicateTable, "relation %q already exists, skipping", st.Name.Name)
		return exec.Done, nil
	}
	if x.Cat.Exists(schema, st.Name.Name) {
		return nil, duplicateRelation(st.Name.Name)
	}
	q := &catalog.Sequence{Schema: schema, Name: st.Name.Name}
	if err = sequence.Options(q, st.Options, types.TInt8); err != nil {
		return nil, err
	}
	if q.ID, err = x.Catalog.NextID(x.Ctx); err != nil {
		return nil, err
	}
	x.Tx.DDL = true
	return exec.Done, x.Catalog.CreateSequence(x.Ctx, x.Tx.Txn, q)
}

// CreateSchema is CREATE SCHEMA.
func (x *Statement) CreateSchema(st *parser.CreateSchemaStmt) (*exec.Output, error) {
	if strings.HasPrefix(st.Name.Name, "pg_") {
		return nil, sqlstate.New(sqlstate.ReservedName, "unacceptable schema name %q", st.Name.Name).
			WithDetail("The prefix \"pg_\" is reserved for system schemas.")
	}
	if x.Cat.HasSchema(st.Name.Name) || catalog.IsSystemSchema(st.Name.Name) {
		if st.IfNotExists {
			x.Warn(sqlstate.DuplicateSchema, "schema %q already exists, skipping", st.Name.Name)
			return exec.Done, nil
		}
		return nil, sqlstate.New(sqlstate.DuplicateSchema, "schema %q already exists", st.Name.Name)
	}
	x.Tx.DDL = true
	return exec.Done, x.Catalog.CreateSchema(x.Ctx, x.Tx.Txn, st.Name.Name)
}

// CreateIndex is CREATE INDEX: it fills the index under the table's exclusive lock.
func (x *Statement) CreateIndex(st *parser.CreateIndexStmt) (*exec.Output, error) {
	if st.Where != nil || len(st.Include) > 0 || st.NullsNotDistinct {
		return nil, sqlstate.New(sqlstate.FeatureNotSupported, "partial, covering and NULLS NOT DISTINCT indexes are not supported")
	}
	t, err := x.Table(st.Table)
	if err != nil {
		return nil, err
	}
	var cols []parser.Ident
	var names []string
	for _, e := range st.Elems {
		ref, ok := e.Expr.(*parser.ColumnRef)
		if !ok || len(ref.Parts) != 1 {
			return nil, sqlstate.New(sqlstate.FeatureNotSupported, "indexes on expressions are not supported")
		}
		cols = append(cols, parser.Ident{Loc: ref.Loc, Name: ref.Parts[0]})
		names = append(names, ref.Parts[0])
	}
	ords, err := exec.KeyOrdinals(t, cols, x.Script)
	if err != nil {
		return nil, err
	}
	name := st.Name.Name
	if name == "" {
		name = numbered(t.Name, strings.Join(names, "_"), "idx", x.relationTaken(t.Schema))
	}
	if x.Cat.Exists(t.Schema, name) {
		if st.IfNotExists {
			x.Warn(sqlstate.DuplicateTable, "relation %q already exists, skipping", name)
			return exec.Done, nil
		}
		return nil, duplicateRelation(name)
	}
	return exec.Done, x.addIndex(t, catalog.Index{Name: name, Columns: ords, Unique: st.Unique})
}

// addIndex stores and fills an index.
func (x *Statement) addIndex(t *catalog.Table, index catalog.Index) error {
	if err := x.LockTable(t, rowstore.LockTableExclusive); err != nil {
		return err
	}
	id, err := x.Catalog.NextID(x.Ctx)
	if err != nil {
		return err
	}
	index.ID = id
	next := t.Clone()
	next.Indexes = append(next.Indexes, index)
	schema, err := x.Catalog.RowSchema(next)
	if err != nil {
		return err
	}
	txn := x.Tx.Txn
	if err := txn.BuildIndex(x.Ctx, schema, id); err != nil {
		return err
	}
	x.Tx.DDL = true
	return x.Catalog.AlterTable(x.Ctx, txn, t, next)
}

// Truncate gives the tables new, empty storage.
func (x *Statement) Truncate(st *parser.TruncateStmt) (*exec.Output, error) {
	for _, n := range st.Tables {
		t, err := x.Table(n)
		if err != nil {
			return nil, err
		}
		if err := x.LockTable(t, rowstore.LockTableExclusive); err != nil {
			return nil, err
		}
		next := t.Clone()
		if next.StorageID, err = x.Catalog.NextID(x.Ctx); err != nil {
			return nil, err
		}
		if st.RestartIdentity {
			if err := x.restartSequences(next); err != nil {
				return nil, err
			}
		}
		if err := x.Catalog.AlterTable(x.Ctx, x.Tx.Txn, t, next); err != nil {
			return nil, err
		}
		x.Tx.DDL = true
	}
	return exec.Done, nil
}

// restartSequences gives the columns of a table new sequences in place of their own:
// unlike a changed counter, that can be rolled back.
func (x *Statement) restartSequences(t *catalog.Table) error {
	for _, q := range x.Cat.Sequences() {
		if q.Owner != t.ID {
			continue
		}
		fresh, err := x.holdSequence(q, true)
		if err != nil {
			return err
		}
		if fresh.ID, err = x.Catalog.NextID(x.Ctx); err != nil {
			return err
		}
		for i := range t.Columns {
			if c := &t.Columns[i]; c.Sequence == q.ID {
				c.Sequence, fresh.OwnerColumn = fresh.ID, c.ID
			}
		}
		if err := x.Catalog.ReplaceSequence(x.Ctx, x.Tx.Txn, fresh); err != nil {
			return err
		}
	}
	return nil
}

// dropSchema removes a schema that lockItem has locked, so that nobody has put
// anything into it since the statement looked.
func (x *Statement) dropSchema(schema string) error {
	if err := x.Cat.EmptySchema(schema); err != nil {
		return err
	}
	txn := x.Tx.Txn
	if x.Tx.Isolation == "repeatable read" && x.Catalog.Newest() > txn.ReadTimestamp() {
		// What was put into it before the lock is not in this snapshot.
		return sqlstate.New(sqlstate.SerializationFailure, "could not serialize access due to concurrent update").
			WithDetail("The catalog has changed since the transaction began: schema %q may not be empty.", schema)
	}
	return x.Catalog.DropSchema(x.Ctx, txn, schema)
}

// dropIndex removes an index; its entries go with the table's storage.
func (x *Statement) dropIndex(t *catalog.Table, name string) error {
	if err := x.LockTable(t, rowstore.LockTableExclusive); err != nil {
		return err
	}
	next := t.Clone()
	next.Indexes = next.Indexes[:0]
	for _, i := range t.Indexes {
		if i.Name != name {
			next.Indexes = append(next.Indexes, i)
		}
	}
	return x.Catalog.AlterTable(x.Ctx, x.Tx.Txn, t, next)
}
