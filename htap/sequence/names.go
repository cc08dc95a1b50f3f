package sequence

import (
	"htapdb/htap/catalog"
	"htapdb/sql/parser"
)

// Names are the names of sequences that the calls in a query or expression give as
// constants. Those that are cast to text, which can be looked up when it runs, are
// among them if late.
func Names(in parser.Node, late bool) (names []*parser.StringLit) {
	parser.Walk(in, func(n parser.Node) bool {
		call, ok := n.(*parser.FuncCall)
		if !ok || len(call.Args) == 0 {
			return true
		}
		switch call.Name.Name {
		case "nextval", "currval", "setval":
			arg := call.Args[0]
			if c, ok := arg.(*parser.CastExpr); ok && (late || c.Type.Name == "regclass") {
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
	for _, lit := range Names(e, true) {
		n, err := parser.ParseName(lit.Value)
		if err == nil && n.Name == q.Name && (n.Schema == q.Schema || n.Schema == "" && q.Schema == catalog.DefaultSchema) {
			return true
		}
	}
	return false
}
