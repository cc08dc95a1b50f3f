// Package sqlstate holds the one error type of the engine: a PostgreSQL
// SQLSTATE code with a message, and where it helps a detail, a hint and a
// position in the statement's text.
//
// Every package below and above returns these values; nothing else crosses a
// package boundary as an operating error. Errors of programmers (a broken
// invariant) are asserted instead, and end the query as InternalError.
//
// Not here: the text of the errors (each package words its own) and the wire
// form (server/pg).
package sqlstate

import (
	"errors"
	"fmt"
)

// Code is a five-character SQLSTATE as PostgreSQL's appendix A lists them.
type Code string

// Error is an operating error with its SQLSTATE.
type Error struct {
	// Code is the SQLSTATE.
	Code Code
	// Message names the object and the value; one line, no final period.
	Message string
	// Detail adds facts, Hint the way out; both may be empty.
	Detail, Hint string
	// Position is the 1-based character position in the statement's text, 0 if unknown.
	Position int
	// Where says in the midst of what it happened, as the line of COPY's input.
	Where string
	// Object is what the error is about, as far as it is an object of the catalog.
	Object Object
	// Routine is the function of PostgreSQL that reports the error, where drivers tell
	// errors of one code apart by it; else "".
	Routine string
	// Panic is set if the error was a panic.
	Panic *Panic
	cause error
}

// Object names the object that an error is about, for programs: they tell a
// duplicate e-mail address from a duplicate name by the constraint. PostgreSQL
// sends the fields that apply; the others are empty.
type Object struct{ Schema, Table, Column, DataType, Constraint string }

// New returns an error whose message is formatted as by fmt.Sprintf.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap is New with a cause that errors.Is and errors.As reach.
func Wrap(code Code, cause error, format string, args ...any) *Error {
	e := New(code, format, args...)
	e.cause = cause
	return e
}

// ChangedResult is the error of a prepared statement that would give other columns
// than those it was described with. Drivers prepare such a statement again by
// themselves: pgx knows it by its message, pgJDBC and asyncpg by the routine.
func ChangedResult() *Error {
	e := New(FeatureNotSupported, "cached plan must not change result type").WithHint("Prepare the statement again.")
	e.Routine = "RevalidateCachedQuery"
	return e
}

// Error returns "message (SQLSTATE code)".
func (e *Error) Error() string { return e.Message + " (SQLSTATE " + string(e.Code) + ")" }

// SQLState returns the five-character code.
func (e *Error) SQLState() string { return string(e.Code) }

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.cause }

// WithPosition sets the 1-based character position and returns e.
func (e *Error) WithPosition(pos int) *Error { e.Position = pos; return e }

// WithHint sets the hint and returns e.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// WithDetail sets the detail and returns e.
func (e *Error) WithDetail(format string, args ...any) *Error {
	e.Detail = fmt.Sprintf(format, args...)
	return e
}

// WithWhere sets the context and returns e.
func (e *Error) WithWhere(format string, args ...any) *Error {
	e.Where = fmt.Sprintf(format, args...)
	return e
}

// WithObject sets the object and returns e.
func (e *Error) WithObject(o Object) *Error { e.Object = o; return e }

// CodeOf returns the code of the first Error in err's chain, "" for nil, and
// InternalError for an error without one.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return InternalError
}

// Is reports whether err carries code.
func Is(err error, code Code) bool { return err != nil && CodeOf(err) == code }
