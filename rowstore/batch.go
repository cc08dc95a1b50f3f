package rowstore

import "encoding/binary"

// batchBuilder writes Pebble's batch format: a 12-byte header (sequence number,
// count) and records of kind, key and value with their lengths. It is written
// here, not through pebble.Batch, because commit patches timestamps and rowIDs
// into it under its mutex and needs to know where they are.
type batchBuilder struct {
	data  []byte
	count uint32
}

const (
	batchHeaderLen = 12
	kindSet        = 1 // pebble.InternalKeyKindSet
)

func newBatchBuilder(sizeHint int) batchBuilder {
	return batchBuilder{data: make([]byte, batchHeaderLen, batchHeaderLen+sizeHint)}
}

// set appends a record with a versioned key whose timestamp is to be patched,
// and returns where the timestamp and the value are.
func (b *batchBuilder) set(prefix string, value []byte) (tsAt, valueAt int) {
	b.data = append(b.data, kindSet)
	b.data = binary.AppendUvarint(b.data, uint64(len(prefix)+1+suffixLen))
	b.data = append(b.data, prefix...)
	tsAt = len(b.data) + 1
	b.data = appendSuffix(b.data, 0)
	b.data = binary.AppendUvarint(b.data, uint64(len(value)))
	valueAt = len(b.data)
	b.data = append(b.data, value...)
	b.count++
	return tsAt, valueAt
}

// setPlain appends a record with a complete key and returns where its value is.
func (b *batchBuilder) setPlain(key, value []byte) (valueAt int) {
	b.data = append(b.data, kindSet)
	b.data = binary.AppendUvarint(b.data, uint64(len(key)))
	b.data = append(b.data, key...)
	b.data = binary.AppendUvarint(b.data, uint64(len(value)))
	valueAt = len(b.data)
	b.data = append(b.data, value...)
	b.count++
	return valueAt
}

// patchTimestamp writes the inverted timestamp at an offset from set.
func (b *batchBuilder) patchTimestamp(at int, ts Timestamp) {
	binary.BigEndian.PutUint64(b.data[at:], ^uint64(ts))
}

// patchRowID writes a rowID into the value at an offset from set.
func (b *batchBuilder) patchRowID(valueAt int, id uint64) {
	binary.LittleEndian.PutUint64(b.data[valueAt+rowIDOffset:], id)
}

// finish returns the batch's representation.
func (b *batchBuilder) finish() []byte {
	binary.LittleEndian.PutUint32(b.data[8:], b.count)
	return b.data
}
