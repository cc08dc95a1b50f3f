package physical

import (
	"sync"

	"htapdb/htap/catalog"
	"htapdb/rowstore"
	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// PointWrite is the compiled form of a statement that writes one row of a table:
// an INSERT of one row of VALUES, or an UPDATE or DELETE of the row with a whole
// primary key that leaves the key as it is. It builds no operators and keeps its
// memory between executions.
//
// It takes the steps of runInsert, runUpdate and runDelete in their order, with
// the same expressions, evaluator and calls of the transaction, for one row.
//
// A PointWrite is immutable and shared by executions: what one needs it takes
// from a pool.
type PointWrite struct {
	desc   *catalog.Table
	schema *rowstore.Schema
	kind   PointKind
	// key are the values of the primary key, without columns; mode is the row's lock.
	key  []fn.Expr
	mode rowstore.RowLock
	// filter are the conditions beside the key, recheck those that are asked again
	// of a row that has changed; nil for none. Their columns, and those of set and
	// values, are positions in the source.
	filter, recheck fn.Expr
	// source has a column for each of the scan, or of VALUES; read are those to fill
	// from the row, given the expressions of VALUES.
	source []types.Type
	read   []sourceColumn
	given  []fn.Expr
	// ordinals are the table columns to compute, slot their places among exprs, −1
	// for the next value of the column's sequence.
	ordinals, slot []int
	exprs          []fn.Expr
	// checks, over the new row, are named by checkNames.
	checks     []fn.Expr
	checkNames []string
	// returning is over the source's columns and then the new row's.
	returning []fn.Expr
	// fresh are the ordinals of the new row that checks and returning use.
	fresh []int
	// stateful says that an expression depends on more than the row and parameters.
	stateful bool
	runs     sync.Pool
}

// PointKind is the kind of statement of a PointWrite.
type PointKind uint8

// The kinds.
const (
	PointInsert PointKind = iota
	PointUpdate
	PointDelete
)

// CompilePointWrite returns the compiled form of a routed plan, nil if it has none.
func CompilePointWrite(root plan.Node, cat *catalog.Snapshot, schemas *catalog.Store) *PointWrite {
	p := &PointWrite{}
	var table *plan.Table
	compile := func() bool { return false }
	switch n := root.(type) {
	case *plan.Insert:
		table, compile = n.Table, func() bool { return p.insert(n) }
	case *plan.Update:
		table, compile = n.Table, func() bool { return p.update(n) }
	case *plan.Delete:
		table, compile = n.Table, func() bool { return p.delete(n) }
	default:
		return nil
	}
	var err error
	if p.desc = cat.TableByID(table.ID); p.desc == nil {
		return nil
	}
	if p.schema, err = schemas.RowSchema(p.desc); err != nil || !compile() {
		return nil
	}
	for _, e := range append(root.Exprs(), append(p.given, p.key...)...) {
		p.stateful = p.stateful || callsState(e)
	}
	if p.filter != nil {
		p.stateful = p.stateful || callsState(p.filter)
	}
	p.runs.New = func() any { return p.newRun() }
	return p
}

// callsState reports a call of a function that is not immutable.
func callsState(e fn.Expr) bool {
	found := false
	fn.Walk(e, func(n fn.Expr) bool {
		call, ok := n.(*fn.Call)
		found = found || ok && call.Func.Volatility > fn.Immutable
		return !found
	})
	return found
}

// Kind is the kind of statement.
func (p *PointWrite) Kind() PointKind { return p.kind }

// Table is the table that is written to.
func (p *PointWrite) Table() *catalog.Table { return p.desc }

// Stateful reports whether evaluation needs more than parameters and the time
// zone: the clock, settings, sequences.
func (p *PointWrite) Stateful() bool { return p.stateful }

// Returns reports whether there is a RETURNING.
func (p *PointWrite) Returns() bool { return len(p.returning) > 0 }

// insert compiles INSERT … VALUES (…).
func (p *PointWrite) insert(n *plan.Insert) bool {
	values, ok := n.Source.(*plan.Values)
	if !ok || len(values.Rows) != 1 || n.OnConflict != nil {
		return false
	}
	p.kind, p.given = PointInsert, values.Rows[0]
	for i, e := range p.given {
		if plan.HasSubquery(e) {
			return false
		}
		p.source = append(p.source, values.Cols[i].Type)
	}
	pos := positions(values.Cols)
	for o, e := range n.Values {
		if !p.assign(o, e, pos) {
			return false
		}
	}
	return p.written(n.Checks, n.Returning, nil, n.NewCols)
}

// update compiles UPDATE … WHERE key = … .
func (p *PointWrite) update(n *plan.Update) bool {
	p.kind = PointUpdate
	if !p.target(&n.Target) {
		return false
	}
	pos := positions(n.Source.Columns())
	for _, a := range n.Set {
		for _, o := range p.desc.Primary {
			if a.Ordinal == o {
				return false
			}
		}
		if !p.assign(a.Ordinal, a.Expr, pos) {
			return false
		}
	}
	p.mode = rowstore.LockNoKeyUpdate
	if (&target{desc: p.desc}).touchesKey(p.ordinals) {
		p.mode = rowstore.LockUpdate
	}
	return p.written(n.Checks, n.Returning, n.Source.Columns(), n.NewCols) && p.reads(&n.Target)
}

// delete compiles DELETE … WHERE key = … .
func (p *PointWrite) delete(n *plan.Delete) bool {
	p.kind, p.mode = PointDelete, rowstore.LockUpdate
	return p.target(&n.Target) && p.written(nil, n.Returning, n.Source.Columns(), nil) && p.reads(&n.Target)
}

// target compiles which row an UPDATE or DELETE changes.
func (p *PointWrite) target(n *plan.Target) bool {
	scan, ok := n.Source.(*plan.Scan)
	if !ok || !n.Complete || scan.Access == nil || scan.Access.Path != plan.RowPointGet ||
		scan.Access.Index != nil || len(scan.Access.Keys) != 1 || len(scan.Access.Keys[0]) != len(p.desc.Primary) {
		return false
	}
	p.key = scan.Access.Keys[0]
	for _, e := range p.key {
		if len(fn.Columns(e)) > 0 || fn.VolatilityOf(e) == fn.Volatile {
			return false
		}
	}
	for _, c := range scan.Cols {
		p.source = append(p.source, c.Type)
	}
	pos := positions(scan.Columns())
	var err error
	if p.filter, err = lowerConds(p.beside(scan.Filters, scan), pos); err != nil {
		return false
	}
	p.recheck, err = lowerConds(p.beside(n.Recheck, scan), pos)
	return err == nil
}

// beside returns the conditions less those that looking up the key fulfils.
func (p *PointWrite) beside(conds []fn.Expr, scan *plan.Scan) (rest []fn.Expr) {
	for _, f := range conds {
		if !p.isKey(f, scan) {
			rest = append(rest, f)
		}
	}
	return rest
}

// isKey reports the equality of a key column with the value that it is looked up by.
func (p *PointWrite) isKey(f fn.Expr, scan *plan.Scan) bool {
	call, ok := f.(*fn.Call)
	if !ok || call.Func.Op != fn.OpEq || len(call.Args) != 2 {
		return false
	}
	for i := range call.Args {
		col, isCol := call.Args[i].(*fn.Column)
		for _, c := range scan.Cols {
			for k, o := range p.desc.Primary {
				if isCol && int(c.ID) == col.Index && c.Ordinal == o && call.Args[1-i] == p.key[k] {
					return true
				}
			}
		}
	}
	return false
}

// assign compiles the value of a table column; nil is the next of its sequence.
func (p *PointWrite) assign(ordinal int, e fn.Expr, pos map[plan.ColID]int) bool {
	p.ordinals = append(p.ordinals, ordinal)
	if e == nil {
		p.slot = append(p.slot, -1)
		p.stateful = true
		return true
	}
	low, err := lower(e, pos)
	p.slot, p.exprs = append(p.slot, len(p.exprs)), append(p.exprs, low)
	return err == nil
}

// written compiles what is asked of the row when it has been computed.
func (p *PointWrite) written(checks []plan.BoundCheck, returning []fn.Expr, source, newCols []plan.Column) bool {
	pos := positions(newCols)
	for _, k := range checks {
		e, err := lower(k.Cond, pos)
		if err != nil {
			return false
		}
		p.checks, p.checkNames = append(p.checks, e), append(p.checkNames, k.Name)
	}
	shift := len(source)
	if p.kind == PointInsert {
		shift = len(p.source)
	}
	stacked := positions(source)
	for i, c := range newCols {
		stacked[c.ID] = shift + i
	}
	var err error
	if p.returning, err = lowerAll(returning, stacked); err != nil {
		return false
	}
	used := map[int]bool{}
	note := func(exprs []fn.Expr, shift int) {
		for _, e := range exprs {
			for _, i := range fn.Columns(e) {
				if i >= shift && !used[i-shift] {
					used[i-shift] = true
					p.fresh = append(p.fresh, i-shift)
				}
			}
		}
	}
	note(p.checks, 0)
	if p.kind != PointDelete {
		note(p.returning, shift)
	}
	return true
}

// reads lists the columns of the source that expressions use; false if one of
// them is the locator.
func (p *PointWrite) reads(n *plan.Target) bool {
	exprs := append(append([]fn.Expr(nil), p.exprs...), p.returning...)
	for _, e := range []fn.Expr{p.filter, p.recheck} {
		if e != nil {
			exprs = append(exprs, e)
		}
	}
	used := map[int]bool{}
	for _, e := range exprs {
		for _, i := range fn.Columns(e) {
			used[i] = true
		}
	}
	for i, c := range n.Source.(*plan.Scan).Cols {
		if !used[i] {
			continue
		}
		if c.Ordinal == plan.KeyOrdinal {
			return false
		}
		p.read = append(p.read, sourceColumn{at: i, ordinal: c.Ordinal})
	}
	return true
}
