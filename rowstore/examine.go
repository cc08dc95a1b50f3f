package rowstore

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"htapdb/rowstore/mark"
	"htapdb/sql/sqlstate"

	"github.com/cockroachdb/pebble/v2"
)

// Examination is what a store's files are found to be, compared with the record
// of what they must hold and with the Witness.
type Examination struct {
	// Problems name the damaged files, or what the store lacks; none if it is whole.
	Problems []string
	// Marked is the timestamp up to which all commits were durable when the record
	// was written, at MarkedAt; 0 without a record.
	Marked   Timestamp
	MarkedAt time.Time
	// Recovered is the newest commit that is left; Readable says that it is known.
	Recovered Timestamp
	Readable  bool
	// Lost is how many commits up to Marked are gone, −1 if that is not known.
	Lost int64
	// Hopeless is why the store cannot be repaired, nil if it can.
	Hopeless error

	store *Store
	found mark.Found
	plan  repairPlan
}

// Examine compares the store in dir with its record and the Witness. It changes
// nothing. Errors: 55006 while a process has it open; those of reading.
func Examine(dir string, opts Options) (*Examination, error) {
	s := &Store{opts: opts.withDefaults(false), dir: dir, failed: make(chan struct{})}
	home, err := openDirectory(s.opts.FS, dir)
	if err != nil {
		return nil, err
	}
	defer home.close()
	s.home = home
	return s.examine()
}

// examine does the work of Examine for an open directory.
func (s *Store) examine() (*Examination, error) {
	x := &Examination{store: s, Lost: -1}
	if s.home.fresh {
		return x, nil
	}
	if s.home.version >= 2 {
		if err := x.compareRecord(); err != nil {
			return nil, err
		}
	}
	// What the record vouches for, and that is what a witness has seen as a rule, is
	// there. Beyond it only a look inside tells.
	w := s.opts.Witness
	behind := w != nil && w.Position > x.Marked
	if !x.damaged() && !behind {
		return x, nil
	}
	inside, err := x.look()
	switch {
	case err != nil && x.damaged():
		x.Hopeless = err
	case err != nil:
		return x, nil // opening it says so
	default:
		x.Recovered, x.Readable = inside.newest, true
		x.Lost = x.lost(inside)
		if behind && w.StoreID == inside.id && w.Position > inside.newest {
			x.problem("%s are ahead of the rows: they have the commits up to %s, the rows end at %s", w.Name, when(w.Position), when(inside.newest))
		}
	}
	return x, nil
}

// compareRecord compares the files with the record.
func (x *Examination) compareRecord() (err error) {
	s := x.store
	if x.found, err = mark.Read(s.opts.FS, s.dir); err != nil {
		return s.ioError(err, "reading the record of its files")
	}
	r := x.found.Newest
	if r == nil {
		x.problem("the record of what its files must hold, beside %q, is missing or unreadable", s.dir)
		return nil
	}
	x.Marked, x.MarkedAt = Timestamp(r.Durable), time.UnixMicro(r.WallMicros).UTC()
	damages, err := mark.Check(s.opts.FS, s.home.name(dbDir), r)
	if err != nil {
		return s.ioError(err, "comparing its files with their record")
	}
	for _, d := range damages {
		x.problem("%s", d.String())
	}
	return x.makePlan(damages)
}

func (x *Examination) problem(format string, args ...any) {
	x.Problems = append(x.Problems, fmt.Sprintf(format, args...))
}

// damaged reports whether the store is to be refused.
func (x *Examination) damaged() bool { return len(x.Problems) > 0 }

// anew reports whether the record is to be replaced rather than gone on with.
func (x *Examination) anew() bool { return x.damaged() || x.store.home.version < 2 }

// expected is the newest commit that must be there when the store is open.
func (x *Examination) expected() Timestamp {
	if x.anew() {
		return 0
	}
	return x.Marked
}

// passed is a timestamp above all that may have been given out in a damaged
// store, whose own ceiling may be gone; 0 for a whole one.
func (x *Examination) passed() Timestamp {
	if !x.damaged() {
		return 0
	}
	ts := max(x.Marked, x.Recovered)
	if w := x.store.opts.Witness; w != nil {
		ts = max(ts, w.Position)
	}
	return ts + ceilingLease
}

// lost bounds the number of commits up to Marked that are gone; −1 if nothing is
// known of it.
func (x *Examination) lost(in *inside) int64 {
	r, before := x.found.Newest, x.found.Previous
	switch {
	case r == nil:
		return -1
	case in.newest >= x.Marked && len(x.plan.removed) == 0:
		return 0
	case before == nil || in.newest < Timestamp(before.Durable):
		return -1
	}
	return max(int64(r.Commits-before.Commits)-int64(in.since), 0)
}

// refusal is the error for a damaged store.
func (x *Examination) refusal() error {
	e := sqlstate.New(sqlstate.DataCorrupted, "row store %q is damaged: %s", x.store.dir, strings.Join(x.Problems, "; ")).
		WithHint("Nothing was changed. Restore the directory from a copy, or see what is left with htap check --repair --data %s", filepath.Dir(x.store.dir))
	return e.WithDetail("%s", strings.Join(x.Summary(), " "))
}

// Summary says what is known of how far the store had come and what is left.
func (x *Examination) Summary() (lines []string) {
	if x.Marked > 0 {
		lines = append(lines, fmt.Sprintf("Commits up to %s were durable when the record was written at %s.", when(x.Marked), x.MarkedAt.Format(timeFormat)))
	}
	switch {
	case x.Hopeless != nil:
		lines = append(lines, fmt.Sprintf("What is left cannot be opened: %v.", x.Hopeless))
	case x.Readable && x.Recovered == 0:
		lines = append(lines, "No commit is left.")
	case x.Readable:
		lines = append(lines, fmt.Sprintf("What is left ends with the commit at %s.", when(x.Recovered)))
	}
	switch {
	case x.Lost == 0:
		lines = append(lines, "No commit up to that record is missing.")
	case x.Lost > 0:
		lines = append(lines, fmt.Sprintf("Missing of the commits up to that record: at most %d.", x.Lost))
	case x.Readable && x.Marked > x.Recovered:
		lines = append(lines, "How many commits are missing is not known.")
	}
	return lines
}

// timeFormat is how wall time is written.
const timeFormat = "2006-01-02 15:04:05.000000 UTC"

// when writes a timestamp with its wall time.
func when(ts Timestamp) string {
	return fmt.Sprintf("%s (%s)", ts, time.UnixMicro(ts.Micros()).UTC().Format(timeFormat))
}

// endsBefore is the error for an open store that lacks what was on record,
// although its files hold what they must.
func (s *Store) endsBefore(ts Timestamp) error {
	return sqlstate.New(sqlstate.DataCorrupted, "row store %q ends at %s, before the commit at %s that was durable", s.dir, when(s.recovered), when(ts)).
		WithHint("Restore the directory from a copy, or see what is left with htap check --repair --data %s", filepath.Dir(s.dir))
}

// openError is ioError for an error of opening Pebble: a file that it misses is
// damage.
func (s *Store) openError(err error) error {
	missing := errors.Is(err, fs.ErrNotExist) || errors.Is(err, pebble.ErrDBDoesNotExist) || errors.Is(err, pebble.ErrDBNotPristine)
	if !missing && !pebble.IsCorruptionError(err) && !errors.Is(err, errPebblePanic) && !errors.Is(err, errPebbleFatal) {
		var path *fs.PathError
		if errors.As(err, &path) {
			return s.ioError(err, "opening")
		}
	}
	return sqlstate.Wrap(sqlstate.DataCorrupted, err, "row store %q cannot be opened: %v", s.dir, err).
		WithHint("Restore the directory from a copy; htap check --repair --data %s says what is known of the damage", filepath.Dir(s.dir))
}

// errPebblePanic stands for a panic of Pebble's while it read damaged files.
var errPebblePanic = errors.New("pebble: panic")

// openGuarded opens Pebble; a panic is an error.
func openGuarded(dir string, o *pebble.Options) (db *pebble.DB, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errPebblePanic, p)
		}
	}()
	return pebble.Open(dir, o)
}
