package feed

import (
	"htapdb/colstore"
	"htapdb/sql/sqlstate"
)

// stalled is called by a commit that has waited too long for room in the queue.
// It picks the table with the most changes in it, whose columns are given up:
// the changes are then skipped, writers go on, and the table is filled again
// from the rows in the background.
func (f *Feed) stalled() {
	if f.shed.Load() != 0 {
		return // the applier has not come to it yet
	}
	var most uint32
	backlog := f.queue.backlog()
	for id, n := range backlog {
		t, ok := f.columns.Table(id)
		if stateOf(t, ok) == colstore.Live && (most == 0 || n > backlog[most]) {
			most = id
		}
	}
	if most != 0 {
		f.shed.CompareAndSwap(0, most)
	}
}

// shedTable detaches the table that stalled has picked, if any, and forgets its
// changes among groups. Applier goroutine.
func (f *Feed) shedTable(groups map[uint32]*group) {
	if f.shed.Load() == 0 {
		return
	}
	id := f.shed.Swap(0)
	t, ok := f.columns.Table(id)
	if stateOf(t, ok) != colstore.Live {
		return
	}
	delete(groups, id)
	f.stats.shed.Add(1)
	f.detach(t, sqlstate.New(sqlstate.ConfigurationLimit,
		"writers waited %s for the columns, which had not taken the latest changes of this table", f.opts.Patience))
}
