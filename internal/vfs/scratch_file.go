package vfs

import (
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// content is what a file holds. It lives as long as it has names or open files.
type content struct {
	space *space

	mu   sync.RWMutex
	refs int
	// file, if not nil, has everything; size is its length.
	file *os.File
	size int64
	// pages hold pageSize bytes each; tail, in memory, is what comes behind them.
	pages    []page
	tail     []byte
	modified time.Time
}

// page is a full page: in memory, or in the temporary file.
type page struct {
	mem []byte
	at  int64 // if mem is nil
}

func newContent(s *space) *content {
	c := &content{space: s, refs: 1, modified: time.Now()}
	if s.opts.Mapped {
		// Where none can be made, content is in memory.
		c.file, _ = temporaryFile()
	}
	return c
}

func (c *content) ref() {
	c.mu.Lock()
	c.refs++
	c.mu.Unlock()
}

// unref ends a name or an open file.
func (c *content) unref() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refs--; c.refs == 0 {
		c.space.free(c.pages, cap(c.tail))
		c.pages, c.tail = nil, nil
		if c.file != nil {
			_ = closeTemporary(c.file)
		}
	}
}

func (c *content) sizeLocked() int64 {
	if c.file != nil {
		return c.size
	}
	return int64(len(c.pages))*pageSize + int64(len(c.tail))
}

// writeFile is overwrite for content in a file of its own.
func (c *content) writeFile(p []byte, off int64) (int, error) {
	n, err := c.file.WriteAt(p, off)
	c.mu.Lock()
	c.size = max(c.size, off+int64(n))
	c.modified = time.Now()
	c.mu.Unlock()
	return n, err
}

// append writes at the end.
func (c *content) append(p []byte) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.modified = time.Now()
	for len(p) > 0 {
		room := pageSize - len(c.tail)
		part := p[:min(room, len(p))]
		before := cap(c.tail)
		c.tail = append(c.tail, part...)
		if cap(c.tail) > pageSize {
			full := make([]byte, len(c.tail), pageSize)
			copy(full, c.tail)
			c.tail = full
		}
		c.space.grew(cap(c.tail) - before)
		if len(c.tail) == pageSize {
			pg, err := c.space.store(c.tail)
			if err != nil {
				c.tail = c.tail[:len(c.tail)-len(part)]
				return n, err
			}
			c.pages = append(c.pages, pg)
			if c.tail = c.tail[:0]; pg.mem != nil {
				c.tail = nil
			}
		}
		n, p = n+len(part), p[len(part):]
	}
	return n, nil
}

// shrink lets go of the room behind the tail: the file is complete.
func (c *content) shrink() {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := cap(c.tail)
	c.tail = slices.Clip(slices.Clone(c.tail))
	c.space.grew(cap(c.tail) - before)
}

// overwrite writes what is there already, and appends the rest.
func (c *content) overwrite(p []byte, off int64) (n int, err error) {
	if c.file != nil {
		return c.writeFile(p, off)
	}
	c.mu.Lock()
	for len(p) > 0 && off < c.sizeLocked() {
		i, within := off/pageSize, int(off%pageSize)
		var part int
		switch {
		case i == int64(len(c.pages)):
			part = copy(c.tail[within:], p)
		case c.pages[i].mem != nil:
			part = copy(c.pages[i].mem[within:], p)
		default:
			part = min(pageSize-within, len(p))
			if _, err := c.space.writeAt(p[:part], c.pages[i].at+int64(within)); err != nil {
				c.mu.Unlock()
				return n, err
			}
		}
		n, off, p = n+part, off+int64(part), p[part:]
	}
	gap := off - c.sizeLocked()
	c.modified = time.Now()
	c.mu.Unlock()
	for gap > 0 {
		zeros := make([]byte, min(gap, pageSize))
		if _, err := c.append(zeros); err != nil {
			return n, err
		}
		gap -= int64(len(zeros))
	}
	more, err := c.append(p)
	return n + more, err
}

// readAt implements io.ReaderAt.
func (c *content) readAt(p []byte, off int64) (n int, err error) {
	if c.file != nil {
		return c.file.ReadAt(p, off)
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	for len(p) > 0 {
		i, within := off/pageSize, int(off%pageSize)
		var part int
		switch {
		case off >= c.sizeLocked():
			return n, io.EOF
		case i == int64(len(c.pages)):
			part = copy(p, c.tail[within:])
		case c.pages[i].mem != nil:
			part = copy(p, c.pages[i].mem[within:])
		default:
			// Pages that were written one after the other are read at once.
			part = pageSize - within
			for j := i + 1; j < int64(len(c.pages)) && part < len(p); j++ {
				if c.pages[j].mem != nil || c.pages[j].at != c.pages[j-1].at+pageSize {
					break
				}
				part += pageSize
			}
			part = min(part, len(p))
			if _, err := c.space.readAt(p[:part], c.pages[i].at+int64(within)); err != nil {
				return n, err
			}
		}
		n, off, p = n+part, off+int64(part), p[part:]
	}
	return n, nil
}

// open returns a handle.
func (c *content) open(name string, write bool) *scratchFile {
	c.ref()
	return &scratchFile{content: c, name: name, write: write}
}

// scratchFile is an open file.
type scratchFile struct {
	content *content
	name    string
	write   bool
	at      int64 // of Read and Write
	closed  bool
}

var _ File = (*scratchFile)(nil)

// Read implements File.
func (f *scratchFile) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p, f.at)
	f.at += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}

// ReadAt implements File.
func (f *scratchFile) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, pathError("read", f.name, fs.ErrInvalid)
	}
	return f.content.readAt(p, off)
}

// Write implements File.
func (f *scratchFile) Write(p []byte) (int, error) {
	n, err := f.WriteAt(p, f.at)
	f.at += int64(n)
	return n, err
}

// WriteAt implements File.
func (f *scratchFile) WriteAt(p []byte, off int64) (int, error) {
	if !f.write || off < 0 {
		return 0, pathError("write", f.name, fs.ErrInvalid)
	}
	return f.content.overwrite(p, off)
}

// Close implements File.
func (f *scratchFile) Close() error {
	if f.closed {
		return pathError("close", f.name, fs.ErrClosed)
	}
	f.closed = true
	if f.write {
		f.content.shrink()
	}
	f.content.unref()
	return nil
}

// Stat implements File.
func (f *scratchFile) Stat() (vfs.FileInfo, error) {
	f.content.mu.RLock()
	defer f.content.mu.RUnlock()
	return &scratchInfo{name: f.name, size: f.content.sizeLocked(), modified: f.content.modified}, nil
}

// Preallocate implements File.
func (f *scratchFile) Preallocate(int64, int64) error { return nil }

// Sync implements File: nothing here survives the process.
func (f *scratchFile) Sync() error { return nil }

// SyncTo implements File.
func (f *scratchFile) SyncTo(int64) (bool, error) { return false, nil }

// SyncData implements File.
func (f *scratchFile) SyncData() error { return nil }

// Prefetch implements File.
func (f *scratchFile) Prefetch(int64, int64) error { return nil }

// Fd implements File; several files share the one that pages are in.
func (f *scratchFile) Fd() uintptr {
	if f.content.file != nil {
		return f.content.file.Fd()
	}
	return vfs.InvalidFd
}

// scratchDir is an open directory.
type scratchDir struct{ name string }

var _ File = (*scratchDir)(nil)

func (d *scratchDir) isDir(op string) error { return pathError(op, d.name, fs.ErrInvalid) }

// Read implements File.
func (d *scratchDir) Read([]byte) (int, error) { return 0, d.isDir("read") }

// ReadAt implements File.
func (d *scratchDir) ReadAt([]byte, int64) (int, error) { return 0, d.isDir("read") }

// Write implements File.
func (d *scratchDir) Write([]byte) (int, error) { return 0, d.isDir("write") }

// WriteAt implements File.
func (d *scratchDir) WriteAt([]byte, int64) (int, error) { return 0, d.isDir("write") }

// Close implements File.
func (d *scratchDir) Close() error { return nil }

// Stat implements File.
func (d *scratchDir) Stat() (vfs.FileInfo, error) { return &scratchInfo{name: d.name, dir: true}, nil }

// Preallocate implements File.
func (d *scratchDir) Preallocate(int64, int64) error { return nil }

// Sync implements File.
func (d *scratchDir) Sync() error { return nil }

// SyncTo implements File.
func (d *scratchDir) SyncTo(int64) (bool, error) { return false, nil }

// SyncData implements File.
func (d *scratchDir) SyncData() error { return nil }

// Prefetch implements File.
func (d *scratchDir) Prefetch(int64, int64) error { return nil }

// Fd implements File.
func (d *scratchDir) Fd() uintptr { return vfs.InvalidFd }

// scratchInfo is a file's or directory's FileInfo.
type scratchInfo struct {
	name     string
	size     int64
	modified time.Time
	dir      bool
}

// Name implements FileInfo.
func (i *scratchInfo) Name() string { return i.name }

// Size implements FileInfo.
func (i *scratchInfo) Size() int64 { return i.size }

// Mode implements FileInfo.
func (i *scratchInfo) Mode() os.FileMode {
	if i.dir {
		return os.ModeDir | 0o700
	}
	return 0o600
}

// ModTime implements FileInfo.
func (i *scratchInfo) ModTime() time.Time { return i.modified }

// IsDir implements FileInfo.
func (i *scratchInfo) IsDir() bool { return i.dir }

// Sys implements FileInfo.
func (i *scratchInfo) Sys() any { return nil }

// DeviceID implements FileInfo.
func (i *scratchInfo) DeviceID() vfs.DeviceID { return vfs.DeviceID{} }
