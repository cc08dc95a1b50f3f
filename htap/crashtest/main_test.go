// Package crashtest kills the whole engine, by SIGKILL and by power loss, while
// it commits, loads, changes tables and checkpoints, and checks what is there
// when it is opened again.
//
// The parts: a workload (writers_test.go, bulk_test.go, ddl_test.go) of which
// every transaction leaves a trace that says which of its writer's transactions
// have taken effect; a ledger of what was attempted and what was acknowledged
// (ledger_test.go); and a verification (verify_test.go, state_test.go) that holds
// the reopened database against the ledger: nothing acknowledged is lost,
// nothing is torn, no gaps, indexes and tables agree, sequences never repeat,
// CHECK TABLE is clean, both copies give the same answers, and no columns had
// to be thrown away.
//
// TestKill (kill_test.go) runs the workload in a child process that it kills;
// TestPowerLoss (power_test.go) runs it on a file system of which it takes
// clones with a part of what was not synced; restart_test.go is about restarts
// that are not crashes; damage_test.go damages files. All sizes grow with HTAPDB_LONG=1; HTAPDB_SEED repeats
// the random choices, though not the timing.
//
// # The checker was seen to fail
//
// Each of these changes was made to the engine, seen to fail within three runs
// at the default sizes, and undone (P TestPowerLoss, K TestKill, D TestDamage, M TestPowerLoss of rowstore/mark, R the others):
//
//	a commit is acknowledged before its sync             P K R  acknowledged transactions are lost
//	checkpoints at the applied position, not the durable P      columns are ahead of the rows
//	… and opening does not compare the positions         P K    columns with rows that were lost
//	a load's record is not synced before its files       P      a load whose commit never was is visible
//	pending loads count as committed after a restart     P      a load is visible although it was cut off
//	the columns' manifest is not synced                  P   R  the manifest is cut short
//	a lease of a sequence is not synced                  P K    numbers are given twice
//	a replay leaves out one commit                       P K R  rows and columns differ
//	garbage is collected up to the applied position      P K    the history to replay is gone
//	a write that waited for CREATE INDEX does not look   P K R  rows without index entries
//	an update leaves its row's old index entry           P K    a free value is taken
//	loads are applied after their transaction's changes  P K R  a changed row is not in the columns
//	a new directory's name is not synced                     R  the database is gone
//	timestamps ignore the ceiling of the last process        R  refused when it is opened
//	the record is not compared when a store is opened        D  commits are lost without a word
//	a file is on record before its name is durable           M  a healthy disk is refused
package crashtest

import (
	"os"
	"testing"
)

// childEnv names the directory that a child process works on.
const childEnv = "HTAPDB_CRASHTEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		os.Exit(child(dir))
	}
	os.Exit(m.Run())
}
