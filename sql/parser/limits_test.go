package parser

import (
	"errors"
	"strings"
	"testing"
	"time"

	"htapdb/sql/sqlstate"
)

// TestDepth gives the parser hostile nesting and chains. None may overflow the
// stack or take long: the result is a tree or 54001.
func TestDepth(t *testing.T) {
	const n = 50000
	rep := strings.Repeat
	for name, sql := range map[string]string{
		"parens":           "SELECT " + rep("(", n) + "1" + rep(")", n),
		"open parens":      rep("(", n),
		"parens of query":  rep("(", n) + "SELECT 1" + rep(")", n),
		"scalar subquery":  rep("SELECT (", n) + "1" + rep(")", n),
		"from subquery":    rep("SELECT * FROM (", n) + "t" + rep(")", n),
		"joins":            "SELECT * FROM t" + rep(" CROSS JOIN t", n),
		"joins without on": "SELECT * FROM t" + rep(" JOIN t", n),
		"join parens":      "SELECT * FROM " + rep("(", n) + "a CROSS JOIN b" + rep(")", n),
		"not":              "SELECT " + rep("NOT ", n) + "a",
		"minus":            "SELECT " + rep("- ", n) + "a",
		"tilde":            "SELECT " + rep("~ ", n) + "a",
		"case":             "SELECT " + rep("CASE WHEN a THEN ", n) + "1",
		"functions":        "SELECT " + rep("f(", n) + "1" + rep(")", n),
		"arrays":           "SELECT " + rep("ARRAY[", n) + "1" + rep("]", n),
		"bare arrays":      "SELECT " + rep("[", n) + "1" + rep("]", n),
		"subscripts":       "SELECT a" + rep("[1]", n),
		"nested subscript": "SELECT " + rep("a[", n) + "1" + rep("]", n),
		"casts":            "SELECT a" + rep("::int", n),
		"fields":           "SELECT (a)" + rep(".b", n),
		"plus":             "SELECT 1" + rep(" + 1", n),
		"power":            "SELECT 1" + rep(" ^ 1", n),
		"concat":           "SELECT 'a'" + rep(" || 'a'", n),
		"is null":          "SELECT a" + rep(" IS NULL", n),
		"collate":          "SELECT a" + rep(` COLLATE "C"`, n),
		"between":          "SELECT " + rep("a BETWEEN ", n) + "1",
		"in":               "SELECT " + rep("a IN (", n) + "1" + rep(")", n),
		"exists":           "SELECT " + rep("EXISTS (SELECT ", n) + "1" + rep(")", n),
		"any":              "SELECT " + rep("a = ANY (", n) + "b" + rep(")", n),
		"union":            "SELECT 1" + rep(" UNION ALL SELECT 1", n),
		"intersect":        "SELECT 1" + rep(" INTERSECT SELECT 1", n),
		"with":             rep("WITH a AS (", n) + "SELECT 1" + rep(") SELECT 1", n),
		"explain":          rep("EXPLAIN ", n) + "SELECT 1",
		"grouping sets":    "SELECT 1 GROUP BY " + rep("GROUPING SETS (", n) + "a" + rep(")", n),
		"over":             "SELECT " + rep("sum(a) OVER (PARTITION BY ", n) + "1" + rep(")", n),
		"rows":             "SELECT " + rep("ROW(", n) + "1" + rep(")", n),
		"extract":          "SELECT " + rep("extract(year FROM ", n) + "1" + rep(")", n),
		"trim":             "SELECT " + rep("trim(", n) + "1" + rep(")", n),
		"prepare":          rep("PREPARE p AS ", n) + "SELECT 1",
		"at time zone":     "SELECT a" + rep(" AT TIME ZONE b", n),
		"overlaps":         "SELECT (a, b)" + rep(" OVERLAPS (a, b)", n),
		"index":            "CREATE INDEX ON t (" + rep("(", n) + "a" + rep(")", n) + ")",
		"check":            "CREATE TABLE t (a int CHECK (" + rep("(", n) + "a" + rep(")", n) + "))",
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			list, err := Parse(sql)
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
			var e *sqlstate.Error
			switch {
			case err == nil:
				t.Errorf("a tree of %d bytes of text", len(Format(list[0].Stmt)))
			case !errors.As(err, &e):
				t.Errorf("not a sqlstate.Error: %v", err)
			case e.Code != sqlstate.StatementTooComplex && e.Code != sqlstate.SyntaxError:
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestWide checks that width is not depth: long flat lists and chains of AND
// and OR parse.
func TestWide(t *testing.T) {
	const n = 50000
	for name, sql := range map[string]string{
		"and":     "SELECT a = 1" + strings.Repeat(" AND a = 1", n),
		"or":      "SELECT a = 1" + strings.Repeat(" OR a = 1 AND b", n),
		"in":      "SELECT a IN (1" + strings.Repeat(", 1", n) + ")",
		"values":  "INSERT INTO t VALUES (1 + 2, 'x')" + strings.Repeat(", (1 + 2, f(g(1)))", n),
		"targets": "SELECT 1" + strings.Repeat(", a + (b * c)", maxTargets-1),
		"script":  strings.Repeat("SELECT (1 + 2);\n", n),
		"case":    "SELECT CASE" + strings.Repeat(" WHEN a = 1 THEN 2", n) + " END",
		"nested":  "SELECT " + strings.Repeat("(", 300) + "1" + strings.Repeat(" + 1", 3000) + strings.Repeat(")", 300),
	} {
		list, err := Parse(sql)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again, err := Parse(Format(list[0].Stmt))
		if err != nil || !equalTrees(list[0].Stmt, again[0].Stmt) {
			t.Errorf("%s: the round trip fails: %v", name, err)
		}
	}
}

// TestHeightOfMixedChains checks that chains at several levels of nesting add
// up: each alone is below the bound.
func TestHeightOfMixedChains(t *testing.T) {
	sql := "1"
	for range 20 {
		sql = "(" + sql + strings.Repeat(" + 1", maxHeight/10) + ")"
	}
	_, err := ParseExpr(sql)
	if !sqlstate.Is(err, sqlstate.StatementTooComplex) {
		t.Errorf("got %v, want 54001", err)
	}
}

func TestText(t *testing.T) {
	for sql, want := range map[string]string{
		"SELECT '\x00'":    `22021 at 9: invalid byte sequence for encoding "UTF8": 0x00`,
		"SELECT 'ä\xff'":   `22021 at 10: invalid byte sequence for encoding "UTF8": 0xff`,
		"SELECT 'ä', \x80": `22021 at 13: invalid byte sequence for encoding "UTF8": 0x80`,
	} {
		_, err := Parse(sql)
		if err == nil || describe(err) != want {
			t.Errorf("%q: got %v, want %s", sql, err, want)
		}
	}
}

func TestParseOne(t *testing.T) {
	s, err := ParseOne(" /* a */ SELECT $2, 'x' ; -- end")
	if err != nil {
		t.Fatal(err)
	}
	if s.SQL != "SELECT $2, 'x'" || s.Start != 9 || s.End != 23 || s.ParamCount != 2 {
		t.Errorf("got %+v", s)
	}
	for sql, want := range map[string]string{
		"":                   "42601 at 1: syntax error at end of input",
		" -- nothing":        "42601 at 12: syntax error at end of input",
		"SELECT 1; SELECT 2": "42601 at 11: cannot take several statements at once\nhint: Send one statement at a time.",
		"SELECT 1 SELECT":    "",
	} {
		_, err := ParseOne(sql)
		if want == "" && err == nil {
			continue // SELECT is a label here, as in PostgreSQL
		}
		if err == nil || describe(err) != want {
			t.Errorf("%q: got %v, want %s", sql, err, want)
		}
	}
}

// TestParams checks that numbering starts again with each statement.
func TestParams(t *testing.T) {
	list, err := Parse("SELECT ?, ?; SELECT $3; SELECT ?; PREPARE p AS SELECT $1, $2; SELECT a ? 'b'")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{2, 3, 1, 0, 0} {
		if got := list[i].ParamCount; got != want {
			t.Errorf("%s: %d parameters, want %d", list[i].SQL, got, want)
		}
	}
	if p := list[3].Stmt.(*PrepareStmt); p.ParamCount != 2 || p.SQL != "SELECT $1, $2" {
		t.Errorf("PREPARE: %d parameters, %q", p.ParamCount, p.SQL)
	}
}

func TestPosition(t *testing.T) {
	for _, c := range []struct {
		sql          string
		offset, want int
	}{{"abc", 0, 1}, {"abc", 2, 3}, {"äöü", 4, 3}, {"abc", 99, 4}, {"abc", -1, 1}} {
		if got := Position(c.sql, c.offset); got != c.want {
			t.Errorf("Position(%q, %d) = %d, want %d", c.sql, c.offset, got, c.want)
		}
	}
}

func TestOptionBool(t *testing.T) {
	s, err := ParseOne("EXPLAIN (a, b on, c OFF, d 1, e 0, f true, g 'False', h maybe, i (x, y)) SELECT 1")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][2]bool{
		"a": {true, true}, "b": {true, true}, "c": {false, true}, "d": {true, true}, "e": {false, true},
		"f": {true, true}, "g": {false, true}, "h": {false, false}, "i": {false, false},
	}
	for _, o := range s.Stmt.(*ExplainStmt).Options {
		if v, ok := o.Bool(); [2]bool{v, ok} != want[o.Name] {
			t.Errorf("%s: %v %v", o.Name, v, ok)
		}
	}
}
