package htap

import (
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"htapdb/internal/vfs"

	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// slowLog is a file system whose log is not synced while it is held.
type slowLog struct {
	held atomic.Pointer[chan struct{}]
}

func (l *slowLog) hold() {
	ch := make(chan struct{})
	l.held.Store(&ch)
}

func (l *slowLog) release() { close(*l.held.Swap(nil)) }

func (l *slowLog) fs() vfs.FS {
	return errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		switch op.Kind {
		case errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo:
			if ch := l.held.Load(); ch != nil && strings.HasSuffix(op.Path, ".log") {
				<-*ch
			}
		}
		return nil
	}))
}

// Row locks are released before the commit is durable. Who gets them then reads
// what a power loss can still take back, and must not show it: neither in rows
// nor in an error.
func TestNothingUndurableIsShown(t *testing.T) {
	log := &slowLog{}
	db, s := openTest(t, "db", WithFS(log.fs()))
	mustExec(t, s, "CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER); INSERT INTO t VALUES (1, 1), (2, 1)")
	other := db.Session(t.Context())
	for _, c := range []struct{ first, second, want string }{
		{"UPDATE t SET v = 2 WHERE id = 1", "SELECT v FROM t WHERE id = 1 FOR UPDATE", "2"},
		{"UPDATE t SET v = 3 WHERE id = 1", "UPDATE t SET v = v + 10 WHERE id = 1 RETURNING v", "13"},
		{"UPDATE t SET v = 4 WHERE id = 2", "SELECT v FROM t WHERE v >= 4 OR id = 2 ORDER BY v FOR UPDATE", "4"},
		{"INSERT INTO t VALUES (3, 1)", "INSERT INTO t VALUES (3, 2)", "23505"},
	} {
		before := db.engine.Rows.Applied()
		log.hold()
		first, second := make(chan error, 1), make(chan string, 1)
		go func() {
			_, err := s.Exec(t.Context(), c.first)
			first <- err
		}()
		for db.engine.Rows.Applied() == before {
			time.Sleep(time.Millisecond)
		}
		mustExec(t, other, "BEGIN")
		go func() {
			rows, err := other.Query(t.Context(), c.second)
			got := code(err)
			for err == nil && rows.Next() {
				got += strconv.FormatInt(rows.Datum(0).Int(), 10)
			}
			second <- got
		}()
		select {
		case got := <-second:
			t.Errorf("%s shows %s, which is not durable", c.second, got)
			second <- got
		case <-time.After(200 * time.Millisecond):
		}
		log.release()
		if got := <-second; got != c.want {
			t.Errorf("%s: %s, want %s", c.second, got, c.want)
		}
		if err := <-first; err != nil {
			t.Errorf("%s: %v", c.first, err)
		}
		mustExec(t, other, "ROLLBACK")
	}
}
