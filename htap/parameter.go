package htap

import (
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
)

// undefinedParameter is 42P02 for the first parameter of a statement that gets
// none.
func undefinedParameter(script string, stmt parser.Stmt) error {
	var first *parser.Param
	parser.Walk(stmt, func(n parser.Node) bool {
		if p, ok := n.(*parser.Param); ok && (first == nil || p.Pos() < first.Pos()) {
			first = p
		}
		return true
	})
	if first == nil {
		return sqlstate.New(sqlstate.UndefinedParameter, "there is no parameter")
	}
	return sqlstate.New(sqlstate.UndefinedParameter, "there is no parameter $%d", first.Number).WithPosition(parser.Position(script, first.Pos()))
}
