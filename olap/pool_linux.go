package olap

import "golang.org/x/sys/unix"

// lowerPriority gives the calling thread the lowest share of processor time.
// On Linux the "process" of setpriority is a thread. Failure costs isolation
// only, and raising one's own nice value is always allowed.
func lowerPriority() { _ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), 19) }
