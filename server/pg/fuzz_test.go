package pg

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// FuzzStream feeds bytes to a connection as what follows a startup: it must end
// when the bytes do, whatever they are, with its session closed. A statement
// that panics is among those the bytes may contain.
func FuzzStream(f *testing.F) {
	encode := func(ms ...pgproto3.FrontendMessage) []byte {
		var b []byte
		for _, m := range ms {
			b, _ = m.Encode(b)
		}
		return b
	}
	f.Add(encode(&pgproto3.Query{String: "rows 5; begin; fail"}, &pgproto3.Query{String: "rollback"}, &pgproto3.Terminate{}))
	f.Add(encode(&pgproto3.Query{String: "copyin"}, &pgproto3.CopyData{Data: []byte("1\nboom\n")}, &pgproto3.CopyDone{}))
	f.Add(encode(
		&pgproto3.Parse{Name: "s", Query: "echo bigint", ParameterOIDs: []uint32{20}},
		&pgproto3.Describe{ObjectType: 'S', Name: "s"},
		&pgproto3.Bind{DestinationPortal: "p", PreparedStatement: "s", ParameterFormatCodes: []int16{1}, Parameters: [][]byte{{0, 0, 0, 0, 0, 0, 0, 1}}, ResultFormatCodes: []int16{1}},
		&pgproto3.Describe{ObjectType: 'P', Name: "p"},
		&pgproto3.Execute{Portal: "p", MaxRows: 1}, &pgproto3.Close{ObjectType: 'P', Name: "p"}, &pgproto3.Sync{}))
	f.Add(encode(&pgproto3.Parse{Query: "rows 9"}, &pgproto3.Bind{}, &pgproto3.Execute{MaxRows: 2}, &pgproto3.Execute{MaxRows: 2}, &pgproto3.Flush{}))
	f.Add(encode(&pgproto3.Query{String: "panic"}))
	f.Fuzz(func(t *testing.T, in []byte) {
		if bytes.Contains(in, []byte("wait")) {
			t.Skip("that statement waits for a cancel")
		}
		db := &fakeDB{}
		srv := newServer(db, Options{MaxMessageBytes: 1 << 12, MaxStatements: 4, MaxPortals: 4})
		client, server := net.Pipe()
		_ = client.SetDeadline(time.Now().Add(10 * time.Second))
		srv.accept(server)
		go func() { // ends when the input is written or the connection closed
			start, _ := (&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "htap"}}).Encode(nil)
			_, _ = client.Write(start)
			_, _ = client.Write(in)
			_, _ = client.Write([]byte{'X', 0, 0, 0, 4})
			// A message that claims more than there is waits for it.
			time.Sleep(time.Millisecond)
			_ = srv.closeAll()
		}()
		_, _ = io.Copy(io.Discard, client)
		_ = client.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := srv.Shutdown(ctx); err != nil || db.open != 0 {
			t.Fatalf("%v, %d sessions open", err, db.open)
		}
	})
}

// closeAll closes the server's side of all connections, as a lost network does.
func (s *Server) closeAll() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		_ = c.netConn.Close()
	}
	return nil
}
