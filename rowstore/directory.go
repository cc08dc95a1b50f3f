package rowstore

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"htapdb/internal/vfs"
	"htapdb/rowstore/mark"
	"htapdb/sql/sqlstate"

	"github.com/cockroachdb/pebble/v2"
	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"
)

// formatVersion is the newest on-disk format this program reads and the one it writes.
//
//	1  without records of what the files must hold
//	2  with them: see package mark
const formatVersion = 2

// Names inside a store's directory.
const (
	formatFile = "FORMAT" // text: what the directory is and its format version
	holderFile = "HOLDER" // text: process id of the one that has it open
	dbDir      = "db"     // Pebble's files
	loadDir    = "load"   // sorted files of loads under way; emptied at open
)

// formatCreating is in FORMAT until the first open has succeeded: what is there
// then was never used and may be made again.
const (
	formatHead     = "htapdb row store\nformat "
	formatCreating = "creating\n"
)

// directory is a store's locked directory.
type directory struct {
	fs   vfs.FS
	path string
	lock *pebble.Lock
	// fresh says that FORMAT does not tell of a finished creation yet.
	fresh bool
	// version is the format of what is there.
	version int
}

// openDirectory makes and locks the directory and checks its format.
func openDirectory(fs vfs.FS, path string) (*directory, error) {
	d := &directory{fs: fs, path: path}
	if err := vfs.MakeDirs(fs, path); err != nil {
		return nil, sqlstate.Wrap(sqlstate.IOError, err, "could not create directory %q: %v", path, err)
	}
	lock, err := pebble.LockDirectory(path, fs)
	if err != nil {
		return nil, d.inUse(err)
	}
	d.lock = lock
	if err := d.prepare(); err != nil {
		_ = lock.Close()
		return nil, err
	}
	return d, nil
}

func (d *directory) name(parts ...string) string {
	return d.fs.PathJoin(append([]string{d.path}, parts...)...)
}

// inUse tells a held lock, naming the holder, from another error.
func (d *directory) inUse(err error) error {
	text, readErr := readFile(d.fs, d.name(holderFile))
	if readErr != nil {
		return sqlstate.Wrap(sqlstate.ObjectInUse, err, "row store %q is in use or cannot be locked: %v", d.path, err)
	}
	return sqlstate.Wrap(sqlstate.ObjectInUse, err, "row store %q is in use by process %s", d.path, strings.TrimSpace(text)).
		WithHint("Stop the other program, or connect to it.")
}

func (d *directory) prepare() error {
	if err := d.checkFormat(); err != nil {
		return err
	}
	if err := writeFile(d.fs, d.path, holderFile, strconv.Itoa(os.Getpid())+"\n"); err != nil {
		return err
	}
	return nil
}

// emptyLoads removes the files of loads that the last process did not finish.
func (d *directory) emptyLoads() error {
	if err := d.fs.RemoveAll(d.name(loadDir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return sqlstate.Wrap(sqlstate.IOError, err, "could not empty %q: %v", d.name(loadDir), err)
	}
	return vfs.MakeDirs(d.fs, d.name(loadDir))
}

// checkFormat reads FORMAT, or starts a creation.
func (d *directory) checkFormat() error {
	text, err := readFile(d.fs, d.name(formatFile))
	switch {
	case err != nil && errors.Is(err, fs.ErrNotExist):
		if names, _ := d.fs.List(d.name(dbDir)); len(names) > 0 {
			return sqlstate.New(sqlstate.DataCorrupted, "directory %q has data but no %s file: it is not a row store", d.path, formatFile)
		}
		if found, _ := mark.Read(d.fs, d.path); len(found.Files) > 0 {
			return sqlstate.New(sqlstate.DataCorrupted, "the row store that was in %q is gone: its record %q is there, its %s file is not", d.path, found.Files[0], formatFile).
				WithHint("Restore the directory from a copy. To start with an empty store remove the record too.")
		}
	case err != nil:
		return sqlstate.Wrap(sqlstate.IOError, err, "could not read %q: %v", d.name(formatFile), err)
	default:
		rest, ok := strings.CutPrefix(text, formatHead)
		number, rest, _ := strings.Cut(rest, "\n")
		version, convErr := strconv.Atoi(number)
		if !ok || convErr != nil {
			return sqlstate.New(sqlstate.DataCorrupted, "file %q does not say which format the row store has", d.name(formatFile))
		}
		if version > formatVersion {
			return sqlstate.New(sqlstate.FeatureNotSupported, "row store %q has format %d, this program reads up to format %d", d.path, version, formatVersion)
		}
		if d.version = version; rest != formatCreating {
			return nil
		}
		if found, _ := mark.Read(d.fs, d.path); found.Newest != nil && found.Newest.Durable > 0 {
			return sqlstate.New(sqlstate.DataCorrupted, "file %q says that the row store is being made, its record %q knows of commits", d.name(formatFile), found.Files[0])
		}
		if err := d.fs.RemoveAll(d.name(dbDir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return sqlstate.Wrap(sqlstate.IOError, err, "could not empty %q: %v", d.name(dbDir), err)
		}
	}
	d.fresh, d.version = true, formatVersion
	return d.writeFormat(formatCreating)
}

func (d *directory) writeFormat(state string) error {
	return writeFile(d.fs, d.path, formatFile, fmt.Sprintf("%s%d\n%s", formatHead, formatVersion, state))
}

// created records that the store is complete, and has a record of its files.
func (d *directory) created() error {
	if !d.fresh && d.version == formatVersion {
		return nil
	}
	d.fresh, d.version = false, formatVersion
	return d.writeFormat("")
}

func (d *directory) close() error {
	_ = d.fs.Remove(d.name(holderFile))
	return d.lock.Close()
}

// writeFile replaces a small file atomically and durably.
func writeFile(fs vfs.FS, dir, name, content string) error {
	tmp := fs.PathJoin(dir, name+".tmp")
	err := func() error {
		f, err := fs.Create(tmp, pebblevfs.WriteCategoryUnspecified)
		if err != nil {
			return err
		}
		if _, err = f.Write([]byte(content)); err == nil {
			err = f.Sync()
		}
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return err
		}
		if err := fs.Rename(tmp, fs.PathJoin(dir, name)); err != nil {
			return err
		}
		return vfs.SyncDir(fs, dir)
	}()
	if err != nil {
		return sqlstate.Wrap(sqlstate.IOError, err, "could not write %q: %v", fs.PathJoin(dir, name), err)
	}
	return nil
}

func readFile(fs vfs.FS, name string) (string, error) {
	f, err := fs.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 1<<16))
	return string(b), err
}
