package plan

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// summary is "(actual time=… rows=… loops=1)", as PostgreSQL writes it.
func (a *Actual) summary(hideTiming bool) string {
	switch {
	case a == nil || !a.Executed:
		return "(never executed)"
	case hideTiming:
		return fmt.Sprintf("(actual rows=%d loops=1)", a.Rows)
	}
	return fmt.Sprintf("(actual time=%.3f rows=%d loops=1)", ms(a.Time), a.Rows)
}

// ms is a duration in milliseconds.
func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// lines are the properties of what a node did.
func (a *Actual) lines() []string {
	if a == nil || !a.Executed {
		return nil
	}
	var out []string
	if x := a.Access; x != nil {
		for _, f := range x.Filters {
			out = append(out, f.text())
		}
		if x.Metadata != nil {
			out = append(out, "Metadata: "+strings.Join(x.Metadata, ", "))
		}
		if x.Segments > 0 {
			out = append(out, fmt.Sprintf("Segments: %d (pruned %d with %d rows)", x.Segments, x.SegmentsPruned, x.RowsPruned))
		}
		if x.DeltaRows > 0 {
			out = append(out, "Delta Rows: "+strconv.FormatInt(x.DeltaRows, 10))
		}
	}
	if a.Removed > 0 {
		out = append(out, "Rows Removed by Filter: "+strconv.FormatInt(a.Removed, 10))
	}
	if a.Memory > 0 {
		out = append(out, fmt.Sprintf("Memory: %dkB", (a.Memory+1023)>>10))
	}
	if a.Workers > 1 {
		out = append(out, "Workers: "+strconv.Itoa(a.Workers))
	}
	return out
}

// text is a filter's line.
func (f *FilterActual) text() string {
	label := "Pushed Filter: "
	kind := f.Kind
	switch {
	case kind == Residual:
		return fmt.Sprintf("Residual Filter: %s (removed %d)", f.Predicate, f.Removed)
	case f.Source != "":
		label = "Run-time Filter: "
		kind = "from " + f.Source + "; " + kind
	}
	s := label + f.Predicate + " (" + kind + "; removed " + strconv.FormatInt(f.Removed, 10)
	if f.SegmentsPruned > 0 {
		s += ", segments pruned " + strconv.FormatInt(f.SegmentsPruned, 10)
	}
	return s + ")"
}

// put adds the same to a node's JSON.
func (a *Actual) put(o *object, hideTiming bool) {
	if a == nil || !a.Executed {
		o.put("Actual Rows", 0)
		o.put("Actual Loops", 0)
		return
	}
	if !hideTiming {
		o.put("Actual Total Time", ms(a.Time))
	}
	o.put("Actual Rows", a.Rows)
	o.put("Actual Loops", 1)
	o.put("Rows Removed by Filter", a.Removed)
	if x := a.Access; x != nil {
		var pushed, runtime []any
		for i := range x.Filters {
			if f := &x.Filters[i]; f.Source == "" {
				pushed = append(pushed, f.object())
			} else {
				runtime = append(runtime, f.object())
			}
		}
		if pushed != nil {
			o.put("Pushed Filters", pushed)
		}
		if runtime != nil {
			o.put("Run-time Filters", runtime)
		}
		if x.Metadata != nil {
			o.put("Metadata", x.Metadata)
		}
		o.put("Segments", x.Segments)
		o.put("Segments Pruned", x.SegmentsPruned)
		o.put("Rows Pruned", x.RowsPruned)
		o.put("Rows Scanned", x.RowsScanned)
		o.put("Delta Rows", x.DeltaRows)
	}
	o.put("Memory", a.Memory)
	o.put("Workers", a.Workers)
}

// object is a filter in JSON.
func (f *FilterActual) object() *object {
	o := &object{}
	o.put("Predicate", f.Predicate)
	o.put("Kind", f.Kind)
	if f.Source != "" {
		o.put("Source", f.Source)
	}
	o.put("Rows Removed", f.Removed)
	o.put("Segments Pruned", f.SegmentsPruned)
	return o
}

// text is "Key: value", times with their unit.
func (s SummaryLine) text() string {
	if v, ok := s.Value.(float64); ok {
		return fmt.Sprintf("%s: %.3f ms", s.Key, v)
	}
	return fmt.Sprintf("%s: %v", s.Key, s.Value)
}
