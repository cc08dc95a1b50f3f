package htap

import (
	"fmt"
	"sync"
	"testing"

	"htapdb/htap/catalog"
)

// trained makes the model of a line that rises by n.
func trained(name string, n int) string {
	return fmt.Sprintf("CREATE OR REPLACE MODEL %s PREDICT y USING linear_regression AS SELECT i AS x, %d * i AS y FROM generate_series(1, 9) AS g(i)", name, n)
}

// Decoded models are charged to the account, bounded, and read again when they
// have been evicted; a plan is charged for those that it has.
func TestModelCacheBounds(t *testing.T) {
	db, s := openTest(t, "")
	for i := range 8 {
		mustExec(t, s, trained(fmt.Sprint("m", i), i+1)) // a constant target has fewer metrics
	}
	cat, err := s.snapshot()
	if err != nil {
		t.Fatal(err)
	}
	one := cat.Model("", "m1").SizeOfState()
	db.models = newModelCache(db.memory.Child("models", 3*one+one/2))
	for range 2 {
		for i := range 8 {
			db.plans = newPlanCache(db.memory.Child("plans", 1<<20))
			sql := fmt.Sprintf("SELECT abs(predict('m%d', x => 2) - %d) < 0.001", i, 2*i+2)
			if got := queryText(t, s, sql); got != "t" {
				t.Errorf("model %d: %s", i, got)
			}
			if _, bytes := db.plans.size(); bytes < one-12+planBytesFixed {
				t.Errorf("model %d: the plan is charged %d bytes, the model has %d", i, bytes, one)
			}
			n, bytes := db.models.size()
			if n > 3 || bytes > 3*one+one/2 || bytes < int64(n)*(one-12) {
				t.Errorf("%d models of %d bytes, one has %d", n, bytes, one)
			}
		}
	}
	if n, _ := db.models.size(); n != 3 {
		t.Errorf("%d models are cached", n)
	}
}

// A statement that is planned outside of a transaction while the model is replaced
// takes the newer model.
func TestModelReplacedWhilePlanning(t *testing.T) {
	db, s := openTest(t, "")
	mustExec(t, s, trained("m", 1))
	cat, err := s.snapshot()
	if err != nil {
		t.Fatal(err)
	}
	st, err := s.Prepare(t.Context(), "SELECT 1")
	if err != nil {
		t.Fatal(err)
	}
	mustExec(t, s, trained("m", 2))
	if st, err = s.Prepare(t.Context(), "SELECT predict('m', x => 2)"); err != nil {
		t.Fatal(err)
	}
	parsed := st.parsed
	parsed.SQL = ""
	if _, err := s.planAt(&Stmt{s: s, parsed: parsed}, cat); !catalog.StateGone(err) || code(err) != "40001" {
		t.Errorf("with the catalog of before: %v", err)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		other := db.Session(t.Context())
		defer other.Close()
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := other.Exec(t.Context(), trained("m", i%5)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for i := range 500 {
		if _, err := s.Prepare(t.Context(), fmt.Sprintf("SELECT predict('m', x => 2) + %d", i)); err != nil {
			t.Errorf("while others replace it: %v", err)
			break
		}
	}
	close(stop)
	wg.Wait()
}

// A transaction's own model, replaced, rolled back and dropped.
func TestModelInTransaction(t *testing.T) {
	db, s := openTest(t, "")
	other := db.Session(t.Context())
	mustExec(t, s, trained("m", 3))
	const q = "SELECT round(predict('m', x => 2)::numeric, 3)"
	mustExec(t, other, "BEGIN ISOLATION LEVEL REPEATABLE READ")
	if got := answer(other, q); got != "6.000" {
		t.Error(got)
	}
	mustExec(t, s, "BEGIN; "+trained("m", 4))
	if got := answer(s, q); got != "8.000" {
		t.Errorf("in the transaction: %s", got)
	}
	mustExec(t, s, "SAVEPOINT a; "+trained("m", 5))
	if got := answer(s, q); got != "10.000" {
		t.Errorf("after a second: %s", got)
	}
	mustExec(t, s, "ROLLBACK TO a")
	if got := answer(s, q); got != "8.000" {
		t.Errorf("after ROLLBACK TO: %s", got)
	}
	mustExec(t, s, "DROP MODEL m")
	if got := answer(s, q); got != "42704" {
		t.Errorf("after DROP: %s", got)
	}
	mustExec(t, s, "ROLLBACK")
	if got := answer(s, q); got != "6.000" {
		t.Errorf("after ROLLBACK: %s", got)
	}
	mustExec(t, s, "DROP MODEL m; "+trained("m", 7))
	db.models = newModelCache(db.memory.Child("models", 1<<20)) // what it needs is read again
	if got := answer(other, q+" + 0"); got != "6.000" {
		t.Errorf("as of a snapshot of before: %s", got)
	}
	mustExec(t, other, "COMMIT")
	if got := answer(other, q); got != "14.000" {
		t.Errorf("after it: %s", got)
	}
}
