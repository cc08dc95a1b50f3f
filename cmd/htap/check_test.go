package main

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

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
