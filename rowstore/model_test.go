package rowstore

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"htapdb/internal/vfs"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// model is what the store should hold: the rows of indexedSchema by key, as
// printed, for one timestamp.
type model map[int64][]types.Datum

// scanModel prints the rows in primary key order, or in order of index 2 (c, b, a).
func (m model) scan(index uint32, keep func([]types.Datum) bool) (out []string) {
	keys := slices.Collect(maps.Keys(m))
	slices.SortFunc(keys, func(a, b int64) int {
		x, y := m[a], m[b]
		if index == 2 {
			if c := compareNullable(x[2], y[2], func(d types.Datum) string { return d.Str() }); c != 0 {
				return c
			}
			if c := compareNullable(x[1], y[1], func(d types.Datum) string { return fmt.Sprintf("%06d", d.Int()) }); c != 0 {
				return c
			}
		}
		return int(a - b)
	})
	for _, k := range keys {
		if keep(m[k]) {
			out = append(out, formatDatums(m[k]))
		}
	}
	return out
}

func compareNullable(a, b types.Datum, key func(types.Datum) string) int {
	switch {
	case a.IsNull() && b.IsNull():
		return 0
	case a.IsNull():
		return 1
	case b.IsNull():
		return -1
	case key(a) < key(b):
		return -1
	case key(a) > key(b):
		return 1
	}
	return 0
}

var printSchema *Schema

func formatDatums(row []types.Datum) string { return formatRow(printSchema, row) }

// reader is what Snapshot and Txn have in common.
type reader interface {
	Get(*Schema, Key) (Row, bool, error)
	Scan(*Schema, Span, ScanOptions) *Iterator
	ScanIndex(*Schema, uint32, Span, ScanOptions) *Iterator
}

// compare checks every way of reading against the model.
func (m model) compare(t *testing.T, what string, r reader, sch *Schema, rng *rand.Rand) {
	t.Helper()
	check := func(how string, got, want []string, reverse bool) {
		t.Helper()
		if reverse {
			slices.Reverse(want)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s, %s:\ngot  %v\nwant %v", what, how, got, want)
		}
	}
	everything := func([]types.Datum) bool { return true }
	reverse := rng.IntN(2) == 0
	check("scan", dump(t, r.Scan(sch, Span{}, ScanOptions{Reverse: reverse})), m.scan(0, everything), reverse)
	check("index", dump(t, r.ScanIndex(sch, 2, Span{}, ScanOptions{Reverse: reverse})), m.scan(2, everything), reverse)
	lo, hi := rng.Int64N(30), rng.Int64N(30)
	sp := must(sch.KeySpan(0, nil, &Bound{types.NewInt64(lo), true}, &Bound{types.NewInt64(hi), false}))
	check("range", dump(t, r.Scan(sch, sp, ScanOptions{Reverse: reverse})),
		m.scan(0, func(row []types.Datum) bool { return row[0].Int() >= lo && row[0].Int() < hi }), reverse)
	c := fmt.Sprint(rng.IntN(4))
	sp = must(sch.KeySpan(2, []types.Datum{types.NewString(c)}, &Bound{types.NewInt64(lo), false}, nil))
	check("index range", dump(t, r.ScanIndex(sch, 2, sp, ScanOptions{Reverse: reverse})),
		m.scan(2, func(row []types.Datum) bool {
			return !row[2].IsNull() && row[2].Str() == c && !row[1].IsNull() && row[1].Int() > lo
		}), reverse)
	k := rng.Int64N(30)
	row, found, err := r.Get(sch, mustKey(t, sch, k))
	if err != nil {
		t.Fatal(err)
	}
	if want, ok := m[k]; found != ok || found && formatDatums(row.Datums()) != formatDatums(want) {
		t.Fatalf("%s, get %d: found %v, want %v", what, k, found, ok)
	}
}

// conflict reports which key a row's unique value b is taken by.
func (m model) taken(row []types.Datum, except int64) bool {
	for k, other := range m {
		if k != except && !row[1].IsNull() && !other[1].IsNull() && other[1].Int() == row[1].Int() {
			return true
		}
	}
	return false
}

// TestModel runs random transactions one after another, with savepoints, loads
// and restarts, while the collector removes garbage below a moving floor, and
// compares transactions and snapshots, old ones included, with a map.
func TestModel(t *testing.T) {
	seed := rand.Uint64()
	t.Log("seed", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	sch := indexedSchema(t, 100)
	printSchema = sch
	fs := vfs.NewMem()
	opts := Options{FS: fs, MemTableBytes: 1 << 20}
	s := openTest(t, "db", opts)
	defer func() { s.Close() }()
	current := model{}
	type held struct {
		sn *Snapshot
		m  model
	}
	var snaps []held
	deadline := time.Now().Add(3 * time.Second)
	rounds := 0
	for ; time.Now().Before(deadline); rounds++ {
		switch rng.IntN(60) {
		case 0:
			for _, h := range snaps {
				h.sn.Close()
			}
			snaps = nil
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = openTest(t, "db", opts)
		case 1:
			if err := s.db.Flush(); err != nil {
				t.Fatal(err)
			}
		case 2:
			current = modelLoad(t, s, sch, rng, current)
		case 3, 4, 5, 6:
			snaps = append(snaps, held{s.Snapshot(), maps.Clone(current)})
		case 7, 8:
			s.SetGCFloor(s.Visible())
		case 9, 10, 11:
			if len(snaps) > 0 {
				i := rng.IntN(len(snaps))
				snaps[i].m.compare(t, "closed snapshot", snaps[i].sn, sch, rng)
				snaps[i].sn.Close()
				snaps = slices.Delete(snaps, i, i+1)
			}
		default:
			current = modelTxn(t, s, sch, rng, current)
		}
		if len(snaps) > 0 {
			h := snaps[rng.IntN(len(snaps))]
			h.m.compare(t, "snapshot", h.sn, sch, rng)
		}
		sn := s.Snapshot()
		current.compare(t, "now", sn, sch, rng)
		sn.Close()
	}
	for _, h := range snaps {
		h.m.compare(t, "last", h.sn, sch, rng)
		h.sn.Close()
	}
	s.SetGCFloor(s.Visible())
	waitCollected(t, s, sch, len(current))
	t.Logf("%d rounds, %d collected", rounds, s.Metrics().Collected)
}

// waitCollected waits until the store holds nothing but the live versions of
// live rows and their index entries.
func waitCollected(t *testing.T, s *Store, sch *Schema, rows int) {
	t.Helper()
	want := rows * (1 + len(sch.Def().Indexes))
	n := 0
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		n = 0
		it, err := s.newIter(nil)
		if err != nil {
			t.Fatal(err)
		}
		for ok := it.SeekGE([]byte{1}); ok; ok = it.Next() {
			n++
		}
		if err := it.Close(); err != nil {
			t.Fatal(err)
		}
		if n == want {
			return
		}
	}
	t.Errorf("%d versions left, want %d", n, want)
}

func modelLoad(t *testing.T, s *Store, sch *Schema, rng *rand.Rand, m model) model {
	t.Helper()
	next := maps.Clone(m)
	var rows [][]types.Datum
	ok := true
	for range 1 + rng.IntN(4) {
		row := randomABC(rng, rng.Int64N(30))
		if _, exists := next[row[0].Int()]; exists || next.taken(row, -1) {
			ok = false
		}
		rows = append(rows, row)
		next[row[0].Int()] = row
	}
	tx := begin(t, s, TxnOptions{})
	sp := tx.Savepoint()
	_, err := loadRows(t, tx, sch, rows)
	if ok != (err == nil) {
		t.Fatalf("load of %v into %v: %v", rows, m, err)
	}
	if err != nil || rng.IntN(3) == 0 {
		if err := tx.RollbackTo(sp); err != nil {
			t.Fatal(err)
		}
		next = m
	}
	start(t, tx)
	next.compare(t, "loading", tx, sch, rng)
	if rng.IntN(3) == 0 {
		tx.Rollback()
		return m
	}
	commit(t, tx)
	return next
}

func randomABC(rng *rand.Rand, k int64) []types.Datum {
	row := abc(k, nil, nil)
	if rng.IntN(4) > 0 {
		row[1] = types.NewInt64(rng.Int64N(40))
	}
	if rng.IntN(4) > 0 {
		row[2] = types.NewString(fmt.Sprint(rng.IntN(4)))
	}
	return row
}

// modelTxn runs one transaction against store and model and returns the model
// after it.
func modelTxn(t *testing.T, s *Store, sch *Schema, rng *rand.Rand, before model) model {
	t.Helper()
	tx := begin(t, s, TxnOptions{Isolation: Isolation(rng.IntN(2)), Sync: rng.IntN(4) == 0})
	m := maps.Clone(before)
	type point struct {
		sp Savepoint
		m  model
	}
	var points []point
	for range rng.IntN(8) {
		start(t, tx)
		m.compare(t, "transaction", tx, sch, rng)
		switch rng.IntN(12) {
		case 0:
			points = append(points, point{tx.Savepoint(), maps.Clone(m)})
			continue
		case 1:
			if n := len(points); n > 0 {
				i := rng.IntN(n)
				if err := tx.RollbackTo(points[i].sp); err != nil {
					t.Fatal(err)
				}
				m, points = maps.Clone(points[i].m), points[:i+1]
			}
			continue
		case 2:
			if n := len(points); n > 0 {
				i := rng.IntN(n)
				if err := tx.Release(points[i].sp); err != nil {
					t.Fatal(err)
				}
				points = points[:i]
			}
			continue
		}
		modelWrite(t, tx, sch, rng, m)
	}
	if rng.IntN(6) == 0 {
		tx.Rollback()
		return before
	}
	commit(t, tx)
	return m
}

// modelWrite does one write; an error must be the one that the model predicts,
// and undoes the write by a savepoint.
func modelWrite(t *testing.T, tx *Txn, sch *Schema, rng *rand.Rand, m model) {
	t.Helper()
	k := rng.Int64N(30)
	key := mustKey(t, sch, k)
	row := randomABC(rng, k)
	_, exists := m[k]
	sp := tx.Savepoint()
	var err error
	var dup bool
	switch {
	case !exists:
		dup = m.taken(row, -1)
		if rng.IntN(2) == 0 {
			var c *Conflict
			_, c, err = tx.InsertOrGet(bg, sch, row)
			if dup != (c != nil) || err != nil {
				t.Fatal("conflict", c, err)
			}
			if c != nil {
				if c.Row.Int64(1) != row[1].Int() || c.Index != 1 {
					t.Fatal("conflict with", c.Row.Datums())
				}
				return
			}
		} else {
			_, err = tx.Insert(bg, sch, row)
		}
	case rng.IntN(3) == 0:
		if _, err := tx.Delete(bg, sch, key); err != nil {
			t.Fatal(err)
		}
		delete(m, k)
		return
	default:
		if rng.IntN(4) == 0 {
			row[0] = types.NewInt64(rng.Int64N(30))
		}
		to := row[0].Int()
		_, occupied := m[to]
		dup = occupied && to != k || m.taken(row, k)
		_, err = tx.Update(bg, sch, key, row)
	}
	if dup {
		if !sqlstate.Is(err, sqlstate.UniqueViolation) {
			t.Fatalf("duplicate %v accepted: %v", formatDatums(row), err)
		}
		if err := tx.RollbackTo(sp); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if rng.IntN(2) == 0 {
		if err := tx.Release(sp); err != nil {
			t.Fatal(err)
		}
	}
	delete(m, k)
	m[row[0].Int()] = row
}
