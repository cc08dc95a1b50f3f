package colstore

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"htapdb/internal/memory"
	"htapdb/internal/vfs"

	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"
)

var testStore = [16]byte{1, 2, 3}

// testSeed returns a random seed, or the one that HTAPDB_SEED gives to repeat a
// failure.
func testSeed(t testing.TB) uint64 {
	if s := os.Getenv("HTAPDB_SEED"); s != "" {
		seed, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return seed
	}
	return rand.Uint64()
}

// harness runs a store beside its model.
type harness struct {
	t    testing.TB
	m    *model
	fs   vfs.FS
	dir  string
	s    *Store
	tab  *Table
	done int // events applied
	mem  *memory.Account
	// durable is what the row store says it has synced: checkpoints are made at it
	// and history from it on is kept.
	durable  atomic.Uint64
	pinned   []*Snapshot
	sealRows int
}

func newHarness(t testing.TB, seed uint64, fs vfs.FS, dir string) *harness {
	h := &harness{t: t, m: newModel(seed), fs: fs, dir: dir}
	h.durable.Store(h.m.ts)
	h.sealRows = []int{blockRows, 4 * blockRows, 10 * blockRows}[h.m.rng.IntN(3)]
	h.open()
	tab, err := h.s.CreateTable(h.m.schema)
	if err != nil {
		t.Fatal(err)
	}
	h.tab = tab
	tab.SetState(Live, "")
	tab.Advance(h.m.ts)
	return h
}

// options of the store; maintenance runs only when a test asks for it or a kick does.
func (h *harness) options() Options {
	h.mem = memory.NewRoot(0)
	return Options{FS: h.fs, Dir: h.dir, StoreID: testStore, Incarnation: 1, DurableTS: h.m.ts, Memory: h.mem, SealRows: h.sealRows, Horizon: h.durable.Load}
}

func (h *harness) open() {
	h.t.Helper()
	s, err := Open(h.options())
	if err != nil {
		h.t.Fatal(err)
	}
	h.s = s
}

// reopen opens the store again and replays what is after its position.
func (h *harness) reopen() {
	h.t.Helper()
	h.open()
	p := h.s.RecoveredPosition()
	tab, ok := h.s.Table(h.m.schema.ID)
	if p == 0 || !ok {
		if p != 0 {
			h.t.Fatalf("position %d without the table", p)
		}
		var err error
		if tab, err = h.s.CreateTable(h.m.schema); err != nil {
			h.t.Fatal(err)
		}
		tab.SetState(Live, "")
	}
	h.tab = tab
	if state, reason := tab.State(); state != Live {
		h.t.Fatalf("after reopening: %s %s", state, reason)
	}
	if p > 0 {
		snap, err := tab.Snapshot(p)
		if err != nil {
			h.t.Fatal(err)
		}
		verify(h.t, h.m, snap, nil, nil, 0, "recovered")
		snap.Close()
	}
	h.done = 0
	for h.done < len(h.m.events) && h.m.events[h.done].ts <= p {
		h.done++
	}
	h.catchUp()
}

// sync moves durable to somewhere between where it is and the newest commit.
func (h *harness) sync() uint64 {
	old := h.durable.Load()
	h.durable.Store(old + h.m.rng.Uint64N(h.m.ts-old+1))
	return h.durable.Load()
}

// catchUp applies all events and makes them safe.
func (h *harness) catchUp() {
	h.t.Helper()
	applyEvents(h.t, h.s, h.tab, h.m, h.m.events[h.done:])
	h.done = len(h.m.events)
	if h.m.rng.IntN(2) == 0 {
		h.tab.Advance(h.m.ts)
	} else {
		h.s.Advance(h.m.ts)
	}
}

// close closes the store and checks that nothing is left reserved.
func (h *harness) close() {
	h.t.Helper()
	for _, snap := range h.pinned {
		snap.Close()
	}
	h.pinned = nil
	if err := h.s.Close(); err != nil {
		h.t.Fatal(err)
	}
	if n := h.mem.Used(); n != 0 {
		h.t.Fatalf("%d bytes are still reserved after Close", n)
	}
}

// check verifies a scan at a random timestamp that the table serves.
func (h *harness) check(what string) {
	h.t.Helper()
	r := h.m.rng
	floor, safe := h.tab.Floor(), h.tab.Safe()
	ts := safe
	if safe > floor && r.IntN(2) == 0 {
		ts = floor + r.Uint64N(safe-floor+1)
	}
	snap, err := h.tab.Snapshot(ts)
	if err != nil && ts < h.tab.Floor() {
		// Maintenance in the background has dropped that history meanwhile.
		ts = safe
		snap, err = h.tab.Snapshot(ts)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	var filters []Filter
	for range r.IntN(3) {
		filters = append(filters, h.m.filter())
	}
	verify(h.t, h.m, snap, filters, h.m.overlay(ts), []int{0, 0, 0, 700, 3}[r.IntN(5)], what)
	if r.IntN(4) == 0 {
		h.pinned = append(h.pinned, snap)
		return
	}
	snap.Close()
}

// checkPinned verifies a snapshot that was opened earlier, and closes it.
func (h *harness) checkPinned() {
	h.t.Helper()
	if len(h.pinned) == 0 {
		return
	}
	snap := h.pinned[0]
	h.pinned = h.pinned[1:]
	verify(h.t, h.m, snap, nil, nil, 0, "pinned")
	snap.Close()
}

// The store agrees with the model whatever happens in whatever order.
func TestModel(t *testing.T) {
	base := testSeed(t)
	rounds, steps := 8, 60
	if testing.Short() {
		rounds = 3
	}
	for round := range rounds {
		seed := base + uint64(round)
		t.Logf("seed %d", seed)
		runModel(t, seed, steps)
		if t.Failed() {
			return
		}
	}
}

func runModel(t *testing.T, seed uint64, steps int) {
	dir := "db"
	if seed%4 == 0 {
		dir = ""
	}
	var fs vfs.FS = vfs.NewMem()
	if seed%4 == 1 {
		fs, dir = vfs.Default, t.TempDir()
	}
	h := newHarness(t, seed, fs, dir)
	defer func() { h.close() }()
	r := h.m.rng
	for range steps {
		switch k := r.IntN(20); {
		case k < 2:
			// A small hot table: updates of the same few rows.
			for range 1 + r.IntN(2000) {
				h.m.update(1 + r.IntN(10))
			}
			h.catchUp()
		case k < 9:
			for range 1 + r.IntN(20) {
				h.m.tx([]int{4, 40, 400}[r.IntN(3)])
			}
			h.catchUp()
		case k == 9:
			h.m.load(1 + r.IntN(6000))
			h.catchUp()
		case k < 12:
			h.sync()
			h.s.Maintain()
			h.check("maintained")
		case k == 12:
			if err := h.s.Checkpoint(context.Background(), h.sync()); err != nil {
				t.Fatal(err)
			}
			h.check("checkpointed")
		case k == 13 && dir != "":
			h.close()
			h.reopen()
		case k < 16:
			h.checkPinned()
		default:
			h.check("scan")
		}
	}
	h.check("end")
	for len(h.pinned) > 0 {
		h.checkPinned()
	}
}

// A position beyond what the row store recovered, another store or another
// incarnation discard the columns.
func TestMismatch(t *testing.T) {
	fs := vfs.NewMem()
	h := newHarness(t, 1, fs, "db")
	h.m.tx(100)
	h.catchUp()
	if err := h.s.Checkpoint(context.Background(), h.m.ts); err != nil {
		t.Fatal(err)
	}
	h.close()
	for name, change := range map[string]func(*Options){
		"position":    func(o *Options) { o.DurableTS = h.m.ts - 1 },
		"store":       func(o *Options) { o.StoreID[0]++ },
		"incarnation": func(o *Options) { o.Incarnation++ },
		"lost commits": func(o *Options) {
			o.Continues = func(incarnation, position uint64) bool { return incarnation != 1 || position != h.m.ts }
		},
		"later opening": func(o *Options) {
			o.Incarnation++
			o.Continues = func(incarnation, position uint64) bool { return incarnation == 1 && position == h.m.ts }
		},
		"nothing": func(*Options) {},
	} {
		// A mismatch removes the files: each case gets a copy.
		copied := vfs.NewMem()
		if _, err := pebblevfs.Clone(fs, copied, "db", "db"); err != nil {
			t.Fatal(err)
		}
		o := h.options()
		o.FS = copied
		change(&o)
		s, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		fits := name == "nothing" || name == "later opening"
		if (s.RecoveredPosition() != 0) != fits || (s.RecoveryReason() == "") != fits || (len(s.Tables()) == 1) != fits {
			t.Errorf("%s: position %d, reason %q, %d tables", name, s.RecoveredPosition(), s.RecoveryReason(), len(s.Tables()))
		}
		names, _ := copied.List("db")
		if !fits && len(names) != 0 {
			t.Errorf("%s: files are left: %v", name, names)
		}
		s.Close()
	}
}

// WaitSafe returns when the timestamp is applied, and fails when the table stops
// being live.
func TestWaitSafe(t *testing.T) {
	h := newHarness(t, 2, nil, "")
	defer h.close()
	ctx := context.Background()
	if _, err := h.tab.Snapshot(500); err == nil {
		t.Fatal("a snapshot above Safe")
	}
	result := make(chan error)
	go func() { result <- h.tab.WaitSafe(ctx, 500) }()
	time.Sleep(time.Millisecond)
	h.s.Advance(500)
	if err := <-result; err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	if err := h.tab.WaitSafe(short, 501); err != context.DeadlineExceeded {
		t.Fatalf("waiting in vain: %v", err)
	}
	go func() { result <- h.tab.WaitSafe(ctx, 501) }()
	time.Sleep(time.Millisecond)
	h.tab.SetState(Detached, "too slow")
	if err := <-result; err == nil {
		t.Fatal("no error for a detached table")
	}
	if _, err := h.tab.Snapshot(500); err == nil {
		t.Fatal("a snapshot of a detached table")
	}
}
