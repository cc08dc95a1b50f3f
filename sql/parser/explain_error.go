package parser

import "htapdb/sql/sqlstate"

// explainError adds a hint to a syntax error.
func explainError(sql string, err *sqlstate.Error, parse func(*parser)) error {
	return err
}
