package htap

import (
	"fmt"
	"strings"
	"time"

	"htapdb/htap/physical"
	"htapdb/olap"
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// explainOptions are those of EXPLAIN (…).
type explainOptions struct {
	analyze, json bool
}

func parseExplain(st *parser.ExplainStmt) (o explainOptions, err error) {
	for _, opt := range st.Options {
		on, isBool := opt.Bool()
		text, _ := opt.Text()
		switch strings.ToLower(opt.Name) {
		case "analyze":
			o.analyze = on && isBool
		case "format":
			switch strings.ToLower(text) {
			case "text":
			case "json":
				o.json = true
			default:
				return o, sqlstate.New(sqlstate.FeatureNotSupported, "EXPLAIN format %q is not supported", text).WithHint("There are text and json.")
			}
		case "verbose", "costs", "buffers", "timing", "summary", "settings", "wal", "memory":
		default:
			return o, sqlstate.New(sqlstate.SyntaxError, "unrecognized EXPLAIN option %q", opt.Name)
		}
	}
	return o, nil
}

// explainColumns describes EXPLAIN's result.
func explainColumns(_ *Session, stmt parser.Stmt) ([]Column, error) {
	o, err := parseExplain(stmt.(*parser.ExplainStmt))
	t := types.TText
	if o.json {
		t = types.TJSON
	}
	return []Column{{Name: "QUERY PLAN", Type: t}}, err
}

// explain is EXPLAIN; with ANALYZE it runs the statement too.
func (x *execution) explain(st *parser.ExplainStmt) (*output, error) {
	o, err := parseExplain(st)
	if err != nil {
		return nil, err
	}
	inner := st.Stmt
	if as, ok := inner.(*parser.CreateTableAsStmt); ok && !o.analyze {
		inner = as.Query
	}
	if !isPlanned(inner) {
		return nil, sqlstate.New(sqlstate.FeatureNotSupported, "EXPLAIN of this statement is not supported")
	}
	start := time.Now()
	p, err := x.s.planAt(&Stmt{s: x.s, parsed: parser.Statement{Stmt: inner}, script: x.st.script, declared: x.st.params}, x.cat)
	if err != nil {
		return nil, err
	}
	planning := time.Since(start)
	var extra []string
	if o.analyze {
		if p.writes && x.s.tx.readOnly {
			return nil, readOnlyError("EXPLAIN ANALYZE of a write")
		}
		start := time.Now()
		n, err := x.analyzed(p)
		if err != nil {
			return nil, err
		}
		extra = []string{fmt.Sprintf("Planning Time: %.3f ms", ms(planning)),
			fmt.Sprintf("Execution Time: %.3f ms (rows=%d)", ms(time.Since(start)), n)}
	}
	if o.json {
		b, err := plan.ExplainJSON(p.root, nil)
		if err != nil {
			return nil, sqlstate.Wrap(sqlstate.InternalError, err, "formatting a plan")
		}
		return &output{rows: [][]types.Datum{{text(string(b))}}, n: 1}, nil
	}
	out := &output{}
	for _, line := range append(plan.Explain(p.root, nil), extra...) {
		out.rows = append(out.rows, []types.Datum{text(line)})
	}
	if o.analyze {
		for _, line := range x.profileLines() {
			out.rows = append(out.rows, []types.Datum{text(line)})
		}
	}
	out.rows = append(out.rows, []types.Datum{text("SIMD: " + simdLevel())})
	out.n = int64(len(out.rows))
	return out, nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// analyzed runs the plan with counters and throws the rows away.
func (x *execution) analyzed(p *planned) (int64, error) {
	x.profile = &olap.Profile{}
	if p.writes {
		if err := x.lockTables(p.root); err != nil {
			return 0, err
		}
	}
	st := x.statement()
	st.Built = func(n olap.Node) { x.built = append(x.built, n) }
	return physical.Run(x.ctx, p.root, st, x.exec(st), func(*vector.Batch) error { return nil })
}

// profileLines shows what each operator produced and how long it worked, summed
// over the workers.
func (x *execution) profileLines() []string {
	lines := []string{"Operators:"}
	var walk func(n olap.Node, depth int)
	walk = func(n olap.Node, depth int) {
		s := x.profile.Stats(n)
		label := n.Name()
		if scan, ok := n.(*olap.Scan); ok && scan.Label != "" {
			label += " on " + scan.Label
		}
		lines = append(lines, fmt.Sprintf("%s%s (rows=%d time=%.3f ms workers=%d memory=%s)",
			strings.Repeat("  ", depth+1), label, s.Rows, ms(s.Time), s.Workers, FormatBytes(s.Bytes)))
		for _, in := range n.Inputs() {
			walk(in, depth+1)
		}
	}
	for _, n := range x.built {
		walk(n, 0)
	}
	return lines
}
