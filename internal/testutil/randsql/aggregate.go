package randsql

import "fmt"

// ordered are the types with min and max in both PostgreSQL and here.
var ordered = []Type{Int2, Int4, Int8, Float4, Float8, Decimal, Wide, Text, Date, Time, Timestamp, Instant}

// aggregate is a call of an aggregate over the rows of a scope, with its type.
func (g *Generator) aggregate(sc *scope, want Type) (*Node, Type) {
	flat := &scope{inner: sc.inner, flat: true}
	arg := func(t Type, tame bool) *Node {
		g.exact = true
		defer func() { g.exact = false }()
		return g.expr(flat, t, g.r.IntN(3), tame)
	}
	distinct := pick(g, "", "", "", "DISTINCT ")
	var call *Node
	t := want
	switch {
	case want == Int8 && g.chance(50):
		k := g.anyType(sc)
		call = node("call", "count(", pick(g, "", "DISTINCT "), arg(k, false), ")")
	case want == Int8 && g.chance(30):
		call = node("call", "count(*)")
	case want == Int8:
		call = node("call", "sum(", distinct, arg(pick(g, Int4, Int4, Int2), g.chance(70)), ")")
	case want == Decimal && g.chance(70):
		call = node("call", "sum(", distinct, arg(pick(g, Decimal, Int8, Int8), g.chance(80)), ")")
	case want == Float8 && g.chance(70):
		call = node("call", "sum(", distinct, arg(Float8, true), ")")
	case want == Bool:
		call = node("call", pick(g, "bool_and(", "bool_or("), arg(Bool, false), ")")
	case want == Int4 && g.chance(30):
		call = node("call", pick(g, "bit_and(", "bit_or("), distinct, arg(Int4, false), ")")
	case want == Text && g.chance(60):
		e := arg(Text, false).fix()
		call = node("call", "string_agg(", distinct, e, ", ',' ORDER BY ", e.String(), pick(g, "", " DESC", " NULLS FIRST"), ")")
	default:
		for !contains(ordered, t) {
			t = g.anyOf()
		}
		call = node("call", pick(g, "min(", "max("), distinct, arg(t, false), ")")
	}
	n := node(exprKind(t), call)
	if g.chance(20) {
		n.add(option(" FILTER (WHERE ", g.cond(flat, 1), ")"))
	}
	return n, t
}

// inexact is an aggregate whose last digits depend on the order of its rows.
func (g *Generator) inexact(sc *scope) *Node {
	flat := &scope{inner: sc.inner, flat: true}
	t := pick(g, Int4, Int2, Decimal)
	e := g.expr(flat, t, 1, true)
	return node("inexact", pick(g, "avg(", "avg(", "avg(DISTINCT ", "stddev_pop(", "var_samp(", "stddev("), e, ")")
}

func contains(list []Type, t Type) bool {
	for _, x := range list {
		if x == t {
			return true
		}
	}
	return false
}

// window is a call of a window function, with its type.
func (g *Generator) window(sc *scope, want Type) (*Node, Type) {
	flat := &scope{inner: sc.inner, flat: true}
	uniq := g.unique(sc)
	direction := func() string { return pick(g, "", " DESC", " NULLS FIRST", " DESC NULLS LAST") }
	over := node("over", " OVER (")
	if g.chance(60) {
		over.add(option("PARTITION BY ", g.expr(flat, g.anyType(sc), g.r.IntN(2), false)), " ")
	}
	var keys []*Node
	for range g.r.IntN(3) {
		keys = append(keys, node("key", g.expr(flat, g.keyType(sc), g.r.IntN(2), false), direction()))
	}
	full := len(uniq) > 0 && g.chance(60)
	if full {
		for _, u := range uniq {
			keys = append(keys, node("key", u, direction()))
		}
	}
	if len(keys) == 0 {
		keys = append(keys, node("key", g.expr(flat, Int4, 0, false), direction()))
	}
	over.add("ORDER BY ")
	for i, k := range keys { // none may be left out: the order would not be unique
		if i > 0 {
			over.add(", ")
		}
		over.add(k)
	}
	var call *Node
	t := want
	if g.chance(50) {
		call, t = g.aggregateOver(flat, want)
		over.add(option(g.frame(full)))
	} else {
		call, t = g.ranking(flat, want, full)
		if full && g.chance(40) {
			over.add(option(g.frame(full)))
		}
	}
	return node(exprKind(t), call, over, ")"), t
}

// aggregateOver is an aggregate that may stand before OVER.
func (g *Generator) aggregateOver(sc *scope, want Type) (*Node, Type) {
	g.exact = true
	defer func() { g.exact = false }()
	switch want {
	case Int8:
		return node("call", pick(g, "count(", "sum("), g.expr(sc, Int4, 1, true), ")"), Int8
	case Float8:
		return node("call", "sum(", g.expr(sc, Float8, 1, true), ")"), Float8
	case Decimal:
		return node("call", "sum(", g.expr(sc, pick(g, Decimal, Int8), 1, true), ")"), Decimal
	}
	switch {
	case want == Bool:
		return node("call", pick(g, "bool_and(", "bool_or("), g.expr(sc, Bool, 1, false), ")"), Bool
	case want == Int4 && g.chance(30):
		return node("call", pick(g, "bit_and(", "bit_or("), g.expr(sc, Int4, 1, false), ")"), Int4
	case contains(ordered, want):
		return node("call", pick(g, "min(", "max("), g.expr(sc, want, 1, false), ")"), want
	}
	return node("call", "count(*)"), Int8
}

// ranking is a function of the row's position; full says that the order is unique.
func (g *Generator) ranking(sc *scope, want Type, full bool) (*Node, Type) {
	if !full {
		return node("call", pick(g, "rank()", "dense_rank()")), Int8
	}
	e := g.expr(sc, want, 1, false)
	switch g.r.IntN(7) {
	case 0:
		return node("call", "row_number()"), Int8
	case 1:
		return node("call", fmt.Sprintf("ntile(%d)", 1+g.r.IntN(5))), Int4
	case 2, 3:
		n := node("call", pick(g, "lag(", "lead("), e)
		if g.chance(60) {
			n.add(option(fmt.Sprintf(", %d", g.r.IntN(4)), option(", ", g.leaf(sc, want, true))))
		}
		return n.add(")"), want
	case 4:
		return node("call", "nth_value(", e, fmt.Sprintf(", %d)", 1+g.r.IntN(3))), want
	}
	return node("call", pick(g, "first_value(", "last_value("), e, ")"), want
}

// frame is a frame clause; rows says that one of ROWS is determined.
func (g *Generator) frame(rows bool) string {
	unit := "GROUPS"
	if rows && g.chance(70) {
		unit = "ROWS"
	} else if g.chance(30) {
		return " RANGE BETWEEN " + pick(g, "UNBOUNDED PRECEDING AND CURRENT ROW", "CURRENT ROW AND UNBOUNDED FOLLOWING", "UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING")
	}
	a, b := g.r.IntN(4), g.r.IntN(4)
	if g.chance(20) { // wider than a partition mostly is
		a, b = 10*a, 10*b
	}
	exclude := ""
	switch {
	case g.chance(60):
	case rows:
		exclude = pick(g, " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES", " EXCLUDE NO OTHERS")
	default: // which of the peers is the current row is not determined
		exclude = " EXCLUDE GROUP"
	}
	return " " + unit + " BETWEEN " + pick(g,
		fmt.Sprintf("%d PRECEDING AND CURRENT ROW", a),
		fmt.Sprintf("%d PRECEDING AND %d FOLLOWING", a, b),
		fmt.Sprintf("%d FOLLOWING AND %d FOLLOWING", a, a+b),
		fmt.Sprintf("%d PRECEDING AND %d PRECEDING", a+b, a),
		fmt.Sprintf("UNBOUNDED PRECEDING AND %d PRECEDING", a),
		fmt.Sprintf("%d FOLLOWING AND UNBOUNDED FOLLOWING", a),
		"CURRENT ROW AND UNBOUNDED FOLLOWING",
		"UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING") + exclude
}

// unique are columns that identify a row of the scope's own sources, nil if there are none.
func (g *Generator) unique(sc *scope) []string {
	var out []string
	for _, s := range sc.inner {
		if s.uniq == "" {
			return nil
		}
		out = append(out, s.name(s.uniq))
	}
	return out
}
