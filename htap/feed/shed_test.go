package feed

import (
	"sync"
	"testing"
	"time"

	"htapdb/colstore"
	"htapdb/vector"
)

// While the columns do not take changes, writers wait for a while and no longer:
// the table with the most changes loses its columns, others keep theirs, and it
// gets them back complete.
func TestStalledColumnsAreShed(t *testing.T) {
	const patience = 50 * time.Millisecond
	x := newFixture(t, Options{QueueBytes: 32 << 10, Patience: patience})
	quiet := x.create(20_001, "quiet")
	busyColumns, quietColumns := x.columns(20_000), x.columns(20_001)

	resume := make(chan struct{})
	stopped := make(chan struct{})
	x.f.later(func() { close(stopped); <-resume })
	<-stopped
	x.insert(quiet, 0, 10)
	var wg sync.WaitGroup
	const commits = 60 // several times the queue
	wg.Go(func() {
		for i := range int64(commits) {
			x.insert(x.schema, 100+50*i, 50)
		}
	})
	for deadline := time.Now().Add(20 * time.Second); x.f.shed.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("writers wait for the columns for ever")
		}
	}
	if id := x.f.shed.Load(); id != 20_000 {
		t.Errorf("table %d is to be detached", id)
	}
	close(resume)
	wg.Wait()
	if n := x.live(busyColumns); n < 100 || n > 100+50*commits {
		t.Errorf("%d rows in the columns", n)
	}
	x.f.CatchUp()
	if n := x.live(busyColumns); n != 100+50*commits {
		t.Errorf("%d rows in the columns instead of %d", n, 100+50*commits)
	}
	if n := x.live(quietColumns); n != 10 {
		t.Errorf("%d rows of the other table", n)
	}
	if r := x.f.Recovery(); r.Shed != 1 || r.Filled != 1 {
		t.Errorf("%+v", r)
	}
}

// Writers that wait although nothing is to be applied shed nothing.
func TestNothingToShed(t *testing.T) {
	x := newFixture(t, Options{QueueBytes: 32 << 10, Patience: time.Millisecond})
	table := x.columns(20_000)
	// A commit that takes long has all the room.
	if err := x.f.Reserve(t.Context(), 32<<10); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { x.insert(x.schema, 100, 1) })
	time.Sleep(20 * time.Millisecond)
	x.f.Release(32 << 10)
	wg.Wait()
	x.f.CatchUp()
	if state, reason := table.State(); state != colstore.Live || x.f.Recovery().Shed != 0 {
		t.Errorf("the columns are %s: %s", state, reason)
	}
}

// Columns with rows that the row store has yet to number belong to another copy
// of it: they are not used.
func TestRowIDsAhead(t *testing.T) {
	x := newFixture(t, Options{})
	table := x.columns(20_000)
	if err := x.f.compareRowIDs(); err != nil {
		t.Fatal(err)
	}
	if state, _ := table.State(); state != colstore.Live {
		t.Fatalf("good columns are %s", state)
	}
	batch := vector.NewBatch(table.Schema().Types(), 1)
	next := table.NextRowID()
	if err := table.Apply(uint64(x.f.Applied())+1, batch, []uint64{next}, nil, nil); err != nil {
		t.Fatal(err)
	}
	if err := x.f.compareRowIDs(); err != nil {
		t.Fatal(err)
	}
	if state, reason := table.State(); state != colstore.Detached {
		t.Errorf("columns with a row too many are %s: %s", state, reason)
	}
}
