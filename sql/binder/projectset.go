package binder

import (
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// constant reports that no expression reads a column.
func constant(list []fn.Expr) bool {
	for _, e := range list {
		if !plan.IsConst(e) {
			return false
		}
	}
	return true
}

// projectSet binds a function in FROM whose arguments depend on columns, or
// that has no operator of its own: it runs for the one row of the columns' query.
func (b *binder) projectSet(e *parser.FunctionRef, args []fn.Expr, pos []int) (plan.Node, *namespace, error) {
	name := e.Call.Name.Name
	if e.Ordinality {
		return nil, nil, b.unsupported(e.Pos(), "WITH ORDINALITY of a function whose arguments depend on columns is")
	}
	p := &plan.ProjectSet{Input: oneRow(), Name: name, Alias: aliasName(e.Alias, name)}
	switch name {
	case "generate_series":
		f := &plan.TableFunc{Name: name}
		if err := b.generateSeries(f, args, pos, e); err != nil {
			return nil, nil, err
		}
		p.Args, p.Col = f.Args, f.Cols[0]
	case "unnest":
		if len(args) != 1 {
			return nil, nil, b.unsupported(e.Pos(), "unnest of several arrays is")
		}
		if k := b.currentType(args[0]).Kind; k != types.Text && k != types.Unknown {
			return nil, nil, b.undefinedFunction(e.Call, args)
		}
		x, err := b.coerce(args[0], types.TText, fn.ImplicitCast, pos[0])
		if err != nil {
			return nil, nil, err
		}
		p.Args, p.Col = []fn.Expr{x}, b.newColumn(name, types.TText)
	default:
		return nil, nil, b.unsupported(e.Pos(), "function %s in FROM with arguments that depend on columns is", name)
	}
	rel := &relation{name: p.Alias}
	rel.add(p.Alias, p.Col)
	if err := b.renamed(rel, e.Alias); err != nil {
		return nil, nil, err
	}
	return p, newNamespace(rel), nil
}
