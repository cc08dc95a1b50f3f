package notebooks

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"htapdb/htap"
	"htapdb/internal/testutil"
	"htapdb/server/flight"
)

// python returns the interpreter of a virtual environment that has the pinned
// requirements, making it if it is not there.
func python(t *testing.T) string {
	t.Helper()
	base, err := exec.LookPath("python3")
	if err != nil {
		testutil.Missing(t, "no python3")
	}
	pinned, err := os.ReadFile("requirements.txt")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		testutil.Missing(t, "no cache directory for the Python environment: %v", err)
	}
	sum := sha256.Sum256(append(pinned, runtime.Version()...))
	dir := filepath.Join(cache, "htapdb", "venv-"+hex.EncodeToString(sum[:8]))
	interpreter := filepath.Join(dir, "bin", "python")
	if _, err := os.Stat(filepath.Join(dir, "complete")); err == nil {
		return interpreter
	}
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, base, "-m", "venv", "--clear", dir).CombinedOutput(); err != nil {
		testutil.Missing(t, "python3 cannot make a virtual environment: %v\n%s", err, out)
	}
	out, err := exec.CommandContext(ctx, interpreter, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", "requirements.txt").CombinedOutput()
	if err != nil {
		testutil.Missing(t, "the package index does not give the requirements: %v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "complete"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return interpreter
}

// serve starts a Flight SQL server over a database with the flights.
func serve(t *testing.T) (address string) {
	t.Helper()
	db, err := htap.Open("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	s := db.Session(t.Context())
	file := strings.ReplaceAll(testutil.Shared(t, "data", "flights-3m.parquet"), "'", "''")
	if _, err := s.Exec(t.Context(), "CREATE TABLE flights AS SELECT * FROM '"+file+"'"); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := flight.NewServer(db, flight.Options{})
	stopped := make(chan error, 1)
	go func() { stopped <- server.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
	return ln.Addr().String()
}

// Every notebook runs from the first cell to the last, and shows a picture.
func TestNotebooks(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: -short leaves out the notebooks")
	}
	interpreter := python(t)
	address := serve(t)
	books, err := filepath.Glob("*.ipynb")
	if err != nil || len(books) == 0 {
		t.Fatal("no notebooks", err)
	}
	for _, book := range books {
		t.Run(book, func(t *testing.T) {
			output := filepath.Join(t.TempDir(), book)
			cmd := exec.CommandContext(t.Context(), interpreter, "run.py", book, output)
			cmd.Env = append(os.Environ(), "HTAP_FLIGHT="+address, "MPLBACKEND=module://matplotlib_inline.backend_inline")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			checkOutputs(t, output)
			if keep := os.Getenv("HTAPDB_KEEP"); keep != "" {
				data, err := os.ReadFile(output)
				if err == nil {
					err = os.WriteFile(filepath.Join(keep, book), data, 0o600)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// checkOutputs looks for at least one picture and one table among the outputs.
func checkOutputs(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var book struct {
		Cells []struct {
			Outputs []struct {
				Data map[string]any `json:"data"`
			} `json:"outputs"`
		} `json:"cells"`
	}
	if err := json.Unmarshal(data, &book); err != nil {
		t.Fatal(err)
	}
	pictures, tables := 0, 0
	for _, c := range book.Cells {
		for _, o := range c.Outputs {
			if _, ok := o.Data["image/png"]; ok {
				pictures++
			}
			if _, ok := o.Data["text/html"]; ok {
				tables++
			}
		}
	}
	if pictures < 2 || tables < 3 {
		t.Errorf("%d pictures and %d tables among the outputs", pictures, tables)
	}
}
