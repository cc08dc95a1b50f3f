package physical

import (
	"slices"
	"strings"

	"htapdb/colstore"
	"htapdb/colstore/segment"
	"htapdb/olap"
)

// Report implements olap.Reporter: how the column store found the rows.
func (s *columnScanner) Report() *olap.ScanReport {
	st := s.scan.Stats()
	out := &olap.ScanReport{
		Segments: st.SegmentsTotal, SegmentsPruned: st.SegmentsPruned, RowsPruned: st.RowsPruned,
		RowsScanned: st.RowsScanned, DeltaRows: st.DeltaRows,
	}
	sources := slices.Concat(s.runtime, s.moving)
	for i, f := range s.scan.FilterStats() {
		r := olap.FilterReport{Kind: filterKind(&f, st.DeltaRows > 0), Removed: f.Tested - f.Passed, SegmentsPruned: f.SegmentsPruned}
		if f.Moving {
			out.SegmentsPruned += f.SegmentsPruned
		}
		if i < len(s.source.pushed) {
			r.Predicate = s.source.pushed[i].Cond.String()
		} else {
			r.Source, sources = sources[0], sources[1:]
			r.Predicate = s.runtimeText(&f)
		}
		out.Filters = append(out.Filters, r)
	}
	return out
}

// filterKind names the ways in which a filter was decided. Segments that the zone
// map ruled out are counted apart.
func filterKind(f *colstore.FilterStats, delta bool) string {
	var kinds []string
	for m, n := range f.By {
		if n > 0 {
			kinds = append(kinds, segment.Method(m).String())
		}
	}
	if f.SegmentsPruned > 0 && (len(kinds) == 0 || kinds[0] != segment.ByZoneMap.String()) {
		kinds = append([]string{segment.ByZoneMap.String()}, kinds...)
	}
	if delta && f.Tested > 0 {
		kinds = append(kinds, "delta")
	}
	if kinds == nil {
		return "not needed"
	}
	return strings.Join(kinds, ", ")
}

// runtimeText writes a run-time filter with the name of its column.
func (s *columnScanner) runtimeText(f *colstore.FilterStats) string {
	def := s.snap.Schema().Columns[f.Column]
	if f.Predicate == nil {
		return def.Name
	}
	if f.Predicate.Selects() {
		return def.Name + " among the join keys"
	}
	return f.Predicate.Text(def.Name, def.Type)
}
