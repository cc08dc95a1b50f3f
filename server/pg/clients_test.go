package pg

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"htapdb/internal/testutil"
)

// Real clients run the scripts in clients/, which check the values themselves.
// What they need comes from the package registries once, into the user's cache
// directory; the ODBC driver and PgBouncer are packages of the system.

// clientScript is a script with the function that returns what runs it.
type clientScript struct {
	file string
	// command returns the program with its arguments, and more environment.
	command func(t *testing.T, file string) (args, env []string)
}

var clientScripts = []clientScript{
	{"asyncpg_client.py", pythonCommand},
	{"psycopg_client.py", pythonCommand},
	{"odbc_client.py", odbcCommand},
	{"postgresjs_client.mjs", nodeCommand},
	{"nodepg_client.mjs", nodeCommand},
	{"Jdbc.java", javaCommand},
}

// TestClients runs each script against an empty database.
func TestClients(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: -short leaves out the clients")
	}
	for _, s := range clientScripts {
		t.Run(s.file, func(t *testing.T) {
			args, env := s.command(t, filepath.Join("clients", s.file))
			_, addr := startEngine(t, Options{})
			runClient(t, addr, args, env)
		})
	}
}

// runClient runs a client's script; it may not hang.
func runClient(t *testing.T, addr string, args, env []string) {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.WaitDelay = time.Second
	cmd.Env = append(append(os.Environ(), "PGHOST="+host, "PGPORT="+port), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// cached returns a folder for what a file of requirements asks for, made by
// install if it is not there.
func cached(t *testing.T, what, requirements string, install func(dir string) error) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		testutil.Missing(t, "no cache directory for %s: %v", what, err)
	}
	sum := sha256.Sum256([]byte(requirements + runtime.Version()))
	dir := filepath.Join(cache, "htapdb", what+"-"+hex.EncodeToString(sum[:8]))
	complete := filepath.Join(dir, "complete")
	if _, err := os.Stat(complete); err == nil {
		return dir
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := install(dir); err != nil {
		testutil.Missing(t, "the registry does not give %s: %v", what, err)
	}
	if err := os.WriteFile(complete, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// install runs a program that fetches packages.
func install(t *testing.T, dir, program string, args ...string) error {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Logf("%s %s: %s", program, strings.Join(args, " "), out)
	}
	return err
}

// program finds a program or skips the test.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		testutil.Missing(t, "no %s", name)
	}
	return path
}

// read returns a file of the package's folder.
func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func pythonCommand(t *testing.T, file string) (args, env []string) {
	base := program(t, "python3")
	requirements, err := filepath.Abs("clients/requirements.txt")
	if err != nil {
		t.Fatal(err)
	}
	dir := cached(t, "python-clients", read(t, requirements), func(dir string) error {
		if err := install(t, dir, base, "-m", "venv", "--clear", dir); err != nil {
			return err
		}
		return install(t, dir, filepath.Join(dir, "bin", "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", requirements)
	})
	return []string{filepath.Join(dir, "bin", "python"), file}, nil
}

// odbcCommand needs the driver of the package odbc-postgresql.
func odbcCommand(t *testing.T, file string) (args, env []string) {
	drivers, err := filepath.Glob("/usr/lib/*/odbc/psqlodbcw.so")
	if err != nil || len(drivers) == 0 {
		testutil.Missing(t, "no psqlODBC (odbc-postgresql)")
	}
	args, _ = pythonCommand(t, file)
	return args, []string{"ODBC_DRIVER=" + drivers[0]}
}

func nodeCommand(t *testing.T, file string) (args, env []string) {
	node, npm := program(t, "node"), program(t, "npm")
	wanted := read(t, "clients/package.json")
	dir := cached(t, "node-clients", wanted, func(dir string) error {
		if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(wanted), 0o600); err != nil {
			return err
		}
		return install(t, dir, npm, "install", "--silent", "--no-audit", "--no-fund")
	})
	// Modules are looked for from where the script is.
	script := filepath.Join(dir, filepath.Base(file))
	if err := os.WriteFile(script, []byte(read(t, file)), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{node, script}, nil
}

// pgjdbc is the driver's version.
const pgjdbc = "org.postgresql:postgresql:42.7.4"

func javaCommand(t *testing.T, file string) (args, env []string) {
	java, mvn := program(t, "java"), program(t, "mvn")
	dir := cached(t, "java-clients", pgjdbc, func(dir string) error {
		return install(t, dir, mvn, "-q", "-B", "dependency:copy", "-Dartifact="+pgjdbc, "-DoutputDirectory="+dir)
	})
	jars, err := filepath.Glob(filepath.Join(dir, "*.jar"))
	if err != nil || len(jars) == 0 {
		testutil.Missing(t, "no driver in %s", dir)
	}
	return []string{java, "-cp", jars[0], file}, nil
}
