//go:build !linux

package vfs

import (
	"os"
	"runtime"
)

// temporaryDir is where temporary files go.
func temporaryDir() string { return os.TempDir() }

// temporaryOnDisk says whether temporary files are on a disk.
func temporaryOnDisk() bool { return true }

// temporaryFile makes a file whose name is gone at once, or on Windows with
// closeTemporary.
func temporaryFile() (*os.File, error) {
	f, err := os.CreateTemp("", "htapdb-rows-*")
	if err != nil || runtime.GOOS == "windows" {
		return f, err
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func closeTemporary(f *os.File) error {
	err := f.Close()
	if runtime.GOOS == "windows" {
		_ = os.Remove(f.Name())
	}
	return err
}

// punch is Linux's: elsewhere freed pages are used again.
func punch(*os.File, int64, int64) {}
