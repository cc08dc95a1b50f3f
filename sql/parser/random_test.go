package parser

import (
	"math/rand/v2"
	"testing"

	"htapdb/internal/testutil"
)

// generator makes random trees that the parser could have made, to attack the
// parentheses and blanks of Format. Depth bounds the height.
type generator struct{ *rand.Rand }

func pick[T any](g generator, list ...T) T { return list[g.IntN(len(list))] }

func (g generator) name() string {
	return pick(g, "a", "b", "t", "Mixed", "with space", `quo"te`, "select", "left", "int", "rows", "partition",
		"unbounded", "date", "interval", "values", "rollup", "position", "current", "at", "not", "end", "filter", "over")
}

func (g generator) op() string {
	return pick(g, "=", "<", ">", "<=", ">=", "<>", "+", "-", "*", "/", "%", "^", "||", "->", "->>", "@>", "~", "!~*",
		"&", "|", "#", "<<", "?", "?|", "@-", "&&", "//")
}

// leaf makes an expression without operands.
func (g generator) leaf() Expr {
	switch g.IntN(12) {
	case 0:
		return &NullLit{}
	case 1:
		return &BoolLit{Value: g.IntN(2) == 0}
	case 2:
		return &NumberLit{Text: pick(g, "1", "0xff", "99999999999999999999"), Integer: true}
	case 3:
		return &NumberLit{Text: pick(g, "1.5", ".5", "1.", "1e10")}
	case 4:
		return &StringLit{Value: pick(g, "", "x", "it's", "a\nb", `\`, "--", "/*")}
	case 5:
		return &TypedLit{Type: g.literalType(), Value: "1"}
	case 6:
		return &Param{Number: 1 + g.IntN(3)}
	case 7:
		return &BitStringLit{Hex: true, Digits: "1f"}
	case 8:
		return &FuncCall{Form: FormKeyword, Name: ObjectName{Name: pick(g, "current_date", "user", "current_schema")}}
	case 9:
		return &FuncCall{Name: ObjectName{Name: pick(g, "f", "coalesce", "left", "Mixed", "count")}, Star: true}
	}
	parts := []string{g.name()}
	for g.IntN(4) == 0 && len(parts) < 4 {
		parts = append(parts, g.name())
	}
	return &ColumnRef{Parts: parts}
}

func (g generator) literalType() *TypeName {
	return pick(g,
		&TypeName{Name: "date"}, &TypeName{Name: "interval"}, &TypeName{Name: "interval", Fields: "day to second", Args: []int{3}},
		&TypeName{Name: "interval", Args: []int{2}}, &TypeName{Name: "timestamp with time zone", Args: []int{3}},
		&TypeName{Name: "double precision"}, &TypeName{Name: "char"}, &TypeName{Schema: "s", Name: "My Type"})
}

func (g generator) castType() *TypeName {
	typ := g.literalType()
	if g.IntN(3) == 0 {
		copied := *typ
		copied.Dims = []int{-1, 3}
		return &copied
	}
	return typ
}

// expr makes an expression of at most the given height.
func (g generator) expr(depth int) Expr {
	if depth == 0 {
		return g.leaf()
	}
	sub := func() Expr { return g.expr(g.IntN(depth)) }
	switch g.IntN(24) {
	case 0, 1:
		return &UnaryExpr{Op: pick(g, "not", "-", "+", "~", "@", "|/"), Operand: sub()}
	case 2, 3, 4, 5:
		b := &BinaryExpr{Op: g.op(), Left: sub(), Right: sub()}
		if g.IntN(8) == 0 && b.Op[0] != '?' {
			b.OpSchema = g.name()
		}
		return b
	case 6, 7, 8:
		return g.boolExpr(sub)
	case 9:
		return &CastExpr{Operand: sub(), Type: g.castType()}
	case 10:
		return &CollateExpr{Operand: sub(), Collation: ObjectName{Name: g.name()}}
	case 11:
		return &IsExpr{Operand: sub(), Test: IsTest(g.IntN(4)), Not: g.IntN(2) == 0}
	case 12:
		return &IsDistinctExpr{Left: sub(), Right: sub(), Not: g.IntN(2) == 0}
	case 13:
		return &BetweenExpr{Operand: sub(), Low: sub(), High: sub(), Not: g.IntN(2) == 0, Symmetric: g.IntN(2) == 0}
	case 14:
		return &InExpr{Operand: sub(), Not: g.IntN(2) == 0, List: []Expr{sub(), sub()}}
	case 15:
		l := &LikeExpr{Kind: LikeKind(g.IntN(3)), Not: g.IntN(2) == 0, Operand: sub(), Pattern: sub()}
		if g.IntN(2) == 0 {
			l.Escape = sub()
		}
		return l
	case 16:
		return g.quantified(sub)
	case 17:
		return &IndexExpr{Operand: sub(), Index: sub(), Slice: true}
	case 18:
		return &FieldExpr{Operand: sub(), Field: g.name()}
	case 19:
		return &CaseExpr{Operand: sub(), Whens: []*When{{Cond: sub(), Result: sub()}}, Else: sub()}
	case 20:
		return &RowExpr{Explicit: g.IntN(2) == 0, Items: []Expr{sub(), sub()}}
	case 21:
		return pick[Expr](g, &ArrayExpr{Items: []Expr{sub()}}, &SubqueryExpr{Query: g.query(depth - 1)},
			&ExistsExpr{Query: g.query(depth - 1)}, &InExpr{Operand: sub(), Query: g.query(depth - 1)})
	}
	return g.call(sub)
}

// boolExpr makes a chain whose first argument is no chain of the same kind:
// the parser would have joined the two.
func (g generator) boolExpr(sub func() Expr) Expr {
	n := &BoolExpr{Op: BoolOp(g.IntN(2)), Args: []Expr{sub(), sub()}}
	if first, ok := n.Args[0].(*BoolExpr); ok && first.Op == n.Op {
		first.Args = append(first.Args, n.Args[1:]...)
		return first
	}
	return n
}

func (g generator) quantified(sub func() Expr) Expr {
	q := &QuantifiedExpr{Op: pick(g, "=", "<", "~~", "!~~*", "||"), All: g.IntN(2) == 0, Left: sub(), Array: sub()}
	if array, ok := q.Array.(*SubqueryExpr); ok {
		q.Query, q.Array = array.Query, nil
	}
	return q
}

func (g generator) call(sub func() Expr) Expr {
	c := &FuncCall{Name: ObjectName{Name: pick(g, "f", "substring", "position", "extract", "trim", "overlay", "rollup",
		"interval", "row", "exists", "int", "date", "user", "Mixed", "values", "grouping")}}
	switch g.IntN(8) {
	case 0:
		return &FuncCall{Form: FormAtTimeZone, Name: ObjectName{Name: "timezone"}, Args: []Expr{sub(), sub()}}
	case 1:
		return &FuncCall{Form: FormExtract, Name: ObjectName{Name: "extract"}, Args: []Expr{&StringLit{Value: "year"}, sub()}}
	case 2:
		return &FuncCall{Form: FormPosition, Name: ObjectName{Name: "position"}, Args: []Expr{sub(), sub()}}
	case 3:
		return &FuncCall{Form: FormTrim, Name: ObjectName{Name: "ltrim"}, Args: []Expr{sub(), sub()}}
	case 4:
		return &FuncCall{Form: FormSubstring, Name: ObjectName{Name: "substring"}, Args: []Expr{sub(), sub(), sub()}}
	case 5:
		c.Args = []Expr{sub(), &NamedArg{Name: g.name(), Value: sub()}}
		if c.Args[1].(*NamedArg).Name == "select" {
			c.Args = c.Args[:1]
		}
	case 6:
		c.Args = []Expr{sub()}
		c.Over = g.window(sub)
	default:
		c.Args = []Expr{sub(), sub()}
		c.Distinct = true
		c.OrderBy = []*OrderItem{{Expr: sub(), Desc: true, Nulls: NullsFirst}}
		c.Filter = sub()
	}
	return c
}

func (g generator) window(sub func() Expr) *WindowSpec {
	if g.IntN(4) == 0 {
		return &WindowSpec{Ref: g.name(), RefOnly: true}
	}
	w := &WindowSpec{PartitionBy: []Expr{sub()}, OrderBy: []*OrderItem{{Expr: sub()}}}
	if g.IntN(2) == 0 {
		w.Ref = g.name()
	}
	if g.IntN(2) == 0 {
		w.Frame = &Frame{Mode: FrameMode(g.IntN(3)), Exclude: FrameExclusion(g.IntN(4)),
			Start: FrameBound{Kind: Preceding, Offset: sub()}, End: FrameBound{Kind: Following, Offset: sub()}}
	}
	return w
}

// query makes a query with the clauses that contain expressions.
func (g generator) query(depth int) *SelectStmt {
	depth = max(depth, 0)
	q := &SelectStmt{Body: g.body(depth)}
	if g.IntN(3) == 0 {
		q.OrderBy = []*OrderItem{{Expr: g.expr(depth)}}
		q.Limit = g.expr(depth)
		q.Offset = g.expr(depth)
	} else if inner, ok := q.Body.(*SelectStmt); ok {
		return inner
	}
	return q
}

func (g generator) body(depth int) QueryBody {
	if depth > 0 && g.IntN(3) == 0 {
		return &SetOp{Op: SetOpKind(g.IntN(3)), All: g.IntN(2) == 0, Left: g.body(depth - 1), Right: g.body(depth - 1)}
	}
	if depth > 0 && g.IntN(8) == 0 {
		if q := g.query(depth - 1); q.OrderBy != nil {
			return q
		}
	}
	c := &SelectCore{
		Targets: []*Target{{Expr: g.expr(depth), Alias: g.name()}, {Expr: g.expr(depth)}},
		From:    []TableExpr{g.table(depth)},
		Where:   g.expr(depth),
		GroupBy: &GroupBy{Elements: []*GroupElement{{Exprs: []Expr{g.expr(depth)}}}},
	}
	if g.IntN(3) == 0 {
		c.Having, c.Qualify = g.expr(depth), g.expr(depth)
	}
	return c
}

func (g generator) table(depth int) TableExpr {
	alias := &TableAlias{Name: g.name(), Columns: []Ident{{Name: g.name()}}}
	if depth > 0 {
		switch g.IntN(5) {
		case 0:
			return &SubqueryRef{Query: g.query(depth - 1), Alias: alias}
		case 1:
			j := &JoinExpr{Kind: JoinKind(g.IntN(4)), Left: g.table(depth - 1), Right: g.table(depth - 1), On: g.expr(depth)}
			if g.IntN(2) == 0 {
				j.Alias = alias
			}
			return j
		case 2:
			return &JoinExpr{Kind: CrossJoin, Left: g.table(depth - 1), Right: g.table(depth - 1)}
		}
	}
	return pick[TableExpr](g, &TableRef{Name: ObjectName{Schema: g.name(), Name: g.name()}},
		&TableRef{Name: ObjectName{Name: g.name()}, Alias: alias}, &FileRef{Path: "it's"},
		&FunctionRef{Call: &FuncCall{Name: ObjectName{Name: "f"}, Args: []Expr{g.expr(0)}}, Alias: alias})
}

// TestRandomTrees prints random trees and checks that they parse into
// themselves. Of the failures it reports the one with the shortest text.
func TestRandomTrees(t *testing.T) {
	g := generator{testutil.Rand(t)}
	n := 20000
	if testutil.Long() {
		n = 1000000
	}
	var shortest, report string
	for i := range n {
		var tree Node = g.expr(g.IntN(5))
		if i%4 == 0 {
			tree = g.query(g.IntN(4))
		}
		text := Format(tree)
		if failure := reparse(tree, text); failure != "" && (report == "" || len(text) < len(shortest)) {
			shortest, report = text, failure
		}
	}
	if report != "" {
		t.Errorf("%s\n%s", shortest, report)
	}
}

// reparse parses text and compares the result with tree; it returns "" if they
// are equal, or what is wrong.
func reparse(tree Node, text string) string {
	var again Node
	var err error
	if _, ok := tree.(Expr); ok {
		again, err = ParseExpr(text)
	} else {
		var s Statement
		s, err = ParseOne(text)
		again = s.Stmt
	}
	switch {
	case err != nil:
		return err.Error()
	case !equalTrees(tree, again):
		return dump(tree) + "\n" + dump(again)
	}
	return ""
}
