package opt_test

import (
	"bufio"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"htapdb/sql/binder/bindtest"
	"htapdb/sql/opt"
	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// TestEquivalence runs every query of testdata/equivalence.sql on small random
// tables: as bound, row by row with subqueries evaluated where they stand; unnested only;
// and fully optimized. The three results have to be the same multiset. The
// data has many NULLs, duplicates and empty tables.
func TestEquivalence(t *testing.T) {
	queries := readQueries(t, "testdata/equivalence.sql")
	for i, c := range statistics(t) {
		t.Run(strconv.Itoa(i), func(t *testing.T) { testEquivalence(t, c, queries) })
	}
}

// statistics returns catalogs that differ in what they say about the sizes of
// t, u and w: different plans have to give the same result.
func statistics(t *testing.T) []*bindtest.Catalog {
	sizes := []map[string]float64{{}, {"t": 1e6, "u": 10, "w": 1e4}, {"t": 20, "u": 1e6, "w": 1e5}, {"t": 1e4, "u": 1e5, "w": 1e6}}
	var out []*bindtest.Catalog
	for _, size := range sizes {
		c := catalog(t)
		for name, rows := range size {
			s := &bindtest.Stats{Rows: rows, Columns: map[int]plan.ColumnStats{}}
			for i := range 5 {
				s.Columns[i] = plan.ColumnStats{Distinct: rows / float64(1+i*3)}
			}
			c.SetStats(name, s)
		}
		out = append(out, c)
	}
	return out
}

func testEquivalence(t *testing.T, c *bindtest.Catalog, queries []string) {
	rounds := uint64(4)
	if os.Getenv("HTAPDB_LONG") != "" {
		rounds = 40
	}
	for _, sql := range queries {
		root := bind(t, c, sql)
		plans := map[string]plan.Node{
			"unnested":  optimize(t, root, true),
			"optimized": optimize(t, root, false),
		}
		for seed := range rounds {
			x := &naive{ctes: map[int]*relation{}, ctx: &fn.Context{ZoneName: "UTC"}, tables: randomTables(seed)}
			want, wantErr := x.run(root, nil)
			for name, p := range plans {
				x.ctes, x.evals = map[int]*relation{}, 0
				have, err := x.run(p, nil)
				if (err != nil) != (wantErr != nil) {
					t.Errorf("seed %d: %s\n%s: error %v, as bound: %v\n%s", seed, sql, name, err, wantErr, strings.Join(plan.Explain(p, nil), "\n"))
					break
				}
				if err != nil {
					continue
				}
				if w, h := result(root, want), result(p, have); !slices.Equal(w, h) {
					t.Errorf("seed %d: %s\n%s:\n%s\nas bound:\n%s\n%s", seed, sql, name,
						strings.Join(h, "\n"), strings.Join(w, "\n"), strings.Join(plan.Explain(p, nil), "\n"))
					break
				}
			}
			if t.Failed() {
				break
			}
		}
	}
}

// result is the sorted text of a result's rows in the order of the plan's columns.
func result(n plan.Node, r *relation) []string {
	var out []string
	for _, row := range r.rows {
		var vals []types.Datum
		for _, c := range n.Columns() {
			vals = append(vals, row[slices.IndexFunc(r.cols, func(x plan.Column) bool { return x.ID == c.ID })])
		}
		out = append(out, rowKey(vals, n.Columns()))
	}
	slices.Sort(out)
	return out
}

// readQueries reads statements that end with a semicolon at the end of a line.
func readQueries(t *testing.T, path string) []string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []string
	var b strings.Builder
	s := bufio.NewScanner(f)
	for s.Scan() {
		line := s.Text()
		if strings.HasPrefix(line, "--") || strings.TrimSpace(line) == "" {
			continue
		}
		b.WriteString(line + "\n")
		if strings.HasSuffix(line, ";") {
			out = append(out, strings.TrimSuffix(strings.TrimSpace(b.String()), ";"))
			b.Reset()
		}
	}
	return out
}

// randomTables fills t, u and w. Seed 0 leaves them empty, seed 1 leaves t only.
func randomTables(seed uint64) map[string][][]types.Datum {
	r := rand.New(rand.NewPCG(seed, 7))
	integer := func(nulls bool) types.Datum {
		if nulls && r.IntN(4) == 0 {
			return types.NullDatum
		}
		return types.NewInt32(r.Int32N(5))
	}
	text := func() types.Datum {
		if r.IntN(4) == 0 {
			return types.NullDatum
		}
		return types.NewString([]string{"a", "b", "ab"}[r.IntN(3)])
	}
	out := map[string][][]types.Datum{}
	if seed == 0 {
		return out
	}
	for a := range r.Int32N(7) + 1 {
		d := types.NullDatum
		if r.IntN(3) > 0 {
			d = types.NewInt64(int64(r.IntN(4)) * 100)
		}
		e := types.NullDatum
		if r.IntN(3) > 0 {
			e = types.NewInt32(10000 + r.Int32N(3))
		}
		out["t"] = append(out["t"], []types.Datum{types.NewInt32(a), integer(true), text(), d, e})
	}
	if seed == 1 {
		return out
	}
	for x := range int64(r.IntN(7)) {
		y := types.NullDatum
		if r.IntN(4) > 0 {
			y = types.NewString([]string{"a", "b", "ab"}[r.IntN(3)])
		}
		out["u"] = append(out["u"], []types.Datum{integer(true), types.NewInt64(x), y})
	}
	for range r.IntN(8) {
		v := types.NullDatum
		if r.IntN(4) > 0 {
			v = types.NewFloat64(float64(r.IntN(4)))
		}
		out["w"] = append(out["w"], []types.Datum{types.NewInt32(r.Int32N(4)), types.NewString([]string{"a", "b", "ab"}[r.IntN(3)]), v})
	}
	return out
}

// TestPlantedBug shows that the comparison notices a wrong rewrite: an outer join made inner.
func TestPlantedBug(t *testing.T) {
	root := bind(t, catalog(t), "select t.a, u.x from t left join u on t.b = u.a")
	good, err := opt.Optimize(root, opt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	bad := plan.Rewrite(good, func(n plan.Node) plan.Node {
		if j, ok := n.(*plan.Join); ok {
			c := *j
			c.Kind = plan.InnerJoin
			return &c
		}
		return n
	})
	x := &naive{ctes: map[int]*relation{}, ctx: &fn.Context{}, tables: randomTables(3)}
	want, err := x.run(root, nil)
	if err != nil {
		t.Fatal(err)
	}
	have, err := x.run(bad, nil)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(result(root, want), result(bad, have)) {
		t.Error("an inner join instead of an outer one went unnoticed")
	}
}
