package htap

import (
	"strings"
	"testing"

	"htapdb/colstore"
	"htapdb/sql/types"
	"htapdb/vector"
)

// Both copies have the same digest for values of every type, NULLs and defaults of
// later columns among them, in rows that were inserted, loaded and updated.
func TestCheckTableTypes(t *testing.T) {
	_, s := openTest(t, "")
	columns := `b BOOLEAN, i2 SMALLINT, i4 INTEGER, i8 BIGINT, n NUMERIC(12,3), big NUMERIC(38,4), r REAL, f DOUBLE PRECISION,
		t TEXT, d DATE, ti TIME, ts TIMESTAMP, tz TIMESTAMPTZ, iv INTERVAL, u UUID, j JSONB, by BYTEA`
	values := `i % 3 = 0, -i, -i * 7, -i::bigint * 1000000007, i / 7.0::numeric(12,3), -i * 1000000000000000000000.5, i / 7.0, -i / 3.0,
		'text' || i, date '1999-01-01' + i::integer, time '01:02:03' + i * interval '1 second', timestamp '1999-01-01 00:00:00' + i * interval '1 second',
		now(), interval '1 month -1 day' * i, ('123e4567-e89b-12d3-a456-42661417' || lpad(i::text, 4, '0'))::uuid, ('{"i": ' || i || '}')::jsonb, 'bytes'::bytea`
	for name, key := range map[string]string{"keyed": "id BIGINT PRIMARY KEY", "hidden": "id BIGINT"} {
		mustExec(t, s, "CREATE TABLE "+name+" ("+key+", "+columns+")")
		mustExec(t, s, "INSERT INTO "+name+" SELECT i, "+values+" FROM generate_series(1, 500) AS g(i)")
		mustExec(t, s, "INSERT INTO "+name+" (id) SELECT i + 1000 FROM generate_series(1, 300) AS g(i)")
		mustExec(t, s, "ALTER TABLE "+name+" ADD COLUMN later TEXT DEFAULT 'missing'")
		mustExec(t, s, "UPDATE "+name+" SET t = NULL, f = '-0', r = 'NaN', later = NULL WHERE id % 7 = 0")
		mustExec(t, s, "DELETE FROM "+name+" WHERE id % 11 = 0")
		mustExec(t, s, "CREATE TABLE copy_of_"+name+" AS SELECT * FROM "+name)
		for table, want := range map[string]string{name: name, "copy_of_" + name: "copy_of_" + name} {
			if got := queryText(t, s, "CHECK TABLE "+table); !strings.Contains(got, want+"|") || !strings.Contains(got, "|ok|") {
				t.Errorf("%s: %s", table, got)
			}
		}
	}
}

// Columns without any value are loaded, whatever form they come in.
func TestLoadNulls(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, `CREATE TABLE n AS SELECT i, NULL AS a, NULL::int AS b, NULL::numeric(38,2) AS c, CASE WHEN i > 5000 THEN NULL ELSE NULL END AS d
		FROM generate_series(1, 3000) AS g(i) UNION ALL SELECT NULL, NULL, NULL, NULL, NULL`)
	mustExec(t, s, "CREATE TABLE m AS SELECT NULL::text AS x, NULL::interval AS y, NULL::boolean AS z FROM n WHERE i % 2 = 0")
	for table, want := range map[string]string{"n": "3001", "m": "1500"} {
		if got := queryText(t, s, "CHECK TABLE "+table); !strings.Contains(got, want+"|") || !strings.Contains(got, "|ok|") {
			t.Errorf("%s: %s", table, got)
		}
	}
	for _, route := range []string{"row", "column"} {
		mustExec(t, s, "SET htap.route = '"+route+"'")
		if got := queryText(t, s, "SELECT count(*), count(i), count(a), count(b), count(c), count(d) FROM n"); got != "3001|3000|0|0|0|0" {
			t.Errorf("%s: %s", route, got)
		}
	}
}

// CHECK TABLE finds a row that the columns lack, one that they have too many, one
// that they have twice and one that differs in one value.
func TestCheckTableFinds(t *testing.T) {
	row := func(a int64, b types.Datum) *vector.Batch {
		x := vector.NewBatch([]types.Type{types.TInt8, types.TText}, 1)
		x.Cols[0].Set(0, types.NewInt64(a))
		x.Cols[1].Set(0, b)
		return x
	}
	for _, tc := range []struct {
		name  string
		ended []uint64
		added *vector.Batch
		rowID uint64
		want  string
	}{
		{"missing", []uint64{7}, nil, 0, "the row with (a = 7), rowID 7, is missing in the columns"},
		{"differs", []uint64{7}, row(7, types.NewString("text7 ")), 7, "the row with (a = 7), rowID 7, differs in the columns"},
		{"null", []uint64{7}, row(7, types.NullDatum), 7, "the row with (a = 7), rowID 7, differs in the columns"},
		{"too many", nil, row(7, types.NewString("text7")), 30_000, "the first with rowID 30000"},
		{"twice", nil, row(7, types.NewString("text7")), 7, "the row with (a = 7), rowID 7, differs in the columns"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			db, s := openTest(t, "")
			mustExec(t, s, "CREATE TABLE t (a BIGINT PRIMARY KEY, b TEXT)")
			mustExec(t, s, "INSERT INTO t SELECT i, 'text' || i FROM generate_series(1, 9000) AS g(i) ORDER BY i") // a is the rowID
			if got := queryText(t, s, "CHECK TABLE t"); !strings.Contains(got, "|ok|") {
				t.Fatal(got)
			}
			columns := db.engine.Feed.Columns()
			var ct *colstore.Table
			for _, x := range columns.Tables() {
				if x.Schema().Name == "t" {
					ct = x
				}
			}
			ts := ct.Safe() + 1
			if tc.ended != nil {
				if err := ct.Apply(ts, nil, nil, nil, tc.ended); err != nil {
					t.Fatal(err)
				}
			}
			if tc.added != nil {
				l, err := columns.NewLoad(ct.ID())
				if err != nil {
					t.Fatal(err)
				}
				if err := l.Append(tc.added, tc.rowID); err != nil {
					t.Fatal(err)
				}
				names, err := l.Finish()
				if err != nil {
					t.Fatal(err)
				}
				if err := ct.AttachLoad(ts, names); err != nil {
					t.Fatal(err)
				}
			}
			mustExec(t, s, "CREATE TABLE later (a BIGINT)") // a commit above ts
			if got := queryText(t, s, "CHECK TABLE t"); !strings.Contains(got, "|mismatch|") || !strings.Contains(got, tc.want) {
				t.Errorf("%s, want %q", got, tc.want)
			}
		})
	}
}
