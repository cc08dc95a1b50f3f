package crashtest

import (
	"fmt"
	"maps"
	"sync"
)

// The writers. Each runs its transactions, numbered from 1, one after the other.
const (
	kvWriter       = iota // single rows of a table with a primary key
	heapWriter            // single rows of a table without one
	transferA             // transfers between accounts
	transferB             //
	uniqueWriter          // several rows of a table with unique and other indexes
	identityWriter        // rows with an identity column
	bulkWriter            // COPY, TRUNCATE, CREATE TABLE AS
	shiftyWriter          // rows of a table that ddlWriter changes
	ddlWriter             // everything that changes the catalog
	numWriters
)

// ledger is what an observer outside the database knows. It is safe for
// concurrent use.
type ledger struct {
	mu sync.Mutex
	promise
	// async are the transactions acknowledged without having waited for
	// durability; before is async as it was when a writer began to commit: what
	// follows in the log makes what is before it durable.
	async  [numWriters]int64
	before [numWriters][numWriters]int64
	// ids are the numbers that the identity column has given.
	ids map[int64]bool
	// failures are what must not happen.
	failures []string
}

// promise bounds the number of the last transaction of each writer that is in
// the database.
type promise struct {
	// Least is acknowledged as durable; Most has been attempted.
	Least, Most [numWriters]int64
}

func newLedger() *ledger { return &ledger{ids: map[int64]bool{}} }

// begin is called before a writer's transaction n commits.
func (l *ledger) begin(w int, n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Most[w] = max(l.Most[w], n)
	l.before[w] = l.async
}

// ack is called when the commit has returned.
func (l *ledger) ack(w int, n int64, sync bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.async[w] = n
	if !sync {
		return
	}
	l.Least[w] = max(l.Least[w], n)
	for i, k := range l.before[w] {
		l.Least[i] = max(l.Least[i], k)
	}
}

// identity is called with each number that the identity column gives, whether
// its transaction commits or not.
func (l *ledger) identity(id int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ids[id] {
		l.failures = append(l.failures, fmt.Sprintf("the identity column has given %d twice", id))
	}
	l.ids[id] = true
}

// fail notes what must not happen.
func (l *ledger) fail(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.failures) < 20 {
		l.failures = append(l.failures, fmt.Sprintf(format, args...))
	}
}

// failed returns what went wrong so far.
func (l *ledger) failed() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.failures...)
}

// now returns the bounds at this moment.
func (l *ledger) now() promise {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.promise
}

// recovered sets the bounds to what a verification found: from now on all of it
// is durable and nothing else is under way.
func (l *ledger) recovered(state [numWriters]int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Least, l.Most, l.async = state, state, state
	l.before = [numWriters][numWriters]int64{}
}

// fork returns a ledger with the given bounds that knows the same identities.
func (l *ledger) fork(p promise) *ledger {
	l.mu.Lock()
	defer l.mu.Unlock()
	return &ledger{promise: p, ids: maps.Clone(l.ids)}
}
