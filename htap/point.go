package htap

import (
	"context"
	"time"

	"htapdb/htap/catalog"
	"htapdb/rowstore"
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// pointQuery is the compiled form of a SELECT of plain columns of the one row
// with a primary key: no operators, no batches of rows, no goroutine.
type pointQuery struct {
	schema *rowstore.Schema
	// key are the values of the primary key: literals and parameters.
	key []fn.Expr
	// out are the table ordinals of the result's columns.
	out []int
}

// compilePoint returns the compiled form of a plan, nil if it has none.
func (s *Session) compilePoint(root plan.Node, cat *catalog.Snapshot) *pointQuery {
	var cols []plan.Column
	project, ok := root.(*plan.Project)
	if ok {
		cols, root = project.Cols, project.Input
	}
	scan, isScan := root.(*plan.Scan)
	if !isScan || scan.Table.Virtual || scan.Access == nil || scan.Access.Path != plan.RowPointGet ||
		scan.Access.Index != nil || len(scan.Access.Keys) != 1 {
		return nil
	}
	t := cat.TableByID(scan.Table.ID)
	if t == nil || len(scan.Filters) != len(t.Primary) || !keyFilters(scan, t) {
		return nil
	}
	q := &pointQuery{key: scan.Access.Keys[0]}
	for _, e := range q.key {
		switch e.(type) {
		case *fn.Param, *fn.Literal:
		default:
			return nil
		}
	}
	ordinal := map[plan.ColID]int{}
	for _, c := range scan.Cols {
		ordinal[c.ID] = c.Ordinal
	}
	if !ok {
		cols = scan.Columns()
	}
	for i, c := range cols {
		id := c.ID
		if ok {
			ref, plain := project.Items[i].(*fn.Column)
			if !plain {
				return nil
			}
			id = plan.ColID(ref.Index)
		}
		o, known := ordinal[id]
		if !known || o < 0 {
			return nil
		}
		q.out = append(q.out, o)
	}
	var err error
	if q.schema, err = s.db.engine.Catalog.RowSchema(t); err != nil {
		return nil
	}
	return q
}

// keyFilters reports whether the filters are exactly the equalities that the
// key was made of, so that looking the key up applies them.
func keyFilters(scan *plan.Scan, t *catalog.Table) bool {
	ordinal := map[int]int{}
	for _, c := range scan.Cols {
		ordinal[int(c.ID)] = c.Ordinal
	}
	seen := map[int]bool{}
	for _, f := range scan.Filters {
		call, ok := f.(*fn.Call)
		if !ok || call.Func.Op != fn.OpEq || len(call.Args) != 2 {
			return false
		}
		col, isCol := call.Args[0].(*fn.Column)
		if !isCol {
			col, isCol = call.Args[1].(*fn.Column)
		}
		if !isCol {
			return false
		}
		o, known := ordinal[col.Index]
		if !known {
			return false
		}
		seen[o] = true
	}
	for _, o := range t.Primary {
		if !seen[o] {
			return false
		}
	}
	return true
}

// runPoint executes a compiled point query. It does not block, so it needs no
// context of its own; ok is false when the general path has to be taken.
func (s *Session) runPoint(ctx context.Context, st *Stmt, args []types.Datum) (rows *Rows, ok bool, err error) {
	p := st.plan
	if p == nil || p.point == nil || ctx.Err() != nil || s.ctx.Err() != nil {
		return nil, false, nil
	}
	if err := s.db.begin(); err != nil {
		return nil, true, err
	}
	defer s.db.working.Done()
	auto := !s.tx.explicit && !s.tx.script
	if s.tx.Txn == nil {
		if err := s.beginTxn("", nil); err != nil {
			return nil, true, err
		}
	}
	batch, ok, err := s.pointRow(ctx, p, args)
	switch {
	case !ok && auto:
		s.endTxn(false)
		return nil, false, nil
	case !ok:
		return nil, false, nil
	case err != nil && auto:
		s.endTxn(false)
	case err != nil:
		err = s.failed(err)
	case auto:
		err = s.commit(ctx)
	}
	s.db.counts.statement(st.parsed.Stmt, time.Duration(0), err)
	if err != nil {
		return nil, true, err
	}
	c := &collected{}
	n := int64(0)
	if batch != nil {
		c.batches, n = []*vector.Batch{batch}, 1
	}
	c.res = Result{Tag: pointTags[n], RowsAffected: n}
	return &Rows{cols: p.columns, source: c}, true, nil
}

// pointTags are the command tags of none and one row.
var pointTags = [2]string{"SELECT 0", "SELECT 1"}

// pointRow reads the row; ok is false if the plan is out of date.
func (s *Session) pointRow(ctx context.Context, p *planned, args []types.Datum) (b *vector.Batch, ok bool, err error) {
	txn := s.tx.Txn
	if err := txn.StartStatement(ctx); err != nil {
		return nil, true, err
	}
	cat, err := s.along(s.db.engine.Catalog.InTxn(txn, s.tx.DDL))
	if err != nil {
		return nil, true, err
	}
	if !p.valid(cat, &s.vars) {
		return nil, false, nil
	}
	q := p.point
	var buf [4]types.Datum
	values := buf[:0]
	for _, e := range q.key {
		var d types.Datum
		switch e := e.(type) {
		case *fn.Param:
			d = args[e.Index]
		case *fn.Literal:
			d = e.Value
		}
		if d.IsNull() {
			return nil, true, nil
		}
		values = append(values, d)
	}
	key, err := q.schema.PrimaryKey(values...)
	if err != nil {
		return nil, true, err
	}
	row, found, err := txn.Get(q.schema, key)
	if err != nil || !found {
		return nil, true, err
	}
	b = &vector.Batch{Len: 1, Cols: make([]*vector.Vector, len(q.out))}
	for i, o := range q.out {
		v := vector.New(p.columns[i].Type, 1)
		v.Set(0, row.Datum(o))
		b.Cols[i] = v
	}
	return b, true, nil
}

// isPoint reports whether a statement could be a point query: a SELECT.
func isPoint(stmt parser.Stmt) bool {
	_, ok := stmt.(*parser.SelectStmt)
	return ok
}
