package parser

var persistenceNames = [...]string{Permanent: "", Temporary: "TEMPORARY ", Unlogged: "UNLOGGED "}

// create prints CREATE with its words up to the name, and the name.
func (w *printer) create(what string, replace bool, persistence Persistence, ifNotExists bool, name ObjectName) {
	w.str("CREATE ")
	w.opt(replace, "OR REPLACE ")
	w.str(persistenceNames[persistence], what, " ")
	w.opt(ifNotExists, "IF NOT EXISTS ")
	w.opt(name.Name != "", name.String())
}

func (n *CreateTableStmt) format(w *printer) {
	w.create("TABLE", n.OrReplace, n.Persistence, n.IfNotExists, n.Name)
	w.str(" (")
	list(w, n.Columns)
	w.opt(len(n.Columns) > 0 && len(n.Constraints) > 0, ", ")
	list(w, n.Constraints)
	w.opt(len(n.Columns)+len(n.Constraints) > 0 && len(n.Likes) > 0, ", ")
	list(w, n.Likes)
	w.str(")")
	w.tableSuffix(n.Options, n.OnCommit)
}

// tableSuffix prints WITH (…) and ON COMMIT.
func (w *printer) tableSuffix(options []*Option, onCommit string) {
	w.parameters(" WITH ", options)
	if onCommit != "" {
		w.str(" ON COMMIT ", upper(onCommit))
	}
}

func (n *CreateTableAsStmt) format(w *printer) {
	w.create("TABLE", n.OrReplace, n.Persistence, n.IfNotExists, n.Name)
	w.parenIdents(" ", n.Columns)
	w.tableSuffix(n.Options, n.OnCommit)
	w.clause(" AS ", n.Query)
	w.opt(n.WithNoData, " WITH NO DATA")
}

func (n *ColumnDef) format(w *printer) {
	w.str(QuoteIdent(n.Name), " ")
	n.Type.format(w)
	if n.Collation != nil {
		w.str(" COLLATE ", n.Collation.String())
	}
	for _, c := range n.Constraints {
		w.str(" ")
		c.format(w)
	}
}

// constraintName prints CONSTRAINT name.
func (w *printer) constraintName(name string) {
	if name != "" {
		w.str("CONSTRAINT ", QuoteIdent(name), " ")
	}
}

func (n *ColumnConstraint) format(w *printer) {
	w.constraintName(n.Name)
	switch n.Kind {
	case ConstrNull:
		w.str("NULL")
	case ConstrNotNull:
		w.str("NOT NULL")
	case ConstrDefault:
		w.str("DEFAULT ")
		w.expr(n.Expr, precCompare)
	case ConstrIdentity:
		w.identity(n)
	case ConstrGenerated:
		w.clause("GENERATED ALWAYS AS (", n.Expr)
		w.str(") STORED")
	case ConstrPrimaryKey:
		w.str("PRIMARY KEY")
	case ConstrUnique:
		w.str("UNIQUE")
		w.opt(n.NullsNotDistinct, " NULLS NOT DISTINCT")
	case ConstrCheck:
		w.clause("CHECK (", n.Expr)
		w.str(")")
	case ConstrForeignKey:
		n.References.format(w)
	}
	w.deferral(n.Deferral)
}

// identity prints GENERATED … AS IDENTITY.
func (w *printer) identity(n *ColumnConstraint) {
	w.str("GENERATED ")
	if n.Always {
		w.str("ALWAYS")
	} else {
		w.str("BY DEFAULT")
	}
	w.str(" AS IDENTITY")
	if len(n.Sequence) > 0 {
		w.str(" (")
		w.sequenceOptions("", n.Sequence)
		w.str(")")
	}
}

// sequenceOptions prints the options of a sequence, with before in front of
// the first one.
func (w *printer) sequenceOptions(before string, options []*Option) {
	for i, o := range options {
		w.opt(i > 0, " ")
		w.opt(i == 0, before)
		text, _ := o.Text()
		switch {
		case text == "no" && o.Values[0].Kind == OptionWord && o.Name != "as":
			w.str("NO ", upper(o.Name))
		case o.Name == "as":
			w.str("AS ", QuoteIdent(text))
		case o.Name == "owned":
			w.str("OWNED BY ")
			w.dotted(text)
		default:
			w.str(upper(o.Name))
			w.opt(text != "", " ")
			w.str(text)
		}
	}
}

func (w *printer) deferral(d Deferral) {
	w.opt(d.Deferrable, " DEFERRABLE")
	w.opt(d.InitiallyDeferred, " INITIALLY DEFERRED")
}

func (n *TableConstraint) format(w *printer) {
	w.constraintName(n.Name)
	switch n.Kind {
	case ConstrPrimaryKey:
		w.str("PRIMARY KEY")
	case ConstrUnique:
		w.str("UNIQUE")
		w.opt(n.NullsNotDistinct, " NULLS NOT DISTINCT")
	case ConstrCheck:
		w.clause("CHECK (", n.Expr)
		w.str(")")
	case ConstrForeignKey:
		w.str("FOREIGN KEY")
	}
	w.parenIdents(" ", n.Columns)
	w.parenIdents(" INCLUDE ", n.Include)
	if n.References != nil {
		w.str(" ")
		n.References.format(w)
	}
	w.deferral(n.Deferral)
	w.opt(n.NotValid, " NOT VALID")
}

var refActions = [...]string{Restrict: "RESTRICT", Cascade: "CASCADE", SetNull: "SET NULL", SetDefault: "SET DEFAULT"}

func (n *References) format(w *printer) {
	w.str("REFERENCES ", n.Table.String())
	w.parenIdents(" ", n.Columns)
	if n.Match != "" {
		w.str(" MATCH ", upper(n.Match))
	}
	if n.OnDelete != NoAction {
		w.str(" ON DELETE ", refActions[n.OnDelete])
	}
	if n.OnUpdate != NoAction {
		w.str(" ON UPDATE ", refActions[n.OnUpdate])
	}
}

func (n *TableLike) format(w *printer) {
	w.str("LIKE ", n.Table.String())
	for _, s := range n.Including {
		w.str(" INCLUDING ", upper(s))
	}
	for _, s := range n.Excluding {
		w.str(" EXCLUDING ", upper(s))
	}
}

func (n *CreateIndexStmt) format(w *printer) {
	w.str("CREATE ")
	w.opt(n.Unique, "UNIQUE ")
	w.str("INDEX ")
	w.opt(n.Concurrently, "CONCURRENTLY ")
	w.opt(n.IfNotExists, "IF NOT EXISTS ")
	if n.Name.Name != "" {
		w.str(n.Name.String(), " ")
	}
	w.str("ON ", n.Table.String())
	if n.Method != "" {
		w.str(" USING ", QuoteIdent(n.Method))
	}
	listClause(w, " (", n.Elems)
	w.str(")")
	w.parenIdents(" INCLUDE ", n.Include)
	w.opt(n.NullsNotDistinct, " NULLS NOT DISTINCT")
	w.parameters(" WITH ", n.Options)
	w.clause(" WHERE ", n.Where)
}

func (n *IndexElem) format(w *printer) {
	column, ok := n.Expr.(*ColumnRef)
	_, call := n.Expr.(*FuncCall)
	if ok && len(column.Parts) == 1 || call {
		w.expr(n.Expr, precPrimary)
	} else {
		w.query(n.Expr)
	}
	if n.Collation != nil {
		w.str(" COLLATE ", n.Collation.String())
	}
	if n.OpClass != nil {
		w.str(" ", n.OpClass.String())
	}
	w.direction(n.Desc, n.Nulls)
}

func (n *CreateViewStmt) format(w *printer) {
	what := "VIEW"
	switch {
	case n.Recursive:
		what = "RECURSIVE VIEW"
	case n.Materialized:
		what = "MATERIALIZED VIEW"
	}
	w.create(what, n.OrReplace, n.Persistence, n.IfNotExists, n.Name)
	w.parenIdents(" ", n.Columns)
	w.parameters(" WITH ", n.Options)
	w.clause(" AS ", n.Query)
	w.opt(n.WithNoData, " WITH NO DATA")
	if n.CheckOption != "" {
		w.str(" WITH ", upper(n.CheckOption), " CHECK OPTION")
	}
}

func (n *CreateSchemaStmt) format(w *printer) {
	w.create("SCHEMA", false, Permanent, n.IfNotExists, ObjectName{Name: n.Name.Name})
	if n.Owner != "" {
		w.str(" AUTHORIZATION ", QuoteIdent(n.Owner))
	}
}

func (n *CreateEnumStmt) format(w *printer) {
	w.str("CREATE TYPE ", n.Name.String(), " AS ENUM (")
	list(w, n.Labels)
	w.str(")")
}

func (n *CreateSequenceStmt) format(w *printer) {
	w.create("SEQUENCE", false, n.Persistence, n.IfNotExists, n.Name)
	w.sequenceOptions(" ", n.Options)
}

func (n *CreateModelStmt) format(w *printer) {
	w.create("MODEL", n.OrReplace, Permanent, n.IfNotExists, n.Name)
	if len(n.Transform) > 0 {
		listClause(w, " TRANSFORM (", n.Transform)
		w.str(")")
	}
	if n.Target.Name != "" {
		w.str(" PREDICT ", QuoteIdent(n.Target.Name))
	}
	listClause(w, " PARTITION BY ", n.PartitionBy)
	w.str(" USING ", QuoteIdent(n.Algorithm.Name))
	w.parameters(" WITH ", n.Options)
	w.opt(n.MaintainContinuously, " MAINTAIN CONTINUOUSLY")
	w.clause(" AS ", n.Query)
}

func (n *CheckTableStmt) format(w *printer) {
	w.str("CHECK TABLE ")
	w.names(n.Tables)
}

func (n *DropStmt) format(w *printer) {
	w.str("DROP ", upper(n.Kind.String()), " ")
	w.opt(n.Concurrently, "CONCURRENTLY ")
	w.opt(n.IfExists, "IF EXISTS ")
	w.names(n.Names)
	w.opt(n.Cascade, " CASCADE")
}

func (n *CommentStmt) format(w *printer) {
	w.str("COMMENT ON ", upper(n.Kind.String()), " ")
	switch n.Kind {
	case ObjectColumn:
		w.str(n.Name.String(), ".", QuoteIdent(n.Sub.Name))
	case ObjectConstraint:
		w.str(QuoteIdent(n.Sub.Name), " ON ", n.Name.String())
	default:
		w.str(n.Name.String())
	}
	w.str(" IS ")
	if n.Text == nil {
		w.str("NULL")
		return
	}
	n.Text.format(w)
}
