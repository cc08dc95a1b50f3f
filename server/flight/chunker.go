package flight

import (
	"htapdb/htap"
	"htapdb/sql/types"
	"htapdb/vector"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
)

// Sizes of record batches on the wire. Throughput over loopback has its best
// between 64 Ki and 256 Ki rows of 16 bytes; clients refuse messages of more than
// 4 MiB unless told otherwise.
const (
	targetBytes = 1 << 20
	targetRows  = 64 << 10
)

// chunker cuts a stream of batches into record batches of the target size.
type chunker struct {
	schema *arrow.Schema
	ts     []types.Type
	// acc collects batches that are small, flat and without a selection.
	acc   *vector.Batch
	bytes int
}

func newChunker(schema *arrow.Schema, ts []types.Type) *chunker {
	return &chunker{schema: schema, ts: ts, acc: vector.NewBatch(ts, 0)}
}

// add takes a batch and returns the record batches that are full; the caller
// releases them. Nothing of b is kept.
func (c *chunker) add(b *vector.Batch) (full []arrow.RecordBatch, err error) {
	size := batchBytes(b)
	if size <= targetBytes/2 {
		if c.bytes+size > targetBytes || c.acc.Len+b.Rows() > targetRows {
			if full, err = c.flush(); err != nil {
				return full, err
			}
		}
		c.acc.AppendBatch(b)
		c.bytes += size
		return full, nil
	}
	if full, err = c.flush(); err != nil {
		return full, err
	}
	for from := 0; from < b.Rows(); {
		part, to := slice(b, from)
		rec, err := vector.ToArrow(c.schema, part)
		if err != nil {
			return full, err
		}
		full = append(full, rec)
		from = to
	}
	return full, nil
}

// flush returns what was collected, nothing if it is empty.
func (c *chunker) flush() ([]arrow.RecordBatch, error) {
	if c.acc.Len == 0 {
		return nil, nil
	}
	rec, err := vector.ToArrow(c.schema, c.acc)
	if err != nil {
		return nil, err
	}
	c.acc.Resize(0)
	c.bytes = 0
	return []arrow.RecordBatch{rec}, nil
}

// slice returns the alive rows of b from from on, up to the target size but at
// least one, and the row after them.
func slice(b *vector.Batch, from int) (part *vector.Batch, to int) {
	size := 0
	sel := make([]int32, 0, b.Rows()-from)
	for to = from; to < b.Rows(); to++ {
		row := b.Row(to)
		for _, v := range b.Cols {
			size += cellBytes(v, row)
		}
		if size > targetBytes && to > from {
			break
		}
		sel = append(sel, int32(row))
	}
	return &vector.Batch{Cols: b.Cols, Len: b.Len, Sel: sel}, to
}

// cellBytes is the size of one cell on the wire.
func cellBytes(v *vector.Vector, row int) int {
	w := wireWidth(v.Type)
	if w > 0 || v.IsNull(row) {
		return max(w, 4)
	}
	switch v.Enc {
	case vector.Const:
		row = 0
	case vector.Dict:
		return 4 + len(v.Dict.Str[v.Codes[row]])
	}
	return 4 + len(v.Str[row])
}

// batchBytes is the size of the alive rows on the wire, roughly.
func batchBytes(b *vector.Batch) int {
	n := b.Rows()
	total := 0
	for _, v := range b.Cols {
		if w := wireWidth(v.Type); w > 0 {
			total += w * n
			continue
		}
		for i := range n {
			total += cellBytes(v, b.Row(i))
		}
	}
	return total
}

// wireWidth is the width of a type's Arrow values in bytes, 0 if it varies.
func wireWidth(t types.Type) int {
	switch t.Physical() {
	case types.PhysBool:
		return 1
	case types.PhysInt16:
		return 2
	case types.PhysInt32, types.PhysFloat32:
		return 4
	case types.PhysInt64, types.PhysFloat64:
		if t.Kind == types.Numeric {
			return 16
		}
		return 8
	case types.PhysInt128, types.PhysInterval:
		return 16
	}
	if t.Kind == types.UUID {
		return 16
	}
	return 0
}

// resultSchema describes a statement's result, with each column's SQL type in
// the metadata that JDBC and ODBC bridges read.
func resultSchema(cols []htap.Column) (*arrow.Schema, []types.Type) {
	ts := make([]types.Type, len(cols))
	fields := make([]arrow.Field, len(cols))
	for i, c := range cols {
		ts[i] = c.Type
		fields[i] = arrow.Field{Name: c.Name, Type: vector.ArrowType(c.Type), Nullable: true, Metadata: typeMetadata(c.Type, nil)}
	}
	return arrow.NewSchema(fields, nil), ts
}

// typeMetadata is Flight SQL's metadata of a column of type t; more pairs are added.
func typeMetadata(t types.Type, more map[string]string) arrow.Metadata {
	m := flightsql.NewColumnMetadataBuilder()
	m.TypeName(t.BaseName())
	switch {
	case t.Kind == types.Numeric:
		m.Precision(int32(t.Precision))
		m.Scale(int32(t.Scale))
	case t.Length > 0:
		m.Precision(t.Length)
	}
	md := m.Metadata()
	keys, values := md.Keys(), md.Values()
	for k, v := range more {
		keys, values = append(keys, k), append(values, v)
	}
	return arrow.NewMetadata(keys, values)
}
