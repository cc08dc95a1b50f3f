package plan

import (
	"fmt"
	"strconv"
	"strings"

	"htapdb/vector/fn"
)

// describe is the table of what EXPLAIN says about each kind of node.
func describe(n Node, names map[ColID]string) *description {
	d := &description{}
	switch n := n.(type) {
	case *Scan:
		describeScan(d, n, names)
	case *FileScan:
		d.nodeType, d.relation, d.alias = "File Scan", n.Path, n.Alias
		d.add("Filter", condText(n.Filters, names))
	case *TableFunc:
		d.nodeType, d.relation, d.alias = "Function Scan", n.Name, n.Alias
		d.addList("Function Call", exprTexts(n.Args, names))
	case *ProjectSet:
		d.nodeType, d.relation, d.alias = "Project Set", n.Name, n.Alias
		d.addList("Function Call", exprTexts(n.Args, names))
	case *Values:
		describeValues(d, n)
	case *Filter:
		d.nodeType = "Filter"
		d.add("Filter", condText(n.Conds, names))
	case *Project:
		d.nodeType = "Project"
		d.addList("Output", outputTexts(n, names))
	case *Aggregate:
		describeAggregate(d, n, names)
	case *Distinct:
		d.nodeType = "Unique"
		d.addList("On", exprTexts(n.On, names))
	case *Join:
		describeJoin(d, n, names)
	case *Sort:
		d.nodeType = "Sort"
		d.addList("Sort Key", sortTexts(n.Keys, names))
	case *Limit:
		d.nodeType = "Limit"
		describeLimit(d, n.Count, n.Offset, names)
		if n.WithTies {
			d.addList("With Ties", sortTexts(n.Keys, names))
		}
	case *TopN:
		d.nodeType = "Top-N"
		d.addList("Sort Key", sortTexts(n.Keys, names))
		describeLimit(d, n.Count, n.Offset, names)
	case *SetOp:
		describeSetOp(d, n)
	case *With:
		d.nodeType = "With"
		d.childLabels = []string{"CTE " + n.Name + " (" + strconv.Itoa(n.ID) + ")"}
	case *CTERef:
		d.nodeType, d.relation = "CTE Scan", n.Name
		d.add("CTE", strconv.Itoa(n.CTE))
	case *Recursive:
		d.nodeType = "Recursive Union"
		if n.All {
			d.nodeType += " All"
		}
	case *WorkTable:
		d.nodeType, d.relation = "WorkTable Scan", n.Name
	case *Window:
		describeWindow(d, n, names)
	case *Lock:
		d.nodeType = "LockRows"
	default:
		describeDML(d, n, names)
	}
	return d
}

func describeScan(d *description, s *Scan, names map[ColID]string) {
	d.nodeType, d.relation, d.alias, d.access = "Scan", s.Table.Name, s.Alias, s.Access
	if s.Alias != s.Table.Name {
		d.add("Alias", s.Alias)
	}
	if a := s.Access; a != nil {
		d.nodeType = a.Path.String()
		if a.Index != nil {
			d.add("Index", a.Index.Name)
		}
		d.add("Index Cond", accessText(s, names))
	}
	var cols []string
	for _, c := range s.Cols {
		cols = append(cols, c.Name)
	}
	d.addList("Columns", cols)
	d.add("Filter", condText(s.Filters, names))
}

// accessText writes the keys and bounds of an index access.
func accessText(s *Scan, names map[ColID]string) string {
	a, key := s.Access, s.Table.PrimaryKey
	if a.Index != nil {
		key = a.Index.Columns
	}
	var parts []string
	prefix := 0
	if len(a.Keys) > 0 {
		prefix = len(a.Keys[0])
	}
	if prefix > 0 {
		parts = append(parts, keysText(s.Table, key[:prefix], a.Keys, names))
	}
	if prefix < len(key) {
		name := s.Table.Columns[key[prefix]].Name
		for _, b := range []struct {
			bound *Bound
			op    string
		}{{a.Lo, ">"}, {a.Hi, "<"}} {
			if b.bound == nil {
				continue
			}
			op := b.op
			if b.bound.Inclusive {
				op += "="
			}
			parts = append(parts, name+" "+op+" "+exprText(b.bound.Expr, names))
		}
	}
	return strings.Join(parts, " AND ")
}

// maxShownKeys is how many keys of a list EXPLAIN writes.
const maxShownKeys = 5

func keysText(t *Table, key []int, keys [][]fn.Expr, names map[ColID]string) string {
	var cols, list []string
	for _, o := range key {
		cols = append(cols, t.Columns[o].Name)
	}
	for i, k := range keys {
		if i == maxShownKeys {
			list = append(list, fmt.Sprintf("… %d more", len(keys)-i))
			break
		}
		text := strings.Join(exprTexts(k, names), ", ")
		if len(k) > 1 {
			text = "(" + text + ")"
		}
		list = append(list, text)
	}
	left := strings.Join(cols, ", ")
	if len(cols) > 1 {
		left = "(" + left + ")"
	}
	if len(keys) == 1 {
		return left + " = " + list[0]
	}
	return left + " IN (" + strings.Join(list, ", ") + ")"
}

func describeValues(d *description, v *Values) {
	d.nodeType = "Values Scan"
	if len(v.Cols) == 0 && len(v.Rows) == 1 {
		d.nodeType = "Result"
	}
	if len(v.Rows) != 1 {
		d.add("Rows", strconv.Itoa(len(v.Rows)))
	}
}

// outputTexts lists a projection's items; computed ones with AS.
func outputTexts(p *Project, names map[ColID]string) []string {
	out := make([]string, len(p.Items))
	for i, e := range p.Items {
		out[i] = exprText(e, names)
		if id, ok := RefID(e); ok && id == p.Cols[i].ID {
			continue
		}
		if name := names[p.Cols[i].ID]; name != out[i] {
			out[i] += " AS " + name
		}
	}
	return out
}

func describeAggregate(d *description, a *Aggregate, names map[ColID]string) {
	d.nodeType = "Aggregate"
	if len(a.GroupBy) > 0 {
		d.nodeType = "HashAggregate"
	}
	var keys []string
	for _, k := range a.GroupBy {
		text := exprText(k.Expr, names)
		if id, ok := RefID(k.Expr); (!ok || id != k.Col.ID) && names[k.Col.ID] != text {
			text += " AS " + names[k.Col.ID]
		}
		keys = append(keys, text)
	}
	d.addList("Group Key", keys)
	for _, s := range a.Sets {
		var set []string
		for _, k := range s {
			set = append(set, exprText(a.GroupBy[k].Expr, names))
		}
		d.add("Grouping Set", "("+strings.Join(set, ", ")+")")
	}
	var aggs []string
	for i := range a.Aggs {
		aggs = append(aggs, aggText(&a.Aggs[i], names)+" AS "+names[a.Aggs[i].Col.ID])
	}
	d.addList("Aggregates", aggs)
}

func aggText(a *Agg, names map[ColID]string) string {
	args := strings.Join(exprTexts(a.Args, names), ", ")
	if a.Func.Op == fn.AggCount && len(a.Args) == 0 {
		args = "*"
	}
	if a.Distinct {
		args = "DISTINCT " + args
	}
	if len(a.OrderBy) > 0 {
		args += " ORDER BY " + strings.Join(sortTexts(a.OrderBy, names), ", ")
	}
	s := a.Func.Name + "(" + args + ")"
	if a.Filter != nil {
		s += " FILTER (WHERE " + exprText(a.Filter, names) + ")"
	}
	return s
}

func describeJoin(d *description, j *Join, names map[ColID]string) {
	d.nodeType, d.joinType = "Hash Join", j.Kind.String()
	if len(j.Keys) == 0 {
		d.nodeType = "Nested Loop"
	}
	var keys []string
	for _, k := range j.Keys {
		op := " = "
		if k.NullSafe {
			op = " IS NOT DISTINCT FROM "
		}
		keys = append(keys, "("+exprText(k.Left, names)+op+exprText(k.Right, names)+")")
	}
	if len(keys) > 0 {
		d.add("Hash Cond", strings.Join(keys, " AND "))
	}
	d.add("Join Filter", condText(j.Residual, names))
	if j.NullAware {
		d.add("Null Aware", "true")
	}
	if j.Kind == MarkJoin {
		d.add("Mark", names[j.MarkCol.ID])
	}
	if j.BuildLeft {
		d.add("Build Side", "left")
	}
}

func describeLimit(d *description, count, offset fn.Expr, names map[ColID]string) {
	if count != nil {
		d.add("Count", exprText(count, names))
	}
	if offset != nil {
		d.add("Offset", exprText(offset, names))
	}
}

func describeSetOp(d *description, s *SetOp) {
	if s.Kind == Union && s.All {
		d.nodeType = "Append"
		return
	}
	d.nodeType = "SetOp " + s.Kind.String()
	if s.All {
		d.nodeType += " All"
	}
}

func describeWindow(d *description, w *Window, names map[ColID]string) {
	d.nodeType = "WindowAgg"
	d.addList("Partition By", exprTexts(w.Partition, names))
	d.addList("Order By", sortTexts(w.OrderBy, names))
	var funcs []string
	for i := range w.Funcs {
		f := &w.Funcs[i]
		funcs = append(funcs, f.Name+"("+strings.Join(exprTexts(f.Args, names), ", ")+") AS "+names[f.Col.ID])
	}
	d.addList("Functions", funcs)
}

func describeDML(d *description, n Node, names map[ColID]string) {
	switch n := n.(type) {
	case *Insert:
		d.nodeType, d.relation = "Insert", n.Table.Name
		if oc := n.OnConflict; oc != nil {
			d.add("Conflict Resolution", map[bool]string{true: "NOTHING", false: "UPDATE"}[oc.DoNothing])
		}
	case *Update:
		d.nodeType, d.relation, d.alias = "Update", n.Table.Name, n.Alias
		var set []string
		for _, a := range n.Set {
			text := "DEFAULT"
			if a.Expr != nil {
				text = exprText(a.Expr, names)
			}
			set = append(set, n.Table.Columns[a.Ordinal].Name+" = "+text)
		}
		d.addList("Set", set)
	case *Delete:
		d.nodeType, d.relation, d.alias = "Delete", n.Table.Name, n.Alias
	default:
		d.nodeType = fmt.Sprintf("%T", n)
	}
}
