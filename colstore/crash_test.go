package colstore

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"htapdb/internal/vfs"

	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// After a power loss around a checkpoint the store is at the old or at the new
// position, with exactly what was committed at it, and goes on from there.
func TestCrash(t *testing.T) {
	base := testSeed(t)
	rounds := 25
	if testing.Short() {
		rounds = 8
	}
	for round := range rounds {
		seed := base + uint64(round)
		t.Logf("seed %d", seed)
		crashRound(t, seed)
	}
}

func crashRound(t *testing.T, seed uint64) {
	fs := vfs.NewCrashableMem()
	crashing := &crashingFS{}
	h := newHarness(t, seed, errorfs.Wrap(fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
		crashing.count(fs, op)
		return nil
	})), "db")
	r := h.m.rng
	crashing.unsynced = r.IntN(101)
	work := func() {
		for range r.IntN(20) {
			h.m.tx(200)
		}
		if r.IntN(3) == 0 {
			h.m.load(1 + r.IntN(3000))
		}
		h.catchUp()
		if r.IntN(2) == 0 {
			h.s.Maintain()
		}
	}
	checkpoint := func() uint64 {
		p := h.sync()
		if err := h.s.Checkpoint(context.Background(), p); err != nil {
			t.Fatal(err)
		}
		return p
	}
	old := uint64(0)
	for range 1 + r.IntN(3) {
		work()
		old = checkpoint()
	}
	work()
	// The crash may lie anywhere in what the next checkpoint writes: the clone is
	// taken at the n-th operation of the file system.
	crashing.left.Store(int64(1 + r.IntN(40)))
	position := checkpoint()
	work()
	clone := crashing.clone.Load()
	if clone == nil {
		clone = fs.CrashClone(pebblevfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: rand.New(rand.NewPCG(seed, 3))})
	}
	last := h.m.ts
	h.close()
	// The row store may have lost what came after the positions.
	durable := position
	if r.IntN(2) == 0 {
		durable = last
	}
	h.durable.Store(durable)
	h.m.forget(durable)
	h.m.ts = durable
	h.fs = clone
	h.reopen()
	if p := h.s.RecoveredPosition(); p != old && p != position {
		t.Fatalf("seed %d: position %d, neither %d nor %d", seed, p, old, position)
	}
	h.m.ts = last
	h.check("after the crash")
	work()
	h.s.Maintain()
	h.check("after the crash and more")
	checkpoint()
	h.close()
	h.reopen()
	h.check("after a clean restart")
	h.close()
}

// crashingFS clones the file system when left write operations are done.
type crashingFS struct {
	unsynced int
	left     atomic.Int64
	clone    atomic.Pointer[vfs.CrashableMem]
}

func (c *crashingFS) count(fs *vfs.CrashableMem, op errorfs.Op) {
	if op.Kind.ReadOrWrite() != errorfs.OpIsWrite {
		return
	}
	if c.left.Add(-1) == 0 {
		c.clone.Store(fs.CrashClone(pebblevfs.CrashCloneCfg{UnsyncedDataPercent: c.unsynced, RNG: rand.New(rand.NewPCG(uint64(c.unsynced), 2))}))
	}
}

// An I/O error anywhere leaves the store consistent: the checkpoint fails or
// succeeds, scans agree with the model, and a later checkpoint works.
func TestIOErrors(t *testing.T) {
	base := testSeed(t)
	for round := range 15 {
		seed := base + uint64(round)
		t.Logf("seed %d", seed)
		fs := vfs.NewMem()
		var left atomic.Int64
		left.Store(1 << 40)
		broken := errors.New("injected")
		h := newHarness(t, seed, errorfs.Wrap(fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && left.Add(-1) == 0 {
				return broken
			}
			return nil
		})), "db")
		r := h.m.rng
		failed := 0
		for range 6 {
			for range r.IntN(20) {
				h.m.tx(200)
			}
			h.catchUp()
			left.Store(int64(1 + r.IntN(25)))
			h.s.Maintain()
			if err := h.s.Checkpoint(context.Background(), h.sync()); err != nil {
				failed++
			}
			left.Store(1 << 40)
			if state, reason := h.tab.State(); state != Live {
				// A failed write of a background rewrite is not damage.
				t.Fatalf("%s: %s", state, reason)
			}
			h.check("after an error")
		}
		if err := h.s.Checkpoint(context.Background(), h.m.ts); err != nil {
			t.Fatalf("the disk works again: %v (%d had failed)", err, failed)
		}
		h.close()
		h.reopen()
		h.close()
	}
}
