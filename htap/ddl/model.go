package ddl

import (
	"htapdb/htap/exec"
	"htapdb/htap/model"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
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
	case st.OrReplace && st.IfNotExists:
		return nil, sqlstate.New(sqlstate.SyntaxError, "CREATE MODEL has OR REPLACE and IF NOT EXISTS, which want different things").
			WithHint("OR REPLACE makes a new version of a model that exists, IF NOT EXISTS leaves it as it is.").
			WithPosition(parser.Position(x.Script, st.Pos()))
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
	q, err := x.Query(st.Query, x.Script, x.Params)
	if err != nil {
		return nil, err
	}
	m, state, err := model.Train(x.Statement, st, q)
	if err != nil {
		return nil, err
	}
	m.Schema = schema
	x.Tx.DDL = true
	return &exec.Output{N: m.RowCount}, x.Catalog.PutModel(x.Ctx, x.Tx.Txn, m, state, st.OrReplace)
}

func (x *Statement) modelFeature(st *parser.CreateModelStmt, what string) error {
	return sqlstate.New(sqlstate.FeatureNotSupported, "CREATE MODEL … %s is not supported", what).
		WithPosition(parser.Position(x.Script, st.Pos()))
}
