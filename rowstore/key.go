package rowstore

import (
	"encoding/binary"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// Key is the order-preserving encoding of a row's primary key columns, or of
// its hidden key: it locates the row within its table. Keys of one table
// compare byte-wise as their columns compare in SQL.
type Key []byte

const (
	suffixLen    = 9 // inverted timestamp, length byte
	sentinel     = 0 // ends every prefix; a key without suffix has length byte 0
	maxUvarint32 = 5
)

// appendOrderedUvarint appends v so that byte order is numeric order: up to
// 0xF7 in one byte, above with the number of bytes first.
func appendOrderedUvarint(dst []byte, v uint32) []byte {
	switch {
	case v <= 0xF7:
		return append(dst, byte(v))
	case v <= 0xFFFF:
		return append(dst, 0xF9, byte(v>>8), byte(v))
	}
	return binary.BigEndian.AppendUint32(append(dst, 0xFB), v)
}

// decodeOrderedUvarint returns the value and the rest; ok is false for bytes
// that appendOrderedUvarint does not write.
func decodeOrderedUvarint(b []byte) (v uint32, rest []byte, ok bool) {
	switch {
	case len(b) == 0:
		return 0, b, false
	case b[0] <= 0xF7:
		return uint32(b[0]), b[1:], true
	case b[0] == 0xF9 && len(b) >= 3:
		v = uint32(binary.BigEndian.Uint16(b[1:]))
		return v, b[3:], v > 0xF7
	case b[0] == 0xFB && len(b) >= 5:
		v = binary.BigEndian.Uint32(b[1:])
		return v, b[5:], v > 0xFFFF
	}
	return 0, b, false
}

// appendHeader appends the table and index part of a key.
func appendHeader(dst []byte, table, index uint32) []byte {
	return appendOrderedUvarint(appendOrderedUvarint(dst, table), index)
}

// headerEnd appends the smallest header above every key of header.
func headerEnd(dst, header []byte) []byte {
	n := len(dst)
	dst = append(dst, header...)
	for i := len(dst) - 1; i >= n; i-- {
		if dst[i] != 0xFF {
			dst[i]++
			return append(dst[:i+1], sentinel)
		}
	}
	return append(dst[:n], 0xFF, sentinel)
}

// appendSuffix appends the sentinel and the version part.
func appendSuffix(dst []byte, ts Timestamp) []byte {
	dst = append(dst, sentinel)
	dst = binary.BigEndian.AppendUint64(dst, ^uint64(ts))
	return append(dst, suffixLen)
}

// splitKey returns where the suffix starts; a key without one is all prefix.
func splitKey(key []byte) int {
	n := len(key)
	if n >= suffixLen && key[n-1] == suffixLen {
		return n - suffixLen
	}
	return n
}

// keyTimestamp returns the timestamp of a versioned key, 0 for one without.
func keyTimestamp(key []byte) Timestamp {
	at := splitKey(key)
	if at == len(key) {
		return 0
	}
	return Timestamp(^binary.BigEndian.Uint64(key[at:]))
}

// keyBody returns the part between header and sentinel of a versioned key.
func keyBody(key []byte, headerLen int) []byte {
	at := splitKey(key) - 1
	if at < headerLen {
		return nil
	}
	return key[headerLen:at]
}

// PrimaryKey encodes the values of the primary key columns in key order. The
// values have the columns' representation and are not NULL.
func (s *Schema) PrimaryKey(values ...types.Datum) (Key, error) {
	if s.hidden || len(values) != len(s.def.Primary) {
		return nil, sqlstate.New(sqlstate.InternalError, "table %q has %d primary key columns, got %d values", s.def.Name, len(s.def.Primary), len(values))
	}
	dst := make([]byte, 0, 16*len(values))
	var err error
	for i, ord := range s.def.Primary {
		if dst, err = s.appendPrimaryColumn(dst, ord, values[i]); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

func (s *Schema) appendPrimaryKey(dst []byte, row []types.Datum) ([]byte, error) {
	start := len(dst)
	var err error
	for _, ord := range s.def.Primary {
		if dst, err = s.appendPrimaryColumn(dst, ord, row[ord]); err != nil {
			return dst, err
		}
	}
	return dst, s.checkKeySize(len(dst)-start, s.def.PrimaryName)
}

func (s *Schema) checkKeySize(n int, index string) error {
	if n > maxKeyBytes {
		return sqlstate.New(sqlstate.ProgramLimitExceeded, "index row size %d exceeds maximum %d for index %q", n, maxKeyBytes, index)
	}
	return nil
}

func (s *Schema) appendPrimaryColumn(dst []byte, ord int, d types.Datum) ([]byte, error) {
	c := &s.def.Columns[ord]
	if d.IsNull() {
		return dst, sqlstate.New(sqlstate.NotNullViolation, "null value in column %q of relation %q violates not-null constraint", c.Name, s.def.Name).
			WithObject(s.columnObject(ord))
	}
	if d.Physical() != c.Type.Physical() {
		return dst, sqlstate.New(sqlstate.InternalError, "key column %q of table %q: value has another representation than %s", c.Name, s.def.Name, c.Type)
	}
	return appendKeyDatum(dst, c.Type, d)
}

// DecodeKey returns the values of the primary key columns; for a hidden key it
// is one BIGINT. Intervals come back normalized.
func (s *Schema) DecodeKey(key Key) ([]types.Datum, error) {
	if s.hidden {
		d, rest, ok := decodeKeyDatum(key, types.TInt8)
		if !ok || len(rest) > 0 {
			return nil, s.corrupt("hidden key of %d bytes", len(key))
		}
		return []types.Datum{d}, nil
	}
	out := make([]types.Datum, 0, len(s.def.Primary))
	rest := []byte(key)
	for _, ord := range s.def.Primary {
		d, r, ok := decodeKeyDatum(rest, s.def.Columns[ord].Type)
		if !ok {
			return nil, s.corrupt("key of %d bytes does not hold column %q", len(key), s.def.Columns[ord].Name)
		}
		out, rest = append(out, d), r
	}
	if len(rest) > 0 {
		return nil, s.corrupt("key has %d bytes too many", len(rest))
	}
	return out, nil
}

// hiddenKey encodes a number of the hidden key's sequence.
func appendHiddenKey(dst []byte, n uint64) []byte {
	return binary.BigEndian.AppendUint64(dst, n^1<<63)
}

// HiddenKey returns the key of the row of a table without a primary key whose
// number DecodeKey gave as n.
func HiddenKey(n int64) Key { return appendHiddenKey(make([]byte, 0, 8), uint64(n)) }

// HiddenNumber returns the number that DecodeKey gives for a hidden key; ok is
// false for a key that is none.
func HiddenNumber(key Key) (n int64, ok bool) {
	if len(key) != 8 {
		return 0, false
	}
	return int64(binary.BigEndian.Uint64(key) ^ 1<<63), true
}

// appendIndexColumns appends the index columns of a row with their NULL marks
// and reports whether one is NULL.
func (s *Schema) appendIndexColumns(dst []byte, ix *compiledIndex, row []types.Datum) (out []byte, null bool, err error) {
	start := len(dst)
	for i, ord := range ix.Columns {
		d := row[ord]
		if d.IsNull() {
			dst, null = append(dst, markNull), true
			continue
		}
		if dst, err = appendKeyDatum(append(dst, markValue), ix.types[i], d); err != nil {
			return dst, null, err
		}
	}
	return dst, null, s.checkKeySize(len(dst)-start, ix.Name)
}
