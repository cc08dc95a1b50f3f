package rowstore

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"htapdb/internal/vfs"
	"htapdb/sql/types"
)

// recorder is a Publisher that keeps what it gets and checks the protocol.
type recorder struct {
	mu               sync.Mutex
	events           []*Event
	reserved         int64
	visible, durable Timestamp
	problems         []string
}

func (r *recorder) Reserve(_ context.Context, n int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reserved += n
	return nil
}

func (r *recorder) Release(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reserved -= n
}

func (r *recorder) Enqueue(e *Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reserved -= e.Bytes
	if n := len(r.events); n > 0 && r.events[n-1].TS >= e.TS {
		r.problems = append(r.problems, fmt.Sprint("event ", e.TS, " after ", r.events[n-1].TS))
	}
	r.events = append(r.events, e)
}

func (r *recorder) Advance(visible, durable Timestamp) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if visible < r.visible || durable < r.durable || durable > visible {
		r.problems = append(r.problems, fmt.Sprint("watermarks ", visible, durable, " after ", r.visible, r.durable))
	}
	if n := len(r.events); n == 0 || r.events[n-1].TS < visible {
		r.problems = append(r.problems, fmt.Sprint("visible ", visible, " before its event"))
	}
	r.visible, r.durable = visible, durable
}

// print lists an event in one line.
func (e *Event) print() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d:", e.TS)
	for _, c := range e.Changes {
		fmt.Fprintf(&b, " [%d %x %d<-%d %s -> %s]", c.TableID, []byte(c.Key), c.RowID, c.PrevRowID, printRow(c.Old), printRow(c.New))
	}
	for _, l := range e.Loads {
		fmt.Fprintf(&b, " load %+v", l)
	}
	return b.String()
}

func printRow(r Row) string {
	if !r.Valid() {
		return "-"
	}
	return fmt.Sprint(formatRow(r.schema, r.Datums()), "#", r.rowID)
}

// TestCatchUpEqualsFeed: ChangesSince from any event on gives exactly the
// events that were enqueued, whatever writers, loads, flushes and spills did.
func TestCatchUpEqualsFeed(t *testing.T) {
	seed := rand.Uint64()
	t.Log("seed", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	defer func(n int) { sorterBytes = n }(sorterBytes)
	sorterBytes = 4000

	rec := &recorder{}
	s := openTest(t, "", Options{Publisher: rec})
	defer s.Close()
	schemas := map[uint32]*Schema{100: pairSchema(t, 100), 101: indexedSchema(t, 101), 300: hiddenSchema(t, 300)}
	for i := range 300 {
		switch rng.IntN(40) {
		case 0:
			if err := s.db.Flush(); err != nil {
				t.Fatal(err)
			}
		case 1:
			loadSome(t, s, schemas[100], int64(1000+10*i))
		default:
			randomTxn(t, s, rng, schemas)
		}
	}
	if len(rec.problems) > 0 {
		t.Error(rec.problems)
	}
	if rec.reserved != 0 {
		t.Error(rec.reserved, "bytes reserved and not used")
	}
	for range 20 {
		from := rng.IntN(len(rec.events) + 1)
		ts := Timestamp(0)
		if from > 0 {
			ts = rec.events[from-1].TS
		}
		compareCatchUp(t, s, schemas, ts, rec.events[from:])
	}
}

// TestCatchUpEndsAtDurable: a commit that readers see but a power loss could
// take back is not told.
func TestCatchUpEndsAtDurable(t *testing.T) {
	s := openTest(t, "db", Options{FS: vfs.NewMem(), AsyncSyncInterval: time.Hour})
	defer s.Close()
	sch := pairSchema(t, 100)
	tx := begin(t, s, TxnOptions{Sync: true})
	must(tx.Insert(bg, sch, ints(1, 1)))
	synced := commit(t, tx)
	later := write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, ints(2, 2))) })
	if s.Visible() != later {
		t.Error("the asynchronous commit is not visible")
	}
	var got []Timestamp
	to, err := s.ChangesSince(bg, 0, func(uint32) *Schema { return sch }, func(e *Event) error {
		got = append(got, e.TS)
		return nil
	})
	if err != nil || to != synced || !slices.Equal(got, []Timestamp{synced}) {
		t.Error(to, got, err)
	}
}

func compareCatchUp(t *testing.T, s *Store, schemas map[uint32]*Schema, from Timestamp, want []*Event) {
	t.Helper()
	var got []string
	to, err := s.ChangesSince(bg, from, func(id uint32) *Schema { return schemas[id] }, func(e *Event) error {
		got = append(got, e.print())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if to != s.Durable() {
		t.Error("to is", to)
	}
	var expect []string
	for _, e := range want {
		expect = append(expect, e.print())
	}
	if !slices.Equal(got, expect) {
		for i := range max(len(got), len(expect)) {
			if i >= len(got) || i >= len(expect) || got[i] != expect[i] {
				t.Fatalf("event %d of %d, %d:\ngot  %s\nwant %s", i, len(got), len(expect), at(got, i), at(expect, i))
			}
		}
	}
}

func at(s []string, i int) string {
	if i < len(s) {
		return s[i]
	}
	return "nothing"
}

func hiddenSchema(t testing.TB, id uint32) *Schema {
	return mustSchema(t, TableDef{ID: id, Name: "heap", Version: 1, Columns: []Column{{ID: 1, Name: "v", Type: types.TInt8}}})
}

func loadSome(t testing.TB, s *Store, sch *Schema, from int64) {
	t.Helper()
	tx := begin(t, s, TxnOptions{})
	var rows [][]types.Datum
	for i := range int64(5) {
		rows = append(rows, ints(from+i, i))
	}
	if _, err := loadRows(t, tx, sch, rows); err != nil {
		t.Fatal(err)
	}
	commit(t, tx)
}

// randomTxn does a few random writes over few keys, with savepoints and
// rollbacks, in several statements.
func randomTxn(t testing.TB, s *Store, rng *rand.Rand, schemas map[uint32]*Schema) {
	t.Helper()
	tx := begin(t, s, TxnOptions{Isolation: Isolation(rng.IntN(2)), Sync: rng.IntN(2) == 0})
	for range 1 + rng.IntN(6) {
		start(t, tx)
		sp := tx.Savepoint()
		var err error
		k := rng.Int64N(20)
		if rng.IntN(2) == 0 {
			err = randomWrite(tx, schemas[100], mustKey(t, schemas[100], k), ints(k, rng.Int64N(100)), rng)
		} else {
			row := abc(k, rng.IntN(30), fmt.Sprint(rng.IntN(3)))
			err = randomWrite(tx, schemas[101], mustKey(t, schemas[101], k), row, rng)
		}
		if err == nil && rng.IntN(4) == 0 {
			_, err = tx.Insert(bg, schemas[300], ints(rng.Int64N(100)))
		}
		if err != nil || rng.IntN(10) == 0 {
			if err := tx.RollbackTo(sp); err != nil {
				t.Fatal(err)
			}
		} else if err := tx.Release(sp); err != nil {
			t.Fatal(err)
		}
	}
	if rng.IntN(8) == 0 {
		tx.Rollback()
		return
	}
	commit(t, tx)
}

func randomWrite(tx *Txn, sch *Schema, key Key, row []types.Datum, rng *rand.Rand) error {
	l, err := tx.Lock(bg, sch, key, LockNoKeyUpdate, Wait)
	switch {
	case err != nil:
	case !l.Found:
		_, err = tx.Insert(bg, sch, row)
	case rng.IntN(3) == 0:
		_, err = tx.Delete(bg, sch, key)
	case rng.IntN(5) == 0:
		row[0] = types.NewInt64(rng.Int64N(20))
		_, err = tx.Update(bg, sch, key, row)
	default:
		_, err = tx.Update(bg, sch, key, row)
	}
	return err
}
