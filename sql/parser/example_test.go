package parser_test

import (
	"errors"
	"fmt"

	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
)

func ExampleParse() {
	list, err := parser.Parse("SELECT a FROM t WHERE b = $1; DROP TABLE t")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range list {
		fmt.Printf("%T with %d parameters: %s\n", s.Stmt, s.ParamCount, s.SQL)
	}
	// Output:
	// *parser.SelectStmt with 1 parameters: SELECT a FROM t WHERE b = $1
	// *parser.DropStmt with 0 parameters: DROP TABLE t
}

func ExampleParse_syntaxError() {
	_, err := parser.Parse("SELECT a FORM t")
	var e *sqlstate.Error
	if errors.As(err, &e) {
		fmt.Printf("%s at %d: %s\n%s\n", e.Code, e.Position, e.Message, e.Hint)
	}
	// Output:
	// 42601 at 15: syntax error at or near "t"
	// Did you mean FROM instead of "FORM"?
}

func ExampleFormat() {
	s, err := parser.ParseOne("from t select ((a+b)*c) as X, d where not(e or f)")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(parser.Format(s.Stmt))
	// Output:
	// SELECT (a + b) * c AS x, d FROM t WHERE NOT (e OR f)
}

func ExampleWalk() {
	s, err := parser.ParseOne("SELECT a, f(t.b) FROM t WHERE a IN (SELECT c FROM u)")
	if err != nil {
		fmt.Println(err)
		return
	}
	parser.Walk(s.Stmt, func(n parser.Node) bool {
		if c, ok := n.(*parser.ColumnRef); ok {
			fmt.Println(parser.Format(c), "at", c.Pos())
		}
		return true
	})
	// Output:
	// a at 7
	// t.b at 12
	// a at 30
	// c at 43
}
