package parser

import (
	"strconv"
	"strings"
)

// Format prints a node as SQL on one line. Parsing the result gives an equal
// tree but for positions, and for the calls and queries that the tree has in
// one form only (TABLE t is SELECT * FROM t).
func Format(n Node) string {
	var w printer
	n.format(&w)
	return w.String()
}

// printer collects the text of a node. Parts are separated by the one who
// knows that there is another: a method that prints something optional prints
// the blank before it.
type printer struct{ strings.Builder }

// str prints all parts.
func (w *printer) str(parts ...string) {
	for _, s := range parts {
		w.WriteString(s)
	}
}

// opt prints s if on is true.
func (w *printer) opt(on bool, s string) {
	if on {
		w.WriteString(s)
	}
}

// ident prints a name.
func (w *printer) ident(name string) { w.WriteString(QuoteIdent(name)) }

// clause prints before and n, if n is not nil.
func (w *printer) clause(before string, n Node) {
	if n != nil {
		w.WriteString(before)
		n.format(w)
	}
}

// query prints a query in parentheses.
func (w *printer) query(q Node) {
	w.WriteByte('(')
	q.format(w)
	w.WriteByte(')')
}

// list prints nodes separated by commas.
func list[T Node](w *printer, nodes []T) {
	for i, n := range nodes {
		w.opt(i > 0, ", ")
		n.format(w)
	}
}

// listClause prints before and the nodes, if there are any.
func listClause[T Node](w *printer, before string, nodes []T) {
	if len(nodes) > 0 {
		w.WriteString(before)
		list(w, nodes)
	}
}

// idents prints names separated by commas.
func (w *printer) idents(names []Ident) {
	for i, id := range names {
		w.opt(i > 0, ", ")
		w.ident(id.Name)
	}
}

// parenIdents prints before and the names in parentheses, if there are any.
func (w *printer) parenIdents(before string, names []Ident) {
	if len(names) > 0 {
		w.str(before, "(")
		w.idents(names)
		w.WriteByte(')')
	}
}

// names prints object names separated by commas.
func (w *printer) names(names []ObjectName) {
	for i, n := range names {
		w.opt(i > 0, ", ")
		w.str(n.String())
	}
}

// int prints an integer.
func (w *printer) int(n int64) { w.WriteString(strconv.FormatInt(n, 10)) }

// options prints before and the options in parentheses, if there are any.
func (w *printer) options(before string, options []*Option) {
	w.optionList(before, " ", options)
}

// parameters is options in the form name = value, which the parameters of
// tables, indexes and models have in PostgreSQL.
func (w *printer) parameters(before string, options []*Option) {
	w.optionList(before, " = ", options)
}

func (w *printer) optionList(before, equals string, options []*Option) {
	if len(options) == 0 {
		return
	}
	w.str(before, "(")
	for i, o := range options {
		w.opt(i > 0, ", ")
		w.option(o, equals)
	}
	w.WriteByte(')')
}

// option prints name, name value or name (values).
func (w *printer) option(o *Option, equals string) {
	w.dotted(o.Name)
	w.opt(len(o.Values) > 0, equals)
	w.opt(o.List, "(")
	w.optionValues(o.Values)
	w.opt(o.List, ")")
}

// optionValues prints values separated by commas.
func (w *printer) optionValues(values []OptionValue) {
	for i, v := range values {
		w.opt(i > 0, ", ")
		switch {
		case v.Kind == OptionString:
			w.str(QuoteString(v.Text))
		case v.Kind == OptionNumber, v.Text == "*":
			w.str(v.Text)
		default:
			w.ident(v.Text)
		}
	}
}

// dotted prints the name of a setting. A name with a point in quotes cannot
// be told from a dotted one, and means the same.
func (w *printer) dotted(name string) {
	for i, part := range strings.Split(name, ".") {
		w.opt(i > 0, ".")
		w.ident(part)
	}
}

func (n *TypeName) format(w *printer) {
	n.formatBase(w)
	n.formatFields(w)
	for _, d := range n.Dims {
		w.WriteByte('[')
		if d >= 0 {
			w.int(int64(d))
		}
		w.WriteByte(']')
	}
}

// plainTypes are printed as they are, though as names they would be quoted.
var plainTypes = map[string]bool{
	"bigint": true, "bit": true, "bit varying": true, "boolean": true, "character": true,
	"character varying": true, "dec": true, "decimal": true, "double": true, "double precision": true,
	"float": true, "int": true, "integer": true, "interval": true, "json": true, "numeric": true,
	"real": true, "smallint": true, "varchar": true, "time": true, "timestamp": true,
}

// formatBase prints the type without interval fields and dimensions.
func (n *TypeName) formatBase(w *printer) {
	name, zone := strings.CutSuffix(n.Name, " with time zone")
	switch {
	case n.Schema != "":
		w.str(ObjectName{Catalog: n.Catalog, Schema: n.Schema, Name: n.Name}.String())
		zone = false
	case zone && (name == "time" || name == "timestamp"), plainTypes[n.Name]:
		w.str(name)
	case n.Name == "char":
		w.str(`"char"`)
	default:
		w.ident(n.Name)
		zone = false
	}
	if len(n.Args) > 0 && !strings.HasSuffix(n.Fields, "second") {
		w.args(n.Args)
	}
	w.opt(zone, " with time zone")
}

// formatFields prints the fields of an interval.
func (n *TypeName) formatFields(w *printer) {
	if n.Fields == "" {
		return
	}
	w.str(" ", n.Fields)
	if len(n.Args) > 0 && strings.HasSuffix(n.Fields, "second") {
		w.args(n.Args)
	}
}

// args prints the modifiers of a type.
func (w *printer) args(args []int) {
	w.WriteByte('(')
	for i, a := range args {
		w.opt(i > 0, ", ")
		w.int(int64(a))
	}
	w.WriteByte(')')
}
