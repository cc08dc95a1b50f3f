package rowstore

import (
	"bytes"
	"context"
	"testing"

	"htapdb/sql/types"
)

var bg = context.Background()

// pairSchema is a table test(id int primary key, value int).
func pairSchema(t testing.TB, id uint32) *Schema {
	t.Helper()
	return mustSchema(t, TableDef{
		ID: id, Name: "test", Version: 1, PrimaryName: "test_pkey", Primary: []int{0},
		Columns: []Column{{ID: 1, Name: "id", Type: types.TInt8}, {ID: 2, Name: "value", Type: types.TInt8}},
	})
}

func mustSchema(t testing.TB, def TableDef) *Schema {
	t.Helper()
	s, err := NewSchema(def)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func openTest(t testing.TB, dir string, opts Options) *Store {
	t.Helper()
	s, err := Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// openMem opens a store in memory and closes it with the test.
func openMem(t testing.TB) *Store {
	t.Helper()
	s := openTest(t, "", Options{})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func ints(v ...int64) []types.Datum {
	var out []types.Datum
	for _, x := range v {
		out = append(out, types.NewInt64(x))
	}
	return out
}

func mustKey(t testing.TB, s *Schema, v ...int64) Key {
	t.Helper()
	k, err := s.PrimaryKey(ints(v...)...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func begin(t testing.TB, s *Store, o TxnOptions) *Txn {
	t.Helper()
	tx, err := s.Begin(o)
	if err != nil {
		t.Fatal(err)
	}
	start(t, tx)
	return tx
}

func start(t testing.TB, tx *Txn) {
	t.Helper()
	if err := tx.StartStatement(bg); err != nil {
		t.Fatal(err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// commit commits or fails the test.
func commit(t testing.TB, tx *Txn) Timestamp {
	t.Helper()
	ts, err := tx.Commit(bg)
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

// write runs fn in a transaction of one statement.
func write(t testing.TB, s *Store, fn func(tx *Txn)) Timestamp {
	t.Helper()
	tx := begin(t, s, TxnOptions{})
	fn(tx)
	return commit(t, tx)
}

// dump returns the table's rows as printed values.
func dump(t testing.TB, it *Iterator) (out []string) {
	t.Helper()
	for it.Next() {
		out = append(out, formatRow(it.Row().schema, it.Row().Datums()))
	}
	if err := it.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}

// blockOf returns rows as a block.
func blockOf(s *Schema, rows [][]types.Datum) *Block {
	b := &Block{Rows: len(rows), Columns: make([]BlockColumn, s.NumColumns())}
	for i := range b.Columns {
		c, t := &b.Columns[i], s.Def().Columns[i].Type
		for r, row := range rows {
			if row[i].IsNull() {
				if c.Valid == nil {
					c.Valid = bytes.Repeat([]byte{1}, len(rows))
				}
				c.Valid[r] = 0
			}
			c.append(t.Physical(), row[i])
		}
	}
	return b
}

// append adds an element, zero for NULL.
func (c *BlockColumn) append(phys types.Physical, d types.Datum) {
	switch phys {
	case types.PhysBool:
		c.Bool = append(c.Bool, uint8(d.Int()))
	case types.PhysInt16:
		c.Int16 = append(c.Int16, int16(d.Int()))
	case types.PhysInt32:
		c.Int32 = append(c.Int32, int32(d.Int()))
	case types.PhysInt64:
		c.Int64 = append(c.Int64, d.Int())
	case types.PhysInt128:
		c.Int128 = append(c.Int128, d.Int128())
	case types.PhysFloat32:
		c.Float32 = append(c.Float32, float32(d.Float()))
	case types.PhysFloat64:
		c.Float64 = append(c.Float64, d.Float())
	case types.PhysInterval:
		c.Interval = append(c.Interval, d.Interval())
	default:
		c.String = append(c.String, d.Str())
	}
}

// PrimaryKeyOf encodes the primary key columns of a whole row. The table must
// not have a hidden key.
func (s *Schema) PrimaryKeyOf(row []types.Datum) (Key, error) {
	return s.appendPrimaryKey(make([]byte, 0, 16*len(s.def.Primary)), row)
}

// NumColumns returns the number of columns.
func (s *Schema) NumColumns() int { return len(s.def.Columns) }
