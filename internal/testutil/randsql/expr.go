package randsql

import (
	"fmt"
	"strings"
)

// source is an item of FROM in scope; its columns are written alias.name, or as
// they stand where alias is "".
type source struct {
	alias string
	cols  []column
	// uniq is a column without duplicates among the rows of the source, "" for none.
	uniq string
}

// scope is what an expression may name: the sources of its query, then those of
// the queries around it.
type scope struct {
	inner []source
	outer *scope
	// flat is set where subqueries may not stand.
	flat bool
}

// exprKind is the kind of a node that is an expression of a type.
func exprKind(t Type) string { return "expr:" + string(t) }

// literal is a constant.
func (g *Generator) literal(t Type, tame bool) *Node {
	v := pick(g, pools[t].tame...)
	if wild := g.wild(t); !tame && len(wild) > 0 && g.chance(40) {
		v = pick(g, wild...)
	}
	n := node(exprKind(t), constant(v, t))
	n.literal, n.param = true, string(t)
	return n
}

// column is a column of the type from some sources, nil if there is none.
func (g *Generator) column(from []source, t Type) *Node {
	var found []string
	for _, s := range from {
		for _, c := range s.cols {
			if c.typ == t {
				found = append(found, s.name(c.name))
			}
		}
	}
	if len(found) == 0 {
		return nil
	}
	return node(exprKind(t), pick(g, found...))
}

// leaf is a column of the type, or a constant if there is none.
func (g *Generator) leaf(sc *scope, t Type, tame bool) *Node {
	from := sc
	for from != nil && from.outer != nil && (len(from.inner) == 0 || g.chance(25)) {
		from = from.outer
	}
	var found []string
	if from != nil {
		for _, s := range from.inner {
			for _, c := range s.cols {
				if c.typ == t && (c.tame || !tame) {
					found = append(found, s.name(c.name))
				}
			}
		}
	}
	if len(found) == 0 || g.chance(12) {
		if g.chance(8) {
			return node(exprKind(t), "CAST(NULL AS "+string(t)+")")
		}
		return g.literal(t, tame)
	}
	n := node(exprKind(t), pick(g, found...))
	if s := constant(pools[t].tame[0], t); len(s) < len(n.String()) {
		n.simple = s
	}
	return n
}

func (s source) name(col string) string {
	if s.alias == "" {
		return col
	}
	return s.alias + "." + col
}

// anyType is the type of some column in scope, mostly.
func (g *Generator) anyType(sc *scope) Type {
	if len(sc.inner) > 0 && g.chance(85) {
		if s := pick(g, sc.inner...); len(s.cols) > 0 {
			return pick(g, s.cols...).typ
		}
	}
	return g.anyOf()
}

// expr is an expression of a type; tame ones stay small enough for arithmetic.
func (g *Generator) expr(sc *scope, t Type, depth int, tame bool) *Node {
	if depth <= 0 || g.chance(30) {
		return g.leaf(sc, t, tame)
	}
	sub := func(t Type) *Node { return g.expr(sc, t, depth-1, tame) }
	n := node(exprKind(t))
	switch g.r.IntN(14) {
	case 0:
		return n.add("CASE WHEN ", g.cond(sc, depth-1), " THEN ", sub(t), option(" WHEN ", g.cond(sc, depth-1), " THEN ", sub(t)), option(" ELSE ", sub(t)), " END")
	case 1:
		return n.add("coalesce(", sub(t), ", ", sub(t), ")")
	case 2:
		return n.add("nullif(", sub(t), ", ", sub(t), ")")
	case 3:
		if t != Bytes && t != Bool && t != Char {
			return n.add(pick(g, "greatest(", "least("), sub(t), ", ", sub(t), option(", ", sub(t)), ")")
		}
	case 4:
		k := g.anyType(sc)
		return n.add("CASE ", g.expr(sc, k, depth-1, tame), " WHEN ", g.expr(sc, k, 0, tame), " THEN ", sub(t), " ELSE ", sub(t), " END")
	case 5:
		if !sc.flat && t != Char {
			return n.add("(", g.scalar(sc, t, depth-1, tame), ")")
		}
	}
	if t == Bool {
		return g.cond(sc, depth)
	}
	forms := tameForms[t]
	if !tame {
		forms = anyForms[t]
	}
	if g.Portable {
		forms, tame = portableForms[t], true
	}
	if len(forms) == 0 {
		return g.leaf(sc, t, tame)
	}
	form := pick(g, forms...)
	if g.exact && strings.Contains(form, "/") && t == Float8 {
		return g.leaf(sc, t, tame)
	}
	return g.fill(n, form, func(arg Type) *Node {
		return g.expr(sc, arg, depth-1, tame || form[0] == '!')
	})
}

// forms are the expressions of each type: {i} and the like stand for an argument
// (argTypes); a leading ! wants tame arguments. Those of tameForms overflow for
// values at the edges.
var tameForms = map[Type][]string{
	Int2: {"CAST({b} AS integer)::smallint", "-{s}"},
	Int4: {"{i} + {i}", "{i} - {i}", "{i} * {i}", "-{i}", "abs({i})", "{i} / nullif({i}, 0)", "{i} % nullif({i}, 0)", "length({t})",
		"CAST(extract(year FROM {d}) AS integer)", "CAST(extract(dow FROM {p}) AS integer)", "{d} - {d}", "position({t} IN {t})", "{s} + {i}", "CAST({f} AS integer)", "CAST({n} AS integer)", "octet_length({t})", "CAST({b} AS integer)"},
	Int8:    {"{l} + {l}", "{l} - {i}", "{l} * {i}", "-{l}", "abs({l})", "{l} / nullif({l}, 0)", "{l} % nullif({i}, 0)", "CAST({i} AS bigint)", "CAST({n} AS bigint)"},
	Float4:  {"{r} + {r}", "-{r}", "{r} * {r}", "CAST({i} AS real)"},
	Float8:  {"{f} + {f}", "{f} - {f}", "{f} * {f}", "-{f}", "abs({f})", "{f} / nullif({f}, 0)", "CAST({i} AS double precision)", "CAST({r} AS double precision)", "{f} + {i}", "{f} * {r}", "floor({f})", "ceil({f})", "round({f})"},
	Decimal: {"{n} + {n}", "{n} - {n}", "{n} * {n}", "-{n}", "abs({n})", "round({n}, 1)", "round({n})", "trunc({n})", "floor({n})", "ceil({n})", "{n} + {i}", "{n} * {i}", "CAST({i} AS numeric(12,2))", "{n} % nullif({n}, 0)"},
	Wide:    {"{w} + {w}", "{w} - {n}", "-{w}", "{w} + {l}", "CAST({n} AS numeric(36,4))"},
	Text: {"{t} || {t}", "upper({t})", "lower({t})", "substring({t} FROM 2)", "substring({t} FROM 1 FOR 2)", "left({t}, 2)", "right({t}, 1)", "left({t}, -1)", "trim({t})", "replace({t}, 'a', 'xy')",
		"repeat({t}, 2)", "lpad({t}, 4, '*')", "rpad({t}, 3)", "reverse({t})", "split_part({t}, ' ', 1)", "CAST({i} AS text)", "CAST({d} AS text)", "CAST({n} AS text)", "concat({t}, {i}, {t})", "CAST({c} AS text)", "CAST({l} AS text)", "CAST({p} AS text)"},
	Date:      {"{d} + {i}", "{d} - {i}", "CAST({p} AS date)", "CAST(date_trunc('month', {p}) AS date)"},
	Time:      {"CAST({p} AS time)"},
	Timestamp: {"CAST({d} AS timestamp)", "{p} + {v}", "{p} - {v}", "date_trunc('month', {p})", "date_trunc('day', {p})", "date_trunc('hour', {p})", "{d} + {v}"},
	Instant:   {"{p} AT TIME ZONE 'UTC'", "CAST({p} AS timestamptz)", "{z} + {v}"},
	Bytes:     {"{y} || {y}"},
}

var anyForms = map[Type][]string{
	Int4:      {"length({t})", "!{i} + {i}", "!{i} * {i}", "CAST({s} AS integer)", "{i} & {i}", "{i} | 5", "sign({i})::integer", "position('a' IN {t})"},
	Int8:      {"CAST({i} AS bigint)", "!{l} + {l}", "{l} & {l}", "{l} # {l}", "CAST({s} AS bigint)"},
	Float8:    {"-{f}", "abs({f})", "CAST({r} AS double precision)", "CAST({l} AS double precision)", "!{f} * {f}", "CAST({n} AS double precision)"},
	Float4:    {"-{r}", "!{r} + {r}"},
	Decimal:   {"-{n}", "abs({n})", "round({n}, 1)", "!{n} * {n}"},
	Wide:      {"-{w}", "CAST({l} AS numeric(36,4))", "CAST({n} AS numeric(36,4))", "abs({w})"},
	Text:      {"{t} || {t}", "upper({t})", "substring({t} FROM 3 FOR 20)", "left({t}, 13)", "lower({t})", "reverse({t})", "CAST({l} AS text)", "CAST({w} AS text)", "CAST({s} AS text)", "CAST({d} AS text)", "CAST({u} AS text)", "replace({t}, 'long', 'a')"},
	Date:      {"CAST({p} AS date)"},
	Timestamp: {"CAST({d} AS timestamp)", "date_trunc('day', {p})"},
	Bytes:     {"{y} || {y}"},
}

// portableForms are those in which DuckDB agrees.
var portableForms = map[Type][]string{
	Int4:      {"{i} + {i}", "{i} - {i}", "{i} * {i}", "-{i}", "abs({i})", "{i} / nullif({i}, 0)", "{i} % nullif({i}, 0)"},
	Int8:      {"{l} + {l}", "{l} - {i}", "{l} * {i}", "-{l}", "CAST({i} AS bigint)"},
	Float8:    {"{f} + {f}", "{f} - {f}", "{f} * {f}", "-{f}", "abs({f})", "CAST({i} AS double precision)", "floor({f})"},
	Decimal:   {"-{n}", "abs({n})"},
	Text:      {"{t} || {t}", "upper({t})", "lower({t})", "substring({t} FROM 2)", "left({t}, 2)", "right({t}, 1)", "replace({t}, 'a', 'xy')", "CAST({i} AS text)", "CAST({d} AS text)"},
	Date:      {"{d} + {i}", "CAST({p} AS date)"},
	Timestamp: {"CAST({d} AS timestamp)", "date_trunc('month', {p})", "date_trunc('day', {p})"},
}

var argTypes = map[byte]Type{
	'b': Bool, 's': Int2, 'i': Int4, 'l': Int8, 'r': Float4, 'f': Float8, 'n': Decimal, 'w': Wide, 't': Text, 'c': Char,
	'd': Date, 'p': Timestamp, 'z': Instant, 'v': Interval, 'y': Bytes, 'u': UUID,
}

// fill writes a form with its arguments, in parentheses.
func (g *Generator) fill(n *Node, form string, arg func(Type) *Node) *Node {
	form = strings.TrimPrefix(form, "!")
	n.add("(")
	for {
		at := strings.IndexByte(form, '{')
		if at < 0 {
			return n.add(form + ")")
		}
		n.add(form[:at], "(", arg(argTypes[form[at+1]]), ")")
		form = form[at+3:]
	}
}

var numbers = []Type{Int2, Int4, Int8, Float8, Decimal, Wide, Float4}

// pair is two expressions that can be compared.
func (g *Generator) pair(sc *scope, depth int) (a, b *Node) {
	t := g.anyType(sc)
	u := t
	if g.chance(15) && !g.Portable {
		switch t {
		case Int2, Int4, Int8, Float8, Decimal, Wide:
			u = pick(g, numbers...)
		case Date:
			u = Timestamp
		case Char:
			u = Text
		}
	}
	return g.expr(sc, t, depth, g.chance(50)), g.expr(sc, u, depth, g.chance(50))
}

// cond is a condition.
func (g *Generator) cond(sc *scope, depth int) *Node {
	n := node(exprKind(Bool))
	n.simple = pick(g, "true", "false")
	k := g.r.IntN(24)
	if depth <= 0 {
		k = g.r.IntN(12)
	}
	if k >= 18 && sc.flat {
		k -= 6
	}
	if k == 23 && g.Portable {
		k = 22 // a row with NULL NOT IN a query is never true on DuckDB
	}
	switch k {
	default:
		a, b := g.pair(sc, depth-1)
		return n.add("(", a, pick(g, " = ", " = ", " = ", " <> ", " < ", " <= ", " > ", " >= "), b, ")")
	case 4:
		t := g.anyType(sc)
		return n.add("(", g.expr(sc, t, depth-1, true), pick(g, " BETWEEN ", " NOT BETWEEN "), g.expr(sc, t, 0, false), " AND ", g.expr(sc, t, 0, false), ")")
	case 5, 6:
		return n.add(g.inList(sc, depth))
	case 7:
		return n.add("(", g.expr(sc, g.anyType(sc), depth-1, g.chance(50)), pick(g, " IS NULL", " IS NOT NULL"), ")")
	case 8:
		a, b := g.pair(sc, depth-1)
		return n.add("(", a, pick(g, " IS DISTINCT FROM ", " IS NOT DISTINCT FROM "), b, ")")
	case 9:
		if g.Portable {
			return n.add("(", g.expr(sc, Text, depth-1, false), pick(g, " LIKE ", " NOT LIKE "), pick(g, "'a%'", "'%b'", "'%a%'", "'_'", "'a_%'", "'%'", "''", "'ab'"), ")")
		}
		return n.add("(", g.expr(sc, Text, depth-1, false), pick(g, " LIKE ", " NOT LIKE ", " LIKE ", " ILIKE "),
			pick(g, "'a%'", "'%b'", "'%a%'", "'_'", "'a_%'", "'%'", "''", "'x\\%%'", "'long%'", "'%long!'", "'ab'", "'%é%'", "'_本'", "'%a%b%'"), ")")
	case 10:
		return g.leaf(sc, Bool, false)
	case 11:
		if !g.Portable {
			return g.rare(sc, depth)
		}
		return g.leaf(sc, Bool, false)
	case 12, 13:
		return n.add("(", g.cond(sc, depth-1), " AND ", g.cond(sc, depth-1), ")")
	case 14, 15:
		return n.add("(", g.cond(sc, depth-1), " OR ", g.cond(sc, depth-1), option(" OR ", g.cond(sc, depth-1)), ")")
	case 16:
		return n.add("(NOT ", g.cond(sc, depth-1), ")")
	case 17:
		return n.add("(", g.cond(sc, depth-1), pick(g, " IS TRUE", " IS NOT TRUE", " IS FALSE", " IS NOT FALSE"), ")")
	case 18, 19:
		q, _ := g.query(sc, nil, depth-1)
		return n.add(pick(g, "(EXISTS (", "(NOT EXISTS ("), q, "))")
	case 20, 21:
		t := g.keyType(sc)
		q, _ := g.query(sc, []Type{t}, depth-1)
		return n.add("(", g.expr(sc, t, 1, false), pick(g, " IN (", " NOT IN ("), q, "))")
	case 22:
		t := g.keyType(sc)
		q, _ := g.query(sc, []Type{t}, depth-1)
		return n.add("(", g.expr(sc, t, 0, false), pick(g, " = ", " <> ", " < ", " >= ", " > "), pick(g, "ANY (", "ALL ("), q, "))")
	case 23:
		t, u := g.keyType(sc), g.keyType(sc)
		q, _ := g.query(sc, []Type{t, u}, depth-1)
		return n.add("((", g.expr(sc, t, 0, false), ", ", g.expr(sc, u, 0, false), ")", pick(g, " IN (", " NOT IN ("), q, "))")
	}
}

// rare are conditions that are seldom written.
func (g *Generator) rare(sc *scope, depth int) *Node {
	n := node(exprKind(Bool))
	n.simple = "true"
	switch g.r.IntN(6) {
	case 0:
		t := g.keyType(sc)
		return n.add("(", g.expr(sc, t, depth-1, false), " BETWEEN SYMMETRIC ", g.leaf(sc, t, false), " AND ", g.leaf(sc, t, false), ")")
	case 1:
		return n.add("(", g.leaf(sc, Text, false), pick(g, " LIKE ", " NOT LIKE "), g.leaf(sc, Text, true), " ESCAPE '!')")
	case 2:
		return n.add("(", g.leaf(sc, Text, false), pick(g, " ~ ", " !~ ", " ~* "), pick(g, "'^a'", "'b$'", "'[0-9]+'", "'a|é'", "'^.$'", "'lon?g'"), ")")
	case 3:
		t, u := g.keyType(sc), g.keyType(sc)
		return n.add("((", g.leaf(sc, t, false), ", ", g.leaf(sc, u, false), ")", pick(g, " = ", " < ", " >= ", " <> ", " IS DISTINCT FROM "),
			"(", g.leaf(sc, t, false), ", ", g.leaf(sc, u, false), "))")
	case 4:
		t := g.keyType(sc)
		return n.add("(", g.leaf(sc, t, false), pick(g, " = ANY (ARRAY[", " <> ALL (ARRAY[", " < ANY (ARRAY["), g.literal(t, false), ", ", g.literal(t, false), "]))")
	}
	c := pick(g, Int4, Int8, Date, Timestamp, Text, Decimal)
	return n.add("(", g.leaf(sc, c, false), pick(g, " > ", " <= ", " = "), g.literal(c, false), ")")
}

// keyType is a type to compare with a subquery's column.
func (g *Generator) keyType(sc *scope) Type {
	if t := g.anyType(sc); t != Char {
		return t
	}
	return Int4
}

// inList is x IN (constants), of one to many values.
func (g *Generator) inList(sc *scope, depth int) *Node {
	t := g.anyType(sc)
	var items []*Node
	for range pick(g, 1, 2, 3, 5, 12) {
		if it := g.literal(t, false); g.chance(90) {
			items = append(items, it)
		} else {
			items = append(items, g.leaf(sc, t, false))
		}
	}
	return node("in", "(", g.expr(sc, t, depth-1, false), pick(g, " IN (", " IN (", " NOT IN ("), list("list", ", ", items), "))")
}

// fresh is a new alias.
func (g *Generator) fresh(prefix string) string {
	g.n++
	return fmt.Sprintf("%s%d", prefix, g.n)
}
