package lock

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"htapdb/sql/sqlstate"
)

var bg = context.Background()

// lockAsync starts a lock request and returns its result.
func lockAsync(ctx context.Context, o *Owner, key string, mode Mode) <-chan error {
	ch := make(chan error, 1)
	go func() {
		_, err := o.Lock(ctx, 1, []byte(key), mode, false)
		ch <- err
	}()
	return ch
}

func mustLock(t *testing.T, o *Owner, key string, mode Mode) {
	t.Helper()
	if _, err := o.Lock(bg, 1, []byte(key), mode, true); err != nil {
		t.Fatal(err)
	}
}

// waiting returns when n owners wait.
func waiting(t *testing.T, m *Manager, n int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Microsecond) {
		count := 0
		for i := range m.shards {
			sh := &m.shards[i]
			sh.mu.Lock()
			for _, e := range sh.entries {
				count += len(e.queue)
			}
			for _, e := range sh.tables {
				count += len(e.queue)
			}
			sh.mu.Unlock()
		}
		if count == n {
			return
		}
	}
	t.Fatalf("not %d waiters", n)
}

func idle(ch <-chan error) bool {
	select {
	case <-ch:
		return false
	default:
		return true
	}
}

// TestConflicts tries every pair of row modes on one key.
func TestConflicts(t *testing.T) {
	for a := KeyShare; a <= Update; a++ {
		for b := KeyShare; b <= Update; b++ {
			m := NewManager(Options{})
			x, y := m.NewOwner(1), m.NewOwner(2)
			mustLock(t, x, "k", a)
			_, err := y.Lock(bg, 1, []byte("k"), b, true)
			if got := err != nil; got != conflicts[a][b] || got && !sqlstate.Is(err, sqlstate.LockNotAvailable) {
				t.Errorf("%s against %s: %v", b, a, err)
			}
			x.Release()
			y.Release()
			if m.Stats().Held != 0 {
				t.Error("locks left", m.Stats().Held)
			}
		}
	}
}

func TestFirstInFirstOut(t *testing.T) {
	m := NewManager(Options{})
	holder := m.NewOwner(0)
	mustLock(t, holder, "k", Update)
	var order []uint64
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := uint64(1); i <= 20; i++ {
		wg.Go(func() {
			o := m.NewOwner(i)
			if _, err := o.Lock(bg, 1, []byte("k"), Update, false); err != nil {
				t.Error(err)
			}
			mu.Lock()
			order = append(order, i)
			mu.Unlock()
			o.Release()
		})
		waiting(t, m, int(i))
	}
	holder.Release()
	wg.Wait()
	for i, id := range order {
		if id != uint64(i+1) {
			t.Fatal("order", order)
		}
	}
}

// TestNoOvertaking: a share request waits behind a waiting exclusive one, and
// is granted with its like when that is done.
func TestNoOvertaking(t *testing.T) {
	m := NewManager(Options{})
	a, b, c, d := m.NewOwner(1), m.NewOwner(2), m.NewOwner(3), m.NewOwner(4)
	mustLock(t, a, "k", Share)
	bDone := lockAsync(bg, b, "k", Update)
	waiting(t, m, 1)
	cDone := lockAsync(bg, c, "k", Share)
	dDone := lockAsync(bg, d, "k", Share)
	waiting(t, m, 3)
	a.Release()
	if err := <-bDone; err != nil {
		t.Fatal(err)
	}
	if !idle(cDone) || !idle(dDone) {
		t.Error("share lock granted beside an exclusive one")
	}
	b.Release()
	if err := errors.Join(<-cDone, <-dDone); err != nil {
		t.Error(err)
	}
}

func TestUpgrade(t *testing.T) {
	m := NewManager(Options{})
	a, b, c := m.NewOwner(1), m.NewOwner(2), m.NewOwner(3)
	mustLock(t, a, "k", Share)
	mustLock(t, b, "k", Share)
	cDone := lockAsync(bg, c, "k", Update)
	waiting(t, m, 1)
	// The upgrade goes before the waiting stranger, who would otherwise wait for
	// the upgrader and the other way round.
	aDone := lockAsync(bg, a, "k", Update)
	waiting(t, m, 2)
	b.Release()
	if err := <-aDone; err != nil {
		t.Fatal(err)
	}
	if !idle(cDone) {
		t.Error("two hold the lock")
	}
	a.Release()
	if err := <-cDone; err != nil {
		t.Error(err)
	}
}

func TestDeadlock(t *testing.T) {
	for n := 2; n <= 6; n++ {
		m := NewManager(Options{})
		owners := make([]*Owner, n)
		for i := range owners {
			owners[i] = m.NewOwner(uint64(i + 1))
			mustLock(t, owners[i], fmt.Sprint("k", i), Update)
		}
		waits := make([]<-chan error, n)
		for i := range n - 1 {
			waits[i] = lockAsync(bg, owners[i], fmt.Sprint("k", i+1), Update)
			waiting(t, m, i+1)
		}
		_, err := owners[n-1].Lock(bg, 1, []byte("k0"), Update, false)
		if !sqlstate.Is(err, sqlstate.DeadlockDetected) {
			t.Fatalf("cycle of %d: %v", n, err)
		}
		detail := err.(*sqlstate.Error).Detail
		if lines := strings.Split(detail, "\n"); len(lines) != n || !strings.HasPrefix(lines[0], fmt.Sprintf("Transaction %d waits for update lock on a row of table 1; blocked by transaction 1.", n)) {
			t.Error(detail)
		}
		owners[n-1].Release()
		for i := n - 2; i >= 0; i-- {
			if err := <-waits[i]; err != nil {
				t.Error(err)
			}
			owners[i].Release()
		}
		if m.Stats().Held != 0 || m.Stats().Deadlocks != 1 {
			t.Errorf("%+v", m.Stats())
		}
	}
}

// TestUpgradeDeadlock: two share holders that both want more.
func TestUpgradeDeadlock(t *testing.T) {
	m := NewManager(Options{})
	a, b := m.NewOwner(1), m.NewOwner(2)
	mustLock(t, a, "k", Share)
	mustLock(t, b, "k", Share)
	aDone := lockAsync(bg, a, "k", Update)
	waiting(t, m, 1)
	if _, err := b.Lock(bg, 1, []byte("k"), Update, false); !sqlstate.Is(err, sqlstate.DeadlockDetected) {
		t.Fatal(err)
	}
	b.Release()
	if err := <-aDone; err != nil {
		t.Error(err)
	}
}

func TestTimeoutAndCancel(t *testing.T) {
	m := NewManager(Options{})
	a, b, c := m.NewOwner(1), m.NewOwner(2), m.NewOwner(3)
	mustLock(t, a, "k", Share)
	ctx, cancel := context.WithTimeout(bg, 20*time.Millisecond)
	defer cancel()
	bDone := lockAsync(ctx, b, "k", Update)
	waiting(t, m, 1)
	// c waits only because b does: b's end has to let it in.
	cDone := lockAsync(bg, c, "k", Share)
	if err := <-bDone; !sqlstate.Is(err, sqlstate.LockNotAvailable) {
		t.Error(err)
	}
	if err := <-cDone; err != nil {
		t.Error(err)
	}
	ctx, stop := context.WithCancel(bg)
	bDone = lockAsync(ctx, b, "k", Update)
	waiting(t, m, 1)
	stop()
	if err := <-bDone; !sqlstate.Is(err, sqlstate.QueryCanceled) {
		t.Error(err)
	}
	shutdown := sqlstate.New(sqlstate.AdminShutdown, "bye")
	caused, stopCaused := context.WithCancelCause(bg)
	stopCaused(shutdown)
	if err := <-lockAsync(caused, b, "k", Update); !errors.Is(err, shutdown) {
		t.Error(err)
	}
}

func TestTables(t *testing.T) {
	m := NewManager(Options{})
	a, b := m.NewOwner(1), m.NewOwner(2)
	mustLock(t, a, "k", Update)
	if err := b.LockTable(bg, 1, TableExclusive, true); !sqlstate.Is(err, sqlstate.LockNotAvailable) {
		t.Error(err)
	}
	if err := b.LockTable(bg, 2, TableExclusive, true); err != nil {
		t.Error(err)
	}
	a.Release()
	if err := b.LockTable(bg, 1, TableExclusive, true); err != nil {
		t.Error(err)
	}
	if _, err := a.Lock(bg, 1, []byte("k"), KeyShare, true); err == nil {
		t.Error("row lock in a locked table")
	}
	b.Release()
}

func TestEscalation(t *testing.T) {
	m := NewManager(Options{MaxRowLocks: 10})
	a, b := m.NewOwner(1), m.NewOwner(2)
	if err := b.LockTable(bg, 1, TableShared, false); err != nil {
		t.Fatal(err)
	}
	for i := range 15 {
		mustLock(t, a, fmt.Sprint(i), Update)
	}
	if m.Stats().Escalations != 0 || m.Stats().Held != 17 {
		t.Errorf("escalated against another holder: %+v", m.Stats())
	}
	b.Release()
	for i := range 15 {
		mustLock(t, a, fmt.Sprint("more", i), Update)
	}
	if m.Stats().Escalations != 1 || m.Stats().Held != 1 {
		t.Errorf("%+v", m.Stats())
	}
	if _, err := b.Lock(bg, 1, []byte("0"), KeyShare, true); err == nil {
		t.Error("the escalated lock does not hold")
	}
	a.Release()
	if m.Stats().Held != 0 {
		t.Errorf("%+v", m.Stats())
	}
}

func TestBound(t *testing.T) {
	m := NewManager(Options{MaxLocks: 10})
	a, b := m.NewOwner(1), m.NewOwner(2)
	mustLock(t, b, "b", Share)
	var err error
	for i := 0; err == nil && i < 100; i++ {
		_, err = a.Lock(bg, 1, []byte(fmt.Sprint(i)), Update, false)
	}
	if !sqlstate.Is(err, sqlstate.OutOfMemory) || m.Stats().Held > 12 {
		t.Error(err, m.Stats())
	}
	b.Release()
	// Alone in the table, the owner locks it instead.
	for _, k := range []string{"x", "y", "z"} {
		mustLock(t, a, k, Update)
	}
	if m.Stats().Held != 1 {
		t.Errorf("%+v", m.Stats())
	}
	a.Release()
}

// TestRandom: owners lock random keys in random modes; nobody holds what
// conflicts, every wait ends, and in the end nothing is left.
func TestRandom(t *testing.T) {
	seed := rand.Uint64()
	t.Log("seed", seed)
	m := NewManager(Options{MaxRowLocks: 6})
	const keys, owners, rounds = 5, 8, 400
	// held[k][mode] counts holders, for the check.
	var held [keys][Update + 1]atomic.Int32
	var deadlocks atomic.Int32
	var wg sync.WaitGroup
	for i := range uint64(owners) {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(seed, i))
			o := m.NewOwner(i)
			for range rounds {
				mine := map[int]Mode{}
				for range 1 + rng.IntN(6) {
					k, mode := rng.IntN(keys), Mode(rng.IntN(int(Update)+1))
					if _, err := o.Lock(bg, 1, []byte(fmt.Sprint(k)), mode, false); err != nil {
						if !sqlstate.Is(err, sqlstate.DeadlockDetected) {
							t.Error(err)
						}
						deadlocks.Add(1)
						break
					}
					if old, ok := mine[k]; ok {
						if old >= mode {
							continue
						}
						held[k][old].Add(-1)
					}
					mine[k] = mode
					held[k][mode].Add(1)
					for other := KeyShare; other <= Update; other++ {
						limit := int32(0)
						if other == mode {
							limit = 1
						}
						if conflicts[mode][other] && held[k][other].Load() > limit {
							t.Errorf("%s held beside %s", mode, other)
						}
					}
				}
				for k, mode := range mine {
					held[k][mode].Add(-1)
				}
				o.Release()
			}
		})
	}
	wg.Wait()
	if s := m.Stats(); s.Held != 0 {
		t.Errorf("%+v", s)
	}
	for i := range m.shards {
		if n := len(m.shards[i].entries) + len(m.shards[i].tables); n > 0 {
			t.Error(n, "entries left")
		}
	}
	t.Log(deadlocks.Load(), "deadlocks")
}

func BenchmarkLockRelease(b *testing.B) {
	m := NewManager(Options{MaxRowLocks: 1000})
	key := []byte("some key of a row")
	for b.Loop() {
		o := m.NewOwner(1)
		if _, err := o.Lock(bg, 1, key, Update, false); err != nil {
			b.Fatal(err)
		}
		o.Release()
	}
}

// Owners that lock the same table exclusively, as loads do, wait in line: none
// may hold the shared lock meanwhile, or two of them would wait for each other.
func TestExclusiveTableLocksQueue(t *testing.T) {
	m := NewManager(Options{})
	first := m.NewOwner(1)
	if err := first.LockTable(bg, 1, TableExclusive, false); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 3)
	for i := range 3 {
		o := m.NewOwner(uint64(2 + i))
		go func() {
			err := o.LockTable(bg, 1, TableExclusive, false)
			o.Release()
			done <- err
		}()
	}
	waiting(t, m, 3)
	first.Release()
	for range 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := m.Stats().Held; n != 0 {
		t.Error(n, "locks are held at the end")
	}
}

// A timeout ends each wait of an owner, for rows and for tables, and holds until
// it is changed.
func TestTimeout(t *testing.T) {
	m := NewManager(Options{})
	a, b := m.NewOwner(1), m.NewOwner(2)
	mustLock(t, a, "k", Update)
	b.SetTimeout(20 * time.Millisecond)
	if _, err := b.Lock(bg, 1, []byte("k"), Update, false); !sqlstate.Is(err, sqlstate.LockNotAvailable) {
		t.Errorf("row: %v", err)
	}
	if err := b.LockTable(bg, 1, TableExclusive, false); !sqlstate.Is(err, sqlstate.LockNotAvailable) {
		t.Errorf("table: %v", err)
	}
	waiting(t, m, 0)
	b.SetTimeout(0)
	got := lockAsync(bg, b, "k", Update)
	waiting(t, m, 1)
	time.Sleep(40 * time.Millisecond)
	if !idle(got) {
		t.Error("the wait without a timeout has ended")
	}
	a.Release()
	if err := <-got; err != nil {
		t.Error(err)
	}
	b.Release()
}

// Unlock gives back the last row lock, lets in who waits for it, and leaves
// everything else.
func TestUnlock(t *testing.T) {
	m := NewManager(Options{MaxRowLocks: 3})
	a, b := m.NewOwner(1), m.NewOwner(2)
	mustLock(t, a, "j", Update)
	mustLock(t, a, "k", Update)
	waits := lockAsync(bg, b, "k", Update)
	waiting(t, m, 1)
	a.Unlock([]byte("j")) // not the last
	a.Unlock([]byte("k"))
	if err := <-waits; err != nil {
		t.Fatal(err)
	}
	if _, err := b.Lock(bg, 1, []byte("j"), Share, true); err == nil {
		t.Error("an earlier lock is gone")
	}
	// What was given back does not count for the escalation.
	for i := range 10 {
		k := fmt.Sprint(i)
		mustLock(t, a, k, Update)
		a.Unlock([]byte(k))
	}
	if s := m.Stats(); s.Escalations != 0 || s.Held != 4 { // a: table and j, b: table and k
		t.Errorf("%+v", s)
	}
	a.Release()
	b.Release()
	if s := m.Stats(); s.Held != 0 {
		t.Errorf("%+v", s)
	}
}
