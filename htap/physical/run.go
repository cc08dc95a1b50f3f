package physical

import (
	"context"
	"reflect"

	"htapdb/olap"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/vector"
)

// ErrRestart is returned when a row that a statement has locked changed in a
// way that only running the statement again on a new snapshot can take into
// account. The caller undoes the statement's writes, starts it anew and runs it
// again.
var ErrRestart = sqlstate.New(sqlstate.SerializationFailure, "a row changed while the statement waited for it")

// Emit receives batches of the result; see olap.Run.
type Emit func(*vector.Batch) error

// writer runs one kind of DML node.
type writer func(ctx context.Context, n plan.Node, st *Statement, ex *olap.Exec, emit Emit) (int64, error)

// writers maps each DML node to what runs it.
var writers = map[reflect.Type]writer{
	reflect.TypeFor[*plan.Insert](): runInsert,
	reflect.TypeFor[*plan.Update](): runUpdate,
	reflect.TypeFor[*plan.Delete](): runDelete,
}

// Run executes a routed plan: a query, or DML with or without RETURNING. It
// returns the number of rows written, or emitted for a query. Rows are emitted
// before all writes are done: after an error the statement's writes have to be
// rolled back to where it began.
func Run(ctx context.Context, root plan.Node, st *Statement, ex *olap.Exec, emit Emit) (int64, error) {
	if w := writers[reflect.TypeOf(root)]; w != nil {
		rows, err := w(ctx, root, st, ex, emit)
		st.Trace.wrote(root, rows)
		return rows, err
	}
	node, err := Build(root, st)
	if err != nil {
		return 0, err
	}
	rows := int64(0)
	err = olap.Run(ctx, node, ex, func(b *vector.Batch) error {
		rows += int64(b.Rows())
		return emit(b)
	})
	return rows, err
}

// runSource runs the source of a DML node and calls each with batches of flat,
// compact columns.
func runSource(ctx context.Context, source plan.Node, st *Statement, ex *olap.Exec, each func(*vector.Batch) error) error {
	node, err := Build(source, st)
	if err != nil {
		return err
	}
	return olap.Run(ctx, node, ex, func(b *vector.Batch) error {
		out := &vector.Batch{Len: b.Rows(), Cols: make([]*vector.Vector, len(b.Cols))}
		for i, c := range b.Cols {
			v := vector.New(c.Type, out.Len)
			src := *c
			if b.Sel == nil && c.Enc == vector.Const {
				src.Len = out.Len
			}
			if out.Len > 0 {
				vector.CopyInto(v, 0, &src, b.Sel)
			}
			out.Cols[i] = v
		}
		return each(out)
	})
}
