package colstore

import (
	"context"
	"slices"
	"testing"

	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/predicate"
)

// verifyMoving finds the least values of a random column with a filter that
// narrows after each batch, as a top-N does, and compares them with the model's. Null rows
// must all come if they are to be kept.
func verifyMoving(t testing.TB, m *model, snap *Snapshot, o *Overlay, batchSize int, what string) {
	t.Helper()
	const keep = 5
	c := m.rng.IntN(len(m.schema.Columns))
	moving := &predicate.Moving{KeepNulls: m.rng.IntN(2) == 0}
	var want, have []types.Datum
	wantNulls, haveNulls := 0, 0
	for _, r := range m.visible(snap.TS(), nil, o) {
		if r.vals[c].IsNull() {
			wantNulls++
		} else {
			want = append(want, r.vals[c])
		}
	}
	slices.SortFunc(want, vector.CompareDatum)
	want = want[:min(keep, len(want))]
	sc, err := snap.NewScan(ScanSpec{Columns: []int{c}, Overlay: o, BatchSize: batchSize})
	if err != nil {
		t.Fatal(err)
	}
	if err := sc.AddMoving(c, moving); err != nil {
		t.Fatal(err)
	}
	readers := []*Reader{sc.NewReader(), sc.NewReader()}
	for turn := 0; len(readers) > 0; turn++ {
		i := turn % len(readers)
		b, err := readers[i].Next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			readers[i].Close()
			readers = append(readers[:i], readers[i+1:]...)
			continue
		}
		for k := range b.Rows() {
			if d := b.Cols[0].Datum(b.Row(k)); d.IsNull() {
				haveNulls++
			} else {
				have = append(have, d)
			}
		}
		if slices.SortFunc(have, vector.CompareDatum); len(have) >= keep {
			have = have[:keep]
			moving.Narrow(moving.Load(), &predicate.Predicate{Kind: predicate.Compare, Op: vector.Le, Value: have[keep-1]})
		}
	}
	if !slices.EqualFunc(have, want, func(a, b types.Datum) bool { return vector.CompareDatum(a, b) == 0 }) {
		t.Fatalf("%s at %d: the least of column %d are %v, want %v", what, snap.TS(), c, have, want)
	}
	if moving.KeepNulls && haveNulls != wantNulls {
		t.Fatalf("%s at %d: %d null rows of column %d, want %d", what, snap.TS(), haveNulls, c, wantNulls)
	}
}

// A moving filter prunes the segments that it has passed, and rows of those that it has not.
func TestMovingPrunes(t *testing.T) {
	s, tab := pairTable(t, Options{SealRows: blockRows})
	defer s.Close()
	loadPairs(t, s, tab, 10, 1, 10*blockRows)
	snap := snapshot(t, tab, 10)
	defer snap.Close()
	moving := &predicate.Moving{}
	sc, err := snap.NewScan(ScanSpec{Columns: []int{0}})
	if err != nil {
		t.Fatal(err)
	}
	if err := sc.AddMoving(0, moving); err != nil {
		t.Fatal(err)
	}
	r := sc.NewReader()
	rows := 0
	for {
		b, err := r.Next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			break
		}
		rows += b.Rows()
		// What is in the first segment only, and half of it from now on.
		moving.Narrow(moving.Load(), &predicate.Predicate{Kind: predicate.Compare, Op: vector.Le, Value: types.NewInt32(blockRows / 2)})
	}
	r.Close()
	if rows != blockRows || sc.moving[0].pruned.Load() != 9 {
		t.Errorf("%d rows, %d segments pruned; want %d, 9", rows, sc.moving[0].pruned.Load(), blockRows)
	}
	if err := sc.AddMoving(0, moving); err == nil {
		t.Error("a filter was accepted after the scan began")
	}
}
