package htap

import "testing"

// Clients read the definitions of relations from information_schema.
func TestInformationSchema(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, `CREATE TABLE t (id SERIAL PRIMARY KEY, a VARCHAR(10) NOT NULL DEFAULT 'x', b NUMERIC(8,2), c BIGINT GENERATED ALWAYS AS IDENTITY,
		d TIMESTAMP, e INT UNIQUE, CHECK (e > 0)); CREATE VIEW v AS SELECT id, b FROM t; CREATE SEQUENCE q MAXVALUE 10 CYCLE`)
	for _, c := range []struct{ sql, want string }{
		{`SELECT column_name, ordinal_position, column_default, is_nullable, data_type, character_maximum_length, numeric_precision, numeric_scale,
			datetime_precision, udt_name, is_identity, identity_generation FROM information_schema.columns WHERE table_name = 't' ORDER BY 2`,
			"id|1|nextval('t_id_seq'::regclass)|NO|integer|NULL|32|0|NULL|int4|NO|NULL\n" +
				"a|2|'x'|NO|character varying|10|NULL|NULL|NULL|varchar|NO|NULL\n" +
				"b|3|NULL|YES|numeric|NULL|8|2|NULL|numeric|NO|NULL\n" +
				"c|4|NULL|NO|bigint|NULL|64|0|NULL|int8|YES|ALWAYS\n" +
				"d|5|NULL|YES|timestamp without time zone|NULL|NULL|NULL|6|timestamp|NO|NULL\n" +
				"e|6|NULL|YES|integer|NULL|32|0|NULL|int4|NO|NULL"},
		{`SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'v' ORDER BY ordinal_position`, "id|integer\nb|numeric"},
		{`SELECT k.column_name, c.constraint_type, k.ordinal_position FROM information_schema.table_constraints c
			JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name) WHERE c.table_name = 't' ORDER BY 1`,
			"e|UNIQUE|1\nid|PRIMARY KEY|1"},
		{`SELECT count(*) FROM information_schema.table_constraints WHERE table_name = 't'`, "3"},
		{`SELECT table_name, view_definition FROM information_schema.views`, "v|SELECT id, b FROM t"},
		{`SELECT sequence_name, data_type, maximum_value, cycle_option FROM information_schema.sequences ORDER BY 1`,
			"q|bigint|10|YES\nt_id_seq|integer|2147483647|NO"},
		{`SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
			WHERE c.relname = 't' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum LIMIT 3`, "id|integer\na|character varying(10)\nb|numeric(8,2)"},
	} {
		if got := queryText(t, s, c.sql); got != c.want {
			t.Errorf("%s:\ngot\n%s\nwant\n%s", c.sql, got, c.want)
		}
	}
}
