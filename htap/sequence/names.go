package sequence

import (
	"slices"

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

// Bound are the names of sequences that a query gives as constants. One
// that is cast to text is looked up when the query runs.
func Bound(query parser.Node) (names []*parser.StringLit) {
	parser.Walk(query, func(n parser.Node) bool {
		call, ok := n.(*parser.FuncCall)
		if !ok || len(call.Args) == 0 || !slices.Contains([]string{"nextval", "currval", "setval"}, call.Name.Name) {
			return true
		}
		arg := call.Args[0]
		if cast, ok := arg.(*parser.CastExpr); ok && cast.Type.Name == "regclass" {
			arg = cast.Operand
		}
		if name, ok := arg.(*parser.StringLit); ok {
			names = append(names, name)
		}
		return true
	})
	return names
}
