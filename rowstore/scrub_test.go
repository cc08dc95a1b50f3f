package rowstore

import (
	"slices"
	"strings"
	"testing"

	"htapdb/internal/vfs"
)

// TestScrub: a bit that is wrong anywhere in a sorted file is found, in blocks
// that no read of rows comes to (filters, properties) too, and nothing is changed.
func TestScrub(t *testing.T) {
	fs := vfs.NewMem()
	sch := pairSchema(t, 100)
	s := openTest(t, "home/db", Options{FS: fs})
	write(t, s, func(tx *Txn) {
		for i := range int64(5000) {
			must(tx.Insert(bg, sch, ints(i, i)))
		}
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := Scrub(bg, "home/db", Options{FS: fs})
	if err != nil || len(whole.Problems) != 0 || whole.Files == 0 || whole.Bytes == 0 {
		t.Fatalf("%+v, %v", whole, err)
	}
	before := must(fs.List("home/db/db"))
	flips := 0
	for _, name := range before {
		if !strings.HasSuffix(name, tableSuffix) {
			continue
		}
		path := "home/db/db/" + name
		content := must(readWhole(fs, path))
		for at := 0; at < len(content); at += 1 + len(content)/31 {
			content[at] ^= 4
			if err := writePlain(fs, path, content); err != nil {
				t.Fatal(err)
			}
			flips++
			got, err := Scrub(bg, "home/db", Options{FS: fs})
			if err != nil || len(got.Problems) != 1 || !strings.Contains(got.Problems[0], strings.TrimSuffix(name, tableSuffix)) {
				t.Errorf("byte %d of the %d of %s: %+v, %v", at, len(content), name, got, err)
			}
			content[at] ^= 4
		}
		if err := writePlain(fs, path, content); err != nil {
			t.Fatal(err)
		}
	}
	if flips < 30 {
		t.Errorf("%d flips", flips)
	}
	after := must(fs.List("home/db/db"))
	slices.Sort(after)
	slices.Sort(before)
	if strings.Join(after, " ") != strings.Join(before, " ") {
		t.Errorf("files %v, before %v", after, before)
	}
	for _, name := range before {
		if strings.HasSuffix(name, tableSuffix) {
			if err := fs.Remove("home/db/db/" + name); err != nil {
				t.Fatal(err)
			}
			if got, err := Scrub(bg, "home/db", Options{FS: fs}); err != nil || len(got.Problems) != 1 || !strings.Contains(got.Problems[0], strings.TrimSuffix(name, tableSuffix)) {
				t.Errorf("without %s: %+v, %v", name, got, err)
			}
			return
		}
	}
}
