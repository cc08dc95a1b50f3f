package segment

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"htapdb/internal/vfs"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"

	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the golden files")

// content returns the bytes of a file.
func content(t testing.TB, fs vfs.FS, name string) []byte {
	t.Helper()
	f, err := fs.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func store(t testing.TB, fs vfs.FS, name string, b []byte) {
	t.Helper()
	f, err := fs.Create(name, diskCategory)
	if err == nil {
		_, err = f.Write(b)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// sampleInput has every encoding and every column of the engine.
func sampleInput(r *rand.Rand, n int) Input {
	in := Input{Rows: n, MinTs: 100, MaxTs: 900, Provisional: true}
	for i, s := range shapes {
		in.Columns = append(in.Columns, ColumnInput{ID: uint32(10 * i), Data: s.column(r, n, 0.2*float64(i%2))})
	}
	for i := range n {
		in.RowIDs = append(in.RowIDs, uint64(1000+3*i))
		in.Begin = append(in.Begin, uint64(100+r.IntN(800)))
		in.Prev = append(in.Prev, uint64(r.IntN(2)*r.IntN(1000)))
	}
	r.Shuffle(n, func(i, j int) { in.RowIDs[i], in.RowIDs[j] = in.RowIDs[j], in.RowIDs[i] })
	return in
}

// readAll reads whatever can be read of a segment and returns a digest of it.
func readAll(s *Segment) (string, error) {
	var sb strings.Builder
	n := s.NumRows()
	fmt.Fprintln(&sb, n, s.MinTs(), s.MaxTs(), s.Provisional())
	ids := make([]uint64, n)
	for _, read := range []func(int, []uint64) error{s.RowIDs, s.Begins, s.Prevs} {
		if err := read(0, ids); err != nil {
			return "", err
		}
		fmt.Fprintln(&sb, ids)
	}
	v := &vector.Vector{}
	for i := range s.NumColumns() {
		c := s.Column(i)
		fmt.Fprintln(&sb, c.ID(), c.Type(), c.Zone(), c.Encoding())
		for from := 0; from < n; from += vector.MaxBatch {
			m := min(vector.MaxBatch, n-from)
			if err := c.Read(from, m, nil, v); err != nil {
				return "", err
			}
			for k := range m {
				fmt.Fprintf(&sb, "%v ", v.Datum(k))
			}
		}
		if sketch := c.Sketch(); sketch != nil {
			fmt.Fprintln(&sb, sketch.Estimate())
		}
	}
	return sb.String(), s.Verify()
}

// A flipped bit anywhere is reported, or does not change what is read; nothing
// panics. The error names the file.
func TestBitFlips(t *testing.T) {
	r := newRand(t)
	fs := vfs.NewMem()
	good := build(t, fs, sampleInput(r, 120))
	want, err := readAll(good)
	if err != nil {
		t.Fatal(err)
	}
	data := content(t, fs, "t.seg")
	var places []int
	for i := range headerSize {
		places = append(places, i, len(data)-1-i)
	}
	for range 600 {
		places = append(places, r.IntN(len(data)))
	}
	detected := 0
	for _, at := range places {
		bad := bytes.Clone(data)
		bad[at] ^= 1 << r.IntN(8)
		store(t, fs, "bad.seg", bad)
		s, err := Open(fs, "bad.seg")
		if err == nil {
			var got string
			if got, err = readAll(s); err == nil && got != want {
				t.Fatalf("flipped byte %d of %d changed what is read", at, len(data))
			}
			if err := s.Release(); err != nil {
				t.Fatal(err)
			}
		}
		if err == nil {
			continue
		}
		detected++
		var e *sqlstate.Error
		if !errors.As(err, &e) || e.Code != sqlstate.DataCorrupted && e.Code != sqlstate.FeatureNotSupported || !strings.Contains(e.Message, "bad.seg") {
			t.Fatalf("flipped byte %d: %v", at, err)
		}
	}
	t.Logf("%d of %d flips detected", detected, len(places))
	if detected < len(places)*9/10 {
		t.Errorf("only %d of %d flips detected", detected, len(places))
	}
}

// A file cut short anywhere is refused.
func TestTruncation(t *testing.T) {
	r := newRand(t)
	fs := vfs.NewMem()
	build(t, fs, sampleInput(r, 100))
	data := content(t, fs, "t.seg")
	for k := range 300 {
		n := k
		if k >= 150 {
			n = r.IntN(len(data))
		}
		store(t, fs, "short.seg", data[:n])
		s, err := Open(fs, "short.seg")
		if err == nil {
			s.Release()
			t.Fatalf("%d of %d bytes were accepted", n, len(data))
		}
		var e *sqlstate.Error
		if !errors.As(err, &e) || e.Code != sqlstate.DataCorrupted {
			t.Fatalf("%d bytes: %v", n, err)
		}
	}
	if _, err := Open(fs, "absent.seg"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent file: %v", err)
	}
}

// Damage to a chunk is reported by the first touch of its column and by every
// later one, names the column, and leaves the others readable.
func TestDamagedChunk(t *testing.T) {
	fs := vfs.NewMem()
	in := Input{Rows: 1000, FirstRowID: 1}
	for id := range uint32(3) {
		in.Columns = append(in.Columns, ColumnInput{ID: id, Data: shapes[7].column(newRand(t), in.Rows, 0)})
	}
	good := build(t, fs, in)
	data := content(t, fs, "t.seg")
	data[good.Column(1).entry.offset+500] ^= 1
	store(t, fs, "bad.seg", data)
	s, err := Open(fs, "bad.seg")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Release()
	v := &vector.Vector{}
	for i := range 3 {
		for range 2 {
			err := s.Column(i).Read(0, 10, nil, v)
			if i != 1 && err != nil {
				t.Errorf("column %d: %v", i, err)
			}
			if i == 1 && (err == nil || !strings.Contains(err.Error(), "bad.seg, column 1")) {
				t.Errorf("column 1: %v", err)
			}
		}
	}
	if s.Verify() == nil {
		t.Error("Verify found nothing")
	}
}

// A footer that is wrong although its checksum is right gives errors, not panics.
func TestForgedDirectory(t *testing.T) {
	r := newRand(t)
	fs := vfs.NewMem()
	good := build(t, fs, sampleInput(r, 200))
	opened := 0
	for range 1000 {
		entries := []*Column{good.rowIDs, good.rowOrder, good.begin, good.prev}
		entries = append(entries, good.columns...)
		w := writer{in: &Input{}}
		for _, c := range entries {
			w.entries = append(w.entries, c.entry)
		}
		e := &w.entries[r.IntN(len(w.entries))]
		switch r.IntN(9) {
		case 0:
			e.enc = Encoding(r.IntN(int(numEncodings)))
		case 1:
			e.lane = []int{0, 1, 2, 4, 8, 16}[r.IntN(6)]
		case 2:
			e.nulls = r.IntN(202)
		case 3:
			e.base += int64(r.IntN(1000)) - 500
		case 4:
			e.length = int64(r.IntN(4000)) - 64
		case 5:
			e.offset += int64(r.IntN(20)-10) * chunkAlign
		case 6:
			e.entries = r.IntN(300)
		case 7:
			e.min, e.max = w.entries[r.IntN(len(w.entries))].min, w.entries[r.IntN(len(w.entries))].max
		case 8:
			e.typ = shapes[r.IntN(len(shapes))].typ
		}
		if opens(t, fs, good, &w, r) {
			opened++
		}
	}
	t.Logf("%d of 1000 forgeries opened", opened)
}

// A directory that calls a column of several values constant is refused: filters
// would look for the values that tell the rows apart.
func TestForgedConstant(t *testing.T) {
	r := newRand(t)
	fs := vfs.NewMem()
	good := build(t, fs, sampleInput(r, 200))
	forged := 0
	for i, c := range good.columns {
		e := c.entry
		if e.enc == Constant || e.enc == Dictionary || e.enc == Strings || e.nulls == good.NumRows() ||
			vector.CompareDatum(e.min, e.max) == 0 { // 0 and −0: no test tells them apart
			continue
		}
		w := writer{in: &Input{}}
		for _, c := range append([]*Column{good.rowIDs, good.rowOrder, good.begin, good.prev}, good.columns...) {
			w.entries = append(w.entries, c.entry)
		}
		w.entries[4+i].enc, w.entries[4+i].lane = Constant, 0
		forged++
		if opens(t, fs, good, &w, r) {
			t.Errorf("column %d of type %s opened as a constant", i, e.typ)
		}
	}
	if forged < 5 {
		t.Errorf("only %d columns could be forged", forged)
	}
}

// opens writes the chunks of good under the forged directory and uses whatever
// of it can be used.
func opens(t *testing.T, fs vfs.FS, good *Segment, w *writer, r *rand.Rand) bool {
	data := bytes.Clone(good.mapping.Data)
	end := int64(data[len(data)-trailerSize]) | int64(data[len(data)-trailerSize+1])<<8 | int64(data[len(data)-trailerSize+2])<<16
	data = data[:end]
	for i := range w.entries {
		e := &w.entries[i]
		if e.offset >= 0 && e.length >= 0 && e.offset+e.length <= end {
			e.sum = hashOf(data[e.offset : e.offset+e.length])
		}
	}
	f := &memFile{}
	w.file, w.at = f, end
	if err := w.writeFooter(data[:headerSize]); err != nil {
		t.Fatal(err)
	}
	store(t, fs, "forged.seg", append(data, f.Bytes()...))
	s, err := Open(fs, "forged.seg")
	if err != nil {
		return false
	}
	defer s.Release()
	readAll(s)
	for i := range s.NumColumns() {
		c := s.Column(i)
		for _, sh := range shapes {
			if sh.typ.Physical() != c.Type().Physical() {
				continue
			}
			v := sh.column(r, 20, 0)
			if f, err := c.Compile(randomPredicate(r, sh, v)); err == nil {
				f.Filter(0, s.NumRows(), nil, nil)
			}
		}
	}
	for range 10 {
		s.FindRowID(uint64(r.IntN(2000)))
	}
	return true
}

// A newer format version is refused by name.
func TestNewerVersion(t *testing.T) {
	fs := vfs.NewMem()
	build(t, fs, Input{Rows: 0})
	data := content(t, fs, "t.seg")
	data[8]++
	store(t, fs, "new.seg", data)
	_, err := Open(fs, "new.seg")
	var e *sqlstate.Error
	if !errors.As(err, &e) || e.Code != sqlstate.FeatureNotSupported || !strings.Contains(e.Message, "version 2") {
		t.Errorf("got %v", err)
	}
}

// The bytes of a small segment of each encoding do not change by accident:
// `go test -rewrite` after a deliberate change, with a new format version.
func TestGolden(t *testing.T) {
	const n = 20
	ints := func(f func(i int) types.Datum, typ types.Type) *vector.Vector {
		v := vector.New(typ, n)
		for i := range n {
			v.Set(i, f(i))
		}
		return v
	}
	nullable := ints(func(i int) types.Datum { return types.NewInt32(int32(1000 + i)) }, types.TInt4)
	nullable.SetNull(3)
	nullable.SetNull(17)
	in := Input{Rows: n, FirstRowID: 7, MinTs: 1 << 40, MaxTs: 1<<40 + n, Begin: make([]uint64, n), Columns: []ColumnInput{
		{1, ints(func(i int) types.Datum { return types.NewInt64(42) }, types.TInt8)},
		{2, nullable},
		{3, ints(func(i int) types.Datum { return types.NewFloat64(float64(i) / 4) }, types.TFloat8)},
		{4, ints(func(i int) types.Datum { return types.NewString([]string{"blue", "amber", "cyan"}[i%3]) }, types.TText)},
		{5, ints(func(i int) types.Datum { return types.NewString(strings.Repeat("n", i)) }, types.TText)},
		{6, ints(func(i int) types.Datum { return types.NewInt128(types.Int128From(int64(i) * 1000)) }, types.TNumeric(38, 4))},
	}}
	for i := range in.Begin {
		in.Begin[i] = in.MinTs + uint64(i)
	}
	fs := vfs.NewMem()
	build(t, fs, in)
	got := dump(content(t, fs, "t.seg"))
	path := filepath.Join("testdata", "small.hex")
	if *rewrite {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		a, b := strings.Split(got, "\n"), strings.Split(string(want), "\n")
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Fatalf("line %d of %s:\n got %s\nwant %s", i+1, path, a[i], b[i])
			}
		}
		t.Fatalf("%d lines, want %d", len(a), len(b))
	}
}

// dump prints bytes as lines of 16 with their offset, leaving out zero lines.
func dump(b []byte) string {
	var sb strings.Builder
	for at := 0; at < len(b); at += 16 {
		line := b[at:min(at+16, len(b))]
		if bytes.Count(line, []byte{0}) == len(line) {
			continue
		}
		text := bytes.Map(func(r rune) rune {
			if r < ' ' || r > '~' {
				return '.'
			}
			return r
		}, slices.Clone(line))
		fmt.Fprintf(&sb, "%05x  % x  %s\n", at, line, text)
	}
	return sb.String()
}

// An I/O error at any point of Write leaves no file under the name, and is
// returned.
func TestWriteFaults(t *testing.T) {
	r := newRand(t)
	in := sampleInput(r, 50)
	for k := int32(0); ; k++ {
		mem := vfs.NewMem()
		inject := errorfs.OnIndex(k)
		_, err := Write(errorfs.Wrap(mem, errorfs.ErrInjected.If(inject)), "t.seg", in)
		if err == nil && inject.Index.Load() >= 0 {
			if k < 10 {
				t.Fatalf("only %d operations", k)
			}
			return // no operation was left to fail
		}
		if err == nil {
			continue // the file was complete: only cleaning up failed
		}
		s, openErr := Open(mem, "t.seg")
		if openErr == nil {
			// Only syncing the directory may fail behind the rename.
			if err := s.Verify(); err != nil {
				t.Fatalf("operation %d failed (%v): a damaged file was published: %v", k, err, openErr)
			}
			s.Release()
		}
	}
}
