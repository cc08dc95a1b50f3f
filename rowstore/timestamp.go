package rowstore

import "fmt"

// Timestamp orders commits: microseconds of wall clock since 1970 shifted left
// by 12, plus a counter. Timestamps of one store strictly increase across
// restarts and clock steps.
type Timestamp uint64

// counterBits is the width of the counter below the microseconds.
const counterBits = 12

// MaxTimestamp is above every timestamp a commit gets; as a read timestamp it
// means the newest version.
const MaxTimestamp Timestamp = 1<<64 - 1

// Micros returns the wall time in microseconds since 1970.
func (t Timestamp) Micros() int64 { return int64(t >> counterBits) }

// String returns "seconds.micros,counter".
func (t Timestamp) String() string {
	us := t.Micros()
	return fmt.Sprintf("%d.%06d,%d", us/1e6, us%1e6, uint64(t)&(1<<counterBits-1))
}
