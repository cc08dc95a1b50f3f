// Package memory is the tree of memory budgets that everything large draws from.
//
// An Account counts bytes in use, its own and its descendants', and refuses to
// pass its limit. The root stands for the process, its children for the column
// store, the queries and the caches, theirs for one query or one operator:
//
//	engine (4 GiB)
//	├── columns (2 GiB)
//	└── query 17 (1 GiB)
//	    └── hash join
//
// Who wants memory reserves it before allocating and releases it after letting
// go; an operator that is refused spills, or ends its query with the error.
//
// Invariants: Used of an account is at least the sum over its children; it never
// passes a limit that was in force when the bytes were reserved. Reserve is all
// or nothing along the path to the root.
//
// Concurrency: every method is safe for concurrent use and takes no lock: a
// reservation is one atomic addition for each level. Reserve in steps of
// kilobytes, not for each row.
//
// DefaultLimit looks at the machine and at the cgroups that the process is in.
//
// Not here: measuring what the Go runtime really holds (htap).
package memory

import (
	"fmt"
	"sync/atomic"

	"htapdb/sql/sqlstate"
)

// Setting is the name of the setting that error messages point to.
const Setting = "htap.memory_limit"

// Account is one node of the tree. A nil *Account is unlimited and counts
// nothing, so that tests and small tools need no tree.
type Account struct {
	parent *Account
	name   string
	// limit is in bytes; 0 means that only the ancestors limit.
	limit atomic.Int64
	used  atomic.Int64
	peak  atomic.Int64
}

// NewRoot returns the root of a tree with a limit in bytes, 0 for none.
func NewRoot(limit int64) *Account {
	a := &Account{name: "engine"}
	a.limit.Store(max(limit, 0))
	return a
}

// Child returns a new account below a with its own limit in bytes, 0 for a's
// alone. The parent keeps no reference: a child that has released everything
// needs no closing.
func (a *Account) Child(name string, limit int64) *Account {
	c := &Account{parent: a, name: name}
	c.limit.Store(max(limit, 0))
	return c
}

// Name returns the account's own name.
func (a *Account) Name() string {
	if a == nil {
		return "unlimited"
	}
	return a.name
}

// Limit returns the account's own limit in bytes, 0 for none.
func (a *Account) Limit() int64 {
	if a == nil {
		return 0
	}
	return a.limit.Load()
}

// SetLimit changes the limit; bytes above it stay reserved, but no more are given.
func (a *Account) SetLimit(limit int64) { a.limit.Store(max(limit, 0)) }

// Used returns the bytes reserved here and below.
func (a *Account) Used() int64 {
	if a == nil {
		return 0
	}
	return a.used.Load()
}

// Peak returns the highest value that Used has had.
func (a *Account) Peak() int64 {
	if a == nil {
		return 0
	}
	return a.peak.Load()
}

// Available returns how many bytes Reserve could grant now: the smallest room on
// the path to the root, at least 0.
func (a *Account) Available() int64 {
	room := int64(1) << 62
	for n := a; n != nil; n = n.parent {
		if limit := n.limit.Load(); limit > 0 {
			room = min(room, limit-n.used.Load())
		}
	}
	return max(room, 0)
}

// Reserve takes bytes (≥ 0) from a and all its ancestors, or from none: then the
// error is OutOfMemory and names the account whose limit is in the way.
func (a *Account) Reserve(bytes int64) error {
	for n := a; n != nil; n = n.parent {
		used := n.used.Add(bytes)
		if limit := n.limit.Load(); limit > 0 && used > limit {
			for undo := a; ; undo = undo.parent {
				undo.used.Add(-bytes)
				if undo == n {
					break
				}
			}
			return n.exceeded(a, bytes, used-bytes, limit)
		}
		n.raisePeak(used)
	}
	return nil
}

// Force takes bytes even beyond the limits. It is for what has happened already
// and cannot be refused, such as a committed row on its way into the columns;
// the next Reserve then fails until others have released.
func (a *Account) Force(bytes int64) {
	for n := a; n != nil; n = n.parent {
		n.raisePeak(n.used.Add(bytes))
	}
}

// Release returns bytes that were reserved before.
func (a *Account) Release(bytes int64) {
	for n := a; n != nil; n = n.parent {
		n.used.Add(-bytes)
	}
}

// raisePeak lifts the high-water mark to used.
func (a *Account) raisePeak(used int64) {
	for {
		peak := a.peak.Load()
		if used <= peak || a.peak.CompareAndSwap(peak, used) {
			return
		}
	}
}

// exceeded words the refusal of bytes for the account asked, at the limit of a.
func (a *Account) exceeded(asked *Account, bytes, used, limit int64) error {
	return sqlstate.New(sqlstate.OutOfMemory, "out of memory: %s needs %s more, limit of %s is %s (%s)",
		asked.path(), Format(bytes), a.name, Format(limit), Setting).
		WithDetail("%s of it are in use.", Format(max(used, 0))).
		WithHint("Raise the limit, or let the query touch fewer rows or groups at a time.")
}

// path names the account from below the root, "query 17/hash join".
func (a *Account) path() string {
	if a.parent == nil || a.parent.parent == nil {
		return a.name
	}
	return a.parent.path() + "/" + a.name
}

// Format writes a number of bytes with a binary unit: "512 B", "1.5 MiB".
func Format(bytes int64) string {
	if bytes < 1<<10 {
		return fmt.Sprintf("%d B", bytes)
	}
	value, units := float64(bytes)/(1<<10), []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	for value >= 1<<10 && len(units) > 1 {
		value, units = value/(1<<10), units[1:]
	}
	return fmt.Sprintf("%.4g %s", value, units[0])
}

// Hold is what one statement holds of an account through callers that come and
// go: Close gives back what they left. The zero value is unlimited.
type Hold struct {
	// Account is what it takes from.
	Account *Account
	held    atomic.Int64
}

// Reserve takes bytes from the account.
func (h *Hold) Reserve(bytes int64) error {
	if h.Account == nil {
		return nil
	}
	err := h.Account.Reserve(bytes)
	if err == nil {
		h.held.Add(bytes)
	}
	return err
}

// Release returns bytes that were reserved through h.
func (h *Hold) Release(bytes int64) {
	if h.Account != nil {
		h.held.Add(-bytes)
		h.Account.Release(bytes)
	}
}

// Close returns what is still held.
func (h *Hold) Close() {
	if n := h.held.Swap(0); n != 0 {
		h.Account.Release(n)
	}
}
