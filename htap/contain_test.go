package htap

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
)

// A panic in the planning of a statement costs the statement: the client gets a
// number, the log the stack, the session and its transaction rules go on.
func TestPanicIsContained(t *testing.T) {
	var logged bytes.Buffer
	db, err := Open("", WithLogger(slog.New(slog.NewTextHandler(&logged, nil))))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := db.Session(t.Context())
	defer s.Close()
	for _, state := range []byte{'I', 'E'} {
		if state == 'E' {
			mustExec(t, s, "BEGIN")
		}
		logged.Reset()
		// An AST that no parser makes.
		broken := parser.Statement{Stmt: &parser.SelectStmt{}, SQL: "broken"}
		_, err := s.prepare(t.Context(), broken, "broken", nil)
		if !sqlstate.Is(err, sqlstate.InternalError) || strings.Contains(err.Error(), "nil pointer") {
			t.Fatalf("%v", err)
		}
		id := strings.Fields(err.Error())[2]
		if text := logged.String(); !strings.Contains(text, "id="+id) || !strings.Contains(text, "nil pointer") || !strings.Contains(text, "statement=broken") {
			t.Errorf("the log lacks %s: %s", id, text)
		}
		if s.TxState() != state {
			t.Errorf("state %c, want %c", s.TxState(), state)
		}
	}
	mustExec(t, s, "ROLLBACK")
	mustExec(t, s, "SELECT 1")
}
