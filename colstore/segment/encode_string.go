package segment

import (
	"encoding/binary"
	"slices"
	"strings"
	"unsafe"

	"htapdb/sql/types"
	"htapdb/vector"
)

// dictionaryShare is how many rows each dictionary entry must stand for on
// average: with fewer, the entries and their headers in memory cost more than
// offsets do.
const dictionaryShare = 4

// encodeStrings chooses among constant, dictionary and plain strings.
func (c *encoder) encodeStrings(e *entry, data *vector.Vector, valid []uint8) error {
	a := data.Str[:data.Len]
	first, ok := c.buildDictionary(a, valid, len(a)/dictionaryShare)
	if !ok {
		return c.encodePlainStrings(e, a, valid)
	}
	// first[k] is a row that holds the k-th distinct string found. Sort them, and
	// renumber the codes.
	order := make([]uint32, len(first))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(x, y uint32) int { return strings.Compare(a[first[x]], a[first[y]]) })
	rank := make([]uint32, len(first))
	entries := make([]string, len(first))
	for i, k := range order {
		rank[k] = uint32(i)
		entries[i] = a[first[k]]
	}
	e.entries, e.distinct = len(entries), len(entries)
	e.setStringZone(entries[0], entries[len(entries)-1])
	e.enc, e.lane = Dictionary, laneFor(uint64(len(entries)-1))
	if len(entries) == 1 {
		e.enc, e.lane = Constant, 0
	} else {
		for i, k := range c.codes {
			c.codes[i] = rank[k]
		}
		appendInts(c, e.lane, c.codes, 0, valid)
		c.buf = pad(c.buf)
	}
	c.hashes = c.hashes[:0]
	for _, s := range entries {
		c.hashes = append(c.hashes, vector.HashString(s))
	}
	c.setSketch(e, c.hashes, nil)
	return c.appendStrings(e.id, entries, nil)
}

// sighting is a string that buildDictionary has met, by its address.
type sighting struct {
	at   *byte
	size int
	code uint32
}

// sightings is the size of the cache of sightings, a power of two.
const sightings = 1 << 10

// buildDictionary numbers the distinct strings in order of appearance, leaves
// each row's number in c.codes, and returns the first row of each; ok is false
// if there are more than limit (of at least 1).
func (c *encoder) buildDictionary(a []string, valid []uint8, limit int) (first []uint32, ok bool) {
	limit = max(limit, 1)
	c.codes = slices.Grow(c.codes[:0], len(a))[:len(a)]
	size := 16
	for size < 2*limit {
		size *= 2
	}
	// An open-addressed table of entry numbers plus one, probed linearly;
	// c.hashes[k] is the hash of entry k.
	c.table = slices.Grow(c.table[:0], size)[:size]
	clear(c.table)
	c.hashes = c.hashes[:0]
	mask := uint64(size - 1)
	// The rows of a load from a dictionary share its strings, which are then found
	// by their address, without hashing and comparing them.
	var seen [sightings]sighting
	for i, s := range a {
		if valid != nil && valid[i] == 0 {
			c.codes[i] = 0
			continue
		}
		at := unsafe.StringData(s)
		known := &seen[uint64(uintptr(unsafe.Pointer(at)))*0x9E3779B97F4A7C15>>54]
		if known.at == at && known.size == len(s) && at != nil {
			c.codes[i] = known.code
			continue
		}
		h := vector.HashString(s)
		for slot := h & mask; ; slot = (slot + 1) & mask {
			k := c.table[slot]
			if k == 0 {
				if len(first) == limit {
					return nil, false
				}
				first = append(first, uint32(i))
				c.hashes = append(c.hashes, h)
				k = uint32(len(first))
				c.table[slot] = k
			}
			if c.hashes[k-1] == h && a[first[k-1]] == s {
				c.codes[i] = k - 1
				break
			}
		}
		*known = sighting{at, len(s), c.codes[i]}
	}
	return first, true
}

func (c *encoder) encodePlainStrings(e *entry, a []string, valid []uint8) error {
	e.enc = Strings
	least := a[firstValid(valid)]
	most := least
	for i, s := range a {
		if valid == nil || valid[i] != 0 {
			least, most = min(least, s), max(most, s)
		}
	}
	e.setStringZone(least, most)
	return c.appendStrings(e.id, a, valid)
}

// appendStrings writes offsets and bytes; nulls are empty.
func (c *encoder) appendStrings(id uint32, a []string, valid []uint8) error {
	total := 0
	c.buf = slices.Grow(c.buf, 4*len(a)+4+chunkAlign)
	c.buf = binary.LittleEndian.AppendUint32(c.buf, 0)
	for i, s := range a {
		if valid == nil || valid[i] != 0 {
			total += len(s)
		}
		if total > maxStringBytes {
			return errTooLong(id, total)
		}
		c.buf = binary.LittleEndian.AppendUint32(c.buf, uint32(total))
	}
	c.buf = slices.Grow(pad(c.buf), total+chunkAlign)
	for i, s := range a {
		if valid == nil || valid[i] != 0 {
			c.buf = append(c.buf, s...)
		}
	}
	return nil
}

// setStringZone stores the bounds, cut to zoneBytes.
func (e *entry) setStringZone(least, most string) {
	if len(least) > zoneBytes {
		least = least[:zoneBytes]
		e.flags |= minTruncated
	}
	if len(most) > zoneBytes {
		most = most[:zoneBytes]
		e.flags |= maxTruncated
	}
	e.min, e.max = types.NewString(strings.Clone(least)), types.NewString(strings.Clone(most))
}
