package catalog

import (
	"context"
	"math"
	"strconv"
	"sync"

	"htapdb/rowstore"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// idSequence counts object ids.
var idSequence = &Sequence{Name: "object_id", Start: int64(FirstUserID), Increment: 1, Min: 1, Max: math.MaxUint32}

// leaseSize is how many numbers of a counter are taken at once; that many are
// lost in a crash.
const leaseSize = 32

// leases hands out numbers of counters that were reserved in the store.
type leases struct {
	mu   sync.Mutex
	free map[string]lease
}

// lease is a reserved range of a counter: count numbers from next on.
type lease struct{ next, count int64 }

// NextID returns a fresh object identifier.
func (c *Store) NextID(ctx context.Context) (ID, error) {
	n, err := c.next(ctx, idSequence.Name, idSequence)
	return ID(n), err
}

// NextValue returns the next value of a sequence. A value is not given twice but
// by CYCLE and SetValue; those of a lease are lost when the database closes. At
// its end a sequence without CYCLE is 2200H.
func (c *Store) NextValue(ctx context.Context, s *Sequence) (int64, error) {
	return c.next(ctx, sequenceCounter(s.ID), s)
}

// SetValue makes value the last value of a sequence, or its next one if called
// is false. It is durable when it returns, and does not go with a transaction.
func (c *Store) SetValue(ctx context.Context, s *Sequence, value int64, called bool) error {
	least, most := s.Bounds()
	if value < least || value > most {
		return sqlstate.New(sqlstate.NumericValueOutOfRange, "setval: value %d is out of bounds for sequence %q (%d..%d)", value, s.Name, least, most)
	}
	if called {
		value += s.Increment // beyond the bounds, wrapped around or not, means the end
	}
	name := sequenceCounter(s.ID)
	c.ids.mu.Lock()
	defer c.ids.mu.Unlock()
	delete(c.ids.free, name)
	return c.change(ctx, name, func(int64, bool) (int64, error) { return value, nil })
}

// Bounds are the least and the greatest value of a sequence.
func (s *Sequence) Bounds() (least, most int64) {
	switch {
	case s.Min != 0 || s.Max != 0:
		return s.Min, s.Max
	case s.Increment < 0: // a descriptor of before there were bounds
		return math.MinInt64, max(-1, s.Start)
	}
	return min(1, s.Start), math.MaxInt64
}

func sequenceCounter(id ID) string { return "sequence:" + strconv.Itoa(int(id)) }

// next returns the next number of the counter, reserving a lease in a
// transaction of its own when there is none.
func (c *Store) next(ctx context.Context, name string, s *Sequence) (int64, error) {
	c.ids.mu.Lock()
	defer c.ids.mu.Unlock()
	l := c.ids.free[name]
	if l.count == 0 {
		err := c.change(ctx, name, func(from int64, found bool) (after int64, err error) {
			if !found {
				from = s.Start
			}
			l, after, err = s.lease(from)
			return after, err
		})
		if err != nil {
			return 0, err
		}
	}
	n := l.next
	l.next += s.Increment
	l.count--
	c.ids.free[name] = l
	return n, nil
}

// lease is the lease that begins at from, and what follows it. The end of a
// sequence is kept as a number outside of its bounds, which may be the one that
// an overflow gives.
func (s *Sequence) lease(from int64) (l lease, after int64, err error) {
	least, most := s.Bounds()
	if from < least || from > most {
		if !s.Cycle {
			return l, 0, s.exhausted(least, most)
		}
		if from = least; s.Increment < 0 {
			from = most
		}
	}
	room, stride := uint64(most)-uint64(from), uint64(s.Increment)
	if s.Increment < 0 {
		room, stride = uint64(from)-uint64(least), -stride
	}
	l = lease{next: from, count: int64(min(room/stride, leaseSize-1)) + 1}
	after = from + l.count*s.Increment
	if overflown := (after < from) == (s.Increment > 0); overflown && least <= after && after <= most {
		// The bounds are all of BIGINT: nothing is left to mark the end with, so
		// that it comes one number early.
		if l.count--; l.count == 0 {
			return l, 0, s.exhausted(least, most)
		}
		after -= s.Increment
	}
	return l, after, nil
}

// exhausted is the error at the end of a sequence.
func (s *Sequence) exhausted(least, most int64) error {
	if s.Increment < 0 {
		return sqlstate.New(sqlstate.SequenceLimitExceeded, "nextval: reached minimum value of sequence %q (%d)", s.Name, least)
	}
	return sqlstate.New(sqlstate.SequenceLimitExceeded, "nextval: reached maximum value of sequence %q (%d)", s.Name, most)
}

// change sets a counter to what f makes of its value, durably, in a transaction
// of its own. The caller holds c.ids.mu.
func (c *Store) change(ctx context.Context, name string, f func(value int64, found bool) (int64, error)) error {
	txn, err := c.rows.Begin(rowstore.TxnOptions{Sync: true})
	if err != nil {
		return err
	}
	defer txn.Rollback()
	if err := txn.StartStatement(ctx); err != nil {
		return err
	}
	key, err := c.counters.PrimaryKey(types.NewString(name))
	if err != nil {
		return err
	}
	got, err := txn.Lock(ctx, c.counters, key, rowstore.LockUpdate, rowstore.Wait)
	if err != nil {
		return err
	}
	value := int64(0)
	if got.Found {
		value = got.Row.Int64(1)
	}
	if value, err = f(value, got.Found); err != nil {
		return err
	}
	row := []types.Datum{types.NewString(name), types.NewInt64(value)}
	if got.Found {
		_, err = txn.Update(ctx, c.counters, key, row)
	} else {
		_, err = txn.Insert(ctx, c.counters, row)
	}
	if err != nil {
		return err
	}
	_, err = txn.Commit(ctx)
	return err
}
