package test

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"htapdb/internal/testutil/postgres"
	"htapdb/internal/testutil/slt"
)

// server is PostgreSQL as a slt.DB; every file has a schema of its own.
type server struct {
	url      string
	schema   string
	sessions map[string]*pgconn.PgConn
}

func (s *server) Names() []string { return []string{"postgresql"} }

// session returns the named connection, a new one at the first use.
func (s *server) session(ctx context.Context, name string) (*pgconn.PgConn, error) {
	if c := s.sessions[name]; c != nil {
		return c, nil
	}
	c, err := pgconn.Connect(ctx, s.url)
	if err != nil {
		return nil, err
	}
	s.sessions[name] = c
	_, err = c.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+s.schema+"; SET search_path = "+s.schema).ReadAll()
	return c, err
}

// close drops the file's schema and the connections.
func (s *server) close(ctx context.Context) {
	for name, c := range s.sessions { // they may hold locks
		if name != "" {
			_ = c.Close(ctx)
		}
	}
	if c := s.sessions[""]; c != nil {
		_, _ = c.Exec(ctx, "ROLLBACK").ReadAll()
		_, _ = c.Exec(ctx, "DROP SCHEMA "+s.schema+" CASCADE").ReadAll()
		_ = c.Close(ctx)
	}
}

// Query implements slt.DB by the simple protocol, whose values are text.
func (s *server) Query(ctx context.Context, session, sql, in string) (*slt.Result, error) {
	c, err := s.session(ctx, session)
	if err != nil {
		return nil, err
	}
	if head := strings.ToUpper(sql); strings.HasPrefix(head, "COPY ") && strings.Contains(head, "FROM STDIN") {
		_, err := c.CopyFrom(ctx, strings.NewReader(in), sql)
		return &slt.Result{}, err
	} else if strings.HasPrefix(head, "COPY ") && strings.Contains(head, "TO STDOUT") {
		var out bytes.Buffer
		if _, err := c.CopyTo(ctx, &out, sql); err != nil {
			return nil, err
		}
		return slt.ReadCopy(&out)
	}
	results := c.Exec(ctx, sql)
	res := &slt.Result{}
	for results.NextResult() {
		rows := results.ResultReader()
		res.Columns = len(rows.FieldDescriptions())
		for rows.NextRow() {
			row := make([]*string, res.Columns)
			for i, v := range rows.Values() {
				if v != nil {
					text := string(v)
					row[i] = &text
				}
			}
			res.Rows = append(res.Rows, row)
		}
	}
	if err := results.Close(); err != nil {
		return nil, err
	}
	return res, nil
}

// PostgreSQL itself gives the answers of the files of slt; with -rewrite its
// answers are written into them.
func TestPostgreSQL(t *testing.T) {
	url := postgres.Start(t, postgres.Options{})
	for _, path := range files(t) {
		name := strings.TrimSuffix(filepath.Base(path), ".slt")
		t.Run(name, func(t *testing.T) {
			db := &server{url: url, schema: "slt_" + name, sessions: map[string]*pgconn.PgConn{}}
			defer db.close(context.Background())
			run(t, db, path, *rewrite)
		})
	}
}
