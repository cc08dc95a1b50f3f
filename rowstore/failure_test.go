package rowstore

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"htapdb/internal/vfs"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"

	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"
)

// TestFailedSync: once a sync of the log has failed, nothing is acknowledged,
// the program is told once, everything later is refused, and what had been
// acknowledged is there after a restart.
func TestFailedSync(t *testing.T) {
	mem := vfs.NewCrashableMem()
	fs := &switchFS{FS: mem}
	var told atomic.Int32
	s := openTest(t, "db", Options{FS: fs, OnFatal: func(error) { told.Add(1) }})
	sch := pairSchema(t, 100)
	tx := begin(t, s, TxnOptions{Sync: true})
	must(tx.Insert(bg, sch, ints(1, 1)))
	commit(t, tx)

	broken := errors.New("disk on fire")
	fs.set(func() error { return broken })
	var wg sync.WaitGroup
	for i := range int64(4) {
		wg.Go(func() {
			tx := begin(t, s, TxnOptions{Sync: true})
			if _, err := tx.Insert(bg, sch, ints(10+i, 1)); err != nil {
				return // another's failure came first
			}
			if _, err := tx.Commit(bg); !sqlstate.Is(err, sqlstate.IOError) {
				t.Error("acknowledged without a sync:", err)
			}
		})
	}
	wg.Wait()
	tx = begin(t, s, TxnOptions{})
	if _, err := tx.Insert(bg, sch, ints(99, 1)); err == nil {
		_, err = tx.Commit(bg)
		if !sqlstate.Is(err, sqlstate.IOError) || !strings.Contains(err.Error(), "takes no more commits") {
			t.Error(err)
		}
	}
	tx.Rollback()
	if told.Load() != 1 {
		t.Error("OnFatal was called", told.Load(), "times")
	}
	crashed := mem.CrashClone(pebblevfs.CrashCloneCfg{})
	_ = s.Close() // it has failed
	s = openTest(t, "db", Options{FS: crashed})
	defer s.Close()
	sn := s.Snapshot()
	defer sn.Close()
	if _, found, err := sn.Get(sch, mustKey(t, sch, 1)); !found || err != nil {
		t.Error("acknowledged row lost", err)
	}
}

func TestDirectory(t *testing.T) {
	write := func(fs vfs.FS, name, content string) {
		t.Helper()
		if err := fs.MkdirAll("db", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := writeFile(fs, "db", name, content); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("newer format", func(t *testing.T) {
		fs := vfs.NewMem()
		write(fs, formatFile, "htapdb row store\nformat 7\n")
		_, err := Open("db", Options{FS: fs})
		if !sqlstate.Is(err, sqlstate.FeatureNotSupported) || !strings.Contains(err.Error(), `row store "db" has format 7, this program reads up to format 2`) {
			t.Error(err)
		}
	})
	t.Run("foreign", func(t *testing.T) {
		for _, text := range []string{"", "something else", "htapdb row store\nformat x\n"} {
			fs := vfs.NewMem()
			write(fs, formatFile, text)
			if _, err := Open("db", Options{FS: fs}); !sqlstate.Is(err, sqlstate.DataCorrupted) {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
	t.Run("format lost", func(t *testing.T) {
		fs := vfs.NewMem()
		s := openTest(t, "db", Options{FS: fs})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := fs.Remove("db/" + formatFile); err != nil {
			t.Fatal(err)
		}
		if _, err := Open("db", Options{FS: fs}); !sqlstate.Is(err, sqlstate.DataCorrupted) {
			t.Error(err)
		}
	})
	t.Run("creation cut off", func(t *testing.T) {
		fs := vfs.NewMem()
		write(fs, formatFile, formatHead+"1\n"+formatCreating)
		if err := fs.MkdirAll("db/db", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := writeFile(fs, "db/db", "MANIFEST-000001", "half"); err != nil {
			t.Fatal(err)
		}
		s, err := Open("db", Options{FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Run("held", func(t *testing.T) {
		dir := t.TempDir() + "/a/b"
		s := openTest(t, dir, Options{})
		_, err := Open(dir, Options{})
		if !sqlstate.Is(err, sqlstate.ObjectInUse) || !strings.Contains(err.Error(), "in use by process ") {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		s = openTest(t, dir, Options{})
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// fullFS says how much space is free.
type fullFS struct {
	vfs.FS
	avail atomic.Uint64
}

func (f *fullFS) GetDiskUsage(string) (pebblevfs.DiskUsage, error) {
	return pebblevfs.DiskUsage{AvailBytes: f.avail.Load()}, nil
}

// TestDiskReserve: below the reserve writes are refused and reads go on.
func TestDiskReserve(t *testing.T) {
	fs := &fullFS{FS: vfs.NewMem()}
	fs.avail.Store(1 << 40)
	s := openTest(t, "db", Options{FS: fs})
	defer s.Close()
	sch := pairSchema(t, 100)
	write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, ints(1, 1))) })
	fs.avail.Store(1 << 20)
	s.watchSpace(bg)
	tx := begin(t, s, TxnOptions{})
	must(tx.Insert(bg, sch, ints(2, 2)))
	if _, err := tx.Commit(bg); !sqlstate.Is(err, sqlstate.DiskFull) {
		t.Error(err)
	}
	tx = begin(t, s, TxnOptions{})
	if _, err := loadRows(t, tx, sch, [][]types.Datum{ints(2, 2)}); !sqlstate.Is(err, sqlstate.DiskFull) {
		t.Error(err)
	}
	if got := dump(t, tx.Scan(sch, Span{}, ScanOptions{})); len(got) != 1 {
		t.Error(got)
	}
	tx.Rollback()
	fs.avail.Store(1 << 40)
	s.watchSpace(bg)
	write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, ints(2, 2))) })
}

// TestAsyncBecomesDurable: a commit that did not wait is synced soon.
func TestAsyncBecomesDurable(t *testing.T) {
	fs := vfs.NewCrashableMem()
	s := openTest(t, "db", Options{FS: fs, AsyncSyncInterval: time.Millisecond})
	defer s.Close()
	sch := pairSchema(t, 100)
	ts := write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, ints(1, 1))) })
	for deadline := time.Now().Add(5 * time.Second); s.Durable() < ts; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never durable")
		}
	}
	again := openTest(t, "db", Options{FS: fs.CrashClone(pebblevfs.CrashCloneCfg{})})
	defer again.Close()
	if again.RecoveredTimestamp() != ts {
		t.Error(again.RecoveredTimestamp(), ts)
	}
}

// TestCollectedCommitIsRecovered: a newest commit whose versions have all been
// collected still counts after a crash: a column checkpoint at it is not ahead
// of the rows.
func TestCollectedCommitIsRecovered(t *testing.T) {
	fs := vfs.NewCrashableMem()
	s := openTest(t, "db", Options{FS: fs, AsyncSyncInterval: time.Millisecond})
	defer s.Close()
	sch := pairSchema(t, 100)
	write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, ints(1, 1))) })
	tx := begin(t, s, TxnOptions{Sync: true})
	must(tx.Delete(bg, sch, mustKey(t, sch, 1)))
	last := commit(t, tx)
	s.SetGCFloor(MaxTimestamp)
	settled(t, s, sch, mustKey(t, sch, 1), 0)
	if err := s.db.Flush(); err != nil {
		t.Fatal(err)
	}
	again := openTest(t, "db", Options{FS: fs.CrashClone(pebblevfs.CrashCloneCfg{})})
	defer again.Close()
	if got := again.RecoveredTimestamp(); got != last {
		t.Error(got, "recovered, the last commit was", last)
	}
}

// refusing is a Publisher that has no room.
type refusing struct{ recorder }

func (r *refusing) Reserve(ctx context.Context, n int64) error {
	<-ctx.Done()
	return sqlstate.New(sqlstate.ConfigurationLimit, "change feed is full")
}

// TestBackPressure: a commit that the feed has no room for fails and leaves
// nothing.
func TestBackPressure(t *testing.T) {
	pub := &refusing{}
	s := openTest(t, "", Options{Publisher: pub})
	defer s.Close()
	sch := pairSchema(t, 100)
	tx := begin(t, s, TxnOptions{})
	must(tx.Insert(bg, sch, ints(1, 1)))
	ctx, cancel := context.WithTimeout(bg, 10*time.Millisecond)
	defer cancel()
	if _, err := tx.Commit(ctx); !sqlstate.Is(err, sqlstate.ConfigurationLimit) {
		t.Error(err)
	}
	if _, err := tx.Commit(ctx); !sqlstate.Is(err, sqlstate.NoActiveTransaction) {
		t.Error(err)
	}
	sn := s.Snapshot()
	defer sn.Close()
	if got := dump(t, sn.Scan(sch, Span{}, ScanOptions{})); got != nil || len(pub.events) > 0 || s.Metrics().LocksHeld > 0 {
		t.Error(got, pub.events, s.Metrics().LocksHeld)
	}
}

// TestPendingLoadAfterCrash: the rows of a load that was in the store but not
// committed are invisible after a crash and then gone, record and all.
func TestPendingLoadAfterCrash(t *testing.T) {
	fs := vfs.NewCrashableMem()
	s := openTest(t, "db", Options{FS: fs})
	sch := indexedSchema(t, 100)
	tx := begin(t, s, TxnOptions{Sync: true})
	must(tx.Insert(bg, sch, abc(1000, 1, "x")))
	commit(t, tx)
	tx = begin(t, s, TxnOptions{Sync: true})
	if _, err := loadRows(t, tx, sch, [][]types.Datum{abc(1, 10, "a"), abc(2, 20, "b")}); err != nil {
		t.Fatal(err)
	}
	// Nothing that was not synced is left: the files are, so the record has to be.
	crashed := fs.CrashClone(pebblevfs.CrashCloneCfg{})
	tx.Rollback()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, "db", Options{FS: crashed})
	defer s.Close()
	if n := len(s.loads.all()); n != 1 {
		t.Error(n, "pending loads after the crash")
	}
	sn := s.Snapshot()
	if got := dump(t, sn.ScanIndex(sch, 1, Span{}, ScanOptions{})); len(got) != 1 {
		t.Error(got)
	}
	sn.Close()
	waitCollected(t, s, sch, 1)
	for deadline := time.Now().Add(5 * time.Second); len(s.loads.all()) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the load's record stays")
		}
	}
	// Its keys are free.
	write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, abc(1, 10, "a"))) })
}
