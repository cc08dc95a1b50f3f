//go:build !linux

package olap

// lowerPriority does nothing where threads have no priority of their own.
func lowerPriority() {}
