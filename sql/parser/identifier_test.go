package parser

import (
	"fmt"
	"strings"
	"testing"
)

// identifierCorpus are words that applications of PostgreSQL use as names, and
// that a grammar could come to reserve: every word that this dialect gives a
// meaning beyond PostgreSQL, and PostgreSQL's own unreserved words.
var identifierCorpus = strings.Fields(`
algorithm asof ignore continuously exclude files features
maintain model models options predict predict_proba qualify respect route target
train transform
abort absolute access action add admin after aggregate also alter always
assertion assignment at attach attribute backward before begin breadth by cache
call called cascade cascaded catalog chain characteristics checkpoint class
close cluster columns comment comments commit committed compression
configuration conflict connection constraints content continue conversion copy
cost csv cube current cursor cycle data database day deallocate declare defaults
deferred definer delete delimiter delimiters depends depth detach dictionary
disable discard document domain double drop each enable encoding encrypted enum
error escape event exclusive execute explain expression extension external
family filter finalize first following force format forward function functions
generated global granted groups handler header hold hour identity if immediate
immutable implicit import include including increment indent index indexes
inherit inherits inline input insensitive insert instead invoker isolation key
keys label language large last leakproof level listen load local location lock
locked logged mapping match matched materialized maxvalue merge method minute
minvalue mode month move name names new next nfc no normalized nothing notify
nowait nulls object of off oids old operator option ordinality others over
overriding owned owner parallel parameter parser partial partition passing
password plans policy preceding prepare prepared preserve prior privileges
procedural procedure procedures program publication quote quotes range read
reassign recursive ref referencing refresh reindex relative release rename
repeatable replace replica reset restart restrict return returns revoke role
rollback rollup routine routines row rows rule savepoint scalar schema schemas
scroll search second security sequence sequences serializable server session set
sets share show simple skip snapshot source sql stable standalone start statement
statistics stdin stdout storage stored strict string strip subscription support
sysid system tables tablespace temp template temporary text ties transaction
transform trigger truncate trusted type types uescape unbounded uncommitted
unencrypted unknown unlisten unlogged until update vacuum valid validate
validator value values varying version view views volatile whitespace within
without work wrapper write xml year yes zone
date id user_id count sum min max status state kind order_id timestamptz uuid
bigint boolean char coalesce decimal exists extract float int interval json
numeric position precision real substring time timestamp trim varchar between
bit character greatest least none nullif out overlay setof smallint treat`)

// usesOfName are statements with a name in every place where a column or table
// may be named.
var usesOfName = []string{
	"SELECT %s FROM t",
	"SELECT %s, a FROM t",
	"SELECT a, %s FROM t ORDER BY %[1]s DESC, a",
	"SELECT t.%s, %[1]s.a, %[1]s.* FROM t",
	"SELECT a AS %s FROM t",
	"SELECT max(%s), %[1]s + 1, -%[1]s, %[1]s::text, (%[1]s), %[1]s = 1 FROM t",
	"SELECT a FROM t WHERE %s = 1 AND %[1]s IS NOT NULL AND %[1]s IN (1) AND %[1]s LIKE 'x' AND a < %[1]s",
	"SELECT CASE %s WHEN %[1]s THEN %[1]s ELSE %[1]s END FROM t",
	"SELECT a FROM t GROUP BY %s, a HAVING %[1]s > 1 LIMIT 1",
	"SELECT a FROM %s WHERE %[1]s.a = 1",
	"SELECT a FROM s.%s AS %[1]s, t AS x (%[1]s) JOIN %[1]s USING (%[1]s)",
	"SELECT a FROM t AS %s JOIN u ON %[1]s.a = u.a",
	"WITH %s AS (SELECT 1) SELECT * FROM %[1]s",
	"CREATE TABLE %s (%[1]s int, a int, PRIMARY KEY (%[1]s))",
	"CREATE TABLE t (a int, %s text NOT NULL)",
	"CREATE INDEX i ON t (%s DESC, a)",
	"INSERT INTO %s (%[1]s, a) VALUES (1, 2) ON CONFLICT (%[1]s) DO UPDATE SET %[1]s = excluded.%[1]s RETURNING %[1]s",
	"UPDATE %s SET %[1]s = 1 WHERE %[1]s = 2",
	"UPDATE t SET a = 1, %s = %[1]s + 1",
	"DELETE FROM %s WHERE %[1]s > 1",
	"ALTER TABLE %s ADD COLUMN %[1]s int",
	"ALTER TABLE t RENAME COLUMN %s TO x",
	"DROP TABLE %s",
	"COPY %s (%[1]s) TO STDOUT",
	"SELECT sum(a) OVER (PARTITION BY %s ORDER BY %[1]s) FROM t",
	"CREATE MODEL %s PREDICT %[1]s USING linear_regression AS SELECT %[1]s FROM %[1]s",
}

// TestIdentifiers parses every use of every word of the corpus, and checks that
// Format keeps the tree.
func TestIdentifiers(t *testing.T) {
	if len(identifierCorpus) < 300 {
		t.Fatalf("the corpus has only %d words", len(identifierCorpus))
	}
	for _, word := range identifierCorpus {
		for _, use := range usesOfName {
			sql := fmt.Sprintf(use, word)
			list, err := Parse(sql)
			if err != nil {
				t.Errorf("%s: %v", sql, err)
				continue
			}
			again, err := ParseOne(Format(list[0].Stmt))
			if err != nil || !equalTrees(list[0].Stmt, again.Stmt) {
				t.Errorf("%s: Format gives %s (%v)", sql, Format(list[0].Stmt), err)
			}
		}
	}
}

// TestBareAliases checks the words of the corpus as labels without AS, but for
// those that PostgreSQL excepts (BETWEEN is an operator there).
func TestBareAliases(t *testing.T) {
	for _, word := range identifierCorpus {
		if !asLabelWords[word] && word != "between" {
			sql := "SELECT a " + word + " FROM t"
			if s, err := ParseOne(sql); err != nil {
				t.Errorf("%s: %v", sql, err)
			} else if got := s.Stmt.(*SelectStmt).Body.(*SelectCore).Targets[0].Alias; got != word {
				t.Errorf("%s: alias %q", sql, got)
			}
		}
		for _, sql := range []string{
			"SELECT a FROM t " + word, "SELECT a FROM t " + word + ", u", "SELECT a FROM t " + word + " WHERE b",
			"SELECT a FROM t " + word + " CROSS JOIN u", "SELECT a FROM (SELECT 1) " + word + " ORDER BY 1",
		} {
			if _, err := Parse(sql); err != nil {
				t.Errorf("%s: %v", sql, err)
			}
		}
	}
}

// TestReserved checks that PostgreSQL's reserved words are no names, unless
// they are quoted or after AS.
func TestReserved(t *testing.T) {
	for word := range strings.FieldsSeq(reservedWords) {
		if _, err := Parse("CREATE TABLE t (" + word + " int)"); err == nil {
			t.Errorf("%s is taken for a column", word)
		}
		for _, sql := range []string{
			`CREATE TABLE "` + word + `" ("` + word + `" int)`,
			"SELECT a AS " + word + " FROM t",
			`SELECT t.` + word + `, "` + word + `" FROM "` + word + `"`,
		} {
			if _, err := Parse(sql); err != nil {
				t.Errorf("%s: %v", sql, err)
			}
			roundTrip(t, sql)
		}
	}
}

// TestKeywordLists checks that no word is in two categories and that the lists
// are in order, which a reader relies on.
func TestKeywordLists(t *testing.T) {
	seen := map[string]bool{}
	for _, list := range []string{unreservedWords, colNameWords, typeFuncNameWords, reservedWords} {
		last := ""
		for w := range strings.FieldsSeq(list) {
			if seen[w] {
				t.Errorf("%s is in two lists", w)
			}
			if w < last {
				t.Errorf("%s after %s", w, last)
			}
			seen[w], last = true, w
		}
	}
}

func TestQuoteIdent(t *testing.T) {
	for name, want := range map[string]string{
		"abc": "abc", "a_1$": "a_1$", "Abc": `"Abc"`, "a b": `"a b"`, `a"b`: `"a""b"`, "1a": `"1a"`, "": `""`,
		"select": `"select"`, "int": `"int"`, "left": `"left"`, "date": "date", "model": "model",
		"qualify": `"qualify"`, "größe": "größe", "$a": `"$a"`,
	} {
		if got := QuoteIdent(name); got != want {
			t.Errorf("QuoteIdent(%q) = %s, want %s", name, got, want)
		}
	}
}

// TestFolding checks that unquoted names are folded, ASCII letters only, and
// quoted ones are not.
func TestFolding(t *testing.T) {
	e, err := ParseExpr(`TaBle_ÄÖ."MiXed"."with ""quotes"""`)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"table_ÄÖ", "MiXed", `with "quotes"`}
	if got := e.(*ColumnRef).Parts; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
	long := strings.Repeat("AbCdEfGh", 20)
	if e, err = ParseExpr(long); err != nil || e.(*ColumnRef).Column() != strings.ToLower(long) {
		t.Errorf("long name: %v %v", Format(e), err)
	}
}
