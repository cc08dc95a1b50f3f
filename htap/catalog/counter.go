package catalog

import (
	"context"
	"strconv"
	"sync"

	"htapdb/rowstore"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// idCounter is the counter of object ids.
const idCounter = "object_id"

// leaseSize is how many numbers of a counter are taken at once; that many are
// lost in a crash.
const leaseSize = 32

// leases hands out numbers of counters that were reserved in the store.
type leases struct {
	mu   sync.Mutex
	free map[string]lease
}

// lease is a reserved range of a counter.
type lease struct{ next, end int64 }

// NextID returns a fresh object identifier.
func (c *Store) NextID(ctx context.Context) (ID, error) {
	n, err := c.next(ctx, idCounter, int64(FirstUserID), 1)
	return ID(n), err
}

// NextValue returns the next value of a sequence. Values are never given twice;
// those of a lease are lost when the database closes.
func (c *Store) NextValue(ctx context.Context, s *Sequence) (int64, error) {
	return c.next(ctx, sequenceCounter(s.ID), s.Start, s.Increment)
}

func sequenceCounter(id ID) string { return "sequence:" + strconv.Itoa(int(id)) }

// next returns the next number of the counter, reserving a lease in a
// transaction of its own when there is none.
func (c *Store) next(ctx context.Context, name string, start, increment int64) (int64, error) {
	c.ids.mu.Lock()
	defer c.ids.mu.Unlock()
	l, ok := c.ids.free[name]
	if !ok || l.next == l.end {
		var err error
		if l, err = c.reserve(ctx, name, start, increment); err != nil {
			return 0, err
		}
	}
	n := l.next
	l.next += increment
	c.ids.free[name] = l
	return n, nil
}

// reserve takes the next lease of the counter.
func (c *Store) reserve(ctx context.Context, name string, start, increment int64) (lease, error) {
	txn, err := c.rows.Begin(rowstore.TxnOptions{Sync: true})
	if err != nil {
		return lease{}, err
	}
	defer txn.Rollback()
	if err := txn.StartStatement(ctx); err != nil {
		return lease{}, err
	}
	key, err := c.counters.PrimaryKey(types.NewString(name))
	if err != nil {
		return lease{}, err
	}
	got, err := txn.Lock(ctx, c.counters, key, rowstore.LockUpdate, rowstore.Wait)
	if err != nil {
		return lease{}, err
	}
	from := start
	if got.Found {
		from = got.Row.Int64(1)
	}
	l := lease{next: from, end: from + leaseSize*increment}
	if increment > 0 && l.end < from || increment < 0 && l.end > from {
		return lease{}, sqlstate.New(sqlstate.ProgramLimitExceeded, "counter %q is exhausted", name)
	}
	row := []types.Datum{types.NewString(name), types.NewInt64(l.end)}
	if got.Found {
		_, err = txn.Update(ctx, c.counters, key, row)
	} else {
		_, err = txn.Insert(ctx, c.counters, row)
	}
	if err != nil {
		return lease{}, err
	}
	_, err = txn.Commit(ctx)
	return l, err
}
