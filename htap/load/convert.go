package load

import (
	"context"
	"strings"

	"htapdb/htap/catalog"
	"htapdb/htap/exec"
	"htapdb/htap/physical"
	"htapdb/internal/files"
	"htapdb/sql/binder"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// Host is what the rows of a load need of the statement.
type Host interface {
	exec.Planner
	// NextValue gives a serial or identity column its next value.
	NextValue(ctx context.Context, t *catalog.Table, ordinal int) (types.Datum, error)
}

// Converter turns input columns into rows of a table: casts, defaults and checks.
type Converter struct {
	t     *catalog.Table
	ev    *fn.Evaluator
	ts    []types.Type
	names []string
	check *fn.Evaluator
	// sequences are ordinals that take the next value of their sequence.
	sequences []int
	host      Host
}

// NewConverter matches the input to the target columns, by position for COPY
// with text or a column list, else by name if the names say so.
func NewConverter(host Host, t *catalog.Table, in []files.Column, targets []int) (*Converter, error) {
	if len(in) != len(targets) {
		return nil, sqlstate.New(sqlstate.BadCopyFileFormat, "the file has %d columns, table %q takes %d", len(in), t.Name, len(targets)).
			WithHint("Name the columns: COPY %s (a, b …) FROM …", t.Name)
	}
	from := make([]int, len(t.Columns))
	for i := range from {
		from[i] = -1
	}
	byName := true
	for _, ord := range targets {
		byName = byName && columnNamed(in, t.Columns[ord].Name) >= 0
	}
	for i, ord := range targets {
		from[ord] = i
		if byName {
			from[ord] = columnNamed(in, t.Columns[ord].Name)
		}
	}
	c := &Converter{t: t, host: host}
	var exprs []fn.Expr
	for ord := range t.Columns {
		col := &t.Columns[ord]
		c.ts = append(c.ts, col.Type)
		e, err := columnExpr(host, col, in, from[ord])
		if err != nil {
			return nil, err
		}
		if from[ord] < 0 && col.Sequence != 0 {
			c.sequences = append(c.sequences, ord)
		}
		exprs = append(exprs, e)
	}
	c.ev = fn.NewEvaluator(host.EvalContext(), exprs...)
	return c, c.prepareChecks()
}

func columnNamed(cols []files.Column, name string) int {
	for i, c := range cols {
		if strings.EqualFold(c.Name, name) {
			return i
		}
	}
	return -1
}

// columnExpr is the value of one table column over the input's columns.
func columnExpr(host Host, col *catalog.Column, in []files.Column, from int) (fn.Expr, error) {
	if from >= 0 {
		e := &fn.Column{Index: from, Typ: in[from].Type, Name: in[from].Name}
		if in[from].Type == col.Type {
			return e, nil
		}
		cast, err := fn.NewCast(e, col.Type, fn.AssignmentCast)
		if err != nil {
			return nil, sqlstate.Wrap(sqlstate.DatatypeMismatch, err, "column %q is of type %s, the file has %s", col.Name, col.Type, in[from].Type)
		}
		return cast, nil
	}
	if col.Default == "" {
		return &fn.Literal{Typ: col.Type}, nil
	}
	e, err := parser.ParseExpr(col.Default)
	if err != nil {
		return nil, err
	}
	return binder.BindExpr(e, nil, col.Type, binder.Options{SQL: col.Default, Catalog: host.Names()})
}

// prepareChecks compiles the table's CHECK constraints.
func (c *Converter) prepareChecks() error {
	if len(c.t.Checks) == 0 {
		return nil
	}
	var exprs []fn.Expr
	for _, k := range c.t.Checks {
		e, err := exec.BindCheck(c.host.Names(), c.t, k.SQL)
		if err != nil {
			return err
		}
		exprs = append(exprs, e)
		c.names = append(c.names, k.Name)
	}
	c.check = fn.NewEvaluator(c.host.EvalContext(), exprs...)
	return nil
}

// convert returns the rows of an input batch in the table's columns and types.
func (c *Converter) convert(ctx context.Context, b *vector.Batch) (*vector.Batch, error) {
	cols, err := c.ev.Eval(b)
	if err != nil {
		return nil, err
	}
	out := &vector.Batch{Cols: append([]*vector.Vector(nil), cols...), Len: b.Len, Sel: b.Sel}
	for _, ord := range c.sequences {
		v := vector.New(c.ts[ord], b.Len)
		for i := range b.Rows() {
			d, err := c.host.NextValue(ctx, c.t, ord)
			if err != nil {
				return nil, err
			}
			v.Set(b.Row(i), d)
		}
		out.Cols[ord] = v
	}
	if c.check == nil {
		return out, nil
	}
	results, err := c.check.Eval(out)
	if err != nil {
		return nil, err
	}
	for k, v := range results {
		for i := range out.Rows() {
			if d := v.Datum(out.Row(i)); !d.IsNull() && !d.Bool() {
				row := make([]types.Datum, len(out.Cols))
				for k, v := range out.Cols {
					row[k] = v.Datum(out.Row(i))
				}
				return nil, physical.CheckViolation(c.t, c.names[k], row)
			}
		}
	}
	return out, nil
}
