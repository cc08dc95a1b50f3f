package rowstore

import (
	"crypto/rand"
	"encoding/binary"
	"slices"

	"htapdb/sql/sqlstate"
)

// incarnation is one opening of the store.
type incarnation struct {
	// id is random, so that two copies of a directory, opened apart, never share one.
	id uint64
	// recovered is the newest commit that the opening found: what earlier
	// incarnations had beyond it was lost.
	recovered Timestamp
}

// maxIncarnations is how many openings the store remembers. Whatever was
// written beside an older one and not since is rebuilt.
const maxIncarnations = 64

// Incarnation identifies this opening of the store: random, never 0.
func (s *Store) Incarnation() uint64 { return s.incarnations[len(s.incarnations)-1].id }

// Continues reports whether the store has exactly the commits up to ts that it
// had in the given incarnation: false if that was another copy of the store, or
// if a crash has lost some of them. A timestamp alone does not tell: later
// commits pass it.
func (s *Store) Continues(id uint64, ts Timestamp) bool {
	i := slices.IndexFunc(s.incarnations, func(x incarnation) bool { return x.id == id })
	if i < 0 {
		return false
	}
	return i == len(s.incarnations)-1 || ts <= s.incarnations[i+1].recovered
}

// loadIdentity makes or reads the UUID, counts the opening and reads the
// incarnations before this one.
func (s *Store) loadIdentity() error {
	value, err := s.metaGet(metaKey(metaIdentity))
	if err != nil {
		return err
	}
	if value == nil {
		value = make([]byte, 16+8)
		if _, err := rand.Read(value[:16]); err != nil {
			return sqlstate.Wrap(sqlstate.IOError, err, "no randomness for the store's identity")
		}
		value[6], value[8] = value[6]&0x0F|0x40, value[8]&0x3F|0x80
	}
	if len(value) != 24 {
		return sqlstate.New(sqlstate.DataCorrupted, "row store %q: identity of %d bytes", s.dir, len(value))
	}
	copy(s.uuid[:], value)
	s.openings = number(value[16:], 0) + 1
	history, err := s.metaGet(metaKey(metaIncarnations))
	if err != nil {
		return err
	}
	for ; len(history) >= 16; history = history[16:] {
		s.incarnations = append(s.incarnations, incarnation{number(history, 0), Timestamp(number(history, 1))})
	}
	return nil
}

// beginIncarnation records this opening, which has recovered what it found.
func (s *Store) beginIncarnation() error {
	var id [8]byte
	if _, err := rand.Read(id[:]); err != nil {
		return sqlstate.Wrap(sqlstate.IOError, err, "no randomness for the store's incarnation")
	}
	s.incarnations = append(s.incarnations, incarnation{binary.LittleEndian.Uint64(id[:]) | 1, s.recovered})
	s.incarnations = s.incarnations[max(0, len(s.incarnations)-maxIncarnations):]
	var history []byte
	for _, x := range s.incarnations {
		history = append(history, numbers(x.id, uint64(x.recovered))...)
	}
	return s.metaSet(true,
		metaKey(metaIdentity), append(slices.Clone(s.uuid[:]), numbers(s.openings)...),
		metaKey(metaIncarnations), history)
}
