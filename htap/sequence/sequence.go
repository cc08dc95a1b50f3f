package sequence

import (
	"context"
	"sync"

	"htapdb/htap/catalog"
	"htapdb/htap/exec"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
)

// Values are the values that a session has taken from sequences.
type Values struct {
	// mu guards what follows: the workers of a statement may take values.
	mu     sync.Mutex
	values map[catalog.ID]int64
	// last is the sequence of the newest value, 0 without one.
	last catalog.ID
}

// took notes a value of nextval, or of setval, which does not count for lastval.
func (s *Values) took(id catalog.ID, value int64, next bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.values == nil {
		s.values = map[catalog.ID]int64{}
	}
	s.values[id] = value
	if next {
		s.last = id
	}
}

// Forget is DISCARD SEQUENCES: currval and lastval begin anew.
func (s *Values) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values, s.last = nil, 0
}

// get returns the session's newest value of a sequence.
func (s *Values) get(id catalog.ID) (value int64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, ok = s.values[id]
	return value, ok
}

// Functions are the functions over sequences in a statement: they implement [fn.Sequences].
type Functions struct {
	Statement *exec.Statement
	Values    *Values
}

// Find resolves a sequence's name.
func Find(cat *catalog.Snapshot, name string) (*catalog.Sequence, error) {
	n, err := parser.ParseName(name)
	if err != nil {
		return nil, err
	}
	if s := cat.Sequence(n.Schema, n.Name); s != nil {
		return s, nil
	}
	if cat.Exists(n.Schema, n.Name) {
		return nil, sqlstate.New(sqlstate.WrongObjectType, "%q is not a sequence", n.Name)
	}
	return nil, cat.NoRelation(n.Schema, n.Name)
}

// writable refuses changes in a read-only transaction.
func (q Functions) writable(function string) error {
	if q.Statement.Tx.ReadOnly {
		return exec.ReadOnlyError(function + "()")
	}
	return nil
}

// Next implements fn.Sequences.
func (q Functions) Next(name string) (int64, error) {
	s, err := Find(q.Statement.Cat, name)
	if err != nil {
		return 0, err
	}
	if err := q.writable("nextval"); err != nil {
		return 0, err
	}
	return q.Take(q.Statement.Ctx, s)
}

// Take takes the next value of a sequence for the session.
func (q Functions) Take(ctx context.Context, s *catalog.Sequence) (int64, error) {
	n, err := q.Statement.Catalog.NextValue(ctx, s)
	if err == nil {
		q.Values.took(s.ID, n, true)
	}
	return n, err
}

// Current implements fn.Sequences.
func (q Functions) Current(name string) (int64, error) {
	s, err := Find(q.Statement.Cat, name)
	if err != nil {
		return 0, err
	}
	n, ok := q.Values.get(s.ID)
	if !ok {
		return 0, sqlstate.New(sqlstate.ObjectNotInState, "currval of sequence %q is not yet defined in this session", s.Name)
	}
	return n, nil
}

// Last implements fn.Sequences.
func (q Functions) Last() (int64, error) {
	seq := q.Values
	seq.mu.Lock()
	id := seq.last
	seq.mu.Unlock()
	n, ok := seq.get(id)
	if !ok || q.Statement.Cat.SequenceByID(id) == nil {
		return 0, sqlstate.New(sqlstate.ObjectNotInState, "lastval is not yet defined in this session")
	}
	return n, nil
}

// Set implements fn.Sequences.
func (q Functions) Set(name string, value int64, called bool) error {
	s, err := Find(q.Statement.Cat, name)
	if err != nil {
		return err
	}
	if err := q.writable("setval"); err != nil {
		return err
	}
	if err := q.Statement.Catalog.SetValue(q.Statement.Ctx, s, value, called); err != nil {
		return err
	}
	if called {
		q.Values.took(s.ID, value, false)
	}
	return nil
}

// Owned implements fn.Sequences.
func (q Functions) Owned(table, column string) (string, bool, error) {
	n, err := parser.ParseName(table)
	if err != nil {
		return "", false, err
	}
	t := q.Statement.Cat.Table(n.Schema, n.Name)
	if t == nil {
		return "", false, q.Statement.Cat.NoRelation(n.Schema, n.Name)
	}
	o := t.Ordinal(column)
	if o < 0 {
		return "", false, sqlstate.New(sqlstate.UndefinedColumn, "column %q of relation %q does not exist", column, t.Name)
	}
	owned := q.Statement.Cat.Owned(t, &t.Columns[o])
	if len(owned) == 0 {
		return "", false, nil
	}
	s := owned[0]
	return parser.QuoteIdent(s.Schema) + "." + parser.QuoteIdent(s.Name), true, nil
}
