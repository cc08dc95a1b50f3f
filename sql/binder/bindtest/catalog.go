// Package bindtest is a catalog in memory for the tests of the binder, the
// optimizer and the router: tables made from CREATE TABLE statements, views,
// files and a model, with statistics that tests set.
//
// A Catalog is built first and then read; it may be shared by parallel tests.
package bindtest

import (
	"fmt"

	"htapdb/sql/binder"
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// Catalog implements binder.Catalog over what its methods declared.
type Catalog struct {
	tables map[string]*plan.Table
	views  map[string]*binder.View
	files  map[string][]plan.Column
	models map[string]binder.Model
}

// New returns a catalog with the tables that the DDL script creates. CREATE
// TABLE, CREATE [UNIQUE] INDEX and CREATE VIEW are understood.
func New(ddl string) (*Catalog, error) {
	c := &Catalog{
		tables: map[string]*plan.Table{}, views: map[string]*binder.View{},
		files: map[string][]plan.Column{}, models: map[string]binder.Model{},
	}
	stmts, err := parser.Parse(ddl)
	if err != nil {
		return nil, err
	}
	for _, s := range stmts {
		switch st := s.Stmt.(type) {
		case *parser.CreateTableStmt:
			err = c.createTable(st)
		case *parser.CreateIndexStmt:
			err = c.createIndex(st)
		case *parser.CreateViewStmt:
			c.views[st.Name.Name] = &binder.View{Schema: "public", Name: st.Name.Name, SQL: parser.Format(st.Query)}
		default:
			err = fmt.Errorf("bindtest: cannot declare %T", st)
		}
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *Catalog) createTable(s *parser.CreateTableStmt) error {
	t := &plan.Table{ID: uint32(100 + len(c.tables)), Schema: "public", Name: s.Name.Name}
	for i, d := range s.Columns {
		typ, err := binder.ResolveType(d.Type)
		if err != nil {
			return err
		}
		col := plan.TableColumn{ID: uint32(i + 1), Name: d.Name, Type: typ}
		for _, con := range d.Constraints {
			switch con.Kind {
			case parser.ConstrNotNull:
				col.NotNull = true
			case parser.ConstrPrimaryKey:
				col.NotNull = true
				t.PrimaryKey, t.PrimaryName = []int{i}, t.Name+"_pkey"
			case parser.ConstrDefault:
				col.Default = parser.Format(con.Expr)
			case parser.ConstrIdentity:
				col.Sequence, col.Identity, col.AlwaysGenerated, col.NotNull = true, true, con.Always, true
			case parser.ConstrCheck:
				t.Checks = append(t.Checks, plan.Check{Name: t.Name + "_" + d.Name + "_check", SQL: parser.Format(con.Expr)})
			}
		}
		t.Columns = append(t.Columns, col)
	}
	for _, con := range s.Constraints {
		switch con.Kind {
		case parser.ConstrPrimaryKey:
			t.PrimaryName = t.Name + "_pkey"
			for _, id := range con.Columns {
				o := t.Ordinal(id.Name)
				t.PrimaryKey = append(t.PrimaryKey, o)
				t.Columns[o].NotNull = true
			}
		case parser.ConstrUnique:
			x := plan.Index{ID: uint32(1000 + len(t.Indexes)), Name: t.Name + "_key", Unique: true, Valid: true}
			for _, id := range con.Columns {
				x.Columns = append(x.Columns, t.Ordinal(id.Name))
			}
			t.Indexes = append(t.Indexes, x)
		}
	}
	c.tables[t.Name] = t
	return nil
}

func (c *Catalog) createIndex(s *parser.CreateIndexStmt) error {
	t := c.tables[s.Table.Name]
	if t == nil {
		return fmt.Errorf("bindtest: no table %s", s.Table.Name)
	}
	x := plan.Index{ID: uint32(1000 + len(t.Indexes)), Name: s.Name.Name, Unique: s.Unique, Valid: true}
	for _, el := range s.Elems {
		x.Columns = append(x.Columns, t.Ordinal(el.Expr.(*parser.ColumnRef).Column()))
	}
	t.Indexes = append(t.Indexes, x)
	return nil
}

// SetStats gives a table statistics.
func (c *Catalog) SetStats(table string, s plan.TableStats) { c.tables[table].Stats = s }

// SetFile declares a file by its path.
func (c *Catalog) SetFile(path string, cols []plan.Column) { c.files[path] = cols }

// SetModel declares a model.
func (c *Catalog) SetModel(name string, m binder.Model) { c.models[name] = m }

// Table implements binder.Catalog.
func (c *Catalog) Table(schema, name string) (*plan.Table, error) {
	if schema != "" && schema != "public" {
		return nil, nil
	}
	return c.tables[name], nil
}

// View implements binder.Catalog.
func (c *Catalog) View(schema, name string) (*binder.View, error) {
	if schema != "" && schema != "public" {
		return nil, nil
	}
	return c.views[name], nil
}

// FileSchema implements binder.Catalog.
func (c *Catalog) FileSchema(path, _ string, _ map[string]string) ([]plan.Column, error) {
	if cols, ok := c.files[path]; ok {
		return cols, nil
	}
	return nil, sqlstate.New(sqlstate.UndefinedFile, "could not open file %q: no such file or directory", path)
}

// Model implements binder.Catalog.
func (c *Catalog) Model(name string) (binder.Model, error) { return c.models[name], nil }

// Function implements binder.Catalog: there is none.
func (c *Catalog) Function(string, int) *fn.Scalar { return nil }

// TableFunction implements binder.Catalog: there is none.
func (c *Catalog) TableFunction(string, []fn.Expr) (*binder.TableFunction, error) { return nil, nil }

// Model is a model whose functions return double precision.
type Model []binder.Feature

// Features implements binder.Model.
func (m Model) Features() []binder.Feature { return m }

// Scalar implements binder.Model for predict and predict_proba.
func (m Model) Scalar(name string, _ []string) (*fn.Scalar, error) {
	if name != "predict" && name != "predict_proba" {
		return nil, sqlstate.New(sqlstate.UndefinedFunction, "model has no function %s", name)
	}
	s := &fn.Scalar{Name: name, Result: types.TFloat8}
	for _, f := range m {
		s.Args = append(s.Args, f.Type)
	}
	return s, nil
}

// Stats are fixed statistics.
type Stats struct {
	Rows float64
	// Columns are by ordinal; missing ones are unknown.
	Columns map[int]plan.ColumnStats
}

// RowCount implements plan.TableStats.
func (s *Stats) RowCount() float64 { return s.Rows }

// Column implements plan.TableStats.
func (s *Stats) Column(ordinal int) plan.ColumnStats { return s.Columns[ordinal] }
