package randsql

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Query is a statement that returns rows.
type Query struct {
	*Node
	// Types are the types of its columns.
	Types []Type
	// Ordered are the columns, from 0, by which the rows come in order; nil if in none.
	Ordered []int
	// Inexact are the columns of floats whose last digits may differ.
	Inexact []bool
	// Table is what the statement changes, "" for a query.
	Table string
}

// Lines are the rows of an answer, NULL as "NULL", as they are compared: sorted
// lines, and the keys in the order in which they came. −0 is 0, decimals have no
// zeros at their end, and inexact floats nine digits, of 12 behind the point.
func (q *Query) Lines(rows [][]string) (all, keys []string) {
	for _, row := range rows {
		line := make([]string, len(row))
		for i, v := range row {
			line[i] = normal(v, q.Types[i], q.Inexact[i])
		}
		all = append(all, strings.Join(line, " | "))
		if len(q.Ordered) > 0 {
			keys = append(keys, strings.Join(line[:len(q.Ordered)], " | "))
		}
	}
	slices.Sort(all)
	return all, keys
}

func normal(s string, t Type, inexact bool) string {
	switch {
	case inexact:
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			if math.Abs(f) < 1e-12 {
				f = 0 // a deviation of equal values: what is left is rounding
			}
			return strconv.FormatFloat(f, 'g', 9, 64)
		}
	case (t == Decimal || t == Wide) && strings.Contains(s, "."):
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" && t != Text {
		return "0"
	}
	return s
}

// queryKind is the kind of a node that is a query with columns of some types.
func queryKind(types []Type) string { return fmt.Sprint("query:", types) }

// Query makes the next query over the schema.
func (g *Generator) Query() *Query {
	g.n, g.ctes, g.exact = 0, nil, false
	root := node("statement")
	if g.chance(20) {
		root.add(option(g.with()))
	}
	q := &Query{Node: root}
	if g.chance(20) {
		return g.averages(q)
	}
	body, types := g.query(nil, nil, 3)
	q.Types, q.Inexact = types, make([]bool, len(types))
	root.add(body)
	all := make([]string, len(types))
	for i := range all {
		all[i] = fmt.Sprint(i+1) + pick(g, "", "", " DESC", " NULLS FIRST", " DESC NULLS LAST")
	}
	switch g.r.IntN(5) {
	case 0:
		n := 1 + g.r.IntN(len(all))
		root.add(" ORDER BY " + strings.Join(all[:n], ", "))
		for i := range n {
			q.Ordered = append(q.Ordered, i)
		}
	case 1:
		root.add(" ORDER BY " + strings.Join(all, ", "))
		for i := range all {
			q.Ordered = append(q.Ordered, i)
		}
		root.add(option(fmt.Sprintf(" LIMIT %d", pick(g, 0, 1, 3, 10, 100))), option(fmt.Sprintf(" OFFSET %d", pick(g, 0, 1, 5, 2000))))
	}
	return q
}

// averages is a grouped query with aggregates that are not exact.
func (g *Generator) averages(q *Query) *Query {
	from, srcs := g.from(nil, 1)
	sc := &scope{inner: srcs}
	key := g.keyType(sc)
	k := g.leaf(&scope{inner: sc.inner}, key, true).fix()
	q.Types, q.Inexact = []Type{key, Float8, Float8}, []bool{false, true, true}
	q.add("SELECT ", k, ", ", g.inexact(sc), ", ", g.inexact(sc), " FROM ", from, g.where(sc, 2))
	q.add(" GROUP BY 1")
	return q
}

// with is a WITH clause whose queries the statement may read.
func (g *Generator) with() *Node {
	n := node("with", "WITH ")
	if g.chance(30) {
		alias := g.fresh("r")
		t := pick(g, g.s.tables...)
		n.add(fmt.Sprintf("RECURSIVE %s(c1, c2) AS (SELECT id, c0 FROM %s WHERE id < 30 %s SELECT c1 + %d, c2 FROM %s WHERE c1 < 34) ",
			alias, t.name, pick(g, "UNION", "UNION ALL"), pick(g, 1, 2, 3), alias))
		g.ctes = append(g.ctes, source{alias: alias, cols: []column{{"c1", Int4, true}, {"c2", Int4, true}}})
		return n
	}
	for i := range 1 + g.r.IntN(2) {
		if i > 0 {
			n.add(", ")
		}
		alias := g.fresh("w")
		q, types := g.query(nil, nil, 1)
		n.add(alias, " AS "+pick(g, "", "", "MATERIALIZED ", "NOT MATERIALIZED ")+"(", q, ")")
		g.ctes = append(g.ctes, source{alias: alias, cols: outputs(types)})
	}
	return n.add(" ")
}

// outputs are the columns of a query whose items have the names c1, c2 …
func outputs(types []Type) []column {
	var cols []column
	for i, t := range types {
		cols = append(cols, column{name: fmt.Sprintf("c%d", i+1), typ: t})
	}
	return cols
}

// query is a query with columns of the wanted types, or of any if want is nil.
func (g *Generator) query(outer *scope, want []Type, depth int) (*Node, []Type) {
	if depth > 0 && g.chance(12) {
		return g.setOp(outer, want, depth)
	}
	if depth > 0 && g.chance(8) {
		return g.limited(outer, want, depth)
	}
	from, srcs := g.from(outer, depth)
	sc := &scope{inner: srcs, outer: outer}
	if want == nil {
		for range 1 + g.r.IntN(4) {
			want = append(want, g.anyType(sc))
		}
	}
	switch {
	case g.chance(25):
		return g.grouped(sc, from, want, depth)
	case g.chance(15):
		return g.windowed(sc, from, want, depth)
	}
	n := node(queryKind(want), "SELECT ")
	if g.chance(15) {
		n.add(option("DISTINCT "))
	}
	var items []*Node
	for _, t := range want {
		items = append(items, g.expr(sc, t, g.r.IntN(max(depth, 1)+1), g.chance(50)))
	}
	return n.add(selectList(items), " FROM ", from, g.where(sc, depth)), want
}

// selectList names the items c1, c2 …; none may be left out, for their number
// is the query's kind.
func selectList(items []*Node) *Node {
	n := node("items")
	for i, it := range items {
		if i > 0 {
			n.add(", ")
		}
		n.add(it, fmt.Sprintf(" AS c%d", i+1))
	}
	return n
}

func (g *Generator) where(sc *scope, depth int) *Node {
	if g.chance(30) {
		return nil
	}
	return option(" WHERE ", g.cond(sc, depth), option(" AND ", g.cond(sc, depth)))
}

// scalar is a query of at most one row with a column of the type.
func (g *Generator) scalar(outer *scope, t Type, depth int, tame bool) *Node {
	from, srcs := g.from(outer, 0)
	sc := &scope{inner: srcs, outer: outer}
	n := node(queryKind([]Type{t}), "SELECT ")
	agg, have := g.aggregate(&scope{inner: srcs}, t)
	if have != t || g.chance(30) {
		e := g.expr(sc, t, 1, tame)
		return n.add(e, " AS c1 FROM ", from, g.where(sc, depth), " ORDER BY 1 LIMIT 1")
	}
	return n.add(agg, " AS c1 FROM ", from, g.where(sc, depth))
}

// setOp combines two queries.
func (g *Generator) setOp(outer *scope, want []Type, depth int) (*Node, []Type) {
	a, types := g.query(outer, want, depth-1)
	b, _ := g.query(outer, types, depth-1)
	op := pick(g, " UNION ", " UNION ALL ", " EXCEPT ", " INTERSECT ", " UNION ALL ", " EXCEPT ALL ", " INTERSECT ALL ")
	return node(queryKind(types), "(", a, ")", op, "(", b, ")"), types
}

// limited takes some rows of a query in the order of all columns, or one of each
// of its first column.
func (g *Generator) limited(outer *scope, want []Type, depth int) (*Node, []Type) {
	q, types := g.query(outer, want, depth-1)
	alias := g.fresh("l")
	var names, order []string
	for i := range types {
		names = append(names, fmt.Sprintf("%s.c%d AS c%d", alias, i+1, i+1))
		order = append(order, fmt.Sprintf("%s.c%d%s", alias, i+1, pick(g, "", " DESC", " NULLS FIRST")))
	}
	n := node(queryKind(types), "SELECT * FROM (SELECT ")
	if g.chance(25) {
		return n.add(fmt.Sprintf("DISTINCT ON (%s.c1) ", alias)+strings.Join(names, ", ")+" FROM (", q, ") "+alias+" ORDER BY "+strings.Join(order, ", "), ") o"), types
	}
	return n.add(strings.Join(names, ", ")+" FROM (", q, ") "+alias+" ORDER BY "+strings.Join(order, ", "),
		fmt.Sprintf(" LIMIT %d", g.r.IntN(12)), option(fmt.Sprintf(" OFFSET %d", g.r.IntN(5))), ") o"), types
}

// grouped is a query with GROUP BY, or one of aggregates alone.
func (g *Generator) grouped(sc *scope, from *Node, want []Type, depth int) (*Node, []Type) {
	var keys []*Node
	out := source{}
	own := &scope{inner: sc.inner, flat: true}
	for range g.r.IntN(3) {
		t := g.anyType(sc)
		k := g.expr(own, t, g.r.IntN(2), true)
		if k.literal || strings.HasPrefix(k.String(), "CAST(NULL") {
			continue // 1 would be an ordinal
		}
		if g.Portable {
			if k = g.column(sc.inner, t); k == nil {
				continue // a constant is no key of grouping sets on DuckDB
			}
		}
		keys = append(keys, k.fix())
		out.cols = append(out.cols, column{k.String(), t, true})
	}
	clause := node("groupby")
	if len(keys) > 0 {
		clause = g.groupBy(keys)
		if len(keys) > 1 && strings.Contains(clause.String(), "(") && !strings.HasPrefix(clause.String(), "(") && g.chance(50) {
			out.cols = append(out.cols, column{"grouping(" + keys[0].String() + ")", Int4, true})
		}
	}
	for _, t := range want {
		agg, have := g.aggregate(sc, t)
		out.cols = append(out.cols, column{agg.fix().String(), have, have != Text && have != Wide && g.chance(30)})
	}
	after := &scope{inner: []source{out}, outer: sc.outer, flat: true}
	var items []*Node
	for _, t := range want {
		items = append(items, g.expr(after, t, g.r.IntN(2), false))
	}
	n := node(queryKind(want), "SELECT ", selectList(items), " FROM ", from, g.where(sc, depth))
	if len(keys) > 0 {
		n.add(" GROUP BY ", clause)
	}
	if g.chance(25) || len(keys) == 0 && !strings.Contains(selectList(items).String(), "(") {
		n.add(" HAVING ", g.cond(after, 1))
	}
	return n, want
}

// groupBy is the list of keys, or grouping sets over them.
func (g *Generator) groupBy(keys []*Node) *Node {
	plain := list("keys", ", ", keys)
	if len(keys) > 1 {
		a, b := keys[0].String(), keys[1].String()
		switch g.r.IntN(6) {
		case 0:
			return node("groupby", "ROLLUP (", plain, ")")
		case 1:
			return node("groupby", "CUBE (", plain, ")")
		case 2:
			return node("groupby", fmt.Sprintf("GROUPING SETS ((%s, %s), (%s), ())", a, b, b))
		}
	}
	return node("groupby", plain)
}

// windowed is a query with window functions.
func (g *Generator) windowed(sc *scope, from *Node, want []Type, depth int) (*Node, []Type) {
	var items []*Node
	for _, t := range want {
		w, have := g.window(sc, t)
		if have != t {
			items = append(items, g.expr(sc, t, 1, false))
			continue
		}
		items = append(items, w)
	}
	return node(queryKind(want), "SELECT ", selectList(items), " FROM ", from, g.where(sc, depth)), want
}

// from is a FROM list without the word: one to three sources, joined.
func (g *Generator) from(outer *scope, depth int) (*Node, []source) {
	first, s := g.item(outer, depth)
	n := node("from", first)
	srcs := []source{s}
	for g.chance(45) && len(srcs) < 3 {
		if depth > 0 && g.chance(8) {
			q, types := g.query(&scope{inner: srcs, outer: outer}, nil, 0)
			next := source{alias: g.fresh("y"), cols: outputs(types)}
			n = node("from", n, pick(g, " CROSS JOIN LATERAL (", " LEFT JOIN LATERAL ("), q, ") "+next.alias)
			if strings.HasPrefix(n.parts[1].(string), " LEFT") {
				n.add(" ON true")
			}
			srcs = append(srcs, next)
			continue
		}
		text, next := g.item(outer, depth-1)
		both := append(append([]source{}, srcs...), next)
		if g.chance(5) {
			n = node("from", n, " CROSS JOIN ", text)
		} else {
			n = node("from", n, pick(g, " JOIN ", " JOIN ", " LEFT JOIN ", " LEFT JOIN ", " RIGHT JOIN ", " FULL JOIN "), text, " ON ", g.on(srcs, next, both))
		}
		srcs = both
	}
	return n, srcs
}

// on is a join's condition: mostly an equality and sometimes more, sometimes any.
func (g *Generator) on(left []source, right source, both []source) *Node {
	sc := &scope{inner: both, flat: true}
	if g.chance(10) {
		return g.cond(sc, 1)
	}
	c := pick(g, right.cols...)
	l := g.column(left, c.typ)
	if l == nil || g.chance(15) {
		l = g.expr(&scope{inner: left, flat: true}, c.typ, 2, true)
	}
	eq := node(exprKind(Bool), "(", l, pick(g, " = ", " = ", " = ", " IS NOT DISTINCT FROM "), right.name(c.name), ")")
	n := node(exprKind(Bool), "(", eq)
	if g.chance(30) {
		n.add(option(" AND ", g.cond(sc, 1)))
	}
	return n.add(")")
}

// item is a table, a query or a CTE as an item of FROM.
func (g *Generator) item(outer *scope, depth int) (*Node, source) {
	if len(g.ctes) > 0 && g.chance(50) {
		c := pick(g, g.ctes...)
		s := source{alias: g.fresh("s"), cols: c.cols}
		return node("item", c.alias+" "+s.alias), s
	}
	if depth > 0 && g.chance(20) {
		q, types := g.query(nil, nil, depth-1)
		s := source{alias: g.fresh("q"), cols: outputs(types)}
		return node("item", "(", q, ") "+s.alias), s
	}
	t := pick(g, g.s.tables...)
	if t.big && g.chance(50) {
		t = pick(g, g.s.tables...)
	}
	s := source{alias: g.fresh("s"), cols: t.cols, uniq: "id"}
	return node("item", t.name+" "+s.alias), s
}
