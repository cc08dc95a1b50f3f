package sequence

import (
	"htapdb/htap/catalog"
	"htapdb/sql/parser"
)

// Names are the names of the sequences that an expression's calls give
// as constants.
func Names(e parser.Expr) (names []*parser.StringLit) {
	parser.Walk(e, func(n parser.Node) bool {
		call, ok := n.(*parser.FuncCall)
		if !ok || len(call.Args) == 0 {
			return true
		}
		switch call.Name.Name {
		case "nextval", "currval", "setval":
			arg := call.Args[0]
			if c, ok := arg.(*parser.CastExpr); ok {
				arg = c.Operand
			}
			if lit, ok := arg.(*parser.StringLit); ok {
				names = append(names, lit)
			}
		}
		return true
	})
	return names
}

// DrawsFrom reports whether a default takes values of the sequence.
func DrawsFrom(expr string, q *catalog.Sequence) bool {
	e, err := parser.ParseExpr(expr)
	if err != nil {
		return false
	}
	for _, lit := range Names(e) {
		n, err := parser.ParseName(lit.Value)
		if err == nil && n.Name == q.Name && (n.Schema == q.Schema || n.Schema == "" && q.Schema == catalog.DefaultSchema) {
			return true
		}
	}
	return false
}
