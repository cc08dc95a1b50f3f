package demo

import (
	"context"
	"encoding/json"
	"fmt"

	"htapdb/htap"
)

// access is how a plan reads one table.
type access struct {
	table string
	// path is row or column, node the plan's name of the access.
	path, node string
	// rowCost and columnCost are the planner's; negative is impossible.
	rowCost, columnCost float64
	reason              string
}

// planNode is what the demo reads of a plan in PostgreSQL's JSON shape.
type planNode struct {
	NodeType   string     `json:"Node Type"`
	Relation   string     `json:"Relation Name"`
	Path       string     `json:"Access Path"`
	RowCost    *float64   `json:"Row Cost"`
	ColumnCost *float64   `json:"Column Cost"`
	Reason     string     `json:"Reason"`
	Plans      []planNode `json:"Plans"`
}

// explain asks the planner how it reads each table of a query, and why.
func explain(ctx context.Context, s *htap.Session, sql string) ([]access, error) {
	_, rows, err := collect(ctx, s, "EXPLAIN (FORMAT json) "+sql)
	if err != nil {
		return nil, err
	}
	var top []struct{ Plan planNode }
	if len(rows) != 1 {
		return nil, fmt.Errorf("EXPLAIN (FORMAT json) gave %d rows", len(rows))
	}
	if err := json.Unmarshal([]byte(rows[0][0]), &top); err != nil {
		return nil, fmt.Errorf("EXPLAIN (FORMAT json): %w", err)
	}
	var out []access
	for _, t := range top {
		out = t.Plan.accesses(out)
	}
	return out, nil
}

// accesses appends those of the plan in the order of its nodes.
func (n planNode) accesses(out []access) []access {
	if n.Relation != "" && n.Path != "" {
		out = append(out, access{table: n.Relation, path: n.Path, node: n.NodeType, rowCost: cost(n.RowCost), columnCost: cost(n.ColumnCost), reason: n.Reason})
	}
	for _, c := range n.Plans {
		out = c.accesses(out)
	}
	return out
}

func cost(c *float64) float64 {
	if c == nil {
		return -1
	}
	return *c
}

// why says what the planner weighed: the cost of its choice and of the other.
func (a access) why() string {
	chosen, other := a.columnCost, a.rowCost
	if a.path == "row" {
		chosen, other = other, chosen
	}
	if other < 0 {
		return "no other way"
	}
	return costText(chosen) + "<" + costText(other)
}

// costText writes a cost in few characters.
func costText(c float64) string {
	switch {
	case c >= 1e6:
		return fmt.Sprintf("%.1fM", c/1e6)
	case c >= 1e4:
		return fmt.Sprintf("%.0fk", c/1e3)
	case c >= 1e3:
		return fmt.Sprintf("%.1fk", c/1e3)
	case c >= 10:
		return fmt.Sprintf("%.0f", c)
	}
	return fmt.Sprintf("%.1f", c)
}
