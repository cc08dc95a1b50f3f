// Package transpose turns rows of the row store into columns: the column
// store's definition of a table, and the copying of rows into vectors.
//
// It is what the feed's applier, the row path's scans and rebuilds share.
//
// Not here: what the rows mean (htap/feed, htap/physical).
package transpose

import (
	"htapdb/colstore"
	"htapdb/htap/catalog"
	"htapdb/rowstore"
	"htapdb/sql/types"
	"htapdb/vector"
)

// HiddenKeyColumn is the ID, in the column store, of the column that holds the
// hidden key of a table without a primary key: a column scan needs it to name
// rows. It is the last column.
const HiddenKeyColumn = 0xfffffe00

// ColumnSchema returns the column store's definition of a table.
func ColumnSchema(t *catalog.Table) (colstore.TableSchema, error) {
	s := colstore.TableSchema{ID: t.StorageID, Name: t.Name}
	for i := range t.Columns {
		c := &t.Columns[i]
		missing, err := c.MissingDatum()
		if err != nil {
			return s, err
		}
		s.Columns = append(s.Columns, colstore.Column{ID: c.ID, Name: c.Name, Type: c.Type, Default: missing})
	}
	if t.HiddenKey() {
		s.Columns = append(s.Columns, colstore.Column{ID: HiddenKeyColumn, Name: "(key)", Type: types.TInt8})
	}
	return s, nil
}

// Cell copies column ord of a row to index i of a flat vector of its type.
// Strings are copied: the row may be gone with an iterator's next step.
func Cell(v *vector.Vector, i int, row rowstore.Row, ord int) {
	if row.IsNull(ord) {
		v.SetNull(i)
		return
	}
	switch v.Type.Physical() {
	case types.PhysBool:
		v.Bool[i] = uint8(row.Int64(ord))
	case types.PhysInt16:
		v.I16[i] = int16(row.Int64(ord))
	case types.PhysInt32:
		v.I32[i] = int32(row.Int64(ord))
	case types.PhysInt64:
		v.I64[i] = row.Int64(ord)
	case types.PhysInt128:
		v.I128[i] = row.Int128(ord)
	case types.PhysFloat32:
		v.F32[i] = float32(row.Float64(ord))
	case types.PhysFloat64:
		v.F64[i] = row.Float64(ord)
	case types.PhysString:
		v.Str[i] = string(row.Bytes(ord))
	case types.PhysInterval:
		v.Iv[i] = row.Interval(ord)
	}
}

// Row copies a whole row, and its hidden key if the batch has a column for it,
// to index i of a batch in the column store's order.
func Row(b *vector.Batch, i int, schema *rowstore.Schema, key rowstore.Key, row rowstore.Row) error {
	n := schema.NumColumns()
	for c := range n {
		Cell(b.Cols[c], i, row, c)
	}
	if len(b.Cols) == n {
		return nil
	}
	hidden, err := schema.DecodeKey(key)
	if err != nil {
		return err
	}
	b.Cols[n].I64[i] = hidden[0].Int()
	return nil
}

// Truncate cuts a batch of flat columns to its first n rows, keeping their nulls.
func Truncate(b *vector.Batch, n int) {
	for _, v := range b.Cols {
		valid := v.Valid
		v.Resize(n)
		if valid != nil {
			v.Valid = valid[:n]
		}
	}
	b.Len = n
}
