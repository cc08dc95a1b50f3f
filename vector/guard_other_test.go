//go:build !unix

package vector

import "testing"

// guardedBytes has no guard here.
func guardedBytes(_ testing.TB, size int) []byte { return make([]byte, size) }
