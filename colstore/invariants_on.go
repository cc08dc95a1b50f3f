//go:build invariants

package colstore

// invariants makes readers overwrite what a batch pointed to when it expires, so
// that tests find who keeps it longer.
const invariants = true
