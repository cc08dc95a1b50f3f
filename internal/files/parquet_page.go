package files

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"unsafe"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
)

// dictIDs numbers the dictionaries read, apart from those of stored segments.
var dictIDs atomic.Uint64

// dictIDBase keeps the IDs away from those that segments use.
const dictIDBase = 1 << 62

// parquetColumn reads one column chunk page by page.
type parquetColumn struct {
	leaf
	pages parquet.Pages
	// page is the current page decoded; at is the next row in it.
	page *vector.Vector
	at   int
	// dict is the decoded dictionary of the chunk, from source.
	dict   *vector.Vector
	dictID uint64
	source parquet.Dictionary
}

func (c *parquetColumn) open(pages parquet.Pages) {
	c.pages, c.page, c.at, c.dict, c.source = pages, nil, 0, nil, nil
}

func (c *parquetColumn) close() error {
	if c.pages == nil {
		return nil
	}
	err := c.pages.Close()
	c.pages = nil
	return err
}

// ensure makes the current page have at least one unread row.
func (c *parquetColumn) ensure(file string) error {
	for c.page == nil || c.at == c.page.Len {
		page, err := c.pages.ReadPage()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = errors.New("it ends early")
			}
			return badFile(file, fmt.Errorf("column %q: %w", c.Name, err))
		}
		// The page is not released: its buffers stay with the strings that
		// point into them, for the garbage collector.
		c.page, err = c.decode(page)
		if err != nil {
			var e *sqlstate.Error
			if errors.As(err, &e) {
				return err
			}
			return badFile(file, fmt.Errorf("column %q: %w", c.Name, err))
		}
		c.at = 0
	}
	return nil
}

// decode turns a page into a vector with one row per value.
func (c *parquetColumn) decode(page parquet.Page) (*vector.Vector, error) {
	n := int(page.NumValues())
	valid, err := c.validity(page, n)
	if err != nil {
		return nil, err
	}
	present := n
	if valid != nil {
		present = vector.CountValid(valid)
	}
	data := page.Data()
	if d := page.Dictionary(); d != nil {
		return c.decodeCodes(d, data.Int32(), valid, present, n)
	}
	v := &vector.Vector{Type: c.Type}
	v.Resize(present)
	if err := c.values(v, &data, page); err != nil {
		return nil, err
	}
	if valid == nil {
		return v, nil
	}
	return spread(v, valid, n), nil
}

// validity returns the page's validity bytes, nil without nulls.
func (c *parquetColumn) validity(page parquet.Page, n int) ([]uint8, error) {
	if !c.optional || page.NumNulls() == 0 {
		return nil, nil
	}
	levels := page.DefinitionLevels()
	if len(levels) != n {
		return nil, fmt.Errorf("%d definition levels for %d values", len(levels), n)
	}
	valid := make([]uint8, n)
	for i, l := range levels {
		if l != 0 {
			valid[i] = 1
		}
	}
	return valid, nil
}

// decodeCodes makes a dictionary vector, flat for types other than text: numbers
// gain nothing from codes.
func (c *parquetColumn) decodeCodes(d parquet.Dictionary, indexes []int32, valid []uint8, present, n int) (*vector.Vector, error) {
	if c.dict == nil || c.source != d {
		page := d.Page()
		dict := &vector.Vector{Type: c.Type}
		dict.Resize(d.Len())
		data := page.Data()
		if err := c.values(dict, &data, page); err != nil {
			return nil, err
		}
		c.dict, c.source, c.dictID = dict, d, dictIDBase+dictIDs.Add(1)
	}
	if len(indexes) != present {
		return nil, fmt.Errorf("%d dictionary indexes for %d values", len(indexes), present)
	}
	for _, x := range indexes {
		if x < 0 || int(x) >= c.dict.Len {
			return nil, fmt.Errorf("dictionary index %d of %d", x, c.dict.Len)
		}
	}
	codes := make([]uint32, n)
	if valid == nil {
		for i, x := range indexes {
			codes[i] = uint32(x)
		}
	} else {
		k := 0
		for i, ok := range valid {
			if ok != 0 {
				codes[i] = uint32(indexes[k])
				k++
			}
		}
	}
	if c.dict.Len == 0 {
		v := vector.New(c.Type, n)
		v.Valid = make([]uint8, n)
		return v, nil
	}
	v := vector.NewDict(c.dict, c.dictID, codes, valid)
	if c.Type.IsString() {
		return v, nil
	}
	return v.Flatten(nil), nil
}

// spread places the present values at their rows.
func spread(v *vector.Vector, valid []uint8, n int) *vector.Vector {
	sel := make([]int32, n)
	k := int32(0)
	for i, ok := range valid {
		if ok != 0 {
			sel[i] = k
			k++
		}
	}
	out := vector.New(v.Type, n)
	if v.Len > 0 {
		vector.CopyInto(out, 0, v, sel)
	}
	out.Valid = valid
	return out
}

// values converts the page's values, without nulls, into v.
func (c *parquetColumn) values(v *vector.Vector, data *encoding.Values, page parquet.Page) error {
	n := v.Len
	switch c.kind {
	case parquet.Boolean:
		return fillBools(v.Bool, data.Boolean(), page)
	case parquet.Int32:
		return c.fillInts32(v, data.Int32(), n)
	case parquet.Int64:
		return c.fillInts64(v, data.Int64(), n)
	case parquet.Int96:
		for i, x := range data.Int96()[:n] {
			v.I64[i] = int96Micros(x[0], x[1], x[2])
		}
	case parquet.Float:
		copy(v.F32, data.Float()[:n])
	case parquet.Double:
		copy(v.F64, data.Double()[:n])
	case parquet.ByteArray:
		bytes, offsets := data.ByteArray()
		if len(offsets) < n+1 {
			return fmt.Errorf("%d offsets for %d values", len(offsets), n)
		}
		for i := range n {
			if err := c.setBytes(v, i, bytes[offsets[i]:offsets[i+1]]); err != nil {
				return err
			}
		}
	case parquet.FixedLenByteArray:
		bytes, size := data.FixedLenByteArray()
		if size <= 0 || len(bytes) < n*size {
			return fmt.Errorf("%d bytes for %d values of %d", len(bytes), n, size)
		}
		for i := range n {
			if err := c.setBytes(v, i, bytes[i*size:(i+1)*size]); err != nil {
				return err
			}
		}
	}
	return nil
}

// setBytes stores one binary value: text without copying, or a big-endian decimal.
func (c *parquetColumn) setBytes(v *vector.Vector, i int, b []byte) error {
	if c.Type.Kind != types.Numeric {
		if c.Type.Kind == types.UUID && len(b) != 16 {
			return fmt.Errorf("a UUID of %d bytes", len(b))
		}
		v.Str[i] = unsafe.String(unsafe.SliceData(b), len(b))
		return nil
	}
	x, ok := bigEndian(b)
	if !ok || !x.FitsPrecision(int(c.Type.Precision)) {
		return sqlstate.New(sqlstate.NumericValueOutOfRange, "a value of column %q does not fit %s", c.Name, c.Type)
	}
	if v.I64 != nil {
		v.I64[i] = int64(x.Lo)
	} else {
		v.I128[i] = x
	}
	return nil
}

// bigEndian reads a two's complement integer; ok is false above 128 bits.
func bigEndian(b []byte) (x types.Int128, ok bool) {
	if len(b) == 0 {
		return x, true
	}
	fill := byte(int8(b[0]) >> 7)
	var full [16]byte
	for i := range full {
		full[i] = fill
	}
	if len(b) > 16 {
		for _, c := range b[:len(b)-16] {
			if c != fill {
				return x, false
			}
		}
		b = b[len(b)-16:]
		if byte(int8(b[0])>>7) != fill {
			return x, false
		}
	}
	copy(full[16-len(b):], b)
	return types.Int128{Hi: int64(binary.BigEndian.Uint64(full[:8])), Lo: binary.BigEndian.Uint64(full[8:])}, true
}

// fillBools unpacks the page's values; the library keeps booleans as bits.
func fillBools(dst []uint8, bits []byte, page parquet.Page) error {
	values := page.Values()
	buf := make([]parquet.Value, 256)
	for at := 0; at < len(dst); {
		n, err := values.ReadValues(buf)
		for _, x := range buf[:n] {
			if x.IsNull() {
				continue
			}
			if at == len(dst) {
				return fmt.Errorf("more than %d boolean values in %d bytes", len(dst), len(bits))
			}
			if x.Boolean() {
				dst[at] = 1
			} else {
				dst[at] = 0
			}
			at++
		}
		if err != nil && at < len(dst) {
			return fmt.Errorf("%d boolean values of %d: %w", at, len(dst), err)
		}
	}
	return nil
}

// fillInts32 converts INT32 values.
func (c *parquetColumn) fillInts32(v *vector.Vector, a []int32, n int) error {
	a = a[:n]
	switch {
	case v.I16 != nil || c.Type.Physical() == types.PhysInt16:
		for i, x := range a {
			if x != int32(int16(x)) {
				return c.outOfRange(int64(x))
			}
			v.I16[i] = int16(x)
		}
	case c.Type.Physical() == types.PhysInt32:
		copy(v.I32, a)
	case c.Type.Physical() == types.PhysInt128:
		for i, x := range a {
			v.I128[i] = types.Int128From(int64(x))
		}
	default:
		for i, x := range a {
			y := int64(x)
			if c.unsigned {
				y = int64(uint32(x))
			}
			v.I64[i] = c.toMicros(y)
		}
	}
	return nil
}

// fillInts64 converts INT64 values.
func (c *parquetColumn) fillInts64(v *vector.Vector, a []int64, n int) error {
	a = a[:n]
	switch {
	case c.Type.Physical() == types.PhysInt128:
		for i, x := range a {
			if c.unsigned {
				v.I128[i] = types.Int128{Lo: uint64(x)}
			} else {
				v.I128[i] = types.Int128From(x)
			}
		}
	case c.Type.Physical() != types.PhysInt64:
		return fmt.Errorf("64-bit values for type %s", c.Type)
	case c.mul != 0:
		for i, x := range a {
			v.I64[i] = c.toMicros(x)
			if c.mul > 1 && v.I64[i]/c.mul != x {
				return c.outOfRange(x)
			}
		}
	default:
		copy(v.I64, a)
	}
	return nil
}

// toMicros scales a time by the column's unit, towards the past.
func (c *parquetColumn) toMicros(x int64) int64 {
	if c.mul == 0 {
		return x
	}
	q := x * c.mul / c.div
	if x*c.mul%c.div < 0 {
		q--
	}
	return q
}

func (c *parquetColumn) outOfRange(x int64) error {
	return sqlstate.New(sqlstate.NumericValueOutOfRange, "value %d of column %q is out of range for type %s", x, c.Name, c.Type)
}

// int96Micros converts the nanoseconds of the day and the Julian day of old writers.
func int96Micros(lo, mid, julian uint32) int64 {
	const unixEpochJulian, microsPerDay = 2440588, 86_400_000_000
	nanos := int64(uint64(mid)<<32 | uint64(lo))
	return (int64(int32(julian))-unixEpochJulian)*microsPerDay + nanos/1000
}
