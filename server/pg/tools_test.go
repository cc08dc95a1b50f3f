package pg

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

// toolQueries are what pgAdmin and DBeaver ask when they connect, with the columns of
// the answer, or the SQLSTATE of what is refused by name.
var toolQueries = []struct {
	tool, sql string
	columns   int
	state     string
}{
	{"pgAdmin", "SELECT set_config('bytea_output','hex',false) FROM pg_show_all_settings() WHERE name = 'bytea_output'", 1, ""},
	{"pgAdmin", `SELECT oid as id, rolname as name, rolsuper as is_superuser, CASE WHEN rolsuper THEN true ELSE rolcreaterole END as can_create_role,
		CASE WHEN rolsuper THEN true ELSE rolcreatedb END as can_create_db FROM pg_catalog.pg_roles WHERE rolname = current_user`, 5, ""},
	{"pgAdmin", `SELECT db.oid as did, db.datname, db.datallowconn, pg_encoding_to_char(db.encoding) AS serverencoding,
		has_database_privilege(db.oid, 'CREATE') as cancreate, datistemplate FROM pg_catalog.pg_database db WHERE db.datname = current_database()`, 6, ""},
	{"pgAdmin", "SELECT gss_authenticated, encrypted FROM pg_catalog.pg_stat_gssapi WHERE pid = pg_backend_pid()", 2, ""},
	{"pgAdmin", "SELECT pid, datname, usename, state, query, backend_type FROM pg_catalog.pg_stat_activity WHERE pid = pg_backend_pid()", 6, ""},
	{"pgAdmin", "SELECT upper(word) as word FROM pg_catalog.pg_get_keywords() AS k WHERE k.catcode = 'R' AND word = 'all'", 1, ""},
	{"pgAdmin", `SELECT 'pg_signal_backend' = ANY (ARRAY(WITH RECURSIVE cte AS (SELECT r.oid, r.rolname FROM pg_roles r WHERE r.oid = roles.oid
		UNION ALL SELECT m.roleid, g.rolname FROM cte JOIN pg_auth_members m ON m.member = cte.oid JOIN pg_roles g ON g.oid = m.roleid)
		SELECT rolname FROM cte)) FROM pg_catalog.pg_roles AS roles`, 0, "0A000"},
	{"DBeaver", "SELECT current_schema(),session_user", 2, ""},
	{"DBeaver", "SELECT db.oid,db.datname FROM pg_catalog.pg_database db WHERE 1=1 AND datname = current_database()", 2, ""},
	{"DBeaver", "SELECT setting FROM pg_catalog.pg_settings WHERE name='standard_conforming_strings'", 1, ""},
	{"DBeaver", "SELECT word FROM pg_catalog.pg_get_keywords() WHERE word = 'select'", 1, ""},
	{"DBeaver", `SELECT n.oid, n.nspname, d.description FROM pg_catalog.pg_namespace n LEFT OUTER JOIN pg_catalog.pg_description d
		ON d.objoid=n.oid AND d.objsubid=0 AND d.classoid='pg_namespace'::regclass WHERE nspname = 'public' ORDER BY nspname`, 3, ""},
}

// TestToolQueries proves that each of them gives one row, or is refused.
func TestToolQueries(t *testing.T) {
	_, addr := startEngine(t, Options{})
	c := dialPgx(t, addr, pgx.QueryExecModeSimpleProtocol)
	for _, q := range toolQueries {
		results, err := c.PgConn().Exec(t.Context(), q.sql).ReadAll()
		switch {
		case q.state != "":
			if err == nil || sqlState(err) != q.state {
				t.Errorf("%s: %s: %v, want %s", q.tool, q.sql, err, q.state)
			}
		case err != nil:
			t.Errorf("%s: %s: %v", q.tool, q.sql, err)
		case len(results[0].Rows) != 1 || len(results[0].FieldDescriptions) != q.columns:
			t.Errorf("%s: %s gives %d rows of %d columns, want one of %d", q.tool, q.sql, len(results[0].Rows), len(results[0].FieldDescriptions), q.columns)
		}
	}
	second := dialPgx(t, addr, pgx.QueryExecModeSimpleProtocol)
	var sessions int
	if err := second.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE backend_start <= now() AND state = 'disabled'").Scan(&sessions); err != nil || sessions != 2 {
		t.Errorf("%d sessions, %v", sessions, err)
	}
	for _, none := range []string{"SELECT * FROM pg_catalog.pg_prepared_xacts", "SELECT * FROM pg_available_extensions",
		"SELECT relname FROM pg_class WHERE relname LIKE '%()'"} {
		if tag, err := c.Exec(t.Context(), none); err != nil || tag.RowsAffected() != 0 {
			t.Errorf("%s: %v, %v", none, tag, err)
		}
	}
}
