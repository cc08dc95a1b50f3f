package vfs

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// madvPopulateRead is MADV_POPULATE_READ of Linux 5.14.
const madvPopulateRead = 22

// populate faults in the pages that part of data covers; an I/O error of the
// device comes back as EFAULT here instead of a signal at the first access.
func populate(data, part []byte) error {
	page := uintptr(unix.Getpagesize())
	base := uintptr(unsafe.Pointer(unsafe.SliceData(data)))
	from := uintptr(unsafe.Pointer(unsafe.SliceData(part))) - base
	to := from + uintptr(len(part))
	from &^= page - 1
	err := unix.Madvise(data[from:to:to], madvPopulateRead)
	if err == unix.EINVAL || err == unix.ENOSYS {
		return nil
	}
	return err
}
