package flight

import (
	"bytes"
	"testing"

	"htapdb/internal/testutil"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// TestForeignMessages: tickets, commands, actions and streams that make no
// sense are errors, and the server goes on.
func TestForeignMessages(t *testing.T) {
	f := start(t, Options{})
	rnd := testutil.Rand(t)
	junk := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		return b
	}
	wantError := func(what string, err error) {
		t.Helper()
		if c := status.Code(err); c == codes.OK || c == codes.Unavailable {
			t.Errorf("%s: %v", what, err)
		}
	}
	info, err := f.c.Execute(f.ctx, "SELECT 1 AS a")
	if err != nil {
		t.Fatal(err)
	}
	real := info.Endpoint[0].Ticket.Ticket
	for range 200 {
		b := junk(rnd.IntN(60))
		if rnd.IntN(2) == 0 { // a real ticket with a byte changed, or cut
			b = append([]byte(nil), real[:1+rnd.IntN(len(real))]...)
			// Before the slash of the type's address anything may stand.
			from := 0
			if slash := bytes.IndexByte(b, '/'); slash >= 0 {
				from = slash
			}
			b[from+rnd.IntN(len(b)-from)]++
		}
		stream, err := f.c.Client.DoGet(f.ctx, &flight.Ticket{Ticket: b})
		if err == nil {
			_, err = stream.Recv()
		}
		wantError("DoGet", err)
		_, err = f.c.Client.GetFlightInfo(f.ctx, &flight.FlightDescriptor{Type: flight.DescriptorCMD, Cmd: b})
		wantError("GetFlightInfo", err)
		action, err := f.c.Client.DoAction(f.ctx, &flight.Action{Type: "CreatePreparedStatement", Body: b})
		if err == nil {
			_, err = action.Recv()
		}
		wantError("DoAction", err)
	}
	for _, request := range []*flight.FlightDescriptor{nil, {Type: flight.DescriptorPATH, Path: []string{"x"}}, {Type: flight.DescriptorCMD, Cmd: junk(40)}} {
		put, err := f.c.Client.DoPut(f.ctx)
		if err != nil {
			t.Fatal(err)
		}
		w := flight.NewRecordWriter(put, ipc.WithSchema(arrow.NewSchema(nil, nil)))
		w.SetFlightDescriptor(request)
		_ = w.Close()
		_ = put.CloseSend()
		_, err = put.Recv()
		wantError("DoPut", err)
	}
	put, err := f.c.Client.DoPut(f.ctx)
	if err != nil {
		t.Fatal(err)
	}
	_ = put.Send(&flight.FlightData{DataHeader: junk(30), DataBody: junk(30)})
	_ = put.CloseSend()
	_, err = put.Recv()
	wantError("DoPut of junk", err)
	if got := f.fetch(f.c, info); got != "1" {
		t.Errorf("afterwards %q", got)
	}
}
