package binder

import (
	"strconv"
	"strings"

	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/vector/fn"
)

// isPredict reports a call of the family predict('model', …).
func isPredict(e *parser.FuncCall) bool {
	if !strings.HasPrefix(e.Name.Name, "predict") || len(e.Args) == 0 {
		return false
	}
	_, ok := e.Args[0].(*parser.StringLit)
	return ok
}

// predict binds predict('m', t), which takes the features from the columns of
// t by name, and predict('m', a => 1, b => 'x'). Literals before the features are
// the function's own: predict_proba('m', 'late', t).
func (b *binder) predict(e *parser.FuncCall, sc *scope) (fn.Expr, error) {
	name := e.Args[0].(*parser.StringLit)
	m, err := b.cat.Model(name.Value)
	if err != nil {
		return nil, b.locate(err, name.Pos())
	}
	if m == nil {
		return nil, b.errorAt(name.Pos(), sqlstate.UndefinedObject, "model %q does not exist", name.Value)
	}
	constants := constantsOf(e.Args[1:])
	f, err := m.Scalar(e.Name.Name, constants)
	if err != nil {
		return nil, b.locate(err, e.Pos())
	}
	given, err := b.features(e, e.Args[1+len(constants):], sc)
	if err != nil {
		return nil, err
	}
	features := m.Features()
	if len(f.Args) != len(features) {
		return nil, sqlstate.New(sqlstate.InternalError, "model %q has %d features and takes %d arguments", name.Value, len(features), len(f.Args))
	}
	args := make([]fn.Expr, len(features))
	for i, feature := range features {
		g, ok := given.values[feature.Name]
		if !ok {
			return nil, given.missing(b, name.Value, feature)
		}
		delete(given.named, feature.Name)
		if args[i], err = b.coerce(g.expr, f.Args[i], fn.AssignmentCast, g.pos); err != nil {
			return nil, err
		}
	}
	for extra, pos := range given.named {
		return nil, b.errorAt(pos, sqlstate.UndefinedColumn, "model %q has no feature %q", name.Value, extra)
	}
	return &fn.Call{Func: f, Args: args, Typ: f.Result}, nil
}

// featureValues are the arguments of predict by name.
type featureValues struct {
	values map[string]struct {
		expr fn.Expr
		pos  int
	}
	// named are arguments given by name, all of which must be features.
	named map[string]int
	// source is the relation that values come from, "" for named ones.
	source string
	pos    int
}

func (v *featureValues) put(name string, x fn.Expr, pos int) {
	v.values[name] = struct {
		expr fn.Expr
		pos  int
	}{x, pos}
}

func (v *featureValues) missing(b *binder, model string, f Feature) error {
	if v.source != "" {
		return b.errorAt(v.pos, sqlstate.UndefinedColumn, "model %q needs a column %q of type %s, which %q does not have", model, f.Name, f.Type, v.source)
	}
	return b.errorAt(v.pos, sqlstate.UndefinedColumn, "model %q needs a value for %q of type %s", model, f.Name, f.Type).
		WithHint("Pass %s => value.", parser.QuoteIdent(f.Name))
}

// constantsOf are the texts of the literals that arguments begin with.
func constantsOf(args []parser.Expr) (out []string) {
	for _, a := range args {
		switch a := a.(type) {
		case *parser.StringLit:
			out = append(out, a.Value)
		case *parser.NumberLit:
			out = append(out, a.Text)
		case *parser.BoolLit:
			out = append(out, strconv.FormatBool(a.Value))
		default:
			return out
		}
	}
	return out
}

func (b *binder) features(e *parser.FuncCall, args []parser.Expr, sc *scope) (*featureValues, error) {
	v := &featureValues{pos: e.Pos(), named: map[string]int{}, values: map[string]struct {
		expr fn.Expr
		pos  int
	}{}}
	for _, a := range args {
		switch a := a.(type) {
		case *parser.NamedArg:
			x, err := b.expr(a.Value, sc)
			if err != nil {
				return nil, err
			}
			if _, twice := v.named[a.Name]; twice {
				return nil, b.errorAt(a.Pos(), sqlstate.SyntaxError, "argument name %q used more than once", a.Name)
			}
			v.put(a.Name, x, a.Value.Pos())
			v.named[a.Name] = a.Pos()
		case *parser.ColumnRef, *parser.Star:
			rel, err := b.rowArgument(a, sc)
			if err != nil {
				return nil, err
			}
			v.source, v.pos = rel.name, a.Pos()
			for _, c := range rel.cols {
				v.put(c.name, plan.Ref(c.col), a.Pos())
			}
		default:
			return nil, b.errorAt(a.Pos(), sqlstate.WrongObjectType, "%s takes a row (a table's alias) or arguments by name", e.Name.Name)
		}
	}
	return v, nil
}

// rowArgument finds the relation that t or t.* names.
func (b *binder) rowArgument(a parser.Expr, sc *scope) (*relation, error) {
	var parts []string
	switch a := a.(type) {
	case *parser.ColumnRef:
		parts = a.Parts
	case *parser.Star:
		parts = a.Qualifier
		if len(parts) == 0 {
			return &relation{name: "*", cols: sc.ns.cols}, nil
		}
	}
	name, schema := parts[len(parts)-1], ""
	if len(parts) > 1 {
		schema = parts[len(parts)-2]
	}
	for s := sc; s != nil; s = s.parent {
		if rel, err := b.relation(s.ns, schema, name, a.Pos()); rel != nil || err != nil {
			return rel, err
		}
	}
	return nil, b.errorAt(a.Pos(), sqlstate.UndefinedTable, "missing FROM-clause entry for table %q", name)
}
