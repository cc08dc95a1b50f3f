package htap

import (
	"htapdb/htap/catalog"
	"htapdb/htap/ddl"
	"htapdb/htap/model"
	"htapdb/internal/memory"
	"htapdb/sql/binder"
)

// Model implements binder.Catalog.
func (b *binding) Model(name string) (binder.Model, error) {
	m := ddl.FindModel(name, func(schema, model string) *catalog.Model { return b.deps.Model(b.cat, schema, model) })
	if m == nil {
		return nil, nil
	}
	return b.s.boundModel(m)
}

// boundModel decodes a model, unless that has been done.
func (s *Session) boundModel(m *catalog.Model) (*model.Bound, error) {
	key := modelKey{m.ID, m.StateID, m.Version, m.SnapshotTS}
	if bound := s.db.models.get(key); bound != nil {
		return bound, nil
	}
	state, err := s.modelState(m)
	if err != nil {
		return nil, err
	}
	bound, err := model.Decode(m.Name, state)
	if err != nil {
		return nil, err
	}
	s.db.models.put(key, bound, m.SizeOfState())
	return bound, nil
}

// modelState reads the state of a model as the statement sees it. Outside of a
// transaction the catalog is a little older than what is read here.
func (s *Session) modelState(m *catalog.Model) ([]byte, error) {
	db := s.db
	if err := db.begin(); err != nil {
		return nil, err
	}
	defer db.working.Done()
	if s.inStatement() {
		return db.engine.Catalog.ModelState(s.tx.Txn, m)
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
func newModelCache(account *memory.Account) *lru[modelKey, *model.Bound] {
	return newLRU[modelKey, *model.Bound](maxCachedModels, account)
}
