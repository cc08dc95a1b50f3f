package vfs

import (
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// CrashableMem is an in-memory file system that can lose power.
//
// Pebble's own takes a read lock twice in Link and in ReuseForWrite: a
// CrashClone that starts between the two waits for the first and keeps the
// second waiting, forever. Here it waits for their end instead.
type CrashableMem struct {
	*vfs.MemFS
	clone sync.RWMutex
}

// NewCrashableMem returns an empty file system that can lose power.
func NewCrashableMem() *CrashableMem { return &CrashableMem{MemFS: vfs.NewCrashableMem()} }

// CrashClone returns a state that the disk may have after a power loss at this
// moment: what was synced, and a random part of the rest. The clone can lose
// power too.
func (m *CrashableMem) CrashClone(cfg vfs.CrashCloneCfg) *CrashableMem {
	m.clone.Lock()
	defer m.clone.Unlock()
	return &CrashableMem{MemFS: m.MemFS.CrashClone(cfg)}
}

// Link implements FS.
func (m *CrashableMem) Link(oldname, newname string) error {
	m.clone.RLock()
	defer m.clone.RUnlock()
	return m.MemFS.Link(oldname, newname)
}

// ReuseForWrite implements FS.
func (m *CrashableMem) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (File, error) {
	m.clone.RLock()
	defer m.clone.RUnlock()
	return m.MemFS.ReuseForWrite(oldname, newname, category)
}
