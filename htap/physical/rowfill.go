package physical

import (
	"htapdb/htap/transpose"
	"htapdb/rowstore"
	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector"
)

// rowFiller copies rows of the row store into vectors.
type rowFiller struct {
	// ordinals are the table columns to copy, plan.KeyOrdinal for the locator.
	ordinals []int
	ts       []types.Type
}

func newRowFiller(cols []plan.ScanColumn) *rowFiller {
	f := &rowFiller{}
	for _, c := range cols {
		f.ordinals = append(f.ordinals, c.Ordinal)
		f.ts = append(f.ts, c.Type)
	}
	return f
}

// fill writes one row at index i of the batch's flat columns. Strings are
// copied: the row may be gone with the iterator's next step.
func (f *rowFiller) fill(b *vector.Batch, i int, key rowstore.Key, row rowstore.Row) {
	for k, ord := range f.ordinals {
		v := b.Cols[k]
		if ord == plan.KeyOrdinal {
			v.Str[i] = string(key)
			continue
		}
		transpose.Cell(v, i, row, ord)
	}
}
