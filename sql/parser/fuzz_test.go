package parser

import (
	"path/filepath"
	"testing"
	"unicode/utf8"

	"errors"

	"htapdb/sql/sqlstate"
)

// FuzzParse gives the parser any text. It must return trees or an error with a
// SQLSTATE and a position inside the text; trees must survive Format and have
// sound positions.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.golden")
	for _, path := range files {
		for _, c := range readGoldens(&testing.T{}, path) {
			f.Add(c.sql)
			f.Add("SELECT " + c.sql)
		}
	}
	f.Fuzz(func(t *testing.T, sql string) {
		list, err := Parse(sql)
		if err == nil {
			if len(list) > 0 {
				roundTrip(t, sql)
			}
			return
		}
		var e *sqlstate.Error
		if !errors.As(err, &e) || len(e.Code) != 5 || e.Message == "" {
			t.Fatalf("got %#v", err)
		}
		if limit := utf8.RuneCountInString(sql) + 1; e.Position < 1 || e.Position > limit {
			t.Fatalf("position %d in a text of %d characters: %v", e.Position, limit-1, err)
		}
	})
}
