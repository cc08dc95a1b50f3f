package rowstore

import (
	"strings"
	"testing"

	"htapdb/internal/vfs"
	"htapdb/rowstore/mark"
	"htapdb/sql/sqlstate"
)

// A store of the format without records opens, gets one, and is of the new
// format from then on: without its record it is refused.
func TestFormerFormat(t *testing.T) {
	fs := vfs.NewMem()
	sch := pairSchema(t, 100)
	s := openTest(t, "home/db", Options{FS: fs})
	write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, ints(1, 1))) })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	forget := func() {
		t.Helper()
		for _, name := range []string{"home/db.mark.0", "home/db.mark.1"} {
			if err := fs.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	forget()
	if err := writeFile(fs, "home/db", formatFile, formatHead+"1\n"); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, "home/db", Options{FS: fs})
	if got := dump(t, s.Snapshot().Scan(sch, Span{}, ScanOptions{})); len(got) != 1 {
		t.Error(got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	found, err := mark.Read(fs, "home/db")
	if err != nil || found.Newest == nil || !found.Newest.Clean || Timestamp(found.Newest.Durable) != s.Durable() {
		t.Fatalf("record %+v, durable %s, %v", found.Newest, s.Durable(), err)
	}
	forget()
	_, err = Open("home/db", Options{FS: fs})
	if !sqlstate.Is(err, sqlstate.DataCorrupted) || !strings.Contains(err.Error(), "missing or unreadable") {
		t.Error(err)
	}
	x, err := Examine("home/db", Options{FS: fs})
	if err != nil || len(x.Problems) != 1 || x.Hopeless != nil || x.Recovered != s.Durable() {
		t.Errorf("%+v %v", x, err)
	}
	s = openTest(t, "home/db", Options{FS: fs, Repair: true})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, "home/db", Options{FS: fs})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// After a clean stop the log has no commits.
func TestCleanStopLeavesNoLog(t *testing.T) {
	fs := vfs.NewMem()
	sch := pairSchema(t, 100)
	s := openTest(t, "home/db", Options{FS: fs})
	for i := range int64(50) {
		write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, ints(i, 1))) })
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	names := must(fs.List("home/db/db"))
	for _, name := range names {
		if strings.HasSuffix(name, logSuffix) {
			if err := fs.Remove("home/db/db/" + name); err != nil {
				t.Fatal(err)
			}
		}
	}
	// That is noticed; and nothing was lost by it.
	if _, err := Open("home/db", Options{FS: fs}); !sqlstate.Is(err, sqlstate.DataCorrupted) {
		t.Error(err)
	}
	x, err := Examine("home/db", Options{FS: fs})
	if err != nil || x.Recovered != s.Durable() {
		t.Errorf("%+v %v", x, err)
	}
	s = openTest(t, "home/db", Options{FS: fs, Repair: true})
	if got := dump(t, s.Snapshot().Scan(sch, Span{}, ScanOptions{})); len(got) != 50 {
		t.Error(len(got), "rows are left of 50")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
