package segment

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/axiomhq/hyperloglog"
)

// A sketch counts 2¹² registers: at most 4 KiB, an error of 1.6 %. While its list
// of exact keys is no longer than that, the sketch holds the list instead; a key
// is the first 25 bits of a hash and, where needed, the zeros that follow.
const (
	sketchPrecision = 12
	sketchRegisters = 1 << sketchPrecision
	sketchKeyBits   = 25
)

// sketcher builds the sketch of a column from all its hashes at once. The bytes
// are those that the hyperloglog package writes after Estimate, which the test
// compares. That package keeps its exact list sorted and packed while hashes come
// one by one: decoding it again for every 41 new keys was a sixth of the time of a
// bulk load.
type sketcher struct {
	regs [sketchRegisters]uint8
	// slots is an open-addressed table of keys, probed linearly; 0 is no key. It
	// is never more than half full.
	slots [2 * sketchRegisters]uint32
	keys  []uint32
	buf   []byte
}

// sketch returns the encoded sketch of the hashes of the valid rows (all if valid
// is nil) and its estimate.
func (s *sketcher) sketch(hashes []uint64, valid []uint8) (data []byte, estimate uint64) {
	if !s.exact(hashes, valid) {
		s.dense(hashes, valid)
	}
	var decoded hyperloglog.Sketch
	if err := decoded.UnmarshalBinary(s.buf); err != nil {
		return nil, 0 // the column goes without one
	}
	return slices.Clone(s.buf), decoded.Estimate()
}

// exact leaves the sketch as a list of keys in buf; ok is false if that is longer
// than the registers.
func (s *sketcher) exact(hashes []uint64, valid []uint8) (ok bool) {
	clear(s.slots[:])
	s.keys = s.keys[:0]
	for i, h := range hashes {
		if valid != nil && valid[i] == 0 {
			continue
		}
		key := sketchKey(h)
		at := key * 0x9E3779B1 >> (32 - sketchPrecision - 1) // multiplicative hashing by 2³²/φ
		for s.slots[at] != key && s.slots[at] != 0 {
			at = (at + 1) % uint32(len(s.slots))
		}
		if s.slots[at] == key {
			continue
		}
		if len(s.keys) == sketchRegisters {
			return false // each key takes a byte at least
		}
		s.slots[at] = key
		s.keys = append(s.keys, key)
	}
	slices.Sort(s.keys)
	s.buf = append(s.buf[:0], 2, sketchPrecision, 0, 1, 0, 0, 0, 0) // version, precision, bias, sparse, no unsorted keys
	s.buf = binary.BigEndian.AppendUint32(s.buf, uint32(len(s.keys)))
	last := uint32(0)
	if len(s.keys) > 0 {
		last = s.keys[len(s.keys)-1]
	}
	s.buf = binary.BigEndian.AppendUint32(s.buf, last)
	start := len(s.buf) + 4
	s.buf = append(s.buf, 0, 0, 0, 0)
	last = 0
	for _, k := range s.keys {
		s.buf = binary.AppendUvarint(s.buf, uint64(k-last))
		last = k
	}
	size := len(s.buf) - start
	binary.BigEndian.PutUint32(s.buf[start-4:], uint32(size))
	return size <= sketchRegisters
}

// sketchKey is a hash's entry in the list: its first 25 bits and 0, or, where the
// bits after the register's number are all zero, the length of their run and 1.
// No key is 0.
func sketchKey(h uint64) uint32 {
	index := uint32(h >> (64 - sketchKeyBits))
	if index%(1<<(sketchKeyBits-sketchPrecision)) != 0 {
		return index << 1
	}
	zeros := bits.LeadingZeros64(h<<sketchKeyBits|(1<<sketchKeyBits-1)) + 1
	return index<<7 | uint32(zeros<<1) | 1
}

// dense leaves the sketch as registers in buf.
func (s *sketcher) dense(hashes []uint64, valid []uint8) {
	regs := &s.regs
	clear(regs[:])
	for i, h := range hashes {
		if valid != nil && valid[i] == 0 {
			continue
		}
		at := h >> (64 - sketchPrecision)
		rho := uint8(bits.LeadingZeros64(h<<sketchPrecision|1<<(sketchPrecision-1))) + 1
		regs[at] = max(regs[at], rho)
	}
	s.buf = append(s.buf[:0], 2, sketchPrecision, 0, 0)
	s.buf = binary.BigEndian.AppendUint32(s.buf, sketchRegisters)
	s.buf = append(s.buf, regs[:]...)
}
