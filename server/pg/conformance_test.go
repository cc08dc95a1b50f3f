package pg

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"htapdb/internal/testutil/postgres"

	"github.com/jackc/pgx/v5/pgproto3"
)

// The same bytes go to a PostgreSQL server and to ours, and the replies are
// compared message by message. testdata/conformance holds the scripts that
// somebody thought of; TestConformanceRandom finds what nobody did.

// endpoint is a server that the scripts run on.
type endpoint struct{ addr, user, database string }

// oracle starts a PostgreSQL server.
func oracle(t testing.TB) endpoint {
	t.Helper()
	u, err := url.Parse(postgres.Start(t, postgres.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	return endpoint{addr: u.Host, user: u.User.Username(), database: strings.TrimPrefix(u.Path, "/")}
}

// subject starts our server.
func subject(t testing.TB) endpoint {
	t.Helper()
	_, addr := startEngine(t, Options{})
	return endpoint{addr: addr, user: "htap", database: "htap"}
}

// wire is a raw connection whose received messages come through a channel, so
// that a test can wait for silence.
type wire struct {
	t   testing.TB
	nc  net.Conn
	got chan string
}

// wireTimeout is what no answer takes; reaching it is a hang.
const wireTimeout = 4 * time.Second

// dialWire starts a session.
func dialWire(t testing.TB, e endpoint) *wire {
	t.Helper()
	nc, err := net.Dial("tcp", e.addr)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{t: t, nc: nc, got: make(chan string, 64)}
	body := binary.BigEndian.AppendUint32(nil, pgproto3.ProtocolVersion30)
	for _, s := range []string{"user", e.user, "database", e.database, "client_min_messages", "warning", ""} {
		body = append(append(body, s...), 0)
	}
	w.write(append(binary.BigEndian.AppendUint32(nil, uint32(4+len(body))), body...))
	done := make(chan struct{})
	go func() { // ends when the socket closes, awaited in the cleanup
		defer close(done)
		defer close(w.got)
		fe := pgproto3.NewFrontend(nc, nc)
		for {
			m, err := fe.Receive()
			if err != nil {
				return
			}
			w.got <- describeReply(m)
		}
	}()
	t.Cleanup(func() {
		_ = nc.Close()
		for range w.got { // so that the reader can end
		}
		<-done
	})
	w.replies(1)
	return w
}

func (w *wire) close() { _ = w.nc.Close() }

func (w *wire) write(b []byte) {
	_ = w.nc.SetWriteDeadline(time.Now().Add(wireTimeout))
	if _, err := w.nc.Write(b); err != nil && !errors.Is(err, net.ErrClosed) && !strings.Contains(err.Error(), "reset") && !strings.Contains(err.Error(), "pipe") {
		w.t.Fatal(err)
	}
}

// replies reads until ready ReadyForQuery messages and a short silence, a long
// silence, or the end of the connection.
func (w *wire) replies(ready int) (out []string) {
	wait := 400 * time.Millisecond
	if ready > 0 {
		wait = wireTimeout
	}
	for {
		select {
		case m, ok := <-w.got:
			if !ok {
				return append(out, "closed")
			}
			out = append(out, m)
			if strings.HasPrefix(m, "Z") {
				if ready--; ready <= 0 {
					wait = 25 * time.Millisecond
				}
			}
		case <-time.After(wait):
			return out
		}
	}
}

// count reads n messages, or up to the end of the connection or a hang, and
// then what else comes at once.
func (w *wire) count(n int) (out []string) {
	wait := wireTimeout
	for {
		if len(out) >= n {
			wait = 25 * time.Millisecond
		}
		select {
		case m, ok := <-w.got:
			if !ok {
				return append(out, "closed")
			}
			out = append(out, m)
		case <-time.After(wait):
			if len(out) < n {
				out = append(out, "silence")
			}
			return out
		}
	}
}

// describeReply is dumpMessage with all fields of an error but the hint: ours
// have more of them.
func describeReply(m pgproto3.BackendMessage) string {
	switch m := m.(type) {
	case *pgproto3.ErrorResponse:
		s := fmt.Sprintf("E %s %s", m.Severity, m.Code)
		for _, f := range [][2]string{{"M", m.Message}, {"D", m.Detail}, {"W", m.Where}, {"q", m.InternalQuery},
			{"s", m.SchemaName}, {"t", m.TableName}, {"c", m.ColumnName}, {"d", m.DataTypeName}, {"n", m.ConstraintName}} {
			if f[1] != "" {
				s += " " + f[0] + "=" + f[1]
			}
		}
		if m.Position != 0 {
			s += " P=" + strconv.Itoa(int(m.Position))
		}
		return s
	case *pgproto3.BackendKeyData:
		return "K"
	}
	return dumpMessage(m)
}

// message frames a typed message.
func message(kind byte, body []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{kind}, uint32(4+len(body))), body...)
}

// encodeStep turns a line of a script into bytes:
//
//	Query SQL                    Parse NAME [OID,…] SQL
//	Bind PORTAL STATEMENT [pf=…] [rf=…] VALUE…     a VALUE is NULL, x'HEX' or text
//	DescribeS, DescribeP, CloseS, CloseP NAME      Execute PORTAL LIMIT
//	CopyData TEXT, CopyDone, CopyFail TEXT, Sync, Flush, Terminate, Function
//	Raw X HEX                    a message of type X with that body
//	Length X N                   a message of type X that claims a length of N, without a body
//
// A name of - is the empty one, a SQL of - is empty, too.
func encodeStep(line string) ([]byte, error) {
	kind, rest, _ := strings.Cut(line, " ")
	words := strings.Fields(rest)
	word := func(i int) string {
		if i < len(words) && words[i] != "-" {
			return words[i]
		}
		return ""
	}
	object := func(typ, of byte) []byte { return message(typ, append(append([]byte{of}, word(0)...), 0)) }
	switch kind {
	case "Query":
		if rest == "-" {
			rest = ""
		}
		return message('Q', append([]byte(rest), 0)), nil
	case "Parse":
		return encodeParse(rest)
	case "Bind":
		return encodeBind(words)
	case "DescribeS":
		return object('D', 'S'), nil
	case "DescribeP":
		return object('D', 'P'), nil
	case "CloseS":
		return object('C', 'S'), nil
	case "CloseP":
		return object('C', 'P'), nil
	case "Execute":
		n, err := strconv.Atoi(words[1])
		return message('E', binary.BigEndian.AppendUint32(append([]byte(word(0)), 0), uint32(n))), err
	case "CopyData":
		return message('d', []byte(strings.ReplaceAll(strings.ReplaceAll(rest, `\n`, "\n"), `\t`, "\t"))), nil
	case "CopyDone":
		return message('c', nil), nil
	case "CopyFail":
		return message('f', append([]byte(rest), 0)), nil
	case "Sync":
		return message('S', nil), nil
	case "Flush":
		return message('H', nil), nil
	case "Terminate":
		return message('X', nil), nil
	case "Function":
		return message('F', make([]byte, 4+2+2+2)), nil
	case "Raw":
		b, err := hex.DecodeString(word(1))
		return message(words[0][0], b), err
	case "Length":
		n, err := strconv.ParseUint(words[1], 10, 32)
		return binary.BigEndian.AppendUint32([]byte{words[0][0]}, uint32(n)), err
	}
	return nil, fmt.Errorf("unknown step %q", line)
}

func encodeParse(rest string) ([]byte, error) {
	name, sql, _ := strings.Cut(rest, " ")
	var oids []string
	if strings.HasPrefix(sql, "[") {
		list, after, ok := strings.Cut(sql[1:], "] ")
		if !ok {
			return nil, fmt.Errorf("no end of the OIDs in %q", rest)
		}
		oids, sql = strings.Split(list, ","), after
	}
	if sql == "-" {
		sql = ""
	}
	body := append([]byte(strings.TrimPrefix(name, "-")), 0)
	body = append(append(body, sql...), 0)
	body = binary.BigEndian.AppendUint16(body, uint16(len(oids)))
	for _, s := range oids {
		oid, err := strconv.ParseUint(s, 10, 32)
		if err != nil {
			return nil, err
		}
		body = binary.BigEndian.AppendUint32(body, uint32(oid))
	}
	return message('P', body), nil
}

func encodeBind(words []string) ([]byte, error) {
	body := append([]byte(strings.TrimPrefix(words[0], "-")), 0)
	body = append(append(body, strings.TrimPrefix(words[1], "-")...), 0)
	var formats, results []string
	var values []string
	for _, w := range words[2:] {
		switch {
		case strings.HasPrefix(w, "pf="):
			formats = strings.Split(w[3:], ",")
		case strings.HasPrefix(w, "rf="):
			results = strings.Split(w[3:], ",")
		default:
			values = append(values, w)
		}
	}
	codes := func(list []string) error {
		body = binary.BigEndian.AppendUint16(body, uint16(len(list)))
		for _, s := range list {
			n, err := strconv.Atoi(s)
			if err != nil {
				return err
			}
			body = binary.BigEndian.AppendUint16(body, uint16(n))
		}
		return nil
	}
	if err := codes(formats); err != nil {
		return nil, err
	}
	body = binary.BigEndian.AppendUint16(body, uint16(len(values)))
	for _, v := range values {
		b := []byte(v)
		if v == "NULL" {
			body = binary.BigEndian.AppendUint32(body, 0xffffffff)
			continue
		}
		if strings.HasPrefix(v, "x'") {
			var err error
			if b, err = hex.DecodeString(strings.Trim(v[1:], "'")); err != nil {
				return nil, err
			}
		}
		body = append(binary.BigEndian.AppendUint32(body, uint32(len(b))), b...)
	}
	if err := codes(results); err != nil {
		return nil, err
	}
	return message('B', body), nil
}

// block is what a script sends at once.
type block struct {
	steps []string
	bytes []byte
	// ready is the number of ReadyForQuery messages that may come.
	ready int
	// loose compares the errors by severity and code only: the comment before
	// says why the rest differs.
	loose bool
}

// add encodes one more step.
func (b *block) add(line string) error {
	enc, err := encodeStep(line)
	if err != nil {
		return err
	}
	b.steps = append(b.steps, line)
	b.bytes = append(b.bytes, enc...)
	if k := enc[0]; k == 'Q' || k == 'S' || k == 'F' {
		b.ready++
	}
	return nil
}

// readScript reads a script: blocks of steps between blank lines; "loose" is a
// line of its own.
func readScript(t *testing.T, file string) (blocks []*block) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(string(text), "\n\n") {
		b := &block{}
		for line := range strings.Lines(part) {
			line = strings.TrimRight(line, "\n")
			switch {
			case line == "" || strings.HasPrefix(line, "#"):
			case line == "loose":
				b.loose = true
			default:
				if err := b.add(line); err != nil {
					t.Fatalf("%s: %v", file, err)
				}
			}
		}
		if b.steps != nil {
			blocks = append(blocks, b)
		}
	}
	return blocks
}

// loosen keeps severity and code of an error or notice.
func loosen(replies []string) []string {
	out := make([]string, 0, len(replies))
	for _, r := range replies {
		if f := strings.Fields(r); f[0] == "E" || f[0] == "N" {
			r = strings.Join(f[:3], " ")
		}
		out = append(out, r)
	}
	return out
}

// polite drops the last words of a server that closes: ours says why where
// PostgreSQL only writes it into its log.
func polite(want, got []string) []string {
	n := len(got)
	if n >= 2 && got[n-1] == "closed" && strings.HasPrefix(got[n-2], "E FATAL 08P01") && len(want) == n-1 && want[n-2] == "closed" {
		return append(got[:n-2:n-2], "closed")
	}
	return got
}

// TestConformance runs testdata/conformance/*.script on both servers.
func TestConformance(t *testing.T) {
	files, err := filepath.Glob("testdata/conformance/*.script")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	pg, ours := oracle(t), subject(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".script"), func(t *testing.T) {
			a, b := dialWire(t, pg), dialWire(t, ours)
			for _, block := range readScript(t, file) {
				a.write(block.bytes)
				want := a.replies(expected(block))
				b.write(block.bytes)
				got := polite(want, b.count(len(want)))
				if block.loose {
					want, got = loosen(want), loosen(got)
				}
				if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
					t.Errorf("%s\n--- got\n%s\n--- want\n%s", strings.Join(block.steps, "\n"), g, w)
				}
				if slices.Contains(want, "closed") || slices.Contains(got, "closed") || slices.Contains(got, "silence") {
					a.close()
					b.close()
					a, b = dialWire(t, pg), dialWire(t, ours)
				}
			}
		})
	}
}

// expected is the number of ReadyForQuery messages to wait for: none when it is
// not certain that they come.
func expected(b *block) int {
	for _, s := range b.steps {
		if strings.HasPrefix(s, "Copy") || strings.Contains(strings.ToUpper(s), "COPY") || strings.HasPrefix(s, "Terminate") || strings.HasPrefix(s, "Raw") || strings.HasPrefix(s, "Length") {
			return 0
		}
	}
	if last := b.steps[len(b.steps)-1]; last == "Sync" || strings.HasPrefix(last, "Query") {
		n := 0 // what comes after an error is skipped up to the Sync: wait for those alone
		for _, s := range b.steps {
			if s == "Sync" || len(b.steps) == 1 || b.ready == len(b.steps) {
				n++
			}
		}
		return n
	}
	return 0
}
