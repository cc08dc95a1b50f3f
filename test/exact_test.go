package test

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"htapdb/internal/testutil/postgres"
	"htapdb/internal/testutil/slt"
)

// exactRand has the seed HTAPDB_SEED, or 1.
func exactRand(t *testing.T) *rand.Rand {
	seed := uint64(1)
	if s := os.Getenv("HTAPDB_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// TestVariancesLikePostgreSQL compares variances and standard deviations of integers
// and NUMERICs with a PostgreSQL, which gives them as NUMERIC: the double here is the
// nearest to it, as far as its digits tell.
func TestVariancesLikePostgreSQL(t *testing.T) {
	r := exactRand(t)
	ours, err := slt.NewEngine(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	theirs := &server{url: postgres.Start(t, postgres.Options{}), schema: "variances", sessions: map[string]*pgconn.PgConn{}}
	defer theirs.close(context.Background())
	compared := 0
	for range 200 {
		name := []string{"var_pop", "var_samp", "variance", "stddev_pop", "stddev_samp", "stddev"}[r.IntN(6)]
		sql := "SELECT " + name + "(x) FROM (VALUES " + randomDecimals(r) + ") AS v(x)"
		want, have := outcome(t, theirs, sql), outcome(t, ours, sql)
		if want == "NULL" || have == "NULL" {
			if want != have {
				t.Errorf("%s\npostgresql: %s\nhere:       %s", sql, want, have)
			}
			continue
		}
		compared++
		if !nearest(have, want, strings.HasPrefix(name, "stddev")) {
			t.Errorf("%s\npostgresql: %s\nhere:       %s", sql, want, have)
		}
	}
	if compared < 150 {
		t.Errorf("%d answers compared", compared)
	}
}

// randomDecimals are rows of one NUMERIC or integer each, of one of several spreads
// around one of several distances from zero.
func randomDecimals(r *rand.Rand) string {
	typ, offset := "bigint", int64(0)
	scale := r.IntN(7)
	if r.IntN(3) > 0 {
		typ = fmt.Sprintf("numeric(30,%d)", scale)
	}
	if r.IntN(2) == 0 {
		offset = r.Int64N(1 << 60)
	}
	spread := int64(1) << (1 + r.IntN(40))
	var rows []string
	for range 1 + r.IntN(30) {
		v := strconv.FormatInt(offset+r.Int64N(spread)-spread/2, 10)
		if typ != "bigint" {
			v += fmt.Sprintf("e-%d", scale)
		}
		if r.IntN(10) == 0 {
			v = "NULL"
		}
		rows = append(rows, "("+v+"::"+typ+")")
	}
	return strings.Join(rows, ", ")
}

// nearest reports whether the double is within half of its last digit of the
// decimal, which has an error of at most one of its own last digit; a root has that
// of the variance too, which PostgreSQL rounds to as many digits before.
func nearest(double, decimal string, root bool) bool {
	f, err := strconv.ParseFloat(double, 64)
	exact, ok := new(big.Rat).SetString(decimal)
	if err != nil || !ok {
		return false
	}
	_, fraction, _ := strings.Cut(decimal, ".")
	unit := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(len(fraction))), nil))
	if root && f > 0 {
		of := new(big.Rat).SetFloat64(1 / (2 * f))
		unit.Add(unit, of.Mul(of, unit))
	}
	ulp := new(big.Rat).SetFloat64(math.Nextafter(f, math.Inf(1)) - f)
	bound := unit.Add(unit, ulp.Mul(ulp, big.NewRat(1, 2)))
	exact.Sub(exact, new(big.Rat).SetFloat64(f))
	return exact.Abs(exact).Cmp(bound) <= 0
}

// TestSameBits runs aggregates of doubles by both routes, with one and two
// workers and batches of several sizes: every bit of the answers is the same.
func TestSameBits(t *testing.T) {
	ours, err := slt.NewEngine(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	query := func(sql string) string {
		res, err := ours.Query(t.Context(), "", sql, "")
		if err != nil {
			t.Fatal(sql, err)
		}
		var out strings.Builder
		for _, row := range res.Rows {
			for _, v := range row {
				if v == nil {
					out.WriteString("NULL ")
				} else {
					out.WriteString(*v + " ")
				}
			}
			out.WriteByte('\n')
		}
		return out.String()
	}
	// More rows than one worker takes at a time.
	query("CREATE TABLE d (id INT PRIMARY KEY, g INT, x DOUBLE PRECISION, y DOUBLE PRECISION)")
	query("INSERT INTO d SELECT i, i % 7, v, v / 3 + 1.0 / (i + 1) FROM (SELECT i, (i::bigint * 7919 % 100003 - 50000) / 7::float8 * power(10::float8, i % 12) AS v FROM generate_series(0, 299999) AS s(i)) AS n")
	const list = "sum(x), avg(y), sum(x) FILTER (WHERE y > 0), stddev(x), var_pop(y), corr(x, y), regr_intercept(y, x), rmse(x, y), mae(x, y), r2_score(x, y)"
	for _, sql := range []string{
		"SELECT " + list + " FROM d",
		"SELECT g, " + list + " FROM d WHERE x < 1e14 GROUP BY g ORDER BY g",
		"SELECT id, stddev(x) OVER w, sum(y) OVER w FROM d WHERE id < 300 WINDOW w AS (ORDER BY id ROWS 20 PRECEDING) ORDER BY id",
	} {
		want := ""
		for _, route := range []string{"row", "column"} {
			for _, workers := range []int{1, 2} {
				for _, batch := range []int{100, 2048} {
					query(fmt.Sprintf("SET htap.route = '%s'", route))
					query(fmt.Sprintf("SET htap.workers = %d", workers))
					query(fmt.Sprintf("SET htap.batch_size = %d", batch))
					have := query(sql)
					if want == "" {
						want = have
					}
					if have != want {
						t.Errorf("%s\n%s route, %d workers, batches of %d:\n%swant\n%s", sql, route, workers, batch, have, want)
					}
				}
			}
		}
	}
}
