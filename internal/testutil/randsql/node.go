package randsql

import (
	"fmt"
	"strings"
	"time"
)

// Node is a piece of a statement: text and further nodes.
type Node struct {
	// kind is what the node stands for: only nodes of one kind replace each other.
	kind  string
	parts []any // string or *Node
	// optional is set where the statement is complete without the node.
	optional bool
	// simple is the least text that may stand for the node, "" for none.
	simple string
	// literal marks a constant that a parameter of type param may stand for.
	literal bool
	param   string
}

// node makes a node of a kind; a nil *Node among the parts is left out.
func node(kind string, parts ...any) *Node {
	n := &Node{kind: kind}
	return n.add(parts...)
}

// add appends parts.
func (n *Node) add(parts ...any) *Node {
	for _, p := range parts {
		if m, ok := p.(*Node); ok && m == nil {
			continue
		}
		n.parts = append(n.parts, p)
	}
	return n
}

// option makes a node that may be left out.
func option(parts ...any) *Node {
	n := node("option", parts...)
	n.optional = true
	return n
}

// list joins nodes by a separator so that all but the first can be left out.
func list(kind, sep string, items []*Node) *Node {
	n := node(kind)
	for i, it := range items {
		if i == 0 {
			n.add(it)
		} else {
			n.add(option(sep, it))
		}
	}
	return n
}

// String is the SQL text.
func (n *Node) String() string {
	var b strings.Builder
	n.write(&b, nil)
	return b.String()
}

// Parameters is the SQL text with $1, $2 … for its literals, with their types
// and their values as SQL.
func (n *Node) Parameters() (text string, types, values []string) {
	var b strings.Builder
	n.write(&b, func(lit *Node) string {
		types = append(types, lit.param)
		values = append(values, lit.parts[0].(string))
		return fmt.Sprintf("$%d", len(types))
	})
	return b.String(), types, values
}

// fix makes the literals below plain text: the piece is written twice, and both
// have to be the same expression.
func (n *Node) fix() *Node {
	n.walk(func(m *Node) bool {
		m.literal = false
		return true
	})
	return n
}

// write appends the text; replace, if not nil, gives the text of literals.
func (n *Node) write(b *strings.Builder, replace func(*Node) string) {
	if n.literal && replace != nil {
		b.WriteString(replace(n))
		return
	}
	for _, p := range n.parts {
		switch p := p.(type) {
		case string:
			b.WriteString(p)
		case *Node:
			p.write(b, replace)
		}
	}
}

// walk calls f for a node and all below it, outer ones first, while f returns true.
func (n *Node) walk(f func(*Node) bool) {
	if !f(n) {
		return
	}
	for _, p := range n.parts {
		if m, ok := p.(*Node); ok {
			m.walk(f)
		}
	}
}

// Shrink makes the tree smaller in place while fails says that it still fails,
// as long as the budget lasts: a try may take seconds.
func (n *Node) Shrink(budget time.Duration, fails func() bool) {
	end := time.Now().Add(budget)
	for again := true; again; {
		again = false
		n.walk(func(m *Node) bool {
			for m.shrinkOnce(end, fails) {
				again = true
			}
			return time.Now().Before(end)
		})
	}
}

// shrinkOnce tries the smaller forms of one node and keeps the first that fails.
func (n *Node) shrinkOnce(end time.Time, fails func() bool) bool {
	saved := *n
	size := len(n.String())
	try := func(smaller Node) bool {
		if time.Now().After(end) {
			return false
		}
		if *n = smaller; len(n.String()) < size && fails() {
			return true
		}
		*n = saved
		return false
	}
	if n.optional && try(Node{kind: "none"}) {
		return true
	}
	if n.simple != "" && try(Node{kind: n.kind, parts: []any{n.simple}}) {
		return true
	}
	var below []*Node
	for _, p := range saved.parts {
		if m, ok := p.(*Node); ok {
			m.walk(func(d *Node) bool {
				if d.kind == saved.kind {
					below = append(below, d)
				}
				return true
			})
		}
	}
	for _, d := range below {
		small := *d
		small.optional = saved.optional
		if try(small) {
			return true
		}
	}
	return false
}
