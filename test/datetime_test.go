package test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"htapdb/htap"
	"htapdb/internal/testutil/postgres"
	"htapdb/internal/testutil/randsql"
	"htapdb/internal/testutil/slt"
)

// statementsPerSettings is how many expressions run between two changes of the session's settings.
const statementsPerSettings = 10

// TestTimesLikePostgreSQL compares texts of dates, times, intervals and numbers, as values and as
// SQLSTATEs, with a PostgreSQL. HTAPDB_DURATION is how long it goes on beyond a fixed
// sample, HTAPDB_SEED another place to begin.
func TestTimesLikePostgreSQL(t *testing.T) {
	url := postgres.Start(t, postgres.Options{})
	ours, err := slt.NewEngine(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	theirs := &server{url: url, schema: "times", sessions: map[string]*pgconn.PgConn{}}
	defer theirs.close(context.Background())
	seed, sample := uint64(1), 1500
	if testing.Short() {
		sample = 300
	}
	if s := os.Getenv("HTAPDB_SEED"); s != "" {
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	limit, _ := time.ParseDuration(os.Getenv("HTAPDB_DURATION"))
	if limit > 0 && os.Getenv("HTAPDB_SEED") == "" {
		seed = rand.Uint64()
	}
	g, end := randsql.NewTimes(seed), time.Now().Add(limit)
	t.Logf("seed %d", seed)
	var settings []string
	for i := 0; i < sample || time.Now().Before(end); i++ {
		if i%statementsPerSettings == 0 {
			settings = g.Settings()
			for _, set := range settings {
				for _, d := range []slt.DB{ours, theirs} {
					if _, err := d.Query(t.Context(), "", set, ""); err != nil {
						t.Fatal(set, err)
					}
				}
			}
		}
		sql := "SELECT " + g.Expression()
		want, have := outcome(t, theirs, sql), outcome(t, ours, sql)
		if want != have && !timesDiffer(want, have) {
			t.Errorf("%v\n%s\npostgresql: %s\nhere:       %s", settings, sql, want, have)
		}
	}
}

// timesDiffer are the differences that docs/sql/README.md states (timestamps end with the year
// 294246), and what PostgreSQL makes of days before the first of its calendar and of
// words that it takes for rules of summer time.
func timesDiffer(want, have string) bool {
	switch have {
	case "ERROR 22008":
		return strings.HasSuffix(want, "BC") || strings.Contains(want, "2942")
	case "ERROR 22023":
		return want == "ERROR 22007"
	}
	return false
}

// outcome is the value or the SQLSTATE of a query of one value.
func outcome(t *testing.T, db slt.DB, sql string) string {
	res, err := db.Query(t.Context(), "", sql, "")
	var theirs *pgconn.PgError
	var ours *htap.Error
	switch {
	case errors.As(err, &theirs):
		return "ERROR " + theirs.Code
	case errors.As(err, &ours):
		return "ERROR " + string(ours.Code)
	case err != nil:
		t.Fatal(sql, err)
	case len(res.Rows) != 1 || len(res.Rows[0]) != 1:
		return fmt.Sprint(len(res.Rows), " rows")
	case res.Rows[0][0] == nil:
		return "NULL"
	}
	return *res.Rows[0][0]
}
