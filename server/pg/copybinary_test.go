package pg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"htapdb/sql/sqlstate"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"
)

// TestCopyBinary: pgx's CopyFrom, which is a binary COPY, of all types and of more
// rows than a batch, and the same bytes out and in again.
func TestCopyBinary(t *testing.T) {
	_, addr := startEngine(t, Options{})
	c := dialPgx(t, addr, pgx.QueryExecModeCacheStatement)
	ctx := t.Context()
	const columns = "(id BIGINT PRIMARY KEY, i INTEGER, s SMALLINT, b BOOLEAN, f DOUBLE PRECISION, r REAL, n NUMERIC(20,4), v TEXT, w VARCHAR(9), d DATE, ts TIMESTAMP, tz TIMESTAMPTZ, raw BYTEA, u UUID, j JSONB, iv INTERVAL, tm TIME)"
	mustExec(t, c, "CREATE TABLE t "+columns, "CREATE TABLE copied "+columns)
	at := time.Date(2001, 2, 3, 4, 5, 6, 789000, time.UTC)
	const rows = 5000
	n, err := c.CopyFrom(ctx, pgx.Identifier{"t"}, []string{"id", "i", "s", "b", "f", "r", "n", "v", "w", "d", "ts", "tz", "raw", "u", "j", "iv", "tm"},
		pgx.CopyFromSlice(rows, func(i int) ([]any, error) {
			if i%7 == 3 {
				return []any{int64(i), nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil}, nil
			}
			var num pgtype.Numeric
			if err := num.Scan(fmt.Sprintf("%d.25", i)); err != nil {
				return nil, err
			}
			return []any{int64(i), int32(-i), int16(i), i%2 == 0, float64(i) / 3, float32(i), num, fmt.Sprint("text ", i, " é"), fmt.Sprint(i),
				at.AddDate(0, 0, i), at, at, []byte{0, byte(i)}, [16]byte{1, byte(i)}, map[string]int{"k": i},
				pgtype.Interval{Months: 1, Days: 2, Microseconds: 3, Valid: true}, pgtype.Time{Microseconds: int64(i), Valid: true}}, nil
		}))
	if err != nil || n != rows {
		t.Fatal(n, err)
	}
	var out bytes.Buffer
	tag, err := c.PgConn().CopyTo(ctx, &out, "COPY t TO STDOUT (FORMAT binary)")
	if err != nil || tag.RowsAffected() != rows {
		t.Fatal(tag, err)
	}
	if !bytes.HasPrefix(out.Bytes(), []byte(copySignature)) || !bytes.HasSuffix(out.Bytes(), []byte{0xff, 0xff}) {
		t.Errorf("the copy begins with %q and ends with %q", out.Bytes()[:19], out.Bytes()[out.Len()-2:])
	}
	if tag, err = c.PgConn().CopyFrom(ctx, bytes.NewReader(out.Bytes()), "COPY copied FROM STDIN BINARY"); err != nil || tag.RowsAffected() != rows {
		t.Fatal(tag, err)
	}
	var missing, text int
	if err := c.QueryRow(ctx, "SELECT count(*) FROM (SELECT * FROM t EXCEPT SELECT * FROM copied) x").Scan(&missing); err != nil || missing != 0 {
		t.Error(missing, "rows differ", err)
	}
	if err := c.QueryRow(ctx, "SELECT count(*) FROM t WHERE v = 'text '||id||' é' AND n = id + 0.25 AND i = -id AND iv = '1 mon 2 days 00:00:00.000003'").Scan(&text); err != nil || text != rows-rows/7 {
		t.Error(text, err)
	}
	// A query, with columns of its own.
	out.Reset()
	if tag, err = c.PgConn().CopyTo(ctx, &out, `COPY (SELECT id, v FROM t WHERE id < 3) TO STDOUT (FORMAT "binary")`); err != nil || tag.String() != "COPY 3" {
		t.Error(tag, err)
	}
}

// TestCopyBinaryMessages: a message a row, the header with the first, or with
// the end if there is none.
func TestCopyBinaryMessages(t *testing.T) {
	_, addr := startEngine(t, Options{})
	c := dialPgx(t, addr, pgx.QueryExecModeExec)
	for sql, want := range map[string][]string{
		"COPY (SELECT g::smallint FROM generate_series(1, 2) AS x(g)) TO STDOUT BINARY": {
			copyHeader + "\x00\x01\x00\x00\x00\x02\x00\x01", "\x00\x01\x00\x00\x00\x02\x00\x02", "\xff\xff"},
		"COPY (SELECT 1 WHERE false) TO STDOUT BINARY": {copyHeader + "\xff\xff"},
	} {
		f := c.PgConn().Frontend()
		f.SendQuery(&pgproto3.Query{String: sql})
		if err := f.Flush(); err != nil {
			t.Fatal(err)
		}
		var got []string
		for done := false; !done; {
			m, err := f.Receive()
			if err != nil {
				t.Fatal(err)
			}
			switch m := m.(type) {
			case *pgproto3.CopyOutResponse:
				if m.OverallFormat != 1 || len(m.ColumnFormatCodes) != 1 || m.ColumnFormatCodes[0] != 1 {
					t.Errorf("%s: %+v", sql, m)
				}
			case *pgproto3.CopyData:
				got = append(got, string(m.Data))
			case *pgproto3.ErrorResponse:
				t.Fatal(m.Message)
			case *pgproto3.ReadyForQuery:
				done = true
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}

// TestCopyBinaryErrors: data that are none end the statement, not the connection.
func TestCopyBinaryErrors(t *testing.T) {
	_, addr := startEngine(t, Options{})
	c := dialPgx(t, addr, pgx.QueryExecModeExec)
	mustExec(t, c, "CREATE TABLE t (id INT PRIMARY KEY, v TEXT)")
	header := copySignature + strings.Repeat("\x00", 8)
	row := "\x00\x02\x00\x00\x00\x04\x00\x00\x00\x01\x00\x00\x00\x01x"
	for name, test := range map[string]struct {
		data string
		code sqlstate.Code
	}{
		"empty":          {"", sqlstate.BadCopyFileFormat},
		"text":           {"1\tx\n", sqlstate.BadCopyFileFormat},
		"flags":          {copySignature + "\x00\x01\x00\x00\x00\x00\x00\x00", sqlstate.BadCopyFileFormat},
		"long extension": {copySignature + "\x00\x00\x00\x00\x7f\x00\x00\x00", sqlstate.BadCopyFileFormat},
		"count":          {header + "\x00\x03", sqlstate.BadCopyFileFormat},
		"cut count":      {header + "\x00", sqlstate.BadCopyFileFormat},
		"cut row":        {header + row[:9], sqlstate.BadCopyFileFormat},
		"huge field":     {header + "\x00\x02\x7f\xff\xff\xff", sqlstate.BadCopyFileFormat},
		"negative field": {header + "\x00\x02\xff\xff\xff\xfe", sqlstate.BadCopyFileFormat},
		"width":          {header + "\x00\x02\x00\x00\x00\x02\x00\x01", sqlstate.InvalidBinaryFormat},
		"encoding":       {header + "\x00\x02\x00\x00\x00\x04\x00\x00\x00\x01\x00\x00\x00\x01\xff", sqlstate.CharacterNotInRepertoire},
		"after the end":  {header + row + "\xff\xffmore", sqlstate.BadCopyFileFormat},
		"null key":       {header + "\x00\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", sqlstate.NotNullViolation},
		"twice":          {header + row + row + "\xff\xff", sqlstate.UniqueViolation},
	} {
		_, err := c.PgConn().CopyFrom(context.Background(), strings.NewReader(test.data), "COPY t FROM STDIN (FORMAT binary)")
		var e *pgconn.PgError
		if !errors.As(err, &e) || e.Code != string(test.code) {
			t.Errorf("%s: %v, want %s", name, err, test.code)
		}
	}
	if _, err := c.PgConn().CopyFrom(context.Background(), strings.NewReader(header+row+"\xff\xff"), "COPY t FROM STDIN (FORMAT binary, HEADER)"); err == nil {
		t.Error("a header is taken in a binary copy")
	}
	if tag, err := c.PgConn().CopyFrom(context.Background(), strings.NewReader(header+row), "COPY t (id, v) FROM STDIN (FORMAT binary)"); err != nil || tag.String() != "COPY 1" {
		t.Error(tag, err)
	}
}
