package main

import (
	"net"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"htapdb/htap"
)

// TestDemo proves that a short demo runs to its end, agrees with itself and
// replaces a taken port.
func TestDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("the demo imports 3 million rows")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := t.TempDir()
	status, out, errs := program(t, "", "demo", "--duration", "2s", "--exit", "--data", dir, "--pg", l.Addr().String(), "--flight", "off", "--http", "127.0.0.1:0")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	last := lines[len(lines)-1]
	if status != 0 || !regexp.MustCompile(`^demo: ok checks=[1-9]\d+$`).MatchString(last) {
		t.Fatalf("status %d, output:\n%s\nmessages:\n%s", status, out, errs)
	}
	for _, want := range []string{"transactions", "queries", "freshness", "bookings▸", "flights▸column", ": the same",
		"linear regression on 3,000,000 flights", "routes.parquet", "check table flights"} {
		if !strings.Contains(out, want) {
			t.Errorf("the output lacks %q", want)
		}
	}
	for _, line := range lines[1:] { // the first one has the name of the directory
		if n := utf8.RuneCountInString(line); n > 80 {
			t.Errorf("a line of %d columns: %q", n, line)
		}
	}
	if strings.Contains(out, "\x1b") {
		t.Error("there are colours without a terminal")
	}
	if status, out, errs := program(t, "", "check", "--data", dir, "bookings", "seats"); status != 0 {
		t.Errorf("check after the demo: status %d, %s%s", status, out, errs)
	}
}

// TestDemoRefuses proves that the demo leaves the tables of others alone.
func TestDemoRefuses(t *testing.T) {
	dir := t.TempDir()
	db, err := htap.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := db.Session(t.Context())
	if _, err := s.Exec(t.Context(), "CREATE TABLE flights (mine int)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	status, out, _ := program(t, "", "demo", "--exit", "--data", dir, "--pg", "127.0.0.1:0", "--flight", "off", "--http", "off")
	if status != exitError || !strings.Contains(out, "\ndemo: FAILED ") || !strings.Contains(out, "not the demo's") {
		t.Errorf("status %d, output %q", status, out)
	}
	if status, out, _ := program(t, "", "check", "--data", dir); status != 0 || out != "ok        flights (0 rows)\n" {
		t.Errorf("afterwards: status %d, %q", status, out)
	}
}
