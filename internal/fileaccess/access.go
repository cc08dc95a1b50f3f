// Package fileaccess opens and creates the files that statements name: COPY, file
// tables and exports.
//
// # Invariants
//
// Only regular files are opened, and no open waits: a FIFO without a writer, a
// terminal or a socket would hold the statement for ever, out of reach of a
// cancel. What was looked at is what is used: the kind is asked of the open
// descriptor, not of the name.
//
// Nothing is written inside of the database's own directory, and a folder for
// files that overlaps it is refused before anything is served (Check). Names are
// compared as the file system does, through symbolic links.
//
// A file comes into being under another name and takes its own when it is
// complete: who reads meanwhile sees the old one or the new one.
//
// Not here: formats (internal/files), durable data (internal/vfs).
package fileaccess

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"htapdb/sql/sqlstate"
)

// Policy says which files may be touched. The zero value forbids all.
type Policy struct {
	// Free allows all files; else only those below Dir, none if it is "".
	Free bool
	Dir  string
	// Data is the database's directory, "" for none; nothing is written there.
	Data string
}

// Check refuses a Dir that overlaps Data, in either direction.
func (p *Policy) Check() error {
	if p.Free || p.Dir == "" || p.Data == "" {
		return nil
	}
	for _, pair := range [][2]string{{p.Data, p.Dir}, {p.Dir, p.Data}} {
		inside, err := within(pair[0], pair[1])
		if err != nil {
			return Error(pair[0], err)
		}
		if inside {
			return sqlstate.New(sqlstate.InvalidParameterValue,
				"the folder for files %q and the database's directory %q lie in each other: statements could overwrite the database", p.Dir, p.Data).
				WithHint("Choose a folder for files that is apart from the database.")
		}
	}
	return nil
}

// within tells whether name, which need not exist, is dir or below it. A dir that
// does not exist holds nothing.
func within(name, dir string) (bool, error) {
	outer, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	name, err = resolve(name)
	if err != nil {
		return false, err
	}
	for {
		if info, err := os.Stat(name); err == nil && os.SameFile(info, outer) {
			return true, nil
		}
		parent := filepath.Dir(name)
		if parent == name {
			return false, nil
		}
		name = parent
	}
}

// resolve returns name as an absolute path without symbolic links in the part of
// it that exists.
func resolve(name string) (string, error) {
	name, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	rest := ""
	for {
		real, err := filepath.EvalSymlinks(name)
		if err == nil {
			return filepath.Join(real, rest), nil
		}
		parent := filepath.Dir(name)
		if !errors.Is(err, fs.ErrNotExist) || parent == name {
			return "", err
		}
		name, rest = parent, filepath.Join(filepath.Base(name), rest)
	}
}

// root opens the folder that access is restricted to, and returns path below it.
func (p *Policy) root(path string) (*os.Root, string, error) {
	if p.Dir == "" {
		return nil, "", sqlstate.New(sqlstate.InsufficientPrivilege, "access to file %q is not allowed", path).
			WithHint("Start the server with --files DIR to allow files below DIR.")
	}
	dir, err := filepath.Abs(p.Dir)
	if err != nil {
		return nil, "", Error(p.Dir, err)
	}
	rel := path
	if filepath.IsAbs(path) {
		if rel, err = filepath.Rel(dir, path); err != nil {
			return nil, "", p.outside(path)
		}
	}
	if !filepath.IsLocal(rel) {
		return nil, "", p.outside(path)
	}
	r, err := os.OpenRoot(dir)
	if err != nil {
		return nil, "", sqlstate.Wrap(sqlstate.UndefinedFile, err, "cannot open the folder for files %q: %v", dir, err)
	}
	return r, rel, nil
}

func (p *Policy) outside(path string) error {
	return sqlstate.New(sqlstate.InsufficientPrivilege, "access to file %q is not allowed: it is not below %q", path, p.Dir)
}

// folder is where a file is opened or created: the file system, or a root in it.
type folder struct {
	root *os.Root // nil for the file system
	name string   // below root
}

func (p *Policy) folder(path string) (folder, error) {
	if p.Free {
		return folder{name: path}, nil
	}
	r, rel, err := p.root(path)
	return folder{r, rel}, err
}

func (f *folder) close() {
	if f.root != nil {
		_ = f.root.Close()
	}
}

func (f *folder) stat(suffix string) (os.FileInfo, error) {
	if f.root != nil {
		return f.root.Stat(f.name + suffix)
	}
	return os.Stat(f.name + suffix)
}

func (f *folder) open(suffix string, flag int) (*os.File, error) {
	if f.root != nil {
		return f.root.OpenFile(f.name+suffix, flag|noWait, 0o644)
	}
	return os.OpenFile(f.name+suffix, flag|noWait, 0o644)
}

func (f *folder) rename(suffix string) error {
	if f.root != nil {
		return f.root.Rename(f.name+suffix, f.name)
	}
	return os.Rename(f.name+suffix, f.name)
}

func (f *folder) remove(suffix string) error {
	if f.root != nil {
		return f.root.Remove(f.name + suffix)
	}
	return os.Remove(f.name + suffix)
}

// File is a regular file opened for reading.
type File struct {
	*os.File
	size int64
}

// Size returns the file's length in bytes when it was opened.
func (f *File) Size() int64 { return f.size }

// Open opens a file for reading. Errors: 58P01 if there is none, 42501 if it is
// out of bounds, 42809 if it is no regular file.
func (p *Policy) Open(path string) (*File, error) {
	at, err := p.folder(path)
	if err != nil {
		return nil, err
	}
	defer at.close()
	// To open a device can do something, so the name is looked at first.
	info, err := at.stat("")
	if err != nil {
		return nil, Error(path, err)
	}
	if err := regular(path, info); err != nil {
		return nil, err
	}
	f, err := at.open("", os.O_RDONLY)
	if err != nil {
		return nil, Error(path, err)
	}
	if info, err = f.Stat(); err == nil {
		err = regular(path, info)
	}
	if err != nil {
		_ = f.Close()
		return nil, Error(path, err)
	}
	return &File{f, info.Size()}, nil
}

// regular refuses what is no regular file.
func regular(path string, info os.FileInfo) error {
	kind := ""
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		kind = "a directory"
	case mode&fs.ModeNamedPipe != 0:
		kind = "a named pipe"
	case mode&fs.ModeSocket != 0:
		kind = "a socket"
	case mode&fs.ModeDevice != 0:
		kind = "a device"
	default:
		kind = "no regular file"
	}
	return sqlstate.New(sqlstate.WrongObjectType, "%q is %s", path, kind).WithHint("Only regular files can be read and written.")
}

// Created is a file that is being written. One of Commit and Abort ends it.
type Created struct {
	*os.File
	path   string
	at     folder
	suffix string
}

// Create starts a file; until Commit its name shows what was there before. Errors
// are those of Open, and 42501 inside of the database's directory.
func (p *Policy) Create(path string) (*Created, error) {
	at, err := p.folder(path)
	if err != nil {
		return nil, err
	}
	f, err := p.create(path, at)
	if err != nil {
		at.close()
		return nil, Error(path, err)
	}
	return f, nil
}

func (p *Policy) create(path string, at folder) (*Created, error) {
	if err := p.protect(path, at); err != nil {
		return nil, err
	}
	info, err := at.stat("")
	if err == nil {
		err = regular(path, info)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	// Somebody else may be writing the same file, or have left one behind.
	for n := 0; ; n++ {
		suffix := "." + strconv.Itoa(os.Getpid()) + "-" + strconv.Itoa(n) + ".tmp"
		f, err := at.open(suffix, os.O_RDWR|os.O_CREATE|os.O_EXCL)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return &Created{f, path, at, suffix}, nil
	}
}

// protect refuses names inside of the database's directory.
func (p *Policy) protect(path string, at folder) error {
	if p.Data == "" {
		return nil
	}
	name := at.name
	if at.root != nil {
		name = filepath.Join(at.root.Name(), name)
	}
	inside, err := within(filepath.Dir(name), p.Data)
	if err != nil {
		return err
	}
	if inside {
		return sqlstate.New(sqlstate.InsufficientPrivilege, "file %q is not written: it lies in the database's directory", path)
	}
	return nil
}

// Commit makes the file durable and gives it its name.
func (c *Created) Commit() error {
	defer c.at.close()
	err := c.Sync()
	if e := c.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = c.at.rename(c.suffix)
	}
	if err != nil {
		_ = c.at.remove(c.suffix)
	}
	return Error(c.path, err)
}

// Abort removes the file.
func (c *Created) Abort() {
	defer c.at.close()
	_ = c.Close()
	_ = c.at.remove(c.suffix)
}

// Error gives an error of the file system its SQLSTATE; one that has one is kept.
func Error(path string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*sqlstate.Error](err); ok {
		return err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return sqlstate.Wrap(sqlstate.UndefinedFile, err, "file %q does not exist", path)
	case errors.Is(err, fs.ErrPermission):
		return sqlstate.Wrap(sqlstate.InsufficientPrivilege, err, "no permission for file %q", path)
	}
	return sqlstate.Wrap(sqlstate.IOError, err, "file %q: %v", path, err)
}
