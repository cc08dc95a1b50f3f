package htap

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"htapdb/htap/setting"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// probes show for each setting with a reader that an odd value has an effect:
// what the probe says after set differs from what it says before.
var probes = map[string]struct {
	set   string
	probe func(t *testing.T, s *Session) string
}{
	"htap.route":                          {"SET htap.route = 'column'", says("EXPLAIN SELECT * FROM many WHERE id = 7")},
	"htap.freshness":                      {"SET htap.freshness = '1h'", staleRead},
	"htap.freshness_timeout":              {"SET htap.freshness_timeout = '0'", freshTimeout},
	"htap.memory_limit":                   {"SET htap.memory_limit = '64kB'", says("SELECT count(*) FROM (SELECT DISTINCT id, pad FROM many) d")},
	"htap.workers":                        {"SET htap.workers = 1", workers},
	"htap.batch_size":                     {"SET htap.batch_size = 3", batchSize},
	"htap.optimizer":                      {"SET htap.optimizer = off", says("EXPLAIN SELECT a.id FROM many a, many b WHERE a.id = b.id AND a.id = 1")},
	"synchronous_commit":                  {"SET synchronous_commit = off", synced},
	"statement_timeout":                   {"SET statement_timeout = '1ms'", says("SELECT count(*) FROM many a, many b, many c")},
	"lock_timeout":                        {"SET lock_timeout = '20ms'", lockWait},
	"idle_in_transaction_session_timeout": {"SET idle_in_transaction_session_timeout = '7s'", idleIn("BEGIN")},
	"idle_session_timeout":                {"SET idle_session_timeout = '7s'", idleIn("SELECT 1")},
	"default_transaction_isolation":       {"SET default_transaction_isolation = 'repeatable read'", says("SHOW transaction_isolation")},
	"default_transaction_read_only":       {"SET default_transaction_read_only = on", says("UPDATE many SET pad = pad WHERE id = 1")},
	"TimeZone":                            {"SET TimeZone = 'Asia/Tokyo'", says("SELECT '2024-01-01 00:00+00'::timestamptz::text")},
	"DateStyle":                           {"SET DateStyle = German", says("SELECT date '2024-03-01'::text")},
	"IntervalStyle":                       {"SET IntervalStyle = iso_8601", says("SELECT interval '1 day'::text")},
	"search_path":                         {"SET search_path = other", says("SELECT count(*) FROM many")},
	"client_min_messages":                 {"SET client_min_messages = error", notices},
}

// TestSettingEffects runs the probes; a setting with a reader and without a probe fails.
func TestSettingEffects(t *testing.T) {
	for _, d := range setting.All() {
		p, ok := probes[d.Name]
		if d.Scope != setting.Session || d.Why != "" {
			if ok {
				t.Errorf("%s has a probe and no effect", d.Name)
			}
			continue
		}
		if !ok {
			t.Errorf("no probe for %s", d.Name)
			continue
		}
		t.Run(d.Name, func(t *testing.T) {
			_, s := openTest(t, t.TempDir(), WithWorkers(3))
			mustExec(t, s, "CREATE TABLE many (id int PRIMARY KEY, pad text)")
			mustExec(t, s, "INSERT INTO many SELECT g, repeat('x', 20) || g FROM generate_series(1, 4000) g")
			mustExec(t, s, "CREATE SCHEMA other; CREATE TABLE other.many (id int)")
			if d.Name == "statement_timeout" {
				mustExec(t, s, "SET statement_timeout = '150ms'")
			}
			start := time.Now()
			before := p.probe(t, s)
			if d.Name == "statement_timeout" {
				before = fmt.Sprint(time.Since(start) > 100*time.Millisecond)
			}
			mustExec(t, s, p.set)
			start = time.Now()
			after := p.probe(t, s)
			if d.Name == "statement_timeout" {
				after = fmt.Sprint(time.Since(start) > 100*time.Millisecond)
			}
			if before == after {
				t.Errorf("%s changes nothing: %s", p.set, before)
			}
		})
	}
}

// says is a probe: the rows of a query, or its error.
func says(sql string) func(*testing.T, *Session) string {
	return func(t *testing.T, s *Session) string {
		rows, err := s.Query(t.Context(), sql)
		if err != nil {
			return err.Error()
		}
		defer rows.Close()
		var out strings.Builder
		for rows.Next() {
			out.WriteString(types.Format(rows.Datum(0), rows.Columns()[0].Type, time.UTC) + "\n")
		}
		if err := rows.Err(); err != nil {
			return err.Error()
		}
		return out.String()
	}
}

// workers is a probe: the threads that a statement may have.
func workers(t *testing.T, s *Session) string {
	st, err := s.Prepare(t.Context(), "SELECT count(*) FROM many")
	if err != nil {
		return err.Error()
	}
	x, err := s.newExecution(t.Context(), st, nil)
	if err != nil {
		return err.Error()
	}
	n := x.executor(x.statement()).Workers
	return fmt.Sprint(n, x.end(nil))
}

// batchSize is a probe: the rows of the first batch.
func batchSize(t *testing.T, s *Session) string {
	rows, err := s.Query(t.Context(), "SELECT * FROM many")
	if err != nil {
		return err.Error()
	}
	defer rows.Close()
	b, err := rows.NextBatch()
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(b.Rows())
}

// staleRead is a probe: whether a query ever misses the commit before it.
func staleRead(t *testing.T, s *Session) string {
	mustExec(t, s, "SET htap.route = 'column'")
	mustExec(t, s, "DELETE FROM other.many")
	for i := range 500 {
		mustExec(t, s, "INSERT INTO other.many VALUES (1)")
		if queryText(t, s, "SELECT count(*) FROM other.many") != fmt.Sprint(i+1) {
			return "stale"
		}
	}
	return "exact"
}

// freshTimeout is a probe: whether a query of a table that was made just now ever
// does not wait for its columns.
func freshTimeout(t *testing.T, s *Session) string {
	mustExec(t, s, "SET htap.route = 'column'")
	for range 100 {
		mustExec(t, s, "CREATE TABLE fresh (id int)")
		_, err := s.Exec(t.Context(), "SELECT * FROM fresh")
		mustExec(t, s, "DROP TABLE fresh")
		if err != nil {
			return code(err)
		}
	}
	return "waits"
}

// synced is a probe: whether a commit waited for the disk.
func synced(t *testing.T, s *Session) string {
	before := s.db.engine.Rows.Metrics().Syncs
	mustExec(t, s, "UPDATE many SET pad = '' WHERE id = 3")
	return fmt.Sprint(s.db.engine.Rows.Metrics().Syncs > before)
}

// lockWait is a probe: what ends the wait for a row that another transaction has.
func lockWait(t *testing.T, s *Session) string {
	other := s.db.Session(t.Context())
	defer other.Close()
	mustExec(t, other, "BEGIN; UPDATE many SET pad = '' WHERE id = 9")
	mustExec(t, s, "SET statement_timeout = '200ms'")
	return failure(t, s, "UPDATE many SET pad = '' WHERE id = 9").Message
}

// idleIn is a probe: how long the session may be silent after a statement.
func idleIn(sql string) func(*testing.T, *Session) string {
	return func(t *testing.T, s *Session) string {
		mustExec(t, s, sql)
		d, err := s.IdleLimit()
		if s.TxState() != 'I' {
			mustExec(t, s, "ROLLBACK")
		}
		return fmt.Sprint(d, err.Code)
	}
}

// notices is a probe: how many notices a statement sends.
func notices(t *testing.T, s *Session) string {
	n := 0
	s.OnNotice(func(*Error) { n++ })
	mustExec(t, s, "DROP TABLE IF EXISTS nowhere")
	return fmt.Sprint(n)
}

// TestSettingScopes: what is left of a setting when its transaction, its
// savepoint or its script ends.
func TestSettingScopes(t *testing.T) {
	_, s := openTest(t, "")
	var told []string
	s.OnSetting(func(name, value string) { told = append(told, name+"="+value) })
	for _, c := range []struct{ sql, name, want string }{
		{"BEGIN; SET lock_timeout = '1s'; SAVEPOINT a; SET lock_timeout = '2s'; SET LOCAL search_path = x; ROLLBACK TO a", "lock_timeout", "1s"},
		{"SHOW lock_timeout", "search_path", `"$user", public`},
		{"SAVEPOINT b; SET LOCAL lock_timeout = '3s'; RELEASE b", "lock_timeout", "3s"},
		{"COMMIT", "lock_timeout", "1s"},
		{"BEGIN; RESET lock_timeout", "lock_timeout", "0"},
		{"ROLLBACK", "lock_timeout", "1s"},
		{"BEGIN; SET LOCAL lock_timeout = '4s'; SET lock_timeout = '5s'; COMMIT", "lock_timeout", "5s"},
		{"BEGIN; SET TimeZone = 'Asia/Tokyo'; ROLLBACK", "TimeZone", "UTC"},
		{"SET LOCAL lock_timeout = '9s'", "lock_timeout", "5s"},
		{"SET my.own = 'x'; RESET my.own", "my.own", ""},
		{"BEGIN READ ONLY; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "transaction_read_only", "on"},
		{"SHOW lock_timeout", "transaction_isolation", "repeatable read"},
		{"ROLLBACK; BEGIN; SET transaction_isolation = 'repeatable read'", "transaction_isolation", "repeatable read"},
		{"ROLLBACK; SET default_transaction_read_only = on; BEGIN READ WRITE", "transaction_read_only", "off"},
		{"ROLLBACK; RESET ALL", "lock_timeout", "0"},
	} {
		mustExec(t, s, c.sql)
		if got, err := s.Setting(c.name); err != nil || got != c.want {
			t.Errorf("after %s: %s is %q, want %q (%v)", c.sql, c.name, got, c.want, err)
		}
	}
	if got := strings.Join(told, " "); !strings.Contains(got, "TimeZone=Asia/Tokyo TimeZone=UTC") {
		t.Errorf("told %s", got)
	}
	if _, err := s.Exec(t.Context(), "SET lock_timeout = '6s'; SELECT 1 / 0"); err == nil {
		t.Error("no error")
	}
	if got, _ := s.Setting("lock_timeout"); got != "0" {
		t.Errorf("the SET of a script that failed holds: %s", got)
	}
	for sql, code := range map[string]sqlstate.Code{
		"SET htap.simd = 'go'":                     sqlstate.CantChangeParam,
		"RESET htap.simd":                          sqlstate.CantChangeParam,
		"SET server_version = '1'":                 sqlstate.CantChangeParam,
		"SET DateStyle = 'Klingon'":                sqlstate.InvalidParameterValue,
		"SET lock_timeout = 1, 2":                  sqlstate.InvalidParameterValue,
		"SET bytea_output = 'escape'":              sqlstate.FeatureNotSupported,
		"SET nonsense = 1":                         sqlstate.UndefinedObject,
		"SET default_transaction_isolation = 'no'": sqlstate.InvalidParameterValue,
	} {
		if e := failure(t, s, sql); e.Code != code {
			t.Errorf("%s: %v", sql, e)
		}
	}
}

// TestSetConfig: set_config is SET as a function, and current_setting reads it,
// an application's own names too.
func TestSetConfig(t *testing.T) {
	_, s := openTest(t, "")
	value := func(sql string) string { return strings.TrimSpace(queryText(t, s, sql)) }
	for _, c := range []struct{ sql, want, then string }{
		{"SELECT set_config('lock_timeout', '7000', false)", "7s", "7s"},
		{"SELECT set_config('lock_timeout', '8s', true)", "8s", "7s"},
		{"SELECT set_config('lock_timeout', NULL, false)", "0", "0"},
		{"SELECT set_config('lock_timeout', '9s', NULL)", "9s", "9s"},
		{"SELECT set_config('lock_timeout', '1s', true), current_setting('LOCK_timeout')", "1s|1s", "9s"},
	} {
		if got := value(c.sql); got != c.want {
			t.Errorf("%s: %s, want %s", c.sql, got, c.want)
		}
		if got := value("SELECT current_setting('lock_timeout')"); got != c.then {
			t.Errorf("after %s: %s, want %s", c.sql, got, c.then)
		}
	}
	mustExec(t, s, "SET my.own = 'x'")
	if got := value("SELECT current_setting('MY.own'), set_config('my.own', 'y', false), current_setting('no.such', true)"); got != "x|y|NULL" {
		t.Errorf("own names: %s", got)
	}
	mustExec(t, s, "BEGIN; SELECT set_config('lock_timeout', '2s', true), set_config('search_path', 'a, b', false)")
	if got := value("SELECT current_setting('lock_timeout'), current_setting('search_path')"); got != "2s|a, b" {
		t.Errorf("in the transaction: %s", got)
	}
	mustExec(t, s, "ROLLBACK")
	if got := value("SELECT current_setting('lock_timeout'), current_setting('search_path')"); got != `9s|"$user", public` {
		t.Errorf("after ROLLBACK: %s", got)
	}
	for sql, code := range map[string]sqlstate.Code{
		"SELECT set_config('lock_timeout', '1s', false), 1 / (SELECT count(*) FROM generate_series(1, 0))": sqlstate.DivisionByZero,
		"SELECT set_config('lock_timeout', 'x', false)":                                                    sqlstate.InvalidParameterValue,
		"SELECT set_config('nosuch', 'x', false)":                                                          sqlstate.UndefinedObject,
		"SELECT set_config(NULL, 'x', false)":                                                              sqlstate.NullValueNotAllowed,
		"SELECT set_config('server_version', 'x', false)":                                                  sqlstate.CantChangeParam,
		"SELECT current_setting('no.such')":                                                                sqlstate.UndefinedObject,
	} {
		if e := failure(t, s, sql); e.Code != code {
			t.Errorf("%s: %v", sql, e)
		}
	}
	if got := value("SELECT current_setting('lock_timeout')"); got != "9s" {
		t.Errorf("after errors: %s", got)
	}
}
