package htap

import "htapdb/internal/memory"

// planCache keeps the plans of the texts that sessions run, of all versions of
// the catalog: whether a plan still holds its user asks it.
type planCache struct {
	*lru[planKey, *planned]
}

// planKey is what a cached plan depends on besides the catalog.
type planKey struct {
	sql, route, path, declared string
	optimizer                  bool
}

// maxCachedPlans bounds the cache beside its bytes, maxCachedText the length of a
// text in it. An application has hundreds of texts; the number is for those that
// write values into them, each of which is used once.
const (
	maxCachedPlans = 4096
	maxCachedText  = 4096
)

func newPlanCache(account *memory.Account) planCache {
	return planCache{newLRU[planKey, *planned](maxCachedPlans, account)}
}

// keep puts a plan in, unless its text is long.
func (c planCache) keep(k planKey, p *planned) {
	if len(k.sql) <= maxCachedText {
		c.put(k, p, planBytes(p)+int64(len(k.sql)+len(k.declared)))
	}
}
