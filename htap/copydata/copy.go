package copydata

import (
	"io"
	"strconv"
	"strings"

	"htapdb/htap/catalog"
	"htapdb/htap/exec"
	"htapdb/htap/load"
	"htapdb/htap/physical"
	"htapdb/internal/files"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// Types returns the types of the columns of a COPY's stream; columns describes a
// query. Names and positions are of script.
func Types(cat *catalog.Snapshot, st *parser.CopyStmt, script string, columns func(query parser.Stmt) ([]types.Type, error)) ([]types.Type, error) {
	if st.Query != nil {
		return columns(st.Query)
	}
	var out []types.Type
	t := cat.Table(st.Table.Schema, st.Table.Name)
	if t == nil {
		return nil, cat.NoRelation(st.Table.Schema, st.Table.Name)
	}
	if len(st.Columns) > 0 {
		ords, err := ordinals(t, st.Columns, script)
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

// Options collects a COPY's options as text.
func Options(st *parser.CopyStmt) (map[string]string, error) {
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

// Run runs a COPY on a file, or on the stream given.
func (x *Statement) Run(st *parser.CopyStmt, r io.Reader, w io.Writer) (int64, error) {
	options, err := Options(st)
	if err != nil {
		return 0, err
	}
	if st.From {
		return x.copyFrom(st, options, r)
	}
	return x.copyTo(st, options, w)
}

// checkFrom refuses what COPY FROM cannot do.
func (x *Statement) checkFrom(st *parser.CopyStmt) error {
	if x.Tx.ReadOnly {
		return exec.ReadOnlyError("COPY FROM")
	}
	if st.Where != nil {
		return sqlstate.New(sqlstate.FeatureNotSupported, "COPY FROM … WHERE is not supported")
	}
	return nil
}

// copyFrom reads rows into a table.
func (x *Statement) copyFrom(st *parser.CopyStmt, options map[string]string, r io.Reader) (int64, error) {
	if err := x.checkFrom(st); err != nil {
		return 0, err
	}
	t, err := x.Table(*st.Table)
	if err != nil {
		return 0, err
	}
	ords, err := x.targets(t, st.Columns)
	if err != nil {
		return 0, err
	}
	in, closeFile, err := x.reader(st, options, r, t, ords)
	if err != nil {
		return 0, err
	}
	defer closeFile()
	defer in.Close()
	c, err := load.NewConverter(x, t, in.Columns(), ords)
	if err != nil {
		return 0, err
	}
	return load.Insert(x.Statement, t, c, in.Next)
}

// ordinals resolves a list of columns.
func ordinals(t *catalog.Table, names []parser.Ident, script string) ([]int, error) {
	for _, n := range names {
		if t.Ordinal(n.Name) < 0 {
			return nil, sqlstate.New(sqlstate.UndefinedColumn, "column %q of relation %q does not exist", n.Name, t.Name)
		}
	}
	return exec.KeyOrdinals(t, names, script)
}

// targets resolves the columns that the file's columns go to.
func (x *Statement) targets(t *catalog.Table, names []parser.Ident) ([]int, error) {
	if len(names) > 0 {
		return ordinals(t, names, x.Script)
	}
	out := make([]int, len(t.Columns))
	for i := range out {
		out[i] = i
	}
	return out, nil
}

// reader opens the input: a stream or file of text in the table's types, or
// a Parquet file in its own.
func (x *Statement) reader(st *parser.CopyStmt, options map[string]string, r io.Reader, t *catalog.Table, targets []int) (files.Reader, func(), error) {
	nothing := func() {}
	format := options["format"]
	var file physical.OpenFile
	closeFile := nothing
	if r == nil {
		var err error
		if file, err = x.Files.Open(st.File); err != nil {
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
	o.Style = x.Style
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

// copyTo writes a table or a query.
func (x *Statement) copyTo(st *parser.CopyStmt, options map[string]string, w io.Writer) (int64, error) {
	q, err := x.query(st)
	if err != nil {
		return 0, err
	}
	format := options["format"]
	if w != nil {
		return x.writeQuery(q, format, options, w)
	}
	if format == "" {
		if f, err := files.FormatOf("", st.File); err == nil {
			format = string(f)
		}
	}
	f, err := x.Files.Create(st.File)
	if err != nil {
		return 0, err
	}
	n, err := x.writeQuery(q, format, options, f)
	if err != nil {
		f.Abort()
		return 0, err
	}
	return n, f.Commit()
}

// query plans the query of a COPY TO.
func (x *Statement) query(st *parser.CopyStmt) (*exec.Query, error) {
	query := st.Query
	if query == nil {
		q, err := tableQuery(st)
		if err != nil {
			return nil, err
		}
		query = q
	}
	return x.Query(query, x.Script, nil)
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
func (x *Statement) writeQuery(q *exec.Query, format string, options map[string]string, w io.Writer) (int64, error) {
	cols := make([]files.Column, len(q.Columns))
	for i, c := range q.Columns {
		cols[i] = files.Column{Name: c.Name, Type: c.Type}
	}
	out, err := x.newWriter(format, options, cols, w)
	if err != nil {
		return 0, err
	}
	n, err := q.Run(out.Write)
	if err != nil {
		return 0, err
	}
	return n, out.Close()
}

// newWriter makes the writer of a format with its options.
func (x *Statement) newWriter(format string, options map[string]string, cols []files.Column, w io.Writer) (files.Writer, error) {
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
	o.Style = x.Style
	return files.NewCSVWriter(w, cols, o)
}
