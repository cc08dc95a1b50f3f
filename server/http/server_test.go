package http

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"htapdb/htap"
)

// start serves a database with one table on a port of its own.
func start(t *testing.T) (url string, s *Server) {
	t.Helper()
	db, err := htap.Open("")
	if err != nil {
		t.Fatal(err)
	}
	session := db.Session(t.Context())
	if _, err := session.Exec(t.Context(), "CREATE TABLE t (id BIGINT PRIMARY KEY); INSERT INTO t VALUES (1), (2)"); err != nil {
		t.Fatal(err)
	}
	if _, err := session.Exec(t.Context(), "SELECT 1 / (id - id) FROM t"); err == nil {
		t.Fatal("no error")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s = NewServer(db, Options{})
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return "http://" + ln.Addr().String(), s
}

// get returns status, body and header.
func get(t *testing.T, url, host string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		req.Host = host
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body), res.Header
}

// Probes, metrics, status and page answer; foreign hosts and unknown paths do not.
func TestEndpoints(t *testing.T) {
	url, s := start(t)
	for _, c := range []struct {
		path, host string
		code       int
		want       string
	}{
		{"/healthz", "", 200, "ok"},
		{"/readyz", "", 200, "ready"},
		{"/metrics", "", 200, `htap_table_rows{table="t"} 2`},
		{"/metrics", "", 200, "htap_commits_total"},
		{"/metrics", "", 200, "go_goroutines"},
		{"/", "", 200, "<title>htapdb</title>"},
		{"/", "localhost:80", 200, "<title>"},
		{"/assets/status.js", "", 200, "use strict"},
		{"/assets/status.css", "", 200, "color-scheme"},
		{"/assets/icon.svg", "", 200, "<svg"},
		{"/assets/status.js", "evil.example", 403, "localhost only"},
		{"/assets/../server.go", "", 404, ""},
		{"/metrics", "", 200, `htap_errors_total{class="22"} 1`},
		{"/metrics", "", 200, "# HELP htap_commits_total Transactions committed."},
		{"/", "evil.example", 403, "localhost only"},
		{"/nothing", "", 404, ""},
	} {
		code, body, _ := get(t, url+c.path, c.host)
		// The columns, whose figures these are, follow the commit.
		for deadline := time.Now().Add(5 * time.Second); code == c.code && !strings.Contains(body, c.want) && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			code, body, _ = get(t, url+c.path, c.host)
		}
		if code != c.code || !strings.Contains(body, c.want) {
			t.Errorf("%s (%s): %d, want %d with %q", c.path, c.host, code, c.code, c.want)
		}
	}
	_, _, header := get(t, url+"/", "")
	if csp := header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("content security policy %q", csp)
	}
	_, body, _ := get(t, url+"/api/status", "")
	var status htap.Status
	if err := json.Unmarshal([]byte(body), &status); err != nil {
		t.Fatal(err)
	}
	if len(status.Tables) != 1 || status.Tables[0].Rows != 2 || status.Tables[0].State != "live" {
		t.Errorf("status %+v", status.Tables)
	}
	if !strings.Contains(body, `"Draining":false`) {
		t.Errorf("status %s", body)
	}
	s.draining.Store(true)
	if code, body, _ := get(t, url+"/readyz", ""); code != 503 {
		t.Errorf("draining: %d %s", code, body)
	}
}

// TestPageIsSelfContained: the page and its parts name no other host, and the
// page has nothing inline that its policy would refuse.
func TestPageIsSelfContained(t *testing.T) {
	entries, err := assets.ReadDir("assets")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := assets.ReadFile("assets/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(b), "http://www.w3.org/2000/svg", "")
		for _, bad := range []string{"http://", "https://", "//cdn", "@import", "<style", " style=", " onclick=", "innerHTML", "eval("} {
			if strings.Contains(text, bad) {
				t.Errorf("%s has %q", e.Name(), bad)
			}
		}
		if e.Name() == "status.html" && strings.Count(text, "<script") != strings.Count(text, "<script src=") {
			t.Error("an inline script")
		}
	}
}

// TestConnectionLimit: one connection more than the limit waits until another ends.
func TestConnectionLimit(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := newLimitListener(inner, 1)
	accepted := make(chan net.Conn)
	go func() { // ends when the listener is closed
		defer close(accepted)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	for range 2 {
		c, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	first := <-accepted
	select {
	case <-accepted:
		t.Fatal("a second connection beyond the limit")
	case <-time.After(50 * time.Millisecond):
	}
	_ = first.Close()
	_ = first.Close()
	second := <-accepted
	_ = l.Close()
	if _, ok := <-accepted; ok {
		t.Error("a connection after Close")
	}
	_ = second.Close()
}
