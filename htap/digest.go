package htap

import (
	"encoding/binary"

	"htapdb/sql/types"

	"github.com/zeebo/xxh3"
)

// digest hashes the values of a row in order, NULLs and lengths included.
type digest struct{ buf []byte }

func newDigest() *digest { return &digest{buf: make([]byte, 0, 128)} }

// add adds one value in a form that no other value has.
func (d *digest) add(v types.Datum) {
	d.buf = append(d.buf, byte(v.Physical()))
	switch v.Physical() {
	case types.PhysNone:
	case types.PhysString:
		d.buf = binary.AppendUvarint(d.buf, uint64(len(v.Str())))
		d.buf = append(d.buf, v.Str()...)
	case types.PhysInt128:
		x := v.Int128()
		d.buf = binary.LittleEndian.AppendUint64(d.buf, x.Lo)
		d.buf = binary.LittleEndian.AppendUint64(d.buf, uint64(x.Hi))
	case types.PhysInterval:
		x := v.Interval()
		d.buf = binary.LittleEndian.AppendUint32(d.buf, uint32(x.Months))
		d.buf = binary.LittleEndian.AppendUint32(d.buf, uint32(x.Days))
		d.buf = binary.LittleEndian.AppendUint64(d.buf, uint64(x.Micros))
	default:
		d.buf = binary.LittleEndian.AppendUint64(d.buf, uint64(v.Int()))
	}
}

func (d *digest) sum() uint64 { return xxh3.Hash(d.buf) }
