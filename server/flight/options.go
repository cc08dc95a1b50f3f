package flight

import (
	"log/slog"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Options configure a Server. The zero value is usable: each limit has a default.
type Options struct {
	// MaxMessageBytes bounds a message of a client, default 64 MiB.
	MaxMessageBytes int
	// MaxSessions bounds clients' sessions, default 1,000; one more is
	// RESOURCE_EXHAUSTED (53300).
	MaxSessions int
	// MaxTickets, MaxPrepared and MaxTransactions bound what all clients together
	// may keep open: tickets not yet fetched, prepared statements, transactions;
	// default 10,000, 10,000 and 1,000.
	MaxTickets, MaxPrepared, MaxTransactions int
	// TicketTTL is how long a ticket waits for its DoGet, default 10 min.
	TicketTTL time.Duration
	// IdleTTL is how long a session or a prepared statement is kept without a
	// call, default 1 h; IdleTransactionTTL the same for a transaction, which
	// holds locks and a snapshot, default 10 min.
	IdleTTL, IdleTransactionTTL time.Duration
	// AllowRemote accepts calls from other machines. Without it they are refused,
	// because no password protects them yet.
	AllowRemote bool
	// Alloc is used for the encoding of metadata; nil is Arrow's default.
	Alloc memory.Allocator
	// Log receives contained panics; nil discards.
	Log *slog.Logger
}

// withDefaults fills in what is zero.
func (o Options) withDefaults() Options {
	setDefault(&o.MaxMessageBytes, 64<<20)
	setDefault(&o.MaxSessions, 1000)
	setDefault(&o.MaxTickets, 10_000)
	setDefault(&o.MaxPrepared, 10_000)
	setDefault(&o.MaxTransactions, 1000)
	setDefault(&o.TicketTTL, 10*time.Minute)
	setDefault(&o.IdleTTL, time.Hour)
	setDefault(&o.IdleTransactionTTL, 10*time.Minute)
	if o.Alloc == nil {
		o.Alloc = memory.DefaultAllocator
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// setDefault replaces a zero by its default.
func setDefault[T int | time.Duration](p *T, def T) {
	if *p == 0 {
		*p = def
	}
}
