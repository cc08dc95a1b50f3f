package flight

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"htapdb/htap"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// fixture is a server with an empty database and a client of it.
type fixture struct {
	t    *testing.T
	db   *htap.DB
	srv  *Server
	addr string
	c    *flightsql.Client
	ctx  context.Context
	mem  *memory.CheckedAllocator
}

// start serves an empty database until the test ends, then checks that no
// memory of Arrow and no goroutine is left.
func start(t *testing.T, opt Options) *fixture {
	t.Helper()
	before := runtime.NumGoroutine()
	f := &fixture{t: t, mem: memory.NewCheckedAllocator(memory.NewGoAllocator())}
	opt.Alloc = f.mem
	var err error
	if f.db, err = htap.Open(""); err != nil {
		t.Fatal(err)
	}
	f.srv = NewServer(f.db, opt)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.addr = l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- f.srv.Serve(l) }() // ends with Shutdown, awaited below
	var cancel context.CancelFunc
	f.ctx, cancel = context.WithTimeout(context.Background(), 30*time.Second)
	f.c = f.client()
	t.Cleanup(func() {
		cancel()
		_ = f.c.Close()
		ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
		defer stop()
		if err := f.srv.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
		if n := f.srv.tickets.size() + f.srv.prepared.size() + f.srv.transactions.size(); n != 0 {
			t.Errorf("%d handles after Shutdown", n)
		}
		if err := f.db.Close(); err != nil {
			t.Errorf("closing the database: %v", err)
		}
		f.mem.AssertSize(t, 0)
		for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				buf := make([]byte, 1<<20)
				t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
			}
		}
	})
	return f
}

// client connects without authorization.
func (f *fixture) client() *flightsql.Client {
	f.t.Helper()
	c, err := flightsql.NewClient(f.addr, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		f.t.Fatal(err)
	}
	c.Alloc = f.mem
	return c
}

// exec runs statements that must succeed, as updates.
func (f *fixture) exec(sqls ...string) {
	f.t.Helper()
	for _, sql := range sqls {
		if _, err := f.c.ExecuteUpdate(f.ctx, sql); err != nil {
			f.t.Fatalf("%s: %v", sql, err)
		}
	}
}

// query runs a statement and returns its rows as text.
func (f *fixture) query(sql string) string {
	f.t.Helper()
	info, err := f.c.Execute(f.ctx, sql)
	if err != nil {
		f.t.Fatalf("%s: %v", sql, err)
	}
	return f.fetch(f.c, info)
}

// fetch reads a result as lines of values with blanks between.
func (f *fixture) fetch(c *flightsql.Client, info *flight.FlightInfo) string {
	f.t.Helper()
	r, err := c.DoGet(f.ctx, info.Endpoint[0].Ticket)
	if err != nil {
		f.t.Fatal(err)
	}
	defer r.Release()
	text, err := text(r)
	if err != nil {
		f.t.Fatal(err)
	}
	return text
}

// text reads record batches as lines.
func text(r *flight.Reader) (string, error) {
	var lines []string
	for r.Next() {
		rec := r.RecordBatch()
		for row := range int(rec.NumRows()) {
			var cells []string
			for _, col := range rec.Columns() {
				cells = append(cells, col.ValueStr(row))
			}
			lines = append(lines, strings.Join(cells, " "))
		}
	}
	return strings.Join(lines, "\n"), r.Err()
}

// wantCode checks an error's gRPC code and SQLSTATE.
func wantCode(t *testing.T, err error, code codes.Code, state string) {
	t.Helper()
	if status.Code(err) != code || !strings.Contains(status.Convert(err).Message(), "SQLSTATE "+state) {
		t.Errorf("got %v, want %s with SQLSTATE %s", err, code, state)
	}
}

func TestStatements(t *testing.T) {
	f := start(t, Options{})
	f.exec("CREATE TABLE t (id BIGINT PRIMARY KEY, v TEXT, n NUMERIC(10,2))")
	if n, err := f.c.ExecuteUpdate(f.ctx, "INSERT INTO t VALUES (1, 'one', 1.5), (2, NULL, 2)"); n != 2 || err != nil {
		t.Errorf("INSERT: %d, %v", n, err)
	}
	if got := f.query("SELECT id, v, n FROM t ORDER BY id"); got != "1 one 1.5\n2 (null) 2" {
		t.Errorf("SELECT: %q", got)
	}
	// A statement without a result set runs in GetFlightInfo, once.
	info, err := f.c.Execute(f.ctx, "INSERT INTO t VALUES (3, 'three', 3)")
	if err != nil || info.TotalRecords != 1 {
		t.Fatal(info, err)
	}
	if got := f.fetch(f.c, info); got != "" {
		t.Errorf("rows of an INSERT: %q", got)
	}
	if got := f.query("SELECT count(*) FROM t"); got != "3" {
		t.Errorf("count: %s", got)
	}
	// RETURNING is a result set: the statement runs in DoGet, once.
	info, err = f.c.Execute(f.ctx, "UPDATE t SET v = 'x' WHERE id > 1 RETURNING id")
	if err != nil {
		t.Fatal(err)
	}
	if got := f.query("SELECT count(*) FROM t WHERE v = 'x'"); got != "0" {
		t.Errorf("UPDATE RETURNING ran before DoGet: %s", got)
	}
	if got := f.fetch(f.c, info); got != "2\n3" && got != "3\n2" {
		t.Errorf("RETURNING: %q", got)
	}
	_, err = f.c.DoGet(f.ctx, info.Endpoint[0].Ticket)
	wantCode(t, err, codes.NotFound, "34000")
	// An empty result has its schema.
	info, _ = f.c.Execute(f.ctx, "SELECT id FROM t WHERE id < 0")
	r, err := f.c.DoGet(f.ctx, info.Endpoint[0].Ticket)
	if err != nil || r.Schema().Field(0).Name != "id" {
		t.Errorf("empty result: %v", err)
	}
	r.Release()
}

func TestErrors(t *testing.T) {
	f := start(t, Options{})
	f.exec("CREATE TABLE t (id BIGINT PRIMARY KEY)", "INSERT INTO t VALUES (0)")
	for _, tc := range []struct {
		sql   string
		code  codes.Code
		state string
	}{
		{"SELEC 1", codes.InvalidArgument, "42601"},
		{"SELECT * FROM nosuch", codes.NotFound, "42P01"},
		{"SELECT nosuch FROM t", codes.NotFound, "42703"},
		{"CREATE TABLE t (id BIGINT)", codes.AlreadyExists, "42P07"},
		{"INSERT INTO t VALUES (0)", codes.AlreadyExists, "23505"},
		{"INSERT INTO t VALUES (NULL)", codes.FailedPrecondition, "23502"},
		{"SELECT 1/id FROM t", codes.InvalidArgument, "22012"},
		{"SELECT $1::bigint", codes.InvalidArgument, "42P02"},
		{"SET htap.route = 'sideways'", codes.InvalidArgument, "22023"},
		{"COPY t FROM STDIN", codes.Unknown, ""},
	} {
		info, err := f.c.Execute(f.ctx, tc.sql)
		if err == nil {
			var r *flight.Reader
			if r, err = f.c.DoGet(f.ctx, info.Endpoint[0].Ticket); err == nil {
				_, err = text(r)
				r.Release()
			}
		}
		if tc.code == codes.Unknown {
			if err == nil {
				t.Errorf("%s: no error", tc.sql)
			}
			continue
		}
		wantCode(t, err, tc.code, tc.state)
	}
	_, err := f.c.Execute(f.ctx, "SELECT * FRM t")
	if m := status.Convert(err).Message(); !strings.Contains(m, "POSITION: ") {
		t.Errorf("a syntax error without a position: %s", m)
	}
}

// TestSchema: GetSchema and GetFlightInfo describe a result without running it.
func TestSchema(t *testing.T) {
	f := start(t, Options{})
	f.exec("CREATE TABLE t (id BIGINT PRIMARY KEY)")
	res, err := f.c.GetExecuteSchema(f.ctx, "INSERT INTO t VALUES (1) RETURNING id, id::numeric(12,3) AS d")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := flight.DeserializeSchema(res.GetSchema(), f.mem)
	if err != nil {
		t.Fatal(err)
	}
	if schema.NumFields() != 2 || schema.Field(0).Type.ID() != arrow.INT64 || schema.Field(1).Type.String() != "decimal(12, 3)" {
		t.Errorf("schema %s", schema)
	}
	if v, _ := schema.Field(1).Metadata.GetValue(flightsql.ScaleKey); v != "3" {
		t.Errorf("metadata %v", schema.Field(1).Metadata)
	}
	if got := f.query("SELECT count(*) FROM t"); got != "0" {
		t.Errorf("GetSchema ran the statement: %s rows", got)
	}
}

// TestLargeResult: batches are near the target, below every client's limit, and
// all rows arrive; a row over the target goes alone.
func TestLargeResult(t *testing.T) {
	f := start(t, Options{})
	for _, tc := range []struct {
		sql  string
		rows int64
	}{
		{"SELECT g, g::text AS s, g * 1.5 AS d FROM generate_series(1, 300000) AS x(g)", 300000},
		{"SELECT repeat('x', 3000) AS s FROM generate_series(1, 5000) AS x(g)", 5000},
		{"SELECT repeat('x', 1500000) AS s FROM generate_series(1, 5) AS x(g)", 5},
	} {
		info, err := f.c.Execute(f.ctx, tc.sql)
		if err != nil {
			t.Errorf("%s: %v", tc.sql, err)
			continue
		}
		r, err := f.c.DoGet(f.ctx, info.Endpoint[0].Ticket)
		if err != nil {
			t.Errorf("%s: %v", tc.sql, err)
			continue
		}
		rows, batches, largest := int64(0), 0, uint64(0)
		for r.Next() {
			rec := r.RecordBatch()
			rows += rec.NumRows()
			batches++
			size := uint64(0)
			for _, c := range rec.Columns() {
				for _, b := range c.Data().Buffers() {
					if b != nil {
						size += uint64(b.Len())
					}
				}
			}
			largest = max(largest, size)
		}
		if err := r.Err(); err != nil || rows != tc.rows || largest > 2<<20 {
			t.Errorf("%s: %d rows in %d batches, the largest of %d bytes, %v", tc.sql, rows, batches, largest, err)
		}
		r.Release()
	}
}

// TestCancel: a client that goes away, and CancelFlightInfo, end the statement.
func TestCancel(t *testing.T) {
	f := start(t, Options{})
	const slow = "SELECT a.g + b.g FROM generate_series(1, 100000) AS a(g), generate_series(1, 100000) AS b(g)"
	open := func() (*flight.FlightInfo, *flight.Reader, context.CancelFunc) {
		info, err := f.c.Execute(f.ctx, slow)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(f.ctx)
		r, err := f.c.DoGet(ctx, info.Endpoint[0].Ticket)
		if err != nil {
			t.Fatal(err)
		}
		r.Next()
		return info, r, cancel
	}
	running := func() int {
		f.srv.mu.Lock()
		defer f.srv.mu.Unlock()
		return len(f.srv.running)
	}
	waitFor := func(n int) {
		t.Helper()
		for deadline := time.Now().Add(5 * time.Second); running() != n; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d statements run, want %d", running(), n)
			}
		}
	}
	_, r, cancel := open()
	waitFor(1)
	cancel()
	waitFor(0)
	r.Release()

	info, r, cancel := open()
	defer cancel()
	res, err := f.c.CancelFlightInfo(f.ctx, &flight.CancelFlightInfoRequest{Info: info})
	if err != nil || res.Status != flight.CancelStatusCancelled {
		t.Errorf("CancelFlightInfo: %v, %v", res.Status, err)
	}
	_, err = text(r)
	wantCode(t, err, codes.Canceled, "57014")
	r.Release()
	waitFor(0)
	_, err = f.c.CancelFlightInfo(f.ctx, &flight.CancelFlightInfoRequest{Info: info})
	wantCode(t, err, codes.NotFound, "34000")

	// A ticket not yet fetched.
	info, _ = f.c.Execute(f.ctx, slow)
	if res, err := f.c.CancelFlightInfo(f.ctx, &flight.CancelFlightInfoRequest{Info: info}); err != nil || res.Status != flight.CancelStatusCancelled {
		t.Errorf("CancelFlightInfo of a ticket: %v, %v", res.Status, err)
	}
	_, err = f.c.DoGet(f.ctx, info.Endpoint[0].Ticket)
	wantCode(t, err, codes.NotFound, "34000")
}

// TestLimits: tickets expire and are bounded, sessions too.
func TestLimits(t *testing.T) {
	f := start(t, Options{MaxTickets: 2, MaxSessions: 2})
	var infos []*flight.FlightInfo
	for range 2 {
		info, err := f.c.Execute(f.ctx, "SELECT 1 AS a")
		if err != nil {
			t.Fatal(err)
		}
		infos = append(infos, info)
	}
	_, err := f.c.Execute(f.ctx, "SELECT 1 AS a")
	wantCode(t, err, codes.ResourceExhausted, "53400")
	f.srv.sweep(time.Now().Add(time.Hour))
	_, err = f.c.DoGet(f.ctx, infos[0].Endpoint[0].Ticket)
	wantCode(t, err, codes.NotFound, "34000")

	second, third := f.client(), f.client()
	defer third.Close()
	if _, err := second.Execute(f.ctx, "SELECT 1 AS a"); err != nil {
		t.Error(err)
	}
	_, err = third.Execute(f.ctx, "SELECT 1 AS a")
	wantCode(t, err, codes.ResourceExhausted, "53300")
	_ = second.Close()
	for deadline := time.Now().Add(5 * time.Second); f.srv.Sessions() > 1; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a closed connection keeps its session")
		}
	}
	if _, err := third.Execute(f.ctx, "SELECT 1 AS a"); err != nil {
		t.Error(err)
	}
}

// TestAuthentication: basic authorization in a handshake gives a token, whose
// session is apart from others; wrong ones are refused.
func TestAuthentication(t *testing.T) {
	f := start(t, Options{})
	ctx, err := f.c.Client.AuthenticateBasicToken(f.ctx, "htap", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.c.ExecuteUpdate(ctx, "SET htap.route = 'row'"); err != nil {
		t.Fatal(err)
	}
	route := func(ctx context.Context) string {
		info, err := f.c.Execute(ctx, "SHOW htap.route")
		if err != nil {
			t.Fatal(err)
		}
		r, err := f.c.DoGet(ctx, info.Endpoint[0].Ticket)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Release()
		s, _ := text(r)
		return s
	}
	if got := route(ctx); got != "row" {
		t.Errorf("the token's session has route %q", got)
	}
	if got := route(f.ctx); got != "auto" {
		t.Errorf("another session has route %q", got)
	}
	_, err = f.c.Client.AuthenticateBasicToken(f.ctx, "joe", "")
	wantCode(t, err, codes.Unauthenticated, "28000")
	for _, header := range []string{"Bearer nonsense", "Digest x", "Basic !!!", "Basic am9lOg=="} {
		_, err = f.c.Execute(metadata.AppendToOutgoingContext(f.ctx, "authorization", header), "SELECT 1")
		wantCode(t, err, codes.Unauthenticated, "28000")
	}
	if _, err := f.c.CloseSession(ctx, &flight.CloseSessionRequest{}); err != nil {
		t.Error(err)
	}
	_, err = f.c.Execute(ctx, "SELECT 1")
	wantCode(t, err, codes.Unauthenticated, "28000")
}

// TestShutdown: calls after it are refused, a running one is cancelled at the deadline.
func TestShutdown(t *testing.T) {
	f := start(t, Options{})
	info, err := f.c.Execute(f.ctx, "SELECT a.g + b.g FROM generate_series(1, 100000) AS a(g), generate_series(1, 100000) AS b(g)")
	if err != nil {
		t.Fatal(err)
	}
	r, err := f.c.DoGet(f.ctx, info.Endpoint[0].Ticket)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	r.Next()
	ctx, cancel := context.WithTimeout(f.ctx, 50*time.Millisecond)
	defer cancel()
	if err := f.srv.Shutdown(ctx); err == nil {
		t.Error("Shutdown did not meet its deadline")
	}
	if _, err := text(r); err == nil {
		t.Error("the stream ended well")
	}
}

// BenchmarkDoGet measures a result of three columns over loopback.
func BenchmarkDoGet(b *testing.B) {
	db, err := htap.Open("")
	if err != nil {
		b.Fatal(err)
	}
	srv := NewServer(db, Options{})
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	go func() { _ = srv.Serve(l) }() // ends with Shutdown
	c, err := flightsql.NewClient(l.Addr().String(), nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	const rows = 1_000_000
	bytes := int64(0)
	for b.Loop() {
		info, err := c.Execute(ctx, fmt.Sprintf("SELECT g, g * 2 AS h FROM generate_series(1, %d) AS x(g)", rows))
		if err != nil {
			b.Fatal(err)
		}
		r, err := c.DoGet(ctx, info.Endpoint[0].Ticket)
		if err != nil {
			b.Fatal(err)
		}
		n := int64(0)
		for r.Next() {
			n += r.RecordBatch().NumRows()
		}
		if n != rows || r.Err() != nil {
			b.Fatal(n, r.Err())
		}
		r.Release()
		bytes = n * 16
	}
	b.SetBytes(bytes)
	_ = c.Close()
	_ = srv.Shutdown(ctx)
	_ = db.Close()
}
