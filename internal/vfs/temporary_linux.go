package vfs

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// temporaryDir is where temporary files go: TMPDIR, or else what is on a disk of
// /tmp and /var/tmp.
var temporaryDir = sync.OnceValue(func() string {
	dir := os.TempDir()
	if os.Getenv("TMPDIR") == "" && memoryDir(dir) && !memoryDir("/var/tmp") {
		if f, err := createTemporary("/var/tmp"); err == nil {
			_ = f.Close()
			return "/var/tmp"
		}
	}
	return dir
})

// temporaryOnDisk says whether temporary files are on a disk, so that what the
// system caches of them can give way. Where /tmp is memory they are not.
var temporaryOnDisk = sync.OnceValue(func() bool { return !memoryDir(temporaryDir()) })

// memoryDir tells whether the files in dir are in memory, or cannot be.
func memoryDir(dir string) bool {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return true
	}
	return st.Type == unix.TMPFS_MAGIC || st.Type == unix.RAMFS_MAGIC
}

// temporaryFile makes a file without a name: it is gone with its descriptor.
func temporaryFile() (*os.File, error) { return createTemporary(temporaryDir()) }

func createTemporary(dir string) (*os.File, error) {
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err == nil {
		return os.NewFile(uintptr(fd), dir), nil
	}
	// A file system without it.
	f, err := os.CreateTemp(dir, "htapdb-rows-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func closeTemporary(f *os.File) error { return f.Close() }

// punch gives pages of a file back to the disk; where the file system cannot,
// they are used again.
func punch(f *os.File, at, size int64) {
	_ = unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, at, size)
}
