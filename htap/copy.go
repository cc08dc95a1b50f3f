package htap

import (
	"context"
	"io"
	"strconv"
	"strings"

	"htapdb/htap/catalog"
	"htapdb/htap/physical"
	"htapdb/internal/files"
	"htapdb/rowstore"
	"htapdb/sql/binder"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// loadThreshold is the number of rows from which COPY FROM takes the bulk path;
// fewer are ordinary inserts, which do not lock the table.
const loadThreshold = 10_000

// copyTypes returns the types of the columns of a COPY's stream.
func (s *Session) copyTypes(st *parser.CopyStmt, script string) ([]types.Type, error) {
	cat, err := s.snapshot()
	if err != nil {
		return nil, err
	}
	var out []types.Type
	if st.Query != nil {
		p, err := s.planQuery(st.Query, script, nil, cat)
		if err != nil {
			return nil, err
		}
		for _, c := range p.columns {
			out = append(out, c.Type)
		}
		return out, nil
	}
	t := cat.Table(st.Table.Schema, st.Table.Name)
	if t == nil {
		return nil, sqlstate.New(sqlstate.UndefinedTable, "relation %q does not exist", st.Table.Name)
	}
	if len(st.Columns) > 0 {
		ords, err := copyOrdinals(t, st.Columns, script)
		if err != nil {
			return nil, err
		}
		for _, o := range ords {
			out = append(out, t.Columns[o].Type)
		}
		return out, nil
	}
	for i := range t.Columns {
		out = append(out, t.Columns[i].Type)
	}
	return out, nil
}

// copyOptions collects a COPY's options as text.
func copyOptions(st *parser.CopyStmt) (map[string]string, error) {
	out := map[string]string{}
	for _, o := range st.Options {
		if len(o.Values) > 1 {
			return nil, sqlstate.New(sqlstate.FeatureNotSupported, "COPY option %s with several values is not supported", strings.ToUpper(o.Name))
		}
		text, _ := o.Text()
		if len(o.Values) == 0 {
			text = "true"
		}
		switch name := strings.ToLower(o.Name); name {
		case "freeze", "encoding":
		case "csv", "text", "binary":
			out["format"] = name
		default:
			out[name] = text
		}
	}
	return out, nil
}

// copyFile is COPY with a file; one with a stream comes through copyStmt.
func (x *execution) copyFile(st *parser.CopyStmt) (*output, error) {
	if st.Stdio {
		return nil, sqlstate.New(sqlstate.FeatureNotSupported, "COPY with STDIN or STDOUT needs a client that streams").
			WithHint("Use Stmt.CopyFrom and Stmt.CopyTo, psql, or name a file.")
	}
	tag, n, err := x.copyStmt(st, nil, nil)
	return &output{tag: tag, n: n}, err
}

// copyStmt runs a COPY on a file, or on the stream given.
func (x *execution) copyStmt(st *parser.CopyStmt, r io.Reader, w io.Writer) (string, int64, error) {
	options, err := copyOptions(st)
	if err != nil {
		return "", 0, err
	}
	var n int64
	if st.From {
		if x.s.tx.readOnly {
			return "", 0, readOnlyError("COPY FROM")
		}
		n, err = x.copyFrom(st, options, r)
	} else {
		n, err = x.copyTo(st, options, w)
	}
	return "COPY " + strconv.FormatInt(n, 10), n, err
}

// copyFrom reads rows into a table.
func (x *execution) copyFrom(st *parser.CopyStmt, options map[string]string, r io.Reader) (int64, error) {
	if st.Where != nil {
		return 0, sqlstate.New(sqlstate.FeatureNotSupported, "COPY FROM … WHERE is not supported")
	}
	t, err := x.table(*st.Table)
	if err != nil {
		return 0, err
	}
	targets, err := x.copyTargets(t, st.Columns)
	if err != nil {
		return 0, err
	}
	in, closeFile, err := x.copyReader(st, options, r, t, targets)
	if err != nil {
		return 0, err
	}
	defer closeFile()
	defer in.Close()
	c, err := x.newConverter(t, in.Columns(), targets)
	if err != nil {
		return 0, err
	}
	return x.insertAll(t, c, in.Next)
}

// copyOrdinals resolves a list of columns.
func copyOrdinals(t *catalog.Table, names []parser.Ident, script string) ([]int, error) {
	for _, n := range names {
		if t.Ordinal(n.Name) < 0 {
			return nil, sqlstate.New(sqlstate.UndefinedColumn, "column %q of relation %q does not exist", n.Name, t.Name)
		}
	}
	return keyOrdinals(t, names, script)
}

// copyTargets resolves the columns that the file's columns go to.
func (x *execution) copyTargets(t *catalog.Table, names []parser.Ident) ([]int, error) {
	if len(names) > 0 {
		return copyOrdinals(t, names, x.st.script)
	}
	out := make([]int, len(t.Columns))
	for i := range out {
		out[i] = i
	}
	return out, nil
}

// copyReader opens the input: a stream or file of text in the table's types, or
// a Parquet file in its own.
func (x *execution) copyReader(st *parser.CopyStmt, options map[string]string, r io.Reader, t *catalog.Table, targets []int) (files.Reader, func(), error) {
	nothing := func() {}
	format := options["format"]
	var file physical.OpenFile
	closeFile := nothing
	if r == nil {
		var err error
		if file, err = x.s.db.cfg.files.Open(st.File); err != nil {
			return nil, nothing, err
		}
		closeFile = func() { _ = file.Close() }
		if format == "" {
			if f, err := files.FormatOf("", st.File); err == nil {
				format = string(f)
			}
		}
		r = file
	}
	fail := func(err error) (files.Reader, func(), error) {
		closeFile()
		return nil, nothing, err
	}
	if format == string(files.Parquet) {
		if file == nil {
			return fail(sqlstate.New(sqlstate.FeatureNotSupported, "COPY FROM STDIN (FORMAT parquet) is not supported"))
		}
		p, err := files.OpenParquet(file, file.Size(), st.File)
		if err != nil {
			return fail(err)
		}
		return p.Read(nil, 0, p.RowGroups()), closeFile, nil
	}
	o, err := textOptions(options, format)
	if err != nil {
		return fail(err)
	}
	o.Style = x.s.TextStyle()
	cols := make([]files.Column, len(targets))
	for i, ord := range targets {
		cols[i] = files.Column{Name: t.Columns[ord].Name, Type: t.Columns[ord].Type}
	}
	name := st.File
	if name == "" {
		name = "COPY " + t.Name
	}
	in, err := files.NewCSVReader(r, name, cols, o)
	if err != nil {
		return fail(err)
	}
	return in, closeFile, nil
}

// textOptions reads the options of the csv and text formats.
func textOptions(options map[string]string, format string) (files.CSVOptions, error) {
	o, err := physical.CSVOptions(options)
	if err != nil {
		return o, err
	}
	switch format {
	case "", "text":
		o.Text = true
	case "csv":
	default:
		return o, sqlstate.New(sqlstate.FeatureNotSupported, "COPY format %q not recognized", format).WithHint("There are text, csv and parquet.")
	}
	return o, nil
}

// converter turns input columns into rows of a table: casts, defaults and checks.
type converter struct {
	t     *catalog.Table
	ev    *fn.Evaluator
	ts    []types.Type
	names []string
	check *fn.Evaluator
	// sequences are ordinals that take the next value of their sequence.
	sequences []int
	x         *execution
}

// newConverter matches the input to the target columns, by position for COPY
// with text or a column list, else by name if the names say so.
func (x *execution) newConverter(t *catalog.Table, in []files.Column, targets []int) (*converter, error) {
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
	c := &converter{t: t, x: x}
	var exprs []fn.Expr
	for ord := range t.Columns {
		col := &t.Columns[ord]
		c.ts = append(c.ts, col.Type)
		e, err := x.columnExpr(col, in, from[ord])
		if err != nil {
			return nil, err
		}
		if from[ord] < 0 && col.Sequence != 0 {
			c.sequences = append(c.sequences, ord)
		}
		exprs = append(exprs, e)
	}
	c.ev = fn.NewEvaluator(x.evalContext(), exprs...)
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
func (x *execution) columnExpr(col *catalog.Column, in []files.Column, from int) (fn.Expr, error) {
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
	return binder.BindExpr(e, nil, col.Type, binder.Options{SQL: col.Default, Catalog: &binding{s: x.s, cat: x.cat}})
}

// prepareChecks compiles the table's CHECK constraints.
func (c *converter) prepareChecks() error {
	if len(c.t.Checks) == 0 {
		return nil
	}
	var exprs []fn.Expr
	for _, k := range c.t.Checks {
		e, err := boundCheck(c.x, c.t, k.SQL)
		if err != nil {
			return err
		}
		exprs = append(exprs, e)
		c.names = append(c.names, k.Name)
	}
	c.check = fn.NewEvaluator(c.x.evalContext(), exprs...)
	return nil
}

// convert returns the rows of an input batch in the table's columns and types.
func (c *converter) convert(ctx context.Context, b *vector.Batch) (*vector.Batch, error) {
	cols, err := c.ev.Eval(b)
	if err != nil {
		return nil, err
	}
	out := &vector.Batch{Cols: append([]*vector.Vector(nil), cols...), Len: b.Len, Sel: b.Sel}
	for _, ord := range c.sequences {
		v := vector.New(c.ts[ord], b.Len)
		for i := range b.Rows() {
			d, err := c.x.nextValue(ctx, c.t, ord)
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

// insertAll inserts all batches of next: row by row while they are few, as a
// bulk load when they are many and the transaction has not written the table yet.
func (x *execution) insertAll(t *catalog.Table, c *converter, next func() (*vector.Batch, error)) (int64, error) {
	var held []*vector.Batch
	rows := 0
	for rows < loadThreshold {
		b, err := next()
		if err != nil {
			return 0, err
		}
		if b == nil {
			return x.insertFew(t, c, held)
		}
		own := copyBatch(b)
		held = append(held, own)
		rows += own.Len
	}
	return x.bulk(t, c, held, next)
}

// insertFew inserts through the write set.
func (x *execution) insertFew(t *catalog.Table, c *converter, batches []*vector.Batch) (int64, error) {
	if err := x.lockTable(t, rowstore.LockTableShared); err != nil {
		return 0, err
	}
	schema, err := x.s.db.catalog.RowSchema(t)
	if err != nil {
		return 0, err
	}
	n := int64(0)
	row := make([]types.Datum, len(t.Columns))
	for _, b := range batches {
		conv, err := c.convert(x.ctx, b)
		if err != nil {
			return 0, err
		}
		for i := range conv.Rows() {
			for k, v := range conv.Cols {
				row[k] = v.Datum(conv.Row(i))
			}
			if _, err := x.s.tx.txn.Insert(x.ctx, schema, row); err != nil {
				return 0, err
			}
			n++
		}
	}
	return n, nil
}

// bulk loads the held batches and the rest.
func (x *execution) bulk(t *catalog.Table, c *converter, held []*vector.Batch, next func() (*vector.Batch, error)) (int64, error) {
	l, err := x.newLoader(t)
	if err != nil {
		return 0, err
	}
	defer l.abort()
	for {
		var b *vector.Batch
		if len(held) > 0 {
			b, held = held[0], held[1:]
		} else if b, err = next(); err != nil {
			return 0, err
		}
		if b == nil {
			break
		}
		if err := x.ctx.Err(); err != nil {
			return 0, err
		}
		conv, err := c.convert(x.ctx, b)
		if err != nil {
			return 0, err
		}
		if err := l.add(conv); err != nil {
			return 0, err
		}
	}
	return l.n, l.finish()
}

// copyTo writes a table or a query.
func (x *execution) copyTo(st *parser.CopyStmt, options map[string]string, w io.Writer) (int64, error) {
	p, err := x.copyQuery(st)
	if err != nil {
		return 0, err
	}
	cols := make([]files.Column, len(p.columns))
	for i, c := range p.columns {
		cols[i] = files.Column{Name: c.Name, Type: c.Type}
	}
	format := options["format"]
	if w != nil {
		return x.writeQuery(p, cols, format, options, w)
	}
	if format == "" {
		if f, err := files.FormatOf("", st.File); err == nil {
			format = string(f)
		}
	}
	f, err := x.s.db.cfg.files.Create(st.File)
	if err != nil {
		return 0, err
	}
	n, err := x.writeQuery(p, cols, format, options, f)
	if err != nil {
		f.Abort()
		return 0, err
	}
	return n, f.Commit()
}

// copyQuery plans the query of a COPY TO.
func (x *execution) copyQuery(st *parser.CopyStmt) (*planned, error) {
	query := st.Query
	if query == nil {
		q, err := tableQuery(st)
		if err != nil {
			return nil, err
		}
		query = q
	}
	return x.s.planAt(&Stmt{s: x.s, parsed: parser.Statement{Stmt: query}, script: x.st.script}, x.cat)
}

// tableQuery is the query of COPY table TO.
func tableQuery(st *parser.CopyStmt) (*parser.SelectStmt, error) {
	cols := "*"
	if len(st.Columns) > 0 {
		names := make([]string, len(st.Columns))
		for i, c := range st.Columns {
			names[i] = parser.QuoteIdent(c.Name)
		}
		cols = strings.Join(names, ", ")
	}
	list, err := parser.Parse("SELECT " + cols + " FROM " + st.Table.String())
	if err != nil {
		return nil, err
	}
	return list[0].Stmt.(*parser.SelectStmt), nil
}

// writeQuery runs the query into a writer of the format.
func (x *execution) writeQuery(p *planned, cols []files.Column, format string, options map[string]string, w io.Writer) (int64, error) {
	out, err := newCopyWriter(format, options, cols, x, w)
	if err != nil {
		return 0, err
	}
	st := x.statement()
	n, err := physical.Run(x.ctx, p.root, st, x.exec(st), out.Write)
	if err != nil {
		return 0, err
	}
	return n, out.Close()
}

func newCopyWriter(format string, options map[string]string, cols []files.Column, x *execution, w io.Writer) (files.Writer, error) {
	if format == string(files.Parquet) {
		o := files.ParquetOptions{}
		for name, value := range options {
			switch name {
			case "format":
			case "compression":
				o.Compression = value
			case "row_group_size":
				n, err := strconv.ParseInt(value, 10, 64)
				if err != nil || n < 1 {
					return nil, sqlstate.New(sqlstate.InvalidParameterValue, "ROW_GROUP_SIZE must be a positive number, not %q", value)
				}
				o.RowGroupSize = n
			default:
				return nil, sqlstate.New(sqlstate.InvalidParameterValue, "option %q not recognized", name).
					WithHint("Parquet has COMPRESSION and ROW_GROUP_SIZE.")
			}
		}
		return files.NewParquetWriter(w, cols, o)
	}
	o, err := textOptions(options, format)
	if err != nil {
		return nil, err
	}
	o.Style = x.s.TextStyle()
	return files.NewCSVWriter(w, cols, o)
}
