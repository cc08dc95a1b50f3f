package rowstore

import (
	"context"

	"htapdb/sql/sqlstate"

	"github.com/cockroachdb/pebble/v2"
)

// removeLoads removes the rows of loads that were aborted or that a crash cut off.
func (s *Store) removeLoads(ctx context.Context) error {
	for _, l := range s.loads.all() {
		if !l.aborted.Load() {
			continue
		}
		if err := s.removeLoad(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// removeLoad removes a load's rows and index entries, then its record.
func (s *Store) removeLoad(ctx context.Context, l *loadRecord) error {
	lower := append(appendOrderedUvarint(nil, l.table), sentinel)
	upper := headerEnd(nil, appendOrderedUvarint(nil, l.table))
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper, PointKeyFilters: timeFilter(l.L, l.L)})
	if err != nil {
		return s.ioError(err, "removing a load")
	}
	defer it.Close()
	batch := s.db.NewBatch()
	defer func() { _ = batch.Close() }()
	for ok := it.First(); ok; ok = it.Next() {
		if keyTimestamp(it.Key()) != l.L {
			continue
		}
		if err := batch.SingleDelete(it.Key(), nil); err != nil {
			return s.ioError(err, "removing a load")
		}
		if batch.Count() >= 10_000 {
			if err := s.applyPlain(batch, false); err != nil {
				return err
			}
			_ = batch.Close()
			batch = s.db.NewBatch()
			if ctx.Err() != nil {
				return contextError(ctx)
			}
		}
	}
	if err := it.Error(); err != nil {
		return s.ioError(err, "removing a load")
	}
	if err := batch.Delete(l.key(), nil); err != nil {
		return s.ioError(err, "removing a load")
	}
	if err := s.applyPlain(batch, false); err != nil {
		return err
	}
	s.loads.remove(l)
	return nil
}

// settleLoads forgets committed loads that every snapshot sees, now and later.
func (s *Store) settleLoads(h *horizon) error {
	for _, l := range s.loads.all() {
		c := Timestamp(l.committed.Load())
		if c == 0 || c > h.floor || len(h.open) > 0 && h.open[0] < c {
			continue
		}
		if err := s.metaSet(false, l.key(), nil); err != nil {
			return err
		}
		s.loads.remove(l)
	}
	return nil
}

// removeDrops removes dropped tables that no snapshot can read any more.
func (s *Store) removeDrops(h *horizon) error {
	s.gc.mu.Lock()
	var due []uint32
	for table, after := range s.gc.drops {
		if after <= h.floor && (len(h.open) == 0 || h.open[0] >= after) {
			due = append(due, table)
		}
	}
	s.gc.mu.Unlock()
	for _, table := range due {
		if err := s.removeTable(table); err != nil {
			return err
		}
		s.gc.mu.Lock()
		delete(s.gc.drops, table)
		s.gc.mu.Unlock()
	}
	return nil
}

// TableIDs returns the storage ids under which anything is stored, dropped ones
// that have not been removed yet included, in order.
func (s *Store) TableIDs() ([]uint32, error) {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: append(appendHeader(nil, 1, 0), sentinel)})
	if err != nil {
		return nil, s.ioError(err, "listing the tables")
	}
	var ids []uint32
	for ok := it.First(); ok; {
		id, rest, valid := decodeOrderedUvarint(it.Key())
		if !valid {
			_ = it.Close() // the damage is what matters
			return nil, sqlstate.New(sqlstate.DataCorrupted, "row store %q: key of no table", s.dir)
		}
		ids = append(ids, id)
		ok = it.SeekGE(headerEnd(nil, it.Key()[:len(it.Key())-len(rest)]))
	}
	if err := it.Close(); err != nil {
		return nil, s.ioError(err, "listing the tables")
	}
	return ids, nil
}

// removeTable removes everything under a storage id. Its sequences stay, so
// that the id could even be used again.
func (s *Store) removeTable(table uint32) error {
	if table == 0 {
		return sqlstate.New(sqlstate.InternalError, "table 0 is the store's own")
	}
	lower := append(appendOrderedUvarint(nil, table), sentinel)
	upper := headerEnd(nil, appendOrderedUvarint(nil, table))
	batch := s.db.NewBatch()
	defer batch.Close()
	err := batch.DeleteRange(lower, upper, nil)
	if err == nil {
		err = batch.Delete(metaKey(metaDrop, uint64(table)), nil)
	}
	for _, l := range s.loads.of(table) {
		if err == nil {
			err = batch.Delete(l.key(), nil)
		}
		defer s.loads.remove(l)
	}
	if err != nil {
		return s.ioError(err, "removing a table")
	}
	return s.applyPlain(batch, false)
}
