package rowstore

import "sync"

// moves remembers from which keys recent commits have moved rows to other keys.
//
// A statement finds rows by key. When it waits for a row that meanwhile gets
// another primary key, it finds the old key gone, or taken by another row:
// without moves it could not tell that from a delete, and would pass over a row
// that lives on. Only running transactions ask, so the memory needs neither to
// be durable nor to be part of a version's format. It is bounded: for a
// snapshot below floor the answer is 'perhaps', which costs the statement a new
// start.
type moves struct {
	mu sync.Mutex
	// last is the newest commit that moved a row away from a full prefix.
	last map[string]Timestamp
	// order holds the commits oldest first; a prefix may occur several times.
	order []move
	// floor is the newest commit that has been forgotten.
	floor Timestamp
}

type move struct {
	ts  Timestamp
	key string
}

// maxMoves bounds the moves remembered.
const maxMoves = 1 << 14

// add remembers that the commit ts moved rows away from keys. It is called
// under the commit mutex, in timestamp order, while the keys are locked.
func (m *moves) add(ts Timestamp, keys []string) {
	if len(keys) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(keys) > maxMoves {
		m.last, m.order, m.floor = nil, nil, ts
		return
	}
	if n := len(m.order) + len(keys) - maxMoves; n > 0 {
		m.forget(n)
	}
	if m.last == nil {
		m.last = make(map[string]Timestamp)
	}
	for _, k := range keys {
		m.last[k] = ts
		m.order = append(m.order, move{ts, k})
	}
}

// forget drops the oldest n moves.
func (m *moves) forget(n int) {
	for _, o := range m.order[:n] {
		if m.last[o.key] == o.ts {
			delete(m.last, o.key)
		}
		m.floor = o.ts
	}
	clear(m.order[:n])
	m.order = m.order[n:]
}

// after reports whether a commit after since may have moved a row away from a
// key; the caller has locked it.
func (m *moves) after(since Timestamp, key string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return since < m.floor || m.last[key] > since
}
