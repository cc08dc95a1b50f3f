package plan

import "time"

// Actual is what the operators of a node did when the statement ran (EXPLAIN ANALYZE).
type Actual struct {
	// Executed is false for a node that was never asked for a row.
	Executed bool
	// Rows came out of the node.
	Rows int64
	// Time was spent in the node and below it, summed over the workers.
	Time time.Duration
	// Memory is the most that the node itself reserved, in bytes, Workers how many ran it.
	Memory  int64
	Workers int
	// Removed rows met the node and did not pass its conditions.
	Removed int64
	// Access is how a scan found its rows, nil for other nodes.
	Access *AccessActual
}

// AccessActual is how a scan of the columns found its rows.
type AccessActual struct {
	// Filters are the conditions that the scan applied itself.
	Filters []FilterActual
	// Of Segments, SegmentsPruned with RowsPruned rows were not looked at.
	Segments, SegmentsPruned, RowsPruned int64
	// RowsScanned were tested, DeltaRows of them not in segments yet.
	RowsScanned, DeltaRows int64
	// Metadata are results that were read off the metadata.
	Metadata []string
}

// FilterActual is how one condition was applied.
type FilterActual struct {
	Predicate string
	// Kind says how: "zone map", "encoded", "dictionary" …
	Kind string
	// Source is the operator that a run-time filter came from, "" for the query's own conditions.
	Source                  string
	Removed, SegmentsPruned int64
}

// Residual is the Kind of a condition that was evaluated on the rows of a scan.
const Residual = "residual"

// ExplainOptions say what EXPLAIN shows of each node; the zero value shows the
// plan alone.
type ExplainOptions struct {
	// Rows estimates a node's rows; nil leaves the estimate out.
	Rows func(Node) float64
	// HideCosts leaves costs and estimates out.
	HideCosts bool
	// Actual returns what a node did, nil if it has no operators; nil unless the
	// statement ran.
	Actual func(Node) *Actual
	// HideTiming leaves the nodes' times out.
	HideTiming bool
	// Summary lines follow the plan, in order.
	Summary []SummaryLine
}

// SummaryLine is a property of the whole statement; Value is a number of ms or a text.
type SummaryLine struct {
	Key   string
	Value any
}
