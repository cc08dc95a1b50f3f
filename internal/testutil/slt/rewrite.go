package slt

import "strings"

// Rewrite returns the text with the results of the outcomes' queries and the
// SQLSTATEs of its failing statements in place of what was expected.
func Rewrite(text string, outcomes []*Outcome) string {
	lines := strings.Split(text, "\n")
	var out []string
	at := 0
	for _, o := range outcomes {
		r := o.Record
		if o.Status == Skipped {
			continue
		}
		switch {
		case r.Kind == Query && o.Rows != nil:
			end := r.End - 1
			if r.Marker > 0 {
				end = r.Marker - 1
			}
			out = append(append(out, lines[at:end]...), "----")
			for _, row := range o.Rows {
				out = append(out, strings.Join(row, "\t"))
			}
			at = r.End - 1
		case r.Fails && o.Code != "" && r.Marker == 0:
			out = append(append(out, lines[at:r.Line-1]...), "statement error "+o.Code)
			at = r.Line
		}
	}
	return strings.Join(append(out, lines[at:]...), "\n")
}
