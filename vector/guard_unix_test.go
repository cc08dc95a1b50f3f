//go:build unix

package vector

import (
	"testing"

	"golang.org/x/sys/unix"
)

// guardedBytes returns size bytes that end where an inaccessible page begins:
// a kernel that reads or writes behind a slice placed at the end crashes.
func guardedBytes(t testing.TB, size int) []byte {
	page := unix.Getpagesize()
	size = (size + page - 1) / page * page
	b, err := unix.Mmap(-1, 0, size+page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Mprotect(b[size:], unix.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Munmap(b); err != nil {
			t.Error(err)
		}
	})
	return b[:size:size]
}
