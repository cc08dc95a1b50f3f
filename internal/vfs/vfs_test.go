package vfs

import (
	"bytes"
	"path/filepath"
	"testing"
)

// Map gives the file's bytes on the real and on the fake file system.
func TestMap(t *testing.T) {
	want := bytes.Repeat([]byte("0123456789abcdef"), 1000)
	for name, fs := range map[string]FS{"os": Default, "mem": NewMem()} {
		t.Run(name, func(t *testing.T) {
			path := "f"
			if name == "os" {
				path = filepath.Join(t.TempDir(), "f")
			}
			f, err := fs.Create(path, "test")
			if err != nil {
				t.Fatal(err)
			}
			// A File may change what it is given to write.
			if _, err := f.Write(bytes.Clone(want)); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			m, err := Map(fs, path)
			if err != nil {
				t.Fatal(err)
			}
			if m.mapped != (name == "os") {
				t.Errorf("mapped = %v", m.mapped)
			}
			if err := m.Populate(m.Data[5000:9000]); err != nil {
				t.Errorf("populate: %v", err)
			}
			if !bytes.Equal(m.Data, want) {
				t.Error("content differs")
			}
			if err := m.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	if _, err := Map(NewMem(), "absent"); err == nil {
		t.Error("no error for an absent file")
	}
}
