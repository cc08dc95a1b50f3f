package pg

import (
	"context"
	"errors"
	"strings"

	"htapdb/sql/sqlstate"

	"github.com/jackc/pgx/v5/pgproto3"
)

// Reasons for the end of a statement's context, found with context.Cause.
var (
	errUserCancel = sqlstate.New(sqlstate.QueryCanceled, "canceling statement due to user request")
	errShutdown   = sqlstate.New(sqlstate.AdminShutdown, "terminating connection due to administrator command")
	errSyncLost   = sqlstate.New(sqlstate.ProtocolViolation, "terminating connection because protocol synchronization was lost")
	errAborted    = sqlstate.New(sqlstate.InFailedTransaction, "current transaction is aborted, commands ignored until end of transaction block")
	errClientGone = sqlstate.New(sqlstate.ConnectionFailure, "the client closed the connection")
)

// asError gives every error a SQLSTATE. What happens to a statement whose
// context was cancelled is told as the reason of the cancel.
func asError(ctx context.Context, err error) *sqlstate.Error {
	if cause := context.Cause(ctx); cause != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || sqlstate.Is(err, sqlstate.QueryCanceled)) {
		err = cause
	}
	var e *sqlstate.Error
	if errors.As(err, &e) {
		return e
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return errUserCancel
	}
	return sqlstate.Wrap(sqlstate.InternalError, err, "%v", err)
}

// appendError appends an ErrorResponse; severity is ERROR, FATAL or PANIC.
func appendError(dst []byte, severity string, e *sqlstate.Error) []byte {
	m := errorResponse(severity, e)
	if out, err := m.Encode(dst); err == nil {
		return out
	}
	return dst
}

// errorResponse gives an error the form of a message.
func errorResponse(severity string, e *sqlstate.Error) pgproto3.ErrorResponse {
	return pgproto3.ErrorResponse{
		Severity: severity, SeverityUnlocalized: severity,
		Code: e.SQLState(), Message: cString(e.Message), Detail: cString(e.Detail), Hint: cString(e.Hint),
		Position: int32(max(e.Position, 0)), Where: cString(e.Where),
		SchemaName: cString(e.Object.Schema), TableName: cString(e.Object.Table), ColumnName: cString(e.Object.Column),
		DataTypeName: cString(e.Object.DataType), ConstraintName: cString(e.Object.Constraint),
		Routine: cString(e.Routine),
	}
}

// noticeSeverity is WARNING for the codes of warnings and of transaction control
// without effect, NOTICE for others.
func noticeSeverity(e *sqlstate.Error) string {
	if strings.HasPrefix(e.SQLState(), "01") || strings.HasPrefix(e.SQLState(), "25") {
		return "WARNING"
	}
	return "NOTICE"
}

// appendNotice appends a NoticeResponse.
func appendNotice(dst []byte, e *sqlstate.Error) []byte {
	severity := noticeSeverity(e)
	m := pgproto3.NoticeResponse(errorResponse(severity, e))
	if out, err := m.Encode(dst); err == nil {
		return out
	}
	return dst
}

// cString makes a text fit a field that ends with a zero byte.
func cString(s string) string { return strings.ReplaceAll(s, "\x00", "\\0") }
