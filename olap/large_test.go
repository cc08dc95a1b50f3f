package olap

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// largeConfigs are the ways to run tests whose data is large enough for
// partitions, buckets and several slices.
func largeConfigs() []config {
	return []config{
		{2048, 1, shape{batch: 2048}},
		{2048, 3, shape{batch: 2048, dict: true, filters: true}},
		{1000, 3, shape{batch: 1000, sel: true}},
	}
}

// each runs f in the large configurations and checks that nothing is left.
func (h *harness) each(f func(t *testing.T, ex *Exec)) {
	for _, c := range largeConfigs() {
		h.t.(*testing.T).Run(c.String(), func(t *testing.T) {
			*h.shape = c.shape
			ex := c.exec()
			f(t, ex)
			h.clean(t.Name(), c, ex)
		})
	}
}

func (h *harness) table(cols []types.Type, n int, row func(i int) row) *Scan {
	m := randomTable(rand.New(rand.NewPCG(1, 2)), cols, 0, 1, h.shape)
	for i := range n {
		m.rows = append(m.rows, row(i))
	}
	h.tables = append(h.tables, m)
	return &Scan{Source: m}
}

func newHarness(t testing.TB) *harness { return &harness{t: t, shape: &shape{batch: 2048}} }

func textOf(i int) types.Datum { return types.NewString(fmt.Sprintf("value %d", i)) }

func mustRun(t testing.TB, root Node, ex *Exec) []row {
	t.Helper()
	rows, err := result(root, ex)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestLargeSums has many groups whose sums fit, but not all of them together: no
// step of the merge may add up what belongs to different groups.
func TestLargeSums(t *testing.T) {
	checkGoroutines(t)
	h := newHarness(t)
	const n, groups = 80_000, 40_000
	big := types.Int128{Hi: 1 << 50} // 2¹¹⁴; the largest sum of 38 digits is below 2¹²⁷
	scan := h.table([]types.Type{types.TInt8, types.TNumeric(38, 0)}, n, func(i int) row {
		return row{types.NewInt64(int64(i*7919%groups) * 1_000_003), types.NewInt128(big)}
	})
	plan := &HashAggregate{Input: scan, GroupBy: []fn.Expr{col(scan, 0)}, Aggs: []AggSpec{agg(t, "sum", col(scan, 1))}}
	want := types.NewInt128(types.Int128{Hi: big.Hi * (n / groups)})
	h.each(func(t *testing.T, ex *Exec) {
		rows := mustRun(t, plan, ex)
		if len(rows) != groups {
			t.Fatalf("%d groups, want %d", len(rows), groups)
		}
		for _, r := range rows {
			if r[1] != want {
				t.Fatalf("group %v: %v, want %v", r[0], r[1].Int128(), want.Int128())
			}
		}
	})
}

// TestLargeAggregate has more groups than partitionGroups, so that the workers
// partition them, and DISTINCT and filtered calls beside plain ones.
func TestLargeAggregate(t *testing.T) {
	checkGoroutines(t)
	h := newHarness(t)
	const n, groups = 80_000, 30_000
	scan := h.table([]types.Type{types.TInt8, types.TText, types.TInt4}, n, func(i int) row {
		k := i * 7919 % groups
		return row{types.NewInt64(int64(k) * 1_000_003), textOf(k % 300), types.NewInt32(int32(i % 5))}
	})
	distinct := agg(t, "count", col(scan, 2))
	distinct.Distinct = true
	filtered := agg(t, "count")
	filtered.Filter = call(t, "=", col(scan, 2), &fn.Literal{Value: types.NewInt32(3), Typ: types.TInt4})
	plan := &HashAggregate{
		Input: scan, GroupBy: []fn.Expr{col(scan, 0), col(scan, 1)},
		Aggs: []AggSpec{agg(t, "sum", col(scan, 2)), distinct, filtered, agg(t, "max", col(scan, 1))},
	}
	type state struct {
		sum, filtered int64
		seen          map[int]bool
	}
	want := map[int]*state{}
	for i := range n {
		k := i * 7919 % groups
		s := want[k]
		if s == nil {
			s = &state{seen: map[int]bool{}}
			want[k] = s
		}
		s.sum += int64(i % 5)
		s.seen[i%5] = true
		if i%5 == 3 {
			s.filtered++
		}
	}
	h.each(func(t *testing.T, ex *Exec) {
		rows := mustRun(t, plan, ex)
		if len(rows) != len(want) {
			t.Fatalf("%d groups, want %d", len(rows), len(want))
		}
		for _, r := range rows {
			k := int(r[0].Int() / 1_000_003)
			s := want[k]
			if s == nil || r[1] != textOf(k%300) || r[2].Int() != s.sum || int(r[3].Int()) != len(s.seen) ||
				r[4].Int() != s.filtered || r[5] != r[1] {
				t.Fatalf("group %d: %v, want %+v", k, r, s)
			}
			delete(want, k)
			defer func() { want[k] = s }()
		}
	})
}

// TestLargeSort is sorted in buckets, by keys that fit the prefix and keys that do not.
func TestLargeSort(t *testing.T) {
	checkGoroutines(t)
	h := newHarness(t)
	rng := rand.New(rand.NewPCG(7, 7))
	cols := []types.Type{types.TInt8, types.TText, types.TFloat8, types.TInt4, types.TNumeric(30, 2)}
	scan := h.table(cols, 36_000, func(i int) row {
		r := row{types.NewInt64(rng.Int64())}
		for _, t := range cols[1:] {
			r = append(r, randomDatum(rng, t, 50))
		}
		if i%11 == 0 {
			r[0] = types.NullDatum
		}
		return r
	})
	ref := &reference{t: t}
	for _, order := range [][]SortKey{
		{{Expr: col(scan, 0)}, {Expr: col(scan, 1)}, {Expr: col(scan, 2)}, {Expr: col(scan, 3)}, {Expr: col(scan, 4)}},
		{{Expr: col(scan, 3), Desc: true}, {Expr: col(scan, 2), NullsFirst: true}, {Expr: col(scan, 1), Desc: true, NullsFirst: true}, {Expr: col(scan, 4)}, {Expr: col(scan, 0), Desc: true}},
		{{Expr: col(scan, 4)}, {Expr: col(scan, 1)}, {Expr: col(scan, 0), NullsFirst: true}, {Expr: col(scan, 2)}, {Expr: col(scan, 3)}},
	} {
		want, _ := ref.run(&Sort{Input: scan, Keys: order})
		wantKeys := keysOf(want, true)
		h.each(func(t *testing.T, ex *Exec) {
			if d := difference(keysOf(mustRun(t, &Sort{Input: scan, Keys: order}, ex), true), wantKeys); d != "" {
				t.Fatal(d)
			}
		})
		h.each(func(t *testing.T, ex *Exec) {
			top := &TopN{Input: scan, Keys: order, Count: intLit(500), Offset: intLit(20)}
			if d := difference(keysOf(mustRun(t, top, ex), true), wantKeys[20:520]); d != "" {
				t.Fatal(d)
			}
		})
	}
}

// TestLargeJoin builds partitioned directories over integers dense and sparse,
// and over text, for all kinds.
func TestLargeJoin(t *testing.T) {
	checkGoroutines(t)
	h := newHarness(t)
	const nBuild, nProbe, distinct = 34_000, 20_000, 33_000
	keyed := func(i int) row {
		return row{types.NewInt64(int64(i)), types.NewInt64(int64(i) * 1_000_003), textOf(i), types.NewInt64(int64(i))}
	}
	cols := []types.Type{types.TInt8, types.TInt8, types.TText, types.TInt8}
	build := h.table(cols, nBuild, func(i int) row { return keyed(i % distinct) })
	probe := h.table(cols, nProbe, func(i int) row { return keyed(i * 3) })
	for key := range 3 {
		for _, kind := range []JoinKind{Inner, Left, Right, Full, Semi, Anti, BuildSemi, BuildAnti} {
			if key == 2 && kind != Inner && kind != Full {
				continue
			}
			j := &HashJoin{
				Probe: probe, Build: build, Kind: kind, ProbeKeys: []fn.Expr{col(probe, key)}, BuildKeys: []fn.Expr{col(build, key)},
				ProbeOut: []int{3}, BuildOut: []int{3},
			}
			var want []int64
			add := func(x int) { want = append(want, int64(x)) }
			per := func(k int) int { // how many build rows have key k
				switch {
				case k >= distinct:
					return 0
				case k < nBuild-distinct:
					return 2
				}
				return 1
			}
			for i := range nProbe {
				n := per(i * 3)
				switch kind {
				case Inner, Right, Full, Left:
					for range n {
						add(i * 3)
					}
					if n == 0 && (kind == Left || kind == Full) {
						add(-i * 3)
					}
				case Semi, Anti:
					if n > 0 == (kind == Semi) {
						add(i * 3)
					}
				}
			}
			for i := range nBuild {
				hit := i%distinct%3 == 0
				if !hit && (kind == Right || kind == Full) {
					add(1_000_000 + i%distinct)
				}
				if kind == BuildSemi && hit || kind == BuildAnti && !hit {
					add(i % distinct)
				}
			}
			slices.Sort(want)
			h.each(func(t *testing.T, ex *Exec) {
				var got []int64
				for _, r := range mustRun(t, j, ex) {
					switch {
					case len(r) == 1:
						got = append(got, r[0].Int())
					case r[1].IsNull():
						got = append(got, -r[0].Int())
					case r[0].IsNull():
						got = append(got, 1_000_000+r[1].Int())
					case r[0].Int() != r[1].Int():
						t.Fatalf("%s on column %d: pair %v", kind, key, r)
					default:
						got = append(got, r[0].Int())
					}
				}
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Fatalf("%s on column %d: %d rows, want %d", kind, key, len(got), len(want))
				}
			})
		}
	}
}
