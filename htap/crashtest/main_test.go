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
// that are not crashes. All sizes grow with HTAPDB_LONG=1; HTAPDB_SEED repeats
// the random choices, though not the timing.
//
// # The checker was seen to fail
//
// With each of these changes made to the engine, and undone again, the tests
// failed as the right column says:
//
// PLANTED
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
