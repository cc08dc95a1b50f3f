package htap

import "testing"

// That a plan holds along one search_path says nothing of another one: a prepared
// statement that ran along both does not take over what was found along the other.
func TestPlanHoldsAlongItsPath(t *testing.T) {
	db, s := openTest(t, "")
	other := db.Session(t.Context())
	defer other.Close()
	mustExec(t, s, "CREATE SCHEMA near; CREATE TABLE public.t (id BIGINT PRIMARY KEY, x BIGINT); INSERT INTO public.t VALUES (1, 1)")
	mustExec(t, s, "SET search_path = near, public")
	mustExec(t, s, "PREPARE q AS SELECT x FROM t WHERE id = 1")
	if got := queryText(t, s, "EXECUTE q"); got != "1" {
		t.Fatal(got)
	}
	mustExec(t, other, "CREATE TABLE near.t (id BIGINT PRIMARY KEY, x BIGINT); INSERT INTO near.t VALUES (1, 2)")
	mustExec(t, s, "SET search_path = public")
	if got := queryText(t, s, "EXECUTE q"); got != "1" {
		t.Errorf("along public it is %s", got)
	}
	mustExec(t, s, "SET search_path = near, public")
	if got := queryText(t, s, "EXECUTE q"); got != "2" {
		t.Errorf("along near, public it is %s", got)
	}
}

// A prepared statement of one row looks names up along the session's path, as all
// others do: a table that comes to stand before another is the one that is read,
// also where pg_catalog has a place of its own.
func TestPointPlanAlongPath(t *testing.T) {
	for _, path := range []string{"near, public", "near, pg_catalog, public"} {
		db, s := openTest(t, "")
		other := db.Session(t.Context())
		mustExec(t, s, "CREATE SCHEMA near; CREATE TABLE public.t (id BIGINT PRIMARY KEY, x BIGINT); INSERT INTO public.t VALUES (1, 1)")
		mustExec(t, s, "SET search_path = "+path)
		mustExec(t, s, "PREPARE q AS SELECT x FROM t WHERE id = 1")
		for _, step := range []struct{ ddl, want string }{
			{"SELECT 1", "1"},
			{"CREATE TABLE near.t (id BIGINT PRIMARY KEY, x BIGINT); INSERT INTO near.t VALUES (1, 2)", "2"},
			{"DROP TABLE public.t; CREATE TABLE public.t (id BIGINT PRIMARY KEY, x BIGINT)", "2"},
			{"DROP TABLE near.t", ""},
		} {
			mustExec(t, other, step.ddl)
			db.engine.Feed.CatchUp() // a plan holds only when its tables have columns
			for range 2 {            // the first may make the plan, the second only asks whether it holds
				if got := queryText(t, s, "EXECUTE q"); got != step.want {
					t.Errorf("along %s after %s it is %q instead of %q", path, step.ddl, got, step.want)
				}
			}
		}
		other.Close()
	}
}
