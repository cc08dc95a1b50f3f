package htap

import (
	"context"
	"testing"

	"htapdb/sql/sqlstate"
)

// A transaction that lost to another one's update sees that update when it is
// run again, in any session: locks are released before the winner is durable,
// and the loser's error must not overtake it.
func TestRetryAfterSerializationFailure(t *testing.T) {
	db, s := openTest(t, t.TempDir())
	mustExec(t, s, "CREATE TABLE t (id INT PRIMARY KEY, n INT); INSERT INTO t VALUES (1, 0)")
	ctx := context.Background()
	winner, loser, other := db.Session(ctx), db.Session(ctx), db.Session(ctx)
	lost := 0
	for round := range 80 {
		mustExec(t, loser, "BEGIN ISOLATION LEVEL REPEATABLE READ")
		queryText(t, loser, "SELECT n FROM t")
		mustExec(t, winner, "BEGIN")
		mustExec(t, winner, "UPDATE t SET n = n + 1")
		done := make(chan error, 1)
		go func() {
			_, err := winner.Exec(ctx, "COMMIT")
			done <- err
		}()
		if e := failure(t, loser, "UPDATE t SET n = n + 1"); e.Code != sqlstate.SerializationFailure {
			t.Fatalf("round %d: %v", round, e)
		}
		again := loser
		if round%2 == 1 {
			again = other
		}
		mustExec(t, loser, "ROLLBACK")
		mustExec(t, again, "BEGIN ISOLATION LEVEL REPEATABLE READ")
		if _, err := again.Exec(ctx, "UPDATE t SET n = n + 1"); err != nil {
			lost++
			mustExec(t, again, "ROLLBACK")
		} else {
			mustExec(t, again, "COMMIT")
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if lost > 0 {
		t.Errorf("%d of 80 transactions that were run again lost to the same winner", lost)
	}
}
