//go:build unix

package fileaccess

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestSpecial proves that what is no regular file is refused at once for reading
// and for writing, and not replaced.
func TestSpecial(t *testing.T) {
	dir := t.TempDir()
	fifo, socket := filepath.Join(dir, "fifo"), filepath.Join(dir, "socket")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("fifo", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	done := make(chan struct{})
	go func() { // ends with the test
		defer close(done)
		for _, p := range []*Policy{{Free: true}, {Dir: dir}} {
			names := []string{fifo, socket, filepath.Join(dir, "link"), dir}
			if p.Free {
				names = append(names, "/dev/null", "/dev/tty", "/dev/zero")
			}
			for _, name := range names {
				if _, err := os.Stat(name); err != nil {
					continue // a machine without terminals
				}
				if _, err := p.Open(name); code(err) != "42809" {
					t.Errorf("reading %s: %v", name, err)
				}
				if _, err := p.Create(name); code(err) != "42809" {
					t.Errorf("writing %s: %v", name, err)
				}
			}
		}
		// Between the look at the name and its use it may become a FIFO.
		at := folder{name: fifo}
		f, err := at.open("", os.O_RDONLY)
		if err != nil {
			t.Errorf("the open of a FIFO: %v", err)
			return
		}
		_ = f.Close()
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("an open waits")
	}
	if info, err := os.Stat(fifo); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("the FIFO became %v, %v", info, err)
	}
}
