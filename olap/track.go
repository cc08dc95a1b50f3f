package olap

import (
	"sync/atomic"

	"htapdb/internal/memory"
	"htapdb/sql/sqlstate"
)

// tracker is the memory of one execution: everything that its operators have
// reserved from the query's account, given back at once when Run returns.
type tracker struct {
	account *memory.Account
	held    atomic.Int64
}

// Reserve and Release make a tracker the account of the texts that expressions make.
func (t *tracker) Reserve(bytes int64) error {
	err := t.account.Reserve(bytes)
	if err == nil {
		t.held.Add(bytes)
	}
	return err
}

// Release is Reserve's opposite.
func (t *tracker) Release(bytes int64) {
	t.held.Add(-bytes)
	t.account.Release(bytes)
}

// releaseAll gives back what is still held.
func (t *tracker) releaseAll() {
	if n := t.held.Swap(0); n != 0 {
		t.account.Release(n)
	}
}

// track is the part of a tracker that one structure of one worker holds. It is
// not safe for concurrent use.
//
// A structure that may spill one day asks for its memory through add: the place
// to write a partition out and try again is where add fails.
type track struct {
	t    *tracker
	who  Node
	prof *nodeCounters
	// used is what the structure needs, held what is reserved for it.
	used, held int64
}

// newTrack returns an empty track for n's memory.
func (r *run) newTrack(n Node) track {
	return track{t: r.mem, who: n, prof: r.ex.Profile.counters(n)}
}

// Reservations grow in steps of a quarter of what is held, within these limits,
// so that small queries do not hold much and large ones do not reserve often.
const (
	minReserveStep = 1 << 10
	maxReserveStep = 1 << 20
)

// add reserves bytes more (or fewer, if negative) before the structure grows.
func (k *track) add(bytes int64) error {
	k.used += bytes
	if k.used <= k.held || k.t == nil {
		return nil
	}
	step := min(max(k.held/4, minReserveStep), maxReserveStep)
	want := max(k.used-k.held, step)
	err := k.t.account.Reserve(want)
	if err != nil && want > k.used-k.held {
		want = k.used - k.held
		err = k.t.account.Reserve(want)
	}
	if err != nil {
		k.used -= bytes
		return sqlstate.Wrap(sqlstate.OutOfMemory, err, "%s is out of memory after %d KiB", k.who.Name(), k.used>>10).
			WithDetail("%v", err)
	}
	k.held += want
	k.t.held.Add(want)
	if k.prof != nil {
		k.prof.addBytes(want)
	}
	return nil
}

// set makes the reservation fit a structure that has the given size.
func (k *track) set(bytes int64) error { return k.add(bytes - k.used) }

// release gives everything back.
func (k *track) release() {
	if k.t == nil {
		return
	}
	k.t.held.Add(-k.held)
	k.t.account.Release(k.held)
	if k.prof != nil {
		k.prof.addBytes(-k.held)
	}
	k.used, k.held = 0, 0
}
