package memory_test

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"htapdb/internal/memory"
	"htapdb/internal/testutil/cgroup"
)

// askLimit makes the test program print the default limit and end.
const askLimit = "HTAPDB_TEST_PRINT_LIMIT"

func TestMain(m *testing.M) {
	if os.Getenv(askLimit) != "" {
		os.Stdout.WriteString(strconv.FormatInt(memory.DefaultLimit(), 10) + "\n")
		return
	}
	os.Exit(m.Run())
}

// TestOwnCgroup proves on this kernel that a process sees the limit of its own
// cgroup, below the root of the hierarchy.
func TestOwnCgroup(t *testing.T) {
	const limit = 300 << 20
	g := cgroup.New(t, limit)
	ask := func(cmd *exec.Cmd) int64 {
		t.Helper()
		cmd.Env = append(os.Environ(), askLimit+"=1")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		n, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if got := ask(g.Command(os.Args[0])); got != limit/2 {
		t.Errorf("in the group: the default is %d, want %d", got, limit/2)
	}
	if got := ask(exec.Command(os.Args[0])); got <= limit/2 {
		t.Errorf("outside of the group: the default is %d", got)
	}
}
