package files

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"

	"htapdb/internal/testutil"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// COPY's two text formats give back what was written, whatever the values hold.
func TestCSVRoundTrip(t *testing.T) {
	cols, b := sample(t, 700)
	for i, s := range []string{"", `\N`, `\.`, "a,b", `say "x"`, "two\nlines", "tab\tcr\r", `back\slash`, " space "} {
		b.Cols[9].Set(i, types.NewString(s))
	}
	for _, o := range []CSVOptions{{}, {Text: true}, {Header: true, Delimiter: ';', Null: "NULL"}, {Quote: '\'', Escape: '\\'}} {
		var buf bytes.Buffer
		w, err := NewCSVWriter(&buf, cols, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := NewCSVReader(&buf, "test.csv", cols, o)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := readAll(r)
		if err != nil {
			t.Fatalf("%+v: %v", o, err)
		}
		if len(rows) != b.Len {
			t.Fatalf("%+v: %d rows, want %d", o, len(rows), b.Len)
		}
		for i := range rows {
			for c := range rows[i] {
				if rows[i][c] != b.Cols[c].Datum(i) {
					t.Fatalf("%+v: row %d column %s: %v, want %v", o, i, cols[c].Name, rows[i][c], b.Cols[c].Datum(i))
				}
			}
		}
	}
}

// Names and types of a file that says nothing about itself.
func TestCSVInference(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"header", "id,name,when,price\n1,a,2001-02-03,1.5\n2,\"b,c\",2001-02-04,2\n", "id bigint, name text, when date, price double precision"},
		{"no header", "1,2001-01-01 10:00:00,true\n2,2001-01-02 10:00:00,false\n", "column1 bigint, column2 timestamp without time zone, column3 boolean"},
		{"text header", "code,city\nJFK,New York\nORD,Chicago\n", "code text, city text"},
		{"codes", "zip,n\n00501,1\n10001,2\n", "zip text, n bigint"},
		{"nulls", "a,b\n,\n1,\n", "a bigint, b text"},
		{"duplicate", "a,b\n1,x\n", "a bigint, b text"},
	} {
		r, err := OpenCSV(strings.NewReader(c.text), c.name, CSVOptions{})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got []string
		for _, col := range r.Columns() {
			got = append(got, col.Name+" "+col.Type.String())
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
	}
}

// The airports file has its seven columns and 3,376 rows.
func TestAirports(t *testing.T) {
	f, err := openShared(t, "data", "airports.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := OpenCSV(f, "airports.csv", CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := readAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 3376 || len(r.Columns()) != 7 || r.Columns()[5].Type != types.TFloat8 {
		t.Errorf("%d rows, columns %v", len(rows), r.Columns())
	}
}

// Errors name the line, the column and the value.
func TestCSVErrors(t *testing.T) {
	cols := []Column{{"id", types.TInt4}, {"name", types.TText}}
	for _, c := range []struct {
		text string
		code sqlstate.Code
		want string
	}{
		{"1,a\nx,b\n", sqlstate.InvalidTextRepresentation, `line 2, column id: "x"`},
		{"1,a\n2\n", sqlstate.BadCopyFileFormat, "line 2"},
		{"1,a\n2,b,c\n", sqlstate.BadCopyFileFormat, "line 2"},
		{"1,\"a\n2,b\n", sqlstate.BadCopyFileFormat, "line 1"},
		{"99999999999,a\n", sqlstate.NumericValueOutOfRange, "line 1"},
		{"1,\xff\n", sqlstate.CharacterNotInRepertoire, "line 1, column name"},
	} {
		r, err := NewCSVReader(strings.NewReader(c.text), "t.csv", cols, CSVOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = readAll(r)
		e, ok := err.(*sqlstate.Error)
		if !ok || e.Code != c.code || !strings.Contains(e.Where, c.want) {
			t.Errorf("%q: %v, want %s in %q", c.text, err, c.code, c.want)
		}
	}
}

// Random bytes give rows or an error, never a panic.
func FuzzCSV(f *testing.F) {
	f.Add([]byte("1,a\n\"2\",\"b\"\"c\"\n"), false)
	f.Add([]byte("1\t\\N\n\\.\n"), true)
	f.Fuzz(func(t *testing.T, data []byte, text bool) {
		r, err := NewCSVReader(bytes.NewReader(data), "fuzz", []Column{{"a", types.TText}, {"b", types.TText}}, CSVOptions{Text: text})
		if err != nil {
			return
		}
		_, _ = readAll(r)
		if r, err = OpenCSV(bytes.NewReader(data), "fuzz", CSVOptions{Text: text}); err == nil {
			_, _ = readAll(r)
		}
	})
}

func openShared(t *testing.T, elem ...string) (io.ReadCloser, error) {
	return os.Open(testutil.Shared(t, elem...))
}
