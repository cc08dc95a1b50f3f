//go:build unix

package fileaccess

import "golang.org/x/sys/unix"

// noWait makes an open return at once, whatever the name has become since it was
// looked at, and keeps a terminal from becoming the process's. It does not change
// how regular files are read and written.
const noWait = unix.O_NONBLOCK | unix.O_NOCTTY
