package flight

import (
	"context"

	"htapdb/sql/sqlstate"

	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
)

// savepoint is a named point of a transaction.
type savepoint struct {
	unit *unit
	name string
}

// BeginTransaction begins a transaction and returns its id.
func (v *service) BeginTransaction(ctx context.Context, _ flightsql.ActionBeginTransactionRequest) ([]byte, error) {
	u, err := sessionOf(ctx).newUnit()
	if err != nil {
		return nil, toStatus(ctx, err)
	}
	u.transaction = true
	err = u.exec(ctx, "BEGIN")
	if err == nil {
		var name string
		if name, err = v.transactions.add(u); err == nil {
			return []byte(name), nil
		}
	}
	u.release()
	return nil, toStatus(ctx, err)
}

// EndTransaction commits or rolls back.
func (v *service) EndTransaction(ctx context.Context, req flightsql.ActionEndTransactionRequest) error {
	u, ok := v.transactions.get(string(req.GetTransactionId()))
	if !ok || u.owner != sessionOf(ctx) {
		return toStatus(ctx, errNoTransaction())
	}
	if u, ok = v.transactions.take(string(req.GetTransactionId())); !ok {
		return toStatus(ctx, errNoTransaction())
	}
	defer u.release()
	switch req.GetAction() {
	case flightsql.EndTransactionCommit:
		if u.state() == 'E' {
			_ = u.exec(ctx, "ROLLBACK")
			return toStatus(ctx, sqlstate.New(sqlstate.InFailedTransaction, "the transaction was rolled back, because a statement of it had failed"))
		}
		return toStatus(ctx, u.exec(ctx, "COMMIT"))
	case flightsql.EndTransactionRollback:
		return toStatus(ctx, u.exec(ctx, "ROLLBACK"))
	}
	_ = u.exec(ctx, "ROLLBACK")
	return toStatus(ctx, sqlstate.New(sqlstate.ProtocolViolation, "unknown action %v at the end of a transaction: it was rolled back", req.GetAction()))
}

// BeginSavepoint sets a savepoint and returns its id.
func (v *service) BeginSavepoint(ctx context.Context, req flightsql.ActionBeginSavepointRequest) ([]byte, error) {
	u, err := sessionOf(ctx).acquire(req.GetTransactionId())
	if err != nil {
		return nil, toStatus(ctx, err)
	}
	defer u.release()
	// The client's name need not be unique; the SQL name is.
	sp := &savepoint{unit: u, name: "flight_" + newHandle()}
	if err := u.exec(ctx, "SAVEPOINT "+sp.name); err != nil {
		return nil, toStatus(ctx, err)
	}
	name, err := v.savepoints.add(sp)
	return []byte(name), toStatus(ctx, err)
}

// EndSavepoint releases a savepoint or rolls back to it.
func (v *service) EndSavepoint(ctx context.Context, req flightsql.ActionEndSavepointRequest) error {
	sp, ok := v.savepoints.take(string(req.GetSavepointId()))
	if !ok || sp.unit.owner != sessionOf(ctx) {
		return toStatus(ctx, sqlstate.New(sqlstate.InvalidSavepoint, "the savepoint has ended or never was"))
	}
	if req.GetAction() == flightsql.EndSavepointRelease {
		return toStatus(ctx, sp.unit.exec(ctx, "RELEASE SAVEPOINT "+sp.name))
	}
	if err := sp.unit.exec(ctx, "ROLLBACK TO SAVEPOINT "+sp.name); err != nil {
		return toStatus(ctx, err)
	}
	return toStatus(ctx, sp.unit.exec(ctx, "RELEASE SAVEPOINT "+sp.name))
}
