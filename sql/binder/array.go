package binder

import (
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// There is no array type. The array columns of the system catalogs are TEXT in
// the form of PostgreSQL's arrays, and what follows lets the queries of clients
// work on them: ARRAY(query), a[i], x = ANY (a), a::type[].

// arrayQuery binds ARRAY(query): the text of the array of the query's values.
func (b *binder) arrayQuery(e *parser.ArrayExpr, sc *scope) (fn.Expr, error) {
	q, err := b.subquery(e.Query, sc)
	if err != nil {
		return nil, err
	}
	if len(q.cols) != 1 {
		return nil, b.errorAt(e.Pos(), sqlstate.SyntaxError, "subquery must return only one column")
	}
	value, err := b.coerce(plan.Ref(q.cols[0].Column), types.TText, fn.ExplicitCast, e.Pos())
	if err != nil {
		return nil, err
	}
	quoted, err := fn.NewCall(fn.ArrayElement, value)
	if err != nil {
		return nil, err
	}
	args := []fn.Expr{quoted, textLiteral(",")}
	f, args, err := b.resolveAggregate("string_agg", args, e.Pos(), []int{e.Pos(), e.Pos()})
	if err != nil {
		return nil, err
	}
	agg := plan.Agg{Func: f, Args: args, Col: b.newColumn("array", f.Result)}
	node := &plan.Aggregate{Input: q.node, Aggs: []plan.Agg{agg}}
	sub := &plan.Subquery{Kind: plan.ScalarSubquery, Plan: node, Typ: f.Result}
	list := &fn.Coalesce{Args: []fn.Expr{sub, textLiteral("")}, Typ: types.TText}
	open, err := fn.NewOp(fn.OpConcat, textLiteral("{"), list)
	if err != nil {
		return nil, err
	}
	return fn.NewOp(fn.OpConcat, open, textLiteral("}"))
}

func textLiteral(s string) *fn.Literal {
	return &fn.Literal{Value: types.NewString(s), Typ: types.TText}
}

// array binds an expression that has to be an array in text form.
func (b *binder) array(e parser.Expr, sc *scope) (fn.Expr, error) {
	x, err := b.expr(e, sc)
	if err != nil {
		return nil, err
	}
	if k := b.currentType(x).Kind; k != types.Text && k != types.Unknown {
		return nil, b.errorAt(e.Pos(), sqlstate.DatatypeMismatch, "%s is not an array", b.currentType(x).BaseName())
	}
	return b.coerce(x, types.TText, fn.ImplicitCast, e.Pos())
}

// plainText reports a text that is no array in text form: a constant, a cast to a
// text type, or a column of a stored table.
func (b *binder) plainText(e parser.Expr, x fn.Expr) bool {
	switch e := e.(type) {
	case *parser.StringLit, *parser.TypedLit:
		return true
	case *parser.CastExpr:
		return len(e.Type.Dims) == 0 && typeNames[e.Type.Name] == types.Text
	case *parser.ColumnRef:
		id, _ := plan.RefID(x)
		o, stored := b.origins[id]
		return stored && !o.table.Virtual
	}
	return false
}

// subscript binds a[i].
func (b *binder) subscript(e *parser.IndexExpr, sc *scope) (fn.Expr, error) {
	if e.Slice || e.Index == nil {
		return nil, b.unsupported(e.Pos(), "array slices are")
	}
	a, err := b.array(e.Operand, sc)
	if err != nil {
		return nil, err
	}
	if b.plainText(e.Operand, a) {
		return nil, b.errorAt(e.Pos(), sqlstate.DatatypeMismatch, "cannot subscript type text because it does not support subscripting")
	}
	i, err := b.expr(e.Index, sc)
	if err != nil {
		return nil, err
	}
	if i, err = b.coerce(i, types.TInt4, fn.AssignmentCast, e.Index.Pos()); err != nil {
		return nil, err
	}
	return fn.NewCall(fn.ArrayGet, a, i)
}

// alignElements gives an element that is compared the type of the other side.
func (b *binder) alignElements(e *parser.BinaryExpr, args []fn.Expr, pos []int) (err error) {
	for i, side := range []parser.Expr{e.Left, e.Right} {
		if _, isElement := side.(*parser.IndexExpr); isElement && !isUnknown(args[1-i]) {
			if args[i], err = b.coerce(args[i], b.currentType(args[1-i]), fn.ExplicitCast, pos[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// anyElement binds x = ANY (a) of an array in text form.
func (b *binder) anyElement(e *parser.QuantifiedExpr, op string, sc *scope) (fn.Expr, error) {
	if op != "=" || e.All {
		return nil, b.unsupported(e.OpPos, "ANY and ALL of an array other than ARRAY[…] are, but for = ANY,")
	}
	a, err := b.array(e.Array, sc)
	if err != nil {
		return nil, err
	}
	x, err := b.expr(e.Left, sc)
	if err != nil {
		return nil, err
	}
	if x, err = b.coerce(x, types.TText, fn.ExplicitCast, e.Left.Pos()); err != nil {
		return nil, err
	}
	return fn.NewCall(fn.ArrayContains, a, x)
}

// arrayCast binds a cast of a text to an array type, which leaves it as it is.
func (b *binder) arrayCast(e *parser.CastExpr, sc *scope) (x fn.Expr, ok bool, err error) {
	if len(e.Type.Dims) == 0 {
		return nil, false, nil
	}
	if _, known := typeNames[e.Type.Name]; !known {
		return nil, false, nil
	}
	if _, items := e.Operand.(*parser.ArrayExpr); items {
		return nil, false, nil
	}
	if x, err = b.expr(e.Operand, sc); err != nil || x.Type().Kind != types.Text {
		return nil, false, nil // the type's own error tells more
	}
	if b.plainText(e.Operand, x) {
		return nil, true, b.unsupported(e.Pos(), "a cast of a text to an array type is")
	}
	return x, true, nil
}

// regKinds are the types that name an object, with the relation of its kind in
// pg_catalog; their values are object identifiers, which are BIGINT here.
var regKinds = map[string]string{
	"regclass": "pg_class", "regtype": "pg_type", "regnamespace": "pg_namespace", "regrole": "pg_roles",
}

// RegName and RegOID begin the names of the catalog's functions that turn an
// object identifier into a name and back: "name of pg_class".
const (
	RegName = "name of "
	RegOID  = "oid of "
)

// regCast binds casts to and from regclass and its like: a name becomes the
// object's identifier, an identifier the object's name.
func (b *binder) regCast(e *parser.CastExpr, sc *scope) (x fn.Expr, ok bool, err error) {
	kind, isReg := regKinds[e.Type.Name]
	toText := false
	if inner, cast := e.Operand.(*parser.CastExpr); cast && !isReg && typeNames[e.Type.Name] == types.Text {
		if kind, toText = regKinds[inner.Type.Name]; toText {
			e = inner
		}
	}
	if !isReg && !toText || len(e.Type.Dims) > 0 {
		return nil, false, nil
	}
	if x, err = b.expr(e.Operand, sc); err != nil {
		return nil, true, err
	}
	name, oid := b.cat.Function(RegName+kind, 1), b.cat.Function(RegOID+kind, 1)
	if name == nil || oid == nil {
		return nil, false, nil
	}
	pos := []int{e.Operand.Pos()}
	if b.currentType(x).IsInteger() {
		x, err = b.callOf(name, []fn.Expr{x}, pos)
		return x, true, err
	}
	if x, err = b.callOf(oid, []fn.Expr{x}, pos); err == nil && toText {
		x, err = b.callOf(name, []fn.Expr{x}, pos)
	}
	return x, true, err
}

// sequenceCall gives nextval and its like, whose argument is a name, the name of
// what was cast to regclass.
func sequenceCall(e *parser.FuncCall) *parser.FuncCall {
	switch e.Name.Name {
	case "nextval", "currval", "setval":
	default:
		return e
	}
	if len(e.Args) == 0 {
		return e
	}
	cast, ok := e.Args[0].(*parser.CastExpr)
	if !ok || cast.Type.Name != "regclass" {
		return e
	}
	call := *e
	call.Args = append([]parser.Expr{&parser.CastExpr{Loc: cast.Loc, Operand: cast, Type: &parser.TypeName{Loc: cast.Type.Loc, Name: "text"}}}, e.Args[1:]...)
	return &call
}

// relationFunctions are the functions over the catalog whose first argument is a
// regclass, which a constant text becomes, with whether they take any text.
var relationFunctions = map[string]bool{
	"pg_relation_size": false, "pg_table_size": false, "pg_total_relation_size": false, "pg_indexes_size": false,
	"pg_get_viewdef": true,
}

// RelationFunction reports whether a constant in a function's first argument is the
// name of a relation.
func RelationFunction(name string) bool {
	anyText, ok := relationFunctions[name]
	return ok && !anyText
}

// relationArg makes the name of a relation in the first argument of a function its
// identifier.
func (b *binder) relationArg(name string, args []fn.Expr, pos []int) error {
	anyText, ok := relationFunctions[name]
	if !ok || len(args) == 0 {
		return nil
	}
	if _, constant := args[0].(*fn.Literal); !anyText && !constant {
		return nil
	}
	if !isUnknown(args[0]) && !(anyText && args[0].Type().Kind == types.Text) {
		return nil
	}
	oid := b.cat.Function(RegOID+"pg_class", 1)
	if oid == nil {
		return nil
	}
	var err error
	args[0], err = b.callOf(oid, args[:1], pos)
	return err
}

// callOf calls a function of the catalog.
func (b *binder) callOf(f *fn.Scalar, args []fn.Expr, pos []int) (fn.Expr, error) {
	out := make([]fn.Expr, len(args))
	for i, a := range args {
		var err error
		if out[i], err = b.coerce(a, f.Args[i], fn.AssignmentCast, pos[i]); err != nil {
			return nil, err
		}
	}
	return &fn.Call{Func: f, Args: out, Typ: f.Result}, nil
}
