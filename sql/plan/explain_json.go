package plan

import (
	"bytes"
	"encoding/json"
	"math"
)

// ExplainJSON renders the plan in the shape of PostgreSQL's EXPLAIN (FORMAT
// json): an array with one object whose "Plan" is the root. Scans have
// "Access Path" ("row" or "column"), "Row Cost" and "Column Cost" (null where
// impossible, with a "Reason") in addition. options may be nil.
func ExplainJSON(root Node, options *ExplainOptions) ([]byte, error) {
	if options == nil {
		options = &ExplainOptions{}
	}
	x := &jsonExplainer{names: displayNames(root), options: options}
	top := &object{}
	top.put("Plan", x.node(root, ""))
	for _, s := range options.Summary {
		top.put(s.Key, s.Value)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode([]any{top})
	return bytes.TrimRight(b.Bytes(), "\n"), err
}

type jsonExplainer struct {
	names   map[ColID]string
	options *ExplainOptions
}

func (x *jsonExplainer) node(n Node, relationship string) *object {
	d, o := describe(n, x.names), &object{}
	o.put("Node Type", d.nodeType)
	if relationship != "" {
		o.put("Parent Relationship", relationship)
	}
	if d.joinType != "" {
		o.put("Join Type", d.joinType)
	}
	if d.relation != "" {
		o.put("Relation Name", d.relation)
	}
	if d.alias != "" {
		o.put("Alias", d.alias)
	}
	if a := d.access; a != nil && a.Path != VirtualScan && a.Path != Unrouted {
		o.put("Access Path", a.store())
		if !x.options.HideCosts {
			o.put("Row Cost", costValue(a.RowCost))
			o.put("Column Cost", costValue(a.ColumnCost))
			if x.options.Rows == nil {
				o.put("Plan Rows", a.EstRows)
			}
		}
		if a.Reason != "" {
			o.put("Reason", a.Reason)
		}
	}
	if x.options.Rows != nil && !x.options.HideCosts {
		o.put("Plan Rows", math.Round(x.options.Rows(n)))
	}
	for _, p := range d.props {
		if p.key != "Alias" {
			o.put(p.key, p.value)
		}
	}
	if x.options.Actual != nil {
		x.options.Actual(n).put(o, x.options.HideTiming)
	}
	var plans []any
	names := []string{"Outer", "Inner"}
	for i, c := range n.Children() {
		rel := "Member"
		if len(n.Children()) <= 2 {
			rel = names[i]
		}
		plans = append(plans, x.node(c, rel))
	}
	for _, s := range subqueries(n) {
		plans = append(plans, x.node(s.Plan, "SubPlan"))
	}
	if plans != nil {
		o.put("Plans", plans)
	}
	return o
}

func costValue(c float64) any {
	if c < 0 {
		return nil
	}
	return float64(int64(c*100+0.5)) / 100
}

// object is a JSON object that keeps the order of its members.
type object struct {
	keys   []string
	values []any
}

func (o *object) put(key string, value any) {
	o.keys = append(o.keys, key)
	o.values = append(o.values, value)
}

// MarshalJSON implements json.Marshaler.
func (o *object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, k := range o.keys {
		if i > 0 {
			b.WriteByte(',')
		}
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(k); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := enc.Encode(o.values[i]); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
