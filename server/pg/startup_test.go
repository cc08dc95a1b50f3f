package pg

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// startup connects with parameters and returns what the server answers.
func startup(t *testing.T, addr string, version uint32, params ...string) []string {
	t.Helper()
	c := dial(t, addr)
	body := binary.BigEndian.AppendUint32(nil, version)
	for _, p := range params {
		body = append(append(body, p...), 0)
	}
	body = append(body, 0)
	msg := append(binary.BigEndian.AppendUint32(nil, uint32(4+len(body))), body...)
	if _, err := c.nc.Write(msg); err != nil {
		t.Fatal(err)
	}
	return c.until("Z")
}

func TestStartup(t *testing.T) {
	_, _, addr := startFake(t, Options{})
	const v30 = pgproto3.ProtocolVersion30
	for _, tc := range []struct {
		name    string
		version uint32
		params  []string
		want    []string // messages among the answer
	}{
		{"plain", v30, []string{"user", "htap"}, []string{"R ok", "S server_version=" + ServerVersion, "S TimeZone=UTC", "K key of 4 bytes", "Z I"}},
		{"settings", v30, []string{"user", "htap", "database", "htap", "application_name", "x", "client_encoding", "'utf-8'", "TimeZone", "Asia/Tokyo"},
			[]string{"S application_name=x", "S client_encoding=utf-8", "S TimeZone=Asia/Tokyo", "Z I"}},
		{"options", v30, []string{"user", "htap", "options", `-c application_name=a\ b --datestyle=ISO -cTimeZone=UTC`}, []string{"S application_name=a b", "S DateStyle=ISO", "Z I"}},
		{"bad options", v30, []string{"user", "htap", "options", `-x`}, []string{"E FATAL 42601 invalid command-line argument for server process: -x|||0", "closed"}},
		{"unknown setting", v30, []string{"user", "htap", "nosuch", "1"}, []string{`E FATAL 42704 unrecognized configuration parameter "nosuch"|||0`, "closed"}},
		{"minor version", 3<<16 | 9999, []string{"user", "htap", "_pq_.b", "1", "_pq_.a", "2"}, []string{"v 196608 [_pq_.a _pq_.b]", "Z I"}},
		{"old version", 2 << 16, []string{"user", "htap"}, []string{"E FATAL 0A000 unsupported frontend protocol 2.0: server supports 3.0|||0", "closed"}},
		{"role", v30, []string{"user", "joe"}, []string{`E FATAL 28000 role "joe" does not exist||The role is "htap".|0`, "closed"}},
		{"database", v30, []string{"user", "htap", "database", "db"}, []string{`E FATAL 3D000 database "db" does not exist||The database is "htap".|0`, "closed"}},
		{"no role", v30, nil, []string{"E FATAL 28000 no PostgreSQL user name specified in startup packet|||0", "closed"}},
		{"replication", v30, []string{"user", "htap", "replication", "database"}, []string{"E FATAL 0A000 replication connections are not supported|||0", "closed"}},
		{"layout", v30, []string{"user"}, []string{"E FATAL 08P01 invalid startup packet layout: expected terminator as last byte|||0", "closed"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := startup(t, addr, tc.version, tc.params...)
			for _, w := range tc.want {
				if !slices.Contains(got, w) {
					t.Errorf("no %q in %q", w, got)
				}
			}
		})
	}
}

// TestEncryptionRequests: each is answered N, then the startup goes on.
func TestEncryptionRequests(t *testing.T) {
	_, _, addr := startFake(t, Options{})
	c := dial(t, addr)
	for _, code := range []uint32{sslRequest, gssRequest} {
		_, _ = c.nc.Write(binary.BigEndian.AppendUint32([]byte{0, 0, 0, 8}, code))
		var b [1]byte
		if _, err := io.ReadFull(c.nc, b[:]); err != nil || b[0] != 'N' {
			t.Fatalf("answer %q, %v", b, err)
		}
	}
	c.send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "htap"}})
	if got := c.until("Z"); got[len(got)-1] != "Z I" {
		t.Errorf("after the requests: %q", got)
	}
}

// TestForeignBytes: what is not PostgreSQL's protocol gets an error or a closed
// connection, and the server goes on.
func TestForeignBytes(t *testing.T) {
	_, _, addr := startFake(t, Options{MaxMessageBytes: 1000})
	for _, in := range []string{"GET / HTTP/1.1\r\n\r\n", "\x00\x00\x00\x00", "\x00\x00\x00\x08\x00\x00\x00\x00", "\xff\xff\xff\xff", strings.Repeat("\x00\x00\x00\x08\x04\xd2\x16\x2f", 5)} {
		c := dial(t, addr)
		_, _ = io.WriteString(c.nc, in)
		if out, err := io.ReadAll(c.nc); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Errorf("%q: %q, %v", in, out, err)
		}
	}
	for _, in := range []string{"Q\xff\xff\xff\xff", "Q\x00\x00\x00\x01", "Q\x00\x00\x10\x00", "!\x00\x00\x00\x04"} {
		c := connect(t, addr)
		_, _ = io.WriteString(c.nc, in)
		if got := c.until("E FATAL 08P01"); got[len(got)-1] == "closed" {
			t.Errorf("%q: %q", in, got)
		}
	}
	connect(t, addr)
}

func TestConnectionLimit(t *testing.T) {
	srv, _, addr := startFake(t, Options{MaxConnections: 2})
	a := connect(t, addr)
	connect(t, addr)
	got := startup(t, addr, pgproto3.ProtocolVersion30, "user", "htap")
	if !strings.HasPrefix(got[0], "E FATAL 53300 sorry, too many clients already") {
		t.Errorf("third connection: %q", got)
	}
	a.send(&pgproto3.Terminate{})
	waitFor(t, "a connection to end", func() bool { return srv.Connections() == 1 })
	connect(t, addr)
}

// TestHalfOpenLimit: connections that say nothing are bounded too, and one too
// many is told so before it has said anything.
func TestHalfOpenLimit(t *testing.T) {
	_, _, addr := startFake(t, Options{MaxConnections: 1})
	for range 1 + extraConns {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	got, err := io.ReadAll(c)
	if err != nil || !bytes.HasPrefix(got, []byte("E")) || !bytes.Contains(got, []byte("C53300\x00")) {
		t.Errorf("one too many reads %q, %v", got, err)
	}
}

// waitFor polls until cond holds.
func waitFor(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !cond(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// runningStatements counts statements in progress.
func runningStatements(s *Server) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.sessions {
		c.mu.Lock()
		if !c.running.IsZero() {
			n++
		}
		c.mu.Unlock()
	}
	return n
}

// TestCancel: a CancelRequest with the right key ends the statement, in a query
// and in a COPY that waits for its client; the session goes on.
func TestCancel(t *testing.T) {
	srv, _, addr := startFake(t, Options{})
	c := dial(t, addr)
	c.send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "htap"}})
	var key pgproto3.BackendKeyData
	for {
		m, err := c.fe.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if k, ok := m.(*pgproto3.BackendKeyData); ok {
			key = pgproto3.BackendKeyData{ProcessID: k.ProcessID, SecretKey: slices.Clone(k.SecretKey)}
		}
		if _, ok := m.(*pgproto3.ReadyForQuery); ok {
			break
		}
	}
	cancel := func(secret []byte) {
		d := dial(t, addr)
		d.send(&pgproto3.CancelRequest{ProcessID: key.ProcessID, SecretKey: secret})
		_, _ = io.ReadAll(d.nc)
	}
	for _, sql := range []string{"wait", "copyin", "wait"} {
		c.send(&pgproto3.Query{String: sql})
		waitFor(t, sql, func() bool { return runningStatements(srv) == 1 })
		if sql == "copyin" {
			c.until("G")
			time.Sleep(10 * time.Millisecond)
		}
		cancel([]byte{1, 2, 3, 4})
		if runningStatements(srv) != 1 {
			t.Fatal("a wrong key cancelled")
		}
		cancel(key.SecretKey)
		got := c.until("Z")
		if !slices.Contains(got, "E ERROR 57014 canceling statement due to user request|||0") {
			t.Errorf("%s: %q", sql, got)
		}
		cancel(key.SecretKey) // idle: no effect
		c.send(&pgproto3.Query{String: "rows 1"})
		if got := c.until("Z"); !slices.Contains(got, "C SELECT 1") {
			t.Errorf("after %s: %q", sql, got)
		}
	}
}

// TestPanic: a panic ends its connection with XX000 and no other.
func TestPanic(t *testing.T) {
	var logged bytes.Buffer
	_, _, addr := startFake(t, Options{Log: slog.New(slog.NewTextHandler(&logged, nil))})
	other := connect(t, addr)
	c := connect(t, addr)
	c.send(&pgproto3.Query{String: "panic"})
	// The client gets a number, the log what happened.
	got := c.until("Z")
	if !strings.HasPrefix(got[0], "E FATAL XX000 internal error ") || strings.Contains(got[0], "planted") || strings.Contains(got[0], ".go") || got[len(got)-1] != "closed" {
		t.Errorf("%q", got)
	}
	id := strings.Fields(strings.TrimPrefix(got[0], "E FATAL XX000 internal error "))[0]
	id, _, _ = strings.Cut(id, "|")
	if text := logged.String(); !strings.Contains(text, id) || !strings.Contains(text, "a planted panic") || !strings.Contains(text, "fake_test.go") {
		t.Errorf("the log has no stack under %q: %s", id, text)
	}
	other.send(&pgproto3.Query{String: "rows 1"})
	other.until("Z")
}

// TestShutdown: idle connections end at once with 57P01, a transaction may
// finish, and at the deadline the rest is cancelled.
func TestShutdown(t *testing.T) {
	for _, finish := range []bool{true, false} {
		t.Run(fmt.Sprintf("finish=%v", finish), func(t *testing.T) {
			srv, _, addr := startFake(t, Options{})
			idle, busy, tx := connect(t, addr), connect(t, addr), connect(t, addr)
			tx.send(&pgproto3.Query{String: "begin"})
			tx.until("Z")
			if !finish {
				busy.send(&pgproto3.Query{String: "wait"})
				waitFor(t, "the statement", func() bool { return runningStatements(srv) == 1 })
			}
			ctx, cancel := context.WithTimeout(context.Background(), 150*time.Millisecond)
			if finish {
				ctx, cancel = context.WithTimeout(context.Background(), 10*time.Second)
			}
			defer cancel()
			done := make(chan error, 1)
			go func() { done <- srv.Shutdown(ctx) }() // awaited below
			const bye = "E FATAL 57P01"
			if got := idle.until("E"); !strings.HasPrefix(got[0], bye) {
				t.Errorf("idle: %q", got)
			}
			if finish {
				tx.send(&pgproto3.Query{String: "rows 1"})
				tx.until("Z")
				tx.send(&pgproto3.Query{String: "commit"})
				if got := tx.until("closed"); len(got) != 4 || !strings.HasPrefix(got[2], bye) {
					t.Errorf("transaction: %q", got)
				}
			}
			err := <-done
			if finish != (err == nil) {
				t.Errorf("Shutdown: %v", err)
			}
			if !finish {
				if got := busy.until("closed"); !strings.Contains(strings.Join(got, "\n"), "57P01") {
					t.Errorf("busy: %q", got)
				}
				if got := tx.until("closed"); !strings.Contains(strings.Join(got, "\n"), "57P01") {
					t.Errorf("transaction: %q", got)
				}
			}
			if _, err := net.Dial("tcp", addr); err == nil {
				t.Error("the port still accepts")
			}
		})
	}
}

// TestIdleTimeout ends a session that says nothing, outside a transaction only.
func TestIdleTimeout(t *testing.T) {
	_, _, addr := startFake(t, Options{IdleTimeout: 50 * time.Millisecond})
	c, tx := connect(t, addr), connect(t, addr)
	tx.send(&pgproto3.Query{String: "begin"})
	tx.until("Z")
	if got := c.until("E"); !strings.HasPrefix(got[0], "E FATAL 57P05") {
		t.Errorf("%q", got)
	}
	tx.send(&pgproto3.Query{String: "commit"})
	tx.until("Z")
}

// TestClientGone cancels a statement whose client closed its connection.
func TestClientGone(t *testing.T) {
	srv, _, addr := startFake(t, Options{})
	c := connect(t, addr)
	c.send(&pgproto3.Query{String: "wait"})
	waitFor(t, "the statement", func() bool { return runningStatements(srv) == 1 })
	_ = c.nc.Close()
	waitFor(t, "the end of the statement", func() bool { return srv.Connections() == 0 })
}
