package check

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"htapdb/colstore"
	"htapdb/htap/catalog"
	"htapdb/htap/exec"
	"htapdb/rowstore"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// Columns describe CHECK TABLE's result.
func Columns() []exec.Column {
	return []exec.Column{{Name: "table", Type: types.TText}, {Name: "rows", Type: types.TInt8}, {Name: "snapshot_ts", Type: types.TInt8},
		{Name: "status", Type: types.TText}, {Name: "detail", Type: types.TText}}
}

// Run is CHECK TABLE: it compares every row and column of both copies, and the
// secondary indexes with the rows, at the statement's timestamp. What its own
// transaction has written is not among them.
func Run(x *exec.Statement, st *parser.CheckTableStmt) (*exec.Output, error) {
	var tables []*catalog.Table
	for _, n := range st.Tables {
		t, err := x.Table(n)
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	out := &exec.Output{}
	for _, t := range tables {
		rows, detail, err := compareCopies(x, t)
		if err != nil {
			return nil, err
		}
		status := "ok"
		if detail != "" {
			status = "mismatch"
		}
		out.Rows = append(out.Rows, []types.Datum{types.NewString(catalog.QualifiedName(t.Schema, t.Name)), types.NewInt64(rows),
			types.NewInt64(int64(x.Tx.Txn.ReadTimestamp())), types.NewString(status), types.NewString(detail)})
	}
	out.N = int64(len(out.Rows))
	return out, nil
}

// comparison is one table's check at one timestamp.
type comparison struct {
	x      *exec.Statement
	t      *catalog.Table
	schema *rowstore.Schema
	snap   *colstore.Snapshot
	rows   *rowstore.Snapshot
	// columns is the number of columns of both copies; the last one is the hidden
	// key, if there is one, which names rows to UPDATE and DELETE.
	columns int
	// reserved is what the digests have reserved.
	reserved int64
}

// compareCopies compares the digests of both copies by ranges of rowIDs, and rows
// one by one in the first range that differs. detail is empty if the copies agree.
func compareCopies(x *exec.Statement, t *catalog.Table) (rows int64, detail string, err error) {
	x.Session.AwaitColumns(t.StorageID) // a table just made; others fail below
	ct, ok := x.Feed.Columns().Table(t.StorageID)
	if !ok {
		return 0, "", sqlstate.New(sqlstate.ObjectNotInState, "table %q has no columns", t.Name)
	}
	ts := x.Tx.Txn.ReadTimestamp()
	if err := ct.WaitSafe(x.Ctx, uint64(ts)); err != nil {
		return 0, "", err
	}
	c := &comparison{x: x}
	defer func() { x.Memory.Release(c.reserved) }()
	if c.snap, err = ct.Snapshot(uint64(ts)); err != nil {
		return 0, "", err
	}
	defer c.snap.Close()
	if c.rows, err = x.Rows.SnapshotAt(ts); err != nil {
		return 0, "", err
	}
	defer c.rows.Close()
	if err := c.describe(t); err != nil {
		return 0, "", err
	}

	audit := c.rows.AuditIndexes(c.schema)
	inColumns, inRows := newTableDigest(), newTableDigest()
	if err := c.eachColumnRow(inColumns, inColumns.add); err != nil {
		return 0, "", err
	}
	err = c.eachRow(func(row rowstore.Row, key rowstore.Key, digest uint64) error {
		inRows.add(row.RowID(), digest)
		if err := audit.Add(row, key); err != nil {
			return err
		}
		if inRows.rows%vector.MaxBatch == 0 {
			return c.reserve(inColumns, inRows)
		}
		return nil
	})
	if err != nil {
		return 0, "", err
	}
	inColumns.close()
	inRows.close()
	if r, differ := inRows.difference(inColumns); differ {
		if detail, err = c.differenceIn(r); err != nil {
			return 0, "", err
		}
	}
	indexes, err := c.indexDifferences(audit)
	if detail != "" && indexes != "" {
		detail += "; "
	}
	return inRows.rows, detail + indexes, err
}

// describe takes the table as it was committed at the snapshot: the statement's
// own transaction may have altered it, which neither copy knows yet.
func (c *comparison) describe(t *catalog.Table) error {
	cat, err := c.x.Catalog.At(c.rows)
	if err != nil {
		return err
	}
	if c.t = cat.TableByStorage(t.StorageID); c.t == nil {
		return sqlstate.New(sqlstate.ObjectNotInState, "table %q has no columns", t.Name)
	}
	c.columns = len(c.t.Columns)
	if c.t.HiddenKey() {
		c.columns++
	}
	c.schema, err = c.x.Catalog.RowSchema(c.t)
	return err
}

// reserve reserves the memory of the digests.
func (c *comparison) reserve(ds ...*tableDigest) error {
	need := -c.reserved
	for _, d := range ds {
		need += bytesPerRange * int64(len(d.ranges))
	}
	if need <= 0 {
		return nil
	}
	if err := c.x.Memory.Reserve(need); err != nil {
		return err
	}
	c.reserved += need
	return nil
}

// eachColumnRow calls f with the rowID and the digest of each row of the columns.
// What d has grown by is reserved.
func (c *comparison) eachColumnRow(d *tableDigest, f func(rowID, digest uint64)) error {
	cols := make([]int, c.columns, c.columns+1)
	for i := range cols {
		cols[i] = i
	}
	scan, err := c.snap.NewScan(colstore.ScanSpec{Columns: append(cols, colstore.RowIDColumn)})
	if err != nil {
		return err
	}
	r := scan.NewReader()
	defer r.Close()
	digests := make([]uint64, vector.MaxBatch)
	var flat vector.Vector
	for {
		b, err := r.Next(c.x.Ctx)
		if err != nil || b == nil {
			return err
		}
		b = b.Compact()
		digests = digests[:b.Len]
		clear(digests)
		for _, v := range b.Cols[:c.columns] {
			if v.Enc != vector.Flat {
				flat.Type = v.Type
				v = v.Flatten(&flat)
			}
			if err := digestVector(digests, v); err != nil {
				return err
			}
		}
		ids := b.Cols[c.columns].Flatten(nil)
		for i, digest := range digests {
			f(uint64(ids.I64[i]), digest)
		}
		if err := c.reserve(d); err != nil {
			return err
		}
	}
}

// eachRow calls f with each row of the row store, its key and its digest.
func (c *comparison) eachRow(f func(row rowstore.Row, key rowstore.Key, digest uint64) error) error {
	it := c.rows.Scan(c.schema, rowstore.Span{}, rowstore.ScanOptions{})
	defer it.Close()
	for n := 0; it.Next(); n++ {
		row := it.Row()
		digest, err := c.rowDigest(row, it.Key())
		if err == nil {
			err = f(row, it.Key(), digest)
		}
		if err == nil && n%vector.MaxBatch == 0 {
			err = c.x.Ctx.Err()
		}
		if err != nil {
			return err
		}
	}
	return it.Err()
}

// rowDigest returns the digest of a row, the same as that of its columns.
func (c *comparison) rowDigest(row rowstore.Row, key rowstore.Key) (h uint64, err error) {
	for i := range c.t.Columns {
		if row.IsNull(i) {
			h = digestNull(h)
			continue
		}
		switch c.t.Columns[i].Type.Physical() {
		case types.PhysFloat32, types.PhysFloat64:
			h = mixDigest(h, math.Float64bits(row.Float64(i)))
		case types.PhysInt128:
			h = digestInt128(h, row.Int128(i))
		case types.PhysInterval:
			h = digestInterval(h, row.Interval(i))
		case types.PhysString:
			h = digestString(h, row.Str(i))
		default:
			h = mixDigest(h, uint64(row.Int64(i)))
		}
	}
	if c.t.HiddenKey() {
		n, ok := rowstore.HiddenNumber(key)
		if !ok {
			return 0, sqlstate.New(sqlstate.DataCorrupted, "table %q: hidden key of %d bytes", c.t.Name, len(key))
		}
		h = mixDigest(h, uint64(n))
	}
	return h, nil
}

// differenceIn describes the first row that differs among those of one range of
// rowIDs.
func (c *comparison) differenceIn(r uint64) (detail string, err error) {
	// A range has few rows, unless a rowID occurs more than once.
	columns := map[uint64]uint64{}
	err = c.eachColumnRow(newTableDigest(), func(rowID, digest uint64) {
		if rowID>>digestRangeBits != r {
			return
		}
		if old, twice := columns[rowID]; twice {
			digest = digestNull(old) // a mismatch of its own
		}
		columns[rowID] = digest
	})
	if err != nil {
		return "", err
	}
	err = c.eachRow(func(row rowstore.Row, key rowstore.Key, digest uint64) error {
		if row.RowID()>>digestRangeBits != r || detail != "" {
			return nil
		}
		got, ok := columns[row.RowID()]
		switch {
		case !ok:
			detail = c.rowName(key, row.RowID()) + ", is missing in the columns"
		case got != digest:
			detail = c.rowName(key, row.RowID()) + ", differs in the columns"
		}
		delete(columns, row.RowID())
		return nil
	})
	if err != nil || detail != "" {
		return detail, err
	}
	if len(columns) > 0 {
		return fmt.Sprintf("the columns have rows that the row store does not have, the first with rowID %d", slices.Min(slices.Collect(maps.Keys(columns)))), nil
	}
	return "", sqlstate.New(sqlstate.InternalError, "table %q: the digests of the copies differ, but no row does", c.t.Name)
}

// rowName names a row.
func (c *comparison) rowName(key rowstore.Key, rowID uint64) string {
	name, ok := c.keyName(key)
	if !ok || c.t.HiddenKey() {
		return fmt.Sprintf("the row with rowID %d", rowID)
	}
	return fmt.Sprintf("the row with %s, rowID %d", name, rowID)
}

// keyName names the values of a key: (a = 1, b = x).
func (c *comparison) keyName(key rowstore.Key) (name string, ok bool) {
	values, err := c.schema.DecodeKey(key)
	if err != nil {
		return "", false
	}
	if c.t.HiddenKey() {
		return fmt.Sprintf("the hidden key %d", values[0].Int()), true
	}
	for i, o := range c.t.Primary {
		if i > 0 {
			name += ", "
		}
		name += c.t.Columns[o].Name + " = " + types.Format(values[i], c.t.Columns[o].Type, time.UTC)
	}
	return "(" + name + ")", true
}
