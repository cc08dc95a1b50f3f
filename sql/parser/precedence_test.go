package parser

import "testing"

// TestPrecedence checks that each text means the same as the one with all
// parentheses, and not the same as the wrong one. The table of PostgreSQL's
// manual (chapter 4.1.6), from the loosest operator to the tightest.
func TestPrecedence(t *testing.T) {
	for _, c := range []struct{ text, want, not string }{
		{"a OR b AND c", "a OR (b AND c)", "(a OR b) AND c"},
		{"a AND b OR c AND d", "(a AND b) OR (c AND d)", ""},
		{"a OR b OR c", "(a OR b) OR c", "a OR (b OR c)"},
		{"NOT a AND b", "(NOT a) AND b", "NOT (a AND b)"},
		{"NOT a = b", "NOT (a = b)", "(NOT a) = b"},
		{"NOT a IS NULL", "NOT (a IS NULL)", "(NOT a) IS NULL"},
		{"NOT NOT a", "NOT (NOT a)", ""},
		{"NOT a IN (1)", "NOT (a IN (1))", "(NOT a) IN (1)"},
		{"a = b IS NULL", "(a = b) IS NULL", "a = (b IS NULL)"},
		{"a < b IS DISTINCT FROM c", "(a < b) IS DISTINCT FROM c", "a < (b IS DISTINCT FROM c)"},
		{"a IS NULL = b", "(a IS NULL) = b", "a IS NULL"},
		{"a = b LIKE c", "a = (b LIKE c)", "(a = b) LIKE c"},
		{"a LIKE b = c", "(a LIKE b) = c", "a LIKE (b = c)"},
		{"a = b IN (1)", "a = (b IN (1))", "(a = b) IN (1)"},
		{"a LIKE b || c", "a LIKE (b || c)", "(a LIKE b) || c"},
		{"a BETWEEN b AND c AND d", "(a BETWEEN b AND c) AND d", ""},
		{"a BETWEEN b + 1 AND c - 1 OR d", "(a BETWEEN (b + 1) AND (c - 1)) OR d", ""},
		{"a NOT BETWEEN b AND c = d", "(a NOT BETWEEN b AND c) = d", ""},
		{"a = b || c", "a = (b || c)", "(a = b) || c"},
		{"a || b + c", "a || (b + c)", "(a || b) + c"},
		{"a -> b = c", "(a -> b) = c", "a -> (b = c)"},
		{"a ->> b || c", "(a ->> b) || c", "a ->> (b || c)"},
		{"a & b + c", "a & (b + c)", "(a & b) + c"},
		{"a << 1 + 2", "a << (1 + 2)", "(a << 1) + 2"},
		{"a + b * c", "a + (b * c)", "(a + b) * c"},
		{"a - b - c", "(a - b) - c", "a - (b - c)"},
		{"a / b * c % d", "((a / b) * c) % d", "a / (b * c)"},
		{"a * b ^ c", "a * (b ^ c)", "(a * b) ^ c"},
		{"a ^ b ^ c", "(a ^ b) ^ c", "a ^ (b ^ c)"},
		{"-a ^ b", "(-a) ^ b", "-(a ^ b)"},
		{"-a * b", "(-a) * b", "-(a * b)"},
		{"a * -b", "a * (-b)", ""},
		{"a - -b", "a - (-b)", ""},
		{"~ a + b", "~ (a + b)", "(~ a) + b"},
		{"~ a | b", "(~ a) | b", "~ (a | b)"},
		{"@ -5 * b", "@ ((-5) * b)", ""},
		{"-a::int", "-(a::int)", "(-a)::int"},
		{"-a[1]", "-(a[1])", ""},
		{"a + b AT TIME ZONE c", "a + (b AT TIME ZONE c)", "(a + b) AT TIME ZONE c"},
		{"a AT TIME ZONE b || c", "(a AT TIME ZONE b) || c", ""},
		{"a ^ b AT TIME ZONE c", "a ^ (b AT TIME ZONE c)", ""},
		{`a || b COLLATE "C"`, `a || (b COLLATE "C")`, `(a || b) COLLATE "C"`},
		{`-a COLLATE "C"`, `(-a) COLLATE "C"`, `-(a COLLATE "C")`},
		{`a COLLATE "C" AT TIME ZONE b`, `(a COLLATE "C") AT TIME ZONE b`, ""},
		{"a::int[1]", "CAST(a AS int[1])", "(a::int)[1]"},
		{"a.b::int::text", "((a.b)::int)::text", ""},
		{"a = ANY (b) AND c", "(a = ANY (b)) AND c", ""},
		{"a + b = ANY (c)", "(a + b) = ANY (c)", ""},
		{"NOT a = ALL (b)", "NOT (a = ALL (b))", ""},
		{"a OPERATOR(pg_catalog.+) b * c", "a OPERATOR(pg_catalog.+) (b * c)", ""},
		{"a OPERATOR(pg_catalog.*) b + c", "a OPERATOR(pg_catalog.*) (b + c)", "(a OPERATOR(pg_catalog.*) b) + c"},
		{"CASE WHEN a THEN b END + c", "(CASE WHEN a THEN b END) + c", ""},
		{"a IS NULL IS NOT NULL", "(a IS NULL) IS NOT NULL", ""},
		{"a IN (1) IN (2)", "(a IN (1)) IN (2)", ""},
		{"a ISNULL AND b NOTNULL", "(a IS NULL) AND (b IS NOT NULL)", ""},
		{"EXISTS (SELECT 1) = b", "(EXISTS (SELECT 1)) = b", ""},
		{"date '2024-01-01' + interval '1' day * 2", "(date '2024-01-01') + ((interval '1' day) * 2)", ""},
	} {
		got, err := ParseExpr(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		want, err := ParseExpr(c.want)
		if err != nil {
			t.Fatalf("%s: %v", c.want, err)
		}
		if !equalTrees(got, want) {
			t.Errorf("%s\ngot  %s\nwant %s", c.text, dump(got), dump(want))
		}
		if c.not != "" {
			wrong, err := ParseExpr(c.not)
			if err != nil {
				t.Fatalf("%s: %v", c.not, err)
			}
			if equalTrees(got, wrong) {
				t.Errorf("%s is read as %s", c.text, c.not)
			}
		}
		exprRoundTrip(t, got)
	}
}

// TestOperatorLexing checks where an operator ends: the rules about + and - at
// its end, about comments, and about ?.
func TestOperatorLexing(t *testing.T) {
	for _, c := range []struct{ text, op string }{
		{"a@-b", "@-"},
		{"a=-1", "="},
		{"a<-1", "<"},
		{"a*-b", "*"},
		{"a||-b", "||-"},
		{"a->>-1", "->>"},
		{"a<>-1", "<>"},
		{"a!=-1", "<>"},
		{"a=?", "="},
		{"a>=?", ">="},
		{"a+--c\n1", "+"},
		{"a*/* c */b", "*"},
		{"a ?| b", "?|"},
		{"a<=>b", "<=>"},
		{"a OPERATOR(s.@@) b", "@@"},
	} {
		e, err := ParseExpr(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if b, ok := e.(*BinaryExpr); !ok || b.Op != c.op {
			t.Errorf("%s: got %s, want operator %s", c.text, dump(e), c.op)
		}
	}
}
