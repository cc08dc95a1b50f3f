// Package vfs is the file system that all durable I/O of both stores goes
// through, so that tests can inject faults and crashes.
//
// FS is Pebble's interface: its in-memory, crash-cloning and error-injecting
// implementations work for the column store too. Map is added for reading
// sealed segments: a memory mapping on the real file system, a heap copy on the
// fakes. Scratch is the file system of a database in memory: what does not fit
// its share of the memory is in temporary files without a name.
//
// Not here: what is written (rowstore, colstore).
package vfs

import (
	"htapdb/sql/sqlstate"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// FS is a file system. Implementations are safe for concurrent use.
type FS = vfs.FS

// File is an open file of an FS.
type File = vfs.File

// Default is the operating system's file system.
var Default = vfs.Default

// NewMem returns an empty in-memory file system without crash semantics.
func NewMem() *vfs.MemFS { return vfs.NewMem() }

// MakeDirs makes a directory and its missing parents, and makes their names
// durable: without that a power loss takes the whole directory, whatever was
// synced in it.
func MakeDirs(fs FS, path string) error {
	parent := fs.PathDir(path)
	if parent == "" {
		parent = "."
	}
	if _, err := fs.Stat(path); err == nil {
		// A process that was killed may have made it without getting to the sync. A
		// parent that cannot be opened was not made by it.
		_ = SyncDir(fs, parent)
		return nil
	}
	if parent != path && parent != "." {
		if err := MakeDirs(fs, parent); err != nil {
			return err
		}
	}
	if err := fs.MkdirAll(path, 0o755); err != nil {
		return err
	}
	return SyncDir(fs, parent)
}

// SyncDir makes the names in a directory durable.
func SyncDir(fs FS, path string) error {
	d, err := fs.OpenDir(path)
	if err != nil {
		return err
	}
	err = d.Sync()
	if closeErr := d.Close(); err == nil {
		err = closeErr
	}
	return err
}

// Mapping is the read-only content of a file. It stays valid until Close, which
// the last user calls.
type Mapping struct {
	// Data is the file's bytes; writing to it faults.
	Data []byte
	// InMemory says that the bytes take memory which the system cannot take back:
	// a copy in the heap, or a file that is itself in memory.
	InMemory bool
	mapped   bool
}

// Map returns the content of the named file: mapped if fs has a descriptor of its
// own for it, as the operating system's, else read into the heap.
func Map(fs FS, name string) (*Mapping, error) {
	f, err := fs.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := info.Size()
	if size == 0 {
		return &Mapping{}, nil
	}
	if fd := f.Fd(); fd != vfs.InvalidFd {
		data, err := mapFile(fd, size)
		if err == nil {
			_, scratch := fs.(*Scratch)
			return &Mapping{Data: data, InMemory: scratch && !temporaryOnDisk(), mapped: true}, nil
		}
	}
	data := make([]byte, size)
	if n, err := f.ReadAt(data, 0); n != len(data) {
		return nil, sqlstate.Wrap(sqlstate.IOError, err, "reading %s: %d of %d bytes", name, n, size)
	}
	return &Mapping{Data: data, InMemory: true}, nil
}

// Close releases the mapping; Data must not be used afterwards.
func (m *Mapping) Close() error {
	data := m.Data
	m.Data = nil
	if !m.mapped {
		return nil
	}
	return unmapFile(data)
}
