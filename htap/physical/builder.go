package physical

import (
	"fmt"
	"reflect"

	"htapdb/olap"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/vector/fn"
)

// output is an operator with the place of each plan column in its batches.
type output struct {
	node olap.Node
	pos  map[plan.ColID]int
}

// builder builds the operators of one statement.
type builder struct {
	st *Statement
	// ctes are the shared inputs by plan.With.ID.
	ctes map[int]output
}

// constructor builds the operator of one kind of plan node.
type constructor func(*builder, plan.Node) (output, error)

// construct adapts a typed constructor to the table.
func construct[N plan.Node](build func(*builder, N) (output, error)) (reflect.Type, constructor) {
	return reflect.TypeFor[N](), func(b *builder, n plan.Node) (output, error) { return build(b, n.(N)) }
}

// constructors maps each plan node to its constructor.
var constructors map[reflect.Type]constructor

// The table refers to functions that use it, which Go allows in init only.
func init() {
	constructors = map[reflect.Type]constructor{}
	add := func(t reflect.Type, c constructor) { constructors[t] = c }
	add(construct((*builder).filter))
	add(construct((*builder).project))
	add(construct((*builder).aggregate))
	add(construct((*builder).distinct))
	add(construct((*builder).join))
	add(construct((*builder).sort))
	add(construct((*builder).topN))
	add(construct((*builder).limit))
	add(construct((*builder).setOp))
	add(construct((*builder).with))
	add(construct((*builder).cteRef))
	add(construct((*builder).recursive))
	add(construct((*builder).workTable))
	add(construct((*builder).values))
	add(construct((*builder).tableFunc))
	add(construct((*builder).projectSet))
	add(construct((*builder).window))
	add(construct((*builder).scan))
	add(construct((*builder).fileScan))
	add(construct((*builder).lock))
}

// Build returns the operators of a routed query plan; the columns of its
// batches are those of root, in order.
func Build(root plan.Node, st *Statement) (olap.Node, error) {
	b := &builder{st: st, ctes: map[int]output{}}
	out, err := b.build(root)
	if err != nil {
		return nil, err
	}
	return ordered(out, root.Columns()), nil
}

// build returns the operator of n and everything below it.
func (b *builder) build(n plan.Node) (output, error) {
	c := constructors[reflect.TypeOf(n)]
	if c == nil {
		return output{}, sqlstate.New(sqlstate.FeatureNotSupported, "%s is not supported here", nodeName(n))
	}
	out, err := c(b, n)
	if err == nil {
		b.st.Trace.built(n, out.node)
	}
	return out, err
}

// nodeName is the plan node's type without the package.
func nodeName(n plan.Node) string {
	return reflect.TypeOf(n).Elem().Name()
}

// ordered returns an operator that yields exactly cols, in order.
func ordered(out output, cols []plan.Column) olap.Node {
	same := len(out.node.Types()) == len(cols)
	for i, c := range cols {
		same = same && out.pos[c.ID] == i
	}
	if same {
		return out.node
	}
	exprs := make([]fn.Expr, len(cols))
	for i, c := range cols {
		exprs[i] = &fn.Column{Index: out.pos[c.ID], Typ: c.Type, Name: c.Name}
	}
	return &olap.Project{Input: out.node, Exprs: exprs}
}

// positions numbers columns from 0.
func positions(cols []plan.Column) map[plan.ColID]int {
	pos := make(map[plan.ColID]int, len(cols))
	for i, c := range cols {
		pos[c.ID] = i
	}
	return pos
}

// lower replaces column IDs by positions. A column that is not there means a
// broken plan, not a wrong statement.
func lower(e fn.Expr, pos map[plan.ColID]int) (fn.Expr, error) {
	return fn.Transform(e, func(x fn.Expr) (fn.Expr, error) {
		switch x := x.(type) {
		case *fn.Column:
			p, ok := pos[plan.ColID(x.Index)]
			if !ok {
				return nil, sqlstate.New(sqlstate.InternalError, "plan column %s (#%d) is not produced below", x.Name, x.Index)
			}
			return &fn.Column{Index: p, Typ: x.Typ, Name: x.Name}, nil
		case *plan.Subquery:
			return nil, sqlstate.New(sqlstate.InternalError, "a subquery was left in the plan")
		}
		return x, nil
	})
}

// lowerAll lowers a list.
func lowerAll(es []fn.Expr, pos map[plan.ColID]int) ([]fn.Expr, error) {
	out := make([]fn.Expr, len(es))
	for i, e := range es {
		var err error
		if out[i], err = lower(e, pos); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// lowerConds lowers conjuncts to one condition, nil for none.
func lowerConds(es []fn.Expr, pos map[plan.ColID]int) (fn.Expr, error) {
	list, err := lowerAll(es, pos)
	if err != nil {
		return nil, err
	}
	return fn.NewAnd(list...), nil
}

// lowerKeys lowers sort keys.
func lowerKeys(keys []plan.SortKey, pos map[plan.ColID]int) ([]olap.SortKey, error) {
	out := make([]olap.SortKey, len(keys))
	for i, k := range keys {
		e, err := lower(k.Expr, pos)
		if err != nil {
			return nil, err
		}
		out[i] = olap.SortKey{Expr: e, Desc: k.Desc, NullsFirst: k.NullsFirst}
	}
	return out, nil
}

// unsupported is 0A000 for a plan feature that has no operator.
func unsupported(format string, args ...any) (output, error) {
	return output{}, sqlstate.New(sqlstate.FeatureNotSupported, "%s is not supported", fmt.Sprintf(format, args...))
}
