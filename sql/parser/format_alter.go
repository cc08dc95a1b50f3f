package parser

func (n *AlterTableStmt) format(w *printer) {
	w.str("ALTER ", upper(n.Kind.String()), " ")
	w.opt(n.IfExists, "IF EXISTS ")
	w.str(n.Name.String(), " ")
	list(w, n.Actions)
}

func (n *AlterAction) format(w *printer) {
	name := QuoteIdent(n.Name.Name)
	newName := QuoteIdent(n.NewName.Name)
	switch n.Kind {
	case AddColumn:
		w.str("ADD COLUMN ")
		w.opt(n.IfNotExists, "IF NOT EXISTS ")
		n.Column.format(w)
	case AddConstraint:
		w.str("ADD ")
		n.Constraint.format(w)
	case DropColumn, DropConstraint:
		n.formatDrop(w, name)
	case RenameColumn:
		w.str("RENAME COLUMN ", name, " TO ", newName)
	case RenameObject:
		w.str("RENAME TO ", newName)
	case RenameConstraint:
		w.str("RENAME CONSTRAINT ", name, " TO ", newName)
	case SetSchema:
		w.str("SET SCHEMA ", newName)
	case OwnerTo:
		w.str("OWNER TO ", newName)
	case ValidateConstraint:
		w.str("VALIDATE CONSTRAINT ", name)
	case SetOptions:
		w.parameters("SET ", n.Options)
	case ResetOptions:
		w.parameters("RESET ", n.Options)
	default:
		w.str("ALTER COLUMN ", name, " ")
		n.formatColumn(w)
	}
}

func (n *AlterAction) formatDrop(w *printer, name string) {
	if n.Kind == DropColumn {
		w.str("DROP COLUMN ")
	} else {
		w.str("DROP CONSTRAINT ")
	}
	w.opt(n.IfExists, "IF EXISTS ")
	w.str(name)
	w.opt(n.Cascade, " CASCADE")
}

// formatColumn prints what follows ALTER COLUMN name.
func (n *AlterAction) formatColumn(w *printer) {
	switch n.Kind {
	case SetColumnType:
		w.str("TYPE ")
		n.Type.format(w)
		w.clause(" USING ", n.Using)
	case SetColumnDefault:
		w.clause("SET DEFAULT ", n.Default)
	case DropColumnDefault:
		w.str("DROP DEFAULT")
	case SetNotNull:
		w.str("SET NOT NULL")
	case DropNotNull:
		w.str("DROP NOT NULL")
	case AddIdentity:
		w.str("ADD ")
		w.identity(n.Identity)
	case DropIdentity:
		w.str("DROP IDENTITY")
		w.opt(n.IfExists, " IF EXISTS")
	}
}
