package mark

import (
	"hash/crc32"

	"htapdb/internal/vfs"
)

// file is a listed file that is being written from its beginning. Writes and
// syncs come one at a time, as vfs.File demands.
type file struct {
	vfs.File
	keeper *Keeper
	entry  *entry
	// size and sum are of what was written so far.
	size int64
	sum  uint32
}

// Write implements vfs.File.
func (f *file) Write(b []byte) (int, error) {
	sum := crc32.Update(f.sum, castagnoli, b) // before: a File may change what it is given
	n, err := f.File.Write(b)
	f.size += int64(n)
	if f.sum = sum; n < len(b) {
		f.size = 0 // of unknown content: nobody syncs a file after this
	}
	return n, err
}

// synced records that what was written is durable.
func (f *file) synced(err error) error {
	if err != nil || f.size == 0 {
		return err
	}
	f.keeper.mu.Lock()
	f.entry.Size, f.entry.Sum, f.entry.Summed = f.size, f.sum, true
	f.keeper.mu.Unlock()
	f.keeper.Touch()
	return nil
}

// Sync implements vfs.File.
func (f *file) Sync() error { return f.synced(f.File.Sync()) }

// SyncData implements vfs.File.
func (f *file) SyncData() error { return f.synced(f.File.SyncData()) }

// SyncTo implements vfs.File.
func (f *file) SyncTo(length int64) (bool, error) {
	full, err := f.File.SyncTo(length)
	if full && err == nil {
		return true, f.synced(nil)
	}
	return full, err
}

// directory is the open directory of the listed files.
type directory struct {
	vfs.File
	keeper *Keeper
}

// Sync implements vfs.File.
func (d *directory) Sync() error {
	k := d.keeper
	var covered []*entry
	k.mu.Lock()
	for _, e := range k.files {
		if !e.named {
			covered = append(covered, e)
		}
	}
	k.mu.Unlock()
	if err := d.File.Sync(); err != nil || len(covered) == 0 {
		return err
	}
	k.mu.Lock()
	for _, e := range covered {
		e.named = true
	}
	k.mu.Unlock()
	k.Touch()
	return nil
}
