package vfs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// counted is a Budget with a limit.
type counted struct {
	used  atomic.Int64
	limit int64
}

func (c *counted) Reserve(n int64) error {
	if c.used.Add(n) > c.limit {
		c.used.Add(-n)
		return errors.New("no room")
	}
	return nil
}
func (c *counted) Force(n int64)    { c.used.Add(n) }
func (c *counted) Release(n int64)  { c.used.Add(-n) }
func (c *counted) Available() int64 { return c.limit - c.used.Load() }

// TestScratchContent proves that a file reads back what was written, in memory and
// in the temporary file, beside what a slice says.
func TestScratchContent(t *testing.T) {
	seed := rand.Uint64()
	t.Log("seed", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for name, o := range map[string]ScratchOptions{
		"memory": {}, "file": {MemoryBytes: 1}, "both": {MemoryBytes: 5 * pageSize},
		"budget": {Memory: &counted{limit: 3 * pageSize}}, "mapped": {Mapped: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewScratch(o)
			f, err := s.Create("f", "test")
			if err != nil {
				t.Fatal(err)
			}
			var want []byte
			for range 200 {
				p := make([]byte, rng.IntN(3*pageSize/2))
				for i := range p {
					p[i] = byte(rng.Uint32())
				}
				if rng.IntN(4) > 0 || len(want) == 0 {
					if _, err := f.WriteAt(p, int64(len(want))); err != nil {
						t.Fatal(err)
					}
					want = append(want, p...)
				} else {
					at := rng.IntN(len(want))
					if _, err := f.WriteAt(p, int64(at)); err != nil {
						t.Fatal(err)
					}
					want = append(want[:at], append(p, want[min(at+len(p), len(want)):]...)...)
				}
				at, n := rng.IntN(len(want)+1), rng.IntN(5*pageSize)
				got := make([]byte, n)
				k, err := f.ReadAt(got, int64(at))
				if end := min(at+n, len(want)); !bytes.Equal(got[:k], want[at:end]) || (err == io.EOF) != (k < n) || err != nil && err != io.EOF {
					t.Fatalf("at %d of %d: %d of %d bytes, %v", at, len(want), k, n, err)
				}
			}
			checkScratch(t, s, f, want)
		})
	}
}

// checkScratch compares a file that is still open with what it should hold, and
// that nothing is left of it once it has no name.
func checkScratch(t *testing.T, s *Scratch, f File, want []byte) {
	t.Helper()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := s.Stat("f"); err != nil || info.Size() != int64(len(want)) {
		t.Fatalf("size %v, %v", info, err)
	}
	m, err := Map(s, "f")
	if err != nil || !bytes.Equal(m.Data, want) {
		t.Fatalf("mapped: %v, equal %v", err, err == nil && bytes.Equal(m.Data, want))
	}
	if err := s.Remove("f"); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(m.Data, want) {
		t.Error("the removal changed what is mapped")
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if held, filed := s.space.held.Load(), s.space.filed.Load(); held != 0 || filed != 0 {
		t.Errorf("%d bytes in memory and %d in the file are left", held, filed)
	}
	if b, ok := s.space.opts.Memory.(*counted); ok && b.used.Load() != 0 {
		t.Errorf("%d bytes are still reserved", b.used.Load())
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestScratchBounds proves that memory stays within the share and the budget, that
// the file's room is used again, and that usage tells when it is full.
func TestScratchBounds(t *testing.T) {
	if !temporaryOnDisk() {
		t.Skip("temporary files are in memory here")
	}
	b := &counted{limit: 4 * pageSize}
	s := NewScratch(ScratchOptions{Memory: b, MemoryBytes: 100 * pageSize, FileBytes: 40 * pageSize})
	defer s.Close()
	for range 5 {
		f, err := s.Create("f", "test")
		if err != nil {
			t.Fatal(err)
		}
		for range 30 {
			if _, err := f.Write(make([]byte, pageSize)); err != nil {
				t.Fatal(err)
			}
		}
		usage, err := s.GetDiskUsage("")
		if err != nil || usage.AvailBytes != 14*pageSize {
			t.Errorf("%d bytes are left, %v", usage.AvailBytes, err)
		}
		if b.used.Load() > b.limit || s.space.held.Load() > 6*pageSize {
			t.Errorf("%d bytes reserved, %d held", b.used.Load(), s.space.held.Load())
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if err := s.Remove("f"); err != nil {
			t.Fatal(err)
		}
	}
	if s.space.end > 30*pageSize {
		t.Errorf("the file has grown to %d pages", s.space.end/pageSize)
	}
}

// TestScratchNames proves that names behave as the operating system's do.
func TestScratchNames(t *testing.T) {
	for name, s := range map[string]FS{"scratch": NewScratch(ScratchOptions{}), "system": Default} {
		t.Run(name, func(t *testing.T) {
			top := "top"
			if name == "system" {
				top = t.TempDir()
			}
			at := func(parts ...string) string { return s.PathJoin(append([]string{top}, parts...)...) }
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			absent := func(err error) {
				t.Helper()
				if !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("got %v", err)
				}
			}
			must(s.MkdirAll(at("a", "b"), 0o755))
			must(s.MkdirAll(at("a", "b"), 0o755))
			f, err := s.Create(at("a", "one"), "test")
			must(err)
			_, err = f.Write([]byte("first"))
			must(err)
			must(s.Link(at("a", "one"), at("a", "two")))
			if err := s.Link(at("a", "one"), at("a", "two")); !errors.Is(err, fs.ErrExist) {
				t.Errorf("a link over a file: %v", err)
			}
			must(s.Remove(at("a", "one")))
			_, err = f.Write([]byte(" second"))
			must(err)
			must(f.Close())
			must(s.Rename(at("a", "two"), at("a", "b", "three")))
			r, err := s.Open(at("a", "b", "three"))
			must(err)
			text, err := io.ReadAll(r)
			must(err)
			must(r.Close())
			if string(text) != "first second" {
				t.Errorf("content %q", text)
			}
			names, err := s.List(at("a"))
			must(err)
			if !slices.Equal(names, []string{"b"}) {
				t.Errorf("names %q", names)
			}
			if err := s.Remove(at("a", "b")); err == nil {
				t.Error("a full directory was removed")
			}
			_, err = s.Open(at("a", "one"))
			absent(err)
			_, err = s.Create(at("no", "one"), "test")
			absent(err)
			absent(s.Rename(at("none"), at("other")))
			absent(s.Remove(at("none")))
			if _, err := s.Create(at("a"), "test"); err == nil {
				t.Error("a directory was overwritten")
			}
			l, err := s.Lock(at("lock"))
			must(err)
			if _, err := s.Lock(at("lock")); err == nil {
				t.Error("locked twice")
			}
			must(l.Close())
			must(s.RemoveAll(at("a")))
			_, err = s.Stat(at("a", "b", "three"))
			absent(err)
		})
	}
}

// TestScratchPebble proves that a store of many times the memory works, by readers
// and writers at the same time, and that nothing is left when it is closed.
func TestScratchPebble(t *testing.T) {
	b := &counted{limit: 1 << 30}
	s := NewScratch(ScratchOptions{Memory: b, MemoryBytes: 1 << 20})
	o := &pebble.Options{FS: s, DisableWAL: true, MemTableSize: 256 << 10}
	db, err := pebble.Open("db", o)
	if err != nil {
		t.Fatal(err)
	}
	value := func(k uint32) []byte {
		r := rand.New(rand.NewPCG(uint64(k), 1))
		v := make([]byte, 1000)
		for i := range v {
			v[i] = byte(r.Uint32())
		}
		return v
	}
	key := func(k uint32) []byte { return []byte{byte(k >> 16), byte(k >> 8), byte(k)} }
	const n = 5_000
	var written atomic.Uint32
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for written.Load() < n {
				runtime.Gosched()
				if most := written.Load(); most > 0 {
					k := rand.Uint32N(most)
					got, closer, err := db.Get(key(k))
					if err != nil || !bytes.Equal(got, value(k)) {
						t.Errorf("key %d: %v", k, err)
						return
					}
					_ = closer.Close()
				}
			}
		})
	}
	for k := range uint32(n) {
		if err := db.Set(key(k), value(k), pebble.NoSync); err != nil {
			t.Fatal(err)
		}
		written.Store(k + 1)
	}
	wg.Wait()
	if err := db.Compact(t.Context(), []byte{0}, []byte{255}, false); err != nil {
		t.Fatal(err)
	}
	if temporaryOnDisk() && s.space.filed.Load() < n*1000/2 {
		t.Errorf("only %d bytes are in the temporary file", s.space.filed.Load())
	}
	s.mu.Lock()
	most := int64(1<<20 + pageSize*len(s.names)) // and the ends of the files
	s.mu.Unlock()
	if held := s.space.held.Load(); held > most {
		t.Errorf("%d bytes are in memory, at most %d should be", held, most)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if b.used.Load() != 0 {
		t.Errorf("%d bytes are still reserved", b.used.Load())
	}
}

// TestScratchLeavesNothing proves that a temporary file has no name while it is used.
func TestScratchLeavesNothing(t *testing.T) {
	f, err := temporaryFile()
	if err != nil {
		t.Fatal(err)
	}
	defer closeTemporary(f)
	if _, err := os.Stat(f.Name()); err == nil && f.Name() != temporaryDir() {
		t.Errorf("%s can be seen", f.Name())
	}
	var _ vfs.FS = (*Scratch)(nil)
}

// BenchmarkScratch writes and reads a file, in memory and in the temporary file,
// beside Pebble's file system in memory.
func BenchmarkScratch(b *testing.B) {
	for name, make := range map[string]func() FS{
		"mem":    func() FS { return NewMem() },
		"memory": func() FS { return NewScratch(ScratchOptions{}) },
		"file":   func() FS { return NewScratch(ScratchOptions{MemoryBytes: 1}) },
	} {
		for _, read := range []bool{false, true} {
			b.Run(name+map[bool]string{false: "/write", true: "/read"}[read], func(b *testing.B) { benchScratch(b, make(), read) })
		}
	}
}

func benchScratch(b *testing.B, s FS, read bool) {
	const size, block = 64 << 20, 32 << 10
	p := make([]byte, block)
	write := func() {
		f, err := s.Create("f", "test")
		if err != nil {
			b.Fatal(err)
		}
		for range size / block {
			if _, err := f.Write(p); err != nil {
				b.Fatal(err)
			}
		}
		_ = f.Close()
	}
	b.SetBytes(size)
	if !read {
		for b.Loop() {
			write()
		}
		return
	}
	write()
	b.SetBytes(block)
	f, err := s.Open("f")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := f.ReadAt(p, int64(rand.IntN(size/block))*block); err != nil {
			b.Fatal(err)
		}
	}
	_ = f.Close()
}
