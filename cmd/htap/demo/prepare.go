package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// tables are those that the demo makes, in the order of CHECK TABLE.
var tables = []string{"flights", "airports", "departures", "seats", "customers", "bookings", "payments"}

// marker is a file that says that a directory is the demo's, so that its tables
// may be made anew. Tables of anybody else are not touched.
const marker = "htap-demo"

// prepare imports the data and makes the tables.
func (d *demo) prepare(ctx context.Context) error {
	if err := d.clear(ctx); err != nil {
		return err
	}
	for _, s := range steps(schemaSQL) {
		err := d.c.step(s.title, func(func(string)) (string, error) {
			for _, sql := range s.statements {
				if _, err := d.s.Exec(ctx, sql); err != nil {
					return "", fmt.Errorf("%s: %w", s.title, err)
				}
			}
			return "", nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// clear drops the tables of an earlier demo in the same directory.
func (d *demo) clear(ctx context.Context) error {
	_, found, err := collect(ctx, d.s, "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = 'public'")
	if err != nil {
		return err
	}
	path := filepath.Join(d.db.Path(), marker)
	_, err = os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist) && len(found) > 0:
		return fmt.Errorf("%s has tables that are not the demo's: give --data an empty directory", d.db.Path())
	case errors.Is(err, os.ErrNotExist):
		return os.WriteFile(path, []byte("This database was made by htap demo, which may drop its tables.\n"), 0o600)
	case err != nil:
		return err
	}
	for _, t := range tables {
		if _, err := d.s.Exec(ctx, "DROP TABLE IF EXISTS "+t); err != nil {
			return err
		}
	}
	return nil
}
