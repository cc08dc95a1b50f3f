package physical

import (
	"time"

	"htapdb/olap"
	"htapdb/sql/plan"
)

// Trace remembers which operators were built for which plan node, so that what
// they counted can be told node by node (EXPLAIN ANALYZE). It belongs to one execution.
type Trace struct {
	tops map[plan.Node]olap.Node
	// written are the rows that a DML node has written.
	written map[plan.Node]int64
}

// built notes the topmost operator of n.
func (t *Trace) built(n plan.Node, top olap.Node) {
	if t == nil {
		return
	}
	if t.tops == nil {
		t.tops = map[plan.Node]olap.Node{}
	}
	t.tops[n] = top
}

// wrote notes how many rows a DML node has written.
func (t *Trace) wrote(n plan.Node, rows int64) {
	if t == nil {
		return
	}
	if t.written == nil {
		t.written = map[plan.Node]int64{}
	}
	t.written[n] += rows
}

// Actual is what the operators of n did according to the profile, nil for a node
// that has none.
func (t *Trace) Actual(n plan.Node, p *olap.Profile) *plan.Actual {
	top := t.tops[n]
	if top == nil {
		if rows, ok := t.written[n]; ok {
			return &plan.Actual{Rows: rows, Time: t.below(n, p), Executed: true}
		}
		return nil
	}
	a := &plan.Actual{Rows: p.Stats(top).Rows, Time: t.below(n, p)}
	stop := map[olap.Node]bool{}
	var residual []plan.FilterActual
	for _, c := range n.Children() {
		if x := t.tops[c]; x != nil {
			stop[x] = true
		}
	}
	own(top, stop, func(x olap.Node) {
		s := p.Stats(x)
		a.Time += s.Time
		a.Memory += s.Bytes
		a.Workers = max(a.Workers, s.Workers)
		a.Executed = a.Executed || s.Workers > 0 || s.Time > 0
		switch x := x.(type) {
		case *olap.Filter:
			removed := p.Stats(x.Input).Rows - s.Rows
			a.Removed += removed
			if _, isScan := n.(*plan.Scan); isScan {
				residual = append(residual, plan.FilterActual{Predicate: x.Pred.String(), Kind: plan.Residual, Removed: removed})
			}
		case *olap.Scan:
			if r := p.Scan(x); r != nil {
				a.Access = access(r)
				a.Executed = true
				for _, f := range r.Filters {
					a.Removed += f.Removed
				}
			}
		}
	})
	if residual != nil {
		if a.Access == nil {
			a.Access = &plan.AccessActual{}
		}
		a.Access.Filters = append(a.Access.Filters, residual...)
	}
	return a
}

// below is the time of the operators of the nodes below n.
func (t *Trace) below(n plan.Node, p *olap.Profile) (d time.Duration) {
	for _, c := range n.Children() {
		if a := t.Actual(c, p); a != nil {
			d += a.Time
		}
	}
	return d
}

// own visits top and the operators below it down to those in stop.
func own(top olap.Node, stop map[olap.Node]bool, visit func(olap.Node)) {
	if stop[top] {
		return
	}
	stop[top] = true
	visit(top)
	for _, in := range top.Inputs() {
		own(in, stop, visit)
	}
}

// access is a scan's report in the plan's form.
func access(r *olap.ScanReport) *plan.AccessActual {
	a := &plan.AccessActual{
		Segments: r.Segments, SegmentsPruned: r.SegmentsPruned, RowsPruned: r.RowsPruned,
		RowsScanned: r.RowsScanned, DeltaRows: r.DeltaRows, Metadata: r.Metadata,
	}
	for _, f := range r.Filters {
		a.Filters = append(a.Filters, plan.FilterActual{
			Predicate: f.Predicate, Kind: f.Kind, Source: f.Source, Removed: f.Removed, SegmentsPruned: f.SegmentsPruned,
		})
	}
	return a
}
