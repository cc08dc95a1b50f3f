package vector

import (
	"unsafe"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// ToArrow copies the alive rows of b into an Arrow record batch of the schema
// that ArrowSchema gave for its columns. The caller releases it.
func ToArrow(schema *arrow.Schema, b *Batch) (arrow.RecordBatch, error) {
	n := b.Rows()
	cols := make([]arrow.Array, len(b.Cols))
	defer func() {
		for _, c := range cols {
			if c != nil {
				c.Release()
			}
		}
	}()
	var scratch Vector
	for i, v := range b.Cols {
		if v.Enc != Flat || b.Sel != nil {
			scratch = Vector{Type: v.Type}
			scratch.Resize(n)
			src := v
			if b.Sel == nil && v.Enc == Const {
				src = &Vector{}
				*src = *v
				src.Len = n
			}
			CopyInto(&scratch, 0, src, b.Sel)
			v = &scratch
		}
		data, err := arrowData(v, n)
		if err != nil {
			return nil, err
		}
		cols[i] = array.MakeFromData(data)
		data.Release()
	}
	return array.NewRecordBatch(schema, cols, int64(n)), nil
}

// arrowData copies the first n rows of a flat vector.
func arrowData(v *Vector, n int) (*array.Data, error) {
	validity, nulls := packValidity(v.Valid, n)
	dt := ArrowType(v.Type)
	var buffers []*memory.Buffer
	switch v.Type.Physical() {
	case types.PhysBool:
		buffers = []*memory.Buffer{validity, packBits(v.Bool[:n])}
	case types.PhysInt16:
		buffers = []*memory.Buffer{validity, copyBytes(v.I16[:n])}
	case types.PhysInt32:
		buffers = []*memory.Buffer{validity, copyBytes(v.I32[:n])}
	case types.PhysInt64:
		if v.Type.Kind == types.Numeric {
			wide := make([]types.Int128, n)
			for i, x := range v.I64[:n] {
				wide[i] = types.Int128From(x)
			}
			buffers = []*memory.Buffer{validity, decimalBytes(wide)}
			break
		}
		buffers = []*memory.Buffer{validity, copyBytes(v.I64[:n])}
	case types.PhysInt128:
		buffers = []*memory.Buffer{validity, decimalBytes(v.I128[:n])}
	case types.PhysFloat32:
		buffers = []*memory.Buffer{validity, copyBytes(v.F32[:n])}
	case types.PhysFloat64:
		buffers = []*memory.Buffer{validity, copyBytes(v.F64[:n])}
	case types.PhysInterval:
		out := make([]arrow.MonthDayNanoInterval, n)
		for i, iv := range v.Iv[:n] {
			out[i] = arrow.MonthDayNanoInterval{Months: iv.Months, Days: iv.Days, Nanoseconds: iv.Micros * 1000}
		}
		buffers = []*memory.Buffer{validity, copyBytes(out)}
	case types.PhysString:
		var err error
		if buffers, err = stringBuffers(v, n, validity); err != nil {
			return nil, err
		}
	}
	return array.NewData(dt, n, buffers, nil, nulls, 0), nil
}

// stringBuffers builds offsets and bytes, or fixed 16-byte values for a uuid.
func stringBuffers(v *Vector, n int, validity *memory.Buffer) ([]*memory.Buffer, error) {
	null := func(i int) bool { return v.Valid != nil && v.Valid[i] == 0 }
	if v.Type.Kind == types.UUID {
		out := make([]byte, 16*n)
		for i, s := range v.Str[:n] {
			if !null(i) {
				copy(out[16*i:16*i+16], s)
			}
		}
		return []*memory.Buffer{validity, memory.NewBufferBytes(out)}, nil
	}
	total := 0
	for i, s := range v.Str[:n] {
		if !null(i) {
			total += len(s)
		}
	}
	if total > 1<<31-1 {
		return nil, sqlstate.New(sqlstate.ProgramLimitExceeded, "a text column of a result batch has %d bytes, Arrow's offsets allow 2 GiB", total)
	}
	offsets := make([]int32, n+1)
	data := make([]byte, 0, total)
	for i, s := range v.Str[:n] {
		if !null(i) {
			data = append(data, s...)
		}
		offsets[i+1] = int32(len(data))
	}
	return []*memory.Buffer{validity, copyBytes(offsets), memory.NewBufferBytes(data)}, nil
}

// packValidity turns validity bytes into Arrow's bitmap, nil without nulls.
func packValidity(valid []uint8, n int) (*memory.Buffer, int) {
	if valid == nil {
		return nil, 0
	}
	nulls := 0
	for _, x := range valid[:n] {
		nulls += 1 - int(x)
	}
	if nulls == 0 {
		return nil, 0
	}
	return packBits(valid[:n]), nulls
}

// packBits packs bytes 0 and 1 into bits, least significant first.
func packBits(bytes []uint8) *memory.Buffer {
	out := make([]byte, (len(bytes)+7)/8)
	for i, x := range bytes {
		out[i>>3] |= x << (i & 7)
	}
	return memory.NewBufferBytes(out)
}

// copyBytes copies a slice of fixed-width elements; Arrow and this machine are little-endian.
func copyBytes[T any](s []T) *memory.Buffer {
	if len(s) == 0 {
		return memory.NewBufferBytes(nil)
	}
	size := len(s) * int(unsafe.Sizeof(s[0]))
	out := make([]byte, size)
	copy(out, unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), size))
	return memory.NewBufferBytes(out)
}

// decimalBytes lays out decimals as Arrow does: low word first.
func decimalBytes(s []types.Int128) *memory.Buffer {
	out := make([]uint64, 2*len(s))
	for i, x := range s {
		out[2*i], out[2*i+1] = x.Lo, uint64(x.Hi)
	}
	return copyBytes(out)
}
