// Package postgres starts a PostgreSQL server for a test or a benchmark: the
// oracle of the SQL tests and the peer of the transaction benchmarks.
//
// The server is the machine's own, with a new cluster in a temporary directory,
// on loopback, and ends with the test. HTAPDB_POSTGRES names another one to use
// instead. Where there is none the test is skipped, or fails with HTAPDB_REQUIRE=1;
// where it is installed and may not run, the test is skipped.
package postgres

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"htapdb/internal/testutil"

	"github.com/jackc/pgx/v5"
)

// Options say what the server is for.
type Options struct {
	// Durable leaves syncing on, as benchmarks of commits need it; tests of answers
	// go faster without.
	Durable bool
}

// Start returns the URL of a server, postgres://…, that ends with the test.
func Start(t testing.TB, o Options) (url string) {
	t.Helper()
	if url := os.Getenv("HTAPDB_POSTGRES"); url != "" {
		return url
	}
	bin := programs(t)
	dir := directory(t)
	initdb := asServer(t, filepath.Join(bin, "initdb"), "-D", dir, "-A", "trust", "-U", "htap", "-E", "UTF8", "--locale=C", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		// The machine does not let it: no other user, no shared memory.
		t.Skipf("skipped: PostgreSQL makes no cluster here: %v\n%s", err, out)
	}
	_, port, err := net.SplitHostPort(freeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"-D", dir, "-p", port, "-k", dir, "-c", "listen_addresses=127.0.0.1"}
	if !o.Durable {
		args = append(args, "-c", "fsync=off", "-c", "full_page_writes=off")
	}
	log, err := os.Create(filepath.Join(t.TempDir(), "postgres.log"))
	if err != nil {
		t.Fatal(err)
	}
	server := asServer(t, filepath.Join(bin, "postgres"), args...)
	server.Stdout, server.Stderr = log, log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(os.Interrupt) // its fast shutdown
		_ = server.Wait()
		_ = log.Close()
	})
	url = fmt.Sprintf("postgres://htap@127.0.0.1:%s/postgres", port)
	await(t, url, log.Name())
	return url
}

// programs is the folder of the server's programs; Debian keeps them off the path.
func programs(t testing.TB) string {
	t.Helper()
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is valid
	if len(found) == 0 {
		testutil.Missing(t, "no PostgreSQL server (initdb) on this machine, and HTAPDB_POSTGRES names none")
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1])
}

// directory is a new directory that the server's user may write to.
func directory(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "htapdb-postgres-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	giveToServer(t, dir)
	return dir
}

// freeAddress is an address on loopback that nobody listens at.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// await returns when the server answers.
func await(t testing.TB, url, log string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		c, err := pgx.Connect(context.Background(), url)
		if err == nil {
			_ = c.Close(context.Background())
			return
		}
		if time.Now().After(deadline) {
			said, _ := os.ReadFile(log) // what there is of it
			t.Fatalf("PostgreSQL does not answer: %v\n%s", err, strings.TrimSpace(string(said)))
		}
	}
}
