package crashtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"htapdb/htap"
	"htapdb/htap/catalog"
	"htapdb/internal/vfs"
	"htapdb/rowstore"
	"htapdb/sql/sqlstate"

	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// database is an open database with a session, for tests that name statements.
type database struct {
	*testing.T
	db *htap.DB
	s  *htap.Session
	l  *ledger
}

// use opens a database without periodic checkpoints.
func use(t *testing.T, fs vfs.FS, options ...htap.Option) *database {
	t.Helper()
	d := &database{T: t, l: newLedger()}
	var err error
	d.db, err = htap.Open("db", append([]htap.Option{htap.WithFS(fs), htap.WithMemoryLimit(256 << 20), htap.WithWorkers(1),
		htap.WithCheckpointInterval(time.Hour), htap.WithLogger(slog.New(complaints{obs: d.l}))}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	d.s = d.db.Session(context.Background())
	return d
}

// exec runs statements, which must succeed.
func (d *database) exec(sql ...string) {
	d.Helper()
	for _, q := range sql {
		if _, err := d.s.Exec(context.Background(), q); err != nil {
			d.Fatalf("%s: %v", q, err)
		}
	}
}

// load copies n rows from "first,name" on into a table.
func (d *database) load(table string, first, n int) {
	d.Helper()
	c := &client{Session: d.s}
	if err := c.copy("COPY "+table+" FROM STDIN (FORMAT csv)", n, func(w io.Writer, i int) { fmt.Fprintf(w, "%d,n%d\n", first+i, first+i) }); err != nil {
		d.Fatal(err)
	}
}

// want compares a query's rows with what has to be there, by both routes.
func (d *database) want(want, sql string, args ...any) {
	d.Helper()
	for _, route := range []string{"row", "column"} {
		v := &verifier{s: d.s}
		got, err := v.read(route, sql, args...)
		if err != nil || strings.Join(got, " ") != want {
			d.Errorf("%s by %s: %v (%v) instead of %s", sql, route, got, err, want)
		}
	}
}

// check runs CHECK TABLE and asks for complaints.
func (d *database) check(tables ...string) {
	d.Helper()
	for _, table := range tables {
		v := &verifier{s: d.s}
		if got, err := v.read("auto", "CHECK TABLE "+table); err != nil || !strings.Contains(strings.Join(got, ""), "|ok|") {
			d.Errorf("CHECK TABLE %s: %v %v", table, got, err)
		}
	}
	for _, text := range d.l.failed() {
		d.Error(text)
	}
}

// counter returns one of Status's counters.
func (d *database) counter(name string) int { return int(d.db.Status().Counters[name]) }

// recovery compares what opening had to do.
func (d *database) recovery(fills, loads int, replays bool) {
	d.Helper()
	if n := d.counter("column_fills_total"); n != fills {
		d.Errorf("%d tables were filled from the row store instead of %d", n, fills)
	}
	if n := d.counter("replayed_loads_total"); n != loads {
		d.Errorf("%d loads were read again instead of %d", n, loads)
	}
	if n := d.counter("replayed_commits_total"); (n > 0) != replays {
		d.Errorf("%d commits were replayed", n)
	}
}

func (d *database) close() {
	d.Helper()
	if err := d.db.Close(); err != nil {
		d.Error(err)
	}
}

// After a clean close the columns are mapped, not made again.
func TestCleanRestart(t *testing.T) {
	fs := vfs.NewMem()
	d := use(t, fs)
	d.exec("CREATE TABLE keyed (id INT PRIMARY KEY, name TEXT)", "CREATE TABLE heap (id INT, name TEXT)")
	d.load("keyed", 0, loadRows)
	d.load("heap", 0, fewRows)
	d.exec("DELETE FROM keyed WHERE id < 50", "UPDATE heap SET name = 'u' WHERE id < 5", "DELETE FROM heap WHERE id >= 290")
	for range 3 {
		d.close()
		d = use(t, fs)
		d.recovery(0, 0, false)
		d.want(strconv.Itoa(loadRows-50), "SELECT count(*) FROM keyed")
		d.want("290|5", "SELECT count(*), count(CASE WHEN name = 'u' THEN 1 END) FROM heap")
		d.check("keyed", "heap")
		d.exec("INSERT INTO keyed VALUES (1, 'again')", "DELETE FROM keyed WHERE id = 1")
	}
	d.close()
}

// tail is a disk whose last column checkpoint is older than some commits.
type tail struct {
	mem *vfs.CrashableMem
	fs  vfs.FS
	// keep makes checkpoints fail from now on.
	keep atomic.Bool
}

func newTail() *tail {
	d := &tail{mem: vfs.NewCrashableMem()}
	d.fs = errorfs.Wrap(d.mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if d.keep.Load() && strings.Contains(op.Path, "columns") && strings.Contains(op.Path, "MANIFEST") && op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			return errors.New("no checkpoints for this test")
		}
		return nil
	}))
	return d
}

// lose returns the disk after a power loss.
func (d *tail) lose() vfs.FS { return d.mem.CrashClone(pebblevfs.CrashCloneCfg{}) }

// After a crash the commits since the checkpoint are replayed: rows, loads,
// rows of loads that their own transaction changed, new and dropped columns,
// emptied tables. Nothing is read from the row store as a whole.
func TestReplay(t *testing.T) {
	disk := newTail()
	d := use(t, disk.fs)
	d.exec("CREATE TABLE keyed (id INT PRIMARY KEY, name TEXT)", "CREATE TABLE heap (id INT, name TEXT)",
		"CREATE TABLE gone (id INT, name TEXT)", "CREATE TABLE emptied (id INT, name TEXT)")
	for _, table := range []string{"keyed", "heap", "gone", "emptied"} {
		d.load(table, 0, fewRows)
	}
	if err := d.db.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	disk.keep.Store(true)
	d.exec("UPDATE keyed SET name = 'u' WHERE id < 10", "DELETE FROM heap WHERE id < 10", "DROP TABLE gone")
	d.load("heap", 1000, loadRows)
	// Rows that were written before and after their table's columns changed.
	d.exec("INSERT INTO heap VALUES (7, 'before')", "ALTER TABLE heap ADD COLUMN extra BIGINT DEFAULT 5",
		"INSERT INTO heap VALUES (8, 'after', 6)", "ALTER TABLE heap DROP COLUMN name", "UPDATE heap SET extra = 9 WHERE id = 7")
	d.exec("BEGIN")
	d.load("keyed", 1000, loadRows)
	d.exec("UPDATE keyed SET name = 'own' WHERE id BETWEEN 1000 AND 1009", "DELETE FROM keyed WHERE id = 1010", "INSERT INTO keyed VALUES (-1, 'own')", "COMMIT")
	d.exec("BEGIN", "INSERT INTO emptied VALUES (-1, 'never')", "TRUNCATE emptied")
	d.load("emptied", 5, loadRows)
	d.exec("COMMIT", "CREATE TABLE made AS SELECT i AS a FROM generate_series(1, 20000) AS g(i)")
	d.exec("CREATE TABLE fresh (id INT PRIMARY KEY)", "INSERT INTO fresh SELECT * FROM generate_series(1, 10)")
	lost := disk.lose()
	for i := range 2 {
		d = use(t, lost)
		if i == 0 {
			d.recovery(0, 4, true) // heap, keyed, emptied, made
		} else {
			d.recovery(0, 0, false)
		}
		d.want(strconv.Itoa(fewRows+loadRows), "SELECT count(*) FROM keyed")
		d.want("11", "SELECT count(*) FROM keyed WHERE name = 'own'")
		d.want(strconv.Itoa(fewRows-10+loadRows+2), "SELECT count(*) FROM heap")
		d.want("7|9 8|6", "SELECT id, extra FROM heap WHERE id < 10")
		d.want(strconv.Itoa(loadRows), "SELECT count(*) FROM emptied")
		d.want("20000", "SELECT count(*) FROM made")
		d.check("keyed", "heap", "emptied", "made", "fresh")
		// The columns name rows by their hidden keys: a wrong one deletes another row.
		d.exec("SET htap.route = 'column'", "DELETE FROM heap WHERE id < 10")
		d.want("0|"+strconv.Itoa(fewRows-10+loadRows), "SELECT count(CASE WHEN id < 10 THEN 1 END), count(*) FROM heap")
		d.exec("INSERT INTO heap VALUES (7, 9), (8, 6)", "RESET htap.route")
		d.close()
	}
}

// Columns that are gone are filled from the row store.
func TestFill(t *testing.T) {
	fs := vfs.NewMem()
	d := use(t, fs)
	d.exec("CREATE TABLE keyed (id INT PRIMARY KEY, name TEXT)", "CREATE TABLE heap (id INT, name TEXT)", "CREATE TABLE empty (id INT)")
	d.load("keyed", 0, loadRows)
	d.load("heap", 0, fewRows)
	d.exec("ALTER TABLE heap ADD COLUMN extra INT DEFAULT 3", "DELETE FROM heap WHERE id < 10")
	d.close()
	if err := fs.RemoveAll("db/columns"); err != nil {
		t.Fatal(err)
	}
	d = use(t, fs)
	d.recovery(3, 0, false)
	d.want(strconv.Itoa(loadRows), "SELECT count(*) FROM keyed")
	d.want("290|870", "SELECT count(*), sum(extra) FROM heap")
	d.check("keyed", "heap", "empty")
	d.close()
	d = use(t, fs)
	d.recovery(0, 0, false)
	d.check("keyed", "heap", "empty")
	d.close()
}

// A directory that another process has open is refused with its number.
func TestSecondProcess(t *testing.T) {
	dir := t.TempDir()
	l := newLedger()
	c := startChild(t, dir, l, 1)
	if !c.wait("ready") {
		t.Fatal("no child: ", l.failed())
	}
	_, err := htap.Open(dir)
	if !sqlstate.Is(err, sqlstate.ObjectInUse) || !strings.Contains(err.Error(), "process "+strconv.Itoa(c.cmd.Process.Pid)) {
		t.Errorf("opening a directory that process %d has open: %v", c.cmd.Process.Pid, err)
	}
	c.kill(t)
	obs := newLedger()
	db, err := open(dir, obs)
	if err != nil {
		t.Fatal("after the other process was killed: ", err)
	}
	if _, problems := verify(db, l.now()); len(problems) > 0 || len(obs.failed()) > 0 {
		t.Error(problems, obs.failed())
	}
	// Twice in one process is refused too; package driver shares.
	if _, err := htap.Open(dir); !sqlstate.Is(err, sqlstate.ObjectInUse) || !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) {
		t.Error("opening it twice: ", err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// A directory of a newer format is refused with its number and left alone.
func TestNewerFormat(t *testing.T) {
	dir := t.TempDir()
	db, err := htap.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "rows", "FORMAT")
	old, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	newer := strings.Replace(string(old), "format 2", "format 93", 1)
	if newer == string(old) {
		t.Fatalf("FORMAT is %q", old)
	}
	if err := os.WriteFile(name, []byte(newer), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = htap.Open(dir)
	if !sqlstate.Is(err, sqlstate.FeatureNotSupported) || !strings.Contains(err.Error(), "93") {
		t.Error("a newer format: ", err)
	}
	if err := os.WriteFile(name, old, 0o644); err != nil {
		t.Fatal(err)
	}
	if db, err = htap.Open(dir); err != nil {
		t.Fatal("the format it had before: ", err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// collected waits until garbage collection has removed n versions.
func (d *database) collected(n int) {
	d.Helper()
	for deadline := time.Now().Add(10 * time.Second); d.counter("versions_collected_total") < n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			d.Fatalf("%d versions were collected instead of %d", d.counter("versions_collected_total"), n)
		}
	}
}

// Columns from before what the row store has forgotten, such as those of an old
// backup, are thrown away.
func TestOldColumns(t *testing.T) {
	fs := vfs.NewCrashableMem()
	d := use(t, fs)
	d.exec("CREATE TABLE t (id INT PRIMARY KEY, name TEXT)")
	d.load("t", 0, fewRows)
	d.exec("CHECKPOINT")
	old := fs.CrashClone(pebblevfs.CrashCloneCfg{})
	d.exec("DELETE FROM t WHERE id < 10", "CHECKPOINT")
	d.collected(20)
	d.close()
	if err := fs.RemoveAll("db/columns"); err != nil {
		t.Fatal(err)
	}
	if ok, err := pebblevfs.Clone(old, fs, "db/columns", "db/columns"); !ok || err != nil {
		t.Fatal(ok, err)
	}
	d = use(t, fs)
	if said := d.l.failed(); len(said) != 1 || !strings.Contains(said[0], "columns are rebuilt") {
		t.Errorf("the engine says %q", said)
	}
	d.recovery(1, 0, false)
	d.want(strconv.Itoa(fewRows-10), "SELECT count(*) FROM t")
	d.l = newLedger()
	d.check("t")
	d.close()
}

// Columns of one copy of a directory beside the rows of another are thrown away,
// although the store, the position and the rowIDs look right.
func TestColumnsOfAnotherCopy(t *testing.T) {
	fs := vfs.NewMem()
	d := use(t, fs)
	d.exec("CREATE TABLE t (id INT PRIMARY KEY, name TEXT)")
	d.load("t", 0, fewRows)
	d.close()
	other := vfs.NewMem()
	if ok, err := pebblevfs.Clone(fs, other, "db", "db"); !ok || err != nil {
		t.Fatal(ok, err)
	}
	d = use(t, other)
	d.recovery(0, 0, false) // what both had is good in a copy
	d.exec("INSERT INTO t VALUES (1000, 'other')")
	d.close()
	d = use(t, fs)
	d.exec("INSERT INTO t VALUES (2000, 'one')", "INSERT INTO t VALUES (2001, 'two')")
	d.close()
	if err := fs.RemoveAll("db/columns"); err != nil {
		t.Fatal(err)
	}
	if ok, err := pebblevfs.Clone(other, fs, "db/columns", "db/columns"); !ok || err != nil {
		t.Fatal(ok, err)
	}
	d = use(t, fs)
	if said := d.l.failed(); len(said) != 1 || !strings.Contains(said[0], "another copy") {
		t.Errorf("the engine says %q", said)
	}
	d.recovery(1, 0, false)
	d.want("2", "SELECT count(*) FROM t WHERE id >= 1000")
	d.l = newLedger()
	d.check("t")
	d.close()
}

// Rows of dropped and emptied tables go, also if the crash came before anybody
// had asked for it.
func TestRowsOfDroppedTables(t *testing.T) {
	disk := newTail()
	d := use(t, disk.fs)
	d.exec("CREATE TABLE gone (id INT, name TEXT)", "CREATE TABLE emptied (id INT, name TEXT)", "CREATE TABLE stays (id INT, name TEXT)")
	for _, table := range []string{"gone", "emptied", "stays"} {
		d.load(table, 0, fewRows)
	}
	d.exec("DROP TABLE gone", "TRUNCATE emptied")
	lost := disk.lose()
	d.close()
	if err := lost.RemoveAll("db/columns"); err != nil { // the drop is not replayed
		t.Fatal(err)
	}
	d = use(t, lost)
	d.exec("INSERT INTO emptied VALUES (1, 'x')", "CHECKPOINT")
	stored := func() (ids []uint32) {
		s, err := rowstore.Open("db/rows", rowstore.Options{FS: lost})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		all, err := s.TableIDs()
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range all {
			if !catalog.IsSystem(id) {
				ids = append(ids, id)
			}
		}
		return ids
	}
	for deadline := time.Now().Add(10 * time.Second); ; {
		time.Sleep(100 * time.Millisecond) // collection follows the checkpoint
		d.check("emptied", "stays")
		d.close()
		if ids := stored(); len(ids) == 2 {
			return
		} else if time.Now().After(deadline) {
			t.Fatalf("rows are stored under %v", ids)
		}
		d = use(t, lost)
		d.exec("INSERT INTO stays VALUES (0, 'x')", "CHECKPOINT")
	}
}
