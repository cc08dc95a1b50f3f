package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"htapdb/htap"
	"htapdb/sql/parser"
)

// The exit statuses of check.
const (
	checkDiffers = 1
	checkFailed  = 2
)

// checkCmd is htap check.
type checkCmd struct {
	Data   string   `required:"" env:"HTAP_DATA" placeholder:"DIR" help:"Directory of the database."`
	Repair bool     `help:"If the database is refused for damage: say what is lost, then make one that opens of what is left."`
	Tables []string `arg:"" optional:"" name:"table" help:"Tables to check, as in SQL (default all)."`
	engineFlags
}

// run compares the copies of each table and prints a line for each.
func (c *checkCmd) run(ctx context.Context) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	opts, err := c.options()
	if err != nil {
		return fail(checkFailed, err)
	}
	if err := isDatabase(c.Data); err != nil {
		return fail(checkFailed, err)
	}
	if err := c.examine(os.Stdout, opts); err != nil {
		return fail(checkFailed, err)
	}
	if err := c.scrub(ctx, os.Stdout, opts); err != nil {
		return fail(checkFailed, err)
	}
	db, err := htap.Open(c.Data, opts...)
	if err != nil {
		return fail(checkFailed, openError(c.Data, err))
	}
	status := c.check(ctx, db)
	if err := db.Close(); err != nil {
		return fail(checkFailed, err)
	}
	return status
}

// examine prints what is wrong with the files of a database that does not open
// for damage, and repairs it if that was asked for. It returns nil if the
// database can be opened.
func (c *checkCmd) examine(w io.Writer, opts []htap.Option) error {
	x, err := htap.Examine(c.Data, opts...)
	if err != nil {
		return openError(c.Data, err)
	}
	if len(x.Problems) == 0 {
		return nil
	}
	for _, p := range x.Problems {
		fmt.Fprintf(w, "damaged   %s\n", p)
	}
	for _, k := range x.Known {
		fmt.Fprintf(w, "known     %s\n", k)
	}
	switch {
	case !x.Repairable:
		return fmt.Errorf("the database in %s cannot be repaired: restore the directory from a copy", filepath.Clean(c.Data))
	case !c.Repair:
		return fmt.Errorf("the database in %s is damaged; nothing was changed: restore the directory from a copy, or go on with what is left by htap check --repair --data %s", filepath.Clean(c.Data), c.Data)
	}
	if err := htap.Repair(c.Data, opts...); err != nil {
		return openError(c.Data, err)
	}
	fmt.Fprintln(w, "repaired  the database opens with what is left")
	return nil
}

// scrub reads all files of the rows. Where they are damaged the tables are not
// compared: an open database compacts its files, and may come upon the damage.
func (c *checkCmd) scrub(ctx context.Context, w io.Writer, opts []htap.Option) error {
	r, err := htap.Scrub(ctx, c.Data, opts...)
	if err != nil {
		return openError(c.Data, err)
	}
	for _, p := range r.Problems {
		fmt.Fprintf(w, "damaged   %s\n", p)
	}
	if len(r.Problems) > 0 {
		return fmt.Errorf("the database in %s is damaged, and nothing is known that could replace what is lost: restore the directory from a copy", filepath.Clean(c.Data))
	}
	return nil
}

// isDatabase refuses a directory without a database, which opening would make.
func isDatabase(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == "rows" && e.IsDir() {
			return nil
		}
	}
	return fmt.Errorf("there is no database in %s", filepath.Clean(dir))
}

// check prints the comparison of each table.
func (c *checkCmd) check(ctx context.Context, db *htap.DB) int {
	s := db.Session(ctx)
	defer s.Close()
	names, err := c.names(ctx, s)
	if err != nil {
		return fail(checkFailed, err)
	}
	return report(os.Stdout, names, func(name string) (checked, error) { return checkTable(ctx, s, name) })
}

// report writes a line for each table and returns the worst status.
func report(w io.Writer, names []string, check func(name string) (checked, error)) int {
	status := exitOK
	for _, name := range names {
		r, err := check(name)
		switch {
		case err != nil:
			fmt.Fprintf(w, "error     %s: %s\n", name, message(err))
			status = checkFailed
		case r.status != "ok":
			fmt.Fprintf(w, "mismatch  %s (%d rows): %s\n", r.table, r.rows, r.detail)
			status = max(status, checkDiffers)
		default:
			fmt.Fprintf(w, "ok        %s (%d rows)\n", r.table, r.rows)
		}
	}
	return status
}

// names are the tables of the command line, or all, as SQL writes them.
func (c *checkCmd) names(ctx context.Context, s *htap.Session) ([]string, error) {
	if len(c.Tables) > 0 {
		for _, t := range c.Tables {
			e, err := parser.ParseExpr(t)
			if ref, ok := e.(*parser.ColumnRef); err != nil || !ok || len(ref.Parts) > 2 {
				return nil, fmt.Errorf("%q is not the name of a table", t)
			}
		}
		return c.Tables, nil
	}
	rows, err := s.Query(ctx, "SELECT schemaname, tablename FROM pg_catalog.pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		names = append(names, quoteName(rows.Datum(0).Str())+"."+quoteName(rows.Datum(1).Str()))
	}
	return names, rows.Err()
}

// quoteName writes an identifier so that it means itself.
func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// checked is a row of CHECK TABLE.
type checked struct {
	table, status, detail string
	rows                  int64
}

// checkTable runs CHECK TABLE on one table.
func checkTable(ctx context.Context, s *htap.Session, name string) (checked, error) {
	var r checked
	rows, err := s.Query(ctx, "CHECK TABLE "+name)
	if err != nil {
		return r, err
	}
	defer rows.Close()
	for rows.Next() {
		r = checked{table: rows.Datum(0).Str(), rows: rows.Datum(1).Int(), status: rows.Datum(3).Str(), detail: rows.Datum(4).Str()}
	}
	return r, rows.Err()
}

// message is an error's text without its SQLSTATE.
func message(err error) string {
	if e, ok := errors.AsType[*htap.Error](err); ok {
		return e.Message
	}
	return err.Error()
}
