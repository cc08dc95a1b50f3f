package demo

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"htapdb/htap"
	"htapdb/internal/testutil"
	"htapdb/sql/parser"
	"htapdb/sql/types"
)

// TestScripts proves that the scripts have the parts that the demo looks for,
// and that all of it is SQL.
func TestScripts(t *testing.T) {
	all, err := queries()
	if err != nil {
		t.Fatal(err)
	}
	for kind, least := range map[string]int{"live": 3, "all": 2, "model": 1, "one": 1, "export": 1} {
		if n := len(ofKind(all, kind)); n < least {
			t.Errorf("%d queries of kind %s, want %d", n, kind, least)
		}
	}
	for _, q := range all {
		list, err := parser.Parse(q.sql)
		if err != nil || len(list) != 1 {
			t.Errorf("%s: %v", q.name, err)
		}
		if q.name != "books" && q.kind != "one" && !strings.Contains(q.sql, "ORDER BY") {
			t.Errorf("%s: the rows have no order", q.name)
		}
	}
	for _, text := range []string{schemaSQL, modelsSQL} {
		for _, s := range steps(text) {
			if len(s.statements) == 0 || s.title == "" {
				t.Errorf("step %q has no statements", s.title)
			}
			for _, sql := range s.statements {
				if _, err := parser.Parse(sql); err != nil {
					t.Errorf("%s: %v", s.title, err)
				}
			}
		}
	}
	for _, table := range tables {
		if !strings.Contains(schemaSQL, "CREATE TABLE "+table+" ") {
			t.Errorf("schema.sql does not make %s", table)
		}
	}
}

// TestHistogram compares percentiles with those of the sorted values: never
// lower, and at most 1/32 higher.
func TestHistogram(t *testing.T) {
	rng := testutil.Rand(t)
	for range 50 {
		h := &histogram{}
		values := make([]time.Duration, 1+rng.IntN(2000))
		for i := range values {
			values[i] = time.Duration(rng.Int64N(1 << (1 + rng.IntN(40))))
			h.add(values[i])
		}
		slices.Sort(values)
		for _, p := range []float64{0, 0.1, 0.5, 0.9, 0.99, 0.999, 1} {
			want := values[max(int(p*float64(len(values))+0.999999), 1)-1]
			if got := h.percentile(p); got < want || got > want+want/subBuckets {
				t.Fatalf("p%g of %d values: got %d, want %d", p, len(values), got, want)
			}
		}
	}
	if got := (&histogram{}).percentile(0.5); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

// TestBuckets proves that buckets are in order and hold their bounds.
func TestBuckets(t *testing.T) {
	for i := range 40 * subBuckets {
		if i > 0 && upper(i) <= upper(i-1) {
			t.Fatalf("bucket %d ends at %d, the one before at %d", i, upper(i), upper(i-1))
		}
		if bucket(upper(i)) != i || bucket(upper(i)+1) != i+1 {
			t.Fatalf("bucket %d: its end is in %d, the next value in %d", i, bucket(upper(i)), bucket(upper(i)+1))
		}
	}
}

// TestDifference proves that a planted difference is seen, and that only the
// last digits of floating-point numbers may differ.
func TestDifference(t *testing.T) {
	cols := []htap.Column{{Name: "n", Type: types.TInt8}, {Name: "x", Type: types.TFloat8}, {Name: "s", Type: types.TText}}
	base := [][]string{{"1", "0.3", "a"}, {"2", "NULL", "b"}}
	for _, c := range []struct {
		row, col int
		to       string
		want     string
	}{
		{0, 0, "2", "row 1, n: 1 by the row path, 2 by the column path"},
		{0, 1, "0.30000000000000004", ""},
		{0, 1, "0.3000001", "row 1, x: 0.3 by the row path, 0.3000001 by the column path"},
		{1, 1, "0", "row 2, x: NULL by the row path, 0 by the column path"},
		{1, 2, "B", "row 2, s: b by the row path, B by the column path"},
	} {
		other := [][]string{slices.Clone(base[0]), slices.Clone(base[1])}
		other[c.row][c.col] = c.to
		if got := difference(cols, base, other); got != c.want {
			t.Errorf("%s: got %q, want %q", c.to, got, c.want)
		}
	}
	if got := difference(cols, base, base[:1]); got != "2 rows by the row path, 1 by the column path" {
		t.Errorf("got %q", got)
	}
}

// TestBooks proves that books that do not balance fail the demo.
func TestBooks(t *testing.T) {
	books := query{name: "books"}
	for _, c := range []struct {
		rows [][]string
		ok   bool
	}{
		{[][]string{{"200000000.00", "0"}}, true},
		{[][]string{{"199999999.99", "0"}}, false},
		{[][]string{{"200000000.00", "1"}}, false},
		{nil, false},
	} {
		m := newMeters()
		if err := checkBooks(m, answer{q: books, rows: c.rows}); (err == nil) != c.ok {
			t.Errorf("%v: %v", c.rows, err)
		}
		if (m.snapshots.Load() == 1) != c.ok {
			t.Errorf("%v: counted %d", c.rows, m.snapshots.Load())
		}
	}
}

// TestScreen proves that no line is wider than the terminal and no frame is
// higher, at any size and with any figures.
func TestScreen(t *testing.T) {
	rng := testutil.Rand(t)
	all, err := queries()
	if err != nil {
		t.Fatal(err)
	}
	asked := ofKind(all, "live", "all")
	for range 200 {
		var b bytes.Buffer
		width, height := 20+rng.IntN(180), 1+rng.IntN(60)
		c := &console{w: &b, terminal: true, width: func() int { return width }, height: func() int { return height }}
		m := newMeters()
		began := time.Unix(1000, 0)
		sc := &screen{c: c, m: m, asked: asked, live: ofKind(all, "live"), began: began, length: 10 * time.Second, final: rng.IntN(2) == 0}
		for _, q := range asked {
			for range rng.IntN(100) {
				m.queried(q, time.Duration(rng.Int64N(1<<(1+rng.IntN(40)))))
			}
			m.routed(q, randomAccesses(rng))
			m.answered(answer{q: q, columns: []htap.Column{{Name: "名前", Type: types.TText}}, rows: [][]string{{strings.Repeat("long ", rng.IntN(60))}}})
		}
		for i := range 40 {
			sc.update(began.Add(time.Duration(i) * time.Second))
		}
		if n := len([]rune(sc.summary(began.Add(time.Hour)))); n > 80 {
			t.Fatalf("a summary of %d: %q", n, sc.summary(began.Add(time.Hour)))
		}
		lines := sc.lines(began.Add(time.Duration(rng.IntN(12)) * time.Second))
		for _, l := range lines {
			if n := len([]rune(l)); n > max(width-1, 40) {
				t.Fatalf("width %d: a line of %d: %q", width, n, l)
			}
		}
		c.frame(lines)
		if n := strings.Count(b.String(), "\n"); n > max(height-1, 1) && height > 1 {
			t.Fatalf("height %d: a frame of %d lines", height, n)
		}
	}
}

func randomAccesses(rng *rand.Rand) []access {
	list := make([]access, rng.IntN(8))
	for i := range list {
		list[i] = access{table: strings.Repeat("t", 1+rng.IntN(20)), path: []string{"row", "column"}[rng.IntN(2)],
			rowCost: rng.Float64()*1e7 - 1, columnCost: rng.Float64() * 1e5}
	}
	return list
}

// TestScreenLow proves that the smallest usual terminal shows the figures and
// an answer, and that the paths of a plan are separated.
func TestScreenLow(t *testing.T) {
	all, err := queries()
	if err != nil {
		t.Fatal(err)
	}
	c := &console{width: func() int { return 80 }, height: func() int { return 24 }}
	m := newMeters()
	began := time.Unix(1000, 0)
	sc := &screen{c: c, m: m, asked: ofKind(all, "live", "all"), live: ofKind(all, "live"), began: began, length: 10 * time.Second}
	for _, q := range sc.asked {
		m.routed(q, []access{{table: "bookings", path: "row", rowCost: 3, columnCost: 20}, {table: "flights", path: "column", rowCost: 1e6, columnCost: 1000}})
		m.answered(answer{q: q, columns: []htap.Column{{Name: "n", Type: types.TInt8}}, rows: [][]string{{"1"}, {"2"}, {"3"}, {"4"}}})
	}
	lines := sc.lines(began)
	if want := "   bookings▸row 3.0<20  flights▸column 1.0k<1.0M"; lines[7] != want {
		t.Errorf("got %q, want %q", lines[7], want)
	}
	if third := slices.Index(lines, "  3"); third < 0 || third > 22 {
		t.Errorf("the third row of the answer is line %d of %q", third, lines)
	}
}

// TestStep proves that a step's line says what it did, and that its error is kept.
func TestStep(t *testing.T) {
	var b bytes.Buffer
	c := &console{w: &b, width: func() int { return 80 }, height: func() int { return 24 }}
	if err := c.step("work", func(phase func(string)) (string, error) {
		for range 100 { // more than anybody reads
			phase("at it")
		}
		return "done", nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := c.step("more", func(func(string)) (string, error) { return "", context.Canceled }); err != context.Canceled {
		t.Fatal(err)
	}
	if got := b.String(); !strings.HasPrefix(got, "✓ work  done\n") || !strings.HasSuffix(got, "✗ more\n") {
		t.Errorf("got %q", got)
	}
}

// TestTable proves how values are shortened for people.
func TestTable(t *testing.T) {
	for _, c := range []struct {
		in   string
		t    types.Type
		want string
	}{
		{"1234567", types.TInt8, "1,234,567"}, {"-1234", types.TInt8, "-1,234"}, {"12", types.TInt8, "12"},
		{"1234.50", types.TNumeric(10, 2), "1,234.50"}, {"6.0000000000", types.TNumeric(38, 10), "6"}, {"6.25", types.TNumeric(38, 10), "6.25"},
		{"12.3456", types.TFloat8, "12.346"}, {"NULL", types.TFloat8, "NULL"}, {"NULL", types.TText, "NULL"}, {"NULL", types.TInt8, "NULL"}, {"NULL", types.TNumeric(10, 2), "NULL"},
	} {
		if got := short(c.in, c.t); got != c.want {
			t.Errorf("%s %s: got %q, want %q", c.t, c.in, got, c.want)
		}
	}
}
