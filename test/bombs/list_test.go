package bombs

import (
	"fmt"
	"strings"
)

// bomb is a statement that wants too much.
type bomb struct {
	name string
	// sql makes the text; several statements run one after the other.
	sql func() []string
	// quick bombs are run every time, the others in long runs.
	quick bool
	// copy is what is sent for COPY FROM STDIN, again and again until it is refused.
	copy string
	// patient bombs are not cancelled.
	patient bool
	// says is the SQLSTATE of a bomb that is an error beside being one.
	says string
}

// text is a bomb of fixed statements.
func text(name string, quick bool, sql ...string) bomb {
	return bomb{name: name, quick: quick, sql: func() []string { return sql }}
}

// made is a bomb whose statement a program makes.
func made(name string, quick bool, sql func() string) bomb {
	return bomb{name: name, quick: quick, sql: func() []string { return []string{sql()} }}
}

// repeated is head, n times part with sep between, and tail.
func repeated(head, part, sep string, n int, tail string) func() string {
	return func() string {
		var b strings.Builder
		b.Grow(len(head) + n*(len(part)+len(sep)) + len(tail))
		b.WriteString(head)
		for i := range n {
			if i > 0 {
				b.WriteString(sep)
			}
			b.WriteString(part)
		}
		b.WriteString(tail)
		return b.String()
	}
}

// numbered is head, parts 0 … n−1 made by format with sep between, and tail.
func numbered(head, format, sep string, n int, tail string) func() string {
	return func() string {
		var b strings.Builder
		b.WriteString(head)
		for i := range n {
			if i > 0 {
				b.WriteString(sep)
			}
			fmt.Fprintf(&b, format, i)
		}
		b.WriteString(tail)
		return b.String()
	}
}

// bombs are the kinds: texts that the parser has to get through, plans, text that
// grows in functions and aggregates, and state of operators.
var bombs = []bomb{
	made("parentheses", true, repeated("SELECT ", "(", "", 60_000_000, "")),
	made("brackets", false, repeated("SELECT ", "ARRAY[", "", 8_000_000, "")),
	made("columns", true, repeated("SELECT ", "1", ",", 30_000_000, "")),
	made("values", true, repeated("VALUES ", "(1)", ",", 7_500_000, "")),
	made("wide values", false, repeated("VALUES (", "1", ",", 10_000_000, ")")),
	made("additions", true, repeated("SELECT ", "1", "+", 10_000_000, "")),
	made("negations", false, repeated("SELECT ", "NOT ", "", 8_000_000, "true")),
	made("casts", false, repeated("SELECT 1", "::int", "", 6_000_000, "")),
	made("case arms", true, numbered("SELECT CASE g ", "WHEN %d THEN 1", " ", 100_000, " END FROM generate_series(1, 1000000) g")),
	made("in list", true, numbered("SELECT count(*) FROM generate_series(1, 1000) g WHERE g IN (", "%d", ",", 1_000_000, ")")),
	made("literal", false, repeated("SELECT length('", "x", "", 60_000_000, "')")),
	made("statements", false, repeated("", "SELECT 1", ";", 5_000_000, "")),
	{name: "comment", says: "42601", sql: func() []string { return []string{repeated("SELECT 1 ", "/*", "", 20_000_000, "")()} }},
	made("unions", true, repeated("", "SELECT 1", " UNION ALL ", 100_000, "")),
	made("subqueries", false, repeated("SELECT * FROM ", "(SELECT * FROM ", "", 20_000, "p")),
	made("functions", true, repeated("SELECT ", "abs(", "", 2_000_000, "1")),
	made("cross join", true, numbered("SELECT count(*) FROM ", "p AS t%d", ", ", 200, "")),
	made("64 joins", true, numbered("SELECT count(*) FROM p AS s", " JOIN p AS t%d USING (id)", "", 63, "")),
	made("65 joins", true, numbered("SELECT count(*) FROM p AS s", " JOIN p AS t%d USING (id)", "", 64, "")),
	made("100 joins", false, numbered("SELECT count(*) FROM ", "p AS t%d", ", ", 100, " WHERE t0.id = t99.id")),
	made("conditions", false, numbered("SELECT count(*) FROM p WHERE ", "id = %d", " OR ", 300_000, "")),
	made("with", false, numbered("WITH a AS (SELECT 1 AS x)", ", a%d AS (SELECT * FROM a)", "", 20_000, " SELECT 1")),

	text("string_agg", true, "SELECT length(string_agg(repeat('x', 1000000), ',')) FROM generate_series(1, 5000) g"),
	text("doubling text", true, "WITH RECURSIVE r (n, s) AS (SELECT 1, 'x' UNION ALL SELECT n + 1, s || s FROM r WHERE n < 32) SELECT max(length(s)) FROM r"),
	text("concat", true, "SELECT length(concat(repeat('x', 100000000), repeat('y', 100000000), repeat('z', 100000000)))"),
	text("repeat", true, "SELECT length(repeat(repeat(repeat('x', 10000), 10000), 10000))"),
	text("wide rows", true, "SELECT sum(length(repeat('x', 10000000) || g)) FROM generate_series(1, 1000) g"),
	text("replace", false, "SELECT length(replace(repeat('x', 100000000), 'x', repeat('y', 1000)))"),
	text("regexp_replace", false, "SELECT length(regexp_replace(repeat('x', 50000000), 'x', 'yyyyyyyyyyyyyyyyyyyy', 'g'))"),
	text("lpad", false, "SELECT length(lpad('x', 2000000000))"),
	text("json", true, "SELECT length((('[' || repeat('1,', 50000000) || '1]')::jsonb)::text)"),
	text("deep json", false, "SELECT (repeat('[', 20000000) || repeat(']', 20000000))::jsonb"),
	text("text values", false, "SELECT max(s) FROM (SELECT md5(g::text) || repeat('x', 1000) AS s FROM generate_series(1, 10000000) g) q GROUP BY s"),

	text("hash join", true, "SELECT count(*) FROM generate_series(1, 100000000) a JOIN generate_series(1, 100000000) b ON a = b"),
	text("sort", true, "SELECT g FROM generate_series(1, 200000000) g ORDER BY -g OFFSET 199999990"),
	text("group", true, "SELECT count(*) FROM (SELECT g, count(*) FROM generate_series(1, 100000000) g GROUP BY g) q"),
	text("distinct", false, "SELECT count(DISTINCT g) FROM generate_series(1, 200000000) g"),
	text("window", true, "SELECT sum(r) FROM (SELECT row_number() OVER (ORDER BY -g) AS r FROM generate_series(1, 100000000) g) q"),
	text("recursion", false, "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + x FROM r, (VALUES (1), (1)) t (x) WHERE n < 40) SELECT count(*) FROM r"),
	text("distinct recursion", false, "WITH RECURSIVE r (n) AS (SELECT 1::bigint UNION SELECT n + 1 FROM r) SELECT count(*) FROM r"),
	text("except", false, "SELECT count(*) FROM (SELECT g FROM generate_series(1, 100000000) g EXCEPT SELECT -g FROM generate_series(1, 100000000) g) q"),
	text("materialized", false, "WITH m AS MATERIALIZED (SELECT g, g::text AS t FROM generate_series(1, 100000000) g) SELECT count(*) FROM m a JOIN m b USING (g)"),
	text("nested loop", false, "SELECT count(*) FROM generate_series(1, 30000000) a JOIN generate_series(1, 30000000) b ON a > b + 29999999"),
	text("array_agg", false, "SELECT length(string_agg(g::text, ',' ORDER BY -g)) FROM generate_series(1, 100000000) g"),
	text("cursor", true, "BEGIN", "DECLARE c SCROLL CURSOR FOR SELECT g, repeat('x', 100) FROM generate_series(1, 100000000) g", "FETCH LAST FROM c"),
	text("held cursor", false, "DECLARE c CURSOR WITH HOLD FOR SELECT g, repeat('x', 100) FROM generate_series(1, 100000000) g"),
	text("write set", true, "INSERT INTO sink SELECT g, repeat('x', 1000) FROM generate_series(1, 100000000) g"),
	text("update", false, "BEGIN", "UPDATE big SET s = repeat('y', 2000)"),
	text("create table", false, "BEGIN", "CREATE TABLE made AS SELECT g, md5(g::text) AS t FROM generate_series(1, 10000000) g", "ROLLBACK"),
	text("model", false, "CREATE MODEL m PREDICT y USING linear_regression AS SELECT g::float8 AS x, (g % 7)::float8 AS y FROM generate_series(1, 50000000) g"),
	text("explain", false, "EXPLAIN ANALYZE SELECT count(*) FROM (SELECT DISTINCT g FROM generate_series(1, 100000000) g) q"),

	{name: "endless line", quick: true, copy: strings.Repeat("x", 1<<20), sql: func() []string { return []string{"COPY sink FROM STDIN"} }},
	{name: "endless quoted field", copy: `1,"` + strings.Repeat("x", 1<<20), sql: func() []string { return []string{"COPY sink FROM STDIN (FORMAT csv)"} }},
}
