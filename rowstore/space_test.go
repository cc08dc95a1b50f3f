package rowstore

import (
	"sync/atomic"
	"testing"
	"time"

	"htapdb/internal/vfs"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"

	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"
)

// A load writes sorted files long before its transaction commits: it stops when
// they have used up the disk down to the reserve, which is the log's.
func TestLoadStopsAtReserve(t *testing.T) {
	fs := &fullFS{FS: vfs.NewMem()}
	fs.avail.Store(1 << 40)
	s := openTest(t, "db", Options{FS: fs, LoadBufferBytes: 10_000})
	defer s.Close()
	sch := pairSchema(t, 100)
	tx := begin(t, s, TxnOptions{})
	l, err := tx.NewLoad(bg, sch)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]types.Datum
	for i := range int64(1000) {
		rows = append(rows, ints(i, i))
	}
	if _, err := l.Add(bg, blockOf(sch, rows)); err != nil {
		t.Fatal(err)
	}
	fs.avail.Store(1 << 20)
	for i := range rows {
		rows[i] = ints(int64(1000+i), 0)
	}
	// Files are written beside the rows that come: an error may be told later.
	_, err = l.Add(bg, blockOf(sch, rows))
	if err == nil {
		err = l.Finish(bg, nil)
	}
	if !sqlstate.Is(err, sqlstate.DiskFull) {
		t.Errorf("a load on a full disk: %v", err)
	}
	l.Abort()
	tx.Rollback()
	fs.avail.Store(1 << 40)
	s.watchSpace(bg)
	write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, ints(1, 1))) })
}

// removingFS has space once the file that is being removed is gone.
type removingFS struct {
	vfs.FS
	removing atomic.Bool
}

func (f *removingFS) GetDiskUsage(string) (pebblevfs.DiskUsage, error) {
	if f.removing.Load() {
		return pebblevfs.DiskUsage{AvailBytes: 1, TotalBytes: 1 << 40}, nil
	}
	return pebblevfs.DiskUsage{AvailBytes: 1 << 39, TotalBytes: 1 << 40}, nil
}

func (f *removingFS) Remove(name string) error {
	if f.removing.Load() {
		time.Sleep(30 * time.Millisecond)
		f.removing.Store(false)
	}
	return f.FS.Remove(name)
}

// A load does not fail for want of the space that files take which are on their way out.
func TestSpaceOfRemovedFiles(t *testing.T) {
	fs := &removingFS{FS: vfs.NewMem()}
	s, err := Open("db", Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	fs.removing.Store(true)
	s.removed.Remove(s.home.name(loadDir, "old"))
	if err := (&runWriter{store: s}).space(); err != nil {
		t.Error(err)
	}
}
