package htap

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"htapdb/htap/physical"
	"htapdb/sql/sqlstate"
)

// fileAccess says which files statements may touch.
type fileAccess struct {
	// free allows all files; else only those below dir, none if it is "".
	free bool
	dir  string
}

// root opens the folder that access is restricted to.
func (a fileAccess) root(path string) (*os.Root, string, error) {
	if a.dir == "" {
		return nil, "", sqlstate.New(sqlstate.InsufficientPrivilege, "access to file %q is not allowed", path).
			WithHint("Start the server with --files DIR to allow files below DIR.")
	}
	dir, err := filepath.Abs(a.dir)
	if err != nil {
		return nil, "", err
	}
	if filepath.IsAbs(path) {
		rel, err := filepath.Rel(dir, path)
		if err != nil || !filepath.IsLocal(rel) {
			return nil, "", a.outside(path)
		}
		path = rel
	}
	if !filepath.IsLocal(path) {
		return nil, "", a.outside(path)
	}
	r, err := os.OpenRoot(dir)
	if err != nil {
		return nil, "", sqlstate.Wrap(sqlstate.UndefinedFile, err, "cannot open the folder for files %q: %v", dir, err)
	}
	return r, path, nil
}

func (a fileAccess) outside(path string) error {
	return sqlstate.New(sqlstate.InsufficientPrivilege, "access to file %q is not allowed: it is not below %q", path, a.dir)
}

// openedFile is a file with its size.
type openedFile struct {
	*os.File
	size int64
}

// Size returns the file's length in bytes.
func (f *openedFile) Size() int64 { return f.size }

// Open implements physical.FileOpener.
func (a fileAccess) Open(path string) (physical.OpenFile, error) {
	f, err := a.open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fileError(path, err)
	}
	if info.IsDir() {
		f.Close()
		return nil, sqlstate.New(sqlstate.BadCopyFileFormat, "%q is a directory, not a file", path)
	}
	return &openedFile{f, info.Size()}, nil
}

func (a fileAccess) open(path string) (*os.File, error) {
	if a.free {
		f, err := os.Open(path)
		return f, fileError(path, err)
	}
	r, rel, err := a.root(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	f, err := r.Open(rel)
	return f, fileError(path, err)
}

// Create creates a file for writing beside its final name; commit renames it.
func (a fileAccess) Create(path string) (f *os.File, commit, abort func() error, err error) {
	const suffix = ".tmp"
	if a.free {
		f, err = os.Create(path + suffix)
		return f, func() error { return fileError(path, os.Rename(path+suffix, path)) },
			func() error { return os.Remove(path + suffix) }, fileError(path, err)
	}
	r, rel, err := a.root(path)
	if err != nil {
		return nil, nil, nil, err
	}
	f, err = r.Create(rel + suffix)
	if err != nil {
		r.Close()
		return nil, nil, nil, fileError(path, err)
	}
	commit = func() error {
		defer r.Close()
		return fileError(path, r.Rename(rel+suffix, rel))
	}
	abort = func() error {
		defer r.Close()
		return r.Remove(rel + suffix)
	}
	return f, commit, abort, nil
}

// fileError gives an error of the file system its SQLSTATE.
func fileError(path string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return sqlstate.Wrap(sqlstate.UndefinedFile, err, "file %q does not exist", path)
	case errors.Is(err, fs.ErrPermission):
		return sqlstate.Wrap(sqlstate.InsufficientPrivilege, err, "no permission for file %q", path)
	}
	return sqlstate.Wrap(sqlstate.IOError, err, "file %q: %v", path, err)
}
