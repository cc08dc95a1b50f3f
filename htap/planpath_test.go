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
