package predicate

import "sync/atomic"

// Moving is a predicate that an operator narrows while a scan runs, such as the
// threshold of a top-N. Applying it is optional: the operator checks again. A row
// that fails it at one time fails it ever after.
type Moving struct {
	now atomic.Pointer[Predicate]
	// KeepNulls says that null rows must be kept whatever the predicate is,
	// unless its kind is IsNull.
	KeepNulls bool
}

// Load returns the predicate as it is now, nil while there is none. The pointer
// changes when the predicate does.
func (m *Moving) Load() *Predicate { return m.now.Load() }

// Narrow replaces old, which Load has returned, by a narrower predicate; false
// if another goroutine was faster.
func (m *Moving) Narrow(old, p *Predicate) bool { return m.now.CompareAndSwap(old, p) }
