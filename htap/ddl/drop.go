package ddl

import (
	"fmt"
	"slices"
	"strings"

	"htapdb/htap/catalog"
	"htapdb/htap/exec"
	"htapdb/rowstore"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
)

// dropItem is an object, a column of a table, or the default of a column, that
// is to go.
type dropItem struct {
	// Of these one is set; with table, column may be, and isDefault.
	table    *catalog.Table
	view     *catalog.View
	sequence *catalog.Sequence
	model    *catalog.Model
	index    string
	schema   string
	// column is the column of table that goes, nil for the table itself.
	column    *catalog.Column
	isDefault bool
	// check is the name of a CHECK constraint of table; unique says that it is the
	// UNIQUE constraint of index that goes.
	check  string
	unique bool
}

// String is the item as messages name it.
func (d *dropItem) String() string {
	switch {
	case d.isDefault:
		return fmt.Sprintf("default value for column %s of table %s", d.column.Name, catalog.QualifiedName(d.table.Schema, d.table.Name))
	case d.column != nil:
		return fmt.Sprintf("column %s of table %s", d.column.Name, catalog.QualifiedName(d.table.Schema, d.table.Name))
	case d.check != "":
		return fmt.Sprintf("constraint %s on table %s", d.check, catalog.QualifiedName(d.table.Schema, d.table.Name))
	case d.unique:
		return fmt.Sprintf("constraint %s on table %s", d.index, catalog.QualifiedName(d.table.Schema, d.table.Name))
	case d.index != "":
		return "index " + catalog.QualifiedName(d.table.Schema, d.index)
	case d.table != nil:
		return "table " + catalog.QualifiedName(d.table.Schema, d.table.Name)
	case d.view != nil:
		return "view " + catalog.QualifiedName(d.view.Schema, d.view.Name)
	case d.sequence != nil:
		return "sequence " + catalog.QualifiedName(d.sequence.Schema, d.sequence.Name)
	case d.model != nil:
		return "model " + catalog.QualifiedName(d.model.Schema, d.model.Name)
	}
	return "schema " + d.schema
}

// id is the identifier of the object: a greater one was made later.
func (d *dropItem) id() catalog.ID {
	switch {
	case d.table != nil:
		return d.table.ID
	case d.view != nil:
		return d.view.ID
	case d.sequence != nil:
		return d.sequence.ID
	case d.model != nil:
		return d.model.ID
	}
	return 0
}

// name is the name of the object.
func (d *dropItem) name() (schema, name string) {
	switch {
	case d.index != "":
		return d.table.Schema, d.index
	case d.table != nil:
		return d.table.Schema, d.table.Name
	case d.view != nil:
		return d.view.Schema, d.view.Name
	case d.sequence != nil:
		return d.sequence.Schema, d.sequence.Name
	case d.model != nil:
		return d.model.Schema, d.model.Name
	}
	return "", d.schema
}

// dropOrder collects what goes with what is dropped.
type dropOrder struct {
	cat    *catalog.Snapshot
	namers *namers
	// seen are the texts of the items, which name them.
	seen map[string]bool
	// items stand after what depends on them; why says what each depends on, ""
	// for those that the statement names.
	items []*dropItem
	why   map[*dropItem]string
}

// add puts an item into the order, after everything that depends on it.
func (o *dropOrder) add(d *dropItem, why string) {
	name := d.String()
	if o.seen[name] {
		return
	}
	o.seen[name] = true
	o.why[d] = why
	deps := o.dependents(d)
	for i := len(deps) - 1; i >= 0; i-- {
		o.add(deps[i], fmt.Sprintf("%s depends on %s", deps[i], name))
	}
	o.items = append(o.items, d)
}

// dependents are the items that cannot be without d, in the order of their making.
func (o *dropOrder) dependents(d *dropItem) (out []*dropItem) {
	switch {
	case d.isDefault || d.check != "":
	case d.schema != "":
		return o.inSchema(d.schema)
	case d.column != nil:
		out = o.readers(d.table.ID, d.column.ID)
		ord := d.table.OrdinalOf(d.column.ID)
		for i := range d.table.Indexes {
			if x := &d.table.Indexes[i]; slices.Contains(x.Columns, ord) {
				out = append(out, o.users(&dropItem{table: d.table, index: x.Name}, d)...)
			}
		}
		for _, q := range o.cat.Owned(d.table, d.column) {
			out = append(out, o.users(&dropItem{sequence: q}, d)...)
		}
	case d.index != "":
		out = o.users(d, nil)
	case d.table != nil:
		out = o.users(d, d)
		for i := range d.table.Indexes {
			out = append(out, o.users(&dropItem{table: d.table, index: d.table.Indexes[i].Name}, d)...)
		}
		if t := d.table; !t.HiddenKey() && o.cat.IndexTable(t.Schema, t.PrimaryName) == t {
			out = append(out, o.users(&dropItem{table: t, index: t.PrimaryName}, d)...)
		}
		for _, q := range o.cat.Sequences() {
			if q.Owner == d.table.ID {
				out = append(out, o.users(&dropItem{sequence: q}, d)...)
			}
		}
	default:
		out = o.users(d, nil)
	}
	return out
}

// users are the views that read an object, or name it in a constant, and the defaults
// and CHECK constraints that name it, but for those that go with a table or a column.
func (o *dropOrder) users(d, but *dropItem) (out []*dropItem) {
	source := d.source()
	out = o.readers(source.ID, 0)
	if q := d.sequence; q != nil {
		// TRUNCATE … RESTART IDENTITY gives the name to another sequence.
		for _, v := range o.cat.Views() {
			byName := func(s catalog.ViewSource) bool {
				return s.Columns == nil && s.ID != q.ID && s.Schema == q.Schema && s.Name == q.Name
			}
			if !v.Reads(q.ID, 0) && slices.ContainsFunc(v.Sources, byName) {
				out = append(out, &dropItem{view: v})
			}
		}
	}
	return append(out, o.namers.of(d, but)...)
}

// readers are the views that read a relation, or a column of it.
func (o *dropOrder) readers(relation catalog.ID, column uint32) (out []*dropItem) {
	for _, v := range o.cat.Views() {
		if v.Reads(relation, column) {
			out = append(out, &dropItem{view: v})
		}
	}
	slices.SortFunc(out, func(a, b *dropItem) int { return int(a.view.ID) - int(b.view.ID) })
	return out
}

// inSchema are the objects of a schema.
func (o *dropOrder) inSchema(schema string) (out []*dropItem) {
	for _, t := range o.cat.Tables() {
		if t.Schema == schema {
			out = append(out, &dropItem{table: t})
		}
	}
	for _, v := range o.cat.Views() {
		if v.Schema == schema {
			out = append(out, &dropItem{view: v})
		}
	}
	for _, q := range o.cat.Sequences() {
		if q.Schema == schema && q.Owner == 0 {
			out = append(out, &dropItem{sequence: q})
		}
	}
	for _, m := range o.cat.Models() {
		if m.Schema == schema {
			out = append(out, &dropItem{model: m})
		}
	}
	slices.SortFunc(out, func(a, b *dropItem) int { return int(a.id()) - int(b.id()) })
	return out
}

// Drop is DROP of any kind of object.
func (x *Statement) Drop(st *parser.DropStmt) (*exec.Output, error) {
	var named []*dropItem
	for _, n := range st.Names {
		d, err := x.lockDropped(st.Kind, n)
		switch {
		case err != nil:
			return nil, err
		case d != nil:
			named = append(named, d)
		case !st.IfExists:
			return nil, x.noSuch(st.Kind, n)
		case x.Cat.MissingSchema(n.Schema):
			x.Warn(sqlstate.Success, "schema %q does not exist, skipping", n.Schema)
		default:
			x.Warn(sqlstate.Success, "%s %q does not exist, skipping", st.Kind, n.Name)
		}
	}
	if err := x.dropAll(named, st.Cascade); err != nil {
		return nil, err
	}
	return &exec.Output{Tag: "DROP " + strings.ToUpper(st.Kind.String())}, nil
}

// lockDropped finds and locks an object that is to be dropped, nil if there is none.
func (x *Statement) lockDropped(kind parser.ObjectKind, n parser.ObjectName) (*dropItem, error) {
	d, err := x.findDropped(kind, n)
	if d == nil || err != nil {
		return nil, err
	}
	return d, x.lockItem(d)
}

// findDropped finds an object that is to be dropped, nil if there is none.
func (x *Statement) findDropped(kind parser.ObjectKind, n parser.ObjectName) (*dropItem, error) {
	d := &dropItem{}
	if isRelationKind(kind) && x.isSystem(n) {
		return nil, systemCatalog(n.Name)
	}
	switch kind {
	case parser.ObjectTable:
		d.table = x.Cat.Table(n.Schema, n.Name)
	case parser.ObjectIndex:
		if d.table = x.Cat.IndexTable(n.Schema, n.Name); d.table != nil {
			d.index = n.Name
		}
	case parser.ObjectView:
		d.view = x.Cat.View(n.Schema, n.Name)
	case parser.ObjectSequence:
		d.sequence = x.Cat.Sequence(n.Schema, n.Name)
	case parser.ObjectModel:
		d.model = x.Cat.Model(n.Schema, n.Name)
	case parser.ObjectSchema:
		if n.Name == catalog.DefaultSchema || catalog.IsSystemSchema(n.Name) && !x.Cat.HasSchema(n.Name) {
			return nil, sqlstate.New(sqlstate.DependentObjectsStillExist, "cannot drop schema %s because it is required by the database system", n.Name)
		}
		if x.Cat.HasSchema(n.Name) {
			d.schema = n.Name
		}
	default:
		return nil, sqlstate.New(sqlstate.FeatureNotSupported, "DROP %s is not supported", strings.ToUpper(kind.String()))
	}
	if *d != (dropItem{}) {
		return d, nil
	}
	if other := x.relationKind(n); other != kind && isRelationKind(kind) && isRelationKind(other) {
		return nil, sqlstate.New(sqlstate.WrongObjectType, "%q is not %s %s", n.Name, article(kind), kind).
			WithHint("Use DROP %s to remove %s %s.", strings.ToUpper(other.String()), article(other), other)
	}
	return nil, nil
}

// article is the indefinite article before a kind of object.
func article(k parser.ObjectKind) string {
	if k == parser.ObjectIndex {
		return "an"
	}
	return "a"
}

// isRelationKind reports the kinds that share their names.
func isRelationKind(k parser.ObjectKind) bool {
	return k == parser.ObjectTable || k == parser.ObjectView || k == parser.ObjectSequence || k == parser.ObjectIndex
}

// relationKind is the kind of the relation with a name, ObjectDatabase if there is none.
func (x *Statement) relationKind(n parser.ObjectName) parser.ObjectKind {
	switch {
	case x.Cat.Table(n.Schema, n.Name) != nil:
		return parser.ObjectTable
	case x.Cat.View(n.Schema, n.Name) != nil:
		return parser.ObjectView
	case x.Cat.Sequence(n.Schema, n.Name) != nil:
		return parser.ObjectSequence
	case x.Cat.IndexTable(n.Schema, n.Name) != nil:
		return parser.ObjectIndex
	}
	return parser.ObjectDatabase
}

func (x *Statement) noSuch(kind parser.ObjectKind, n parser.ObjectName) error {
	if x.Cat.MissingSchema(n.Schema) {
		return sqlstate.New(sqlstate.InvalidSchemaName, "schema %q does not exist", n.Schema)
	}
	code := sqlstate.UndefinedTable
	switch kind {
	case parser.ObjectSchema:
		code = sqlstate.InvalidSchemaName
	case parser.ObjectModel, parser.ObjectIndex, parser.ObjectType:
		code = sqlstate.UndefinedObject
	}
	return sqlstate.New(code, "%s %q does not exist", kind, n.Name)
}

// lockItem keeps others from using an object that is to be dropped.
func (x *Statement) lockItem(d *dropItem) error {
	switch {
	case d.table != nil:
		return x.LockTable(d.table, rowstore.LockTableExclusive)
	case d.view != nil:
		_, err := x.holdView(d.view, true)
		return err
	case d.sequence != nil:
		_, err := x.holdSequence(d.sequence, true)
		return err
	case d.model != nil:
		ok, err := x.Catalog.HoldModel(x.Ctx, x.Tx.Txn, d.model, true)
		return held(ok, err)
	case d.schema != "":
		return x.Catalog.HoldSchema(x.Ctx, x.Tx.Txn, d.schema)
	}
	return nil
}

// dropAll drops locked objects with what depends on them, which needs cascade.
func (x *Statement) dropAll(named []*dropItem, cascade bool) error {
	if len(named) == 0 {
		return nil
	}
	// Somebody may have made a view while the locks were waited for.
	if err := x.Settle(); err != nil {
		return err
	}
	namers, err := namersOf(x.Ctx, x.Cat.Tables())
	if err != nil {
		return err
	}
	o := &dropOrder{cat: x.Cat, namers: namers, seen: map[string]bool{}, why: map[*dropItem]string{}}
	for _, d := range named {
		err := x.isRequired(d.sequence)
		if d.index != "" && !d.unique {
			err = indexRequired(d.table, d.index)
		}
		if err != nil {
			return err
		}
		o.add(d, "")
	}
	// The order in which they are reported is that of their making.
	slices.Reverse(o.items)
	var extra []*dropItem
	for _, d := range o.items {
		if o.why[d] != "" && !slices.ContainsFunc(named, func(n *dropItem) bool { return n.String() == d.String() }) {
			extra = append(extra, d)
		}
	}
	if len(extra) > 0 && !cascade {
		return dependentsExist(named, extra, o.why)
	}
	for _, d := range extra {
		if err := x.lockItem(d); err != nil {
			return err
		}
	}
	x.noteCascade(extra)
	x.Tx.DDL = true
	for i := len(o.items) - 1; i >= 0; i-- {
		if err := x.dropItem(o.items[i]); err != nil {
			return err
		}
		if err := x.NextStatement(); err != nil {
			return err
		}
	}
	return nil
}

// isRequired is the error of dropping the sequence of an identity column, nil for
// others.
func (x *Statement) isRequired(q *catalog.Sequence) error {
	if q == nil || q.Owner == 0 {
		return nil
	}
	t := x.Cat.TableByID(q.Owner)
	if t == nil {
		return nil
	}
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Identity && c.Sequence == q.ID {
			return sqlstate.New(sqlstate.DependentObjectsStillExist, "cannot drop sequence %s because column %s of table %s requires it",
				catalog.QualifiedName(q.Schema, q.Name), c.Name, catalog.QualifiedName(t.Schema, t.Name)).
				WithHint("You can drop column %s of table %s instead.", c.Name, catalog.QualifiedName(t.Schema, t.Name))
		}
	}
	return nil
}

// indexRequired is the error of dropping the index of a constraint, nil for others.
func indexRequired(t *catalog.Table, index string) error {
	for i := range t.Indexes {
		if k := &t.Indexes[i]; k.Name == index && !k.Constraint {
			return nil
		}
	}
	table := catalog.QualifiedName(t.Schema, t.Name)
	return sqlstate.New(sqlstate.DependentObjectsStillExist, "cannot drop index %s because constraint %s on table %s requires it",
		catalog.QualifiedName(t.Schema, index), index, table).
		WithHint("You can drop constraint %s on table %s instead.", index, table)
}

// dependentsExist is the error of a DROP without CASCADE.
func dependentsExist(named, extra []*dropItem, why map[*dropItem]string) error {
	e := sqlstate.New(sqlstate.DependentObjectsStillExist, "cannot drop desired object(s) because other objects depend on them")
	if len(named) == 1 {
		e = sqlstate.New(sqlstate.DependentObjectsStillExist, "cannot drop %s because other objects depend on it", named[0])
	}
	var lines []string
	for _, d := range extra {
		lines = append(lines, why[d])
	}
	return e.WithDetail("%s", strings.Join(lines, "\n")).WithHint("Use DROP ... CASCADE to drop the dependent objects too.")
}

// noteCascade tells the client what else is dropped.
func (x *Statement) noteCascade(extra []*dropItem) {
	if len(extra) == 0 {
		return
	}
	if len(extra) == 1 {
		x.Warn(sqlstate.Success, "drop cascades to %s", extra[0])
		return
	}
	var lines []string
	for _, d := range extra {
		lines = append(lines, "drop cascades to "+d.String())
	}
	x.Session.Send(sqlstate.New(sqlstate.Success, "drop cascades to %d other objects", len(extra)).WithDetail("%s", strings.Join(lines, "\n")))
}

// dropItem removes one object, on which nothing depends any more. It is looked
// up again: what went before it may have changed it.
func (x *Statement) dropItem(d *dropItem) error {
	c, txn := x.Catalog, x.Tx.Txn
	switch {
	case d.table != nil:
		t := x.Cat.TableByID(d.table.ID)
		switch {
		case t == nil:
			return nil
		case d.isDefault:
			next := t.Clone()
			if o := next.OrdinalOf(d.column.ID); o >= 0 {
				next.Columns[o].Default, next.Columns[o].Sequence = "", 0
			}
			return c.AlterTable(x.Ctx, txn, t, next)
		case d.check != "":
			next := t.Clone()
			next.Checks = slices.DeleteFunc(next.Checks, func(k catalog.Check) bool { return k.Name == d.check })
			next.Version++
			return c.AlterTable(x.Ctx, txn, t, next)
		case d.column != nil:
			return x.removeColumn(t, d.column)
		case d.index != "":
			return x.dropIndex(t, d.index)
		}
		return c.DropTable(x.Ctx, txn, x.Cat, t)
	case d.view != nil:
		return c.DropView(x.Ctx, txn, d.view)
	case d.sequence != nil:
		return c.DropSequence(x.Ctx, txn, d.sequence)
	case d.model != nil:
		return c.DropModel(x.Ctx, txn, d.model)
	}
	return x.dropSchema(d.schema)
}
