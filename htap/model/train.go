package model

import (
	"context"
	"strings"

	"htapdb/htap/catalog"
	"htapdb/htap/exec"
	"htapdb/ml"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/vector"
)

// Train fits the model that a statement describes to the rows of its query, and
// returns the catalog object, but for what Store.PutModel sets, and its state.
func Train(x *exec.Statement, st *parser.CreateModelStmt, q *exec.Query) (*catalog.Model, []byte, error) {
	e, err := Algorithms.Lookup(st.Algorithm.Name)
	if err != nil {
		return nil, nil, located(err, x.Script, st.Algorithm.Pos())
	}
	options, err := given(st.Options)
	if err != nil {
		return nil, nil, err
	}
	parsed, err := ml.ParseOptions(e.Info(), options)
	if err != nil {
		return nil, nil, err
	}
	t, target, err := training(x, st, q)
	if err != nil {
		return nil, nil, err
	}
	t.Options = parsed
	defer t.Close()
	t.Source = rows(q, target)
	trained, err := Algorithms.Train(x.Ctx, e, t)
	if err != nil {
		return nil, nil, err
	}
	for _, notice := range trained.Notices {
		x.Warn(sqlstate.Success, "%s", notice)
	}
	m := &catalog.Model{Name: st.Name.Name, Algorithm: trained.Algorithm, Task: trained.Task.String(), Target: trained.Target.Name,
		Query: parser.Format(st.Query), Options: options, SnapshotTS: uint64(x.Tx.Txn.ReadTimestamp()),
		RowCount: trained.Rows, Metrics: map[string]float64{}, Notices: trained.Notices, Classes: trained.Target.Classes}
	for _, metric := range trained.Metrics {
		m.Metrics[metric.Name] = metric.Value
	}
	for _, f := range trained.Features {
		m.Features = append(m.Features, f.Name)
	}
	return m, trained.Encode(), nil
}

// given are the pairs of WITH (…); one without a value is on.
func given(list []*parser.Option) (map[string]string, error) {
	out := map[string]string{}
	for _, o := range list {
		name := strings.ToLower(o.Name)
		if _, twice := out[name]; twice {
			return nil, sqlstate.New(sqlstate.SyntaxError, "option %q is given more than once", name)
		}
		v, _ := o.Text()
		if len(o.Values) == 0 {
			v = "true"
		}
		out[name] = v
	}
	return out, nil
}

// training describes the query's columns; target is the place of the target among
// them, −1 for none.
func training(x *exec.Statement, st *parser.CreateModelStmt, q *exec.Query) (t *ml.Training, target int, err error) {
	t = &ml.Training{Target: ml.Target{Name: st.Target.Name}, Memory: x.Memory, Workers: q.Workers}
	target = -1
	seen := map[string]bool{}
	for i, c := range q.Columns {
		if seen[c.Name] {
			return nil, 0, sqlstate.New(sqlstate.DuplicateColumn, "the query of a model has two columns named %q", c.Name)
		}
		seen[c.Name] = true
		if c.Name == st.Target.Name && c.Name != "" {
			target, t.Target.Type = i, c.Type
			continue
		}
		f, err := ml.NewFeature(c.Name, c.Type)
		if err != nil {
			return nil, 0, err
		}
		t.Features = append(t.Features, f)
	}
	if target < 0 && st.Target.Name != "" {
		return nil, 0, located(sqlstate.New(sqlstate.UndefinedColumn, "the query of the model has no column %q to predict", st.Target.Name), x.Script, st.Target.Pos())
	}
	return t, target, nil
}

// rows gives the query's rows with the target, if there is one, last.
func rows(q *exec.Query, target int) ml.Source {
	return func(ctx context.Context, yield func(*vector.Batch) error) error {
		_, err := q.Run(func(b *vector.Batch) error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			out := &vector.Batch{Len: b.Len, Sel: b.Sel}
			for i, c := range b.Cols {
				if i != target {
					out.Cols = append(out.Cols, c)
				}
			}
			if target >= 0 {
				out.Cols = append(out.Cols, b.Cols[target])
			}
			return yield(out)
		})
		return err
	}
}

// located gives an error of the engine a position in the script.
func located(err error, script string, pos int) error {
	if e, ok := err.(*sqlstate.Error); ok {
		return e.WithPosition(parser.Position(script, pos))
	}
	return err
}
