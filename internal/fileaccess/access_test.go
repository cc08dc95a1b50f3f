package fileaccess

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"htapdb/sql/sqlstate"
)

func code(err error) sqlstate.Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*sqlstate.Error](err); ok {
		return e.Code
	}
	return "none"
}

func write(t *testing.T, name string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, to, name string) {
	t.Helper()
	if err := os.Symlink(to, name); err != nil {
		t.Skip("no symbolic links here:", err)
	}
}

// TestBounds proves which names a policy lets through, in both directions.
func TestBounds(t *testing.T) {
	top := t.TempDir()
	write(t, filepath.Join(top, "files", "in"))
	write(t, filepath.Join(top, "secret"))
	write(t, filepath.Join(top, "data", "rows", "CURRENT"))
	link(t, filepath.Join(top, "data"), filepath.Join(top, "alias"))
	link(t, filepath.Join(top, "secret"), filepath.Join(top, "files", "way out"))
	link(t, "in", filepath.Join(top, "files", "inner"))
	none, below := &Policy{}, &Policy{Dir: filepath.Join(top, "files"), Data: filepath.Join(top, "data")}
	free := &Policy{Free: true, Data: filepath.Join(top, "data")}
	for _, c := range []struct {
		p           *Policy
		name        string
		read, write sqlstate.Code
	}{
		{none, "in", "42501", "42501"},
		{below, "in", "", ""},
		{below, "inner", "", ""},
		{below, filepath.Join(top, "files", "in"), "", ""},
		{below, "new", "58P01", ""},
		{below, "no/new", "58P01", "58P01"},
		{below, "../secret", "42501", "42501"},
		{below, filepath.Join(top, "secret"), "42501", "42501"},
		{below, "way out", "58030", "58030"},
		{free, filepath.Join(top, "secret"), "", ""},
		{free, filepath.Join(top, "data", "rows", "CURRENT"), "", "42501"},
		{free, filepath.Join(top, "data", "new"), "58P01", "42501"},
		{free, filepath.Join(top, "alias", "rows", "new"), "58P01", "42501"},
		{free, filepath.Join(top, "files", "..", "alias", "new"), "58P01", "42501"},
	} {
		f, err := c.p.Open(c.name)
		if code(err) != c.read {
			t.Errorf("reading %s: got %v, want %q", c.name, err, c.read)
		}
		if err == nil {
			_ = f.Close()
		}
		w, err := c.p.Create(c.name)
		if code(err) != c.write {
			t.Errorf("writing %s: got %v, want %q", c.name, err, c.write)
		}
		if err == nil {
			w.Abort()
		}
	}
	left, err := filepath.Glob(filepath.Join(top, "*", "*.tmp"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// TestOverlap proves that a database and a folder for files apart from each other
// are accepted, and others not, by whatever names they are reached.
func TestOverlap(t *testing.T) {
	top := t.TempDir()
	for _, dir := range []string{"a/b", "c"} {
		if err := os.MkdirAll(filepath.Join(top, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	link(t, filepath.Join(top, "a"), filepath.Join(top, "alias"))
	for _, c := range []struct {
		dir, data string
		want      sqlstate.Code
	}{
		{"a", "c", ""},
		{"c", "a/b", ""},
		{"a", "a", "22023"},
		{"a", "a/b", "22023"},
		{"a/b", "a", "22023"},
		{"a", "a/new/database", "22023"},
		{"a", "alias/new", "22023"},
		{"alias", "a/b", "22023"},
		{"alias/b", "a", "22023"},
		{"a", "c/../a/b", "22023"},
		{"a", "ab", ""},
		{"missing", "c", ""},
	} {
		p := &Policy{Dir: filepath.Join(top, c.dir), Data: top + "/" + c.data}
		if err := p.Check(); code(err) != c.want {
			t.Errorf("files %s, data %s: got %v, want %q", c.dir, c.data, err, c.want)
		}
	}
	if err := (&Policy{Free: true, Data: top}).Check(); err != nil {
		t.Error(err)
	}
}

// TestCommit proves that a file shows its old content until it is complete, and
// keeps it when the writing is given up.
func TestCommit(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	write(t, name)
	p := &Policy{Free: true}
	read := func() string {
		f, err := p.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		text, err := io.ReadAll(f)
		if err != nil || f.Size() != int64(len(text)) {
			t.Fatalf("%d bytes of %d: %v", len(text), f.Size(), err)
		}
		return string(text)
	}
	var made [2]*Created // at the same time
	for i, text := range []string{"first", "second"} {
		f, err := p.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
		made[i] = f
	}
	if got := read(); got != "old" {
		t.Errorf("before: %q", got)
	}
	if err := made[1].Commit(); err != nil {
		t.Fatal(err)
	}
	made[0].Abort()
	if got := read(); got != "second" {
		t.Errorf("after: %q", got)
	}
	if left, _ := filepath.Glob(name + ".*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
