package colstore

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"htapdb/internal/vfs"
	"htapdb/sql/sqlstate"

	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// Checkpoints that fail at the manifest leave no files behind, however often:
// on a full disk they would make it fuller. The same holds where it is unknown
// which manifest is there, once one has been written.
func TestFailedCheckpointsLeaveNothing(t *testing.T) {
	for name, path := range map[string]string{"write": manifestTemp, "directory": "db"} {
		t.Run(name, func(t *testing.T) {
			mem := vfs.NewMem()
			var broken atomic.Bool
			fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
				if broken.Load() && op.Kind == errorfs.OpFileSync && strings.HasSuffix(op.Path, path) {
					return errors.New("injected")
				}
				return nil
			}))
			s, tab := pairTable(t, Options{FS: fs, Dir: "db", DurableTS: 1000})
			files := func() int {
				names, err := mem.List("db")
				if err != nil {
					t.Fatal(err)
				}
				return len(slices.DeleteFunc(names, func(n string) bool { return !strings.HasSuffix(n, ".seg") }))
			}
			for ts := uint64(1); ts <= 5; ts++ {
				if err := tab.Apply(ts, pairs(int(ts)*100, 10), ids(int(ts)*100, 10), nil, nil); err != nil {
					t.Fatal(err)
				}
				s.Advance(ts)
				broken.Store(ts > 1 && ts < 5)
				err := s.Checkpoint(context.Background(), ts)
				if (err != nil) != broken.Load() {
					t.Fatalf("checkpoint %d: %v", ts, err)
				}
			}
			if n := files(); n > 2 {
				t.Errorf("%d files for two checkpoints of ten rows", n)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s, err := Open(Options{FS: mem, Dir: "db", DurableTS: 1000})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			tab, _ = s.Table(3)
			snap := snapshot(t, tab, 5)
			defer snap.Close()
			if n, err := snap.Count(nil); n != 50 || err != nil {
				t.Errorf("%d rows (%v)", n, err)
			}
		})
	}
}

// No segment is written while Space says that there is no room; maintenance and
// checkpoints go on when there is.
func TestNoSpace(t *testing.T) {
	var full atomic.Bool
	full.Store(true)
	var told atomic.Int32
	s, tab := pairTable(t, Options{FS: vfs.NewMem(), Dir: "db", SealRows: blockRows, DurableTS: 1000,
		OnError: func(*Table, error) { told.Add(1) },
		Space: func() error {
			if full.Load() {
				return sqlstate.New(sqlstate.DiskFull, "full")
			}
			return nil
		}})
	defer s.Close()
	for i := range 3 {
		if err := tab.Apply(uint64(i+1), pairs(i*2048, 2048), ids(1+i*2048, 2048), nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	s.Advance(3)
	s.Maintain()
	if n := tab.Stats().Segments; n != 0 || told.Load() == 0 {
		t.Errorf("%d segments, %d errors", n, told.Load())
	}
	if err := s.Checkpoint(context.Background(), 3); !sqlstate.Is(err, sqlstate.DiskFull) {
		t.Errorf("checkpoint: %v", err)
	}
	full.Store(false)
	s.Maintain()
	if err := s.Checkpoint(context.Background(), 3); err != nil {
		t.Error(err)
	}
	snap := snapshot(t, tab, 3)
	defer snap.Close()
	if n, err := snap.Count(nil); n != 3*2048 || err != nil {
		t.Errorf("%d rows (%v)", n, err)
	}
}
