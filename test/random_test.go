package test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"htapdb/htap"
	"htapdb/internal/testutil"
	"htapdb/internal/testutil/randsql"
	"htapdb/internal/testutil/slt"
)

// variant is a way to run a query; all of them give the same rows.
type variant struct {
	name string
	set  []string
	// simd is the level of the process, "" for the best.
	simd string
	// prepared runs the query with its constants as parameters.
	prepared bool
	// peer runs it on PostgreSQL.
	peer bool
}

// variants begins with the one that the others are compared with.
var variants = []variant{
	{name: "row", set: []string{"SET htap.route = 'row'"}},
	{name: "column", set: []string{"SET htap.route = 'column'", "SET htap.workers = 2"}},
	{name: "auto"},
	{name: "optimizer=off", set: []string{"SET htap.route = 'column'", "SET htap.optimizer = off"}},
	{name: "batch=3", set: []string{"SET htap.route = 'column'", "SET htap.batch_size = 3"}},
	{name: "workers=1", set: []string{"SET htap.route = 'column'", "SET htap.workers = 1"}},
	{name: "simd=off", set: []string{"SET htap.route = 'column'"}, simd: "go"},
	{name: "prepared", prepared: true},
}

// base are the settings before a variant's own.
var base = []string{"SET htap.route = 'auto'", "SET htap.workers = 0", "SET htap.optimizer = on",
	"SET htap.batch_size = 2048"}

// answer is what a query gave.
type answer struct {
	rows [][]*string
	err  error
	code string
}

// differential runs one random database.
type differential struct {
	t      *testing.T
	seed   uint64
	schema *randsql.Schema
	engine *slt.Engine
	peer   *server
	counts map[string]int
	// end is when no further session begins.
	end time.Time
	// only are the errors of queries that PostgreSQL runs.
	only map[string]string
}

const queryTimeout = 2 * time.Second

// exec runs a statement that must succeed.
func exec(t *testing.T, db slt.DB, session, sql string) {
	t.Helper()
	if _, err := db.Query(t.Context(), session, sql, ""); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// ask runs a statement in a session and undoes what it has changed.
func ask(db slt.DB, session, table string, run func(ctx context.Context) (*slt.Result, error)) answer {
	ctx, cancel := context.WithTimeout(context.Background(), queryTimeout)
	defer cancel()
	before, after := "SAVEPOINT q", "ROLLBACK TO SAVEPOINT q"
	if session == "" {
		before, after = "BEGIN", "ROLLBACK"
	}
	if _, err := db.Query(ctx, session, before, ""); err != nil {
		return answer{err: fmt.Errorf("%s: %w", before, err), code: "lost"}
	}
	res, err := run(ctx)
	if table != "" && err == nil {
		// What the statement has changed follows what it returned.
		var all *slt.Result
		if all, err = db.Query(ctx, session, "SELECT * FROM "+table, ""); err == nil {
			res.Rows = append(res.Rows, all.Rows...)
		}
	}
	_, undo := db.Query(context.Background(), session, after, "")
	if code := errorCode(undo); code == "57014" { // PostgreSQL's timeout came late
		_, undo = db.Query(context.Background(), session, after, "")
	}
	if undo != nil {
		return answer{err: fmt.Errorf("%s: %w", after, undo), code: "lost"}
	}
	switch code := errorCode(err); {
	case err == nil:
		return answer{rows: res.Rows}
	case code == "lost" && ctx.Err() != nil:
		return answer{err: err, code: "57014"}
	default:
		return answer{err: err, code: code}
	}
}

// errorCode is the SQLSTATE of an error, "lost" of one that has none.
func errorCode(err error) string {
	var own *htap.Error
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &own):
		return string(own.Code)
	case errors.As(err, &pg):
		return pg.Code
	}
	return "lost"
}

// run runs a query in a variant whose settings are made.
func (d *differential) run(v variant, session string, q *randsql.Query) answer {
	if v.peer {
		// A context that ends would close the connection.
		return ask(d.peer, session, q.Table, func(context.Context) (*slt.Result, error) {
			return d.peer.Query(context.Background(), session, q.String(), "")
		})
	}
	if v.prepared {
		if _, err := d.engine.Query(context.Background(), session, "DEALLOCATE ALL", ""); err != nil {
			return answer{err: err, code: "lost"}
		}
	}
	return ask(d.engine, session, q.Table, func(ctx context.Context) (*slt.Result, error) {
		if !v.prepared {
			return d.engine.Query(ctx, session, q.String(), "")
		}
		text, types, values := q.Parameters()
		if len(types) == 0 {
			return d.engine.Query(ctx, session, text, "")
		}
		if _, err := d.engine.Query(ctx, session, "PREPARE p ("+strings.Join(types, ", ")+") AS "+text, ""); err != nil {
			return nil, err
		}
		return d.engine.Query(ctx, session, "EXECUTE p ("+strings.Join(values, ", ")+")", "")
	})
}

// configure makes the settings of a variant.
func (d *differential) configure(v variant, session string) {
	if v.peer {
		return
	}
	setSIMD(d.t, v.simd)
	for _, sql := range append(slices.Clone(base), v.set...) {
		exec(d.t, d.engine, session, sql)
	}
}

// lines are the rows as they are compared.
func lines(q *randsql.Query, rows [][]*string) (all, keys []string) {
	texts := make([][]string, len(rows))
	for i, row := range rows {
		for _, v := range row {
			if v == nil {
				texts[i] = append(texts[i], "NULL")
			} else {
				texts[i] = append(texts[i], *v)
			}
		}
	}
	return q.Lines(texts)
}

// differ says how an answer is wrong beside another one, "" if it is not. An
// error about the data is no difference: plans compute more or less of what is
// not needed.
func differ(q *randsql.Query, want, have answer) string {
	for _, a := range []answer{want, have} {
		var internal *htap.Error
		if a.code == "XX000" && errors.As(a.err, &internal) {
			return internal.Error() + "\n" + internal.Detail
		}
		if a.code == "XX000" || a.code == "lost" {
			return a.err.Error()
		}
	}
	if want.err != nil || have.err != nil {
		return ""
	}
	a, x := lines(q, want.rows)
	b, y := lines(q, have.rows)
	if slices.Equal(a, b) && slices.Equal(x, y) {
		return ""
	}
	if slices.Equal(a, b) {
		return fmt.Sprintf("the order differs:\n%s\nagainst\n%s", strings.Join(y, "\n"), strings.Join(x, "\n"))
	}
	return fmt.Sprintf("%d rows against %d; only here:\n\t%s\nonly there:\n\t%s", len(b), len(a), strings.Join(minus(b, a), "\n\t"), strings.Join(minus(a, b), "\n\t"))
}

// minus are a few lines of a that b does not have.
func minus(a, b []string) []string {
	count := map[string]int{}
	for _, s := range b {
		count[s]++
	}
	var out []string
	for _, s := range a {
		if count[s]--; count[s] < 0 && len(out) < 5 {
			out = append(out, s)
		}
	}
	return out
}

// report shrinks a query that differs and fails the test.
func (d *differential) report(want, have variant, session string, q *randsql.Query) {
	d.t.Helper()
	full := q.String()
	again := func() string {
		d.configure(want, session)
		a := d.run(want, session, q)
		d.configure(have, session)
		return differ(q, a, d.run(have, session, q))
	}
	q.Shrink(20*time.Second, func() bool { return again() != "" })
	why := again()
	if why == "" {
		d.t.Errorf("HTAPDB_SEED=%d, session %q: once, %s differs from %s:\n%s", d.seed, session, have.name, want.name, full)
		return
	}
	var script strings.Builder
	if os.Getenv("HTAPDB_PRINT") != "" {
		for _, s := range d.schema.Steps {
			for _, name := range strings.Fields("t0 t1 t2 t3") {
				if strings.Contains(q.String(), name+" ") && strings.Contains(s.SQL+" ", name+" ") {
					fmt.Fprintf(&script, "\n/* %s */ %s;", s.Session, s.SQL)
				}
			}
		}
	}
	d.t.Errorf("HTAPDB_SEED=%d, session %q: %s against %s: %s\n%s%s", d.seed, session, have.name, want.name, why, q, script.String())
}

// compare runs queries in all variants and compares their answers.
func (d *differential) compare(session string, queries []*randsql.Query) {
	all := variants
	if d.peer != nil {
		all = append(slices.Clone(variants), variant{name: "PostgreSQL", peer: true})
	}
	answers := make([][]answer, len(all))
	for i, v := range all {
		d.configure(v, session)
		for k, q := range queries {
			if i > 0 && answers[0][k].code == "57014" {
				answers[i] = append(answers[i], answers[0][k]) // too much work
				continue
			}
			answers[i] = append(answers[i], d.run(v, session, q))
		}
	}
	for k, q := range queries {
		first := answers[0][k]
		if first.err == nil {
			d.counts["answers"]++
		} else {
			d.counts[first.code]++
			if testing.Verbose() && first.code[:2] != "22" {
				d.t.Logf("%v\n\t%s", first.err, q)
			}
		}
		for i := 1; i < len(all); i++ {
			have := answers[i][k]
			if first.err != nil && have.err == nil && all[i].peer && first.code[:2] != "22" {
				d.only[first.err.Error()] = q.String()
			}
			if have.err != nil && first.err == nil && !all[i].peer && have.code[:2] != "22" && have.code != "57014" {
				d.only[all[i].name+": "+have.err.Error()] = q.String()
			}
			if differ(q, first, have) != "" {
				d.report(all[0], all[i], session, q)
				break
			}
		}
	}
}

// database makes the database of a seed and runs queries over it.
func (d *differential) database(url string, n int) {
	t := d.t
	g := randsql.New(rand.New(rand.NewPCG(d.seed, 0)))
	d.schema = g.Schema()
	engine, err := slt.NewEngine(nil, "htapdb")
	if err != nil {
		t.Fatal(err)
	}
	d.engine = engine
	defer func() {
		if err := engine.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	}()
	if url != "" {
		d.peer = &server{url: url, schema: fmt.Sprintf("random_%d", d.seed), sessions: map[string]*pgconn.PgConn{}}
		defer d.peer.close(context.Background())
	}
	for _, session := range randsql.Sessions {
		if d.peer != nil {
			exec(t, d.peer, session, fmt.Sprintf("SET statement_timeout = %d", queryTimeout.Milliseconds()))
		}
	}
	for _, s := range d.schema.Steps {
		exec(t, engine, s.Session, s.SQL)
		if d.peer != nil {
			exec(t, d.peer, s.Session, s.SQL)
		}
	}
	for i, session := range randsql.Sessions {
		if i > 0 && time.Now().After(d.end) {
			return
		}
		var queries []*randsql.Query
		for range n {
			// Other sessions would wait for the rows that this one has locked.
			if session == "own" && len(queries)%2 == 1 {
				queries = append(queries, g.Write())
				continue
			}
			queries = append(queries, g.Query())
		}
		d.compare(session, queries)
	}
}

// Random queries over random tables give the same answers whichever copy they
// read, however they are planned, in what batches and by how many threads, and
// on PostgreSQL where HTAPDB_POSTGRES names a server. HTAPDB_SEED repeats the
// database that a failure names; HTAPDB_LONG makes it long.
func TestRandomQueries(t *testing.T) {
	budget, first := 10*time.Second, uint64(time.Now().UnixNano())
	if testing.Short() {
		budget = 3 * time.Second
	}
	if testutil.Long() {
		budget = 5 * time.Minute
	}
	if s, err := time.ParseDuration(os.Getenv("HTAPDB_DURATION")); err == nil {
		budget = s
	}
	repeat := false
	if s, err := strconv.ParseUint(os.Getenv("HTAPDB_SEED"), 10, 64); err == nil {
		first, repeat = s, true
	}
	counts, only := map[string]int{}, map[string]string{}
	start := time.Now()
	n := uint64(0)
	for ; n == 0 || time.Since(start) < budget && !repeat; n++ {
		d := &differential{t: t, seed: first + n, end: start.Add(budget), counts: counts, only: only}
		if repeat {
			d.end = start.Add(time.Hour)
		}
		d.database(os.Getenv("HTAPDB_POSTGRES"), 10)
	}
	t.Logf("%d databases from seed %d: %v", n, first, counts)
	for e, q := range only {
		t.Logf("refused: %s\n\t%s", e, q)
	}
	if counts["answers"] == 0 {
		t.Error("no query has an answer")
	}
}
