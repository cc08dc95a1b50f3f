package ml

import (
	"encoding/binary"
	"math"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// Encoder writes the serialized form of a model: integers as varints, doubles as
// their 8 bytes, texts and lists after their length.
type Encoder struct{ b []byte }

// Int writes an integer.
func (e *Encoder) Int(v int64) { e.b = binary.AppendVarint(e.b, v) }

// Float writes a double, its bits.
func (e *Encoder) Float(x float64) {
	e.b = binary.LittleEndian.AppendUint64(e.b, math.Float64bits(x))
}

// Text writes a text.
func (e *Encoder) Text(s string) {
	e.Int(int64(len(s)))
	e.b = append(e.b, s...)
}

// Floats writes a list of doubles.
func (e *Encoder) Floats(xs []float64) {
	e.Int(int64(len(xs)))
	for _, x := range xs {
		e.Float(x)
	}
}

// Ints writes a list of integers.
func (e *Encoder) Ints(xs []int32) {
	e.Int(int64(len(xs)))
	for _, x := range xs {
		e.Int(int64(x))
	}
}

// Bytes writes a list of bytes.
func (e *Encoder) Bytes(b []byte) {
	e.Int(int64(len(b)))
	e.b = append(e.b, b...)
}

// Texts writes a list of texts.
func (e *Encoder) Texts(list []string) {
	e.Int(int64(len(list)))
	for _, s := range list {
		e.Text(s)
	}
}

func (e *Encoder) sqlType(t types.Type) {
	e.Int(int64(t.Kind))
	e.Int(int64(t.Precision))
	e.Int(int64(t.Scale))
	e.Int(int64(t.Length))
}

// Decoder reads what Encoder wrote. After the first error, which Err returns, it gives
// zeros; no length is believed beyond the bytes that are there.
type Decoder struct {
	b   []byte
	err error
}

// NewDecoder returns a decoder of b.
func NewDecoder(b []byte) *Decoder { return &Decoder{b: b} }

// Err returns the first error.
func (d *Decoder) Err() error { return d.err }

// Fail records that what was read makes no sense (XX001).
func (d *Decoder) Fail(format string, args ...any) {
	if d.err == nil {
		d.err = sqlstate.New(sqlstate.DataCorrupted, "model cannot be read: "+format, args...)
	}
	d.b = nil
}

// Int reads an integer.
func (d *Decoder) Int() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.Fail("it ends within an integer")
		return 0
	}
	d.b = d.b[n:]
	return v
}

// Index reads an integer that must be at least 0 and below n.
func (d *Decoder) Index(n int) int {
	v := d.Int()
	if d.err == nil && (v < 0 || v >= int64(n)) {
		d.Fail("%d is not below %d", v, n)
	}
	if d.err != nil {
		return 0
	}
	return int(v)
}

// Float reads a double.
func (d *Decoder) Float() float64 {
	if len(d.b) < 8 {
		d.Fail("it ends within a number")
		return 0
	}
	x := math.Float64frombits(binary.LittleEndian.Uint64(d.b))
	d.b = d.b[8:]
	return x
}

// length reads the length of a list whose items take at least so many bytes. A list
// that is longer than its bytes allow is refused before it is made.
func (d *Decoder) length(least int) int {
	n := d.Int()
	if d.err == nil && (n < 0 || n > int64(len(d.b)/least)) {
		d.Fail("a list has %d items in %d bytes", n, len(d.b))
	}
	if d.err != nil {
		return 0
	}
	return int(n)
}

// Text reads a text.
func (d *Decoder) Text() string {
	n := d.length(1)
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}

// Bytes reads a list of bytes.
func (d *Decoder) Bytes() []byte { return []byte(d.Text()) }

// Floats reads a list of doubles; nil if it is empty.
func (d *Decoder) Floats() []float64 {
	n := d.length(8)
	if n == 0 {
		return nil
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = d.Float()
	}
	return out
}

// Ints reads a list of integers; nil if it is empty.
func (d *Decoder) Ints() []int32 {
	n := d.length(1)
	if n == 0 {
		return nil
	}
	out := make([]int32, n)
	for i := range out {
		out[i] = d.int32()
		if d.err != nil {
			return nil
		}
	}
	return out
}

// Texts reads a list of texts; nil if it is empty.
func (d *Decoder) Texts() []string {
	n := d.length(1)
	if n == 0 {
		return nil
	}
	out := make([]string, n)
	for i := range out {
		out[i] = d.Text()
		if d.err != nil {
			return nil
		}
	}
	return out
}

// int32 reads an integer that fits into 32 bits.
func (d *Decoder) int32() int32 {
	v := d.Int()
	if int64(int32(v)) != v {
		d.Fail("%d is too large", v)
		return 0
	}
	return int32(v)
}

// sqlType reads a type, the zero value included, which is that of no target.
func (d *Decoder) sqlType() types.Type {
	t := types.Type{Kind: types.Kind(d.Index(int(types.JSONB) + 1)),
		Precision: uint8(d.Index(math.MaxUint8 + 1)), Scale: uint8(d.Index(math.MaxUint8 + 1)), Length: d.int32()}
	if d.err != nil {
		return types.Type{}
	}
	return t
}
