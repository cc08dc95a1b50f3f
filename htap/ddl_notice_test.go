package htap

import (
	"strings"
	"testing"
)

// IF EXISTS and IF NOT EXISTS say what they passed over, with PostgreSQL's codes.
func TestSkippedNotices(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, "CREATE TABLE t (a INT); CREATE SEQUENCE q; CREATE VIEW v AS SELECT 1 AS one")
	var notices []string
	s.OnNotice(func(e *Error) { notices = append(notices, string(e.Code)+" "+e.Message) })
	for _, c := range []struct{ sql, want string }{
		{"DROP TABLE IF EXISTS nosuch.t, x", `00000 schema "nosuch" does not exist, skipping|00000 table "x" does not exist, skipping`},
		{"DROP VIEW IF EXISTS x", `00000 view "x" does not exist, skipping`},
		{"DROP SEQUENCE IF EXISTS public.x", `00000 sequence "x" does not exist, skipping`},
		{"DROP INDEX IF EXISTS x", `00000 index "x" does not exist, skipping`},
		{"DROP SCHEMA IF EXISTS x", `00000 schema "x" does not exist, skipping`},
		{"DROP MODEL IF EXISTS nosuch.m", `00000 schema "nosuch" does not exist, skipping`},
		{"ALTER TABLE IF EXISTS nosuch.t ADD COLUMN b INT", `00000 relation "t" does not exist, skipping`},
		{"ALTER TABLE t ADD COLUMN IF NOT EXISTS a TEXT", `42701 column "a" of relation "t" already exists, skipping`},
		{"ALTER TABLE t DROP COLUMN IF EXISTS b", `00000 column "b" of relation "t" does not exist, skipping`},
		{"ALTER TABLE t DROP CONSTRAINT IF EXISTS b", `00000 constraint "b" of relation "t" does not exist, skipping`},
		{"CREATE TABLE IF NOT EXISTS t (a INT)", `42P07 relation "t" already exists, skipping`},
		{"CREATE TABLE IF NOT EXISTS v AS SELECT 1", `42P07 relation "v" already exists, skipping`},
		{"CREATE INDEX IF NOT EXISTS q ON t (a)", `42P07 relation "q" already exists, skipping`},
		{"CREATE SEQUENCE IF NOT EXISTS t", `42P07 relation "t" already exists, skipping`},
		{"CREATE SCHEMA IF NOT EXISTS public", `42P06 schema "public" already exists, skipping`},
	} {
		notices = nil
		mustExec(t, s, c.sql)
		if got := strings.Join(notices, "|"); got != c.want {
			t.Errorf("%s: %s, want %s", c.sql, got, c.want)
		}
	}
}
