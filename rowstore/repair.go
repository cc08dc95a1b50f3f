package rowstore

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"htapdb/internal/vfs"
	"htapdb/rowstore/mark"
	"htapdb/sql/sqlstate"

	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"
)

// damagedDir is where a repair puts the files that it takes out of the way.
const damagedDir = "damaged"

// repairPlan is what a repair does to Pebble's directory: files are set aside
// and others are written. After it the store ends at a commit boundary: of the
// first damaged log stays what is before the damage, of later logs nothing.
type repairPlan struct {
	aside []string
	// written are the contents of files that are written; one that is there is set
	// aside first.
	written map[string][]byte
	// removed are the logs that are cut or set aside.
	removed []string
	// hopeless is why nothing helps.
	hopeless error
}

func (p *repairPlan) setsAside(name string) bool { return slices.Contains(p.aside, name) }

func (p *repairPlan) write(name string, content []byte) {
	if p.written == nil {
		p.written = map[string][]byte{}
	}
	p.written[name] = content
}

// makePlan finds what a repair would have to do.
func (x *Examination) makePlan(damages []mark.Damage) error {
	s, p := x.store, &x.plan
	dir := s.home.name(dbDir)
	names, err := s.opts.FS.List(dir)
	if err != nil {
		p.hopeless = err
		return nil
	}
	var logs []mark.Damage
	for _, d := range damages {
		switch {
		case strings.HasPrefix(d.Name, markerPrefix):
			p.write(d.Name, nil) // its name is all it says
			names = append(names, d.Name)
		case strings.HasPrefix(d.Name, "OPTIONS-"):
			if !d.Missing {
				p.aside = append(p.aside, d.Name)
			}
		case strings.HasSuffix(d.Name, logSuffix):
			logs = append(logs, d)
		default:
			p.hopeless = fmt.Errorf("%s, which says what the other files are", d.String())
		}
	}
	if len(logs) == 0 || p.hopeless != nil {
		return nil
	}
	oldest, err := oldestLog(s.opts.FS, dir, names)
	if err != nil {
		p.hopeless = err
		return nil
	}
	return x.cutLogs(dir, names, logs, oldest)
}

// cutLogs ends the log where the first of the damaged files that are still
// needed is damaged.
func (x *Examination) cutLogs(dir string, names []string, damaged []mark.Damage, oldest uint64) error {
	p, fs := &x.plan, x.store.opts.FS
	var first *mark.Damage
	for i := range damaged {
		if n := logNumber(damaged[i].Name); n >= oldest && (first == nil || n < logNumber(first.Name)) {
			first = &damaged[i]
		}
	}
	if first == nil {
		return nil // a log that nobody reads any more
	}
	number := logNumber(first.Name)
	p.removed = append(p.removed, first.Name)
	if !first.Missing {
		content, err := readWhole(fs, fs.PathJoin(dir, first.Name))
		if err != nil {
			return x.store.ioError(err, "reading a damaged log")
		}
		p.write(first.Name, content[:intactLog(content, uint32(number))])
	}
	for _, name := range names {
		if strings.HasSuffix(name, logSuffix) && logNumber(name) > number {
			p.aside, p.removed = append(p.aside, name), append(p.removed, name)
		}
	}
	return nil
}

// view returns the file system as it would be after the repair.
func (p *repairPlan) view(fs vfs.FS, dir string) vfs.FS {
	mem := vfs.NewMem()
	for name, content := range p.written {
		_ = writePlain(mem, name, content) // memory
	}
	return &repaired{FS: fs, dir: dir, plan: p, written: mem}
}

// repair makes the store one that opens.
func (x *Examination) repair() error {
	if x.Hopeless != nil {
		return sqlstate.Wrap(sqlstate.DataCorrupted, x.Hopeless, "row store %q cannot be repaired: %v", x.store.dir, x.Hopeless).
			WithHint("Restore the directory from a copy.")
	}
	s, p := x.store, &x.plan
	fs, dir := s.opts.FS, s.home.name(dbDir)
	err := func() error {
		if len(p.aside)+len(p.written) == 0 {
			return nil
		}
		aside := s.home.name(damagedDir + "-" + strconv.FormatInt(s.opts.Clock(), 10))
		if err := vfs.MakeDirs(fs, aside); err != nil {
			return err
		}
		move := slices.Clone(p.aside)
		for name := range p.written {
			if _, err := fs.Stat(fs.PathJoin(dir, name)); err == nil {
				move = append(move, name)
			}
		}
		// Later logs first: cut short, the repair can be done again.
		slices.SortFunc(move, func(a, b string) int { return strings.Compare(b, a) })
		for _, name := range move {
			if err := fs.Rename(fs.PathJoin(dir, name), fs.PathJoin(aside, name)); err != nil {
				return err
			}
		}
		for name, content := range p.written {
			if err := writePlain(fs, fs.PathJoin(dir, name), content); err != nil {
				return err
			}
		}
		if err := vfs.SyncDir(fs, aside); err != nil {
			return err
		}
		return vfs.SyncDir(fs, dir)
	}()
	if err != nil {
		return s.ioError(err, "repairing")
	}
	return nil
}

func writePlain(fs vfs.FS, name string, content []byte) error {
	f, err := fs.Create(name, pebblevfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	if _, err = f.Write(slices.Clone(content)); err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

func readWhole(fs vfs.FS, name string) ([]byte, error) {
	f, err := fs.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}
