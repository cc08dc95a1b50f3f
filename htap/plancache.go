package htap

import (
	"container/list"
	"sync"

	"htapdb/internal/memory"
)

// planCache keeps the plans of the texts that sessions run, of all versions of
// the catalog: whether a plan still holds its user asks it. The plan that nobody
// has asked for longest goes first.
type planCache struct {
	mu    sync.Mutex
	plans map[planKey]*list.Element
	// order has the *cachedPlan of plans, the last one used in front.
	order list.List
	// memory is the account of the plans; its limit is the cache's.
	memory *memory.Account
}

// planKey is what a cached plan depends on besides the catalog.
type planKey struct {
	sql, route, path, declared string
	optimizer                  bool
}

// cachedPlan is an entry; bytes is what it has of the account.
type cachedPlan struct {
	key   planKey
	plan  *planned
	bytes int64
}

// maxCachedPlans bounds the cache beside its bytes, maxCachedText the length of a
// text in it. An application has hundreds of texts; the number is for those that
// write values into them, each of which is used once.
const (
	maxCachedPlans = 4096
	maxCachedText  = 4096
)

func newPlanCache(account *memory.Account) *planCache {
	return &planCache{plans: map[planKey]*list.Element{}, memory: account}
}

// get returns the plan of a key, nil if there is none.
func (c *planCache) get(k planKey) *planned {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.plans[k]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*cachedPlan).plan
}

// put keeps a plan in the place of the one that its key had. Plans make room for
// it, but not if it is memory of others that is missing: those would fill it again
// while the next statements plan.
func (c *planCache) put(k planKey, p *planned) {
	if len(k.sql) > maxCachedText {
		return
	}
	bytes := planBytes(p) + int64(len(k.sql)+len(k.declared))
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.plans[k]; e != nil {
		c.drop(e)
	}
	limit := c.memory.Limit()
	if bytes > limit {
		return // it would drive out all others and itself
	}
	for len(c.plans) >= maxCachedPlans || c.memory.Used()+bytes > limit {
		c.drop(c.order.Back())
	}
	if c.memory.Reserve(bytes) != nil {
		return
	}
	c.plans[k] = c.order.PushFront(&cachedPlan{k, p, bytes})
}

// drop takes an entry out. c.mu is held.
func (c *planCache) drop(e *list.Element) {
	p := c.order.Remove(e).(*cachedPlan)
	delete(c.plans, p.key)
	c.memory.Release(p.bytes)
}

// size is the number of plans and what they are charged.
func (c *planCache) size() (plans int, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.plans), c.memory.Used()
}
