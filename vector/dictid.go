package vector

import "sync/atomic"

var lastDictID atomic.Uint64

// NewDictID returns a number for Vector.DictID that no other dictionary of this
// process has.
func NewDictID() uint64 { return lastDictID.Add(1) }
