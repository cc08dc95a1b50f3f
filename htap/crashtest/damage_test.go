package crashtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"htapdb/htap"
	"htapdb/internal/testutil"
	"htapdb/internal/vfs"
	"htapdb/rowstore/mark"
	"htapdb/sql/sqlstate"

	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"
)

// image is the disk of a database that is not open: in commits 1 to all each
// adds its number to one table and puts it into another, and those up to
// recorded were acknowledged long enough ago to be on record.
type image struct {
	fs            vfs.FS
	older         vfs.FS // the disk as it was much earlier
	recorded, all int64
}

// onRecord is longer than it takes until what was acknowledged is on record.
const onRecord = 300 * time.Millisecond

// TestDamage damages files at random and compares what comes of it with
// testdata/damage. What is refused is examined and repaired, and opens then at a
// commit boundary.
func TestDamage(t *testing.T) {
	rng := testutil.Rand(t)
	images := damageImages(t)
	text, err := os.ReadFile("testdata/damage")
	if err != nil {
		t.Fatal(err)
	}
	trials := 4
	if testutil.Long() {
		trials = 60
	}
	for _, line := range strings.Split(string(text), "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" || strings.HasPrefix(line, "#") {
			continue
		}
		im, ok := images[words[0]]
		if !ok {
			t.Fatalf("line %q: no such state", line)
		}
		t.Run(words[0]+"/"+words[1], func(t *testing.T) {
			for range trials {
				d := &damage{image: im, rng: rand.New(rand.NewPCG(rng.Uint64(), 0)), fs: cloneDisk(t, im.fs), t: t}
				d.apply(words[1])
				if got := d.outcome(); !slices.Contains(words[2:], got) {
					t.Errorf("%s: %s instead of %v", d.what, got, words[2:])
				}
				if t.Failed() {
					return
				}
			}
		})
	}
}

// damageImages makes the disks that are damaged.
func damageImages(t *testing.T) map[string]image {
	mem := vfs.NewCrashableMem()
	kill := func() vfs.FS {
		return mem.CrashClone(pebblevfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))})
	}
	d := use(t, mem)
	n := int64(0)
	commits := func(more int64) {
		for range more {
			n++
			d.exec("BEGIN", fmt.Sprintf("INSERT INTO t VALUES (%d, '%s')", n, pad(n)), fmt.Sprintf("UPDATE last SET n = %d", n), "COMMIT")
		}
	}
	d.exec("CREATE TABLE t (n BIGINT PRIMARY KEY, pad TEXT)", "CREATE TABLE last (n BIGINT)", "INSERT INTO last VALUES (0)", "CREATE TABLE loaded (id INT PRIMARY KEY, name TEXT)")
	d.load("loaded", 0, loadRows)
	commits(200)
	d.exec("CHECKPOINT")
	time.Sleep(onRecord)
	older := kill()
	d.close()
	d = use(t, mem)
	commits(200)
	d.load("loaded", 1_000_000, loadRows)
	commits(100)
	d.exec("CHECKPOINT")
	commits(50)
	time.Sleep(onRecord)
	images := map[string]image{"kill": {fs: kill(), older: older, recorded: n, all: n}}
	recorded := n
	commits(20)
	images["burst"] = image{fs: kill(), older: older, recorded: recorded, all: n}
	d.close()
	images["stop"] = image{fs: mem, older: older, recorded: n, all: n}
	return images
}

func cloneDisk(t *testing.T, from vfs.FS) vfs.FS {
	t.Helper()
	to := vfs.NewMem()
	if ok, err := pebblevfs.Clone(from, to, "db", "db"); !ok || err != nil {
		t.Fatal(ok, err)
	}
	return to
}

// damage is one trial.
type damage struct {
	image
	t   *testing.T
	fs  vfs.FS
	rng *rand.Rand
	// what says what was done; named is what a refusal has to name.
	what, named string
	// fatal is set when the engine gives up: background work has read damage.
	fatal atomic.Pointer[error]
}

// read returns a file of the disk.
func (d *damage) read(fs vfs.FS, name string) []byte {
	d.t.Helper()
	f, err := fs.Open(name)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		d.t.Fatal(err)
	}
	return b
}

// write replaces a file of the disk.
func (d *damage) write(name string, b []byte) {
	d.t.Helper()
	f, err := d.fs.Create(name, pebblevfs.WriteCategoryUnspecified)
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := f.Write(bytes.Clone(b)); err != nil {
		d.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		d.t.Fatal(err)
	}
}

// pick returns one of the files below dir of which match holds.
func (d *damage) pick(dir string, match func(name string) bool) string {
	d.t.Helper()
	names, err := d.fs.List(dir)
	if err != nil {
		d.t.Fatal(err)
	}
	names = slices.DeleteFunc(names, func(n string) bool { return !match(n) })
	if len(names) == 0 {
		d.t.Fatalf("nothing to damage in %s", dir)
	}
	slices.Sort(names)
	return path.Join(dir, names[d.rng.IntN(len(names))])
}

// record returns the record on the disk.
func (d *damage) record() *mark.Record {
	d.t.Helper()
	found, err := mark.Read(d.fs, "db/rows")
	if err != nil || found.Newest == nil {
		d.t.Fatal("no record: ", err)
	}
	return found.Newest
}

// apply does the damage of that name.
func (d *damage) apply(name string) {
	d.t.Helper()
	d.what = name
	switch kind, how, _ := strings.Cut(name, "-"); kind {
	case "nothing":
	case "log", "manifest", "marker", "options", "table":
		d.applyFile(kind, how)
	case "record":
		d.applyRecord(how)
	case "format":
		d.named = "FORMAT"
		if how == "delete" {
			d.remove("db/rows/FORMAT")
		} else {
			d.write("db/rows/FORMAT", append(d.read(d.fs, "db/rows/FORMAT"), "creating\n"...))
		}
	case "rows":
		d.applyRows(how)
	case "columns":
		d.applyColumns(how)
	default:
		d.t.Fatalf("no damage %q", name)
	}
}

func (d *damage) remove(name string) {
	d.t.Helper()
	if err := d.fs.RemoveAll(name); err != nil {
		d.t.Fatal(err)
	}
}

// applyFile damages one of Pebble's files.
func (d *damage) applyFile(kind, how string) {
	match := map[string]func(string) bool{
		"manifest": func(n string) bool { return strings.HasPrefix(n, "MANIFEST-") },
		"marker":   func(n string) bool { return strings.HasPrefix(n, "marker.") },
		"options":  func(n string) bool { return strings.HasPrefix(n, "OPTIONS-") },
		"table":    func(n string) bool { return strings.HasSuffix(n, ".sst") },
	}[kind]
	limit := -1
	var name string
	if kind == "log" {
		name, limit = d.newestLog()
	} else {
		name = d.pick("db/rows/db", match)
	}
	d.named = path.Base(name)
	if kind == "table" {
		d.named = strings.TrimSuffix(d.named, ".sst") // as Pebble says it
	}
	if how == "delete" {
		d.what += " of " + name
		d.remove(name)
		return
	}
	b := d.read(d.fs, name)
	if limit < 0 {
		limit = len(b)
		for _, f := range d.record().Files {
			if f.Name == d.named && f.Size > 0 {
				limit = int(f.Size)
			}
		}
	}
	d.write(name, d.change(b, limit, how))
	d.what += " of " + name
}

// newestLog returns the log that is being written, and up to where to damage it:
// up to what is on record, unless that is the question.
func (d *damage) newestLog() (string, int) {
	r := d.record()
	name, size := "", int64(0)
	for _, f := range r.Files {
		if strings.HasSuffix(f.Name, ".log") && f.Name > name {
			name, size = f.Name, f.Size
		}
	}
	if d.recorded < d.all {
		size = int64(len(d.read(d.fs, "db/rows/db/"+name)))
	}
	return "db/rows/db/" + name, int(size)
}

// change cuts, zeroes from somewhere on, or flips a bit of the first limit bytes.
func (d *damage) change(b []byte, limit int, how string) []byte {
	if limit == 0 {
		return b
	}
	b = bytes.Clone(b)
	at := d.rng.IntN(limit)
	d.what += fmt.Sprintf(" at %d of %d", at, limit)
	switch how {
	case "cut":
		return b[:at]
	case "zero":
		clear(b[at:])
		b[at] ^= 1 // it may have been zero
	default:
		b[at] ^= 1 << d.rng.IntN(8)
	}
	return b
}

// applyRecord damages the record of the files.
func (d *damage) applyRecord(how string) {
	isRecord := func(n string) bool { return strings.HasPrefix(n, "rows.mark.") }
	d.named = "the record"
	switch how {
	case "delete", "flip-both":
		for _, name := range []string{"db/rows.mark.0", "db/rows.mark.1"} {
			if how == "delete" {
				d.remove(name)
			} else {
				d.write(name, d.change(d.read(d.fs, name), 200, "flip"))
			}
		}
	case "delete-one":
		d.named = ""
		d.remove(d.pick("db", isRecord))
	case "flip":
		d.named = ""
		name := d.pick("db", isRecord)
		d.write(name, d.change(d.read(d.fs, name), 200, "flip"))
	case "older":
		d.named = ""
		d.olderRecord()
	}
}

func (d *damage) olderRecord() {
	for _, name := range []string{"db/rows.mark.0", "db/rows.mark.1"} {
		d.write(name, d.read(d.older, name))
	}
}

// applyRows puts older rows in place of those that are there, or nothing.
func (d *damage) applyRows(how string) {
	d.remove("db/rows")
	if how == "delete" {
		return
	}
	if ok, err := pebblevfs.Clone(d.older, d.fs, "db/rows", "db/rows"); !ok || err != nil {
		d.t.Fatal(ok, err)
	}
	if how == "older" {
		return
	}
	// Nothing beside the rows tells but the columns.
	d.named = "the columns"
	d.olderRecord()
	if strings.HasSuffix(how, "log-cut") {
		d.applyFile("log", "cut")
	}
}

// applyColumns damages the columns, which are made again from the rows.
func (d *damage) applyColumns(how string) {
	segment := func(n string) bool { return strings.HasSuffix(n, ".seg") }
	switch how {
	case "delete":
		d.remove("db/columns")
	case "older":
		d.remove("db/columns")
		if ok, err := pebblevfs.Clone(d.older, d.fs, "db/columns", "db/columns"); !ok || err != nil {
			d.t.Fatal(ok, err)
		}
	case "manifest-flip":
		b := d.read(d.fs, "db/columns/MANIFEST")
		d.write("db/columns/MANIFEST", d.change(b, len(b), "flip"))
	case "segment-flip":
		name := d.pick("db/columns", segment)
		b := d.read(d.fs, name)
		d.write(name, d.change(b, len(b), "flip"))
	case "segment-delete":
		d.remove(d.pick("db/columns", segment))
	}
}

// contents returns the disk's files but those that say who has it open.
func (d *damage) contents() map[string]string {
	out := map[string]string{}
	var walk func(dir string)
	walk = func(dir string) {
		names, err := d.fs.List(dir)
		if err != nil {
			d.t.Fatal(err)
		}
		for _, n := range names {
			full := path.Join(dir, n)
			if info, err := d.fs.Stat(full); err != nil {
				d.t.Fatal(err)
			} else if info.IsDir() {
				walk(full)
			} else if n != "LOCK" && n != "HOLDER" {
				out[full] = string(d.read(d.fs, full))
			}
		}
	}
	walk("db")
	return out
}

// options are those of opening and repairing the disk.
func (d *damage) options() []htap.Option {
	return []htap.Option{htap.WithFS(d.fs), htap.WithMemoryLimit(256 << 20), htap.WithWorkers(1), htap.WithCheckpointInterval(time.Hour),
		htap.WithOnFatal(func(err error) { d.fatal.Store(&err) })}
}

// outcome opens the disk and says what came of the damage.
func (d *damage) outcome() string {
	d.t.Helper()
	before := d.contents()
	db, err := htap.Open("db", d.options()...)
	if err == nil {
		n, err := d.state(db)
		closeErr := db.Close()
		switch {
		case d.fatal.Load() != nil && sqlstate.Is(*d.fatal.Load(), sqlstate.DataCorrupted):
			return "error"
		case sqlstate.Is(err, sqlstate.DataCorrupted):
			return "error"
		case err != nil:
			return "opens, but " + err.Error()
		case closeErr != nil:
			return "does not close: " + closeErr.Error()
		case n == d.all:
			return "all"
		case n >= d.recorded:
			return "boundary"
		}
		return fmt.Sprintf("silent loss of %d commits of %d", d.all-n, d.all)
	}
	if !sqlstate.Is(err, sqlstate.DataCorrupted) {
		return "is refused with " + err.Error()
	}
	if text := err.Error(); !strings.Contains(text, d.named) {
		return fmt.Sprintf("is refused without naming %s: %s", d.named, text)
	}
	if after := d.contents(); !d.same(before, after) {
		return "is refused, but not left as it was"
	}
	d.repair()
	return "refused"
}

// same compares the disk before and after a refusal.
func (d *damage) same(before, after map[string]string) bool {
	ok := len(before) == len(after)
	for name, text := range before {
		if after[name] != text {
			d.t.Logf("%s: %d bytes became %d", name, len(text), len(after[name]))
			ok = false
		}
	}
	return ok || strings.HasPrefix(d.what, "table-flip") // found while it is read, not before
}

// repair examines and repairs a disk that was refused. What is left is at a
// commit boundary, and the examination has said how far it goes.
func (d *damage) repair() {
	d.t.Helper()
	x, err := htap.Examine("db", htap.WithFS(d.fs))
	if err != nil {
		if strings.HasPrefix(d.what, "format") || d.what == "rows-delete" || d.what == "rows-" {
			return // no store is left to examine
		}
		d.t.Errorf("%s: examine: %v", d.what, err)
		return
	}
	if !x.Repairable {
		return
	}
	if err := htap.Repair("db", d.options()...); err != nil {
		if !strings.HasPrefix(d.what, "table") {
			d.t.Errorf("%s: repair: %v; known: %v", d.what, err, x.Known)
		}
		return
	}
	db, err := htap.Open("db", d.options()...)
	if err != nil {
		d.t.Errorf("%s: after the repair: %v", d.what, err)
		return
	}
	defer db.Close()
	n, err := d.state(db)
	if err != nil {
		d.t.Errorf("%s: after the repair: %v", d.what, err)
	}
	if n < d.all && !strings.Contains(strings.Join(x.Known, " "), "is left") {
		d.t.Errorf("%s: %d commits of %d are left, the examination says %v", d.what, n, d.all, x.Known)
	}
}

// state returns the last commit that is there, if the database is as it was
// after it.
func (d *damage) state(db *htap.DB) (int64, error) {
	s := db.Session(context.Background())
	defer s.Close()
	v := &verifier{s: s}
	var seen []string
	for _, route := range []string{"row", "column"} {
		rows, err := v.read(route, "SELECT count(*), coalesce(min(n), 1), coalesce(max(n), 0), (SELECT n FROM last) FROM t")
		if sqlstate.Is(err, sqlstate.UndefinedTable) {
			return 0, nil // before the first commit, while the tables are made
		}
		if err != nil {
			return 0, err
		}
		seen = append(seen, rows...)
	}
	if seen[0] == "0|1|0|<nil>" && seen[1] == seen[0] {
		// Before the first row of last, and so before loaded is made.
		if _, err := v.read("row", "SELECT count(*) FROM loaded"); !sqlstate.Is(err, sqlstate.UndefinedTable) {
			return 0, fmt.Errorf("last has no row yet, and loaded is there: %v", err)
		}
		return 0, nil
	}
	var count, least, most, last int64
	if _, err := fmt.Sscanf(seen[0], "%d|%d|%d|%d", &count, &least, &most, &last); err != nil || seen[0] != seen[1] || least != 1 || count != most || count != last {
		return 0, fmt.Errorf("no state after a commit: %v", seen)
	}
	loaded, err := v.read("row", "SELECT count(*) FROM loaded")
	if count == 0 && sqlstate.Is(err, sqlstate.UndefinedTable) {
		return 0, nil // the last of the tables to be made
	}
	if err != nil {
		return 0, err
	}
	// The loads come before the first commit and after the 400th.
	if want := map[bool]int{false: loadRows, true: 2 * loadRows}[count >= 400]; loaded[0] != fmt.Sprint(want) && count != 400 && (count != 0 || loaded[0] != "0") {
		return 0, fmt.Errorf("after commit %d %s rows are loaded instead of %d", count, loaded[0], want)
	}
	checked, err := v.read("auto", "CHECK TABLE t, last, loaded")
	if err != nil {
		return 0, err
	}
	for _, row := range checked {
		if !strings.Contains(row, "|ok|") {
			return 0, fmt.Errorf("CHECK TABLE: %s", row)
		}
	}
	return count, nil
}
