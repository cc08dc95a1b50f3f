package test

import (
	"bytes"
	"context"
	"net"
	"os"
	programs "os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"htapdb/htap"
	"htapdb/internal/testutil"
	"htapdb/server/pg"
)

// cases are scripts of the shared data, each with what psql prints for it. A reason
// says what a case waits for: its differences are then reported and do not fail it.
var cases = map[string]string{
	"trust/names": "",
	"trust/times": "",
}

// TestCases runs each of the cases through psql against the server, in a database
// of its own, and compares what it prints with the file of right answers.
func TestCases(t *testing.T) {
	psql, err := programs.LookPath("psql")
	if err != nil {
		testutil.Missing(t, "psql is not installed")
	}
	for name, reason := range cases {
		t.Run(name, func(t *testing.T) {
			script := testutil.Shared(t, "cases", filepath.FromSlash(name)+".sql")
			want, err := os.ReadFile(strings.TrimSuffix(script, ".sql") + ".out")
			if err != nil {
				t.Fatal(err)
			}
			got := runCase(t, psql, script)
			diff := diffLines(strings.Split(strings.TrimSpace(string(want)), "\n"), strings.Split(strings.TrimSpace(got), "\n"))
			switch {
			case len(diff) == 0 && reason != "":
				t.Errorf("it is right: it does not wait for %s any more", reason)
			case len(diff) > 0 && reason != "":
				t.Skipf("waits for %s:\n%s", reason, strings.Join(diff, "\n"))
			case len(diff) > 0:
				t.Error(strings.Join(diff, "\n"))
			}
		})
	}
}

// runCase runs a script through psql and returns what it prints, rows and errors
// in their order, without the place in the script before an error.
func runCase(t *testing.T, psql, script string) string {
	t.Helper()
	db, err := htap.Open("")
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := pg.NewServer(db, pg.Options{})
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := srv.Shutdown(ctx); err != nil {
			t.Errorf("stopping the server: %v", err)
		}
		<-done
		if err := db.Close(); err != nil {
			t.Errorf("closing the database: %v", err)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	host, port, _ := net.SplitHostPort(l.Addr().String()) // it is one
	cmd := programs.CommandContext(ctx, psql, "-X", "-q", "-A", "-t", "-v", "VERBOSITY=sqlstate", "-f", "-")
	cmd.Env = append(os.Environ(), "PGHOST="+host, "PGPORT="+port, "PGUSER=htap", "PGDATABASE=htap", "LC_ALL=C", "PGTZ=", "PGOPTIONS=")
	text, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin = bytes.NewReader(text)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Logf("psql: %v", err) // what it printed says more
	}
	lines := strings.Split(string(out), "\n")
	for i, line := range lines {
		if at := strings.Index(line, "ERROR:  "); at > 0 && strings.HasPrefix(line, "psql:") {
			lines[i] = line[at:]
		}
	}
	return strings.Join(lines, "\n")
}

// diffLines lists the lines that only one of the two has, by the longest common
// subsequence.
func diffLines(want, got []string) []string {
	common := make([][]int, len(want)+1)
	for i := range common {
		common[i] = make([]int, len(got)+1)
	}
	for i := len(want) - 1; i >= 0; i-- {
		for j := len(got) - 1; j >= 0; j-- {
			if want[i] == got[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []string
	i, j := 0, 0
	for i < len(want) || j < len(got) {
		switch {
		case i < len(want) && j < len(got) && want[i] == got[j]:
			i, j = i+1, j+1
		case j == len(got) || i < len(want) && common[i+1][j] >= common[i][j+1]:
			out = append(out, "missing: "+want[i])
			i++
		default:
			out = append(out, "surplus: "+got[j])
			j++
		}
	}
	return out
}
