package sqlstate

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"
)

// Panic is what is known of a panic that became an error. The client is told
// its ID alone: values and stack are for the log, where the ID leads to them.
type Panic struct {
	// ID is unique enough to be searched for.
	ID string
	// Value is what panic was called with, Stack where.
	Value any
	Stack string

	logged sync.Once
}

// FromPanic makes the recovered value of a panic an error that ends the query.
// It is called by the deferred function itself, so that the stack is the
// panic's; whoever ends the statement logs it with LogPanic.
func FromPanic(value any) *Error {
	var id [6]byte
	_, _ = rand.Read(id[:]) // it never fails
	p := &Panic{ID: hex.EncodeToString(id[:]), Value: value, Stack: string(debug.Stack())}
	e := New(InternalError, "internal error %s", p.ID).WithHint("The log has the details under this number. Please report them.")
	e.Panic = p
	return e
}

// LogPanic writes a panic in err's chain to the log, each once; attrs say what
// ran.
func LogPanic(log *slog.Logger, err error, attrs ...any) {
	var e *Error
	if err == nil || !errors.As(err, &e) || e.Panic == nil {
		return
	}
	p := e.Panic
	p.logged.Do(func() {
		log.Error("a panic was contained", append([]any{"id", p.ID, "panic", p.Value, "stack", p.Stack}, attrs...)...)
	})
}
