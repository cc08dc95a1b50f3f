package htap

import (
	"htapdb/htap/catalog"
	"htapdb/htap/model"
	"htapdb/internal/memory"
	"htapdb/sql/binder"
)

// Model implements binder.Catalog.
func (b *binding) Model(name string) (binder.Model, error) {
	m := b.deps.Model(b.cat, "", name)
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
	bound, err := model.Decode(m.Name, state)
	if err != nil {
		return nil, err
	}
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
func newModelCache(account *memory.Account) *lru[modelKey, *model.Bound] {
	return newLRU[modelKey, *model.Bound](maxCachedModels, account)
}
