package olap

import "testing"

// TestEstimateShared: what is shared at each of many levels is estimated once,
// not once for every way that leads to it.
func TestEstimateShared(t *testing.T) {
	var n Node = &Values{}
	for range 200 {
		m := &Materialize{Input: n}
		n = &HashJoin{Kind: Cross, Probe: m, Build: m}
	}
	if got := estimate(n); got != 0 {
		t.Errorf("estimate of no rows: %g", got)
	}
}

// TestDependentShared: the same for what a recursion asks of its step.
func TestDependentShared(t *testing.T) {
	w := &WorkTable{}
	var n Node = w
	for range 200 {
		m := &Materialize{Input: n}
		n = &HashJoin{Kind: Cross, Probe: m, Build: m}
	}
	if got := (&RecursiveUnion{Table: w}).dependent(n); len(got) != 200 {
		t.Errorf("%d nodes read the work table, want 200", len(got))
	}
}
