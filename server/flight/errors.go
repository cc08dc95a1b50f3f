package flight

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"htapdb/sql/sqlstate"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Reasons for the end of a statement's context.
var (
	errCancelled = sqlstate.New(sqlstate.QueryCanceled, "canceling statement due to user request")
	errShutdown  = sqlstate.New(sqlstate.AdminShutdown, "the server is shutting down")
	errExpired   = sqlstate.New(sqlstate.QueryCanceled, "canceling statement: its session has ended")
)

// grpcCodes maps SQLSTATEs to gRPC codes: whole codes first, then classes.
var grpcCodes = map[string]codes.Code{
	"23505": codes.AlreadyExists, "42P07": codes.AlreadyExists, "42710": codes.AlreadyExists,
	"42P06": codes.AlreadyExists, "42701": codes.AlreadyExists,
	"42P01": codes.NotFound, "42703": codes.NotFound, "42704": codes.NotFound, "42883": codes.NotFound,
	"42501": codes.PermissionDenied, "28000": codes.Unauthenticated, "28P01": codes.Unauthenticated,
	"57014": codes.Canceled, "57P05": codes.Canceled, "58P01": codes.NotFound, "58P02": codes.AlreadyExists,
	"22003": codes.OutOfRange, "08P01": codes.InvalidArgument,

	"08": codes.Unavailable, "0A": codes.Unimplemented, "21": codes.InvalidArgument, "22": codes.InvalidArgument,
	"23": codes.FailedPrecondition, "25": codes.FailedPrecondition, "26": codes.NotFound, "2B": codes.FailedPrecondition,
	"34": codes.NotFound, "3B": codes.NotFound, "3D": codes.NotFound, "3F": codes.NotFound, "40": codes.Aborted,
	"42": codes.InvalidArgument, "53": codes.ResourceExhausted, "54": codes.ResourceExhausted,
	"55": codes.FailedPrecondition, "57": codes.Unavailable, "58": codes.Internal, "XX": codes.Internal,
}

// grpcCode returns the gRPC code of a SQLSTATE.
func grpcCode(state string) codes.Code {
	if c, ok := grpcCodes[state]; ok {
		return c
	}
	if c, ok := grpcCodes[state[:min(2, len(state))]]; ok {
		return c
	}
	return codes.Unknown
}

// toStatus turns an error of a statement with the context ctx into a gRPC
// status. Its message carries the SQLSTATE, and lines for what else is known.
func toStatus(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := status.FromError(err); ok {
		return err
	}
	if cause := context.Cause(ctx); cause != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || sqlstate.Is(err, sqlstate.QueryCanceled)) {
		if errors.Is(cause, context.DeadlineExceeded) {
			return status.Error(codes.DeadlineExceeded, "the call's deadline has passed (SQLSTATE 57014)")
		}
		err = cause
	}
	var e *sqlstate.Error
	if !errors.As(err, &e) {
		if errors.Is(err, context.Canceled) {
			e = errCancelled
		} else {
			e = sqlstate.Wrap(sqlstate.InternalError, err, "%v", err)
		}
	}
	var b strings.Builder
	b.WriteString(e.Error())
	if e.Detail != "" {
		b.WriteString("\nDETAIL: " + e.Detail)
	}
	if e.Hint != "" {
		b.WriteString("\nHINT: " + e.Hint)
	}
	if e.Where != "" {
		b.WriteString("\nCONTEXT: " + e.Where)
	}
	if e.Position > 0 {
		fmt.Fprintf(&b, "\nPOSITION: %d", e.Position)
	}
	return status.Error(grpcCode(e.SQLState()), b.String())
}
