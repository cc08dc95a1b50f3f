package pg

import (
	"log/slog"
	"time"
)

// Options configure a Server. The zero value is usable: each limit has a default.
type Options struct {
	// MaxConnections is the number of sessions at one time, default 100; one more
	// is refused with 53300.
	MaxConnections int
	// MaxMessageBytes bounds a message of a client, default 64 MiB; a longer one
	// ends the connection with 08P01.
	MaxMessageBytes int
	// MaxStatements and MaxPortals bound the named and unnamed prepared
	// statements and the open portals of a session, default 5,000 and 1,000;
	// one more is 53400.
	MaxStatements, MaxPortals int
	// StartupTimeout bounds the time from accept to the startup message,
	// default 30 s.
	StartupTimeout time.Duration
	// IdleTimeout ends a session that is idle outside a transaction for so long
	// (57P05); 0 is never.
	IdleTimeout time.Duration
	// WriteTimeout ends a connection whose client takes nothing for so long,
	// because an unread result holds a snapshot; default 5 min, negative is never.
	WriteTimeout time.Duration
	// AllowRemote accepts connections from other machines. Without it they are
	// refused with 28000, because no password protects them yet.
	AllowRemote bool
	// Log receives refused connections and contained panics; nil discards.
	Log *slog.Logger
}

// withDefaults fills in what is zero.
func (o Options) withDefaults() Options {
	setDefault(&o.MaxConnections, 100)
	setDefault(&o.MaxMessageBytes, 64<<20)
	setDefault(&o.MaxStatements, 5000)
	setDefault(&o.MaxPortals, 1000)
	setDefault(&o.StartupTimeout, 30*time.Second)
	setDefault(&o.WriteTimeout, 5*time.Minute)
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
