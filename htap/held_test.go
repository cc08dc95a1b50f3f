package htap

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// A batch that its reader holds stays as it is while the session runs other
// statements, also where the result is computed in memory that is used again;
// then the rest follows.
func TestHeldBatch(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, "CREATE TABLE t (id INT PRIMARY KEY, name TEXT); INSERT INTO t SELECT g, 'name ' || g FROM generate_series(1, 9000) AS x(g)")
	ctx := context.Background()
	for _, setting := range []string{"htap.route = row", "htap.route = column", "htap.workers = 1"} {
		mustExec(t, s, "SET "+setting)
		for _, sql := range []string{
			"SELECT g, 'name ' || g FROM generate_series(1, 9000) AS x(g) ORDER BY g",
			"SELECT id, name FROM t ORDER BY id",
			"SELECT id, 'name ' || id FROM t WHERE id % 1 = 0 AND name LIKE 'name %' ORDER BY id",
		} {
			mustExec(t, s, "BEGIN")
			rows, err := s.Query(ctx, sql)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for {
				b, err := rows.NextBatch()
				if err != nil {
					t.Fatal(err)
				}
				if b == nil {
					break
				}
				for i := range b.Rows() {
					if n == 2 {
						mustExec(t, s, "SELECT 1; UPDATE t SET name = name")
					}
					n++
					row := b.Row(i)
					if id, name := b.Cols[0].Datum(row).Int(), b.Cols[1].Datum(row).Str(); id != int64(n) || name != fmt.Sprint("name ", n) {
						t.Fatalf("%s, %s: row %d is (%d, %s)", setting, sql, n, id, name)
					}
				}
			}
			if n != 9000 {
				t.Errorf("%s, %s: %d rows", setting, sql, n)
			}
			mustExec(t, s, "COMMIT")
		}
	}
}

// What a FETCH gave stays when the cursor goes on, or is read into memory for
// another statement.
func TestHeldFetch(t *testing.T) {
	_, s := openTest(t, "")
	ctx := context.Background()
	mustExec(t, s, "BEGIN; DECLARE c CURSOR FOR SELECT g FROM generate_series(1, 90000) AS x(g) ORDER BY g")
	rows, err := s.Query(ctx, "FETCH 2000 FROM c")
	if err != nil {
		t.Fatal(err)
	}
	b, err := rows.NextBatch()
	if err != nil || b == nil {
		t.Fatal(b, err)
	}
	if got := queryText(t, s, "FETCH 60000 FROM c"); !strings.HasSuffix(got, "62000") {
		t.Error(got)
	}
	mustExec(t, s, "SELECT 1")
	if got := queryText(t, s, "FETCH 1 FROM c"); got != "62001" {
		t.Error(got)
	}
	for i := range b.Rows() {
		if v := b.Cols[0].Datum(b.Row(i)).Int(); v != int64(i+1) {
			t.Fatalf("row %d is %d", i+1, v)
		}
	}
	mustExec(t, s, "COMMIT")
}
