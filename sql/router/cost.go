package router

import (
	"math"

	"htapdb/sql/opt"
	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// Costs in µs of one core, on the machine the engine was measured on. Only
// their ratios matter to the choice.
const (
	// seekCost positions an iterator or gets a key from the LSM.
	seekCost = 3.0
	// rowCost steps to the next row of a scan and checks its visibility;
	// decodeCost decodes one fixed-width column of it, decodeByteCost one byte of a string.
	rowCost        = 0.25
	decodeCost     = 0.02
	decodeByteCost = 0.002
	// filterCost evaluates one conjunct on one row on the row path.
	filterCost = 0.02
	// columnStart pins the superversion, captures the overlay and starts workers.
	columnStart = 25.0
	// valueCost reads one fixed-width value of a column scan, encodedByteCost one byte of a string.
	valueCost       = 0.0012
	encodedByteCost = 0.0002
	// segmentRows is the number of rows whose zone maps decide together.
	segmentRows = 128 << 10
	// defaultBytes is the width assumed for a string without statistics.
	defaultBytes = 20
)

// decodeWidth is the cost of decoding the scan's columns of one row.
func decodeWidth(s *plan.Scan) float64 {
	c := 0.0
	for _, col := range s.Cols {
		c += decodeCost + bytesOf(s, col)*decodeByteCost
	}
	return c
}

// bytesOf is the width of a variable-length column, 0 for the others.
func bytesOf(s *plan.Scan, col plan.ScanColumn) float64 {
	if col.Type.Physical() != types.PhysString {
		return 0
	}
	if b := s.Table.ColumnStats(col.Ordinal).AvgBytes; b > 0 {
		return b
	}
	return defaultBytes
}

func perRow(s *plan.Scan) float64 {
	return rowCost + decodeWidth(s) + filterCost*float64(len(s.Filters))
}

// rowScanCost is a scan of the whole primary index.
func rowScanCost(s *plan.Scan, rows float64) float64 {
	return seekCost + rows*perRow(s)
}

// indexCost reads ranges of an index; a secondary index gets each row by its key.
func indexCost(s *plan.Scan, secondary bool, ranges, rows float64) float64 {
	c := ranges*seekCost + rows*perRow(s)
	if secondary {
		c += rows * seekCost
	}
	return c
}

// columnCost is a scan of the segments that zone maps leave.
func columnCost(s *plan.Scan, rows float64) float64 {
	perRow := valueCost
	for _, col := range s.Cols {
		perRow += valueCost + bytesOf(s, col)*encodedByteCost
	}
	return columnStart + remaining(s, rows)*perRow
}

// remaining is the number of rows in segments that are not pruned. Rows arrive
// roughly in the order of the key, so conditions on its first column prune well;
// for other columns nothing is assumed.
func remaining(s *plan.Scan, rows float64) float64 {
	if len(s.Table.PrimaryKey) == 0 || rows <= segmentRows {
		return rows
	}
	var conds []fn.Expr
	for _, c := range s.Cols {
		if c.Ordinal != s.Table.PrimaryKey[0] {
			continue
		}
		for _, f := range s.Filters {
			if used := plan.Used(f); used.Len() == 1 && used.Has(c.ID) {
				conds = append(conds, f)
			}
		}
	}
	return math.Min(rows, math.Max(rows*opt.Selectivity(conds, columnStats(s)), segmentRows))
}
