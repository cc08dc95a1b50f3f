package colstore

import (
	"strings"

	"htapdb/internal/vfs"
	"htapdb/sql/sqlstate"
)

// recover opens what the manifest lists, if it fits, and removes other files.
func (s *Store) recover() error {
	names, err := s.fs.List(s.dir)
	if err != nil {
		return ioError(err, "listing %s", s.dir)
	}
	m, why := s.readManifest(names)
	s.why = why
	if m != nil {
		s.fileNumber.Store(m.fileNumber)
		s.recovered = m.position
		s.position.Store(m.position)
		s.safe.Store(m.position)
		for i := range m.tables {
			s.openTable(&m.tables[i], m.position)
		}
	}
	for _, name := range names {
		if s.listed[name] != nil || name == manifestName && m != nil || !ours(name) {
			continue
		}
		if err := s.fs.Remove(s.path(name)); err != nil {
			return ioError(err, "removing %s", name)
		}
	}
	return nil
}

// ours reports whether the store makes files of that name.
func ours(name string) bool {
	return strings.HasSuffix(name, ".seg") || strings.HasSuffix(name, ".tmp") || name == manifestName
}

// readManifest returns the manifest if there is one that fits this store, else
// why it was discarded, "" if there is none.
func (s *Store) readManifest(names []string) (m *manifest, why string) {
	found := false
	for _, n := range names {
		found = found || n == manifestName
	}
	if !found {
		return nil, ""
	}
	mapping, err := vfs.Map(s.fs, s.path(manifestName))
	if err != nil {
		return nil, err.Error()
	}
	m, why = decodeManifest(mapping.Data)
	// Nothing decoded aliases the mapping.
	_ = mapping.Close()
	switch {
	case m == nil:
	case m.storeID != s.opts.StoreID:
		m, why = nil, "the columns belong to another row store"
	case !s.continues(m.incarnation, m.position):
		m, why = nil, "the columns belong to another copy of the row store, or have commits that it lost"
	case m.position > s.opts.DurableTS:
		m, why = nil, "the columns are ahead of what the row store recovered"
	}
	return m, why
}

// continues reports whether the row store's commits up to a position are those
// of the incarnation.
func (s *Store) continues(incarnation, position uint64) bool {
	if s.opts.Continues == nil {
		return incarnation == s.opts.Incarnation
	}
	return s.opts.Continues(incarnation, position)
}

// openTable opens a table of the manifest. One whose files are damaged comes up
// detached and empty, to be rebuilt.
func (s *Store) openTable(e *tableEntry, position uint64) {
	l := e.schema.validate()
	var segs []*sealed
	if l == nil {
		segs, l = s.openSegments(e, position)
	}
	if l != nil {
		segs = nil
	}
	t := newTable(s, e.schema.clone(), segs)
	t.state = Live
	if l != nil {
		t.state, t.reason = Detached, l.Error()
	}
	t.safe.Store(position)
	t.floor.Store(e.floor)
	t.nextRowID.Store(e.nextRowID)
	t.lastTS, t.replayed = position, position
	s.tables[t.id] = t
	for _, x := range segs {
		x.refs.Add(1)
		s.listed[x.name] = x
	}
}

// openSegments opens the table's files; on an error none stays open.
func (s *Store) openSegments(e *tableEntry, position uint64) (segs []*sealed, err error) {
	for i := range e.segments {
		x, err := s.openSegment(&e.segments[i], position)
		if err != nil {
			for _, x := range segs {
				_ = x.seg.Release() // the first error is what matters
				s.mem.Release(x.bytes.Load())
			}
			return nil, err
		}
		segs = append(segs, x)
	}
	return segs, nil
}

// openSegment opens a listed file and restores its delete logs.
func (s *Store) openSegment(e *segmentEntry, position uint64) (*sealed, error) {
	x, err := s.openSealed(e.name, &layout{ids: e.columns})
	if err != nil {
		return nil, err
	}
	bad := e.rows <= 0 || e.rows > x.rows
	x.rows = e.rows
	x.oneBegin, x.minBegin, x.maxBegin = e.oneBegin, e.minBegin, min(e.maxBegin, position)
	logs := int64(0)
	for i := range e.logs {
		l := &e.logs[i]
		if bad = bad || l.block < 0 || l.block >= len(x.dels) || !x.dels[l.block].restore(l); bad {
			break
		}
		logs += x.dels[l.block].bytes()
	}
	if bad {
		_ = x.seg.Release() // the mismatch is what matters
		s.mem.Release(x.bytes.Load())
		return nil, sqlstate.New(sqlstate.DataCorrupted, "column store: the manifest does not fit segment %s", e.name)
	}
	s.mem.Force(logs)
	x.bytes.Add(logs)
	return x, nil
}

// restore makes d what the manifest says; false if that is impossible.
func (d *deletes) restore(e *logEntry) bool {
	l := &deleteLog{base: e.base, baseRows: e.baseRows, ts: e.ts, rows: e.rows}
	l.n.Store(int32(len(e.ts)))
	d.ended = &bitmap{}
	if e.base != nil {
		*d.ended = *e.base
	}
	for _, r := range e.rows {
		if r >= blockRows {
			return false
		}
		d.ended.set(int(r))
	}
	d.log.Store(l)
	return true
}
