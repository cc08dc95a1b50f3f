package pg

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"htapdb/htap"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// fakeDB is an engine of a few statements, for tests of the protocol alone:
//
//	rows N          N rows (bigint, text) in batches of 3
//	echo T          one row of one parameter $1 of type T
//	types           one row of a value of each type, the second row NULL
//	wait            until the context ends
//	fail            22012, fails an open transaction
//	panic           panics
//	notice M        a notice
//	set N V         a setting
//	begin, commit, rollback, copyin, copyout
type fakeDB struct {
	mu   sync.Mutex
	log  []string
	open int
	ids  uint64
}

func (db *fakeDB) note(format string, args ...any) {
	db.mu.Lock()
	db.log = append(db.log, fmt.Sprintf(format, args...))
	db.mu.Unlock()
}

// takeLog returns what happened since the last call.
func (db *fakeDB) takeLog() string {
	db.mu.Lock()
	defer db.mu.Unlock()
	s := strings.Join(db.log, "; ")
	db.log = nil
	return s
}

func (db *fakeDB) session(context.Context) session {
	db.mu.Lock()
	db.open++
	db.ids++
	id := db.ids
	db.mu.Unlock()
	return &fakeSession{db: db, state: 'I', settings: map[string]string{}, kept: map[string]statement{}, id: id}
}

type fakeSession struct {
	db       *fakeDB
	state    byte
	settings map[string]string
	kept     map[string]statement
	id       uint64
	notice   func(*htap.Error)
	setting  func(name, value string)
}

// errFailed is what a failed transaction answers.
func errFailed() error {
	return sqlstate.New(sqlstate.InFailedTransaction, "current transaction is aborted, commands ignored until end of transaction block")
}

func (s *fakeSession) prepared(name string) statement { return s.kept[name] }
func (s *fakeSession) PreparedCount() int             { return len(s.kept) }
func (s *fakeSession) CloseCursor(string)             {}

func (s *fakeSession) prepare(ctx context.Context, name, sql string, paramTypes []types.Type) (statement, error) {
	if s.kept[name] != nil {
		return nil, sqlstate.New(sqlstate.DuplicatePrepared, "prepared statement %q already exists", name)
	}
	st := &fakeStmt{s: s, name: name, sql: strings.TrimSpace(sql)}
	st.words = append(strings.Fields(st.sql), "")
	if st.words[0] == "bad" {
		s.failed()
		return nil, sqlstate.New(sqlstate.SyntaxError, "syntax error at or near %q", "bad").WithPosition(1).WithHint("Write it well.")
	}
	if s.state == 'E' && st.words[0] != "rollback" && st.words[0] != "commit" {
		return nil, errFailed()
	}
	st.describe(paramTypes)
	if name != "" {
		s.kept[name] = st
	}
	return st, nil
}

func (s *fakeSession) failed() {
	if s.state == 'T' {
		s.state = 'E'
	}
}

func (s *fakeSession) script(_ context.Context, sql string) (script, error) {
	return &fakeScript{s: s, rest: strings.Split(sql, ";")}, nil
}

func (s *fakeSession) begin(context.Context) (transaction, error) {
	s.db.note("begin")
	s.state = 'T'
	return fakeTx{s}, nil
}

func (s *fakeSession) fail(context.Context)                        { s.failed() }
func (s *fakeSession) TxState() byte                               { return s.state }
func (s *fakeSession) IdleLimit() (time.Duration, *sqlstate.Error) { return 0, nil }
func (s *fakeSession) OnNotice(fn func(*htap.Error))               { s.notice = fn }
func (s *fakeSession) OnSetting(fn func(name, value string))       { s.setting = fn }
func (s *fakeSession) Cursor(string) ([]htap.Column, bool)         { return nil, false }

func (s *fakeSession) TextStyle() *types.TextStyle            { return nil }
func (s *fakeSession) ID() uint64                             { return s.id }
func (s *fakeSession) KeepSettings()                          {}
func (s *fakeSession) OnNotification(func(htap.Notification)) {}

func (s *fakeSession) Setting(name string) (string, error) {
	if v, ok := s.settings[name]; ok {
		return v, nil
	}
	return "", sqlstate.New(sqlstate.UndefinedObject, "unrecognized configuration parameter %q", name)
}

func (s *fakeSession) Set(name, value string) error {
	if name == "nosuch" {
		return sqlstate.New(sqlstate.UndefinedObject, "unrecognized configuration parameter %q", name)
	}
	s.settings[name] = value
	return nil
}

func (s *fakeSession) Close() error {
	s.db.mu.Lock()
	s.db.open--
	s.db.mu.Unlock()
	return nil
}

type fakeTx struct{ s *fakeSession }

func (t fakeTx) Commit(context.Context) error {
	t.s.db.note("commit")
	t.s.state = 'I'
	return nil
}

func (t fakeTx) Rollback() error {
	t.s.db.note("rollback")
	t.s.state = 'I'
	return nil
}

type fakeScript struct {
	s    *fakeSession
	rest []string
}

func (sc *fakeScript) next(ctx context.Context) (statement, error) {
	for len(sc.rest) > 0 {
		sql := strings.TrimSpace(sc.rest[0])
		sc.rest = sc.rest[1:]
		if sql == "" || strings.HasPrefix(sql, "--") {
			continue
		}
		return sc.s.prepare(ctx, "", sql, nil)
	}
	return nil, nil
}

func (sc *fakeScript) end(_ context.Context, err error) error {
	sc.s.db.note("end %v", err == nil)
	if err == nil && sc.s.settings["failcommit"] == "1" {
		return sqlstate.New(sqlstate.SerializationFailure, "could not serialize")
	}
	return err
}

type fakeStmt struct {
	s      *fakeSession
	name   string
	sql    string
	words  []string
	cols   []htap.Column
	params []types.Type
}

// allTypes are the columns of the statement "types".
var allTypes = []types.Type{
	types.TBool, types.TInt2, types.TInt4, types.TInt8, types.TFloat4, types.TFloat8,
	types.TNumeric(12, 3), types.TNumeric(38, 10), types.TText, {Kind: types.Varchar, Length: 10}, {Kind: types.Char, Length: 4},
	types.TBytea, types.TDate, types.TTime, types.TTimestamp, types.TTimestampTZ, types.TInterval,
	types.TUUID, types.TJSON, types.TJSONB,
}

// allTexts are the values of the statement "types".
var allTexts = []string{
	"t", "-7", "70000", "9007199254740993", "1.5", "-2.25e-07",
	"123.450", "-12345678901234567890.0001200000", "naïve", "varchar", "ab  ",
	`\x00ff10`, "1999-12-31", "23:59:59.5", "2001-02-03 04:05:06.789", "1969-07-20 20:17:40+00", "1 year 2 mons -3 days +04:05:06",
	"12345678-9abc-def0-1234-56789abcdef0", `{"a": [1, null]}`, `{"b": 2}`,
}

func (st *fakeStmt) describe(paramTypes []types.Type) {
	switch st.words[0] {
	case "rows", "wait":
		st.cols = []htap.Column{{Name: "n", Type: types.TInt8, TableID: 77, Ordinal: 1}, {Name: "s", Type: types.TText}}
	case "echo":
		t := types.TText
		for _, x := range allTypes {
			if strings.HasPrefix(x.String(), strings.TrimSpace(strings.Join(st.words[1:], " "))) {
				t = x
			}
		}
		st.params = []types.Type{t}
		if len(paramTypes) > 0 && paramTypes[0].Kind != types.Invalid {
			st.params = paramTypes
		}
		st.cols = []htap.Column{{Name: "e", Type: st.params[0]}}
	case "types":
		for i, t := range allTypes {
			st.cols = append(st.cols, htap.Column{Name: "c" + strconv.Itoa(i), Type: t})
		}
	}
}

func (st *fakeStmt) SQL() string            { return st.sql }
func (st *fakeStmt) Params() []types.Type   { return st.params }
func (st *fakeStmt) Columns() []htap.Column { return st.cols }
func (st *fakeStmt) Close()                 { delete(st.s.kept, st.name) }

func (st *fakeStmt) query(ctx context.Context, args []types.Datum) (rows, error) {
	s := st.s
	s.db.note("%s", st.sql)
	r := &fakeRows{cols: st.cols, ctx: ctx, tag: strings.ToUpper(st.words[0])}
	if s.state == 'E' && st.words[0] != "rollback" && st.words[0] != "commit" {
		return nil, errFailed()
	}
	switch st.words[0] {
	case "rows":
		r.left, _ = strconv.Atoi(st.words[1])
		r.tag = "SELECT " + st.words[1]
	case "echo":
		b := vector.NewBatch(st.params, 1)
		b.Cols[0].Set(0, args[0])
		r.one, r.tag = b, "SELECT 1"
	case "types":
		r.one, r.tag = typesBatch(), "SELECT 2"
	case "wait":
		r.wait = true
	case "fail":
		s.failed()
		return nil, sqlstate.New(sqlstate.DivisionByZero, "division by zero").WithDetail("The divisor is 0.")
	case "panic":
		panic("a planted panic")
	case "notice":
		s.notice(sqlstate.New("00000", "%s", st.words[1]))
	case "set":
		s.settings[st.words[1]] = st.words[2]
		s.setting(st.words[1], st.words[2])
	case "begin":
		s.state = 'T'
	case "commit", "rollback":
		s.state = 'I'
	}
	return r, nil
}

// typesBatch is the result of "types".
func typesBatch() *vector.Batch {
	b := vector.NewBatch(allTypes, 2)
	for i, t := range allTypes {
		d, err := types.Parse(allTexts[i], t, nil)
		if err != nil {
			panic(fmt.Sprintf("%s: %v", t, err))
		}
		b.Cols[i].Set(0, d)
		b.Cols[i].SetNull(1)
	}
	return b
}

func (st *fakeStmt) CopyFromBatches(context.Context, func() (*vector.Batch, error)) (htap.Result, error) {
	panic("not in this test")
}

func (st *fakeStmt) CopyToBatches(context.Context, func(*vector.Batch) error) (htap.Result, error) {
	panic("not in this test")
}

func (st *fakeStmt) Copy() (htap.CopyFormat, bool, error) {
	switch st.words[0] {
	case "copyin":
		return htap.CopyFormat{In: true, Columns: 2}, true, nil
	case "copyout", "COPY":
		return htap.CopyFormat{Columns: 2}, true, nil
	}
	return htap.CopyFormat{}, false, nil
}

func (st *fakeStmt) CopyFrom(_ context.Context, r io.Reader) (htap.Result, error) {
	n := int64(0)
	sc := bufio.NewScanner(r)
	for sc.Scan() {
		if sc.Text() == "boom" {
			return htap.Result{}, sqlstate.New(sqlstate.BadCopyFileFormat, "bad line %d", n+1)
		}
		n++
	}
	return htap.Result{Tag: fmt.Sprintf("COPY %d", n), RowsAffected: n}, sc.Err()
}

func (st *fakeStmt) CopyTo(_ context.Context, w io.Writer) (htap.Result, error) {
	for _, piece := range []string{"1\to", "ne\n2\ttwo\n", "3,\"a\nb\"\n", "last"} {
		if _, err := io.WriteString(w, piece); err != nil {
			return htap.Result{}, err
		}
	}
	return htap.Result{Tag: "COPY 3"}, nil
}

// fakeRows gives left rows, or one batch.
type fakeRows struct {
	ctx  context.Context
	cols []htap.Column
	left int
	next int64
	one  *vector.Batch
	wait bool
	tag  string
}

func (r *fakeRows) Columns() []htap.Column { return r.cols }
func (r *fakeRows) Result() htap.Result    { return htap.Result{Tag: r.tag} }
func (r *fakeRows) Close() error           { return nil }

func (r *fakeRows) NextBatch() (*vector.Batch, error) {
	if r.wait {
		<-r.ctx.Done()
		return nil, r.ctx.Err()
	}
	if r.one != nil {
		b := r.one
		r.one = nil
		return b, nil
	}
	if r.left == 0 {
		return nil, nil
	}
	n := min(3, r.left)
	r.left -= n
	b := vector.NewBatch([]types.Type{types.TInt8, types.TText}, n)
	for i := range n {
		b.Cols[0].Set(i, types.NewInt64(r.next))
		b.Cols[1].Set(i, types.NewString("row "+strconv.FormatInt(r.next, 10)))
		r.next++
	}
	return b, nil
}

// startFake serves a fakeDB on a loopback port until the test ends, and checks
// that nothing is left.
func startFake(t testing.TB, opt Options) (*Server, *fakeDB, string) {
	t.Helper()
	before := runtime.NumGoroutine()
	db := &fakeDB{}
	srv := newServer(db, opt)
	return srv, db, serve(t, srv, before, func() {
		if db.open != 0 {
			t.Errorf("%d sessions were not closed", db.open)
		}
	})
}

// checkGoroutines waits until there are no more than before: some end a moment
// after what they belong to.
func checkGoroutines(t testing.TB, before int) {
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
	}
}

// serve runs srv until the test ends and returns its address; before is the
// number of goroutines when there was nothing yet.
func serve(t testing.TB, srv *Server, before int, after func()) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }() // ends with Shutdown, awaited below
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		_ = srv.Shutdown(ctx)
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
		if n := srv.Connections(); n != 0 {
			t.Errorf("%d connections after Shutdown", n)
		}
		after()
		if _, ok := t.(*testing.T); ok {
			checkGoroutines(t, before)
		}
	})
	return l.Addr().String()
}
