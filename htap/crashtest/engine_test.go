package crashtest

import (
	"context"
	"log/slog"
	"time"

	"htapdb/htap"
)

// open opens a database as the tests run it: checkpoints all the time, little
// memory, and everything that the engine reports of its own accord is a failure.
// The tables are made if they are not there.
func open(dir string, obs observer, options ...htap.Option) (*htap.DB, error) {
	options = append([]htap.Option{
		htap.WithMemoryLimit(256 << 20), htap.WithWorkers(2), htap.WithCheckpointInterval(5 * time.Millisecond),
		htap.WithLogger(slog.New(complaints{obs: obs})),
		htap.WithOnFatal(func(err error) { obs.fail("fatal: %v", err) }),
	}, options...)
	db, err := htap.Open(dir, options...)
	if err != nil {
		return nil, err
	}
	for _, t := range db.Status().Tables {
		if t.State != "live" {
			obs.fail("the columns of %s are %s after opening: %s", t.Name, t.State, t.Reason)
		}
	}
	if err := createSchema(context.Background(), db); err != nil {
		_ = db.Close() // the first error is what matters
		return nil, err
	}
	return db, nil
}

// complaints is a log handler that makes every warning and error a failure:
// columns that had to be thrown away, a table that was detached, a checkpoint
// that could not be written.
type complaints struct {
	obs  observer
	with []slog.Attr
}

// Enabled implements slog.Handler.
func (complaints) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

// Handle implements slog.Handler.
func (c complaints) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
	for _, a := range c.with {
		text += " " + a.String()
	}
	c.obs.fail("the engine reports: %s", text)
	return nil
}

// WithAttrs implements slog.Handler.
func (c complaints) WithAttrs(attrs []slog.Attr) slog.Handler {
	return complaints{c.obs, append(append([]slog.Attr(nil), c.with...), attrs...)}
}

// WithGroup implements slog.Handler.
func (c complaints) WithGroup(string) slog.Handler { return c }
