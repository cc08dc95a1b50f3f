package rowstore

import (
	"bytes"
	"encoding/binary"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
)

// Names that are written into the files. A change of behaviour needs a new name.
const (
	comparerName     = "htapdb.rowstore.v1"
	timePropertyName = "htapdb.rowstore.time.v1"
)

// comparer orders keys by prefix, then newest version first. The suffix is the
// inverted timestamp, so suffixes compare as bytes, and a prefix alone sorts
// before its versions.
var comparer = &pebble.Comparer{
	Name:                 comparerName,
	Compare:              compareKeys,
	Equal:                bytes.Equal,
	Split:                splitKey,
	ComparePointSuffixes: bytes.Compare,
	CompareRangeSuffixes: bytes.Compare,
	AbbreviatedKey:       abbreviateKey,
	Separator:            separateKeys,
	Successor:            succeedKey,
	ImmediateSuccessor:   func(dst, a []byte) []byte { return append(append(dst, a...), sentinel) },
	FormatKey:            pebble.DefaultComparer.FormatKey,
}

func compareKeys(a, b []byte) int {
	an, bn := splitKey(a), splitKey(b)
	if c := bytes.Compare(a[:an], b[:bn]); c != 0 {
		return c
	}
	return bytes.Compare(a[an:], b[bn:])
}

// abbreviateKey returns the first eight bytes of the prefix.
func abbreviateKey(key []byte) uint64 {
	prefix := key[:splitKey(key)]
	if len(prefix) >= 8 {
		return binary.BigEndian.Uint64(prefix)
	}
	var v uint64
	for _, b := range prefix {
		v = v<<8 | uint64(b)
	}
	return v << uint(8*(8-len(prefix)))
}

// separateKeys appends a short prefix key k with a ≤ k < b. It shortens only
// where the bodies differ, and the result ends with a sentinel so that it
// splits as a key without suffix.
func separateKeys(dst, a, b []byte) []byte {
	abody, aok := bodyOf(a)
	bbody, bok := bodyOf(b)
	if !aok || !bok || bytes.Equal(abody, bbody) {
		return append(dst, a...)
	}
	n := len(dst)
	dst = pebble.DefaultComparer.Separator(dst, abody, bbody)
	if bytes.Equal(dst[n:], abody) {
		return append(dst[:n], a...)
	}
	return append(dst, sentinel)
}

// succeedKey appends a short prefix key k ≥ a.
func succeedKey(dst, a []byte) []byte {
	body, ok := bodyOf(a)
	if !ok {
		return append(dst, a...)
	}
	n := len(dst)
	dst = pebble.DefaultComparer.Successor(dst, body)
	if bytes.Equal(dst[n:], body) {
		return append(dst[:n], a...)
	}
	return append(dst, sentinel)
}

// bodyOf returns a key's prefix without its sentinel; ok is false if it has
// none or nothing before it.
func bodyOf(key []byte) (body []byte, ok bool) {
	n := splitKey(key)
	if n < 2 || key[n-1] != sentinel {
		return nil, false
	}
	return key[:n-1], true
}

// timeMapper gives each versioned key its timestamp as an interval, from which
// Pebble keeps the range of each block and table. It looks at the user key
// only, so a version and the tombstone that removes it are filtered alike.
type timeMapper struct{}

// MapPointKey implements sstable.IntervalMapper.
func (timeMapper) MapPointKey(key sstable.InternalKey, _ []byte) (sstable.BlockInterval, error) {
	ts := keyTimestamp(key.UserKey)
	if ts == 0 || ts == MaxTimestamp {
		return sstable.BlockInterval{}, nil
	}
	return sstable.BlockInterval{Lower: uint64(ts), Upper: uint64(ts) + 1}, nil
}

// MapRangeKeys implements sstable.IntervalMapper; the store has no range keys.
func (timeMapper) MapRangeKeys(sstable.Span) (sstable.BlockInterval, error) {
	return sstable.BlockInterval{}, nil
}

func newTimeCollector() pebble.BlockPropertyCollector {
	return sstable.NewBlockIntervalCollector(timePropertyName, timeMapper{}, nil)
}

// timeFilter skips blocks without versions in [from, to]. Memtables and mixed
// blocks are not filtered: every timestamp has to be checked again.
func timeFilter(from, to Timestamp) []pebble.BlockPropertyFilter {
	upper := uint64(to)
	if to != MaxTimestamp {
		upper++
	}
	filters := make([]pebble.BlockPropertyFilter, 1, 2) // Pebble appends one
	filters[0] = sstable.NewBlockIntervalFilter(timePropertyName, uint64(from), upper, nil)
	return filters
}
