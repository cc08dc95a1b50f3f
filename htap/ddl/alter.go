package ddl

import (
	"slices"
	"time"

	"htapdb/htap/catalog"
	"htapdb/htap/exec"
	"htapdb/htap/physical"
	"htapdb/rowstore"
	"htapdb/sql/binder"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// AlterTable is ALTER TABLE; each action makes a new descriptor.
func (x *Statement) AlterTable(st *parser.AlterTableStmt) (*exec.Output, error) {
	if st.Kind != parser.ObjectTable {
		return nil, sqlstate.New(sqlstate.FeatureNotSupported, "ALTER of a %s is not supported", st.Kind)
	}
	if st.IfExists && !x.isSystem(st.Name) && x.Cat.Table(st.Name.Schema, st.Name.Name) == nil {
		x.Warn(sqlstate.Success, "relation %q does not exist, skipping", st.Name.Name)
		return exec.Done, nil
	}
	t, err := x.Table(st.Name)
	if err != nil {
		return nil, err
	}
	if err := x.LockTable(t, rowstore.LockTableExclusive); err != nil {
		return nil, err
	}
	for _, a := range st.Actions {
		if err := x.alter(t, a); err != nil {
			return nil, err
		}
		x.Tx.DDL = true
		if err := x.NextStatement(); err != nil {
			return nil, err
		}
		if t = x.Cat.TableByID(t.ID); t == nil {
			return exec.Done, nil
		}
	}
	return exec.Done, nil
}

// alter applies one action.
func (x *Statement) alter(t *catalog.Table, a *parser.AlterAction) error {
	next := t.Clone()
	var err error
	switch a.Kind {
	case parser.AddColumn:
		err = x.addColumn(next, a)
	case parser.DropColumn:
		return x.dropColumn(t, a)
	case parser.RenameColumn:
		err = x.renameColumn(next, a)
	case parser.RenameObject:
		return x.rename(t, a.NewName.Name)
	case parser.SetColumnDefault, parser.DropColumnDefault:
		err = x.setDefault(next, a)
	case parser.DropNotNull, parser.SetNotNull:
		err = x.setNotNull(next, a)
	case parser.AddConstraint:
		return x.addConstraint(t, a.Constraint)
	case parser.DropConstraint:
		return x.dropConstraint(t, a)
	case parser.OwnerTo, parser.SetOptions, parser.ResetOptions:
		return nil
	default:
		err = sqlstate.New(sqlstate.FeatureNotSupported, "this action of ALTER TABLE is not supported")
	}
	if err != nil {
		return err
	}
	return x.Catalog.AlterTable(x.Ctx, x.Tx.Txn, t, next)
}

// rename gives a table another name. Who names it in a stored expression follows;
// whoever made one while the table's lock was waited for is known after it.
func (x *Statement) rename(t *catalog.Table, name string) error {
	if err := x.Settle(); err != nil {
		return err
	}
	old := x.Cat.TableByID(t.ID)
	if old == nil {
		return physical.ErrRestart
	}
	if x.Cat.Exists(old.Schema, name) {
		return duplicateRelation(name)
	}
	next := old.Clone()
	next.Name = name
	if err := x.Catalog.AlterTable(x.Ctx, x.Tx.Txn, old, next); err != nil {
		return err
	}
	x.Tx.DDL = true
	if err := x.NextStatement(); err != nil {
		return err
	}
	return x.renamed(old, next)
}

// alteredColumn finds the column that an action names.
func (x *Statement) alteredColumn(t *catalog.Table, name parser.Ident) (int, error) {
	o := t.Ordinal(name.Name)
	if o < 0 {
		return 0, sqlstate.New(sqlstate.UndefinedColumn, "column %q of relation %q does not exist", name.Name, t.Name).
			WithPosition(parser.Position(x.Script, name.Pos()))
	}
	return o, nil
}

// addColumn adds a column; rows that are there have its default, which must be constant.
func (x *Statement) addColumn(t *catalog.Table, a *parser.AlterAction) error {
	if t.Ordinal(a.Column.Name) >= 0 {
		if a.IfNotExists {
			x.Warn(sqlstate.DuplicateColumn, "column %q of relation %q already exists, skipping", a.Column.Name, t.Name)
			return nil
		}
		return sqlstate.New(sqlstate.DuplicateColumn, "column %q of relation %q already exists", a.Column.Name, t.Name)
	}
	typ, serial, err := ColumnType(a.Column.Type, x.Script)
	if err != nil {
		return err
	}
	if serial {
		return sqlstate.New(sqlstate.FeatureNotSupported, "ADD COLUMN of type serial is not supported")
	}
	if err := x.checkDeclared(t.Name, a.Column, typ, false); err != nil {
		return err
	}
	t.Version++
	col := catalog.Column{ID: t.NextColumnID, Name: a.Column.Name, Type: typ, Since: t.Version}
	t.NextColumnID++
	for _, k := range a.Column.Constraints {
		switch k.Kind {
		case parser.ConstrNull:
		case parser.ConstrNotNull:
			col.NotNull = true
		case parser.ConstrDefault:
			if err := x.missingValue(t, &col, k.Expr); err != nil {
				return err
			}
		default:
			return sqlstate.New(sqlstate.FeatureNotSupported, "ADD COLUMN with this constraint is not supported").
				WithHint("Add the column first, then the constraint.")
		}
	}
	if col.NotNull && !col.HasMissing {
		empty, err := x.isEmpty(t)
		if err != nil {
			return err
		}
		if !empty {
			return sqlstate.New(sqlstate.NotNullViolation, "column %q of relation %q contains null values", col.Name, t.Name).
				WithHint("Give it a DEFAULT.").WithObject(sqlstate.Object{Schema: t.Schema, Table: t.Name, Column: col.Name})
		}
	}
	t.Columns = append(t.Columns, col)
	return nil
}

// missingValue evaluates a constant default for the rows that are there.
func (x *Statement) missingValue(t *catalog.Table, col *catalog.Column, e parser.Expr) error {
	bound, err := binder.BindExpr(e, nil, col.Type, binder.Options{SQL: x.Script, Catalog: x.Names()})
	if err != nil {
		return err
	}
	if fn.VolatilityOf(bound) == fn.Volatile {
		return sqlstate.New(sqlstate.FeatureNotSupported, "ADD COLUMN with a volatile default is not supported")
	}
	d, err := fn.EvalScalar(x.EvalContext(), bound)
	if err != nil {
		return err
	}
	if col.Default, err = x.storedExpr(e, true, t); err != nil {
		return err
	}
	if !d.IsNull() {
		col.HasMissing, col.Missing = true, types.Format(d, col.Type, time.UTC)
	}
	return nil
}

// isEmpty reports whether the table has no rows.
func (x *Statement) isEmpty(t *catalog.Table) (bool, error) {
	old := x.Cat.TableByID(t.ID)
	schema, err := x.Catalog.RowSchema(old)
	if err != nil {
		return false, err
	}
	it := x.Tx.Txn.Scan(schema, rowstore.Span{}, rowstore.ScanOptions{Limit: 1})
	defer it.Close()
	return !it.Next(), it.Err()
}

// dropColumn removes a column, and with CASCADE the views that read it.
func (x *Statement) dropColumn(t *catalog.Table, a *parser.AlterAction) error {
	if t.Ordinal(a.Name.Name) < 0 && a.IfExists {
		x.Warn(sqlstate.Success, "column %q of relation %q does not exist, skipping", a.Name.Name, t.Name)
		return nil
	}
	o, err := x.alteredColumn(t, a.Name)
	if err != nil {
		return err
	}
	return x.dropAll([]*dropItem{{table: t, column: &t.Columns[o]}}, a.Cascade)
}

// removeColumn removes a column that no key uses; old rows keep its bytes.
func (x *Statement) removeColumn(old *catalog.Table, col *catalog.Column) error {
	t := old.Clone()
	o := t.OrdinalOf(col.ID)
	inUse := func(cols []int) bool { return slices.Contains(cols, o) }
	if inUse(t.Primary) || len(t.Checks) > 0 {
		return sqlstate.New(sqlstate.FeatureNotSupported, "dropping column %q of a primary key, or of a table with CHECK constraints, is not supported", col.Name)
	}
	shift := func(cols []int) {
		for i := range cols {
			if cols[i] > o {
				cols[i]--
			}
		}
	}
	kept := t.Indexes[:0]
	for _, i := range t.Indexes {
		if inUse(i.Columns) {
			continue // PostgreSQL drops the indexes of a dropped column
		}
		i.Columns = append([]int(nil), i.Columns...)
		shift(i.Columns)
		kept = append(kept, i)
	}
	t.Indexes = kept
	shift(t.Primary)
	t.Version++
	gone := t.Columns[o]
	gone.Until, gone.NotNull = t.Version, false
	t.Dropped = append(t.Dropped, gone)
	t.Columns = append(t.Columns[:o], t.Columns[o+1:]...)
	for _, q := range x.Cat.Owned(old, col) {
		if err := x.Catalog.DropSequence(x.Ctx, x.Tx.Txn, q); err != nil {
			return err
		}
	}
	return x.Catalog.AlterTable(x.Ctx, x.Tx.Txn, old, t)
}

func (x *Statement) renameColumn(t *catalog.Table, a *parser.AlterAction) error {
	o, err := x.alteredColumn(t, a.Name)
	if err != nil {
		return err
	}
	if t.Ordinal(a.NewName.Name) >= 0 {
		return sqlstate.New(sqlstate.DuplicateColumn, "column %q of relation %q already exists", a.NewName.Name, t.Name)
	}
	if len(t.Checks) > 0 {
		return sqlstate.New(sqlstate.FeatureNotSupported, "renaming a column of a table with CHECK constraints is not supported")
	}
	t.Columns[o].Name = a.NewName.Name
	t.Version++
	return nil
}

func (x *Statement) setDefault(t *catalog.Table, a *parser.AlterAction) error {
	o, err := x.alteredColumn(t, a.Name)
	if err != nil {
		return err
	}
	col := &t.Columns[o]
	if col.Identity {
		return isIdentity(t, col)
	}
	// The default of a serial column is nextval of its sequence, which stays its own.
	if q := x.Cat.SequenceByID(col.Sequence); q != nil && q.OwnerColumn == 0 {
		owned, err := x.holdSequence(q, true)
		if err != nil {
			return err
		}
		owned.OwnerColumn = col.ID
		if err := x.Catalog.ReplaceSequence(x.Ctx, x.Tx.Txn, owned); err != nil {
			return err
		}
	}
	col.Default, col.Sequence = "", 0
	if a.Kind == parser.SetColumnDefault {
		col.Default, err = x.checkDefault(a.Default, col.Type, t)
	}
	return err
}

// isIdentity is the error about what an identity column cannot have.
func isIdentity(t *catalog.Table, c *catalog.Column) error {
	return sqlstate.New(sqlstate.SyntaxError, "column %q of relation %q is an identity column", c.Name, t.Name)
}

// setNotNull sets or drops NOT NULL; setting it reads the rows.
func (x *Statement) setNotNull(t *catalog.Table, a *parser.AlterAction) error {
	o, err := x.alteredColumn(t, a.Name)
	if err != nil {
		return err
	}
	if a.Kind == parser.DropNotNull {
		if t.Columns[o].Identity {
			return isIdentity(t, &t.Columns[o])
		}
		for _, p := range t.Primary {
			if p == o {
				return sqlstate.New(sqlstate.InvalidTableDefinition, "column %q is in a primary key", a.Name.Name)
			}
		}
	}
	t.Columns[o].NotNull = a.Kind == parser.SetNotNull
	t.Version++
	if a.Kind == parser.DropNotNull {
		return nil
	}
	schema, err := x.Catalog.RowSchema(x.Cat.TableByID(t.ID))
	if err != nil {
		return err
	}
	it := x.Tx.Txn.Scan(schema, rowstore.Span{}, rowstore.ScanOptions{})
	defer it.Close()
	for it.Next() {
		if it.Row().IsNull(o) {
			return sqlstate.New(sqlstate.NotNullViolation, "column %q of relation %q contains null values", a.Name.Name, t.Name).
				WithObject(sqlstate.Object{Schema: t.Schema, Table: t.Name, Column: a.Name.Name})
		}
	}
	return it.Err()
}

// addConstraint adds UNIQUE or CHECK to a table with rows, or a primary key to one without.
func (x *Statement) addConstraint(t *catalog.Table, k *parser.TableConstraint) error {
	b := &tableBuilder{x: x, t: t.Clone()}
	if err := b.constraint(k); err != nil {
		return err
	}
	if err := b.makeKeys(); err != nil {
		return err
	}
	switch k.Kind {
	case parser.ConstrUnique:
		return x.addIndex(t, b.t.Indexes[len(b.t.Indexes)-1])
	case parser.ConstrPrimaryKey:
		return x.rekey(t, b.t)
	}
	if err := x.checkRows(t, b.t.Checks[len(b.t.Checks)-1]); err != nil {
		return err
	}
	b.t.Version++
	return x.Catalog.AlterTable(x.Ctx, x.Tx.Txn, t, b.t)
}

// dropConstraint removes a CHECK constraint, or a UNIQUE one with its index, and with
// CASCADE who names that.
func (x *Statement) dropConstraint(t *catalog.Table, a *parser.AlterAction) error {
	for i := range t.Checks {
		if t.Checks[i].Name == a.Name.Name {
			next := t.Clone()
			next.Checks = slices.Delete(next.Checks, i, i+1)
			next.Version++
			return x.Catalog.AlterTable(x.Ctx, x.Tx.Txn, t, next)
		}
	}
	for i := range t.Indexes {
		if k := &t.Indexes[i]; k.Name == a.Name.Name && k.Constraint {
			return x.dropAll([]*dropItem{{table: t, index: k.Name, unique: true}}, a.Cascade)
		}
	}
	if hasConstraint(t, a.Name.Name) {
		return sqlstate.New(sqlstate.FeatureNotSupported, "dropping a primary key is not supported")
	}
	if a.IfExists {
		x.Warn(sqlstate.Success, "constraint %q of relation %q does not exist, skipping", a.Name.Name, t.Name)
		return nil
	}
	return sqlstate.New(sqlstate.UndefinedObject, "constraint %q of relation %q does not exist", a.Name.Name, t.Name)
}
