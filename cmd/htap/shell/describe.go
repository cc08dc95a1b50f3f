package shell

import (
	"context"
	"fmt"
	"strings"
)

// table is a Result in memory.
type table struct {
	columns []Column
	rows    [][]Cell
	at      int
}

// Columns implements Result.
func (t *table) Columns() []Column { return t.columns }

// Next implements Result.
func (t *table) Next() []Cell {
	if t.at >= len(t.rows) {
		return nil
	}
	t.at++
	return t.rows[t.at-1]
}

// Err implements Result.
func (t *table) Err() error { return nil }

// Tag implements Result.
func (t *table) Tag() string { return "" }

// maxListed bounds what the shell's own queries keep.
const maxListed = 100_000

// collect runs one of the shell's own queries.
func (s *Shell) collect(ctx context.Context, sql string) (*table, error) {
	t := &table{}
	err := s.conn.Run(ctx, sql, Streams{In: strings.NewReader("")}, func(r Result) error {
		t.columns = r.Columns()
		for row := r.Next(); row != nil; row = r.Next() {
			if len(t.rows) < maxListed {
				t.rows = append(t.rows, append([]Cell(nil), row...))
			}
		}
		return r.Err()
	})
	return t, err
}

// show prints the rows of one of the shell's own queries.
func (s *Shell) show(ctx context.Context, sql, empty string) error {
	t, err := s.collect(ctx, sql)
	if err != nil {
		return err
	}
	if len(t.rows) == 0 && s.format == Table {
		fmt.Fprintln(s.out, empty)
		return nil
	}
	return s.print(t)
}

// quote writes text as a SQL string.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// userSchemas is the condition on the schemas that \d lists.
const userSchemas = `table_schema NOT IN ('pg_catalog', 'information_schema', 'htap', 'ml')`

// listTables is \dt on a server of ours; plainTables is the same anywhere.
const (
	listTables = `SELECT name AS "Name", row_count AS "Rows", state AS "Columns", segments AS "Segments",
 delta_rows AS "Delta rows", column_bytes AS "Bytes", lag_us AS "Lag (µs)", reason AS "Reason" FROM htap.tables ORDER BY name`
	plainTables = `SELECT table_schema AS "Schema", table_name AS "Name" FROM information_schema.tables
 WHERE table_type = 'BASE TABLE' AND ` + userSchemas + ` ORDER BY 1, 2`
)

func (s *Shell) metaTables(ctx context.Context, _ string, _ *feeder) error {
	const empty = "There are no tables."
	if !s.has(ctx, "htap", "tables") {
		return s.show(ctx, plainTables, empty)
	}
	return s.show(ctx, listTables, empty)
}

func (s *Shell) metaViews(ctx context.Context, _ string, _ *feeder) error {
	return s.show(ctx, `SELECT table_schema AS "Schema", table_name AS "Name" FROM information_schema.tables
 WHERE table_type = 'VIEW' AND `+userSchemas+` ORDER BY 1, 2`, "There are no views.")
}

func (s *Shell) metaModels(ctx context.Context, _ string, _ *feeder) error {
	return s.show(ctx, `SELECT name AS "Name", version AS "Version", algorithm AS "Algorithm", target AS "Target",
 row_count AS "Rows", metrics AS "Metrics" FROM ml.models ORDER BY name`, "There are no models.")
}

// has reports whether a relation exists.
func (s *Shell) has(ctx context.Context, schema, name string) bool {
	t, err := s.collect(ctx, "SELECT 1 FROM information_schema.tables WHERE table_schema = "+quote(schema)+" AND table_name = "+quote(name))
	return err == nil && len(t.rows) > 0
}

func (s *Shell) metaDescribe(ctx context.Context, arg string, _ *feeder) error {
	if arg != "" {
		return s.describe(ctx, arg)
	}
	sql := `SELECT table_schema AS "Schema", table_name AS "Name",
 CASE WHEN table_type = 'VIEW' THEN 'view' ELSE 'table' END AS "Type" FROM information_schema.tables WHERE ` + userSchemas
	if s.has(ctx, "ml", "models") {
		sql += ` UNION ALL SELECT schema, name, 'model' FROM ml.models`
	}
	return s.show(ctx, sql+` ORDER BY 1, 2`, "There are no tables, views or models.")
}

// splitName reads a name with or without a schema, quoted or folded.
func splitName(arg string) (schema, name string) {
	var parts []string
	for rest := arg; ; {
		if strings.HasPrefix(rest, `"`) {
			end := strings.Index(rest[1:], `"`)
			if end < 0 {
				end = len(rest) - 1
			}
			parts = append(parts, rest[1:end+1])
			rest = strings.TrimPrefix(rest[min(end+2, len(rest)):], ".")
		} else {
			var part string
			part, rest, _ = strings.Cut(rest, ".")
			parts = append(parts, strings.ToLower(part))
		}
		if rest == "" {
			break
		}
	}
	if len(parts) == 1 {
		return "", parts[0]
	}
	return parts[0], parts[1]
}

// describe prints a table's or view's columns, indexes and state.
func (s *Shell) describe(ctx context.Context, arg string) error {
	schema, name := splitName(arg)
	where := ` WHERE table_name = ` + quote(name)
	if schema != "" {
		where += ` AND table_schema = ` + quote(schema)
	}
	found, err := s.collect(ctx, `SELECT table_schema, table_type FROM information_schema.tables`+where+
		` ORDER BY CASE table_schema WHEN 'public' THEN 0 ELSE 1 END, table_schema`)
	if err != nil {
		return err
	}
	if len(found.rows) == 0 {
		return s.describeModel(ctx, arg, name)
	}
	schema = found.rows[0][0].Text
	kind := "Table"
	if found.rows[0][1].Text == "VIEW" {
		kind = "View"
	}
	cols, err := s.columnList(ctx, schema, name, kind == "View")
	if err != nil {
		return err
	}
	if s.format == Table {
		fmt.Fprintf(s.out, "%s %q\n", kind, schema+"."+name)
	}
	if err := s.print(cols); err != nil || s.format != Table || kind == "View" {
		return err
	}
	return s.describeStorage(ctx, schema, name)
}

// columnList are the columns of a table, or of a view, which has names and types only.
func (s *Shell) columnList(ctx context.Context, schema, name string, view bool) (*table, error) {
	limits := `,
 CASE WHEN a.attnotnull THEN 'not null' ELSE '' END AS "Nullable",
 CASE WHEN a.attidentity <> '' THEN 'generated always as identity' ELSE coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), '') END AS "Default"`
	if view {
		limits = ""
	}
	return s.collect(ctx, `SELECT a.attname AS "Column", pg_catalog.format_type(a.atttypid, a.atttypmod) AS "Type"`+limits+`
 FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind NOT IN ('i', 'S')
 JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
 WHERE n.nspname = `+quote(schema)+` AND c.relname = `+quote(name)+` ORDER BY a.attnum`)
}

// describeStorage prints a table's indexes and the state of its columns.
func (s *Shell) describeStorage(ctx context.Context, schema, name string) error {
	idx, err := s.collect(ctx, `SELECT indexname, indexdef FROM pg_catalog.pg_indexes WHERE schemaname = `+quote(schema)+` AND tablename = `+quote(name)+` ORDER BY 1`)
	if err == nil && len(idx.rows) > 0 {
		fmt.Fprintln(s.out, "Indexes:")
		for _, r := range idx.rows {
			fmt.Fprintf(s.out, "    %s\n", clean(r[1].Text))
		}
	}
	full := name
	if schema != "public" {
		full = schema + "." + name
	}
	if !s.has(ctx, "htap", "tables") {
		return nil
	}
	st, err := s.collect(ctx, `SELECT state, reason, row_count, segments, delta_rows, column_bytes FROM htap.tables WHERE name = `+quote(full))
	if err != nil || len(st.rows) == 0 {
		return err
	}
	r := st.rows[0]
	line := "Columns: " + r[0].Text
	if !r[1].Null {
		line += " (" + r[1].Text + ")"
	}
	fmt.Fprintf(s.out, "%s, %s rows in %s segments, %s in the delta, %s bytes\n", clean(line), r[2].Text, r[3].Text, r[4].Text, r[5].Text)
	return nil
}

// describeModel prints a model, if the name is one's.
func (s *Shell) describeModel(ctx context.Context, arg, name string) error {
	if s.has(ctx, "ml", "models") {
		t, err := s.collect(ctx, `SELECT * FROM ml.models WHERE name = `+quote(name))
		if err != nil {
			return err
		}
		if len(t.rows) > 0 {
			if s.format == Table {
				fmt.Fprintf(s.out, "Model %q\n", name)
			}
			was := s.expanded
			s.expanded = true
			defer func() { s.expanded = was }()
			return s.print(t)
		}
	}
	return fmt.Errorf("there is no table, view or model named %q", arg)
}
