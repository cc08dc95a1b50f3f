package randsql

import (
	"fmt"
	"strings"
)

// Write makes a statement that changes a table and returns the rows that it
// made or removed; what it does is determined as a query's answer is.
func (g *Generator) Write() *Query {
	g.n, g.ctes, g.exact = 0, nil, false
	t := pick(g, g.s.tables...)
	q := &Query{Node: node("write"), Table: t.name}
	for _, c := range t.cols {
		q.Types = append(q.Types, c.typ)
	}
	q.Inexact = make([]bool, len(q.Types))
	self := source{alias: g.fresh("s"), cols: t.cols, uniq: "id"}
	sc := &scope{inner: []source{self}}
	switch g.r.IntN(5) {
	case 0:
		q.add("DELETE FROM ", t.name+" "+self.alias, g.where(sc, 3))
	case 1:
		text, other := g.item(nil, 1)
		c := pick(g, other.cols...)
		l := g.column([]source{self}, c.typ)
		if l == nil {
			l = g.leaf(sc, c.typ, true)
		}
		q.add("DELETE FROM ", t.name+" "+self.alias, " USING ", text, " WHERE ", l, " = ", other.name(c.name),
			option(" AND ", g.cond(&scope{inner: []source{self, other}}, 2)))
	case 2:
		g.insert(q, t, self, sc)
		return q
	case 3:
		u := pick(g, g.s.tables...)
		other := source{alias: g.fresh("s"), cols: u.cols, uniq: "id"}
		both := &scope{inner: []source{self, other}, flat: true}
		q.add("UPDATE ", t.name+" "+self.alias, g.assignments(t, both), " FROM ", u.name+" "+other.alias,
			" WHERE ", self.name("id"), " = ", other.name("id"), option(" AND ", g.cond(both, 2)))
	default:
		q.add("UPDATE ", t.name+" "+self.alias, g.assignments(t, sc), g.where(sc, 3))
	}
	q.add(" RETURNING " + self.alias + ".*")
	return q
}

// assignments is the SET clause of an update; the key stays.
func (g *Generator) assignments(t *table, sc *scope) *Node {
	first := 1 + g.r.IntN(len(t.cols)-1)
	n := node("set", " SET ", t.cols[first].name, " = ", g.expr(sc, t.cols[first].typ, 2, true))
	if second := 1 + g.r.IntN(len(t.cols)-1); second != first {
		n.add(option(", ", t.cols[second].name, " = ", g.expr(sc, t.cols[second].typ, 2, true)))
	}
	return n
}

// insert adds rows of the table itself, under new keys or, with ON CONFLICT, the old ones.
func (g *Generator) insert(q *Query, t *table, self source, sc *scope) {
	key := self.name("id")
	conflict := t.key && g.chance(60)
	if !conflict {
		key += " + 10000000"
	}
	q.add("INSERT INTO ", t.name, " SELECT "+key)
	for _, c := range t.cols[1:] {
		if g.chance(70) {
			q.add(", ", self.name(c.name))
		} else {
			q.add(", ", g.expr(sc, c.typ, 2, true))
		}
	}
	q.add(" FROM ", t.name+" "+self.alias, g.where(sc, 2))
	if conflict {
		if g.chance(40) {
			q.add(" ON CONFLICT DO NOTHING")
		} else {
			c, d := pick(g, t.cols[1:]...), pick(g, t.cols[1:]...)
			q.add(fmt.Sprintf(" ON CONFLICT (id) DO UPDATE SET %s = excluded.%s", c.name, c.name))
			if d.name != c.name {
				q.add(fmt.Sprintf(", %s = %s.%s", d.name, t.name, d.name))
			}
			if g.chance(40) {
				q.add(option(fmt.Sprintf(" WHERE %s.%s IS DISTINCT FROM excluded.%s", t.name, c.name, c.name)))
			}
		}
	}
	var names []string
	for _, c := range t.cols {
		names = append(names, t.name+"."+c.name)
	}
	q.add(" RETURNING " + strings.Join(names, ", "))
}
