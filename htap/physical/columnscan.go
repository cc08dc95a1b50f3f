package physical

import (
	"context"
	"errors"
	"sort"
	"time"

	"htapdb/colstore"
	"htapdb/htap/transpose"
	"htapdb/olap"
	"htapdb/rowstore"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// columnSource reads the column store at the statement's timestamp, with the
// transaction's own writes laid over it.
type columnSource struct {
	scanBase
	// columns are ordinals of the column store's schema for the output columns;
	// the key columns follow them if a locator is asked for.
	columns []int
	// key is the output position of the locator, −1 for none.
	key     int
	keyCols []int
	filters []colstore.Filter
	// pushed are the filters in the plan's form, for EXPLAIN.
	pushed []plan.Predicate
	// all are the conjuncts again, for the row path as a fall-back.
	all []fn.Expr
	pos map[plan.ColID]int
}

// newColumnSource returns the source and the conjuncts that it does not apply.
func newColumnSource(base scanBase, pos map[plan.ColID]int) (*columnSource, []fn.Expr, error) {
	s := &columnSource{scanBase: base, key: -1, all: base.plan.Filters, pos: pos}
	ordinal := map[plan.ColID]int{}
	for i, c := range base.plan.Cols {
		if c.Ordinal == plan.KeyOrdinal {
			s.key = i
			continue
		}
		ordinal[c.ID] = c.Ordinal
		s.columns = append(s.columns, c.Ordinal)
	}
	if s.key >= 0 {
		s.keyCols = base.desc.Primary
		if base.desc.HiddenKey() {
			s.keyCols = []int{len(base.desc.Columns)}
		}
		s.columns = append(s.columns, s.keyCols...)
	}
	var rest []fn.Expr
	var err error
	s.filters, s.pushed, rest, err = base.st.pushFilters(base.plan.Filters, ordinal)
	return s, rest, err
}

// EstimatedRows implements olap.Source.
func (s *columnSource) EstimatedRows() float64 { return s.plan.Table.RowCount() }

// Open implements olap.Source: it waits until the columns have reached the
// statement's timestamp. If they cannot serve it, a statement whose route was
// not forced reads the rows instead.
func (s *columnSource) Open(ctx context.Context, ex *olap.Exec) (olap.Scanner, error) {
	scan, err := s.open(ctx, ex)
	if err == nil {
		return scan, nil
	}
	if !s.fallsBack(ctx, err) {
		return nil, err
	}
	rows := &rowSource{scanBase: s.scanBase, spans: []rowstore.Span{{}}}
	sc, err := rows.Open(ctx, ex)
	if err != nil {
		return nil, err
	}
	pred, err := lowerConds(s.all, s.pos)
	if err != nil || pred == nil {
		return sc, err
	}
	return &filteredScanner{Scanner: sc, ctx: s.st.Eval, pred: pred}, nil
}

// fallsBack reports that the columns could not serve the statement, and rows may.
func (s *columnSource) fallsBack(ctx context.Context, err error) bool {
	return !s.st.Forced && ctx.Err() == nil && sqlstate.Is(err, sqlstate.ObjectNotInState)
}

// open opens the column store's scan.
func (s *columnSource) open(ctx context.Context, ex *olap.Exec) (olap.Scanner, error) {
	snap, overlay, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	scan, err := snap.NewScan(colstore.ScanSpec{Columns: s.columns, Filters: s.filters, Overlay: overlay, BatchSize: min(ex.BatchSize, vector.MaxBatch)})
	if err != nil {
		snap.Close()
		return nil, err
	}
	return &columnScanner{source: s, snap: snap, scan: scan}, nil
}

// snapshot opens the columns at the statement's timestamp, with its own writes.
// The caller closes the snapshot.
func (s *columnSource) snapshot(ctx context.Context) (*colstore.Snapshot, *colstore.Overlay, error) {
	table, ok := s.st.Columns.Table(s.desc.StorageID)
	if !ok {
		return nil, nil, sqlstate.New(sqlstate.ObjectNotInState, "table %q has no columns yet", s.desc.Name).
			WithHint("Retry, or SET htap.route = 'row'.")
	}
	if s.st.Txn != nil {
		for _, l := range s.st.Txn.PendingLoads() {
			if l.TableID == s.desc.StorageID {
				return nil, nil, sqlstate.New(sqlstate.ObjectNotInState, "the columns of table %q do not have the rows that this transaction has loaded", s.desc.Name).
					WithHint("They do after COMMIT; SET htap.route = 'auto' reads the rows.")
			}
		}
	}
	if err := s.wait(ctx, table); err != nil {
		return nil, nil, err
	}
	snap, err := table.Snapshot(uint64(s.st.TS))
	if err != nil {
		return nil, nil, err
	}
	overlay, err := s.overlay(snap)
	if err != nil {
		snap.Close()
		return nil, nil, err
	}
	if err := s.checkSchema(snap.Schema()); err != nil {
		snap.Close()
		return nil, nil, err
	}
	return snap, overlay, nil
}

// checkSchema reports a snapshot's schema that has not the statement's columns in
// the same order: the table was altered in between.
func (s *columnSource) checkSchema(have *colstore.TableSchema) error {
	want, err := transpose.ColumnSchema(s.desc)
	if err != nil {
		return err
	}
	same := len(want.Columns) == len(have.Columns)
	for i := range want.Columns {
		same = same && want.Columns[i].ID == have.Columns[i].ID
	}
	if !same {
		return sqlstate.New(sqlstate.ObjectNotInState, "the columns of table %q have another schema than the statement's snapshot", s.desc.Name).
			WithHint("Retry, or SET htap.route = 'row'.")
	}
	return nil
}

// wait blocks until the columns have everything up to the statement's timestamp.
func (s *columnSource) wait(ctx context.Context, table *colstore.Table) error {
	if table.Safe() >= uint64(s.st.TS) {
		return nil
	}
	start := time.Now()
	limited, cancel := context.WithTimeout(ctx, s.st.FreshnessTimeout)
	defer cancel()
	err := table.WaitSafe(limited, uint64(s.st.TS))
	if s.st.Waited != nil {
		s.st.Waited(time.Since(start))
	}
	if err != nil && ctx.Err() == nil && errors.Is(limited.Err(), context.DeadlineExceeded) {
		return sqlstate.New(sqlstate.ObjectNotInState, "the columns of table %q did not reach the statement's snapshot within %s", s.desc.Name, s.st.FreshnessTimeout).
			WithHint("SET htap.route = 'row' reads the row store; htap.freshness_timeout sets the bound.")
	}
	return err
}

// overlay collects the transaction's own writes to the table, nil without any.
func (s *columnSource) overlay(snap *colstore.Snapshot) (*colstore.Overlay, error) {
	if s.st.Txn == nil || s.st.Txn.Writes() == 0 {
		return nil, nil
	}
	o := &colstore.Overlay{}
	ts := snap.Schema().Types()
	n := 0
	var failed error
	err := s.st.Txn.PendingChanges(s.schema, func(p rowstore.PendingChange) bool {
		if p.PrevRowID != 0 {
			o.Hidden = append(o.Hidden, p.PrevRowID)
		}
		if !p.New.Valid() {
			return true
		}
		if o.Rows == nil {
			o.Rows = vector.NewBatch(ts, 0)
		}
		failed = s.appendPending(o.Rows, n, p)
		n++
		return failed == nil
	})
	if err = errors.Join(err, failed); err != nil {
		return nil, err
	}
	if o.Hidden == nil && o.Rows == nil {
		return nil, nil
	}
	sort.Slice(o.Hidden, func(i, j int) bool { return o.Hidden[i] < o.Hidden[j] })
	return o, nil
}

// appendPending adds one own row to the overlay's batch.
func (s *columnSource) appendPending(b *vector.Batch, n int, p rowstore.PendingChange) error {
	for i, v := range b.Cols {
		if i == len(s.desc.Columns) {
			key, err := s.schema.DecodeKey(p.Key)
			if err != nil {
				return err
			}
			v.Append(key[0])
			continue
		}
		v.Append(p.New.Datum(i))
	}
	b.Len = n + 1
	return nil
}

// columnScanner adapts a colstore.Scan.
type columnScanner struct {
	source *columnSource
	snap   *colstore.Snapshot
	scan   *colstore.Scan
	// runtime are the operators that the run-time filters came from, moving ones last.
	runtime, moving []string
}

// NewReader implements olap.Scanner.
func (s *columnScanner) NewReader() (olap.Reader, error) {
	r := s.scan.NewReader()
	if s.source.key < 0 {
		return r, nil
	}
	return &keyReader{Reader: r, source: s.source}, nil
}

// Close implements olap.Scanner.
func (s *columnScanner) Close() {
	if retain := s.source.st.Retain; retain == nil || !retain(s.snap) {
		s.snap.Close()
	}
}

// AddRuntimeFilter implements olap.RuntimeFilterer.
func (s *columnScanner) AddRuntimeFilter(col int, f *olap.RuntimeFilter) {
	ord := s.source.plan.Cols[col].Ordinal
	if ord == plan.KeyOrdinal {
		return
	}
	for _, p := range f.Predicates {
		if s.scan.AddFilter(colstore.Filter{Column: ord, Predicate: p}) == nil {
			s.runtime = append(s.runtime, f.Source)
		}
	}
	if f.Moving != nil && s.scan.AddMoving(ord, f.Moving) == nil {
		s.moving = append(s.moving, f.Source)
	}
}

// keyReader computes the row locator from the key columns that follow the
// output columns.
type keyReader struct {
	olap.Reader
	source *columnSource
	batch  vector.Batch
	values []types.Datum
}

// Next implements olap.Reader.
func (r *keyReader) Next(ctx context.Context) (*vector.Batch, error) {
	b, err := r.Reader.Next(ctx)
	if err != nil || b == nil {
		return nil, err
	}
	s := r.source
	first := len(b.Cols) - len(s.keyCols)
	locator := vector.New(types.TBytea, b.Len)
	for i := range b.Rows() {
		row := b.Row(i)
		r.values = r.values[:0]
		for _, c := range b.Cols[first:] {
			r.values = append(r.values, c.Datum(row))
		}
		key, err := s.locator(r.values)
		if err != nil {
			return nil, err
		}
		locator.Str[row] = string(key)
	}
	r.batch = vector.Batch{Len: b.Len, Sel: b.Sel, Cols: r.batch.Cols[:0]}
	k := 0
	for i := range s.plan.Cols {
		if i == s.key {
			r.batch.Cols = append(r.batch.Cols, locator)
			continue
		}
		r.batch.Cols = append(r.batch.Cols, b.Cols[k])
		k++
	}
	return &r.batch, nil
}

// locator encodes the key of a row.
func (s *columnSource) locator(values []types.Datum) (rowstore.Key, error) {
	if s.desc.HiddenKey() {
		return rowstore.HiddenKey(values[0].Int()), nil
	}
	return s.schema.PrimaryKey(values...)
}

// filteredScanner applies a condition to another scanner's batches.
type filteredScanner struct {
	olap.Scanner
	ctx  *fn.Context
	pred fn.Expr
}

// NewReader implements olap.Scanner.
func (f *filteredScanner) NewReader() (olap.Reader, error) {
	r, err := f.Scanner.NewReader()
	if err != nil {
		return nil, err
	}
	return &filteredReader{Reader: r, ev: fn.NewEvaluator(f.ctx, f.pred)}, nil
}

// filteredReader narrows the selection of each batch.
type filteredReader struct {
	olap.Reader
	ev  *fn.Evaluator
	sel []int32
}

// Next implements olap.Reader.
func (r *filteredReader) Next(ctx context.Context) (*vector.Batch, error) {
	b, err := r.Reader.Next(ctx)
	if err != nil || b == nil {
		return nil, err
	}
	sel, err := r.ev.Filter(b, r.sel[:0])
	if err != nil {
		return nil, err
	}
	r.sel = sel
	b.Sel = sel
	return b, nil
}
