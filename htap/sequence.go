package htap

import (
	"context"
	"strconv"
	"strings"
	"sync"

	"htapdb/htap/catalog"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// sessionSequences are the values that a session has taken from sequences.
type sessionSequences struct {
	// mu guards what follows: the workers of a statement may take values.
	mu     sync.Mutex
	values map[catalog.ID]int64
	// last is the sequence of the newest value, 0 without one.
	last catalog.ID
}

// took notes a value of nextval, or of setval, which does not count for lastval.
func (s *sessionSequences) took(id catalog.ID, value int64, next bool) {
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

// get returns the session's newest value of a sequence.
func (s *sessionSequences) get(id catalog.ID) (value int64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, ok = s.values[id]
	return value, ok
}

// statementSequences implements fn.Sequences with the catalog of a statement.
type statementSequences struct {
	x   *execution
	cat *catalog.Snapshot
}

// find resolves a sequence's name.
func (q statementSequences) find(name string) (*catalog.Sequence, error) {
	n, err := parser.ParseName(name)
	if err != nil {
		return nil, err
	}
	if s := q.cat.Sequence(n.Schema, n.Name); s != nil {
		return s, nil
	}
	if q.cat.Exists(n.Schema, n.Name) {
		return nil, sqlstate.New(sqlstate.WrongObjectType, "%q is not a sequence", n.Name)
	}
	return nil, sqlstate.New(sqlstate.UndefinedTable, "relation %q does not exist", catalog.QualifiedName(n.Schema, n.Name))
}

// writable refuses changes in a read-only transaction.
func (q statementSequences) writable(function string) error {
	if q.x.s.tx.readOnly {
		return readOnlyError(function + "()")
	}
	return nil
}

// Next implements fn.Sequences.
func (q statementSequences) Next(name string) (int64, error) {
	s, err := q.find(name)
	if err != nil {
		return 0, err
	}
	if err := q.writable("nextval"); err != nil {
		return 0, err
	}
	return q.x.takeValue(q.x.ctx, s)
}

// takeValue takes the next value of a sequence for the session.
func (x *execution) takeValue(ctx context.Context, s *catalog.Sequence) (int64, error) {
	n, err := x.s.db.catalog.NextValue(ctx, s)
	if err == nil {
		x.s.sequences.took(s.ID, n, true)
	}
	return n, err
}

// Current implements fn.Sequences.
func (q statementSequences) Current(name string) (int64, error) {
	s, err := q.find(name)
	if err != nil {
		return 0, err
	}
	n, ok := q.x.s.sequences.get(s.ID)
	if !ok {
		return 0, sqlstate.New(sqlstate.ObjectNotInState, "currval of sequence %q is not yet defined in this session", s.Name)
	}
	return n, nil
}

// Last implements fn.Sequences.
func (q statementSequences) Last() (int64, error) {
	seq := &q.x.s.sequences
	seq.mu.Lock()
	id := seq.last
	seq.mu.Unlock()
	n, ok := seq.get(id)
	if !ok || q.cat.SequenceByID(id) == nil {
		return 0, sqlstate.New(sqlstate.ObjectNotInState, "lastval is not yet defined in this session")
	}
	return n, nil
}

// Set implements fn.Sequences.
func (q statementSequences) Set(name string, value int64, called bool) error {
	s, err := q.find(name)
	if err != nil {
		return err
	}
	if err := q.writable("setval"); err != nil {
		return err
	}
	if err := q.x.s.db.catalog.SetValue(q.x.ctx, s, value, called); err != nil {
		return err
	}
	if called {
		q.x.s.sequences.took(s.ID, value, false)
	}
	return nil
}

// Owned implements fn.Sequences.
func (q statementSequences) Owned(table, column string) (string, bool, error) {
	n, err := parser.ParseName(table)
	if err != nil {
		return "", false, err
	}
	t := q.cat.Table(n.Schema, n.Name)
	if t == nil {
		return "", false, sqlstate.New(sqlstate.UndefinedTable, "relation %q does not exist", catalog.QualifiedName(n.Schema, n.Name))
	}
	o := t.Ordinal(column)
	if o < 0 {
		return "", false, sqlstate.New(sqlstate.UndefinedColumn, "column %q of relation %q does not exist", column, t.Name)
	}
	s := q.cat.SequenceByID(t.Columns[o].Sequence)
	if s == nil {
		return "", false, nil
	}
	return parser.QuoteIdent(s.Schema) + "." + parser.QuoteIdent(s.Name), true, nil
}

// sequenceNames are the names of the sequences that an expression's calls give
// as constants.
func sequenceNames(e parser.Expr) (names []*parser.StringLit) {
	parser.Walk(e, func(n parser.Node) bool {
		call, ok := n.(*parser.FuncCall)
		if !ok || len(call.Args) == 0 {
			return true
		}
		switch call.Name.Name {
		case "nextval", "currval", "setval":
			arg := call.Args[0]
			if c, ok := arg.(*parser.CastExpr); ok {
				arg = c.Operand
			}
			if lit, ok := arg.(*parser.StringLit); ok {
				names = append(names, lit)
			}
		}
		return true
	})
	return names
}

// drawsFrom reports whether a default takes values of the sequence.
func drawsFrom(expr string, q *catalog.Sequence) bool {
	e, err := parser.ParseExpr(expr)
	if err != nil {
		return false
	}
	for _, lit := range sequenceNames(e) {
		n, err := parser.ParseName(lit.Value)
		if err == nil && n.Name == q.Name && (n.Schema == q.Schema || n.Schema == "" && q.Schema == catalog.DefaultSchema) {
			return true
		}
	}
	return false
}

// sequenceOptions reads the options of CREATE SEQUENCE and of identity columns
// into q, for values of the type t, which AS may change.
func sequenceOptions(q *catalog.Sequence, options []*parser.Option, t types.Type) error {
	q.Increment = 1
	given := map[string]int64{}
	for _, o := range options {
		text, _ := o.Text()
		name := strings.ToLower(o.Name)
		switch name {
		case "start", "increment", "minvalue", "maxvalue", "cache":
			if o.Values[0].Kind == parser.OptionWord {
				continue // NO MINVALUE
			}
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return sqlstate.New(sqlstate.InvalidParameterValue, "sequence option %s must be a number, not %q", strings.ToUpper(name), text)
			}
			given[name] = n
		case "cycle":
			q.Cycle = text != "no"
		case "as":
			kind, ok := map[string]types.Type{"smallint": types.TInt2, "int2": types.TInt2, "integer": types.TInt4, "int": types.TInt4,
				"int4": types.TInt4, "bigint": types.TInt8, "int8": types.TInt8}[strings.ToLower(text)]
			if !ok {
				return sqlstate.New(sqlstate.InvalidParameterValue, "sequence type must be smallint, integer, or bigint")
			}
			t = kind
		case "owned by":
		default:
			return sqlstate.New(sqlstate.FeatureNotSupported, "sequence option %s is not supported", strings.ToUpper(name))
		}
	}
	if n, ok := given["increment"]; ok {
		q.Increment = n
	}
	return sequenceBounds(q, given, t)
}

// sequenceBounds completes and checks the range of a sequence.
func sequenceBounds(q *catalog.Sequence, given map[string]int64, t types.Type) error {
	if q.Increment == 0 {
		return sqlstate.New(sqlstate.InvalidParameterValue, "INCREMENT must not be zero")
	}
	limits := map[types.Kind]int64{types.Int2: 1<<15 - 1, types.Int4: 1<<31 - 1, types.Int8: 1<<63 - 1}[t.Kind]
	q.Min, q.Max = 1, limits
	if q.Increment < 0 {
		q.Min, q.Max = -limits-1, -1
	}
	if n, ok := given["minvalue"]; ok {
		q.Min = n
	}
	if n, ok := given["maxvalue"]; ok {
		q.Max = n
	}
	q.Start = q.Min
	if q.Increment < 0 {
		q.Start = q.Max
	}
	if n, ok := given["start"]; ok {
		q.Start = n
	}
	invalid := func(format string, args ...any) error {
		return sqlstate.New(sqlstate.InvalidParameterValue, format, args...)
	}
	n, hasCache := given["cache"]
	switch {
	case q.Min < -limits-1:
		return invalid("MINVALUE (%d) is out of range for sequence data type %s", q.Min, t)
	case q.Max > limits:
		return invalid("MAXVALUE (%d) is out of range for sequence data type %s", q.Max, t)
	case q.Min >= q.Max:
		return invalid("MINVALUE (%d) must be less than MAXVALUE (%d)", q.Min, q.Max)
	case q.Start < q.Min:
		return invalid("START value (%d) cannot be less than MINVALUE (%d)", q.Start, q.Min)
	case q.Start > q.Max:
		return invalid("START value (%d) cannot be greater than MAXVALUE (%d)", q.Start, q.Max)
	case hasCache && n < 1:
		return invalid("CACHE (%d) must be greater than zero", n)
	}
	return nil
}
