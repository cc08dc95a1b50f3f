package parser

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"htapdb/sql/sqlstate"
)

var rewrite = flag.Bool("rewrite", false, "write the results into testdata")

// golden is one case of a file under testdata: a line with a directive, SQL
// up to a line ----, and the result up to an empty line. Comments that stand
// before it, beginning with #, belong to it.
type golden struct {
	comment, directive, sql, want string
}

// readGoldens reads the cases of a file.
func readGoldens(t *testing.T, path string) (cases []golden) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	comment := ""
	for block := range strings.SplitSeq(strings.TrimSpace(string(data)), "\n\n") {
		block = strings.TrimLeft(block, "\n")
		if strings.HasPrefix(block, "#") {
			comment += block + "\n\n"
			continue
		}
		directive, rest, _ := strings.Cut(block, "\n")
		sql, want, ok := strings.Cut(rest, "\n----")
		if !ok && !*rewrite {
			t.Fatalf("%s: no ---- in\n%s", path, block)
		}
		cases = append(cases, golden{comment, directive, sql, strings.TrimPrefix(want, "\n")})
		comment = ""
	}
	return cases
}

// TestGoldens runs the files under testdata. Directives:
//
//	parse   the trees of a script
//	expr    the tree of an expression
//	format  a script as Format prints it
//	error   code, position, message and hint
//	name    OutputName of an expression
//
// Whatever parses has to survive Format as well.
func TestGoldens(t *testing.T) {
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files under testdata: %v", err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".golden"), func(t *testing.T) {
			var out strings.Builder
			for i, c := range readGoldens(t, path) {
				got := runGolden(t, c)
				if !*rewrite && got != c.want {
					t.Errorf("%s\n%s\ngot:\n%s\nwant:\n%s", c.directive, c.sql, got, c.want)
				}
				if i > 0 {
					out.WriteString("\n")
				}
				fmt.Fprintf(&out, "%s%s\n%s\n----\n%s\n", c.comment, c.directive, c.sql, got)
			}
			if *rewrite {
				if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func runGolden(t *testing.T, c golden) string {
	t.Helper()
	switch c.directive {
	case "expr", "name":
		e, err := ParseExpr(c.sql)
		if err != nil {
			return describe(err)
		}
		if c.directive == "name" {
			return OutputName(e)
		}
		exprRoundTrip(t, e)
		return dump(e)
	case "parse", "format", "error":
		list, err := Parse(c.sql)
		if err != nil {
			return describe(err)
		}
		if c.directive == "error" {
			return "no error"
		}
		roundTrip(t, c.sql)
		var out []string
		for _, s := range list {
			if c.directive == "format" {
				out = append(out, Format(s.Stmt))
			} else {
				out = append(out, dump(s.Stmt))
			}
		}
		return strings.Join(out, "\n")
	}
	t.Fatalf("unknown directive %q", c.directive)
	return ""
}

// describe prints an error with everything that a client gets.
func describe(err error) string {
	var e *sqlstate.Error
	if !errors.As(err, &e) {
		return "not a sqlstate.Error: " + err.Error()
	}
	s := fmt.Sprintf("%s at %d: %s", e.Code, e.Position, e.Message)
	if e.Detail != "" {
		s += "\ndetail: " + e.Detail
	}
	if e.Hint != "" {
		s += "\nhint: " + e.Hint
	}
	return s
}

// roundTrip checks that Format of a parsed script parses into the same trees,
// that the positions of the nodes are sound, and that Walk finds all nodes.
func roundTrip(t *testing.T, sql string) {
	t.Helper()
	list, err := Parse(sql)
	if err != nil {
		return
	}
	for _, s := range list {
		checkPositions(t, sql, s)
		text := Format(s.Stmt)
		again, err := ParseOne(text)
		if err != nil {
			t.Errorf("Format gives text that does not parse: %v\n  from %s\n  to   %s", err, s.SQL, text)
			continue
		}
		if !equalTrees(s.Stmt, again.Stmt) {
			t.Errorf("Format changes the tree\n  from %s\n  to   %s\n%s\n%s",
				s.SQL, text, dump(s.Stmt), dump(again.Stmt))
		}
	}
}

// exprRoundTrip is the same for an expression.
func exprRoundTrip(t *testing.T, e Expr) {
	t.Helper()
	text := Format(e)
	again, err := ParseExpr(text)
	switch {
	case err != nil:
		t.Errorf("Format gives text that does not parse: %v\n  %s\n%s", err, text, dump(e))
	case !equalTrees(e, again):
		t.Errorf("Format changes the tree: %s\n%s\n%s", text, dump(e), dump(again))
	}
}

// checkPositions checks that every node begins inside its parent, at the start
// of a token.
func checkPositions(t *testing.T, sql string, s Statement) {
	t.Helper()
	starts := map[int]bool{}
	for l := (&lexer{sql: sql}); l.pos < len(sql); {
		l.read()
		starts[int(l.tok.start)] = true
	}
	if s.Stmt.Pos() != s.Start || s.SQL != sql[s.Start:s.End] {
		t.Errorf("statement at %d, tree at %d, text %q", s.Start, s.Stmt.Pos(), s.SQL)
	}
	var check func(parent Node)
	check = func(parent Node) {
		parent.children(func(n Node) {
			if n.Pos() < parent.Pos() || n.Pos() >= s.End || !starts[n.Pos()] {
				t.Errorf("%T at %d, its parent %T at %d, in %s", n, n.Pos(), parent, parent.Pos(), sql)
			}
			check(n)
		})
	}
	check(s.Stmt)
}
