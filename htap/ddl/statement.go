package ddl

import "htapdb/htap/exec"

// Statement is a statement that changes the catalog, while it runs.
type Statement struct {
	*exec.Statement
	exec.Planner
}
