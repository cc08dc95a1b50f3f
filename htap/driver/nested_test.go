package driver_test

import "testing"

// Rows that are read while their transaction runs other statements are those of
// the query, as a loop that updates what it reads needs them.
func TestStatementsBetweenRows(t *testing.T) {
	db := open(t, "?route=row")
	if _, err := db.Exec("CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT g, g FROM generate_series(1, 7000) AS x(g)"); err != nil {
		t.Fatal(err)
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	rows, err := tx.Query("SELECT id, v FROM t ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for rows.Next() {
		var id, v int
		if err := rows.Scan(&id, &v); err != nil {
			t.Fatal(err)
		}
		if n++; id != n || v != n {
			t.Fatalf("row %d is (%d, %d)", n, id, v)
		}
		if n%1000 == 3 {
			if _, err := tx.Exec("UPDATE t SET v = -v WHERE id = ?", id+1); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := rows.Err(); err != nil || n != 7000 {
		t.Fatal(n, err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := db.QueryRow("SELECT count(*) FROM t WHERE v < 0").Scan(&n); err != nil || n != 7 {
		t.Error(n, err)
	}
}
