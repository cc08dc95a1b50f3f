package htap

import (
	"sync/atomic"

	"htapdb/colstore"
	"htapdb/htap/catalog"
	"htapdb/htap/exec"
	"htapdb/htap/physical"
	"htapdb/htap/setting"
	"htapdb/sql/binder"
	"htapdb/sql/opt"
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/router"
	"htapdb/sql/types"
	"htapdb/vector"
)

// planned is a bound, optimized and routed statement. It is immutable and
// shared by executions.
type planned struct {
	root    plan.Node
	params  []types.Type
	columns []Column
	// writes is set for DML and SELECT … FOR UPDATE.
	writes bool
	// inline plans touch few rows: they run on the caller's goroutine.
	inline bool
	// point is set for a query of one row by key, write for a statement that writes
	// one: the compiled forms.
	point *pointQuery
	write *physical.PointWrite
	// sources are the stored relations that the statement names.
	sources []binder.Source
	// tables are what the plan was made for.
	tables   []tableShape
	route    string
	optimize bool
	path     string
	// deps are what the plan depends on in the catalog, nil for a plan of a
	// transaction's own catalog, which is for one execution.
	deps *catalog.Dependencies
	// held is the last version of the catalog for which deps held.
	held atomic.Uint64
}

// valid reports whether the plan still holds for the catalog and the settings.
func (p *planned) valid(cat *catalog.Snapshot, v *setting.Vars) bool {
	// What holds is remembered by version, so it is asked along the plan's own path only.
	return p != nil && p.deps != nil && p.path == setting.SearchPath.Get(v).Text && p.holds(cat) &&
		p.route == setting.Route.Get(v) && p.optimize == setting.Optimizer.Get(v) && p.fits()
}

// holds reports whether the plan's dependencies hold in the catalog. It asks once
// for each version, so that plans cost nothing more while there is no DDL.
func (p *planned) holds(cat *catalog.Snapshot) bool {
	version := uint64(cat.Version())
	if version != 0 && p.held.Load() == version {
		return true
	}
	if !p.deps.Hold(cat) {
		return false
	}
	if version != 0 {
		p.held.Store(version)
	}
	return true
}

// tableShape is what a plan depends on that changes without the catalog.
type tableShape struct {
	// columns is nil if the feed had not made them when the plan was made.
	columns *colstore.Table
	live    bool
	rows    int64
}

// fits reports whether no table has grown or shrunk to another order of size,
// and the columns of all can be read, or not, as when the plan was made.
func (p *planned) fits() bool {
	for _, t := range p.tables {
		if t.columns == nil || isLive(t.columns) != t.live {
			return false
		}
		now := max(t.columns.Stats().Rows, minRowCount)
		if now > 4*t.rows || t.rows > 4*now {
			return false
		}
	}
	return true
}

func isLive(t *colstore.Table) bool {
	state, _ := t.State()
	return state == colstore.Live
}

// tableShapes lists the stored tables that a plan is going to read. It is called
// before the plan is routed, so that a change in between makes the plan anew.
func (s *Session) tableShapes(root plan.Node, cat *catalog.Snapshot) (shapes []tableShape) {
	plan.Walk(root, func(n plan.Node) bool {
		if scan, ok := n.(*plan.Scan); ok {
			if t := cat.TableByID(scan.Table.ID); t != nil {
				shape := tableShape{}
				if ct, ok := s.db.engine.Feed.Columns().Table(t.StorageID); ok {
					shape = tableShape{ct, isLive(ct), max(ct.Stats().Rows, minRowCount)}
				}
				shapes = append(shapes, shape)
			}
		}
		return true
	})
	return shapes
}

// plan binds, optimizes and routes a statement at the session's catalog, or
// returns a plan that was made before.
func (s *Session) plan(st *Stmt) (*planned, error) {
	for {
		cat, err := s.snapshot()
		if err != nil {
			return nil, err
		}
		p, err := s.planAt(st, cat)
		if catalog.StateGone(err) && !s.inStatement() {
			continue // the catalog has a newer version
		}
		return p, err
	}
}

// planAt is plan with a given catalog.
func (s *Session) planAt(st *Stmt, cat *catalog.Snapshot) (*planned, error) {
	if st.plan.valid(cat, &s.vars) {
		return st.plan, nil
	}
	key := planKey{sql: st.parsed.SQL, route: setting.Route.Get(&s.vars), path: setting.SearchPath.Get(&s.vars).Text, optimizer: setting.Optimizer.Get(&s.vars)}
	for _, t := range st.declared {
		key.declared += t.String() + ","
	}
	named := st.parsed.SQL != ""
	if named {
		if p := s.db.plans.get(key); p.valid(cat, &s.vars) {
			return p, nil
		}
	}
	s.db.counts.plans.Add(1)
	deps := &catalog.Dependencies{}
	bound, err := binder.Bind(st.parsed.Stmt, binder.Options{SQL: st.script, Catalog: &binding{s: s, cat: cat, deps: deps}, ParamTypes: st.declared, Check: s.planCheck()})
	if err != nil {
		return nil, err
	}
	p := &planned{params: bound.Params, writes: bound.Writes, sources: bound.Sources, route: key.route, optimize: key.optimizer, path: key.path}
	if cat.Version() != 0 {
		p.deps = deps
	}
	if _, ok := st.parsed.Stmt.(*parser.SelectStmt); ok {
		p.columns = []Column{} // a result set even without columns
	}
	for _, c := range bound.Columns {
		col := Column{Name: c.Name, Type: c.Type}
		if c.Table != nil {
			col.TableID, col.Ordinal = c.Table.ID, c.Ordinal+1
		}
		p.columns = append(p.columns, col)
	}
	p.tables = s.tableShapes(bound.Root, cat)
	if p.root, err = s.optimize(bound.Root, cat, p.writes); err != nil {
		return nil, err
	}
	p.inline = p.writes || small(p.root)
	if isPoint(st.parsed.Stmt) && !p.writes {
		p.point = s.compilePoint(p.root, cat)
	}
	if p.writes && !s.db.uncompiled {
		p.write = physical.CompilePointWrite(p.root, cat, s.db.engine.Catalog)
	}
	if named && p.valid(cat, &s.vars) {
		s.db.plans.keep(key, p)
	}
	return p, nil
}

// optimize rewrites and routes a bound plan.
func (s *Session) optimize(root plan.Node, cat *catalog.Snapshot, writes bool) (plan.Node, error) {
	root, err := opt.Optimize(root, opt.Options{Disabled: !setting.Optimizer.Get(&s.vars), Check: s.planCheck()})
	if err != nil {
		return nil, err
	}
	return router.Route(root, router.Options{Mode: routeModes[setting.Route.Get(&s.vars)], Columns: s.columnState(cat)})
}

// maxInlineRows is the number of rows below which a result is computed at once.
const maxInlineRows = 64

// small reports whether every access touches few rows of the row store, so that
// the whole result may be computed on the caller's goroutine.
func small(root plan.Node) bool {
	ok := true
	plan.Walk(root, func(n plan.Node) bool {
		switch n := n.(type) {
		case *plan.Scan:
			ok = ok && n.Access != nil && n.Access.Path.IsRow() && n.Access.Path != plan.RowScan && n.Access.EstRows <= maxInlineRows
		case *plan.FileScan, *plan.TableFunc:
			ok = false
		}
		return ok
	})
	return ok
}

// planQuery plans a query that is a part of a statement.
func (s *Session) planQuery(stmt parser.Stmt, script string, declared []types.Type, cat *catalog.Snapshot) (*planned, error) {
	return s.planAt(&Stmt{s: s, parsed: parser.Statement{Stmt: stmt}, script: script, declared: declared}, cat)
}

// Names implements exec.Planner.
func (x *execution) Names() binder.Catalog { return &binding{s: x.s, cat: x.Cat} }

// Query implements exec.Planner.
func (x *execution) Query(query parser.Stmt, script string, declared []types.Type) (*exec.Query, error) {
	p, err := x.s.planQuery(query, script, declared, x.Cat)
	if err != nil {
		return nil, err
	}
	q := &exec.Query{Params: p.params, Sources: p.sources, Workers: x.workers(), Columns: make([]exec.Column, len(p.columns))}
	for i, c := range p.columns {
		q.Columns[i] = exec.Column{Name: c.Name, Type: c.Type}
	}
	q.Run = func(consume func(*vector.Batch) error) (int64, error) {
		st := x.statement()
		return physical.Run(x.Ctx, p.root, st, x.executor(st), consume)
	}
	return q, nil
}
