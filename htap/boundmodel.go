package htap

import (
	"htapdb/htap/catalog"
	"htapdb/htap/ddl"
	"htapdb/internal/memory"
	"htapdb/ml"
	"htapdb/sql/binder"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// Model implements binder.Catalog.
func (b *binding) Model(name string) (binder.Model, error) {
	m := ddl.FindModel(name, func(schema, model string) *catalog.Model { return b.deps.Model(b.cat, schema, model) })
	if m == nil {
		return nil, nil
	}
	db := b.s.db
	key := modelKey{m.ID, m.StateID, m.Version, m.SnapshotTS}
	if bound := db.models.get(key); bound != nil {
		return bound, nil
	}
	state, err := b.state(m)
	if err != nil {
		return nil, err
	}
	decoded, err := ml.Decode(state)
	if err != nil {
		return nil, err
	}
	bound := &boundModel{name: m.Name, model: decoded}
	db.models.put(key, bound, m.SizeOfState())
	return bound, nil
}

// state reads the state of a model as the statement sees it. Outside of a
// transaction the catalog is a little older than what is read here.
func (b *binding) state(m *catalog.Model) ([]byte, error) {
	db := b.s.db
	if err := db.begin(); err != nil {
		return nil, err
	}
	defer db.working.Done()
	if b.s.inStatement() {
		return db.engine.Catalog.ModelState(b.s.tx.Txn, m)
	}
	snap := db.engine.Rows.Snapshot()
	defer snap.Close()
	return db.engine.Catalog.ModelState(snap, m)
}

// modelKey names one training of a model; stateID is 0 for those of before states
// were rows, which the others tell apart.
type modelKey struct {
	id, stateID catalog.ID
	version     int
	ts          uint64
}

// maxCachedModels bounds the number of decoded models beside their bytes, which
// are taken to be those of the states: numbers are longer as text.
const maxCachedModels = 1024

// newModelCache returns the cache of decoded models.
func newModelCache(account *memory.Account) *lru[modelKey, *boundModel] {
	return newLRU[modelKey, *boundModel](maxCachedModels, account)
}

// boundModel is a model in expressions.
type boundModel struct {
	name  string
	model *ml.Model
}

// Features implements binder.Model.
func (m *boundModel) Features() []binder.Feature {
	out := make([]binder.Feature, len(m.model.Features))
	for i, f := range m.model.Features {
		out[i] = binder.Feature{Name: f.Name, Type: f.Type}
	}
	return out
}

// Scalar implements binder.Model.
func (m *boundModel) Scalar(name string) (*fn.Scalar, error) {
	s := &fn.Scalar{Name: name, Volatility: fn.Stable}
	for _, f := range m.model.Features {
		s.Args = append(s.Args, f.Type)
	}
	var compute func([]*vector.Vector, []int32, int, *vector.Vector) error
	switch name {
	case "predict":
		s.Result, compute = m.model.ResultType(), m.model.Predict
	case "predict_proba":
		if !m.model.Classifier() {
			return nil, sqlstate.New(sqlstate.WrongObjectType, "predict_proba needs a classifier, and model %q is a %s", m.name, m.model.Algorithm)
		}
		s.Result, compute = types.TFloat8, m.model.PredictProba
	default:
		return nil, sqlstate.New(sqlstate.UndefinedFunction, "function %s(model) does not exist", name).
			WithHint("There are predict and predict_proba.")
	}
	s.Kernel = func(_ *fn.Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		return compute(args, sel, n, out)
	}
	return s, nil
}
