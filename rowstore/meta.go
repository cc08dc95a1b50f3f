package rowstore

import (
	"encoding/binary"
	"errors"
	"syscall"

	"htapdb/sql/sqlstate"

	"github.com/cockroachdb/pebble/v2"
)

// Kinds of the store's own records: the index part of keys of table 0. Their
// keys have no suffix; their values are fixed-width little-endian numbers.
const (
	metaIdentity = 1 // uuid (16) | number of openings (8)
	metaCeiling  = 2 // timestamp ceiling (8) | newest durable commit then (8)
	metaSequence = 3 // by table: rowID ceiling (8) | hidden key ceiling (8)
	metaLoad     = 4 // by table and L: see loadRecord
	metaDrop     = 5 // by table: timestamp after which it goes (8)
	metaHorizon  = 6 // collection horizon (8): snapshots below are refused
	// metaIncarnations: for each of the last openings, the newest at the end:
	// random id (8) | newest commit recovered (8)
	metaIncarnations = 7
)

// metaKey returns the key of a record; table and ts are part of it where the
// kind says so.
func metaKey(kind uint32, parts ...uint64) []byte {
	k := appendHeader(nil, 0, kind)
	for _, p := range parts {
		k = binary.BigEndian.AppendUint64(k, p)
	}
	return append(k, sentinel)
}

// metaBounds returns the bounds of all records of a kind.
func metaBounds(kind uint32) (lower, upper []byte) {
	h := appendHeader(nil, 0, kind)
	return append(append([]byte(nil), h...), sentinel), headerEnd(nil, h)
}

// metaGet returns a record's value, nil if there is none.
func (s *Store) metaGet(key []byte) ([]byte, error) {
	v, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, s.ioError(err, "reading a record of the store")
	}
	defer closer.Close()
	return append([]byte(nil), v...), nil
}

// metaScan calls fn with every record of a kind: the key's parts and the value.
func (s *Store) metaScan(kind uint32, fn func(parts []uint64, value []byte) error) error {
	lower, upper := metaBounds(kind)
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return s.ioError(err, "reading the records of the store")
	}
	defer it.Close()
	for ok := it.First(); ok; ok = it.Next() {
		body := it.Key()[len(lower)-1 : len(it.Key())-1]
		var parts []uint64
		for ; len(body) >= 8; body = body[8:] {
			parts = append(parts, binary.BigEndian.Uint64(body))
		}
		if err := fn(parts, it.Value()); err != nil {
			return err
		}
	}
	if err := it.Error(); err != nil {
		return s.ioError(err, "reading the records of the store")
	}
	return nil
}

// metaSet writes records in one batch; sync waits for durability.
func (s *Store) metaSet(sync bool, pairs ...[]byte) error {
	b := s.db.NewBatch()
	defer b.Close()
	for i := 0; i < len(pairs); i += 2 {
		var err error
		if pairs[i+1] == nil {
			err = b.Delete(pairs[i], nil)
		} else {
			err = b.Set(pairs[i], pairs[i+1], nil)
		}
		if err != nil {
			return err
		}
	}
	return s.applyPlain(b, sync)
}

// numbers encodes a record's value.
func numbers(v ...uint64) []byte {
	var out []byte
	for _, n := range v {
		out = binary.LittleEndian.AppendUint64(out, n)
	}
	return out
}

// number returns the i-th number of a record's value, 0 if it is shorter.
func number(value []byte, i int) uint64 {
	if len(value) < 8*(i+1) {
		return 0
	}
	return binary.LittleEndian.Uint64(value[8*i:])
}

// ioError is 58030 with a cause, 53100 for a full disk, or XX001 where Pebble
// found damage.
func (s *Store) ioError(err error, doing string) error {
	if pebble.IsCorruptionError(err) {
		return sqlstate.Wrap(sqlstate.DataCorrupted, err, "row store %q: %s: %v", s.dir, doing, err)
	}
	code := sqlstate.IOError
	if errors.Is(err, syscall.ENOSPC) {
		code = sqlstate.DiskFull
	}
	return sqlstate.Wrap(code, err, "row store %q: %s: %v", s.dir, doing, err)
}
