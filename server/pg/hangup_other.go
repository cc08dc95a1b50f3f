//go:build !linux

package pg

import "net"

// hungUp is not known here: a dead client is noticed by the next write.
func hungUp(net.Conn) bool { return false }

// isTemporary reports that accepting may work again.
func isTemporary(error) bool { return false }
