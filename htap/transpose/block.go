package transpose

import (
	"htapdb/rowstore"
	"htapdb/vector"
)

// Block is a batch in the form that loads of the row store take. It keeps its
// memory from batch to batch.
type Block struct {
	block rowstore.Block
	// zero are the codes, and null the validity, of constants.
	zero []uint32
	null []uint8
}

// Of returns the rows of a batch without a selection. It shares the vectors'
// memory and is valid until the next call.
func (x *Block) Of(b *vector.Batch) *rowstore.Block {
	x.block.Rows = b.Len
	x.block.Columns = x.block.Columns[:0]
	for _, v := range b.Cols {
		x.block.Columns = append(x.block.Columns, x.column(v))
	}
	return &x.block
}

func (x *Block) column(v *vector.Vector) rowstore.BlockColumn {
	c := rowstore.BlockColumn{Valid: v.Valid}
	values := v
	switch v.Enc {
	case vector.Dict:
		values, c.Codes = v.Dict, v.Codes
	case vector.Const:
		if len(x.zero) < v.Len {
			x.zero, x.null = make([]uint32, v.Len), make([]uint8, v.Len)
		}
		c.Codes = x.zero[:v.Len]
		c.Valid = nil
		if v.IsNull(0) {
			c.Valid = x.null[:v.Len]
		}
	}
	c.Bool, c.Int16, c.Int32, c.Int64, c.Int128 = values.Bool, values.I16, values.I32, values.I64, values.I128
	c.Float32, c.Float64, c.String, c.Interval = values.F32, values.F64, values.Str, values.Iv
	return c
}
