package htap

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"htapdb/colstore"
	"htapdb/htap/catalog"
	"htapdb/htap/physical"
	"htapdb/htap/setting"
	"htapdb/htap/syscat"
	"htapdb/internal/files"
	"htapdb/sql/binder"
	"htapdb/sql/plan"
	"htapdb/sql/router"
	"htapdb/vector/fn"
)

// binding is the catalog as the binder sees it.
type binding struct {
	s   *Session
	cat *catalog.Snapshot
	// deps gets what is asked for, nil if nobody wants to know.
	deps *catalog.Dependencies
	// names serves the functions over the catalog, once one is used.
	names *syscat.Names
}

// Table implements binder.Catalog.
func (b *binding) Table(schema, name string) (*plan.Table, error) {
	if path := setting.SearchPath.Get(&b.s.vars).Schemas; schema == "" && slices.Contains(path, syscat.PgCatalog) {
		return b.tableAlong(path, name), nil
	}
	if schema == "" && strings.HasPrefix(name, "pg_") {
		// pg_catalog comes before the search path: no table hides what clients read.
		if v := syscat.Lookup("pg_catalog", name); v != nil {
			return v, nil
		}
	}
	if t := b.deps.Table(b.cat, schema, name); t != nil {
		return b.s.db.planTable(t), nil
	}
	if schema != "" || b.deps.Exists(b.cat, "", name) {
		return syscat.Lookup(schema, name), nil
	}
	if v := syscat.Lookup("", name); v != nil {
		return v, nil
	}
	for _, schema := range setting.SearchPath.Get(&b.s.vars).Schemas {
		if v := syscat.Lookup(schema, name); v != nil && schema != setting.User {
			return v, nil
		}
	}
	return nil, nil
}

// tableAlong finds a table along a search path that has pg_catalog in a place of
// its own: what stands before it hides the system's relations.
func (b *binding) tableAlong(path []string, name string) *plan.Table {
	for _, schema := range path {
		if b.deps.Exists(b.cat, schema, name) {
			if t := b.deps.Table(b.cat, schema, name); t != nil {
				return b.s.db.planTable(t)
			}
			return nil
		}
		if v := syscat.Lookup(schema, name); v != nil && schema != setting.User {
			return v
		}
	}
	return nil
}

// planTable describes a stored table to the planner.
func (db *DB) planTable(t *catalog.Table) *plan.Table {
	p := &plan.Table{ID: t.ID, Schema: t.Schema, Name: t.Name, PrimaryKey: t.Primary, PrimaryName: t.PrimaryName}
	for i := range t.Columns {
		c := &t.Columns[i]
		p.Columns = append(p.Columns, plan.TableColumn{ID: c.ID, Name: c.Name, Type: c.Type, NotNull: c.NotNull,
			Default: c.Default, Sequence: c.Sequence != 0, Identity: c.Identity, AlwaysGenerated: c.Always})
	}
	for i := range t.Indexes {
		x := &t.Indexes[i]
		p.Indexes = append(p.Indexes, plan.Index{ID: x.ID, Name: x.Name, Columns: x.Columns, Unique: x.Unique, Valid: true})
	}
	for _, c := range t.Checks {
		p.Checks = append(p.Checks, plan.Check{Name: c.Name, SQL: c.SQL})
	}
	if ct, ok := db.engine.Feed.Columns().Table(t.StorageID); ok {
		if state, _ := ct.State(); state == colstore.Live {
			p.Stats = &tableStats{table: ct}
		}
	}
	return p
}

// tableStats are the column store's figures for the planner.
type tableStats struct {
	table *colstore.Table
	once  sync.Once
	stats colstore.TableStats
}

func (t *tableStats) load() *colstore.TableStats {
	t.once.Do(func() { t.stats = t.table.Stats() })
	return &t.stats
}

// minRowCount is what a table is taken for that has fewer rows: plans outlive
// the moment in which a table is empty.
const minRowCount = 1000

// RowCount implements plan.TableStats.
func (t *tableStats) RowCount() float64 { return float64(max(t.load().Rows, minRowCount)) }

// Column implements plan.TableStats.
func (t *tableStats) Column(ordinal int) plan.ColumnStats {
	cols := t.load().Columns
	if ordinal >= len(cols) {
		return plan.ColumnStats{}
	}
	c := &cols[ordinal]
	return plan.ColumnStats{Distinct: c.Distinct, Min: c.Min, Max: c.Max, NullFraction: c.NullFraction, AvgBytes: c.BytesPerRow}
}

// View implements binder.Catalog.
func (b *binding) View(schema, name string) (*binder.View, error) {
	return b.view(b.deps.View(b.cat, schema, name), 0), nil
}

// view describes a view and what is below it to the binder; depth is how many
// views are above it.
func (b *binding) view(v *catalog.View, depth int) *binder.View {
	if v == nil {
		return nil
	}
	out := &binder.View{ID: v.ID, Schema: v.Schema, Name: v.Name, Columns: v.Columns, SQL: v.SQL}
	if depth > binder.MaxViewDepth {
		return out // the binder does not go that deep
	}
	for i := range v.Sources {
		s := &v.Sources[i]
		src := binder.ViewSource{Schema: s.Schema, Name: s.Name, Columns: make([]binder.SourceColumn, 0, len(s.Columns))}
		t := b.deps.TableByID(b.cat, s.ID)
		if t != nil {
			src.Table = b.s.db.planTable(t)
		} else {
			src.View = b.view(b.deps.ViewByID(b.cat, s.ID), depth+1)
		}
		for k, name := range s.Columns {
			ordinal := k
			if t != nil {
				if ordinal = t.OrdinalOf(s.IDs[k]); ordinal < 0 {
					continue
				}
			}
			src.Columns = append(src.Columns, binder.SourceColumn{Name: name, Ordinal: ordinal})
		}
		out.Sources = append(out.Sources, src)
	}
	return out
}

// FileSchema implements binder.Catalog.
func (b *binding) FileSchema(path, format string, options map[string]string) ([]plan.Column, error) {
	b.deps.Unseen() // the file may be another one the next time
	f, err := b.s.db.cfg.files.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	kind, err := files.FormatOf(format, path)
	if err != nil {
		return nil, err
	}
	cols, err := fileColumns(f, path, kind, options)
	if err != nil {
		return nil, err
	}
	out := make([]plan.Column, len(cols))
	for i, c := range cols {
		out[i] = plan.Column{Name: c.Name, Type: c.Type}
	}
	return out, nil
}

// fileColumns reads a file's schema.
func fileColumns(f physical.OpenFile, path string, kind files.Format, options map[string]string) ([]files.Column, error) {
	if kind == files.Parquet {
		p, err := files.OpenParquet(f, f.Size(), path)
		if err != nil {
			return nil, err
		}
		return p.Columns(), nil
	}
	o, err := physical.CSVOptions(options)
	if err != nil {
		return nil, err
	}
	r, err := files.OpenCSV(f, path, o)
	if err != nil {
		return nil, err
	}
	return r.Columns(), nil
}

// TableFunction implements binder.Catalog: the engine adds none.
func (b *binding) TableFunction(string, []fn.Expr) (*binder.TableFunction, error) { return nil, nil }

// routeModes are the values of htap.route.
var routeModes = map[string]router.Mode{"auto": router.Auto, "row": router.Row, "column": router.Column}

// columnState tells the router whether a table's columns can be read.
func (s *Session) columnState(cat *catalog.Snapshot) func(*plan.Scan) router.ColumnState {
	return func(scan *plan.Scan) router.ColumnState {
		desc := cat.TableByID(scan.Table.ID)
		if desc == nil {
			return router.ColumnState{Reason: "columns are not built"}
		}
		live, text := s.columnsLive(desc.StorageID)
		if cat.Version() == 0 && s.altered(desc) {
			return router.ColumnState{Reason: "this transaction has altered the table"}
		}
		if !live && cat.Version() != 0 && setting.Route.Get(&s.vars) == "column" {
			// Nobody else can read them for us: they come with the feed.
			live, text = s.awaitColumns(desc.StorageID)
		}
		return router.ColumnState{Live: live, Reason: text}
	}
}

// altered reports whether the columns of a table, as a transaction's own catalog
// has it, are others than the column store has: the feed applies a change of the
// table only when it is committed.
func (s *Session) altered(desc *catalog.Table) bool {
	ct, ok := s.db.engine.Feed.Columns().Table(desc.StorageID)
	if !ok {
		return false // columnsLive says that there are none
	}
	stored := ct.Schema().Columns
	if len(stored) < len(desc.Columns) || len(stored) > len(desc.Columns)+1 {
		return true
	}
	for i, c := range desc.Columns {
		if stored[i].ID != c.ID {
			return true
		}
	}
	// One more is the hidden key, unless a column was dropped at the end.
	return len(stored) > len(desc.Columns) && !desc.HiddenKey() || desc.HiddenKey() && len(stored) == len(desc.Columns)
}

// columnsLive reports whether a table's columns can be read, or why not.
func (s *Session) columnsLive(storageID catalog.ID) (live bool, reason string) {
	ct, ok := s.db.engine.Feed.Columns().Table(storageID)
	if !ok {
		// Made by this transaction, or by one that the feed has not reached.
		return false, "columns are not built"
	}
	state, reason := ct.State()
	if state == colstore.Live {
		return true, ""
	}
	text := "columns are " + state.String()
	if reason != "" {
		text += ": " + reason
	}
	return false, text
}

// awaitColumns is columnsLive after a wait, at most htap.freshness_timeout, for
// the feed to create the columns or for a rebuild to end.
func (s *Session) awaitColumns(storageID catalog.ID) (live bool, reason string) {
	ctx, cancel := context.WithTimeout(s.ctx, setting.FreshnessTimeout.Get(&s.vars))
	defer cancel()
	for pause := 50 * time.Microsecond; ; pause = min(2*pause, 5*time.Millisecond) {
		if live, reason = s.columnsLive(storageID); live {
			return true, ""
		}
		select {
		case <-ctx.Done():
			return false, reason
		case <-time.After(pause):
		}
	}
}
