//go:build !unix

package vfs

import "errors"

// mapFile is not available here: Map reads files into the heap.
func mapFile(uintptr, int64) ([]byte, error) { return nil, errors.ErrUnsupported }

func unmapFile([]byte) error { return nil }

// Populate does nothing for heap copies.
func (m *Mapping) Populate([]byte) error { return nil }
