package crashtest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"htapdb/htap"
	"htapdb/internal/testutil"
	"htapdb/internal/vfs"

	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"
)

// TestPowerLoss takes clones of a disk while the workload runs on it, as they
// would be after a power loss: with everything that was synced and a random part
// of the rest. Each is opened and verified, and the workload goes on with the
// last one of a generation, which is cloned in turn. Some clones are taken while
// another one is recovered.
func TestPowerLoss(t *testing.T) {
	rng := testutil.Rand(t)
	want := 15
	if testutil.Long() {
		want = 200
	}
	start := time.Now()
	clones, disks, generations := 0, 0, 0
	var last [numWriters]int64
	for clones < want {
		disks++
		g := &generation{fs: vfs.NewCrashableMem(), l: newLedger()}
		for range 2 + rng.IntN(4) {
			generations++
			n := 1 + rng.IntN(4)
			clones += n
			if last = g.run(t, rng, n); t.Failed() {
				return
			}
			if clones >= want {
				break
			}
		}
	}
	t.Logf("%d clones of %d disks in %d generations, last state %v, %v", clones, disks, generations, last, time.Since(start).Round(time.Second))
}

// generation is a disk with what is known about it.
type generation struct {
	fs *vfs.CrashableMem
	l  *ledger
}

// crashed is a clone with what was known when it was taken.
type crashed struct {
	fs       *vfs.CrashableMem
	l        *ledger
	unsynced int
}

// run opens the disk, lets the workload run, takes clones, verifies them, and
// makes the last one the next generation's disk.
func (g *generation) run(t *testing.T, rng *rand.Rand, clones int) (state [numWriters]int64) {
	t.Helper()
	seed := rng.Uint64()
	db, err := open("db", g.l, htap.WithFS(g.fs))
	if err != nil {
		t.Fatal("open: ", err)
	}
	g.l.recovered(g.verify(t, db, "the opened disk"))
	w := &workload{db: db, obs: g.l, seed: seed, from: g.l.now().Least}
	w.relax(rng)
	w.start()
	time.Sleep(longer(rng))
	var all []crashed
	for range clones {
		time.Sleep(time.Duration(1+rng.IntN(150)) * time.Millisecond)
		all = append(all, g.clone(rng))
	}
	w.end()
	if err := db.Close(); err != nil {
		t.Error("close: ", err)
	}
	g.report(t, "the disk that was cloned")
	for _, c := range all {
		g.fs, g.l = c.fs, c.l
		state = g.reopen(t, rng, c.unsynced)
		if t.Failed() {
			return state
		}
	}
	return state
}

// clone takes a clone. What was acknowledged before it has to be in it, what was
// attempted after it cannot.
func (g *generation) clone(rng *rand.Rand) crashed {
	c := crashed{unsynced: []int{0, 100, rng.IntN(101), rng.IntN(101)}[rng.IntN(4)]}
	c.l = g.l.fork(g.l.now())
	c.fs = g.fs.CrashClone(pebblevfs.CrashCloneCfg{UnsyncedDataPercent: c.unsynced, RNG: rand.New(rand.NewPCG(rng.Uint64(), 0))})
	c.l.Most = g.l.now().Most
	return c
}

// reopen opens a clone of which nothing is known but the ledger and verifies it;
// now and then also one that was taken while the first was being recovered.
func (g *generation) reopen(t *testing.T, rng *rand.Rand, unsynced int) (state [numWriters]int64) {
	t.Helper()
	before := g.fs.CrashClone(pebblevfs.CrashCloneCfg{}) // opening changes the disk: keep it for the next generation
	again := make(chan crashed, 1)
	if rng.IntN(3) == 0 {
		pause, twice := time.Duration(rng.IntN(20_000))*time.Microsecond, rand.New(rand.NewPCG(rng.Uint64(), 0))
		go func() {
			time.Sleep(pause)
			again <- g.clone(twice)
		}()
	} else {
		close(again)
	}
	state = g.open(t, fmt.Sprintf("a clone with %d %% of what was not synced", unsynced))
	if c, ok := <-again; ok && !t.Failed() {
		(&generation{fs: c.fs, l: c.l}).open(t, fmt.Sprintf("a clone of its recovery with %d %%", c.unsynced))
	}
	g.fs = before
	return state
}

// open opens the disk, verifies and closes it.
func (g *generation) open(t *testing.T, what string) (state [numWriters]int64) {
	t.Helper()
	db, err := open("db", g.l, htap.WithFS(g.fs))
	if err != nil {
		t.Fatalf("open %s: %v", what, err)
	}
	state = g.verify(t, db, what)
	if err := db.Close(); err != nil {
		t.Error("close: ", err)
	}
	g.report(t, what+", closed")
	return state
}

// verify verifies an open database against the ledger.
func (g *generation) verify(t *testing.T, db *htap.DB, what string) [numWriters]int64 {
	t.Helper()
	state, problems := verify(db, g.l.now())
	for _, p := range problems {
		g.l.fail("%s", p)
	}
	g.report(t, what)
	return state
}

// report fails the test with what the ledger knows against it.
func (g *generation) report(t *testing.T, what string) {
	t.Helper()
	if problems := g.l.failed(); len(problems) > 0 {
		t.Errorf("%s:\n%s", what, strings.Join(problems, "\n"))
	}
}
