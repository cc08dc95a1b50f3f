package plan

import (
	"fmt"
	"strings"
)

// Explain renders the plan as PostgreSQL does: one line for each node, "->"
// before inputs, properties indented below, what the node did with them. options may be nil.
func Explain(root Node, options *ExplainOptions) []string {
	if options == nil {
		options = &ExplainOptions{}
	}
	x := explainer{names: displayNames(root), options: options}
	x.node(root, 0)
	for _, s := range options.Summary {
		x.lines = append(x.lines, s.text())
	}
	return x.lines
}

type explainer struct {
	names   map[ColID]string
	options *ExplainOptions
	lines   []string
}

// node prints a node at depth, its properties and its inputs.
func (x *explainer) node(n Node, depth int) {
	d := describe(n, x.names)
	prefix, margin := "", "  "
	if depth > 0 {
		margin = strings.Repeat(" ", 6*depth+2)
		prefix = strings.Repeat(" ", 6*depth-4) + "->  "
	}
	line := prefix + d.title(x.options.HideCosts)
	if x.options.Rows != nil && !x.options.HideCosts {
		line += fmt.Sprintf(" (rows=%.0f)", x.options.Rows(n))
	}
	var actual *Actual
	if x.options.Actual != nil {
		actual = x.options.Actual(n)
		line += " " + actual.summary(x.options.HideTiming)
	}
	x.lines = append(x.lines, line)
	for _, p := range d.props {
		x.lines = append(x.lines, margin+p.key+": "+p.text())
	}
	for _, s := range actual.lines() {
		x.lines = append(x.lines, margin+s)
	}
	for i, c := range n.Children() {
		if i < len(d.childLabels) {
			x.lines = append(x.lines, margin+d.childLabels[i])
		}
		x.node(c, depth+1)
	}
	for i, s := range subqueries(n) {
		x.lines = append(x.lines, fmt.Sprintf("%sSubPlan %d", margin, i+1))
		x.node(s.Plan, depth+1)
	}
}

// description is what EXPLAIN says about a node, in both formats.
type description struct {
	// nodeType is PostgreSQL's "Node Type"; joinType its "Join Type".
	nodeType, joinType string
	// relation is the table or function, with the verb before it in text: "Insert on".
	relation, alias string
	access          *Access
	props           []prop
	childLabels     []string
}

// prop is a property; value is a string or a list of strings.
type prop struct {
	key   string
	value any
}

func (p prop) text() string {
	if l, ok := p.value.([]string); ok {
		return strings.Join(l, ", ")
	}
	return p.value.(string)
}

func (d *description) add(key, value string) {
	if value != "" {
		d.props = append(d.props, prop{key, value})
	}
}

func (d *description) addList(key string, values []string) {
	if len(values) > 0 {
		d.props = append(d.props, prop{key, values})
	}
}

// title is the node's line in the text format.
func (d *description) title(hideCosts bool) string {
	s := d.nodeType
	if d.joinType != "" && d.joinType != "Inner" {
		s = strings.TrimSuffix(s, " Join") + " " + d.joinType + " Join"
	}
	if s == "Nested Loop Inner" {
		s = "Nested Loop"
	}
	if d.relation != "" {
		s += " on " + d.relation
	}
	if d.access != nil {
		s += d.access.summary(hideCosts)
	}
	return s
}

// summary is " (path=…[ row_cost=… column_cost=…][ reason=…])", "" for a scan without a choice.
func (a *Access) summary(hideCosts bool) string {
	if a.Path == VirtualScan || a.Path == Unrouted {
		return ""
	}
	s := " (path=" + a.store()
	if !hideCosts {
		s += fmt.Sprintf(" row_cost=%s column_cost=%s", costText(a.RowCost), costText(a.ColumnCost))
	}
	if a.Reason != "" {
		s += " reason=" + a.Reason
	}
	return s + ")"
}

// store is "row" or "column".
func (a *Access) store() string {
	if a.Path.IsRow() {
		return "row"
	}
	return "column"
}

func costText(c float64) string {
	if c < 0 {
		return "n/a"
	}
	return fmt.Sprintf("%.2f", c)
}
