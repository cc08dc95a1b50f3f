package ddl

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"htapdb/htap/setting"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// CheckClauses refuses by name the clauses of a utility statement that nothing
// below implements, and options and objects that do not exist. What PostgreSQL
// takes and what cannot matter here passes; docs/sql lists it. A test walks the
// fields of the syntax tree (internal/lint): each is read here or where it has its
// effect.
func (x *Statement) CheckClauses(stmt parser.Stmt) error {
	switch st := stmt.(type) {
	case *parser.CreateTableStmt:
		if st.OrReplace {
			return x.refused(st.Pos(), "CREATE OR REPLACE TABLE")
		}
		for _, c := range st.Columns {
			if err := x.checkColumn(c); err != nil {
				return err
			}
		}
		for _, c := range st.Constraints {
			if err := x.checkConstraint(c); err != nil {
				return err
			}
		}
		return x.checkTableOptions(st.Options, st.OnCommit)
	case *parser.CreateTableAsStmt:
		return x.checkTableOptions(st.Options, st.OnCommit)
	case *parser.AlterTableStmt:
		for _, a := range st.Actions {
			if err := x.checkAction(a); err != nil {
				return err
			}
		}
	case *parser.CreateIndexStmt:
		return x.checkIndex(st)
	case *parser.CreateViewStmt:
		return x.checkView(st)
	case *parser.CreateSchemaStmt:
		return x.checkRole(st.Owner, st.Name.Pos())
	case *parser.CreateSequenceStmt:
		if st.Persistence == parser.Temporary {
			return x.refused(st.Pos(), "temporary sequence")
		}
	case *parser.CopyStmt:
		return x.checkCopy(st)
	case *parser.AnalyzeStmt:
		return x.checkMaintenance("ANALYZE", st.Options, analyzeOptions, st.Tables)
	case *parser.VacuumStmt:
		return x.checkMaintenance("VACUUM", st.Options, vacuumOptions, st.Tables)
	}
	return nil
}

// refused is the 0A000 error about a clause.
func (x *Statement) refused(pos int, what string) error {
	return sqlstate.New(sqlstate.FeatureNotSupported, "%s is not supported", what).
		WithPosition(parser.Position(x.Script, pos))
}

// checkColumn refuses what a column's constraints cannot have.
func (x *Statement) checkColumn(c *parser.ColumnDef) error {
	for _, k := range c.Constraints {
		if k.NullsNotDistinct {
			return x.refused(k.Pos(), "NULLS NOT DISTINCT")
		}
		if err := x.checkDeferral(k.Deferral, k.Pos()); err != nil {
			return err
		}
	}
	return nil
}

// checkDeferral refuses constraints that are checked later than at once.
func (x *Statement) checkDeferral(d parser.Deferral, pos int) error {
	switch {
	case d.InitiallyDeferred:
		return x.refused(pos, "INITIALLY DEFERRED")
	case d.Deferrable:
		return x.refused(pos, "DEFERRABLE")
	}
	return nil
}

// checkConstraint refuses what a constraint cannot have.
func (x *Statement) checkConstraint(c *parser.TableConstraint) error {
	switch {
	case len(c.Include) > 0:
		return x.refused(c.Include[0].Pos(), "INCLUDE of a constraint")
	case c.NotValid:
		return x.refused(c.Pos(), "NOT VALID")
	case c.NullsNotDistinct:
		return x.refused(c.Pos(), "NULLS NOT DISTINCT")
	}
	return x.checkDeferral(c.Deferral, c.Pos())
}

// checkAction looks at an action of ALTER TABLE.
func (x *Statement) checkAction(a *parser.AlterAction) error {
	switch a.Kind {
	case parser.OwnerTo:
		return x.checkRole(a.NewName.Name, a.NewName.Pos())
	case parser.SetOptions:
		return x.checkParameters(a.Options, tableParameters)
	case parser.ResetOptions:
		for _, o := range a.Options {
			if len(o.Values) > 0 {
				return sqlstate.New(sqlstate.SyntaxError, "RESET must not include values for parameters").
					WithPosition(parser.Position(x.Script, o.Pos()))
			}
		}
	case parser.AddColumn:
		return x.checkColumn(a.Column)
	case parser.AddConstraint:
		return x.checkConstraint(a.Constraint)
	}
	return nil
}

// collations are those that mean byte order, which is the only one.
var collations = []string{"C", "POSIX", "default", "ucs_basic"}

// checkDeclared looks at the collation of a column of the type t, and refuses one
// that is declared to be two things: of two defaults, or of NULL and NOT NULL,
// one would be dropped. A serial column has a default and is NOT NULL, an
// identity column the latter.
func (x *Statement) checkDeclared(table string, c *parser.ColumnDef, t types.Type, serial bool) error {
	if l := c.Collation; l != nil {
		if !slices.Contains(collations, l.Name) {
			return x.refused(l.Pos(), "collation \""+l.Name+"\"")
		}
		if t.Kind != types.Text && t.Kind != types.Varchar && t.Kind != types.Char {
			return sqlstate.New(sqlstate.DatatypeMismatch, "collations are not supported by type %s", t.BaseName()).
				WithPosition(parser.Position(x.Script, l.Pos()))
		}
	}
	null, notNull, defaults, identities := false, serial, 0, 0
	if serial {
		defaults = 1
	}
	for _, k := range c.Constraints {
		switch k.Kind {
		case parser.ConstrNull:
			null = true
		case parser.ConstrNotNull:
			notNull = true
		case parser.ConstrDefault:
			defaults++
		case parser.ConstrIdentity:
			identities++
			notNull = true
		}
		what := ""
		switch {
		case null && notNull:
			what = "conflicting NULL/NOT NULL declarations"
		case defaults > 1:
			what = "multiple default values specified"
		case identities > 1:
			what = "multiple identity specifications"
		case defaults > 0 && identities > 0:
			what = "both default and identity specified"
		default:
			continue
		}
		return sqlstate.New(sqlstate.SyntaxError, "%s for column %q of table %q", what, c.Name, table).
			WithPosition(parser.Position(x.Script, k.Pos()))
	}
	return nil
}

// checkRole refuses roles that are not there: there is one. "" is no role given.
func (x *Statement) checkRole(name string, pos int) error {
	switch name {
	case "", setting.User, "current_user", "current_role", "session_user":
		return nil
	}
	return sqlstate.New(sqlstate.UndefinedObject, "role %q does not exist", name).
		WithPosition(parser.Position(x.Script, pos))
}

// checkCopy refuses a query without rows, and HEADER MATCH, which would compare.
func (x *Statement) checkCopy(st *parser.CopyStmt) error {
	returning := true
	switch q := st.Query.(type) {
	case *parser.InsertStmt:
		returning = len(q.Returning) > 0
	case *parser.UpdateStmt:
		returning = len(q.Returning) > 0
	case *parser.DeleteStmt:
		returning = len(q.Returning) > 0
	}
	if !returning {
		return x.refused(st.Query.Pos(), "COPY of a query without RETURNING")
	}
	for _, o := range st.Options {
		if v, _ := o.Text(); o.Name == "header" && strings.EqualFold(v, "match") {
			return x.refused(o.Pos(), "HEADER MATCH")
		}
	}
	return nil
}

// indexMethods are PostgreSQL's access methods; only btree is here.
var indexMethods = []string{"btree", "hash", "gin", "gist", "spgist", "brin"}

// operatorClasses are those of btree whose order is that of the type, or of bytes.
var operatorClasses = strings.Fields(`bool_ops bpchar_ops bpchar_pattern_ops bytea_ops date_ops float4_ops
float8_ops int2_ops int4_ops int8_ops interval_ops jsonb_ops numeric_ops text_ops text_pattern_ops time_ops
timestamp_ops timestamptz_ops uuid_ops varchar_ops varchar_pattern_ops`)

// checkIndex looks at the clauses of CREATE INDEX. CONCURRENTLY, DESC and NULLS
// FIRST change how an index is built and read, not what a query gives.
func (x *Statement) checkIndex(st *parser.CreateIndexStmt) error {
	if st.Method != "" && st.Method != indexMethods[0] {
		if slices.Contains(indexMethods, st.Method) {
			return x.refused(st.Pos(), "access method "+st.Method)
		}
		return sqlstate.New(sqlstate.UndefinedObject, "access method %q does not exist", st.Method)
	}
	for _, e := range st.Elems {
		if c := e.Collation; c != nil && !slices.Contains(collations, c.Name) {
			return x.refused(c.Pos(), "collation \""+c.Name+"\"")
		}
		if c := e.OpClass; c != nil && !slices.Contains(operatorClasses, c.Name) {
			return sqlstate.New(sqlstate.UndefinedObject, "operator class %q does not exist for access method \"btree\"", c.Name).
				WithPosition(parser.Position(x.Script, c.Pos()))
		}
	}
	return x.checkParameters(st.Options, map[string]parameter{"fillfactor": numberOf(10, 100), "deduplicate_items": boolean})
}

// checkView looks at the options of CREATE VIEW.
func (x *Statement) checkView(st *parser.CreateViewStmt) error {
	if st.IfNotExists || st.WithNoData {
		return x.refused(st.Pos(), "this kind of view")
	}
	for _, o := range st.Options {
		if o.Name == "check_option" {
			return x.refused(o.Pos(), "check_option of a view")
		}
	}
	return x.checkParameters(st.Options, map[string]parameter{"security_barrier": boolean, "security_invoker": boolean})
}

// A parameter tells whether a storage parameter can have the option's value, and
// what a value has to be.
type parameter func(o *parser.Option) (ok bool, want string)

func boolean(o *parser.Option) (bool, string) {
	_, ok := o.Bool()
	return ok, "a Boolean"
}

// numberOf takes numbers of a range.
func numberOf(least, most float64) parameter {
	return func(o *parser.Option) (bool, string) {
		text, _ := o.Text()
		n, err := strconv.ParseFloat(text, 64)
		return err == nil && n >= least && n <= most, "a number between " + strconv.FormatFloat(least, 'g', -1, 64) + " and " + strconv.FormatFloat(most, 'g', -1, 64)
	}
}

// tableParameters are the storage parameters of tables; those of the TOAST table
// have toast. before the name. They are about pages, and there are none.
var tableParameters = map[string]parameter{
	"fillfactor": numberOf(10, 100), "toast_tuple_target": numberOf(128, 8160), "parallel_workers": numberOf(0, 1024),
	"user_catalog_table": boolean, "vacuum_truncate": boolean, "autovacuum_enabled": boolean,
	"vacuum_index_cleanup": func(o *parser.Option) (bool, string) {
		text, _ := o.Text()
		_, ok := o.Bool()
		return ok || strings.EqualFold(text, "auto"), "on, off or auto"
	},
	"autovacuum_vacuum_threshold": numberOf(0, math.MaxInt32), "autovacuum_vacuum_scale_factor": numberOf(0, 100),
	"autovacuum_vacuum_insert_threshold": numberOf(-1, math.MaxInt32), "autovacuum_vacuum_insert_scale_factor": numberOf(0, 100),
	"autovacuum_analyze_threshold": numberOf(0, math.MaxInt32), "autovacuum_analyze_scale_factor": numberOf(0, 100),
	"autovacuum_vacuum_cost_delay": numberOf(0, 100), "autovacuum_vacuum_cost_limit": numberOf(1, 10000),
	"autovacuum_freeze_min_age": numberOf(0, 1e9), "autovacuum_freeze_max_age": numberOf(1e5, 2e9), "autovacuum_freeze_table_age": numberOf(0, 2e9),
	"autovacuum_multixact_freeze_min_age": numberOf(0, 1e9), "autovacuum_multixact_freeze_max_age": numberOf(1e4, 2e9),
	"autovacuum_multixact_freeze_table_age": numberOf(0, 2e9), "log_autovacuum_min_duration": numberOf(-1, math.MaxInt32),
	"oids": func(o *parser.Option) (bool, string) {
		v, ok := o.Bool()
		return ok && !v, "false"
	},
}

// checkTableOptions looks at WITH (…) and ON COMMIT of CREATE TABLE.
func (x *Statement) checkTableOptions(options []*parser.Option, onCommit string) error {
	if onCommit != "" {
		return sqlstate.New(sqlstate.InvalidTableDefinition, "ON COMMIT can only be used on temporary tables")
	}
	return x.checkParameters(options, tableParameters)
}

// checkParameters refuses storage parameters that are not known, or twice there,
// and values that they cannot have.
func (x *Statement) checkParameters(options []*parser.Option, known map[string]parameter) error {
	seen := map[string]bool{}
	for _, o := range options {
		check := known[strings.TrimPrefix(o.Name, "toast.")]
		if check == nil {
			return sqlstate.New(sqlstate.InvalidParameterValue, "unrecognized parameter %q", o.Name)
		}
		if seen[o.Name] {
			return sqlstate.New(sqlstate.InvalidParameterValue, "parameter %q specified more than once", o.Name)
		}
		seen[o.Name] = true
		if ok, want := check(o); !ok || o.List {
			text, _ := o.Text()
			return sqlstate.New(sqlstate.InvalidParameterValue, "invalid value for option %q: %q", o.Name, text).
				WithDetail("It has to be %s.", want)
		}
	}
	return nil
}

// The options of ANALYZE and VACUUM, with the kinds of their values. The engine
// does this work by itself; the statements say that their tables are there.
var (
	analyzeOptions = map[string]parameter{"verbose": boolean, "skip_locked": boolean}
	vacuumOptions  = map[string]parameter{
		"full": boolean, "freeze": boolean, "verbose": boolean, "analyze": boolean, "disable_page_skipping": boolean,
		"skip_locked": boolean, "process_toast": boolean, "truncate": boolean, "parallel": numberOf(0, 1024),
		"index_cleanup": tableParameters["vacuum_index_cleanup"],
	}
)

// checkMaintenance looks at the options and tables of ANALYZE and VACUUM.
func (x *Statement) checkMaintenance(statement string, options []*parser.Option, known map[string]parameter, tables []*parser.MaintainedTable) error {
	analyze := statement == "ANALYZE"
	for _, o := range options {
		check := known[o.Name]
		if check == nil {
			return sqlstate.New(sqlstate.SyntaxError, "unrecognized %s option %q", statement, o.Name).
				WithPosition(parser.Position(x.Script, o.Pos()))
		}
		ok, want := check(o)
		if !ok || o.List {
			return sqlstate.New(sqlstate.SyntaxError, "%s option %q requires %s value", statement, o.Name, want).
				WithPosition(parser.Position(x.Script, o.Pos()))
		}
		if v, _ := o.Bool(); o.Name == "analyze" {
			analyze = v
		}
	}
	for _, m := range tables {
		if x.Cat.View(m.Name.Schema, m.Name.Name) != nil {
			x.Warn("01000", "skipping %q --- cannot vacuum or analyze non-tables", m.Name.Name)
			continue
		}
		if x.isSystem(m.Name) {
			continue // nothing is kept of it
		}
		t, err := x.Table(m.Name)
		if err != nil {
			return err
		}
		if len(m.Columns) > 0 && !analyze {
			return sqlstate.New(sqlstate.FeatureNotSupported, "ANALYZE option must be specified when a column list is provided")
		}
		seen := map[string]bool{}
		for _, c := range m.Columns {
			if _, err := x.alteredColumn(t, c); err != nil {
				return err
			}
			if seen[c.Name] {
				return sqlstate.New(sqlstate.DuplicateColumn, "column %q of relation %q appears more than once", c.Name, t.Name)
			}
			seen[c.Name] = true
		}
	}
	return nil
}
