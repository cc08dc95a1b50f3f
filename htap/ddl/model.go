package ddl

import (
	"strings"

	"htapdb/htap/catalog"
	"htapdb/htap/exec"
	"htapdb/ml"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/vector"
)

// CreateModel is CREATE MODEL: it trains on the rows of the query at the
// statement's snapshot and stores the model as a catalog object.
func (x *Statement) CreateModel(st *parser.CreateModelStmt) (*exec.Output, error) {
	switch {
	case len(st.Transform) > 0:
		return nil, x.modelFeature(st, "TRANSFORM")
	case len(st.PartitionBy) > 0:
		return nil, x.modelFeature(st, "PARTITION BY")
	case st.MaintainContinuously:
		return nil, x.modelFeature(st, "MAINTAIN CONTINUOUSLY")
	}
	schema, err := x.schemaOf(st.Name)
	if err != nil {
		return nil, err
	}
	old := x.Cat.Model(schema, st.Name.Name)
	if old != nil && !st.OrReplace {
		if st.IfNotExists {
			x.Warn(sqlstate.DuplicateObject, "model %q already exists, skipping", st.Name.Name)
			return exec.Done, nil
		}
		return nil, sqlstate.New(sqlstate.DuplicateObject, "model %q already exists", st.Name.Name).
			WithHint("CREATE OR REPLACE MODEL makes a new version of it.")
	}
	p, err := x.Query(st.Query, x.Script, x.Params)
	if err != nil {
		return nil, err
	}
	spec, target, err := x.modelSpec(st, p)
	if err != nil {
		return nil, err
	}
	trained, err := ml.Train(spec, trainingRows(p, target))
	if err != nil {
		return nil, err
	}
	state, err := trained.Encode()
	if err != nil {
		return nil, err
	}
	x.Tx.DDL = true
	m := x.modelObject(st, schema, spec, trained)
	return &exec.Output{N: trained.Rows}, x.Catalog.PutModel(x.Ctx, x.Tx.Txn, m, state, old != nil)
}

func (x *Statement) modelFeature(st *parser.CreateModelStmt, what string) error {
	return sqlstate.New(sqlstate.FeatureNotSupported, "CREATE MODEL … %s is not supported", what).
		WithPosition(parser.Position(x.Script, st.Pos()))
}

// modelSpec describes the training; target is the position of the target column.
func (x *Statement) modelSpec(st *parser.CreateModelStmt, p *exec.Query) (spec *ml.Spec, target int, err error) {
	spec = &ml.Spec{Algorithm: st.Algorithm.Name, Target: st.Target.Name, Options: map[string]string{}}
	target = -1
	seen := map[string]bool{}
	for i, c := range p.Columns {
		if seen[c.Name] {
			return nil, 0, sqlstate.New(sqlstate.DuplicateColumn, "the query of a model has two columns named %q", c.Name)
		}
		seen[c.Name] = true
		if c.Name == st.Target.Name {
			target, spec.TargetType = i, c.Type
			continue
		}
		spec.Features = append(spec.Features, ml.Feature{Name: c.Name, Type: c.Type})
	}
	if target < 0 {
		return nil, 0, sqlstate.New(sqlstate.UndefinedColumn, "the query of the model has no column %q to predict", st.Target.Name).
			WithPosition(parser.Position(x.Script, st.Target.Pos()))
	}
	for _, o := range st.Options {
		v, _ := o.Text()
		if len(o.Values) == 0 {
			v = "true"
		}
		spec.Options[strings.ToLower(o.Name)] = v
	}
	return spec, target, nil
}

// trainingRows streams the query's rows with the target last. Every pass reads
// the same snapshot.
func trainingRows(p *exec.Query, target int) ml.Source {
	return func(yield func(*vector.Batch) error) error {
		_, err := p.Run(func(b *vector.Batch) error {
			out := &vector.Batch{Len: b.Len, Sel: b.Sel}
			for i, c := range b.Cols {
				if i != target {
					out.Cols = append(out.Cols, c)
				}
			}
			out.Cols = append(out.Cols, b.Cols[target])
			return yield(out)
		})
		return err
	}
}

// modelObject makes the catalog object but for what PutModel sets.
func (x *Statement) modelObject(st *parser.CreateModelStmt, schema string, spec *ml.Spec, trained *ml.Model) *catalog.Model {
	m := &catalog.Model{Schema: schema, Name: st.Name.Name, Algorithm: trained.Algorithm, Target: spec.Target,
		Query: parser.Format(st.Query), Options: spec.Options, SnapshotTS: uint64(x.Tx.Txn.ReadTimestamp()),
		RowCount: trained.Rows, Metrics: trained.Metrics}
	for _, f := range spec.Features {
		m.Features = append(m.Features, f.Name)
	}
	return m
}
