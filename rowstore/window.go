package rowstore

// window remembers the write sets of recent commits: what SERIALIZABLE
// validation compares reads with. It is bounded; a transaction whose snapshot
// is below its floor cannot be validated and has to fail with 40001.
//
// Every commit enters it, in timestamp order, under the commit mutex, before
// its timestamp is known to anyone.
type window struct {
	commits []windowCommit
	keys    int
	// floor is the newest commit that has been forgotten.
	floor Timestamp
}

type windowCommit struct {
	ts Timestamp
	// keys are the full prefixes written, rows and index entries, old and new.
	keys []string
	// table is set for a commit that stands for a whole table (a load), 0 if not.
	table uint32
}

// windowKeys bounds the keys remembered.
const windowKeys = 1 << 14

// add remembers a commit and forgets the oldest beyond the bound.
func (w *window) add(ts Timestamp, keys []string, tables []uint32) {
	w.commits = append(w.commits, windowCommit{ts: ts, keys: keys})
	for _, t := range tables {
		w.commits = append(w.commits, windowCommit{ts: ts, table: t})
	}
	w.keys += len(keys) + len(tables)
	n := 0
	for ; w.keys > windowKeys && n < len(w.commits); n++ {
		c := &w.commits[n]
		w.keys -= len(c.keys)
		if c.table != 0 {
			w.keys--
		}
		w.floor = c.ts
	}
	if n > 0 {
		clear(w.commits[:n])
		w.commits = w.commits[n:]
	}
}

// changed reports whether a commit after since wrote one of keys or loaded one
// of tables; known is false if the window does not reach back that far.
func (w *window) changed(since Timestamp, keys map[string]bool, tables map[uint32]bool) (changed, known bool) {
	if since < w.floor {
		return false, false
	}
	for i := len(w.commits) - 1; i >= 0 && w.commits[i].ts > since; i-- {
		if tables[w.commits[i].table] {
			return true, true
		}
		for _, k := range w.commits[i].keys {
			if keys[k] {
				return true, true
			}
		}
	}
	return false, true
}
