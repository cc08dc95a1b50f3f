package crashtest

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"htapdb/htap"
	"htapdb/internal/vfs"
	"htapdb/sql/sqlstate"

	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// Tests of what the crash tests have found, without the luck that those need.

// slowDisk is a disk on which a sync takes long, so that a commit's locks are
// released long before it is visible.
func slowDisk() vfs.FS {
	return errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData {
			time.Sleep(20 * time.Millisecond)
		}
		return nil
	}))
}

// during runs other while d has an open transaction that has run the first
// statements, and ends it with the last one once other waits for it.
func (d *database) during(first []string, last string, other func(s *htap.Session) error) error {
	d.Helper()
	d.exec(append([]string{"BEGIN"}, first...)...)
	result := make(chan error)
	go func() {
		s := d.db.Session(context.Background())
		defer s.Close()
		result <- other(s)
	}()
	time.Sleep(50 * time.Millisecond)
	d.exec(last)
	return <-result
}

// run executes statements until one fails.
func run(s *htap.Session, sql ...string) error {
	for _, q := range sql {
		if _, err := s.Exec(context.Background(), q); err != nil {
			return fmt.Errorf("%s: %w", q, err)
		}
	}
	return nil
}

// A statement that waited for CREATE INDEX writes the index's entries too: the
// index is locked until it is in the memtable, and visible only after the sync.
func TestWriteWaitsForIndex(t *testing.T) {
	d := use(t, slowDisk())
	defer d.close()
	d.exec("CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t SELECT i, i FROM generate_series(1, 10) AS g(i)")
	for _, kind := range []string{"read committed", "repeatable read"} {
		err := d.during([]string{"CREATE INDEX t_v ON t (v)"}, "COMMIT", func(s *htap.Session) error {
			return run(s, "BEGIN ISOLATION LEVEL "+kind, "SELECT 1 FROM t LIMIT 1", "UPDATE t SET v = 70 WHERE id = 7", "DELETE FROM t WHERE id = 8", "INSERT INTO t VALUES (11, 11)", "COMMIT")
		})
		if kind == "repeatable read" {
			if !sqlstate.Is(err, sqlstate.SerializationFailure) {
				t.Errorf("%s: %v", kind, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for q, want := range map[string]string{"v = 7": "", "v = 70": "7", "v = 8": "", "v = 11": "11"} {
			d.want(want, "SELECT id FROM t WHERE "+q)
		}
		d.exec("DROP INDEX t_v")
	}
}

// Rows that a transaction has locked keep their columns until it ends.
func TestLockedRowsAreNotAltered(t *testing.T) {
	d := use(t, slowDisk())
	defer d.close()
	d.exec("CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 1)")
	altered := make(chan error)
	d.exec("BEGIN", "SELECT v FROM t WHERE id = 1 FOR UPDATE")
	go func() {
		s := d.db.Session(context.Background())
		defer s.Close()
		altered <- run(s, "ALTER TABLE t ADD COLUMN extra INT DEFAULT 4")
	}()
	time.Sleep(50 * time.Millisecond)
	d.exec("UPDATE t SET v = 2 WHERE id = 1", "COMMIT")
	if err := <-altered; err != nil {
		t.Fatal(err)
	}
	d.want("1|2|4", "SELECT id, v, extra FROM t")
	// The other way round: the lock waits, and reads the table as it is then.
	err := d.during([]string{"ALTER TABLE t DROP COLUMN v"}, "COMMIT", func(s *htap.Session) error {
		return run(s, "BEGIN", "SELECT id FROM t FOR UPDATE", "UPDATE t SET extra = 5 WHERE id = 1", "COMMIT")
	})
	if err != nil {
		t.Fatal(err)
	}
	d.want("1|5", "SELECT id, extra FROM t")
	d.check("t")
}

// What was compiled for a descriptor is not used for another one with the same
// version and the same names.
func TestDescriptorsOfRolledBackChanges(t *testing.T) {
	d := use(t, vfs.NewMem())
	defer d.close()
	d.exec("CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT)", "INSERT INTO t VALUES (1, 10, 100)")
	d.exec("BEGIN", "ALTER TABLE t ADD COLUMN c TEXT DEFAULT 'x'", "INSERT INTO t VALUES (2, 20, 200, 'y')", "ROLLBACK")
	d.exec("ALTER TABLE t ADD COLUMN c BIGINT DEFAULT 7", "INSERT INTO t VALUES (2, 20, 200, 8)")
	d.want("1|7 2|8", "SELECT id, c FROM t")
	for _, column := range []string{"a", "b", "c"} {
		d.exec("CREATE INDEX i ON t ("+column+")", "UPDATE t SET "+column+" = 55 WHERE id = 2")
		d.want("2", "SELECT id FROM t WHERE "+column+" = 55")
		d.exec("DROP INDEX i")
	}
	d.check("t")
}

// A transaction sees the tables that it has made, also while it prepares.
func TestOwnTables(t *testing.T) {
	d := use(t, vfs.NewMem())
	defer d.close()
	d.exec("BEGIN", "CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 2)", "ALTER TABLE t ADD COLUMN w INT",
		"UPDATE t SET w = 3", "CREATE TABLE u AS SELECT * FROM t", "INSERT INTO u VALUES (4, 5, 6)", "COMMIT")
	d.want("1|2|3", "SELECT * FROM t")
	d.want("1|2|3 4|5|6", "SELECT * FROM u")
	d.check("t", "u")
}

// Columns that the feed has not made yet are waited for, by a query that must
// use them and by a load, which must not take the table for its own.
func TestColumnsOfNewTables(t *testing.T) {
	d := use(t, vfs.NewMem())
	defer d.close()
	for i := range 20 {
		table := fmt.Sprintf("t%d", i)
		d.exec("SET htap.route = 'column'", "CREATE TABLE "+table+" (id INT PRIMARY KEY, name TEXT)")
		st, err := d.s.Prepare(context.Background(), "COPY "+table+" FROM STDIN (FORMAT csv)")
		if err != nil {
			t.Fatal(err)
		}
		bad := strings.Repeat("1,a\n", loadRows) // a duplicate, found when the load is complete
		if _, err := st.CopyFrom(context.Background(), strings.NewReader(bad)); !sqlstate.Is(err, sqlstate.UniqueViolation) {
			t.Fatal(err)
		}
		d.want("0", "SELECT count(*) FROM "+table)
		d.load(table, 0, loadRows)
		d.want(fmt.Sprint(loadRows), "SELECT count(*) FROM "+table)
		d.check(table)
	}
}

// A new database's directory survives a power loss right after the first commit.
func TestNewDirectory(t *testing.T) {
	disk := newTail()
	for _, dir := range []string{"db", "a/b/c"} {
		db, err := htap.Open(dir, htap.WithFS(disk.fs))
		if err != nil {
			t.Fatal(err)
		}
		if err := run(db.Session(context.Background()), "CREATE TABLE t AS SELECT 42 AS a"); err != nil {
			t.Fatal(err)
		}
		lost := disk.lose()
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if db, err = htap.Open(dir, htap.WithFS(lost)); err != nil {
			t.Fatal(err)
		}
		if n, err := number(db.Session(context.Background()), "SELECT a FROM t"); n != 42 || err != nil {
			t.Errorf("%s: %d %v", dir, n, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// The newest commits may leave nothing behind: a deleted row whose versions were
// collected, a load whose record was forgotten. The row store still knows how
// far it was, or the columns would seem to be ahead of it.
func TestCollectedTail(t *testing.T) {
	for name, last := range map[string]func(d *database){
		"delete": func(d *database) { d.exec("DELETE FROM t WHERE id < 10") },
		"load":   func(d *database) { d.load("t", 1000, loadRows) },
	} {
		disk := newTail()
		d := use(t, disk.fs)
		d.exec("CREATE TABLE t (id INT PRIMARY KEY, name TEXT)")
		d.load("t", 0, fewRows)
		last(d)
		want, err := number(d.s, "SELECT count(*) FROM t")
		if err != nil {
			t.Fatal(err)
		}
		d.exec("CHECKPOINT")
		if name == "delete" {
			d.collected(20)
		}
		time.Sleep(100 * time.Millisecond) // records of loads go without being counted
		lost := disk.mem.CrashClone(pebblevfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))})
		d.close()
		d = use(t, lost)
		d.recovery(0, 0, false)
		d.want(fmt.Sprint(want), "SELECT count(*) FROM t")
		d.check("t")
		d.close()
	}
}

// A change of a table's columns is durable before the columns have it, also
// when nobody waits for that: a checkpoint beside it has only one schema.
func TestAlterIsDurable(t *testing.T) {
	disk := newTail()
	d := use(t, disk.fs, htap.WithSynchronousCommit(false))
	d.exec("CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 2)", "CHECKPOINT")
	for i, sql := range []string{"ADD COLUMN extra INT DEFAULT 3", "DROP COLUMN extra"} {
		d.exec("ALTER TABLE t "+sql, fmt.Sprintf("INSERT INTO t VALUES (%d, 2)", 10+i))
		d.want(fmt.Sprint(2+i), "SELECT count(*) FROM t") // by the columns: they have it
		l := newLedger()
		db, err := htap.Open("db", htap.WithFS(disk.lose()), htap.WithLogger(slog.New(complaints{obs: l})))
		if err != nil {
			t.Fatal(err)
		}
		lost := &database{T: t, db: db, s: db.Session(context.Background()), l: l}
		lost.want(fmt.Sprint(1-i), "SELECT count(*) FROM information_schema.columns WHERE table_name = 't' AND column_name = 'extra'")
		lost.check("t")
		lost.recovery(0, 0, true)
		lost.close()
	}
	d.close()
}
