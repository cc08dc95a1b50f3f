package ddl

import (
	"slices"
	"strconv"
	"strings"

	"htapdb/htap/catalog"
	"htapdb/htap/sequence"
	"htapdb/htap/syscat"
	"htapdb/rowstore"
	"htapdb/sql/binder"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
)

// Stored expressions are the texts of views, of CHECK constraints and of defaults.
// The constants in them that name an object, as in nextval('s'), 't'::regclass and
// predict('m', …), mean what they meant to whoever wrote them: they are stored with
// their schemas, follow when their object is renamed, and are dependencies.

// reference is a constant that names an object.
type reference struct {
	value *string
	kind  referenceKind
}

// referenceKind is what a reference may name.
type referenceKind uint8

const (
	aSequence referenceKind = iota
	aRelation               // of any kind
	aModel
)

// references are the constants in a query or expression that name objects. A
// sequence's name that is cast to another type than regclass, which can be looked up
// when it runs, is among them if late.
func references(in parser.Node, late bool) (out []reference) {
	add := func(e parser.Expr, kind referenceKind) {
		lit, ok := e.(*parser.StringLit)
		if ok && !slices.ContainsFunc(out, func(r reference) bool { return r.value == &lit.Value }) {
			out = append(out, reference{&lit.Value, kind})
		}
	}
	parser.Walk(in, func(n parser.Node) bool {
		switch n := n.(type) {
		case *parser.CastExpr:
			if n.Type.Name == "regclass" && len(n.Type.Dims) == 0 {
				add(n.Operand, aRelation)
			}
		case *parser.FuncCall:
			if len(n.Args) == 0 {
				break
			}
			arg := n.Args[0]
			switch name := n.Name.Name; {
			case name == "nextval" || name == "currval" || name == "setval":
				if c, ok := arg.(*parser.CastExpr); ok && (late || c.Type.Name == "regclass") {
					arg = c.Operand
				}
				add(arg, aSequence)
			case strings.HasPrefix(name, "predict"):
				add(arg, aModel)
			case binder.RelationFunction(name):
				add(arg, aRelation)
			}
		}
		return true
	})
	return out
}

// names reports whether the reference, which is stored, names the object.
func (r reference) names(schema, name string, model bool) bool {
	return slices.Contains(r.objects(), namedObject{schema, name, model})
}

// qualified is a name that means the same along every search path.
func qualified(schema, name string) string {
	return parser.QuoteIdent(schema) + "." + parser.QuoteIdent(name)
}

// storedExpr is the text of a default or a CHECK constraint of a table, which need not
// be in the catalog yet. The objects that it names stay until the transaction ends.
func (x *Statement) storedExpr(e parser.Expr, late bool, of *catalog.Table) (string, error) {
	text := parser.Format(e)
	if len(references(e, late)) == 0 {
		return text, nil
	}
	own, err := parser.ParseExpr(text) // the statement may run again along another path
	if err != nil {
		return "", sqlstate.Wrap(sqlstate.InternalError, err, "reading the expression %s again", text)
	}
	if _, err := x.qualify(own, late, of); err != nil {
		return "", err
	}
	return parser.Format(own), nil
}

// qualify gives the references in a query or expression the schemas of what they
// name, and returns those objects, which stay until the transaction ends; of is a
// table that is about to be made, or nil.
func (x *Statement) qualify(in parser.Node, late bool, of *catalog.Table) (items []*dropItem, err error) {
	for _, r := range references(in, late) {
		d, err := x.resolve(r, of)
		if err != nil {
			return nil, err
		}
		if d == nil {
			continue
		}
		schema, name := d.name()
		*r.value = qualified(schema, name)
		if d.id() == 0 {
			continue // the system's, or the table itself
		}
		if err := x.keep(d); err != nil {
			return nil, err
		}
		items = append(items, d)
	}
	return items, nil
}

// resolve finds what a reference names, nil for one that is no name.
func (x *Statement) resolve(r reference, of *catalog.Table) (*dropItem, error) {
	if r.kind == aSequence {
		q, err := sequence.Find(x.Cat, *r.value)
		return &dropItem{sequence: q}, err
	}
	if r.kind == aModel {
		m := FindModel(*r.value, x.Cat.Model)
		if m == nil {
			return nil, sqlstate.New(sqlstate.UndefinedObject, "model %q does not exist", *r.value)
		}
		return &dropItem{model: m}, nil
	}
	text := strings.TrimSpace(*r.value)
	if _, err := strconv.ParseUint(text, 10, 32); err == nil || text == "-" {
		return nil, nil
	}
	n, err := parser.ParseName(text)
	if err != nil {
		return nil, err
	}
	if schema := syscat.Resolve(x.Cat, x.Session.Path(x.Cat), n.Schema, n.Name); schema != "" {
		return &dropItem{table: &catalog.Table{Schema: schema, Name: n.Name}}, nil
	}
	switch x.relationKind(n) {
	case parser.ObjectTable:
		return &dropItem{table: x.Cat.Table(n.Schema, n.Name)}, nil
	case parser.ObjectView:
		return &dropItem{view: x.Cat.View(n.Schema, n.Name)}, nil
	case parser.ObjectSequence:
		return &dropItem{sequence: x.Cat.Sequence(n.Schema, n.Name)}, nil
	case parser.ObjectIndex:
		return &dropItem{table: x.Cat.IndexTable(n.Schema, n.Name), index: n.Name}, nil
	}
	if of != nil && n.Name == of.Name && (n.Schema == "" || n.Schema == of.Schema) {
		return &dropItem{table: &catalog.Table{Schema: of.Schema, Name: of.Name}}, nil
	}
	return nil, x.Cat.NoRelation(n.Schema, n.Name)
}

// FindModel finds a model by the name in a constant, which may have a schema; look is
// asked for models by schema and name. A name without a schema is taken as it is
// written.
func FindModel(name string, look func(schema, name string) *catalog.Model) *catalog.Model {
	if n, err := parser.ParseName(name); err == nil && n.Schema != "" {
		if m := look(n.Schema, n.Name); m != nil {
			return m
		}
	}
	return look("", name)
}

// keep locks an object against being dropped until the transaction ends.
func (x *Statement) keep(d *dropItem) (err error) {
	switch {
	case d.table != nil:
		return x.LockTable(d.table, rowstore.LockTableShared)
	case d.view != nil:
		_, err = x.holdView(d.view, false)
	case d.sequence != nil:
		_, err = x.holdSequence(d.sequence, false)
	case d.model != nil:
		err = held(x.Catalog.HoldModel(x.Ctx, x.Tx.Txn, d.model, false))
	}
	return err
}

// indexID identifies an index of a table; that of the primary key is the table.
func indexID(t *catalog.Table, index string) catalog.ID {
	for i := range t.Indexes {
		if t.Indexes[i].Name == index {
			return t.Indexes[i].ID
		}
	}
	return t.ID
}

// source is the entry of a view for an object that a constant in its text names.
func (d *dropItem) source() catalog.ViewSource {
	s := catalog.ViewSource{ID: d.id()}
	s.Schema, s.Name = d.name()
	if d.index != "" {
		s.ID = indexID(d.table, d.index)
	}
	return s
}

// renamed has the stored expressions that name a table follow it to another name: the
// table has got it, others are locked and changed.
func (x *Statement) renamed(old, next *catalog.Table) error {
	rename := func(refs []reference) (any bool) {
		for _, r := range refs {
			if r.kind == aRelation && r.names(old.Schema, old.Name, false) {
				*r.value, any = qualified(next.Schema, next.Name), true
			}
		}
		return any
	}
	for _, v := range x.Cat.Views() {
		// One that got the name into it later cannot be: the table's lock is against it.
		changed, err := renamedView(v, old, next, rename)
		if changed != nil && err == nil {
			if v, err = x.holdView(v, true); err == nil {
				changed, err = renamedView(v, old, next, rename)
			}
		}
		if changed != nil && err == nil {
			err = x.Catalog.PutView(x.Ctx, x.Tx.Txn, changed, true)
		}
		if err != nil {
			return err
		}
	}
	for _, t := range x.Cat.Tables() {
		changed := t.Clone()
		any, err := renameExprs(changed, rename)
		if err != nil {
			return err
		}
		if !any {
			continue
		}
		if t.ID != next.ID {
			if err := x.LockTable(t, rowstore.LockTableExclusive); err != nil {
				return err
			}
		}
		if err := x.Catalog.AlterTable(x.Ctx, x.Tx.Txn, t, changed); err != nil {
			return err
		}
	}
	return nil
}

// renamedView is a view with a table's new name in its constants, nil if none names
// the table.
func renamedView(v *catalog.View, old, next *catalog.Table, rename func([]reference) bool) (*catalog.View, error) {
	if !v.Reads(old.ID, 0) {
		return nil, nil
	}
	stmt, err := parser.ParseOne(v.SQL)
	if err != nil {
		return nil, sqlstate.Wrap(sqlstate.InternalError, err, "definition of view %q does not parse", v.Name)
	}
	if !rename(references(stmt.Stmt, false)) {
		return nil, nil
	}
	changed := *v
	changed.SQL, changed.Sources = parser.Format(stmt.Stmt), slices.Clone(v.Sources)
	for i := range changed.Sources {
		if s := &changed.Sources[i]; s.ID == old.ID && s.IDs == nil && s.Name == old.Name {
			s.Name = next.Name
		}
	}
	return &changed, nil
}

// renameExprs changes the references in a table's stored expressions.
func renameExprs(t *catalog.Table, rename func([]reference) bool) (any bool, err error) {
	change := func(text *string) {
		if err != nil || !strings.Contains(*text, "'") {
			return
		}
		var e parser.Expr
		if e, err = parser.ParseExpr(*text); err == nil && rename(references(e, true)) {
			*text, any = parser.Format(e), true
		}
	}
	for i := range t.Columns {
		change(&t.Columns[i].Default)
	}
	for i := range t.Checks {
		change(&t.Checks[i].SQL)
	}
	return any, err
}
