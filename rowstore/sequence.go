package rowstore

import (
	"sync"
	"sync/atomic"
)

// sequence hands out a table's rowIDs and hidden keys. Numbers are leased
// ahead: a number is used only below a durable ceiling, so that none is used
// again after a crash.
type sequence struct {
	table uint32
	// nextRow is the next rowID; Store.commitMu guards it. The first is 1.
	nextRow uint64
	// rowCommitted mirrors nextRow for readers without the mutex.
	rowCommitted atomic.Uint64
	// rowReserved is an upper bound of the rowIDs that commits under way may take.
	rowReserved atomic.Uint64
	rowCeiling  atomic.Uint64
	// hidden is the last hidden key handed out.
	hidden        atomic.Uint64
	hiddenCeiling atomic.Uint64
	mu            sync.Mutex // serializes extensions
	chunk         uint64     // next lease's size; mu guards it
}

// sequences holds the sequences of the tables written since Open.
type sequences struct {
	mu     sync.Mutex
	tables map[uint32]*sequence
}

const (
	firstLease = 1 << 12
	maxLease   = 1 << 24
)

// sequence returns a table's sequence, reading its ceilings at the first use.
func (s *Store) sequence(table uint32) (*sequence, error) {
	s.seqs.mu.Lock()
	defer s.seqs.mu.Unlock()
	if q := s.seqs.tables[table]; q != nil {
		return q, nil
	}
	value, err := s.metaGet(metaKey(metaSequence, uint64(table)))
	if err != nil {
		return nil, err
	}
	q := &sequence{table: table, chunk: firstLease, nextRow: max(number(value, 0), 1)}
	q.rowCommitted.Store(q.nextRow)
	q.rowReserved.Store(q.nextRow)
	q.rowCeiling.Store(q.nextRow)
	q.hidden.Store(number(value, 1))
	q.hiddenCeiling.Store(number(value, 1))
	s.seqs.tables[table] = q
	return q, nil
}

// reserveRows makes sure that n more rowIDs may be taken under the commit mutex.
func (s *Store) reserveRows(q *sequence, n uint64) error {
	need := q.rowReserved.Add(n)
	for need > q.rowCeiling.Load() {
		if err := s.extendSequence(q, need, 0); err != nil {
			return err
		}
	}
	return nil
}

// takeRows returns the first of n consecutive rowIDs; commitMu is held and the
// rowIDs are reserved.
func (q *sequence) takeRows(n uint64) uint64 {
	first := q.nextRow
	q.nextRow += n
	q.rowCommitted.Store(q.nextRow)
	return first
}

// nextHidden returns a hidden key never used before.
func (s *Store) nextHidden(q *sequence, n uint64) (first uint64, err error) {
	last := q.hidden.Add(n)
	for last > q.hiddenCeiling.Load() {
		if err := s.extendSequence(q, 0, last); err != nil {
			return 0, err
		}
	}
	return last - n + 1, nil
}

// extendSequence raises the ceilings above what is needed; 0 leaves one alone.
func (s *Store) extendSequence(q *sequence, row, hidden uint64) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	rows, keys := q.rowCeiling.Load(), q.hiddenCeiling.Load()
	if row <= rows && hidden <= keys {
		return nil
	}
	if row > rows {
		rows = row + q.chunk
	}
	if hidden > keys {
		keys = hidden + q.chunk
	}
	q.chunk = min(2*q.chunk, maxLease)
	if err := s.metaSet(true, metaKey(metaSequence, uint64(q.table)), numbers(rows, keys)); err != nil {
		return err
	}
	q.rowCeiling.Store(rows)
	q.hiddenCeiling.Store(keys)
	return nil
}

// NextRowID returns a lower bound of the rowIDs that the table's future
// versions get; all versions committed so far are below it.
func (s *Store) NextRowID(tableID uint32) (uint64, error) {
	q, err := s.sequence(tableID)
	if err != nil {
		return 0, err
	}
	return q.rowCommitted.Load(), nil
}

// saveSequences writes the exact values at a clean close, so that no lease is lost.
func (s *Store) saveSequences() error {
	s.seqs.mu.Lock()
	defer s.seqs.mu.Unlock()
	var pairs [][]byte
	for id, q := range s.seqs.tables {
		pairs = append(pairs, metaKey(metaSequence, uint64(id)), numbers(q.nextRow, q.hidden.Load()))
	}
	if len(pairs) == 0 {
		return nil
	}
	return s.metaSet(false, pairs...)
}
