package rowstore

import (
	"slices"
	"sort"
	"strings"

	"htapdb/internal/vfs"
	"htapdb/rowstore/lock"
	"htapdb/sql/sqlstate"
)

// writeSet holds what a transaction has locked and written, rows and index
// entries alike, by full key prefix.
type writeSet struct {
	// entries finds the entries by key once there are many.
	entries map[string]*ownEntry
	// order is creation order, which becomes rowID order.
	order []*ownEntry
	first *firstEntries
	// sorted holds the first len(sorted) entries of order by key. It is replaced,
	// never changed, because open iterators hold parts of it.
	sorted []*ownEntry
	bytes  int64
	limit  int64
	// charged is what is reserved from budget: none while the set is small.
	budget  vfs.Budget
	charged int64
	// seq numbers writes; undo holds the entries written at seq ≥ undoFrom.
	seq      uint64
	undo     []*ownEntry
	undoFrom uint64
	// savepoints are the seqs of the open savepoints, oldest first.
	savepoints []uint64
	rows       int // primary entries with versions, an upper bound
}

// ownEntry is one key that the transaction has locked or written.
type ownEntry struct {
	key       string // header and body
	headerLen int
	table     uint32
	index     *compiledIndex // nil for the primary key
	// locked is the row lock held, as mode+1; 0 is none.
	locked uint8
	// base is the newest committed version; it cannot change once the lock is
	// strong enough. baseKnown says that it has been read.
	base      foundVersion
	baseKnown bool
	versions  []ownVersion
	// wasMoved says that a version which was pruned had moved the row away.
	wasMoved bool
}

// ownVersion is one write. Later ones hide earlier ones.
type ownVersion struct {
	stmt      int
	seq       uint64
	tombstone bool
	// moved, of a tombstone, says that the row lives on under another key.
	moved bool
	// value is the encoded value with a placeholder for the rowID; schema is what
	// it was written with: the table may be altered later in the transaction.
	value  []byte
	schema *Schema
}

// Memory beyond keys and values, for the bound.
const (
	entryOverhead   = 240
	versionOverhead = 72
)

// visible returns the version that statements below limit wrote last, nil if none.
func (e *ownEntry) visible(limit int) *ownVersion {
	for i := len(e.versions) - 1; i >= 0; i-- {
		if e.versions[i].stmt < limit {
			return &e.versions[i]
		}
	}
	return nil
}

// last returns the newest own version, nil if there is none.
func (e *ownEntry) last() *ownVersion {
	if len(e.versions) == 0 {
		return nil
	}
	return &e.versions[len(e.versions)-1]
}

// live reports whether the key exists now: own version, else committed.
func (e *ownEntry) live() bool {
	if v := e.last(); v != nil {
		return !v.tombstone
	}
	return e.base.live()
}

// moved reports whether the transaction moved the row away, whatever it has
// written under the key since.
func (e *ownEntry) moved() bool {
	for i := range e.versions {
		if e.versions[i].moved {
			return true
		}
	}
	return e.wasMoved
}

// body returns the key without its header.
func (e *ownEntry) body() string { return e.key[e.headerLen:] }

// hadCommitted reports whether the key was live before the transaction. For an
// index entry whose base was not read, a first write that deletes tells.
func (e *ownEntry) hadCommitted() bool {
	if e.baseKnown {
		return e.base.live()
	}
	return len(e.versions) > 0 && e.versions[0].tombstone
}

// row returns the newest row of a primary entry, invalid if it does not exist.
func (e *ownEntry) row(schema *Schema) (Row, error) {
	if v := e.last(); v != nil {
		return v.row(schema)
	}
	return e.base.row.as(schema)
}

// row decodes an own version of a row, with the schema of the reader.
func (v *ownVersion) row(schema *Schema) (Row, error) {
	if v.tombstone {
		return Row{}, nil
	}
	ver, ok := decodeVersion(v.value)
	if !ok {
		return Row{}, schema.corrupt("write set holds no row version")
	}
	row, err := schema.decodeRow(ver.row, ver.flags)
	row.stable = true
	return row, err
}

// firstEntries are the first entries of a write set in one piece of memory: most
// transactions write few rows, once each.
type firstEntries struct {
	entries  [2]ownEntry
	versions [2][1]ownVersion
	order    [fewEntries]*ownEntry
}

// fewEntries is how many entries are looked through before a map is made.
const fewEntries = 8

// find returns the entry of a prefix, nil if there is none.
func (w *writeSet) find(prefix []byte) *ownEntry {
	if w.entries != nil {
		return w.entries[string(prefix)]
	}
	for _, e := range w.order {
		if e.key == string(prefix) {
			return e
		}
	}
	return nil
}

// entry returns the entry of a prefix, making it if needed.
func (w *writeSet) entry(schema *Schema, index *compiledIndex, prefix []byte) (*ownEntry, error) {
	if e := w.find(prefix); e != nil {
		return e, nil
	}
	if err := w.grow(int64(entryOverhead + len(prefix))); err != nil {
		return nil, err
	}
	e := w.newEntry()
	e.key, e.table, e.index, e.headerLen = string(prefix), schema.def.ID, index, len(schema.primary)
	if index != nil {
		e.headerLen = len(index.header)
	}
	w.order = append(w.order, e)
	if len(w.order) > fewEntries {
		if w.entries == nil {
			w.entries = make(map[string]*ownEntry, 2*fewEntries)
			for _, e := range w.order {
				w.entries[e.key] = e
			}
		}
		w.entries[e.key] = e
	}
	return e, nil
}

// newEntry returns an empty entry.
func (w *writeSet) newEntry() *ownEntry {
	if w.first == nil {
		w.first = &firstEntries{}
		w.order = w.first.order[:0]
	}
	n := len(w.order)
	if n >= len(w.first.entries) {
		return &ownEntry{}
	}
	e := &w.first.entries[n]
	e.versions = w.first.versions[n][:0]
	return e
}

// grow accounts for memory and refuses to pass the bound.
func (w *writeSet) grow(n int64) error {
	if w.bytes+n > w.limit {
		return sqlstate.New(sqlstate.OutOfMemory, "transaction's write set exceeds %d bytes", w.limit).
			WithHint("Commit more often, load the rows with COPY, or raise MaxWriteSetBytes.")
	}
	if short := w.bytes + n - w.charged - freeWrites; short > 0 {
		if err := w.charge(max(short, w.bytes/4)); err != nil {
			return err
		}
	}
	w.bytes += n
	return nil
}

// freeWrites is how large a write set may be without being charged, so that
// transactions of a few rows do not pay for it.
const freeWrites = 64 << 10

// charge reserves memory until the transaction ends.
func (w *writeSet) charge(bytes int64) error {
	if err := w.budget.Reserve(bytes); err != nil {
		return sqlstate.Wrap(sqlstate.OutOfMemory, err, "no memory for the write set of a transaction beyond %d bytes", w.bytes).
			WithDetail("%v", err).WithHint("Commit more often, load the rows with COPY, or raise the memory limit.")
	}
	w.charged += bytes
	return nil
}

// close ends the write set.
func (w *writeSet) close() {
	if w.charged > 0 {
		w.budget.Release(w.charged)
	}
	*w = writeSet{}
}

// put adds a version to an entry.
func (w *writeSet) put(schema *Schema, e *ownEntry, stmt int, tombstone bool, value []byte) error {
	if err := w.grow(int64(versionOverhead + len(value))); err != nil {
		return err
	}
	w.prune(e, stmt)
	if len(e.versions) == 0 && e.index == nil {
		w.rows++
	}
	e.versions = append(e.versions, ownVersion{stmt: stmt, seq: w.seq, tombstone: tombstone, value: value, schema: schema})
	w.seq++
	if len(w.savepoints) > 0 {
		w.undo = append(w.undo, e)
	} else {
		w.undo, w.undoFrom = w.undo[:0], w.seq
	}
	return nil
}

// prune drops versions that no statement can see any more and no savepoint can
// bring back: those followed by one of an earlier statement that is older than
// every savepoint.
func (w *writeSet) prune(e *ownEntry, stmt int) {
	oldest := w.seq
	if len(w.savepoints) > 0 {
		oldest = w.savepoints[0]
	}
	n := 0
	for n+1 < len(e.versions) && e.versions[n+1].stmt < stmt && e.versions[n+1].seq < oldest {
		w.bytes -= int64(versionOverhead + len(e.versions[n].value))
		e.wasMoved = e.wasMoved || e.versions[n].moved
		n++
	}
	// The first version tells whether an index entry was there before.
	if n > 0 && !e.baseKnown {
		e.base = foundVersion{exists: e.versions[0].tombstone}
		e.baseKnown = true
	}
	e.versions = slices.Delete(e.versions, 0, n)
}

// savepoint opens a savepoint and returns its seq.
func (w *writeSet) savepoint() uint64 {
	if len(w.savepoints) == 0 {
		w.undo, w.undoFrom = w.undo[:0], w.seq
	}
	w.savepoints = append(w.savepoints, w.seq)
	return w.seq
}

// rollbackTo removes the versions written since the savepoint at depth.
func (w *writeSet) rollbackTo(depth int) {
	to := w.savepoints[depth]
	for n := len(w.undo); n > 0 && w.undoFrom+uint64(n) > to; n = len(w.undo) {
		e := w.undo[n-1]
		v := e.last()
		w.bytes -= int64(versionOverhead + len(v.value))
		e.versions = e.versions[:len(e.versions)-1]
		w.undo = w.undo[:n-1]
	}
	w.seq = to
	w.savepoints = w.savepoints[:depth+1]
}

// release forgets the savepoint at depth and those after it.
func (w *writeSet) release(depth int) {
	w.savepoints = w.savepoints[:depth]
	if depth == 0 {
		w.undo, w.undoFrom = w.undo[:0], w.seq
	}
}

// sort brings sorted up to date.
func (w *writeSet) sort() {
	n := len(w.sorted)
	if n == len(w.order) {
		return
	}
	tail := slices.Clone(w.order[n:])
	slices.SortFunc(tail, func(a, b *ownEntry) int { return strings.Compare(a.key, b.key) })
	if n == 0 {
		w.sorted = tail
		return
	}
	merged := make([]*ownEntry, 0, len(w.order))
	old := w.sorted
	for len(old) > 0 && len(tail) > 0 {
		if old[0].key < tail[0].key {
			merged, old = append(merged, old[0]), old[1:]
		} else {
			merged, tail = append(merged, tail[0]), tail[1:]
		}
	}
	w.sorted = append(append(merged, old...), tail...)
}

// span returns the entries of an index within a span in scan order. The slice
// stays as it is when the write set grows.
func (w *writeSet) span(header []byte, sp Span, reverse bool) []*ownEntry {
	if len(w.order) == 0 || sp.Empty() {
		return nil
	}
	w.sort()
	lower := string(header) + string(sp.Start)
	from := sort.Search(len(w.sorted), func(i int) bool { return w.sorted[i].key >= lower })
	var upper string
	if sp.End != nil {
		upper = string(header) + string(sp.End)
	} else {
		upper = string(prefixEnd(header))
	}
	to := len(w.sorted)
	if upper != "" {
		to = sort.Search(len(w.sorted), func(i int) bool { return w.sorted[i].key >= upper })
	}
	if from >= to {
		return nil
	}
	part := w.sorted[from:to]
	if reverse {
		part = slices.Clone(part)
		slices.Reverse(part)
	}
	return part
}

// stable reports whether a lock keeps the committed version from changing: a
// key share lock lets updates of other columns pass.
func (e *ownEntry) stable() bool { return e.locked > uint8(lock.KeyShare)+1 }
