package htap

import (
	"container/list"
	"sync"

	"htapdb/internal/memory"
)

// lru is a cache of a bounded number of values that are charged to an account,
// whose limit bounds their bytes. The value that nobody has asked for longest goes
// first.
type lru[K comparable, V any] struct {
	mu      sync.Mutex
	entries map[K]*list.Element
	// order has the *lruEntry of entries, the last one used in front.
	order list.List
	// memory is the account, for this cache alone; most is the number of values.
	memory *memory.Account
	most   int
}

// lruEntry is a value; bytes is what it has of the account.
type lruEntry[K comparable, V any] struct {
	key   K
	value V
	bytes int64
}

func newLRU[K comparable, V any](most int, account *memory.Account) *lru[K, V] {
	return &lru[K, V]{entries: map[K]*list.Element{}, memory: account, most: most}
}

// get returns the value of a key, the zero value if there is none.
func (c *lru[K, V]) get(k K) (value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.entries[k]; e != nil {
		c.order.MoveToFront(e)
		value = e.Value.(*lruEntry[K, V]).value
	}
	return value
}

// put keeps a value in the place of the one that its key had. Others make room for
// it, but not if it is memory of somebody else that is missing: the next values
// would find as little.
func (c *lru[K, V]) put(k K, value V, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.entries[k]; e != nil {
		c.drop(e)
	}
	limit := c.memory.Limit()
	if bytes > limit {
		return // it would drive out all others and itself
	}
	for len(c.entries) >= c.most || c.memory.Used()+bytes > limit {
		c.drop(c.order.Back())
	}
	if c.memory.Reserve(bytes) != nil {
		return
	}
	c.entries[k] = c.order.PushFront(&lruEntry[K, V]{k, value, bytes})
}

// drop takes an entry out. c.mu is held.
func (c *lru[K, V]) drop(e *list.Element) {
	p := c.order.Remove(e).(*lruEntry[K, V])
	delete(c.entries, p.key)
	c.memory.Release(p.bytes)
}

// size is the number of values and what they are charged.
func (c *lru[K, V]) size() (values int, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.entries), c.memory.Used()
}
