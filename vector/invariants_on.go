//go:build invariants

package vector

// Invariants has the owners of batches overwrite what they pointed to when they
// expire, so that tests find who keeps one longer.
const Invariants = true
