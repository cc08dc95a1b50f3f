package opt_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"htapdb/sql/opt"
	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

// generator writes random queries over t, u and w: joins of all kinds, nested
// and correlated subqueries, grouping, set operations. Every query binds.
type generator struct {
	r *rand.Rand
	n int
}

// source is a FROM item in scope: its alias and its integer and text columns.
type source struct {
	alias string
	ints  []string
	texts []string
}

func (g *generator) pick(list ...string) string { return list[g.r.IntN(len(list))] }

func (g *generator) chance(percent int) bool { return g.r.IntN(100) < percent }

func (g *generator) table() (string, source) {
	g.n++
	alias := "s" + strconv.Itoa(g.n)
	switch g.r.IntN(7) {
	case 0, 1, 2:
		return "t " + alias, source{alias, []string{"a", "b"}, []string{"c"}}
	case 3, 4:
		return "u " + alias, source{alias, []string{"a", "x"}, []string{"y"}}
	case 5:
		return "w " + alias, source{alias, []string{"k1"}, []string{"k2"}}
	}
	agg := g.pick("count(*)", "max(x)", "sum(x)", "min(a)")
	return "(select a, " + agg + " as n from u group by a) " + alias, source{alias, []string{"a", "n"}, nil}
}

func (g *generator) intExpr(scope []source) string {
	if len(scope) == 0 || g.chance(20) {
		return strconv.Itoa(g.r.IntN(5))
	}
	s := scope[g.r.IntN(len(scope))]
	c := s.alias + "." + g.pick(s.ints...)
	switch g.r.IntN(10) {
	case 0:
		return c + " + 1"
	case 1:
		return "coalesce(" + c + ", 2)"
	}
	return c
}

func (g *generator) textExpr(scope []source) string {
	for range 3 {
		if s := scope[g.r.IntN(len(scope))]; len(s.texts) > 0 {
			return s.alias + "." + s.texts[0]
		}
	}
	return g.pick("'a'", "'b'", "'ab'")
}

// cond writes a condition; depth bounds the nesting of subqueries.
func (g *generator) cond(scope []source, depth int) string {
	op := g.pick("=", "=", "=", "<>", "<", ">=")
	switch k := g.r.IntN(16); {
	case k < 6:
		return g.intExpr(scope) + " " + op + " " + g.intExpr(scope)
	case k == 6:
		return g.textExpr(scope) + " = " + g.textExpr(scope)
	case k == 7:
		return g.intExpr(scope) + g.pick(" is null", " is not null")
	case k == 8:
		return "(" + g.cond(scope, depth) + " or " + g.cond(scope, depth) + ")"
	case k == 9:
		return "not (" + g.cond(scope, depth) + ")"
	case k == 10:
		return g.intExpr(scope) + " in (1, 2, " + strconv.Itoa(g.r.IntN(6)) + ")"
	case depth == 0:
		return g.intExpr(scope) + " between 1 and " + strconv.Itoa(g.r.IntN(5))
	case k == 11:
		return g.pick("", "not ") + "exists (" + g.query(scope, depth-1, "1") + ")"
	case k == 12:
		return g.intExpr(scope) + g.pick(" in (", " not in (", " = any (", " > all (") + g.query(scope, depth-1, "") + ")"
	case k == 13:
		return g.intExpr(scope) + " " + op + " (" + g.scalar(scope, depth-1) + ")"
	case k == 14:
		return "(" + g.intExpr(scope) + " in (" + g.query(scope, depth-1, "") + ")) is " + g.pick("not ", "") + "true"
	}
	return g.intExpr(scope) + " < " + strconv.Itoa(g.r.IntN(5))
}

// scalar writes a query of exactly one row.
func (g *generator) scalar(outer []source, depth int) string {
	from, inner := g.from(outer, depth)
	scope := slices.Concat(outer, inner)
	agg := g.pick("count(*)", "max(%s)", "sum(%s)", "min(%s)", "count(%s)", "coalesce(sum(%s), -1)", "count(distinct %s) + 1")
	if strings.Contains(agg, "%s") {
		// An argument over outer columns only would belong to the outer query.
		agg = fmt.Sprintf(agg, g.intExpr(inner[:1])+" + 0 * "+inner[0].alias+"."+inner[0].ints[0])
	}
	return "select " + agg + " from " + from + g.where(scope, depth)
}

// query writes a subquery with one column.
func (g *generator) query(outer []source, depth int, item string) string {
	from, inner := g.from(outer, depth)
	scope := slices.Concat(outer, inner)
	if item == "" {
		item = g.intExpr(inner)
	}
	q := "select " + g.pick("", "", "distinct ") + item + " from " + from + g.where(scope, depth)
	switch g.r.IntN(12) {
	case 0:
		return q + g.pick(" union ", " union all ", " except ", " intersect ") + "select " + g.pick("k1", "k1 + 1") + " from w where k1 < " + g.intExpr(outer)
	case 1:
		c := inner[0].alias + "." + inner[0].ints[0]
		return "select " + c + " from " + from + g.where(scope, depth) + " group by " + c + " having count(*) >= " + g.intExpr(outer)
	}
	return q
}

func (g *generator) where(scope []source, depth int) string {
	if g.chance(20) {
		return ""
	}
	conds := []string{g.cond(scope, depth)}
	for g.chance(40) {
		conds = append(conds, g.cond(scope, depth))
	}
	return " where " + strings.Join(conds, " and ")
}

// from writes a FROM clause of one to three items.
func (g *generator) from(outer []source, depth int) (string, []source) {
	text, s := g.table()
	items := []source{s}
	for g.chance(45) && len(items) < 3 {
		next, s := g.table()
		both := append(slices.Clone(items), s)
		switch g.r.IntN(5) {
		case 0:
			text += " cross join " + next
		default:
			text += g.pick(" join ", " left join ", " left join ", " right join ", " full join ") + next + " on " +
				g.pick(items[len(items)-1].ints...) // completed below
			cut := strings.LastIndex(text, " on ") + 4
			col := items[len(items)-1].alias + "." + text[cut:]
			text = text[:cut] + col + " = " + s.alias + "." + g.pick(s.ints...)
			if g.chance(30) {
				text += " and " + g.cond(both, 0)
			}
		}
		items = both
	}
	return text, items
}

// statement writes a whole query.
func (g *generator) statement() string {
	from, scope := g.from(nil, 2)
	where := g.where(scope, 2)
	if g.chance(30) {
		key := scope[0].alias + "." + scope[0].ints[0] + g.pick("", " + 1") // a bare number would be an ordinal
		q := "select " + key + ", count(*), sum(" + g.intExpr(scope) + ") from " + from + where + " group by " + key
		if g.chance(50) {
			q += " having count(*) " + g.pick(">", "<>") + " " + strconv.Itoa(g.r.IntN(3))
		}
		return q
	}
	items := []string{g.intExpr(scope), g.textExpr(scope)}
	switch {
	case g.chance(30):
		items = append(items, "("+g.scalar(scope, 1)+")")
	case g.chance(30):
		items = append(items, g.pick("exists (", "not exists (")+g.query(scope, 1, "1")+")")
	case g.chance(30):
		items = append(items, g.intExpr(scope)+g.pick(" in (", " not in (")+g.query(scope, 1, "")+")")
	}
	return "select " + g.pick("", "", "distinct ") + strings.Join(items, ", ") + " from " + from + where
}

// TestRandomQueries is TestEquivalence over generated queries. HTAPDB_SEED
// repeats a run; HTAPDB_LONG makes it long.
func TestRandomQueries(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("HTAPDB_SEED"), 10, 64); err == nil {
		seed = s
	}
	n := 400
	if os.Getenv("HTAPDB_LONG") != "" {
		n = 6000
	}
	t.Logf("HTAPDB_SEED=%d", seed)
	g := &generator{r: rand.New(rand.NewPCG(seed, 1))}
	catalogs := statistics(t)
	for i := range n {
		c := catalogs[i%len(catalogs)]
		g.n = 0
		sql := g.statement()
		if os.Getenv("HTAPDB_PRINT") != "" {
			fmt.Println(sql)
		}
		root := bind(t, c, sql)
		x := &naive{maxEvals: 40_000, ctx: &fn.Context{ZoneName: "UTC"}, tables: randomTables(g.r.Uint64N(1000))}
		x.ctes = map[int]*relation{}
		want, wantErr := x.run(root, nil)
		if wantErr == errTooLong {
			continue
		}
		for _, off := range []bool{true, false} {
			p, err := opt.Optimize(root, opt.Options{Disabled: off})
			if err != nil {
				t.Fatalf("%s\n%v", sql, err)
			}
			if err := plan.Validate(p, true); err != nil {
				t.Fatalf("%s\n%v", sql, err)
			}
			x.ctes, x.evals = map[int]*relation{}, 0
			have, err := x.run(p, nil)
			if err == errTooLong {
				continue
			}
			if (err != nil) != (wantErr != nil) {
				t.Fatalf("%s\noff=%v: error %v, as bound %v", sql, off, err, wantErr)
			}
			if err == nil && !slices.Equal(result(root, want), result(p, have)) {
				t.Fatalf("%s\noff=%v:\n%s\nas bound:\n%s\n%s", sql, off, strings.Join(result(p, have), "\n"),
					strings.Join(result(root, want), "\n"), strings.Join(plan.Explain(p, nil), "\n"))
			}
		}
	}
}
