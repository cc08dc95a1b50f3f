package router

import (
	"htapdb/sql/opt"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
)

// Mode is the setting htap.route.
type Mode uint8

// The modes. Row and Column bind every access to a stored table.
const (
	Auto Mode = iota
	Row
	Column
)

// ColumnState says whether the column copy of a table can serve a scan.
type ColumnState struct {
	// Live is true when it can.
	Live bool
	// Never is true when it cannot whatever one waits for: a forced column
	// route is then 0A000, and otherwise 55000.
	Never bool
	// Reason says why it cannot, for EXPLAIN and errors: "columns are building".
	Reason string
}

// Options are the inputs of Route besides the plan.
type Options struct {
	Mode Mode
	// Columns tells the state of the columns for a scan; nil means live.
	Columns func(*plan.Scan) ColumnState
}

// Route returns the plan with an access in every scan.
//
// Errors, for a forced column route: 55000 if a table's columns are not live,
// 0A000 if they cannot serve the scan at all.
func Route(root plan.Node, options Options) (plan.Node, error) {
	var first error
	n := plan.Rewrite(root, func(n plan.Node) plan.Node {
		s, ok := n.(*plan.Scan)
		if !ok || first != nil {
			return n
		}
		a, err := route(s, options)
		if err != nil {
			first = err
			return n
		}
		c := *s
		c.Access = a
		return &c
	})
	return n, first
}

// route decides about one scan.
func route(s *plan.Scan, options Options) (*plan.Access, error) {
	rows := s.Table.RowCount()
	selected := rows * opt.Selectivity(s.Filters, columnStats(s))
	if s.Table.Virtual {
		return &plan.Access{Path: plan.VirtualScan, EstRows: selected}, nil
	}
	best := bestRowAccess(s, rows)
	best.EstRows = selected
	state := ColumnState{Live: true}
	if options.Columns != nil {
		state = options.Columns(s)
	}
	best.ColumnCost = columnCost(s, rows)
	if !state.Live {
		best.ColumnCost, best.Reason = -1, state.Reason
	}
	switch options.Mode {
	case Row:
		return best, nil
	case Column:
		if !state.Live {
			return nil, notLive(s, state)
		}
	default:
		if !state.Live || best.RowCost <= best.ColumnCost {
			return best, nil
		}
	}
	return &plan.Access{
		Path: plan.ColumnScan, RowCost: best.RowCost, ColumnCost: best.ColumnCost,
		Reason: best.Reason, EstRows: best.EstRows,
	}, nil
}

// notLive is the error of a forced column route.
func notLive(s *plan.Scan, state ColumnState) error {
	if state.Never {
		return sqlstate.New(sqlstate.FeatureNotSupported, "table %q cannot be read by the column path: %s", s.Table.Name, state.Reason)
	}
	return sqlstate.New(sqlstate.ObjectNotInState, "columns of table %q are not live: %s", s.Table.Name, state.Reason).
		WithHint("Wait, or SET htap.route = auto.")
}

// columnStats gives the optimizer's estimator the statistics of a scan's columns.
func columnStats(s *plan.Scan) func(plan.ColID) plan.ColumnStats {
	return func(id plan.ColID) plan.ColumnStats {
		for _, c := range s.Cols {
			if c.ID != id {
				continue
			}
			cs := s.Table.ColumnStats(c.Ordinal)
			if len(s.Table.PrimaryKey) == 1 && s.Table.PrimaryKey[0] == c.Ordinal {
				cs.Distinct = s.Table.RowCount()
			}
			return cs
		}
		return plan.ColumnStats{}
	}
}
