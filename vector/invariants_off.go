//go:build !invariants

package vector

// Invariants is on in builds with the tag invariants: the owners of batches then
// overwrite what they pointed to when they expire.
const Invariants = false
