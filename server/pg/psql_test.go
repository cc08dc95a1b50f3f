package pg

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"htapdb/internal/testutil"
)

// TestPsqlDescribe: what psql prints for its commands that read the catalog. The
// answers are in testdata/describe.txt, each after the command.
func TestPsqlDescribe(t *testing.T) {
	psql := tool(t, "psql")
	if v, err := run(t, "127.0.0.1:1", "", psql, "--version"); err != nil || !strings.Contains(v, " 15.") {
		testutil.Missing(t, "psql 15 is not installed, whose layout the answers have")
	}
	_, addr := startEngine(t, Options{})
	setup := `CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(9) NOT NULL DEFAULT 'x', "C d" NUMERIC(10,2) UNIQUE, e SERIAL, f TIMESTAMPTZ DEFAULT now(),
		g BIGINT GENERATED ALWAYS AS IDENTITY, CONSTRAINT positive CHECK (a > 0));
		CREATE INDEX tb ON t (b, a); COMMENT ON TABLE t IS 'a comment'; CREATE TABLE bare (x JSONB);
		CREATE VIEW v (one, two) AS SELECT a, b FROM t; CREATE SCHEMA s; CREATE TABLE s.t (id UUID PRIMARY KEY); CREATE SEQUENCE seq;`
	if out, err := run(t, addr, setup, psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"); err != nil {
		t.Fatal(out, err)
	}
	const file = "testdata/describe.txt"
	golden, err := os.ReadFile(file)
	if err != nil && !*rewrite {
		t.Fatal(err)
	}
	var got bytes.Buffer
	for _, command := range []string{`\d`, `\dt`, `\dt *.t`, `\dt+ t`, `\d t`, `\d+ t`, `\d bare`, `\d v`, `\d+ v`, `\d s.t`, `\d tb`, `\d seq`, `\d t_pkey`,
		`\d nosuch`, `\di`, `\dv`, `\ds`, `\dm`, `\dn`, `\dn+`, `\l`, `\du`, `\dp`, `\db`, `\df`, `\da`, `\dT`, `\dx`, `\dD`, `\dA`, `\dRp`, `\dy`, `\dC`,
		`\do`, `\dF`, `\dFd`, `\dX`, `\des`, `\drds`, `\dconfig work_mem`} {
		out, err := run(t, addr, "", psql, "-X", "-c", command)
		got.WriteString("# " + command + "\n")
		if err != nil {
			got.WriteString(err.Error() + "\n")
		}
		for line := range strings.Lines(out) {
			got.WriteString(strings.TrimRight(line, " \n") + "\n")
		}
	}
	if *rewrite {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(got.Bytes(), golden) {
		t.Errorf("got\n%s\nwant\n%s", got.String(), golden)
	}
}

// TestPsqlFetchCount: psql reads a large result through a cursor, which the
// engine computes as it is read: its memory stays small.
func TestPsqlFetchCount(t *testing.T) {
	psql := tool(t, "psql")
	_, addr := startEngine(t, Options{})
	out, err := run(t, addr, "SET htap.memory_limit = '1MB';\n\\set FETCH_COUNT 1000\nSELECT g, 'row ' || g FROM generate_series(1, 300000) AS x(g);\n", psql, "-X", "-q", "-A", "-t", "-f", "-")
	if err != nil || strings.Count(out, "\n") != 300000 || !strings.Contains(out, "\n300000|row 300000\n") {
		t.Errorf("%v, %d lines, the last %q", err, strings.Count(out, "\n"), out[max(0, len(out)-100):])
	}
	// What comes between two fetches reads the rest into memory, within the limit.
	out, err = run(t, addr, "SET htap.memory_limit = '1MB';\nBEGIN;\nDECLARE c CURSOR FOR SELECT g, 'row ' || g FROM generate_series(1, 300000) AS x(g);\nFETCH 1 FROM c;\nSELECT 1;\nFETCH ALL FROM c;", psql, "-X", "-q", "-A", "-t", "-v", "VERBOSITY=sqlstate", "-f", "-")
	if err != nil || !strings.Contains(out, "53200") {
		t.Error(out[:min(len(out), 500)], err)
	}
	// ODBC drivers do all of this in one message.
	out, err = run(t, addr, "", psql, "-X", "-A", "-t", "-c", `BEGIN;declare "SQL_CUR" cursor with hold for SELECT 7;fetch 100 in "SQL_CUR";commit`, "-c", `fetch 100 in "SQL_CUR"`, "-c", `close "SQL_CUR"`)
	if err != nil || out != "BEGIN\nDECLARE CURSOR\n7\nCOMMIT\nCLOSE CURSOR\n" {
		t.Errorf("%q %v", out, err)
	}
}

// TestPgbenchInit: pgbench makes its own tables and runs its default script.
func TestPgbenchInit(t *testing.T) {
	pgbench := tool(t, "pgbench")
	_, addr := startEngine(t, Options{})
	if out, err := run(t, addr, "", pgbench, "-i", "-s", "1", "-q"); err != nil {
		t.Fatal(out, err)
	}
	for _, mode := range []string{"simple", "extended", "prepared"} {
		out, err := run(t, addr, "", pgbench, "-M", mode, "-c", "4", "-j", "2", "-t", "50")
		if err != nil || !strings.Contains(out, "number of transactions actually processed: 200/200") || strings.Contains(out, "ERROR") {
			t.Errorf("%s: %v\n%s", mode, err, out)
		}
	}
}
