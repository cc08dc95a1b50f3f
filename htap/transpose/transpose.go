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
	"htapdb/sql/sqlstate"
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

// Mapping says where the columns of a table come from in rows of one schema.
// The two need not be of the same version: rows that are replayed are read with
// the newest schema into columns that have not come to it yet, and a
// transaction can change rows before it alters their table.
type Mapping struct {
	schema *rowstore.Schema
	// from is the row's ordinal of each column, or one of the constants below.
	from []int
	cols []colstore.Column
}

// Where a column comes from that is not in the row.
const (
	fromDefault = -1 // the row is older than the column, or newer than its end
	fromKey     = -2 // the hidden key
)

// NewMapping matches the columns by ID.
func NewMapping(schema *rowstore.Schema, cols *colstore.TableSchema) (*Mapping, error) {
	m := &Mapping{schema: schema, from: make([]int, len(cols.Columns)), cols: cols.Columns}
	ordinals := map[uint32]int{}
	for i, c := range schema.Def().Columns {
		ordinals[c.ID] = i
	}
	for i, c := range cols.Columns {
		switch ord, ok := ordinals[c.ID]; {
		case c.ID == HiddenKeyColumn && schema.HiddenKey():
			m.from[i] = fromKey
		case !ok:
			m.from[i] = fromDefault
		case schema.Def().Columns[ord].Type.Physical() != c.Type.Physical():
			return nil, sqlstate.New(sqlstate.InternalError, "column %q of table %q is %s in the rows and %s in the columns",
				c.Name, cols.Name, schema.Def().Columns[ord].Type, c.Type)
		default:
			m.from[i] = ord
		}
	}
	return m, nil
}

// Schema returns the schema of the rows that the mapping is for.
func (m *Mapping) Schema() *rowstore.Schema { return m.schema }

// Row copies a row to index i of a batch in the column store's order.
func (m *Mapping) Row(b *vector.Batch, i int, key rowstore.Key, row rowstore.Row) error {
	for c, from := range m.from {
		switch from {
		case fromDefault:
			b.Cols[c].Set(i, m.cols[c].Default)
		case fromKey:
			hidden, err := m.schema.DecodeKey(key)
			if err != nil {
				return err
			}
			b.Cols[c].I64[i] = hidden[0].Int()
		default:
			Cell(b.Cols[c], i, row, from)
		}
	}
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
