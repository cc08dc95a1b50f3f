package binder

import (
	"fmt"

	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// Options are the inputs of a binding besides the tree.
type Options struct {
	// SQL is the text that the tree's offsets count in.
	SQL string
	// Catalog answers what exists.
	Catalog Catalog
	// ParamTypes are the types of parameters that the client declared; the
	// zero Type and Unknown leave one to be inferred. May be short.
	ParamTypes []types.Type
	// Clause names, for BindExpr, what the expression is for errors: "check
	// constraint", "DEFAULT expression"; may be empty.
	Clause string
	// Check, if not nil, is called as binding goes on; its error ends it and is
	// returned. It is for cancellation.
	Check func() error
}

// Bound is a statement with names and types.
type Bound struct {
	// Root is the plan; subqueries and correlation are still in it.
	Root plan.Node
	// Params are the types of the statement's parameters.
	Params []types.Type
	// Columns describe the result, in the order of Root.Columns(); empty for
	// DML without RETURNING.
	Columns []ResultColumn
	// Writes is true for DML and for SELECT … FOR UPDATE and its like.
	Writes bool
	// Sources are the stored relations that the statement itself names, in the
	// order of their names in the text; what views read is theirs.
	Sources []Source
}

// Source is a stored relation that a statement names.
type Source struct {
	// Schema and Name are the name as the text has it.
	Schema, Name string
	// Table is the relation if it is a table, else View is.
	Table *plan.Table
	View  *View
	// Used are the ordinals of the columns of Table that the statement names,
	// by a star too, in order.
	Used []int
}

// ResultColumn is a column of a statement's result.
type ResultColumn struct {
	Name string
	Type types.Type
	// Table and Ordinal name the table column that it is; Table is nil for a computed one.
	Table   *plan.Table
	Ordinal int
}

// Bind binds a *parser.SelectStmt, InsertStmt, UpdateStmt or DeleteStmt.
func Bind(stmt parser.Stmt, opt Options) (*Bound, error) {
	b := newBinder(opt)
	out := &Bound{}
	var err error
	switch s := stmt.(type) {
	case *parser.SelectStmt:
		var q *query
		if q, err = b.selectStmt(s, b.rootScope()); err == nil {
			b.closeQuery(q)
			out.Root, out.Columns = q.node, b.resultColumns(q)
			out.Writes = b.locks
			out.Sources, err = b.usedSources(q)
		}
	case *parser.InsertStmt:
		out.Writes = true
		err = b.dml(out, func() (*dmlResult, error) { return b.insert(s) })
	case *parser.UpdateStmt:
		out.Writes = true
		err = b.dml(out, func() (*dmlResult, error) { return b.update(s) })
	case *parser.DeleteStmt:
		out.Writes = true
		err = b.dml(out, func() (*dmlResult, error) { return b.delete(s) })
	default:
		err = sqlstate.New(sqlstate.FeatureNotSupported, "cannot plan a statement of type %T", stmt)
	}
	if err != nil {
		return nil, err
	}
	if out.Params, err = b.paramTypes(); err != nil {
		return nil, err
	}
	return out, nil
}

// BindExpr binds an expression over the given columns (by name) and coerces it
// to the type want by an assignment cast, unless want is the zero Type.
func BindExpr(e parser.Expr, columns []plan.Column, want types.Type, opt Options) (fn.Expr, error) {
	b := newBinder(opt)
	sc := b.rootScope().child()
	rel := &relation{}
	for _, c := range columns {
		rel.add(c.Name, c)
	}
	sc.ns = newNamespace(rel)
	sc.clause, sc.noSubquery = "an expression", opt.Clause
	if opt.Clause != "" {
		sc.clause = opt.Clause + "s"
	} else {
		sc.noSubquery = "expression"
	}
	x, err := b.expr(e, sc)
	if err != nil {
		return nil, err
	}
	if want == (types.Type{}) {
		return b.known(x), nil
	}
	return b.assign(x, want, "", e.Pos())
}

// binder is the state of one binding.
type binder struct {
	cat Catalog
	// sql is the statement's text; positions are left out when noPos is set (in views).
	sql   string
	noPos bool
	ids   *plan.IDs
	// params are the parameters' types, Unknown while not inferred.
	params []types.Type
	// lastCTE numbers the WITH items.
	lastCTE int
	// views is how deep views are nested, view the innermost, nil outside.
	views int
	view  *View
	// sources are the relations that were named outside of views.
	sources []Source
	// locks is set by a FOR UPDATE or FOR SHARE clause.
	locks bool
	// columnPos remembers where a column was named, for errors found later.
	columnPos map[*fn.Column]int
	// origins maps columns of scans to the table column, for ResultColumn.
	origins map[plan.ColID]origin
	// check is Options.Check; ticks counts the calls of tick.
	check func() error
	ticks int
}

// tick is called for each expression and FROM item; now and then it looks whether
// the statement was canceled.
func (b *binder) tick() error {
	if b.ticks++; b.ticks%256 != 0 {
		return nil
	}
	return b.look()
}

// look looks at once: it is called between passes over the whole statement.
func (b *binder) look() error {
	if b.check == nil {
		return nil
	}
	return b.check()
}

type origin struct {
	table   *plan.Table
	ordinal int
}

func newBinder(opt Options) *binder {
	b := &binder{
		cat: opt.Catalog, sql: opt.SQL, ids: &plan.IDs{},
		columnPos: map[*fn.Column]int{}, origins: map[plan.ColID]origin{}, check: opt.Check,
	}
	for _, t := range opt.ParamTypes {
		if t.Kind == types.Invalid {
			t = types.TUnknown
		}
		b.params = append(b.params, t)
	}
	return b
}

// newColumn returns a column with a fresh ID.
func (b *binder) newColumn(name string, t types.Type) plan.Column {
	return plan.Column{ID: b.ids.Next(), Name: name, Type: t}
}

// errorAt makes an error that points at the byte offset.
func (b *binder) errorAt(pos int, code sqlstate.Code, format string, args ...any) *sqlstate.Error {
	return b.locate(sqlstate.New(code, format, args...), pos).(*sqlstate.Error)
}

// unsupported makes the 0A000 error about a feature.
func (b *binder) unsupported(pos int, format string, args ...any) error {
	return b.errorAt(pos, sqlstate.FeatureNotSupported, "%s not supported yet", fmt.Sprintf(format, args...))
}

// locate gives an error the position of the byte offset unless it has one.
func (b *binder) locate(err error, pos int) error {
	if e, ok := err.(*sqlstate.Error); ok && e.Position == 0 && !b.noPos && b.sql != "" {
		c := *e
		return c.WithPosition(parser.Position(b.sql, pos))
	}
	return err
}

// resultColumns describes the columns of a query's result.
func (b *binder) resultColumns(q *query) []ResultColumn {
	out := make([]ResultColumn, len(q.cols))
	for i, c := range q.cols {
		out[i] = ResultColumn{Name: c.Name, Type: c.Type}
		if o, ok := b.origins[c.ID]; ok {
			out[i].Table, out[i].Ordinal = o.table, o.ordinal
		}
	}
	return out
}

// dmlResult is a bound DML statement.
type dmlResult struct {
	node plan.Node
	cols []plan.Column
}

func (b *binder) dml(out *Bound, bind func() (*dmlResult, error)) error {
	r, err := bind()
	if err != nil {
		return err
	}
	out.Root = r.node
	for _, c := range r.cols {
		out.Columns = append(out.Columns, ResultColumn{Name: c.Name, Type: c.Type})
	}
	return nil
}
