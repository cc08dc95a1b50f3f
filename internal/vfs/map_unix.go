//go:build unix

package vfs

import "golang.org/x/sys/unix"

// mapFile maps size bytes of the descriptor, shared and read-only.
func mapFile(fd uintptr, size int64) ([]byte, error) {
	return unix.Mmap(int(fd), 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
}

func unmapFile(data []byte) error { return unix.Munmap(data) }

// Populate brings the pages of part, a subslice of a mapping's data, into
// memory by a system call, so that a later access does not fault while holding
// a scheduler thread. On a kernel without the call it does nothing.
func (m *Mapping) Populate(part []byte) error {
	if !m.mapped || len(part) == 0 {
		return nil
	}
	return populate(m.Data, part)
}
