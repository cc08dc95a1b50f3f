package olap

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"htapdb/sql/types"
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
	return &TopN{Input: in, Keys: g.totalOrder(in), Count: intLit(int64(g.intn(20))), Offset: intLit(int64(g.intn(5)))}
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
		ordered := false
		if g.intn(3) == 0 {
			root, ordered = &Sort{Input: root, Keys: g.totalOrder(root)}, true
		}
		h.check("seed "+strconv.FormatUint(seed, 10)+" plan "+strconv.FormatUint(i, 10), root, ordered)
		plans++
	}
	t.Logf("seed %d: %d plans", seed, plans)
}
