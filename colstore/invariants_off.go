//go:build !invariants

package colstore

// invariants is on in builds with the tag of that name.
const invariants = false
