package fn

import (
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// Sequences are the database's sequences as a statement's functions use them;
// names are as in SQL. Workers of a statement call it at the same time.
type Sequences interface {
	// Next takes the next value of the sequence.
	Next(name string) (int64, error)
	// Current is the value that Next gave the session last for the sequence, Last
	// that of any sequence; without one they are 55000.
	Current(name string) (int64, error)
	Last() (int64, error)
	// Set makes value the last one taken, or with called false the next one to be.
	Set(name string, value int64, called bool) error
	// Owned is the name of the sequence behind a serial or identity column; ok is
	// false if it has none.
	Owned(table, column string) (name string, ok bool, err error)
}

// sequenceFunctions are nextval and its like. Sequences change whatever becomes
// of the transaction, and their functions are volatile: a value a row.
func sequenceFunctions() []overload {
	const txt, i8 = types.Text, types.Int8
	return []overload{
		{name: "nextval", args: []types.Kind{txt}, result: i8, vol: Volatile,
			kernel: ofSequences(func(q Sequences, args []types.Datum) (int64, error) { return q.Next(args[0].Str()) })},
		{name: "currval", args: []types.Kind{txt}, result: i8, vol: Volatile,
			kernel: ofSequences(func(q Sequences, args []types.Datum) (int64, error) { return q.Current(args[0].Str()) })},
		{name: "lastval", result: i8, vol: Volatile,
			kernel: ofSequences(func(q Sequences, _ []types.Datum) (int64, error) { return q.Last() })},
		{name: "setval", args: []types.Kind{txt, i8}, result: i8, vol: Volatile,
			kernel: ofSequences(func(q Sequences, args []types.Datum) (int64, error) {
				return args[1].Int(), q.Set(args[0].Str(), args[1].Int(), true)
			})},
		{name: "setval", args: []types.Kind{txt, i8, types.Bool}, result: i8, vol: Volatile,
			kernel: ofSequences(func(q Sequences, args []types.Datum) (int64, error) {
				return args[1].Int(), q.Set(args[0].Str(), args[1].Int(), args[2].Bool())
			})},
		{name: "pg_get_serial_sequence", args: []types.Kind{txt, txt}, result: txt, vol: Stable, kernel: ownedSequence},
	}
}

// noSequences is the error of an expression outside of a statement.
func noSequences() error {
	return sqlstate.New(sqlstate.FeatureNotSupported, "sequences cannot be used here")
}

// ofSequences makes a kernel of a function of a sequence.
func ofSequences(f func(q Sequences, args []types.Datum) (int64, error)) Kernel {
	return func(ctx *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		if ctx.Sequences == nil {
			return noSequences()
		}
		row := make([]types.Datum, len(args))
		return eachRow(sel, n, func(i int) (err error) {
			for k, a := range args {
				row[k] = a.Datum(i)
			}
			out.I64[i], err = f(ctx.Sequences, row)
			return err
		})
	}
}

// ownedSequence is pg_get_serial_sequence, NULL for a column without one.
func ownedSequence(ctx *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
	if ctx.Sequences == nil {
		return noSequences()
	}
	return eachRow(sel, n, func(i int) error {
		name, ok, err := ctx.Sequences.Owned(args[0].Datum(i).Str(), args[1].Datum(i).Str())
		if out.Str[i] = name; err == nil && !ok {
			out.SetNull(i)
		}
		return err
	})
}
