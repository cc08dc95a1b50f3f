package tree

import (
	"fmt"
	"math"
	"slices"
)

const (
	// farTargets is how many times the spread of the targets the farthest may be off: of its
	// 2^31 steps of a gradient less than 2^11 then lie within the spread.
	farTargets = 1 << 20
	// spreadRows is how many rows the spread is estimated from.
	spreadRows = 4096
)

// farNotice returns a notice for targets of which some are so far from the others that
// boosting, whose gradients are in units of the farthest, hardly tells these apart; ""
// if there are none. The rows are in canonical order, in which the first are a sample.
// The targets are in units.
func farNotice(column string, targets []float64, unit float64) string {
	some := slices.Sorted(slices.Values(targets[:min(len(targets), spreadRows)]))
	at := func(part int) float64 { return some[(len(some)-1)*part/20] }
	spread, middle, far := at(19)-at(1), at(10), 0.0
	for _, y := range targets {
		far = max(far, math.Abs(y-middle))
	}
	if spread <= 0 || far <= farTargets*spread {
		return ""
	}
	return fmt.Sprintf("column %q has values up to %.2g from its median, and nine in ten lie within %.2g: boosting hardly tells these apart; "+
		"leave out the rows of the others, predict a logarithm, or use random_forest", column, far*unit, spread*unit)
}
