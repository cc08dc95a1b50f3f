package olap

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"htapdb/internal/memory"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
	"htapdb/vector/predicate"
)

// endless is a Source whose readers count up for ever.
type endless struct {
	closed  atomic.Int64
	batches atomic.Int64
	delay   time.Duration
	panicAt int64
	errAt   int64
	err     error
}

func (e *endless) Types() []types.Type                          { return []types.Type{types.TInt8} }
func (e *endless) EstimatedRows() float64                       { return 1e9 }
func (e *endless) Open(context.Context, *Exec) (Scanner, error) { return endlessScanner{e}, nil }

type endlessScanner struct{ e *endless }

func (s endlessScanner) NewReader() (Reader, error) {
	return &endlessReader{e: s.e, b: vector.NewBatch(s.e.Types(), 100)}, nil
}
func (s endlessScanner) Close() { s.e.closed.Add(1) }

type endlessReader struct {
	e *endless
	b *vector.Batch
}

func (r *endlessReader) Close() {}

func (r *endlessReader) Next(context.Context) (*vector.Batch, error) {
	n := r.e.batches.Add(1)
	if r.e.delay > 0 {
		time.Sleep(r.e.delay)
	}
	switch n {
	case r.e.panicAt:
		panic("the source broke")
	case r.e.errAt:
		return nil, r.e.err
	}
	r.b.Resize(100)
	for i := range r.b.Cols[0].I64 {
		r.b.Cols[0].I64[i] = n*100 + int64(i)
	}
	return r.b, nil
}

func countAll(t testing.TB, in Node) Node {
	return &HashAggregate{Input: in, Aggs: []AggSpec{agg(t, "count")}}
}

func TestPanicEndsOnlyTheQuery(t *testing.T) {
	checkGoroutines(t)
	for _, workers := range []int{1, 3} {
		for _, streaming := range []bool{false, true} {
			src := &endless{panicAt: 50}
			var root Node = &Scan{Source: src}
			if !streaming {
				root = countAll(t, root)
			}
			ex := &Exec{Workers: workers, Pool: testPool(), Memory: memory.NewRoot(0)}
			err := Run(context.Background(), root, ex, func(*vector.Batch) error { return nil })
			var e *sqlstate.Error
			if !errors.As(err, &e) || e.Code != sqlstate.InternalError || e.Panic == nil || e.Panic.Value != "the source broke" ||
				!strings.Contains(e.Panic.Stack, "endlessReader") || strings.Contains(e.Message+e.Detail+e.Hint, "the source broke") {
				t.Fatalf("workers %d: error %v", workers, err)
			}
			if src.closed.Load() != 1 || ex.Memory.Used() != 0 {
				t.Fatalf("closed %d times, %d bytes left", src.closed.Load(), ex.Memory.Used())
			}
		}
	}
	// A panic in emit, too.
	for _, workers := range []int{1, 3} {
		ex := &Exec{Workers: workers, Pool: testPool()}
		err := Run(context.Background(), &Scan{Source: &endless{}}, ex, func(*vector.Batch) error { panic("emit") })
		if !sqlstate.Is(err, sqlstate.InternalError) {
			t.Fatalf("error %v", err)
		}
	}
}

func TestSourceError(t *testing.T) {
	checkGoroutines(t)
	boom := sqlstate.New(sqlstate.DataCorrupted, "bad page")
	for _, workers := range []int{1, 3} {
		src := &endless{errAt: 30, err: boom}
		ex := &Exec{Workers: workers, Pool: testPool()}
		err := Run(context.Background(), &Sort{Input: &Scan{Source: src}, Keys: []SortKey{{Expr: col(&Scan{Source: src}, 0)}}}, ex,
			func(*vector.Batch) error { return nil })
		if !errors.Is(err, boom) || src.closed.Load() != 1 {
			t.Fatalf("error %v, closed %d", err, src.closed.Load())
		}
	}
}

func TestCancelIsPrompt(t *testing.T) {
	checkGoroutines(t)
	scan := &Scan{Source: &endless{}}
	cross := &HashJoin{Kind: Cross, Probe: scan, Build: &GenerateSeries{Start: intLit(1), Stop: intLit(100_000)}}
	plans := map[string]Node{
		"aggregate": countAll(t, scan),
		"cross":     countAll(t, cross),
		"stream":    &Filter{Input: scan, Pred: call(t, "<", col(scan, 0), intLit(0))},
		"sort":      &Sort{Input: &Filter{Input: scan, Pred: call(t, "<", col(scan, 0), intLit(100))}, Keys: []SortKey{{Expr: col(scan, 0)}}},
	}
	for name, plan := range plans {
		for _, workers := range []int{1, 3} {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
			start := time.Now()
			err := Run(ctx, plan, &Exec{Workers: workers, Pool: testPool()}, func(*vector.Batch) error { return nil })
			cancel()
			if !sqlstate.Is(err, sqlstate.QueryCanceled) || !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("%s: error %v", name, err)
			}
			if d := time.Since(start); d > 2*time.Second {
				t.Fatalf("%s: cancelled after %v", name, d)
			}
		}
	}
	var stop atomic.Bool
	time.AfterFunc(5*time.Millisecond, func() { stop.Store(true) })
	if err := Run(context.Background(), plans["aggregate"], &Exec{Workers: 2, Pool: testPool(), Interrupt: stop.Load},
		func(*vector.Batch) error { return nil }); !sqlstate.Is(err, sqlstate.QueryCanceled) {
		t.Fatalf("interrupt: %v", err)
	}
}

// TestLimitStopsTheScan reads no more of an endless source than it must.
func TestLimitStopsTheScan(t *testing.T) {
	checkGoroutines(t)
	for _, workers := range []int{1, 3} {
		src := &endless{}
		scan := &Scan{Source: src}
		var plan Node = &Limit{Input: &UnionAll{List: []Node{scan, scan}}, Count: intLit(1000), Offset: intLit(50)}
		rows := mustRun(t, plan, &Exec{Workers: workers, Pool: testPool()})
		if len(rows) != 1000 {
			t.Fatalf("%d rows", len(rows))
		}
		if n := src.batches.Load(); n > 300 {
			t.Fatalf("%d batches read", n)
		}
	}
	for _, x := range []struct {
		count, offset fn.Expr
		code          sqlstate.Code
	}{{intLit(-1), nil, sqlstate.InvalidRowCountInLimit}, {nil, intLit(-1), sqlstate.InvalidRowCountInOffset}} {
		_, err := result(&Limit{Input: &Scan{Source: &endless{}}, Count: x.count, Offset: x.offset}, &Exec{})
		if !sqlstate.Is(err, x.code) {
			t.Fatalf("error %v, want %s", err, x.code)
		}
	}
	// LIMIT 0 opens nothing.
	src := &endless{}
	if rows := mustRun(t, &Limit{Input: countAll(t, &Scan{Source: src}), Count: intLit(0)}, &Exec{}); len(rows) != 0 || src.batches.Load() != 0 {
		t.Fatalf("LIMIT 0: %d rows, %d batches", len(rows), src.batches.Load())
	}
}

// TestSlowConsumer lets a client read slowly: the queue stays bounded and the
// workers serve others meanwhile.
func TestSlowConsumer(t *testing.T) {
	checkGoroutines(t)
	pool := NewPool(1)
	defer pool.Close()
	src := &endless{}
	emitted := 0
	err := Run(context.Background(), &Scan{Source: src}, &Exec{Workers: 2, Pool: pool}, func(*vector.Batch) error {
		if emitted++; emitted == 5 {
			// The only worker is free for another query while this one waits.
			series := &GenerateSeries{Start: intLit(1), Stop: intLit(300_000)}
			rows := mustRun(t, countAll(t, series), &Exec{Workers: 2, Pool: pool})
			if rows[0][0].Int() != 300_000 {
				t.Errorf("count %v", rows)
			}
			if n := src.batches.Load(); n > 30 {
				t.Errorf("%d batches read for 5 emitted", n)
			}
			return errEnough
		}
		return nil
	})
	if err != errEnough {
		t.Fatal(err)
	}
}

// TestPoolIsFair runs a short query beside endless ones on one worker.
func TestPoolIsFair(t *testing.T) {
	checkGoroutines(t)
	pool := NewPool(1)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			scan := &Scan{Source: &endless{}}
			_ = Run(ctx, countAll(t, scan), &Exec{Workers: 4, Pool: pool, InlineRows: -1}, func(*vector.Batch) error { return nil })
		})
	}
	time.Sleep(5 * time.Millisecond)
	start := time.Now()
	mustRun(t, countAll(t, &GenerateSeries{Start: intLit(1), Stop: intLit(100_000)}), &Exec{Workers: 4, Pool: pool})
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("the short query took %v", d)
	}
	cancel()
	wg.Wait()
	pool.Close()
	err := Run(context.Background(), countAll(t, &Scan{Source: &endless{}}), &Exec{Workers: 4, Pool: pool}, func(*vector.Batch) error { return nil })
	if !sqlstate.Is(err, sqlstate.AdminShutdown) {
		t.Fatalf("after Close: %v", err)
	}
}

// TestRuntimeFilters checks what a join and a top-N tell the scan below.
func TestRuntimeFilters(t *testing.T) {
	h := newHarness(t)
	probe := h.table([]types.Type{types.TInt4, types.TText}, 1000, func(i int) row { return row{types.NewInt32(int32(i)), textOf(i)} })
	build := h.table([]types.Type{types.TInt4}, 3, func(i int) row { return row{types.NewInt32(int32(100 + 50*i))} })
	spy := &spySource{memTable: probe.Source.(*memTable)}
	scan := &Scan{Source: spy}
	// Through a filter, a projection that moves the column, and a join that keeps it.
	var in Node = &Filter{Input: scan, Pred: call(t, ">", col(scan, 0), &fn.Literal{Value: types.NewInt32(5), Typ: types.TInt4})}
	in = &Project{Input: in, Exprs: []fn.Expr{col(scan, 1), col(scan, 0)}}
	in = &HashJoin{Kind: Left, Probe: in, Build: build, ProbeKeys: []fn.Expr{col(in, 1)}, BuildKeys: []fn.Expr{col(build, 0)}}
	join := &HashJoin{Kind: Inner, Probe: in, Build: build, ProbeKeys: []fn.Expr{col(in, 1)}, BuildKeys: []fn.Expr{col(build, 0)}}
	if rows := mustRun(t, join, &Exec{}); len(rows) != 3 {
		t.Fatalf("%d rows", len(rows))
	}
	if len(spy.filters) != 1 || spy.filters[0].col != 0 {
		t.Fatalf("filters %v", spy.filters)
	}
	f := spy.filters[0].filter
	if ps := f.Predicates; len(ps) != 1 || ps[0].Kind != predicate.In || len(ps[0].List) != 3 || ps[0].List[1].Int() != 150 {
		t.Fatalf("predicates %v", ps)
	}
	// More values come as a range and a membership test.
	spy.filters = nil
	many := h.table([]types.Type{types.TInt4}, 500, func(i int) row { return row{types.NewInt32(int32(100 + 2*i))} })
	mustRun(t, &HashJoin{Kind: Semi, Probe: scan, Build: many, ProbeKeys: []fn.Expr{col(scan, 0)}, BuildKeys: []fn.Expr{col(many, 0)}}, &Exec{})
	ps := spy.filters[0].filter.Predicates
	if len(ps) != 2 || ps[0].Kind != predicate.Range || ps[0].Lo.Int() != 100 || ps[0].Hi.Int() != 1098 {
		t.Fatalf("predicates %v", ps)
	}
	v := vector.New(types.TInt4, 300)
	for i := range v.I32 {
		v.I32[i] = int32(i)
	}
	if sel, err := ps[1].Select(v, nil, 300, nil); err != nil || len(sel) != 100 || sel[1] != 102 {
		t.Fatalf("selected %v", sel)
	}
	// An empty build side needs no probe at all.
	spy.opened.Store(0)
	spy.opens = 0
	none := &Filter{Input: build, Pred: fn.BoolLiteral(false)}
	if rows := mustRun(t, &HashJoin{Kind: Semi, Probe: scan, Build: none, ProbeKeys: []fn.Expr{col(scan, 0)}, BuildKeys: []fn.Expr{col(none, 0)}}, &Exec{}); len(rows) != 0 || spy.opens != 0 {
		t.Fatalf("%d rows, %d opens", len(rows), spy.opens)
	}
	spy.filters = nil
	big := h.table([]types.Type{types.TInt4, types.TText}, 30_000, func(i int) row { return row{types.NewInt32(int32(i * 7 % 30_000)), textOf(i)} })
	spy.memTable = big.Source.(*memTable)
	mustRun(t, &TopN{Input: scan, Keys: []SortKey{{Expr: col(scan, 0), Desc: true}}, Count: intLit(10)}, &Exec{})
	if m := spy.filters[0].filter.Moving; len(spy.filters) != 1 || m.Load().Op != vector.Ge || m.Load().Value.Int() < 10_000 || m.KeepNulls {
		t.Fatalf("top-N: %v", spy.filters)
	}
}

// spySource records the run-time filters of a memTable.
type spySource struct {
	*memTable
	filters []pushedFilter
	opens   int
}

func (s *spySource) Open(ctx context.Context, ex *Exec) (Scanner, error) {
	s.opens++
	sc, err := s.memTable.Open(ctx, ex)
	return &spyScanner{sc.(*memScanner), s}, err
}

type spyScanner struct {
	*memScanner
	spy *spySource
}

func (s *spyScanner) AddRuntimeFilter(col int, f *RuntimeFilter) {
	s.spy.filters = append(s.spy.filters, pushedFilter{col, f})
}

func TestProfile(t *testing.T) {
	h := newHarness(t)
	scan := h.table([]types.Type{types.TInt4}, 5000, func(i int) row { return row{types.NewInt32(int32(i % 10))} })
	filter := &Filter{Input: scan, Pred: call(t, "<", col(scan, 0), &fn.Literal{Value: types.NewInt32(5), Typ: types.TInt4})}
	group := &HashAggregate{Input: filter, GroupBy: []fn.Expr{col(filter, 0)}, Aggs: []AggSpec{agg(t, "count")}}
	join := &HashJoin{Kind: Full, Probe: group, Build: group, ProbeKeys: []fn.Expr{col(group, 0)}, BuildKeys: []fn.Expr{col(group, 0)}}
	for _, workers := range []int{1, 3} {
		p := &Profile{}
		mustRun(t, join, &Exec{Workers: workers, Pool: testPool(), Profile: p, InlineRows: -1})
		for _, x := range []struct {
			n    Node
			rows int64
		}{{scan, 10_000}, {filter, 5000}, {group, 10}, {join, 5}} {
			s := p.Stats(x.n)
			if s.Rows != x.rows || s.Time <= 0 || s.Batches == 0 {
				t.Errorf("workers %d: %s: %+v, want %d rows", workers, x.n.Name(), s, x.rows)
			}
		}
		if p.Stats(group).Bytes == 0 {
			t.Error("no memory counted")
		}
	}
}

func TestErrorsOfOperators(t *testing.T) {
	h := newHarness(t)
	two := h.table([]types.Type{types.TInt4}, 2, func(i int) row { return row{types.NewInt32(7)} })
	single := &HashJoin{Kind: Single, Probe: two, Build: two, ProbeKeys: []fn.Expr{col(two, 0)}, BuildKeys: []fn.Expr{col(two, 0)}}
	if _, err := result(single, &Exec{}); !sqlstate.Is(err, sqlstate.CardinalityViolation) {
		t.Errorf("Single: %v", err)
	}
	if _, err := result(&GenerateSeries{Start: intLit(1), Stop: intLit(2), Step: intLit(0)}, &Exec{}); !sqlstate.Is(err, sqlstate.InvalidParameterValue) {
		t.Errorf("step 0: %v", err)
	}
	ex := &Exec{Memory: memory.NewRoot(1 << 20)}
	_, err := result(&Sort{Input: &GenerateSeries{Start: intLit(1), Stop: intLit(1_000_000)}, Keys: []SortKey{{Expr: col(two, 0)}}}, ex)
	var e *sqlstate.Error
	if !errors.As(err, &e) || e.Code != sqlstate.OutOfMemory || !strings.Contains(e.Message, "Sort") || ex.Memory.Used() != 0 {
		t.Errorf("memory: %v, %d used", err, ex.Memory.Used())
	}
	div := call(t, "/", &fn.Literal{Value: types.NewInt32(1), Typ: types.TInt4}, col(two, 0))
	zero := &Project{Input: two, Exprs: []fn.Expr{call(t, "-", col(two, 0), col(two, 0))}}
	div = div.WithChildren([]fn.Expr{div.Children()[0], col(zero, 0)})
	for _, workers := range []int{1, 2} {
		if _, err := result(&Project{Input: zero, Exprs: []fn.Expr{div}}, &Exec{Workers: workers, Pool: testPool(), InlineRows: -1}); !sqlstate.Is(err, sqlstate.DivisionByZero) {
			t.Errorf("division: %v", err)
		}
	}
}

// TestConcurrentRuns runs one plan from many goroutines on one pool.
func TestConcurrentRuns(t *testing.T) {
	checkGoroutines(t)
	h := newHarness(t)
	scan := h.table([]types.Type{types.TInt4, types.TText}, 5000, func(i int) row { return row{types.NewInt32(int32(i % 100)), textOf(i % 7)} })
	m := &Materialize{Input: &HashAggregate{Input: scan, GroupBy: []fn.Expr{col(scan, 0)}, Aggs: []AggSpec{agg(t, "count")}}}
	plan := &Sort{Input: &HashJoin{Probe: scan, Build: m, ProbeKeys: []fn.Expr{col(scan, 0)}, BuildKeys: []fn.Expr{col(m, 0)}}, Keys: []SortKey{{Expr: col(scan, 0)}}}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 5 {
				rows, err := result(plan, &Exec{Workers: 1 + i%3, Pool: testPool(), InlineRows: -1})
				if err != nil || len(rows) != 5000 || rows[4999][0].Int() != 99 || rows[0][3].Int() != 50 {
					t.Errorf("%d rows, error %v", len(rows), err)
				}
			}
		})
	}
	wg.Wait()
}

// TestHashCollisions joins integers and groups texts whose hashes agree in all
// bits that a small table looks at before it compares the keys.
func TestHashCollisions(t *testing.T) {
	collision := func(datum func(int) types.Datum, bits func(h uint64) uint64) (a, b types.Datum) {
		seen := map[uint64]int{}
		for i := range 5_000_000 {
			key := bits(vector.HashDatum(datum(i)))
			if j, ok := seen[key]; ok {
				return datum(i), datum(j)
			}
			seen[key] = i
		}
		t.Fatal("no collision found")
		return a, b
	}
	h := newHarness(t)
	one := func(typ types.Type, d types.Datum) Node {
		return h.table([]types.Type{typ}, 1, func(int) row { return row{d} })
	}

	x, y := collision(func(i int) types.Datum { return types.NewInt64(int64(i) * 1_000_003) },
		func(h uint64) uint64 { return h>>59<<32 | h&(1<<32-1) })
	a, b := one(types.TInt8, x), one(types.TInt8, y)
	join := &HashJoin{Probe: a, Build: b, ProbeKeys: []fn.Expr{col(a, 0)}, BuildKeys: []fn.Expr{col(b, 0)}, NullSafe: []bool{true}}
	if rows := mustRun(t, join, &Exec{}); len(rows) != 0 {
		t.Errorf("%v = %v", x, y)
	}

	x, y = collision(textOf, func(h uint64) uint64 { return h&63<<32 | h>>32 })
	a, b = one(types.TText, x), one(types.TText, y)
	if rows := mustRun(t, NewDistinct(&UnionAll{List: []Node{a, b, a, b}}), &Exec{}); len(rows) != 2 {
		t.Errorf("%v and %v make groups %v", x, y, rows)
	}
}

// TestTopNTies has better rows come last, all equal in the first key.
func TestTopNTies(t *testing.T) {
	h := newHarness(t)
	scan := h.table([]types.Type{types.TInt4, types.TInt4}, 20_000, func(i int) row {
		return row{types.NewInt32(int32(i % 2)), types.NewInt32(int32(-i))}
	})
	for _, desc := range []bool{false, true} {
		top := &TopN{Input: scan, Keys: []SortKey{{Expr: col(scan, 0), Desc: desc}, {Expr: col(scan, 1)}}, Count: intLit(3)}
		last := int64(-19_998)
		if desc {
			last--
		}
		rows := mustRun(t, top, &Exec{})
		if len(rows) != 3 || rows[0][1].Int() != last || rows[2][1].Int() != last+4 {
			t.Errorf("desc %v: %v", desc, rows)
		}
	}
}

// TestRecursiveUnion walks a graph with cycles, and counts.
func TestRecursiveUnion(t *testing.T) {
	checkGoroutines(t)
	h := newHarness(t)
	edges := h.table([]types.Type{types.TInt4, types.TInt4}, 60, func(i int) row {
		if i == 17 {
			return row{types.NullDatum, types.NewInt32(3)}
		}
		return row{types.NewInt32(int32(i % 20)), types.NewInt32(int32(i * 7 % 23))}
	})
	work := &WorkTable{Columns: []types.Type{types.TInt4}}
	shared := &Materialize{Input: work} // has to be computed in every round
	hop := &HashJoin{Probe: shared, Build: &Materialize{Input: edges}, ProbeKeys: []fn.Expr{col(work, 0)}, BuildKeys: []fn.Expr{col(edges, 0)}, ProbeOut: []int{}, BuildOut: []int{1}}
	start := &Values{Columns: work.Columns, Rows: [][]fn.Expr{{int4(0)}, {int4(4)}, {int4(0)}}}
	h.check("reachable", &RecursiveUnion{Initial: start, Step: &UnionAll{List: []Node{hop, shared}}, Table: work}, false)

	next := &Project{Input: work, Exprs: []fn.Expr{call(t, "+", col(work, 0), int4(1))}}
	count := &RecursiveUnion{Initial: start, Step: &Filter{Input: next, Pred: call(t, "<", col(next, 0), int4(50))}, Table: work, All: true}
	h.check("count", count, false)

	// Without an end, it is cancelled.
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	endlessly := &RecursiveUnion{Initial: start, Step: work, Table: work, All: true}
	if err := Run(ctx, endlessly, &Exec{}, func(*vector.Batch) error { return nil }); !sqlstate.Is(err, sqlstate.QueryCanceled) {
		t.Errorf("endless recursion: %v", err)
	}
}

// TestManyMatches has every probe row match half of the build rows, which takes
// minutes for an operator that looks at all of them.
func TestManyMatches(t *testing.T) {
	h := newHarness(t)
	cols := []types.Type{types.TInt4, types.TText}
	side := h.table(cols, 60_000, func(i int) row {
		return row{types.NewInt32(int32(i % 2)), types.NewString([]string{"a", "b"}[i%2])}
	})
	for c := range cols {
		for kind, want := range map[JoinKind]int{Semi: 60_000, Anti: 0, Mark: 60_000, BuildSemi: 60_000, BuildAnti: 0} {
			j := &HashJoin{Kind: kind, Probe: side, Build: side, ProbeKeys: []fn.Expr{col(side, c)}, BuildKeys: []fn.Expr{col(side, c)}}
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			n := 0
			err := Run(ctx, j, &Exec{}, func(b *vector.Batch) error { n += b.Rows(); return nil })
			cancel()
			if err != nil || n != want {
				t.Errorf("%s by %s: %d rows, want %d, error %v", kind, cols[c], n, want, err)
			}
		}
	}
}
