package pg

import (
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// client speaks the protocol message by message.
type client struct {
	t  testing.TB
	nc net.Conn
	fe *pgproto3.Frontend
}

// dial connects without a startup.
func dial(t testing.TB, addr string) *client {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(10 * time.Second))
	return &client{t: t, nc: nc, fe: pgproto3.NewFrontend(nc, nc)}
}

// connect dials and starts a session.
func connect(t testing.TB, addr string) *client {
	t.Helper()
	c := dial(t, addr)
	c.send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "htap", "database": "htap"}})
	c.until("Z")
	return c
}

func (c *client) send(ms ...pgproto3.FrontendMessage) {
	c.t.Helper()
	for _, m := range ms {
		c.fe.Send(m)
	}
	if err := c.fe.Flush(); err != nil {
		c.t.Fatal(err)
	}
}

// until receives messages up to one whose dump begins with last, and returns
// their dumps.
func (c *client) until(last string) []string {
	c.t.Helper()
	var out []string
	for {
		m, err := c.fe.Receive()
		if err != nil {
			return append(out, "closed")
		}
		out = append(out, dumpMessage(m))
		if strings.HasPrefix(out[len(out)-1], last) {
			return out
		}
	}
}

// dumpMessage shows a backend message in a line.
func dumpMessage(m pgproto3.BackendMessage) string {
	switch m := m.(type) {
	case *pgproto3.AuthenticationOk:
		return "R ok"
	case *pgproto3.ParameterStatus:
		return fmt.Sprintf("S %s=%s", m.Name, m.Value)
	case *pgproto3.BackendKeyData:
		return fmt.Sprintf("K key of %d bytes", len(m.SecretKey))
	case *pgproto3.ReadyForQuery:
		return "Z " + string(m.TxStatus)
	case *pgproto3.RowDescription:
		var cols []string
		for _, f := range m.Fields {
			cols = append(cols, fmt.Sprintf("%s:%d:%d:%d:%d", f.Name, f.DataTypeOID, f.DataTypeSize, f.TypeModifier, f.Format))
		}
		return "T " + strings.Join(cols, " ")
	case *pgproto3.DataRow:
		var cells []string
		for _, v := range m.Values {
			if v == nil {
				cells = append(cells, "NULL")
			} else {
				cells = append(cells, fmt.Sprintf("%q", v))
			}
		}
		return "D " + strings.Join(cells, " ")
	case *pgproto3.CommandComplete:
		return "C " + string(m.CommandTag)
	case *pgproto3.ErrorResponse:
		return fmt.Sprintf("E %s %s %s|%s|%s|%d", m.Severity, m.Code, m.Message, m.Detail, m.Hint, m.Position)
	case *pgproto3.NoticeResponse:
		return fmt.Sprintf("N %s %s %s", m.Severity, m.Code, m.Message)
	case *pgproto3.ParameterDescription:
		return fmt.Sprintf("t %v", m.ParameterOIDs)
	case *pgproto3.CopyData:
		return fmt.Sprintf("d %q", m.Data)
	case *pgproto3.CopyInResponse:
		return fmt.Sprintf("G %d %v", m.OverallFormat, m.ColumnFormatCodes)
	case *pgproto3.CopyOutResponse:
		return fmt.Sprintf("H %d %v", m.OverallFormat, m.ColumnFormatCodes)
	case *pgproto3.NegotiateProtocolVersion:
		return fmt.Sprintf("v %d %v", m.NewestMinorProtocol, m.UnrecognizedOptions)
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", m), "*pgproto3.")
}

// parseStep turns a line of a dialogue into a message.
func parseStep(t *testing.T, line string) pgproto3.FrontendMessage {
	kind, rest, _ := strings.Cut(line, " ")
	words := strings.Fields(rest)
	word := func(i int) string {
		if i < len(words) && words[i] != "-" {
			return words[i]
		}
		return ""
	}
	switch kind {
	case "Query":
		return &pgproto3.Query{String: rest}
	case "Parse": // name sql
		name, sql, _ := strings.Cut(rest, " ")
		return &pgproto3.Parse{Name: strings.TrimPrefix(name, "-"), Query: sql}
	case "Bind": // portal statement [param]
		m := &pgproto3.Bind{DestinationPortal: word(0), PreparedStatement: word(1)}
		if len(words) > 2 {
			m.Parameters = [][]byte{[]byte(words[2])}
		}
		return m
	case "DescribeS":
		return &pgproto3.Describe{ObjectType: 'S', Name: word(0)}
	case "DescribeP":
		return &pgproto3.Describe{ObjectType: 'P', Name: word(0)}
	case "Execute": // portal limit
		m := &pgproto3.Execute{Portal: word(0)}
		_, _ = fmt.Sscan(word(1), &m.MaxRows)
		return m
	case "CloseS":
		return &pgproto3.Close{ObjectType: 'S', Name: word(0)}
	case "CloseP":
		return &pgproto3.Close{ObjectType: 'P', Name: word(0)}
	case "CopyData":
		return &pgproto3.CopyData{Data: []byte(strings.ReplaceAll(rest, `\n`, "\n"))}
	case "CopyDone":
		return &pgproto3.CopyDone{}
	case "CopyFail":
		return &pgproto3.CopyFail{Message: rest}
	case "Sync":
		return &pgproto3.Sync{}
	case "Flush":
		return &pgproto3.Flush{}
	case "Function":
		return &pgproto3.FunctionCall{}
	}
	t.Fatalf("unknown step %q", line)
	return nil
}

// rewrite updates the dialogues.
var rewrite = flag.Bool("rewrite", false, "write the answers into testdata")

// TestDialogues runs testdata/*.dialogue: "> " lines are messages of the
// client, sent together; "< " what the server answers up to the message kind
// that "until" names; "= " what the engine saw..
func TestDialogues(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.dialogue")
	if len(files) == 0 {
		t.Fatal("no dialogues")
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".dialogue"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := runDialogue(t, string(text))
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(text) {
				t.Errorf("%s differs; -rewrite updates it. Got:\n%s", file, got)
			}
		})
	}
}

func runDialogue(t *testing.T, text string) string {
	_, db, addr := startFake(t, Options{MaxStatements: 3, MaxPortals: 3, MaxMessageBytes: 1 << 16})
	c := connect(t, addr)
	db.takeLog()
	var out strings.Builder
	for _, block := range strings.Split(strings.TrimSpace(text), "\n\n") {
		var steps []pgproto3.FrontendMessage
		last := "Z"
		for line := range strings.Lines(block) {
			line = strings.TrimRight(line, "\n")
			switch {
			case strings.HasPrefix(line, "#"):
				out.WriteString(line + "\n")
			case strings.HasPrefix(line, "> "):
				out.WriteString(line + "\n")
				steps = append(steps, parseStep(t, line[2:]))
			case strings.HasPrefix(line, "until "):
				out.WriteString(line + "\n")
				last = line[6:]
			}
		}
		if steps != nil {
			c.send(steps...)
			for _, m := range c.until(last) {
				out.WriteString("< " + m + "\n")
			}
			if log := db.takeLog(); log != "" {
				out.WriteString("= " + log + "\n")
			}
		}
		out.WriteString("\n")
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}
