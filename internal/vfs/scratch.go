package vfs

import (
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"sync"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Budget is what a Scratch reserves its memory from; *memory.Account is one.
type Budget interface {
	// Reserve takes bytes or says why not; Force takes them beyond the limit.
	Reserve(bytes int64) error
	Force(bytes int64)
	// Release gives bytes back.
	Release(bytes int64)
	// Available is how much Reserve could give now.
	Available() int64
}

// Unlimited is a Budget without an end.
type Unlimited struct{}

// Reserve implements Budget.
func (Unlimited) Reserve(int64) error { return nil }

// Force implements Budget.
func (Unlimited) Force(int64) {}

// Release implements Budget.
func (Unlimited) Release(int64) {}

// Available implements Budget.
func (Unlimited) Available() int64 { return math.MaxInt64 }

// ScratchOptions configure NewScratch; the zero value keeps everything in memory.
type ScratchOptions struct {
	// Memory is what content in memory is reserved from; nil counts nothing.
	Memory Budget
	// MemoryBytes is how much content may stay in memory as long as Memory has
	// room for it; the rest goes to a temporary file. 0 is all of it.
	MemoryBytes int64
	// FileBytes is how much the temporary file may hold before GetDiskUsage reports
	// no room. Content that comes nevertheless is stored. 0 is what the disk has.
	FileBytes int64
	// Mapped gives each file a temporary file of its own, which Map can map.
	Mapped bool
}

// Scratch is a file system that ends with its process: for a database in memory.
//
// Names are in memory. So is content, in pages, up to a share of a budget; the
// pages beyond are in one temporary file of the operating system's, which has no
// name there (so it is gone with the process, however that ends), is never
// synced, and has its freed pages punched out. What is read often is then in the
// system's page cache, which gives way when memory is short: memory use is
// bounded although the content is not.
//
// Writing never fails for want of budget, only for want of disk: to refuse in
// time is the writer's part, who asks GetDiskUsage.
//
// It is safe for concurrent use, with the one exception of Pebble's File: writes
// to one file are one at a time.
type Scratch struct {
	space *space

	mu    sync.Mutex
	names map[string]*scratchNode
}

// scratchNode is a directory or a name's content.
type scratchNode struct {
	children map[string]struct{} // of a directory; nil for a file
	content  *content
	locked   bool
}

// NewScratch returns an empty file system. The temporary file is made when it is
// needed first.
func NewScratch(o ScratchOptions) *Scratch {
	root := &scratchNode{children: map[string]struct{}{}}
	return &Scratch{space: &space{opts: o}, names: map[string]*scratchNode{".": root, "/": {children: map[string]struct{}{}}}}
}

// Close frees the memory and the temporary file. Files must not be used any more.
func (s *Scratch) Close() error {
	s.mu.Lock()
	for _, n := range s.names {
		if n.content != nil {
			n.content.unref()
		}
	}
	clear(s.names)
	s.mu.Unlock()
	return s.space.close()
}

func pathError(op, name string, err error) error { return &fs.PathError{Op: op, Path: name, Err: err} }

// addLocked enters a node under its name; the directory has to be there.
func (s *Scratch) addLocked(op, name string, n *scratchNode) error {
	dir := s.names[path.Dir(name)]
	if dir == nil || dir.children == nil {
		return pathError(op, name, fs.ErrNotExist)
	}
	dir.children[path.Base(name)] = struct{}{}
	s.names[name] = n
	return nil
}

// dropLocked takes a name away, and the content's last name its content.
func (s *Scratch) dropLocked(name string) {
	n := s.names[name]
	if n == nil {
		return
	}
	delete(s.names, name)
	if dir := s.names[path.Dir(name)]; dir != nil {
		delete(dir.children, path.Base(name))
	}
	if n.content != nil {
		n.content.unref()
	}
}

// fileLocked finds a file.
func (s *Scratch) fileLocked(op, name string) (*scratchNode, error) {
	n := s.names[name]
	switch {
	case n == nil:
		return nil, pathError(op, name, fs.ErrNotExist)
	case n.children != nil:
		return nil, pathError(op, name, syscall.EISDIR)
	}
	return n, nil
}

// Create implements FS.
func (s *Scratch) Create(name string, _ vfs.DiskWriteCategory) (File, error) {
	name = path.Clean(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.names[name]; n != nil && n.children != nil {
		return nil, pathError("create", name, syscall.EISDIR)
	}
	s.dropLocked(name)
	c := newContent(s.space)
	if err := s.addLocked("create", name, &scratchNode{content: c}); err != nil {
		return nil, err
	}
	return c.open(path.Base(name), true), nil
}

// Link implements FS.
func (s *Scratch) Link(oldname, newname string) error {
	oldname, newname = path.Clean(oldname), path.Clean(newname)
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.fileLocked("link", oldname)
	if err != nil {
		return err
	}
	if s.names[newname] != nil {
		return &os.LinkError{Op: "link", Old: oldname, New: newname, Err: fs.ErrExist}
	}
	if err := s.addLocked("link", newname, &scratchNode{content: n.content}); err != nil {
		return err
	}
	n.content.ref()
	return nil
}

// Open implements FS.
func (s *Scratch) Open(name string, opts ...vfs.OpenOption) (File, error) {
	name = path.Clean(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.names[name]
	if n == nil {
		return nil, pathError("open", name, fs.ErrNotExist)
	}
	if n.children != nil {
		return &scratchDir{path.Base(name)}, nil
	}
	f := n.content.open(path.Base(name), false)
	for _, o := range opts {
		o.Apply(f)
	}
	return f, nil
}

// OpenReadWrite implements FS.
func (s *Scratch) OpenReadWrite(name string, category vfs.DiskWriteCategory, opts ...vfs.OpenOption) (File, error) {
	name = path.Clean(name)
	s.mu.Lock()
	n, err := s.fileLocked("open", name)
	if err == nil {
		defer s.mu.Unlock()
		f := n.content.open(path.Base(name), true)
		for _, o := range opts {
			o.Apply(f)
		}
		return f, nil
	}
	s.mu.Unlock()
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return s.Create(name, category)
}

// OpenDir implements FS.
func (s *Scratch) OpenDir(name string) (File, error) {
	name = path.Clean(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.names[name]; n == nil || n.children == nil {
		return nil, pathError("open", name, fs.ErrNotExist)
	}
	return &scratchDir{path.Base(name)}, nil
}

// Remove implements FS.
func (s *Scratch) Remove(name string) error {
	name = path.Clean(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.names[name]
	if n == nil {
		return pathError("remove", name, fs.ErrNotExist)
	}
	if len(n.children) > 0 {
		return pathError("remove", name, syscall.ENOTEMPTY)
	}
	s.dropLocked(name)
	return nil
}

// RemoveAll implements FS.
func (s *Scratch) RemoveAll(name string) error {
	name = path.Clean(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removeAllLocked(name)
	return nil
}

func (s *Scratch) removeAllLocked(name string) {
	n := s.names[name]
	if n == nil {
		return
	}
	for child := range n.children {
		s.removeAllLocked(path.Join(name, child))
	}
	s.dropLocked(name)
}

// Rename implements FS. Directories are not renamed.
func (s *Scratch) Rename(oldname, newname string) error {
	oldname, newname = path.Clean(oldname), path.Clean(newname)
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.fileLocked("rename", oldname)
	if err != nil || oldname == newname {
		return err
	}
	if to := s.names[newname]; to != nil && to.children != nil {
		return pathError("rename", newname, syscall.EISDIR)
	}
	s.dropLocked(newname)
	if err := s.addLocked("rename", newname, n); err != nil {
		return err
	}
	delete(s.names, oldname)
	if dir := s.names[path.Dir(oldname)]; dir != nil {
		delete(dir.children, path.Base(oldname))
	}
	return nil
}

// ReuseForWrite implements FS: nothing is gained by reusing pages here.
func (s *Scratch) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (File, error) {
	if err := s.Remove(oldname); err != nil {
		return nil, err
	}
	return s.Create(newname, category)
}

// MkdirAll implements FS.
func (s *Scratch) MkdirAll(dir string, _ os.FileMode) error {
	dir = path.Clean(dir)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mkdirAllLocked(dir)
}

func (s *Scratch) mkdirAllLocked(dir string) error {
	if n := s.names[dir]; n != nil {
		if n.children == nil {
			return pathError("mkdir", dir, syscall.ENOTDIR)
		}
		return nil
	}
	if err := s.mkdirAllLocked(path.Dir(dir)); err != nil {
		return err
	}
	return s.addLocked("mkdir", dir, &scratchNode{children: map[string]struct{}{}})
}

// Lock implements FS.
func (s *Scratch) Lock(name string) (io.Closer, error) {
	name = path.Clean(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.names[name]
	if n == nil {
		n = &scratchNode{content: newContent(s.space)}
		if err := s.addLocked("lock", name, n); err != nil {
			n.content.unref()
			return nil, err
		}
	}
	if n.locked {
		return nil, pathError("lock", name, syscall.EAGAIN)
	}
	n.locked = true
	return &scratchLock{s, n}, nil
}

type scratchLock struct {
	s *Scratch
	n *scratchNode
}

// Close implements io.Closer.
func (l *scratchLock) Close() error {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	l.n.locked = false
	return nil
}

// List implements FS.
func (s *Scratch) List(dir string) ([]string, error) {
	dir = path.Clean(dir)
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.names[dir]
	if n == nil || n.children == nil {
		return nil, pathError("list", dir, fs.ErrNotExist)
	}
	out := make([]string, 0, len(n.children))
	for name := range n.children {
		out = append(out, name)
	}
	return out, nil
}

// Stat implements FS.
func (s *Scratch) Stat(name string) (vfs.FileInfo, error) {
	f, err := s.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Stat()
}

// PathBase implements FS.
func (*Scratch) PathBase(name string) string { return path.Base(name) }

// PathJoin implements FS.
func (*Scratch) PathJoin(elem ...string) string { return path.Join(elem...) }

// PathDir implements FS.
func (*Scratch) PathDir(name string) string { return path.Dir(name) }

// GetDiskUsage implements FS: it tells how much more may be written.
func (s *Scratch) GetDiskUsage(string) (vfs.DiskUsage, error) { return s.space.usage() }

// Unwrap implements FS.
func (*Scratch) Unwrap() FS { return nil }
