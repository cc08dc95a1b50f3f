package ddl

import (
	"htapdb/htap/catalog"
	"htapdb/htap/exec"
	"htapdb/htap/syscat"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
)

// Statement is a statement that changes the catalog, while it runs.
type Statement struct {
	*exec.Statement
	exec.Planner
}

// Table finds a stored table by name; the system's relations are 42501.
func (x *Statement) Table(n parser.ObjectName) (*catalog.Table, error) {
	if x.isSystem(n) {
		return nil, systemCatalog(n.Name)
	}
	return x.Statement.Table(n)
}

// isSystem reports whether a name means a relation of the system.
func (x *Statement) isSystem(n parser.ObjectName) bool {
	return syscat.Resolve(x.Cat, x.Session.Path(x.Cat), n.Schema, n.Name) != ""
}

// systemCatalog is the error of changing a relation of the system.
func systemCatalog(name string) error {
	return sqlstate.New(sqlstate.InsufficientPrivilege, "permission denied: %q is a system catalog", name)
}
