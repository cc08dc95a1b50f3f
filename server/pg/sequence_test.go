package pg

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestSequences takes values of a sequence through every mode of pgx: no plan
// or statement cache gives a value twice.
func TestSequences(t *testing.T) {
	_, addr := startEngine(t, Options{})
	mustExec(t, dialPgx(t, addr, pgx.QueryExecModeExec), "CREATE SEQUENCE q", "CREATE TABLE t (id SERIAL, x INT)")
	want := int64(0)
	for name, mode := range pgxModes {
		c := dialPgx(t, addr, mode)
		if err := c.QueryRow(t.Context(), "SELECT currval('q')").Scan(new(int64)); sqlState(err) != "55000" {
			t.Errorf("%s: currval before nextval: %v", name, err)
		}
		for range 5 {
			want++
			var got, current int64
			if err := c.QueryRow(t.Context(), "SELECT nextval('q')").Scan(&got); err != nil || got != want {
				t.Fatalf("%s: nextval gives %d, %v; want %d", name, got, err, want)
			}
			if err := c.QueryRow(t.Context(), "SELECT currval('q')").Scan(&current); err != nil || current != want {
				t.Errorf("%s: currval gives %d, %v; want %d", name, current, err, want)
			}
		}
		var id, last int64
		if err := c.QueryRow(t.Context(), "INSERT INTO t (x) VALUES ($1) RETURNING id", 1).Scan(&id); err != nil {
			t.Fatal(err)
		}
		if err := c.QueryRow(t.Context(), "SELECT lastval()").Scan(&last); err != nil || last != id {
			t.Errorf("%s: lastval gives %d, %v after the id %d", name, last, err, id)
		}
	}
}
