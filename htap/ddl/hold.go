package ddl

import (
	"reflect"

	"htapdb/htap/catalog"
	"htapdb/htap/physical"
)

// A view or a sequence that is to be changed or named is locked first. Others may have
// changed it while the lock was waited for: the locked descriptor is the one to change,
// for that of the statement's catalog would undo what they did.

// holdView locks a view as HoldView does; one that is gone has the statement start over.
func (x *Statement) holdView(v *catalog.View, exclusive bool) (*catalog.View, error) {
	now, err := x.Catalog.HoldView(x.Ctx, x.Tx.Txn, v, exclusive)
	return now, held(now != nil, err)
}

// holdKnownView locks a view of which more was read than its name: one that others
// have changed since has the statement start over.
func (x *Statement) holdKnownView(v *catalog.View, exclusive bool) error {
	now, err := x.holdView(v, exclusive)
	if err == nil && !reflect.DeepEqual(now, v) {
		err = physical.ErrRestart
	}
	return err
}

// holdSequence is holdView for a sequence.
func (x *Statement) holdSequence(q *catalog.Sequence, exclusive bool) (*catalog.Sequence, error) {
	now, err := x.Catalog.HoldSequence(x.Ctx, x.Tx.Txn, q, exclusive)
	return now, held(now != nil, err)
}

// held has the statement start over if an object that was to be locked is gone.
func held(ok bool, err error) error {
	if err == nil && !ok {
		err = physical.ErrRestart
	}
	return err
}
