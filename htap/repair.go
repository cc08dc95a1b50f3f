package htap

import (
	"context"
	"fmt"
	"strconv"

	"htapdb/colstore"
	"htapdb/internal/vfs"
	"htapdb/rowstore"
)

// Examination is what the files of a database that is not open are found to be.
type Examination struct {
	// Problems name the files that are damaged or what they lack; there are none if
	// the database opens with all its commits.
	Problems []string
	// Known says what is known of the state that was, of the state that is left,
	// and of what is lost.
	Known []string
	// Repairable says that Repair makes a database of what is left.
	Repairable bool
}

// Examine compares the files of the database in dir with the record of what they
// must hold. It changes nothing. A directory that is in use is 55006.
func Examine(dir string, options ...Option) (*Examination, error) {
	cfg := defaultConfig()
	for _, o := range options {
		o(&cfg)
	}
	ro := rowstore.Options{FS: cfg.fs}
	columns := cfg.fs.PathJoin(dir, columnDir)
	ro.Witness = witness(cfg.fs, columns)
	x, err := rowstore.Examine(cfg.fs.PathJoin(dir, rowDir), ro)
	if err != nil {
		return nil, err
	}
	out := &Examination{Problems: x.Problems, Known: x.Summary(), Repairable: x.Hopeless == nil}
	if p := colstore.Peek(cfg.fs, columns); p != nil && x.Readable && len(x.Problems) > 0 {
		for _, a := range p.Ahead(uint64(x.Recovered)) {
			rows := strconv.Itoa(a.Most)
			if a.Least < a.Most {
				rows = fmt.Sprintf("between %d and %d", a.Least, a.Most)
			}
			out.Known = append(out.Known, fmt.Sprintf("The columns of table %q are ahead of its rows by %s rows; they will be dropped and made again from the rows.", a.Table, rows))
		}
	}
	return out, nil
}

// Scrubbed is what Scrub has read.
type Scrubbed = rowstore.Scrubbed

// Scrub reads every block of the row store of the database in dir, which nobody
// has open, and compares it with its checksum; CHECK TABLE reads what the newest
// rows lie in. It changes nothing.
//
// Errors: 55006 for a directory that is in use, 57014, those of reading.
func Scrub(ctx context.Context, dir string, options ...Option) (*Scrubbed, error) {
	cfg := defaultConfig()
	for _, o := range options {
		o(&cfg)
	}
	return rowstore.Scrub(ctx, cfg.fs.PathJoin(dir, rowDir), rowstore.Options{FS: cfg.fs})
}

// Repair makes the damaged database in dir one that opens, at the last commit
// boundary that is left. Files that are in the way are kept in the directory
// rows/damaged-…, columns that are ahead of the rows are made again. A database
// that is not damaged stays as it is.
func Repair(dir string, options ...Option) error {
	db, err := Open(dir, append(options[:len(options):len(options)], func(c *config) { c.repair = true })...)
	if err != nil {
		return err
	}
	return db.Close()
}

// witness is what the columns in dir know of the row store, nil for nothing.
func witness(fs vfs.FS, dir string) *rowstore.Witness {
	p := colstore.Peek(fs, dir)
	if p == nil {
		return nil
	}
	return &rowstore.Witness{Name: fmt.Sprintf("the columns in %q", dir), StoreID: p.StoreID, Position: rowstore.Timestamp(p.Position)}
}
