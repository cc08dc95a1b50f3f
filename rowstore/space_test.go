package rowstore

import (
	"testing"

	"htapdb/internal/vfs"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
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
