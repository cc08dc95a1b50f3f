package lock

import (
	"fmt"
	"strings"

	"htapdb/sql/sqlstate"
)

// checkDeadlock publishes that o waits for r and returns 40P01 if that closes
// a cycle. Requests are in their queues before their owners come here, and come
// one at a time: of the owners of a cycle, the last to come sees all of it.
func (m *Manager) checkDeadlock(o *Owner, r *request) error {
	m.waitMu.Lock()
	defer m.waitMu.Unlock()
	o.waiting = r
	path := []*request{r}
	if !m.findCycle(o, r, map[*Owner]bool{o: true}, &path) {
		return nil
	}
	return sqlstate.New(sqlstate.DeadlockDetected, "deadlock detected").
		WithDetail("%s", describeCycle(path)).
		WithHint("Run the transaction again.")
}

// findCycle searches depth first for a way from r's blockers back to start.
// path holds the requests on the way.
func (m *Manager) findCycle(start *Owner, r *request, seen map[*Owner]bool, path *[]*request) bool {
	for _, b := range r.blockers() {
		if b == start {
			return true
		}
		if seen[b] || b.waiting == nil {
			continue
		}
		seen[b] = true
		*path = append(*path, b.waiting)
		if m.findCycle(start, b.waiting, seen, path) {
			return true
		}
		*path = (*path)[:len(*path)-1]
	}
	return false
}

// blockers returns the owners that r waits for: conflicting holders, and
// conflicting requests before it. None if it has been granted.
func (r *request) blockers() []*Owner {
	e := r.entry
	e.shard.mu.Lock()
	defer e.shard.mu.Unlock()
	if r.granted {
		return nil
	}
	var out []*Owner
	for i := range e.holders {
		if h := &e.holders[i]; h.owner != r.owner && conflicts[r.mode][h.mode] {
			out = append(out, h.owner)
		}
	}
	for _, q := range e.queue {
		if q == r {
			break
		}
		if conflicts[r.mode][q.mode] {
			out = append(out, q.owner)
		}
	}
	return out
}

// describeCycle lists the waits as PostgreSQL does, one sentence each.
func describeCycle(path []*request) string {
	var b strings.Builder
	for i, r := range path {
		next := path[(i+1)%len(path)]
		what := "a row of table"
		if r.entry.key == "" {
			what = "table"
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "Transaction %d waits for %s lock on %s %d; blocked by transaction %d.",
			r.owner.id, r.mode, what, r.entry.table, next.owner.id)
	}
	return b.String()
}
