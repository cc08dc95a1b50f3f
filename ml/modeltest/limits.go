package modeltest

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"

	"htapdb/internal/memory"
	"htapdb/internal/testutil"
	"htapdb/ml"
	"htapdb/sql/sqlstate"
)

// limits checks that a training that needs more memory than it may have is refused,
// whatever part of it goes beyond, and gives everything back.
func limits(t *testing.T, e ml.Estimator, task ml.Task, with map[string]string) {
	d := Mixed(testutil.Rand(t), 40_000, task)
	whole := memory.NewRoot(0)
	if err := metered(t, e, with, d, &meter{Account: whole}); err != nil {
		t.Fatal(err)
	}
	peak := whole.Peak()
	if peak == 0 {
		t.Fatal("the training charged nothing")
	}
	const steps = 8
	for i := range steps {
		// From an eighth of what it takes, too little for the rows alone, to a byte less.
		limit := peak*int64(i+1)/steps - 1
		if err := metered(t, e, with, d, &meter{Account: memory.NewRoot(limit)}); !sqlstate.Is(err, sqlstate.OutOfMemory) {
			t.Errorf("with %d bytes of the %d that it takes: %v", limit, peak, err)
		}
	}
}

// Charged checks that a training never takes more memory than it has reserved, but for
// what uncharged allows. The rows have to be so many, or so wide, that what the
// algorithm takes is more than that.
func Charged(t *testing.T, e ml.Estimator, with map[string]string, d *Data) {
	t.Helper()
	m := &meter{Account: memory.NewRoot(0), measure: true}
	if err := metered(t, e, with, d, m); err != nil {
		t.Fatal(err)
	}
	if over := m.over.Load(); over > uncharged {
		t.Errorf("%s takes up to %d bytes more than it has reserved", e.Info().Name, over)
	}
}

// uncharged is what a training may take without a reservation: batches that are being
// read, and the few hundred KB of ml.Estimator.
const uncharged = 512 << 10

// leastMeasured are the reservations before which the heap is measured: a collection
// for each of a few bytes would take minutes.
const leastMeasured = 16 << 10

// meter is an account that compares the heap with what has been reserved, whenever
// something large is about to be.
type meter struct {
	*memory.Account
	measure bool
	// begin is the heap before the training, over by how much the heap was larger than that and
	// the reservations, at most.
	begin, over atomic.Int64
}

// Reserve implements ml.Account.
func (m *meter) Reserve(bytes int64) error {
	if bytes >= leastMeasured {
		m.look()
	}
	return m.Account.Reserve(bytes)
}

// look measures.
func (m *meter) look() {
	if !m.measure {
		return
	}
	over := live() - m.begin.Load() - m.Used()
	for most := m.over.Load(); over > most && !m.over.CompareAndSwap(most, over); most = m.over.Load() {
	}
}

// live is the heap that is in use.
func live() int64 {
	var s runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}

// metered trains and checks that all was given back.
func metered(t *testing.T, e ml.Estimator, with map[string]string, d *Data, m *meter) error {
	t.Helper()
	parsed, err := ml.ParseOptions(e.Info(), with)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := d.training(Schedule{Progress: func(float64, string) { m.look() }}, m)
	if err != nil {
		t.Fatal(err)
	}
	tr.Options = parsed
	if m.measure {
		m.begin.Store(live())
	}
	_, err = ml.NewRegistry(e).Train(context.WithoutCancel(t.Context()), e, tr)
	if tr.Close(); m.Used() != 0 {
		t.Errorf("%d bytes were not given back: %v", m.Used(), err)
	}
	return err
}
