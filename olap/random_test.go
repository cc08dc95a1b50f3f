package olap

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// generator makes random plans.
type generator struct {
	t   testing.TB
	rng *rand.Rand
	h   *harness
}

func (g *generator) intn(n int) int { return g.rng.IntN(n) }

func (g *generator) scan(rows int) Node {
	cols := make([]types.Type, 2+g.intn(3))
	for i := range cols {
		cols[i] = testTypes[g.intn(len(testTypes))]
	}
	cols[0] = testTypes[g.intn(4)]
	m := randomTable(g.rng, cols, rows, 2+g.intn(14), g.h.shape)
	g.h.tables = append(g.h.tables, m)
	return &Scan{Source: m}
}

// plan returns a random plan of some depth over tables of up to rows rows.
func (g *generator) plan(depth, rows int) Node {
	if depth == 0 {
		return g.scan(g.intn(rows + 1))
	}
	switch g.intn(12) {
	case 0, 1:
		return g.filter(g.plan(depth-1, rows))
	case 2:
		return g.project(g.plan(depth-1, rows))
	case 3, 4:
		return g.aggregate(g.plan(depth-1, rows))
	case 5, 6, 7:
		return g.join(g.plan(depth-1, rows/2), g.plan(g.intn(depth), rows/2))
	case 8:
		in := g.plan(depth-1, rows)
		return &UnionAll{List: []Node{in, g.filter(in), g.project(in, true)}}
	case 9:
		in := g.plan(depth-1, rows)
		s := &SetOp{Left: in, Right: g.filter(in), All: g.intn(2) == 0}
		if g.intn(2) == 0 {
			s.Left, s.Right = g.filter(in), in
		}
		if g.intn(2) == 0 {
			s.Kind = Except
		}
		return s
	case 10:
		m := &Materialize{Input: g.plan(depth-1, rows/2)}
		return g.join(m, g.filter(m))
	}
	in := g.plan(depth-1, rows)
	count, offset := intLit(int64(g.intn(20))), intLit(int64(g.intn(5)))
	switch keys := g.totalOrder(in); g.intn(3) {
	case 0:
		return &Limit{Input: &Sort{Input: in, Keys: keys}, Count: count, Offset: offset}
	case 1:
		d := &DistinctOn{Input: in, OrderBy: keys}
		for _, k := range keys[:g.intn(len(keys))+1] {
			d.On = append(d.On, k.Expr)
		}
		return d
	default:
		return &TopN{Input: in, Keys: keys, Count: count, Offset: offset}
	}
}

func intLit(x int64) fn.Expr { return &fn.Literal{Value: types.NewInt64(x), Typ: types.TInt8} }

func (g *generator) filter(in Node) Node {
	return &Filter{Input: in, Pred: g.predicate(in.Types(), 0)}
}

// predicate compares two columns, or a column with a value.
func (g *generator) predicate(ts []types.Type, from int) fn.Expr {
	for range 20 {
		i, j := g.intn(len(ts)), from+g.intn(len(ts)-from)
		a := &fn.Column{Index: i, Typ: ts[i]}
		var b fn.Expr = &fn.Column{Index: j, Typ: ts[j]}
		if ts[i] != ts[j] || i == j {
			b = &fn.Literal{Value: randomDatum(g.rng, ts[i], 8), Typ: ts[i]}
		}
		op := []string{"=", "<>", "<", ">="}[g.intn(4)]
		if x, err := fn.NewCall(op, a, b); err == nil {
			return x
		}
	}
	return fn.BoolLiteral(true)
}

func (g *generator) project(in Node, all ...bool) Node {
	p := &Project{Input: in}
	for i, t := range in.Types() {
		if len(all) > 0 || g.intn(4) > 0 {
			p.Exprs = append(p.Exprs, col(in, i))
		}
		if len(all) == 0 && t == types.TInt4 {
			p.Exprs = append(p.Exprs, call(g.t, "+", col(in, i), &fn.Literal{Value: types.NewInt32(1), Typ: types.TInt4}))
		}
	}
	if len(p.Exprs) == 0 {
		p.Exprs = []fn.Expr{col(in, 0)}
	}
	return p
}

func (g *generator) totalOrder(in Node) []SortKey {
	var keys []SortKey
	for _, i := range g.rng.Perm(len(in.Types())) {
		keys = append(keys, SortKey{Expr: col(in, i), Desc: g.intn(2) == 0, NullsFirst: g.intn(2) == 0})
	}
	return keys
}

func (g *generator) aggregate(in Node) Node {
	a := &HashAggregate{Input: in}
	ts := in.Types()
	for range g.intn(4) {
		a.GroupBy = append(a.GroupBy, col(in, g.intn(len(ts))))
	}
	for range g.intn(4) {
		i := g.intn(len(ts))
		var s AggSpec
		switch {
		case g.intn(3) == 0:
			s = agg(g.t, "count")
		case ts[i] == types.TInt4 || ts[i] == types.TInt2:
			s = agg(g.t, "sum", col(in, i))
		case ts[i] == types.TText && g.intn(2) == 0:
			s = agg(g.t, "string_agg", col(in, i), &fn.Literal{Value: types.NewString(","), Typ: types.TText})
			s.OrderBy = []SortKey{{Expr: col(in, i), Desc: g.intn(2) == 0}}
		case ts[i].Kind == types.Interval || ts[i].Kind == types.Bool:
			s = agg(g.t, "count", col(in, i))
		default:
			s = agg(g.t, []string{"min", "max", "count"}[g.intn(3)], col(in, i))
		}
		s.Distinct = g.intn(3) == 0 && len(s.Args) > 0
		if g.intn(3) == 0 {
			s.Filter = g.predicate(ts, 0)
		}
		a.Aggs = append(a.Aggs, s)
	}
	if len(a.GroupBy) > 0 && g.intn(4) == 0 {
		a.GroupingSets = [][]int{allColumns(nil, len(a.GroupBy)), {0}, {}}
	}
	if len(a.GroupBy)+len(a.Aggs) == 0 {
		a.Aggs = append(a.Aggs, agg(g.t, "count"))
	}
	return a
}

func (g *generator) join(probe, build Node) Node {
	j := &HashJoin{Probe: probe, Build: build, Kind: JoinKind(g.intn(int(Cross)))}
	pt, bt := probe.Types(), build.Types()
	for i := range pt {
		for k := range bt {
			if pt[i] == bt[k] && len(j.ProbeKeys) < 2 && g.intn(2) == 0 {
				j.ProbeKeys = append(j.ProbeKeys, col(probe, i))
				j.BuildKeys = append(j.BuildKeys, col(build, k))
			}
		}
	}
	if len(j.ProbeKeys) > 0 {
		if g.intn(5) == 0 {
			j.NullSafe = make([]bool, len(j.ProbeKeys))
			j.NullSafe[g.intn(len(j.NullSafe))] = true
		} else if (j.Kind == Anti || j.Kind == Mark) && g.intn(2) == 0 {
			j.NullAware = make([]bool, len(j.ProbeKeys))
			j.NullAware[g.intn(len(j.NullAware))] = true
		}
	}
	if g.intn(3) == 0 || len(j.ProbeKeys) == 0 {
		j.Residual = g.predicate(append(append([]types.Type{}, pt...), bt...), len(pt))
	}
	if g.intn(2) == 0 {
		j.ProbeOut = g.rng.Perm(len(pt))[:1+g.intn(len(pt))]
	}
	if g.intn(2) == 0 {
		j.BuildOut = g.rng.Perm(len(bt))[:1+g.intn(len(bt))]
	}
	return j
}

// TestRandomPlans compares random plans of joins, aggregates, set operations
// and sorts over small random tables with the reference.
func TestRandomPlans(t *testing.T) {
	checkGoroutines(t)
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("OLAP_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	deadline := time.Now().Add(4 * time.Second)
	plans := 0
	for i := uint64(0); time.Now().Before(deadline); i++ {
		rng := rand.New(rand.NewPCG(seed, i))
		h := &harness{t: t, shape: &shape{}}
		g := &generator{t: t, rng: rng, h: h}
		root := g.plan(1+g.intn(3), 30)
		if g.intn(10) == 0 {
			root = g.plan(1, 300)
		}
		ordered := false
		if g.intn(3) == 0 {
			root, ordered = &Sort{Input: root, Keys: g.totalOrder(root)}, true
		}
		h.check("seed "+strconv.FormatUint(seed, 10)+" plan "+strconv.FormatUint(i, 10), root, ordered)
		plans++
	}
	t.Logf("seed %d: %d plans", seed, plans)
}

// TestAggregateShapes groups larger tables by keys of few values, which the
// array of known groups serves: dictionaries that change, integers whose range
// moves, booleans, constants, nulls.
func TestAggregateShapes(t *testing.T) {
	checkGoroutines(t)
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 2))
		h := newHarness(t)
		keys := []types.Type{types.TBool, types.TInt2, types.TInt4, types.TDate, types.TText, types.TInt8}
		var cols []types.Type
		for range 1 + rng.IntN(3) {
			cols = append(cols, keys[rng.IntN(len(keys))])
		}
		cols = append(cols, types.TInt4)
		m := randomTable(rng, cols, 3000, 2+rng.IntN(20), h.shape)
		for i, r := range m.rows {
			if cols[0] == types.TInt4 && !r[0].IsNull() { // the range moves
				r[0] = types.NewInt32(int32(r[0].Int()) + int32(i/700*rng.IntN(3)*100))
			}
			if i > 2000 && i < 2700 { // a constant stretch
				r[0] = m.rows[2000][0]
			}
		}
		h.tables = append(h.tables, m)
		scan := &Scan{Source: m}
		filtered := agg(t, "count")
		filtered.Filter = call(t, ">", col(scan, len(cols)-1), int4(3))
		a := &HashAggregate{Input: scan, Aggs: []AggSpec{agg(t, "count"), agg(t, "sum", col(scan, len(cols)-1)), filtered}}
		for i := range len(cols) - 1 {
			a.GroupBy = append(a.GroupBy, col(scan, i))
		}
		want := keysOf((&reference{t: t}).aggregate(a, m.rows, cols), false)
		for _, c := range []config{
			{2048, 1, shape{batch: 2048}}, {2048, 1, shape{batch: 700, dict: true, constant: true}},
			{500, 3, shape{batch: 500, dict: true, sel: true}}, {300, 1, shape{batch: 300, constant: true}},
		} {
			*h.shape = c.shape
			ex := c.exec()
			if d := difference(keysOf(mustRun(t, a, ex), false), want); d != "" {
				t.Fatalf("seed %d, %s: %s\n%s", seed, c, d, describe(a))
			}
			h.clean("shapes", c, ex)
		}
	}
}

// TestSortBySample checks the distribution that skewed keys take.
func TestSortBySample(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	cols := []types.Type{types.TInt8, types.TText}
	r := newRun(t.Context(), &Exec{})
	buf := newRowBuffer(cols, r.newTrack(&Sort{}))
	b := vector.NewBatch(cols, 2000)
	const n = 5 * sortChunk
	for buf.rows < n {
		b.Resize(2000)
		for i := range b.Len {
			b.Cols[0].I64[i] = int64(rng.IntN(3)) << 60 >> rng.IntN(40)
			b.Cols[1].Set(i, randomDatum(rng, types.TText, 30))
		}
		if err := buf.append(b.Cols, nil, b.Len); err != nil {
			t.Fatal(err)
		}
	}
	keys := []SortKey{{Desc: true}, {NullsFirst: true}}
	plan, err := newSortPlan(r.parallel, buf, []int{0, 1}, keys)
	if err != nil {
		t.Fatal(err)
	}
	s := &sorter{parallel: r.parallel, n: buf.rows, plan: plan,
		entries: make([]sortEntry, buf.rows), scratch: make([]sortEntry, buf.rows), order: make([]int32, buf.rows)}
	s.plan.prefixes(s.entries, 0)
	starts, err := s.distributeBySample((buf.rows + sortChunk - 1) / sortChunk)
	if err != nil {
		t.Fatal(err)
	}
	largest := 0
	for k := range len(starts) - 1 {
		s.sortBucket(s.scratch[starts[k]:starts[k+1]], s.entries[starts[k]:starts[k+1]], s.order[starts[k]:starts[k+1]])
		largest = max(largest, starts[k+1]-starts[k])
	}
	if largest > 3*sortChunk {
		t.Errorf("a bucket of %d rows", largest)
	}
	seen := make([]bool, buf.rows)
	for k, row := range s.order {
		if seen[row] {
			t.Fatalf("row %d twice", row)
		}
		seen[row] = true
		if k == 0 {
			continue
		}
		prev := int(s.order[k-1])
		c := buf.cols[0].compareNulls(prev, int(row), keys[0])
		if c == 0 {
			c = buf.cols[1].compareNulls(prev, int(row), keys[1])
		}
		if c > 0 || c == 0 && prev > int(row) {
			t.Fatalf("rows %d and %d are out of order", prev, row)
		}
	}
}
