package demo

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"htapdb/htap"
)

// meters are what the workers count while the demo runs.
type meters struct {
	transactions, queries, lags       histogram
	serialization, deadlocks, soldOut atomic.Int64
	// agreed counts answers that both paths gave, snapshots those whose books balanced.
	agreed, snapshots atomic.Int64

	mu       sync.Mutex
	measured map[string]*histogram
	accesses map[string][]access
	answers  map[string]answer
}

func newMeters() *meters {
	return &meters{measured: map[string]*histogram{}, accesses: map[string][]access{}, answers: map[string]answer{}}
}

// queried counts one answer of a query.
func (m *meters) queried(q query, d time.Duration) {
	m.queries.add(d)
	m.of(q).add(d)
}

// of is the histogram of one query.
func (m *meters) of(q query) *histogram {
	m.mu.Lock()
	defer m.mu.Unlock()
	h := m.measured[q.name]
	if h == nil {
		h = &histogram{}
		m.measured[q.name] = h
	}
	return h
}

// routed keeps the newest plan's accesses of a query.
func (m *meters) routed(q query, a []access) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.accesses[q.name] = a
}

// routes are the accesses of a query's newest plan.
func (m *meters) routes(q query) []access {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.accesses[q.name]
}

// answered keeps the newest answer to a question that both paths gave.
func (m *meters) answered(a answer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answers[a.q.name] = a
}

// answer is the newest one to a question; ok is false before the first.
func (m *meters) answer(q query) (a answer, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok = m.answers[q.name]
	return a, ok
}

// takeLags moves the engine's recent lags, commit to columns, into the histogram.
func (m *meters) takeLags(db *htap.DB) {
	lags := db.Lags()
	db.ResetLags()
	for _, d := range lags {
		m.lags.add(d)
	}
}

// parseMetrics reads the numbers of a model's metrics.
func parseMetrics(text string) (map[string]float64, error) {
	var m map[string]float64
	err := json.Unmarshal([]byte(text), &m)
	return m, err
}
