package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"htapdb/htap"
)

// TestCheck proves the lines and the statuses on a real database.
func TestCheck(t *testing.T) {
	dir := t.TempDir()
	db, err := htap.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := db.Session(t.Context())
	if _, err := s.Exec(t.Context(), `CREATE SCHEMA x; CREATE TABLE t (a int PRIMARY KEY); CREATE TABLE x."T t" (a text);
		INSERT INTO t SELECT * FROM generate_series(1, 100); INSERT INTO x."T t" VALUES ('a'), (NULL); DELETE FROM t WHERE a % 3 = 0`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	empty := t.TempDir()
	for _, c := range []struct {
		args   []string
		status int
		out    string
	}{
		{[]string{"--data", dir}, 0, "ok        t (67 rows)\nok        x.T t (2 rows)\n"},
		{[]string{"--data", dir, "T"}, 0, "ok        t (67 rows)\n"},
		{[]string{"--data", dir, `x."T t"`, "t"}, 0, "ok        x.T t (2 rows)\nok        t (67 rows)\n"},
		{[]string{"--data", dir, "t", "nope"}, 2, "ok        t (67 rows)\nerror     nope: relation \"nope\" does not exist\n"},
		{[]string{"--data", dir, "t; DROP TABLE t"}, 2, ""},
		{[]string{"--data", empty}, 2, ""},
		{[]string{"--data", "/no/such/dir"}, 2, ""},
		{nil, 2, ""},
	} {
		status, out, errs := program(t, "", append([]string{"check"}, c.args...)...)
		if status != c.status || out != c.out || (c.out == "") != (errs != "") {
			t.Errorf("%q: status %d, output %q, messages %q", c.args, status, out, errs)
		}
	}
	if left, err := os.ReadDir(empty); err != nil || len(left) != 0 {
		t.Errorf("check made something in an empty directory: %v, %v", left, err)
	}
}

// TestCheckRepair proves that a database whose log was cut is refused, by serve
// and by check, that check says what is lost, and that --repair makes it open.
func TestCheckRepair(t *testing.T) {
	dir, cut := t.TempDir(), t.TempDir()
	db, err := htap.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := db.Session(t.Context())
	if _, err := s.Exec(t.Context(), "CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond) // on record
	if _, err := s.Exec(t.Context(), "INSERT INTO t VALUES (2)"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	if err := os.CopyFS(cut, os.DirFS(dir)); err != nil { // as a kill would leave it
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	logs, err := filepath.Glob(filepath.Join(cut, "rows", "db", "*.log"))
	if err != nil || len(logs) == 0 {
		t.Fatal(logs, err)
	}
	newest := logs[len(logs)-1]
	text, err := os.ReadFile(newest)
	if err != nil {
		t.Fatal(err)
	}
	// The last byte that was written, in a file that may have room behind it.
	end := len(bytes.TrimRight(text, "\x00"))
	if err := os.Truncate(newest, int64(end-1)); err != nil {
		t.Fatal(err)
	}
	status, out, errs := program(t, "", "check", "--data", cut)
	if status != checkFailed || !strings.Contains(out, "damaged   file "+filepath.Base(newest)) || !strings.Contains(errs, "--repair") {
		t.Errorf("status %d, output %q, messages %q", status, out, errs)
	}
	status, _, errs = program(t, "", "serve", "--data", cut, "--pg", "off", "--flight", "off", "--http", "off")
	if status != exitError || !strings.Contains(errs, filepath.Base(newest)) || !strings.Contains(errs, "htap check --repair --data "+cut) {
		t.Errorf("serve: status %d, messages %q", status, errs)
	}
	status, out, errs = program(t, "", "check", "--repair", "--data", cut)
	if status != exitOK || !strings.Contains(out, "Missing of the commits up to that record: at most 1.") ||
		!strings.Contains(out, "repaired") || !strings.Contains(out, "ok        t (1 rows)") {
		t.Errorf("repair: status %d, output %q, messages %q", status, out, errs)
	}
	status, out, _ = program(t, "", "check", "--repair", "--data", cut)
	if status != exitOK || strings.Contains(out, "damaged") {
		t.Errorf("again: status %d, output %q", status, out)
	}
}

// TestCheckScrubs proves that a wrong bit in a filter of the rows' files, which
// no comparison of rows reads, is found, and that nothing is opened or changed then.
func TestCheckScrubs(t *testing.T) {
	dir := t.TempDir()
	db, err := htap.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Session(t.Context()).Exec(t.Context(), "CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t SELECT * FROM generate_series(1, 2000)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "rows", "db", "*.sst"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	content, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)-1000] ^= 1 // behind the rows
	if err := os.WriteFile(files[0], content, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"check", "--data", dir}, {"check", "--repair", "--data", dir}} {
		status, out, errs := program(t, "", args...)
		if status != checkFailed || !strings.HasPrefix(out, "damaged   file "+filepath.Base(files[0])) || !strings.Contains(errs, "restore the directory from a copy") {
			t.Errorf("%v: status %d, output %q, messages %q", args, status, out, errs)
		}
	}
	if now, err := os.ReadFile(files[0]); err != nil || !bytes.Equal(now, content) {
		t.Errorf("the file has changed: %v", err)
	}
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	if status, out, errs := program(t, "", "check", "--data", dir); status != checkFailed || !strings.HasPrefix(out, "damaged   ") || strings.Contains(errs, "--repair") {
		t.Errorf("without the file: status %d, output %q, messages %q", status, out, errs)
	}
}

// TestCheckDiffers proves the status of a difference, which no intact database
// has: the comparison is replaced.
func TestCheckDiffers(t *testing.T) {
	ok := checked{table: "a", status: "ok", rows: 1}
	bad := checked{table: "b", status: "mismatch", rows: 2, detail: "the row with (id = 7), rowID 9, is missing in the columns"}
	for _, c := range []struct {
		results []checked
		err     error
		status  int
	}{
		{[]checked{ok, ok}, nil, exitOK},
		{[]checked{ok, bad}, nil, checkDiffers},
		{[]checked{bad, ok}, nil, checkDiffers},
		{[]checked{bad, ok}, errors.New("broken"), checkFailed},
	} {
		var names []string
		for _, r := range c.results {
			names = append(names, r.table)
		}
		if c.err != nil {
			names = append(names, "c")
		}
		var out bytes.Buffer
		i := 0
		status := report(&out, names, func(string) (checked, error) {
			if i == len(c.results) {
				return checked{}, c.err
			}
			i++
			return c.results[i-1], nil
		})
		if status != c.status {
			t.Errorf("%+v: status %d, want %d", c.results, status, c.status)
		}
		if strings.Contains(out.String(), "mismatch  b (2 rows): the row with (id = 7)") != (status != exitOK) {
			t.Errorf("output %q", &out)
		}
	}
}

// TestByteSize proves how sizes are written.
func TestByteSize(t *testing.T) {
	for in, want := range map[string]int64{"1": 1, "512MB": 512 << 20, "4 gb": 4 << 30, "1.5KiB": 1536, "7B": 7, "1tb": 1 << 40} {
		var b byteSize
		if err := b.UnmarshalText([]byte(in)); err != nil || int64(b) != want {
			t.Errorf("%q: %d, %v", in, b, err)
		}
	}
	for _, in := range []string{"", "MB", "-1", "1XB", "9999999TB", "NaN", "inf"} {
		var b byteSize
		if err := b.UnmarshalText([]byte(in)); err == nil {
			t.Errorf("%q: accepted as %d", in, b)
		}
	}
}
