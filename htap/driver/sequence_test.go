package driver_test

import "testing"

// currval is the connection's own: what another one takes is not seen there,
// and a prepared statement takes a value each time it runs.
func TestSequences(t *testing.T) {
	db := open(t, "")
	must(t, db, "CREATE SEQUENCE q", "CREATE TABLE t (id BIGINT DEFAULT nextval('q'), x INT)")
	a, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	st, err := a.PrepareContext(t.Context(), "SELECT nextval($1)")
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	for want := int64(1); want <= 40; want++ { // more than are reserved at once
		var got int64
		if err := st.QueryRowContext(t.Context(), "q").Scan(&got); err != nil || got != want {
			t.Fatalf("nextval gives %d, %v; want %d", got, err, want)
		}
	}
	must(t, b, "INSERT INTO t (x) VALUES (1), (2)")
	if got := one(t, a, "SELECT currval('q')"); got != "40" {
		t.Errorf("currval of the first connection is %s, want 40", got)
	}
	if got := one(t, b, "SELECT currval('q') + lastval()"); got != "84" {
		t.Errorf("currval and lastval of the second connection add up to %s, want 84", got)
	}
}
