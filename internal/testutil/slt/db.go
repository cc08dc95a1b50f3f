package slt

import (
	"context"
	"io"
	"strings"

	"htapdb/htap"
	"htapdb/sql/types"
)

// DB is a database that runs SQL and answers in text.
type DB interface {
	// Query runs one statement in a session ("" is the first one); in is the
	// input of COPY FROM STDIN.
	Query(ctx context.Context, session, sql, in string) (*Result, error)
	// Names are what skipif and onlyif know it by.
	Names() []string
}

// Result is a result set: a value is nil for NULL. Without a result set it has
// no columns.
type Result struct {
	Columns int
	Rows    [][]*string
}

// Engine is a DB over the engine as a library.
type Engine struct {
	db       *htap.DB
	names    []string
	settings []string
	sessions map[string]*htap.Session
}

// NewEngine opens a database in memory whose sessions begin with the statements
// in settings. Close it.
func NewEngine(settings []string, names ...string) (*Engine, error) {
	db, err := htap.Open("")
	if err != nil {
		return nil, err
	}
	return &Engine{db: db, names: names, settings: settings, sessions: map[string]*htap.Session{}}, nil
}

// Close closes the database.
func (e *Engine) Close() error { return e.db.Close() }

// Names are the names given to NewEngine.
func (e *Engine) Names() []string { return e.names }

// session returns the named session, a new one at the first use.
func (e *Engine) session(ctx context.Context, name string) (*htap.Session, error) {
	if s := e.sessions[name]; s != nil {
		return s, nil
	}
	// The session outlives the record that it begins with.
	s := e.db.Session(context.WithoutCancel(ctx))
	for _, sql := range e.settings {
		if _, err := s.Exec(ctx, sql); err != nil {
			return nil, err
		}
	}
	e.sessions[name] = s
	return s, nil
}

// Query implements DB.
func (e *Engine) Query(ctx context.Context, session, sql, in string) (*Result, error) {
	s, err := e.session(ctx, session)
	if err != nil {
		return nil, err
	}
	st, err := s.Prepare(ctx, strings.TrimRight(strings.TrimSpace(sql), "; \n"))
	if err != nil {
		return nil, err
	}
	if f, ok, err := st.Copy(); err != nil {
		return nil, err
	} else if ok {
		if f.In {
			_, err := st.CopyFrom(ctx, strings.NewReader(in))
			return &Result{}, err
		}
		var out strings.Builder
		_, err := st.CopyTo(ctx, &out)
		return lines(out.String()), err
	}
	rows, err := st.Query(ctx)
	if err != nil {
		return nil, err
	}
	return collect(rows, s.TextStyle())
}

// lines is a result of one column.
func lines(text string) *Result {
	res := &Result{Columns: 1}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		res.Rows = append(res.Rows, []*string{&line})
	}
	return res
}

// ReadCopy makes a Result of what COPY TO STDOUT wrote.
func ReadCopy(r io.Reader) (*Result, error) {
	b, err := io.ReadAll(r)
	return lines(string(b)), err
}

// collect reads rows to their end, as text in the session's style.
func collect(rows *htap.Rows, style *types.TextStyle) (*Result, error) {
	cols := rows.Columns()
	res := &Result{Columns: len(cols)}
	for rows.Next() {
		row := make([]*string, len(cols))
		for i, c := range cols {
			if d := rows.Datum(i); !d.IsNull() {
				text := style.Format(d, c.Type)
				row[i] = &text
			}
		}
		res.Rows = append(res.Rows, row)
	}
	return res, rows.Err()
}
