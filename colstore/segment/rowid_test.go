package segment

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"htapdb/internal/vfs"
)

// RowIDs, timestamps and predecessors read back in every form, rows are found by
// ID, and SelectBegun selects by timestamp.
func TestSystemColumns(t *testing.T) {
	r := newRand(t)
	const n = 3000
	dense := Input{Rows: n, FirstRowID: 1 << 50, MinTs: 77, MaxTs: 77}
	gaps, far, shuffled := Input{Rows: n}, Input{Rows: n}, Input{Rows: n}
	for i := range uint64(n) {
		gaps.RowIDs = append(gaps.RowIDs, 10+3*i)
		gaps.Begin = append(gaps.Begin, 1<<63+uint64(r.IntN(1000)))
		gaps.Prev = append(gaps.Prev, uint64(r.IntN(2))*i)
		far.RowIDs = append(far.RowIDs, i<<45+uint64(r.IntN(1000)))
		far.Begin = append(far.Begin, r.Uint64())
		shuffled.RowIDs = append(shuffled.RowIDs, 5+i)
		shuffled.Begin = append(shuffled.Begin, 9)
	}
	r.Shuffle(n, func(i, j int) {
		shuffled.RowIDs[i], shuffled.RowIDs[j] = shuffled.RowIDs[j], shuffled.RowIDs[i]
	})
	for name, in := range map[string]Input{"dense": dense, "gaps": gaps, "far": far, "shuffled": shuffled} {
		t.Run(name, func(t *testing.T) { checkSystem(t, r, in) })
	}
}

func checkSystem(t *testing.T, r *rand.Rand, in Input) {
	seg := build(t, vfs.NewMem(), in)
	ids, begins, prevs := slices.Clone(in.RowIDs), slices.Clone(in.Begin), slices.Clone(in.Prev)
	if ids == nil {
		for i := range uint64(in.Rows) {
			ids = append(ids, in.FirstRowID+i)
		}
	}
	if begins == nil {
		begins = slices.Repeat([]uint64{in.MinTs}, in.Rows)
	}
	if prevs == nil {
		prevs = make([]uint64, in.Rows)
	}
	for range 20 {
		from := r.IntN(in.Rows)
		got := make([]uint64, r.IntN(in.Rows-from+1))
		for _, c := range []struct {
			name string
			read func(int, []uint64) error
			want []uint64
		}{{"rowIDs", seg.RowIDs, ids}, {"begin", seg.Begins, begins}, {"prev", seg.Prevs, prevs}} {
			if err := c.read(from, got); err != nil || !slices.Equal(got, c.want[from:from+len(got)]) {
				t.Fatalf("%s from %d: %v, or other values", c.name, from, err)
			}
		}
		checkFind(t, seg, ids, r.IntN(in.Rows))
	}
	least, most, ok := seg.RowIDBounds()
	if !ok || least != slices.Min(ids) || most != slices.Max(ids) {
		t.Errorf("bounds %d, %d, want %d, %d", least, most, slices.Min(ids), slices.Max(ids))
	}
}

func checkFind(t *testing.T, seg *Segment, ids []uint64, row int) {
	t.Helper()
	for _, id := range []uint64{ids[row], ids[row] + 1, ids[row] - 1, 0, ^uint64(0)} {
		want := slices.Index(ids, id)
		got, ok, err := seg.FindRowID(id)
		if err != nil || ok != (want >= 0) || ok && got != want {
			t.Fatalf("FindRowID(%d): row %d, %v, %v; want row %d", id, got, ok, err, want)
		}
	}
}

// The last reference unmaps; a reference is not to be had afterwards.
func TestReferences(t *testing.T) {
	fs := vfs.NewMem()
	if _, err := Write(fs, "r.seg", Input{Rows: 0}); err != nil {
		t.Fatal(err)
	}
	s, err := Open(fs, "r.seg")
	if err != nil {
		t.Fatal(err)
	}
	s.Retain()
	s.Release()
	if s.mapping.Data == nil {
		t.Fatal("closed by the first release")
	}
	s.Release()
	if s.mapping.Data != nil {
		t.Fatal("not closed by the last release")
	}
}

// Goroutines that touch, filter and read a fresh segment at once see the same
// values and one dictionary.
func TestConcurrentFirstTouch(t *testing.T) {
	r := newRand(t)
	in := sampleInput(r, 400)
	fs := vfs.NewMem()
	for range 5 {
		seg := build(t, fs, in)
		want := build(t, fs, in)
		var wg sync.WaitGroup
		ids := make([]uint64, 8)
		for g := range ids {
			wg.Add(1)
			go func() {
				defer wg.Done()
				got, err := readAll(seg)
				if expected, err2 := readAll(want); err != nil || err2 != nil || got != expected {
					t.Errorf("read something else: %v, %v", err, err2)
				}
				for i := range seg.NumColumns() {
					_, id, ok, err := seg.Column(i).Codes()
					if err != nil {
						t.Error(err)
					}
					if ok {
						ids[g] = ids[g]*31 + id
					}
				}
			}()
		}
		wg.Wait()
		for g := range ids {
			if ids[g] != ids[0] {
				t.Fatal("goroutines saw different dictionaries")
			}
		}
	}
}
