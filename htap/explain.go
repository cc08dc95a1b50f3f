package htap

import (
	"strings"
	"time"

	"htapdb/htap/exec"
	"htapdb/htap/physical"
	"htapdb/olap"
	"htapdb/sql/opt"
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// explainOptions are those of EXPLAIN (…).
type explainOptions struct {
	analyze, json bool
	costs, timing bool
	summary       bool
}

// explainNoEffect are options that PostgreSQL has and that show nothing here: what
// VERBOSE adds is always shown, and there are no shared buffers, and no settings
// that change a plan beside the ones that the plan names.
var explainNoEffect = map[string]bool{"verbose": true, "buffers": true, "settings": true, "wal": true, "memory": true}

// parseExplain reads the options. Errors: 42601 for an unknown option or a value
// that is no Boolean, 22023 for an unknown format or an option that wants ANALYZE,
// 0A000 for a format that there is not.
func parseExplain(st *parser.ExplainStmt) (o explainOptions, err error) {
	o.costs, o.timing = true, true
	var summarySet, timingSet, walSet bool
	for _, option := range st.Options {
		name := strings.ToLower(option.Name)
		if name == "format" {
			if o.json, err = explainFormat(option); err != nil {
				return o, err
			}
			continue
		}
		to := map[string]*bool{"analyze": &o.analyze, "costs": &o.costs, "timing": &o.timing, "summary": &o.summary}[name]
		if to == nil && !explainNoEffect[name] {
			return o, sqlstate.New(sqlstate.SyntaxError, "unrecognized EXPLAIN option %q", option.Name)
		}
		on, isBool := option.Bool()
		if !isBool {
			return o, sqlstate.New(sqlstate.SyntaxError, "%s requires a Boolean value", name)
		}
		if to != nil {
			*to = on
		}
		summarySet = summarySet || name == "summary"
		timingSet = timingSet || name == "timing" && on
		walSet = walSet || name == "wal" && on
	}
	switch {
	case walSet && !o.analyze:
		return o, sqlstate.New(sqlstate.InvalidParameterValue, "EXPLAIN option WAL requires ANALYZE")
	case timingSet && !o.analyze:
		return o, sqlstate.New(sqlstate.InvalidParameterValue, "EXPLAIN option TIMING requires ANALYZE")
	}
	if !summarySet {
		o.summary = o.analyze
	}
	return o, nil
}

// explainFormat reads FORMAT.
func explainFormat(opt *parser.Option) (json bool, err error) {
	text, _ := opt.Text()
	switch strings.ToLower(text) {
	case "text":
		return false, nil
	case "json":
		return true, nil
	case "xml", "yaml":
		return false, sqlstate.New(sqlstate.FeatureNotSupported, "EXPLAIN format %q is not supported", text).WithHint("There are text and json.")
	}
	return false, sqlstate.New(sqlstate.InvalidParameterValue, "unrecognized value for EXPLAIN option \"format\": %q", text)
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
func (x *execution) explain(st *parser.ExplainStmt) (*exec.Output, error) {
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
	p, err := x.s.planAt(&Stmt{s: x.s, parsed: parser.Statement{Stmt: inner}, script: x.Script, declared: x.Params}, x.Cat)
	if err != nil {
		return nil, err
	}
	show := plan.ExplainOptions{Rows: opt.Rows(p.root), HideCosts: !o.costs, HideTiming: !o.timing}
	if o.summary {
		show.Summary = append(show.Summary, plan.SummaryLine{Key: "Planning Time", Value: ms(time.Since(start))})
	}
	if o.analyze {
		if p.writes && x.Tx.ReadOnly {
			return nil, exec.ReadOnlyError("EXPLAIN ANALYZE of a write")
		}
		start := time.Now()
		if show.Actual, err = x.analyzed(p); err != nil {
			return nil, err
		}
		if o.summary {
			show.Summary = append(show.Summary, plan.SummaryLine{Key: "Execution Time", Value: ms(time.Since(start))})
		}
	}
	if o.summary {
		show.Summary = append(show.Summary, plan.SummaryLine{Key: "SIMD", Value: vector.SIMDLevel()})
	}
	if o.json {
		b, err := plan.ExplainJSON(p.root, &show)
		if err != nil {
			return nil, sqlstate.Wrap(sqlstate.InternalError, err, "formatting a plan")
		}
		return &exec.Output{Rows: [][]types.Datum{{text(string(b))}}, N: 1}, nil
	}
	out := &exec.Output{}
	for _, line := range plan.Explain(p.root, &show) {
		out.Rows = append(out.Rows, []types.Datum{text(line)})
	}
	out.N = int64(len(out.Rows))
	return out, nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// analyzed runs the plan with counters, throws the rows away and returns what
// each node did.
func (x *execution) analyzed(p *planned) (func(plan.Node) *plan.Actual, error) {
	x.profile = &olap.Profile{}
	if p.writes {
		if err := x.lockTables(p.root); err != nil {
			return nil, err
		}
	}
	st := x.statement()
	st.Trace = &physical.Trace{}
	_, err := physical.Run(x.Ctx, p.root, st, x.executor(st), func(*vector.Batch) error { return nil })
	return func(n plan.Node) *plan.Actual { return st.Trace.Actual(n, x.profile) }, err
}
