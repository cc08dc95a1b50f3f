package segment

import (
	"encoding/binary"
	"slices"
	"strings"

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

// buildDictionary numbers the distinct strings in order of appearance, leaves
// each row's number in c.codes, and returns the first row of each; ok is false
// if there are more than limit (of at least 1), or if a sample says so.
func (c *encoder) buildDictionary(a []string, valid []uint8, limit int) (first []uint32, ok bool) {
	limit = max(limit, 1)
	n := len(a)
	c.hashes = slices.Grow(c.hashes[:0], n)[:n]
	for i, s := range a {
		c.hashes[i] = vector.HashString(s)
	}
	c.codes = slices.Grow(c.codes[:0], n)[:n]
	size := 16
	for size < 2*limit {
		size *= 2
	}
	// An open-addressed table of entry numbers plus one, probed linearly.
	c.table = slices.Grow(c.table[:0], size)[:size]
	clear(c.table)
	mask := uint64(size - 1)
	for i, s := range a {
		if valid != nil && valid[i] == 0 {
			c.codes[i] = 0
			continue
		}
		h := c.hashes[i]
		for slot := h & mask; ; slot = (slot + 1) & mask {
			k := c.table[slot]
			if k == 0 {
				if len(first) == limit {
					return nil, false
				}
				first = append(first, uint32(i))
				c.table[slot] = uint32(len(first))
				c.codes[i] = uint32(len(first) - 1)
				break
			}
			if row := first[k-1]; c.hashes[row] == h && a[row] == s {
				c.codes[i] = k - 1
				break
			}
		}
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
