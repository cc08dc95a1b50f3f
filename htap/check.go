package htap

import (
	"fmt"
	"time"

	"htapdb/colstore"
	"htapdb/htap/catalog"
	"htapdb/rowstore"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// checkColumns describes CHECK TABLE's result.
func checkColumns(*Session, parser.Stmt) ([]Column, error) {
	return []Column{{Name: "table", Type: types.TText}, {Name: "rows", Type: types.TInt8}, {Name: "snapshot_ts", Type: types.TInt8},
		{Name: "status", Type: types.TText}, {Name: "detail", Type: types.TText}}, nil
}

// checkTable is CHECK TABLE: it compares every row and column of both copies at
// the statement's timestamp.
func (x *execution) checkTable(st *parser.CheckTableStmt) (*output, error) {
	var tables []*catalog.Table
	for _, n := range st.Tables {
		t, err := x.table(n)
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	out := &output{}
	for _, t := range tables {
		rows, detail, err := x.compareCopies(t)
		if err != nil {
			return nil, err
		}
		status := "ok"
		if detail != "" {
			status = "mismatch"
		}
		out.rows = append(out.rows, []types.Datum{text(catalog.QualifiedName(t.Schema, t.Name)), types.NewInt64(rows),
			types.NewInt64(int64(x.s.tx.txn.ReadTimestamp())), text(status), text(detail)})
	}
	out.n = int64(len(out.rows))
	return out, nil
}

// compareCopies reads the columns into digests by rowID and holds the rows
// against them. detail is empty if they agree.
func (x *execution) compareCopies(t *catalog.Table) (rows int64, detail string, err error) {
	ct, ok := x.s.db.feed.Columns().Table(t.StorageID)
	if !ok {
		return 0, "", sqlstate.New(sqlstate.ObjectNotInState, "table %q has no columns", t.Name)
	}
	ts := uint64(x.s.tx.txn.ReadTimestamp())
	if err := ct.WaitSafe(x.ctx, ts); err != nil {
		return 0, "", err
	}
	snap, err := ct.Snapshot(ts)
	if err != nil {
		return 0, "", err
	}
	defer snap.Close()
	columns := len(t.Columns)
	if t.HiddenKey() {
		columns++ // it is the last one, and names rows to UPDATE and DELETE
	}
	digests, err := x.columnDigests(snap, columns)
	if err != nil {
		return 0, "", err
	}
	schema, err := x.s.db.catalog.RowSchema(t)
	if err != nil {
		return 0, "", err
	}
	committed, err := x.s.db.rows.SnapshotAt(x.s.tx.txn.ReadTimestamp())
	if err != nil {
		return 0, "", err
	}
	defer committed.Close()
	it := committed.Scan(schema, rowstore.Span{}, rowstore.ScanOptions{})
	defer it.Close()
	for it.Next() {
		row := it.Row()
		rows++
		want := newDigest()
		for c := range t.Columns {
			want.add(row.Datum(c))
		}
		if t.HiddenKey() {
			key, err := schema.DecodeKey(it.Key())
			if err != nil {
				return rows, "", err
			}
			want.add(key[0])
		}
		got, ok := digests[row.RowID()]
		switch {
		case !ok:
			return rows, x.difference(t, schema, it.Key(), row, "is missing in the columns"), nil
		case got != want.sum():
			return rows, x.difference(t, schema, it.Key(), row, "differs in the columns"), nil
		}
		delete(digests, row.RowID())
	}
	if err := it.Err(); err != nil {
		return 0, "", err
	}
	for id := range digests {
		return rows, fmt.Sprintf("the columns have %d rows that the row store does not have, one with rowID %d", len(digests), id), nil
	}
	return rows, "", nil
}

// difference names the row.
func (x *execution) difference(t *catalog.Table, schema *rowstore.Schema, key rowstore.Key, row rowstore.Row, what string) string {
	values, err := schema.DecodeKey(key)
	if err != nil || t.HiddenKey() {
		return fmt.Sprintf("the row with rowID %d %s", row.RowID(), what)
	}
	name := ""
	for i, o := range t.Primary {
		if i > 0 {
			name += ", "
		}
		name += t.Columns[o].Name + " = " + types.Format(values[i], t.Columns[o].Type, time.UTC)
	}
	return fmt.Sprintf("the row with (%s), rowID %d, %s", name, row.RowID(), what)
}

// columnDigests computes a digest of each visible row by rowID.
func (x *execution) columnDigests(snap *colstore.Snapshot, n int) (map[uint64]uint64, error) {
	cols := make([]int, n, n+1)
	for i := range cols {
		cols[i] = i
	}
	scan, err := snap.NewScan(colstore.ScanSpec{Columns: append(cols, colstore.RowIDColumn)})
	if err != nil {
		return nil, err
	}
	r := scan.NewReader()
	defer r.Close()
	out := map[uint64]uint64{}
	reserved := int64(0)
	defer func() { x.memory.Release(reserved) }()
	for {
		b, err := r.Next(x.ctx)
		if err != nil || b == nil {
			return out, err
		}
		bytes := int64(b.Rows()) * 48
		if err := x.memory.Reserve(bytes); err != nil {
			return nil, err
		}
		reserved += bytes
		if err := digestRows(b, n, out); err != nil {
			return nil, err
		}
	}
}

// digestRows adds the digests of a batch; a rowID that occurs twice is a mismatch of its own.
func digestRows(b *vector.Batch, n int, out map[uint64]uint64) error {
	for i := range b.Rows() {
		r := b.Row(i)
		d := newDigest()
		for _, c := range b.Cols[:n] {
			d.add(c.Datum(r))
		}
		id := uint64(b.Cols[n].Datum(r).Int())
		if _, twice := out[id]; twice {
			d.add(types.NewString("twice"))
		}
		out[id] = d.sum()
	}
	return nil
}
