package plan

import (
	"strconv"

	"htapdb/vector/fn"
)

// displayNames gives every column of a plan a name for EXPLAIN: that of the
// query, qualified with the table when it is a table's, and with the ColID
// where it would be ambiguous.
func displayNames(root Node) map[ColID]string {
	names := map[ColID]string{}
	var order []ColID
	put := func(id ColID, name string) {
		if _, ok := names[id]; !ok {
			names[id] = name
			order = append(order, id)
		}
	}
	tables := map[string]bool{}
	Walk(root, func(n Node) bool {
		if s, ok := n.(*Scan); ok {
			tables[s.Alias] = true
		}
		return true
	})
	var visit func(n Node)
	visit = func(n Node) {
		for _, c := range n.Children() {
			visit(c)
		}
		for _, s := range subqueries(n) {
			visit(s.Plan)
		}
		if s, ok := n.(*Scan); ok && len(tables) > 1 {
			for _, c := range s.Columns() {
				put(c.ID, s.Alias+"."+c.Name)
			}
		}
		for _, c := range append(append([]Column(nil), n.Columns()...), ownColumns(n)...) {
			put(c.ID, c.Name)
		}
	}
	visit(root)
	count := map[string]int{}
	for _, name := range names {
		count[name]++
	}
	for _, id := range order {
		if names[id] == "" || count[names[id]] > 1 {
			names[id] += "#" + strconv.Itoa(int(id))
		}
	}
	return names
}

// subqueries returns the Subquery expressions of the node itself.
func subqueries(n Node) []*Subquery {
	var out []*Subquery
	for _, e := range n.Exprs() {
		fn.Walk(e, func(e fn.Expr) bool {
			if s, ok := e.(*Subquery); ok {
				out = append(out, s)
			}
			return true
		})
	}
	return out
}

// exprText writes an expression with display names.
func exprText(e fn.Expr, names map[ColID]string) string {
	return fn.MapColumns(e, func(c *fn.Column) fn.Expr {
		if name, ok := names[ColID(c.Index)]; ok {
			return &fn.Column{Index: c.Index, Typ: c.Typ, Name: name}
		}
		return &fn.Column{Index: c.Index, Typ: c.Typ, Name: c.Name + "#" + strconv.Itoa(c.Index)}
	}).String()
}

func exprTexts(exprs []fn.Expr, names map[ColID]string) []string {
	out := make([]string, len(exprs))
	for i, e := range exprs {
		out[i] = exprText(e, names)
	}
	return out
}

// condText writes conjuncts as one condition.
func condText(conds []fn.Expr, names map[ColID]string) string {
	if len(conds) == 0 {
		return ""
	}
	return exprText(fn.NewAnd(conds...), names)
}

func sortTexts(keys []SortKey, names map[ColID]string) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = exprText(k.Expr, names)
		if k.Desc {
			out[i] += " DESC"
		}
		if k.NullsFirst != k.Desc {
			out[i] += map[bool]string{true: " NULLS FIRST", false: " NULLS LAST"}[k.NullsFirst]
		}
	}
	return out
}
