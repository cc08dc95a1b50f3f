package bindtest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the files under testdata anew")

// Golden runs the cases of a file and compares the outputs with what the file
// says. A case is
//
//	command
//	input, one or more lines
//	----
//	output
//
// and ends at a blank line; lines that begin with # are comments. With
// -rewrite the file gets the outputs instead.
func Golden(t *testing.T, path string, run func(t *testing.T, command, input string) string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, block := range strings.Split(strings.TrimRight(string(text), "\n"), "\n\n") {
		if block = strings.Trim(block, "\n"); block != "" {
			out = append(out, goldenCase(t, path, block, run))
		}
	}
	if *rewrite {
		if err := os.WriteFile(path, []byte(strings.Join(out, "\n\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// goldenCase runs one block and returns it with the output that it gave.
func goldenCase(t *testing.T, path, block string, run func(t *testing.T, command, input string) string) string {
	t.Helper()
	var comments, lines []string
	for _, l := range strings.Split(block, "\n") {
		if len(lines) == 0 && (strings.HasPrefix(l, "#") || l == "") {
			comments = append(comments, l)
		} else {
			lines = append(lines, l)
		}
	}
	if len(lines) == 0 {
		return block
	}
	input, want := lines[1:], ""
	for i, l := range input {
		if l == "----" {
			input, want = input[:i], strings.Join(input[i+1:], "\n")
			break
		}
	}
	sql := strings.Join(input, "\n")
	have := strings.TrimRight(run(t, lines[0], sql), "\n")
	if have != want && !*rewrite {
		t.Errorf("%s: %s\nhave:\n%s\nwant:\n%s", filepath.Base(path), sql, have, want)
	}
	return strings.TrimRight(strings.Join(append(append(comments, lines[0]), sql, "----", have), "\n"), "\n")
}

// GoldenFile compares text with a whole file, or writes the file with -rewrite.
func GoldenFile(t *testing.T, path, text string) {
	t.Helper()
	if *rewrite {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != text {
		t.Errorf("%s differs; run with -rewrite if that is right. Now:\n%s", path, text)
	}
}
