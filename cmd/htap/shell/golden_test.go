package shell

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"htapdb/htap"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the expected output in testdata")

// newTestShell returns a shell on an empty database in memory and its two streams.
func newTestShell(t *testing.T, opt Options) (s *Shell, out, errs *bytes.Buffer) {
	t.Helper()
	db, err := htap.Open("", htap.WithWorkers(1))
	if err != nil {
		t.Fatal(err)
	}
	out, errs = &bytes.Buffer{}, &bytes.Buffer{}
	opt.Out, opt.Err = out, errs
	s = New(Embedded(context.Background(), db), opt)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, out, errs
}

// TestGolden runs the scripts in testdata. A case is a head line with options,
// the script, ---- and the output; cases are separated by a line of ====.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			intro, body, _ := strings.Cut(string(text), "====\n")
			var rebuilt strings.Builder
			rebuilt.WriteString(intro)
			for _, c := range strings.Split(body, "====\n") {
				input, want, _ := strings.Cut(c, "----\n")
				head, script, _ := strings.Cut(input, "\n")
				got := runGolden(t, head, script)
				if !*rewrite && got != want {
					t.Errorf("%s: %s\n%sgot:\n%s\nwant:\n%s", path, head, script, got, want)
				}
				rebuilt.WriteString("====\n" + input + "----\n" + got)
			}
			if *rewrite {
				if err := os.WriteFile(path, []byte(rebuilt.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// runGolden runs one case with the options of its head.
func runGolden(t *testing.T, head, script string) string {
	t.Helper()
	opt := Options{}
	rows := shownRows
	for _, o := range strings.Fields(head) {
		name, value, _ := strings.Cut(o, "=")
		n, _ := strconv.Atoi(value)
		switch name {
		case "format":
			opt.Format = Format(value)
		case "terminal":
			opt.Terminal = true
			opt.Width = func() int { return n }
		case "maxrows":
			rows = n
		case "quiet":
			opt.Quiet = true
		default:
			t.Fatalf("unknown option %q", o)
		}
	}
	s, out, errs := newTestShell(t, opt)
	s.maxRows = rows
	s.err = out // in the order of the events
	status := s.Script(context.Background(), strings.NewReader(script), "script")
	if status != ExitOK {
		fmt.Fprintf(out, "status %d\n", status)
	}
	if errs.Len() > 0 {
		t.Errorf("unexpected: %s", errs)
	}
	return out.String()
}
