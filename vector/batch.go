package vector

import (
	"strings"

	"htapdb/sql/types"
)

// Batch is a set of columns of equal length and the rows of them that are alive.
type Batch struct {
	Cols []*Vector
	// Len is the number of physical rows of every column.
	Len int
	// Sel lists the alive rows in ascending order; nil means all Len rows. An
	// empty, non-nil Sel means none.
	Sel []int32
}

// NewBatch returns a batch of flat columns with n rows each.
func NewBatch(ts []types.Type, n int) *Batch {
	b := &Batch{Cols: make([]*Vector, len(ts)), Len: n}
	for i, t := range ts {
		b.Cols[i] = New(t, n)
	}
	return b
}

// Rows returns the number of alive rows.
func (b *Batch) Rows() int {
	if b.Sel != nil {
		return len(b.Sel)
	}
	return b.Len
}

// Row returns the physical index of the i-th alive row.
func (b *Batch) Row(i int) int {
	if b.Sel != nil {
		return int(b.Sel[i])
	}
	return i
}

// Resize makes every column flat with n rows and drops the selection.
func (b *Batch) Resize(n int) {
	b.Len, b.Sel = n, nil
	for _, c := range b.Cols {
		c.Resize(n)
	}
}

// AppendBatch appends the alive rows of src to b, whose columns are flat and
// which has no selection.
func (b *Batch) AppendBatch(src *Batch) {
	n := src.Rows()
	at := b.Len
	for i, c := range b.Cols {
		valid := c.Valid
		c.Resize(at + n)
		if valid != nil {
			c.Valid = grow(valid, at+n)
		}
		CopyInto(c, at, src.Cols[i], src.Sel)
	}
	b.Len = at + n
}

// Compact returns b without a selection: b itself if it has none, else a copy of
// the alive rows in flat columns.
func (b *Batch) Compact() *Batch {
	if b.Sel == nil {
		return b
	}
	out := &Batch{Cols: make([]*Vector, len(b.Cols)), Len: len(b.Sel)}
	for i, c := range b.Cols {
		out.Cols[i] = New(c.Type, len(b.Sel))
		CopyInto(out.Cols[i], 0, c, b.Sel)
	}
	return out
}

// Types returns the columns' types.
func (b *Batch) Types() []types.Type {
	ts := make([]types.Type, len(b.Cols))
	for i, c := range b.Cols {
		ts[i] = c.Type
	}
	return ts
}

// Clone returns a copy of the alive rows that owns its strings.
func (b *Batch) Clone() *Batch {
	out := &Batch{Len: b.Rows(), Cols: make([]*Vector, len(b.Cols))}
	for i, col := range b.Cols {
		v := New(col.Type, out.Len)
		src := *col
		if b.Sel == nil && col.Enc == Const {
			src.Len = out.Len
		}
		if out.Len > 0 {
			CopyInto(v, 0, &src, b.Sel)
		}
		for k, text := range v.Str {
			v.Str[k] = strings.Clone(text)
		}
		out.Cols[i] = v
	}
	return out
}
