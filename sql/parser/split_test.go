package parser

import (
	"slices"
	"testing"
)

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		text     string
		complete []string
		rest     string
	}{
		{"", nil, ""},
		{" -- nothing\n/* here */ ", nil, ""},
		{"SELECT 1", nil, "SELECT 1"},
		{"SELECT 1;", []string{"SELECT 1"}, ""},
		{"a; b ;\n c", []string{"a", " b "}, "\n c"},
		{"SELECT ';' \"a;b\" $$;$$ /* ; */ -- ;\n; b", []string{"SELECT ';' \"a;b\" $$;$$ /* ; */ -- ;\n"}, " b"},
		{"SELECT 'open; a", nil, "SELECT 'open; a"},
		{"a; SELECT /* open; a", []string{"a"}, " SELECT /* open; a"},
		{"a; $x$ b; $y$", []string{"a"}, " $x$ b; $y$"},
		{"CREATE f (a; b); c", []string{"CREATE f (a; b)"}, " c"},
		{"f(a; b", nil, "f(a; b"},
		{"f(a;", nil, "f(a;"},
		{"SELECT 1x 'b'; SELECT 2; c", []string{"SELECT 1x 'b'", " SELECT 2"}, " c"},
		{"SELECT 1x", nil, "SELECT 1x"},
		{"a); b;", []string{"a)", " b"}, ""},
		{";;", []string{"", ""}, ""},
		{"\\d; \xff; é;", []string{"\\d", " \xff", " é"}, ""},
	} {
		complete, rest := Split(c.text)
		if !slices.Equal(complete, c.complete) || rest != c.rest {
			t.Errorf("Split(%q) = %q, %q; want %q, %q", c.text, complete, rest, c.complete, c.rest)
		}
	}
}

// FuzzSplit checks that no text is lost, and that a text that parses is cut
// where its statements end.
func FuzzSplit(f *testing.F) {
	f.Add("SELECT 1; SELECT ';'; -- x")
	f.Fuzz(func(t *testing.T, text string) {
		complete, rest := Split(text)
		n := len(rest)
		for _, s := range complete {
			n += len(s) + 1
		}
		if n > len(text) || rest != "" && n != len(text) {
			t.Fatalf("%d bytes of %d: %q %q", n, len(text), complete, rest)
		}
		list, err := Parse(text)
		if err != nil {
			return
		}
		var parsed int
		for _, s := range append(complete, rest) {
			if part, err := Parse(s); err != nil {
				t.Fatalf("%q does not parse alone: %v", s, err)
			} else {
				parsed += len(part)
			}
		}
		if parsed != len(list) {
			t.Fatalf("%d statements, cut into %d", len(list), parsed)
		}
	})
}
