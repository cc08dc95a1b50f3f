package randsql

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Type is a scalar type of a column or expression, by its name in SQL.
type Type string

// The types that are generated.
const (
	Bool      Type = "boolean"
	Int2      Type = "smallint"
	Int4      Type = "integer"
	Int8      Type = "bigint"
	Float4    Type = "real"
	Float8    Type = "double precision"
	Decimal   Type = "numeric(12,2)"
	Wide      Type = "numeric(36,4)"
	Text      Type = "text"
	Char      Type = "char(5)"
	Date      Type = "date"
	Time      Type = "time"
	Timestamp Type = "timestamp"
	Instant   Type = "timestamptz"
	Interval  Type = "interval"
	Bytes     Type = "bytea"
	UUID      Type = "uuid"
)

// types are all of them, the frequent ones several times.
var types = []Type{
	Bool, Int2, Int4, Int4, Int4, Int8, Int8, Float4, Float8, Float8, Decimal, Decimal, Wide, Text, Text, Text, Char,
	Date, Date, Time, Timestamp, Timestamp, Instant, Interval, Bytes, UUID,
}

// portable are the types that DuckDB has with the same meaning.
var portable = []Type{Bool, Int2, Int4, Int4, Int8, Int8, Float8, Float8, Decimal, Decimal, Text, Text, Date, Timestamp}

// anyOf is a type to generate.
func (g *Generator) anyOf() Type {
	if g.Portable {
		return pick(g, portable...)
	}
	return pick(g, types...)
}

// wild are values at the edges; −0 is another value to DuckDB.
func (g *Generator) wild(t Type) []string {
	p := pools[t].wild
	if g.Portable {
		p = slices.DeleteFunc(slices.Clone(p), func(s string) bool { return s == "-0" || s == "NULL" })
	}
	return p
}

// pools are values of each type as the text of a literal: ordinary ones with
// which arithmetic cannot overflow, and those at the edges.
var pools = map[Type]struct{ tame, wild []string }{
	Bool:   {tame: []string{"true", "false"}},
	Int2:   {tame: []string{"0", "1", "2", "3", "-1", "7", "12"}, wild: []string{"32767", "-32768", "127", "128", "-129", "255", "256"}},
	Int4:   {tame: []string{"0", "1", "2", "3", "-1", "5", "42"}, wild: []string{"2147483647", "-2147483648", "65535", "65536", "-32769", "255"}},
	Int8:   {tame: []string{"0", "1", "2", "4", "-3", "100"}, wild: []string{"9223372036854775807", "-9223372036854775808", "4294967296", "2147483648", "-2147483649", "9007199254740993"}},
	Float4: {tame: []string{"0", "0.25", "1", "-1.5", "2", "3"}, wild: []string{"NaN", "Infinity", "-Infinity", "-0", "16777216"}},
	Float8: {tame: []string{"0", "0.5", "1", "-2.25", "3", "1024.125"}, wild: []string{"NaN", "Infinity", "-Infinity", "-0", "4294967296"}},
	Decimal: {tame: []string{"0.00", "1.00", "-1.50", "2.25", "10.10", "3.00"},
		wild: []string{"9999999999.99", "-9999999999.99", "0.01", "-0.01", "42949672.96"}},
	Wide: {tame: []string{"0.0000", "1.0000", "-2.5000", "12.3456", "3.0000"},
		wild: []string{"99999999999999999999999999999999.9999", "-99999999999999999999999999999999.9999", "18446744073709551616.0000", "922337203685477.5807", "922337203685477.5808", "0.0001"}},
	Text: {tame: []string{"", "a", "b", "ab", "abc", "B", "a b", "x%y_z", "é", "日本", "aé日😀", " a", "0123456789ab", "0123456789abc", "0123456789abd"},
		wild: []string{strings.Repeat("long", 12), strings.Repeat("long", 12) + "!", strings.Repeat("é", 300), "a\tb", "it''s", "\\", "NULL"}},
	Char:      {tame: []string{"", "a", "ab", "abcde", "é"}, wild: []string{" a"}},
	Date:      {tame: []string{"2000-01-01", "2024-02-29", "1999-12-31", "2023-03-15", "2023-03-16"}, wild: []string{"1970-01-01", "1969-12-31", "0001-01-01", "9999-12-31", "1900-02-28"}},
	Time:      {tame: []string{"00:00:00", "12:30:00", "23:59:59.999999", "06:00:00.5"}},
	Timestamp: {tame: []string{"2000-01-01 00:00:00", "2024-02-29 23:59:59", "2023-03-15 12:34:56.789", "2023-03-16 00:00:00"}, wild: []string{"1970-01-01 00:00:00", "1969-12-31 23:59:59.999999", "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"}},
	Instant:   {tame: []string{"2000-01-01 00:00:00+00", "2024-02-29 23:59:59+02", "2023-03-15 12:34:56.789+00"}, wild: []string{"1970-01-01 00:00:00+00", "1969-12-31 23:59:59.999999+00"}},
	Interval:  {tame: []string{"0", "1 day", "-2 days", "3 mons", "1 year 2 mons", "01:30:00", "1 day 02:03:04.5"}},
	Bytes:     {tame: []string{`\x`, `\x00`, `\x00ff`, `\xff`, `\x616263`}},
	UUID:      {tame: []string{"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}},
}

// column is a column of a source in scope.
type column struct {
	name string
	typ  Type
	// tame is set if arithmetic on the values cannot overflow.
	tame bool
}

// table is a table with a column id that is unique.
type table struct {
	name  string
	key   bool // whether id is the primary key
	big   bool
	cols  []column // the first is id
	start int      // rows at the beginning
}

// Step is a statement of one session of the script.
type Step struct{ Session, SQL string }

// Schema is a database: what makes it, and its sessions. "" has no transaction,
// "old" a snapshot from before later changes, "own" uncommitted changes.
type Schema struct {
	Steps  []Step
	tables []*table
}

// Sessions are the sessions in which queries run.
var Sessions = []string{"", "old", "own"}

// Generator makes schemas and queries; one random source gives one sequence.
type Generator struct {
	r *rand.Rand
	s *Schema
	n int // aliases given out
	// exact forbids what would make a sum of floats depend on its order.
	exact bool
	// Portable keeps to the types and functions in which DuckDB agrees.
	Portable bool
	ctes     []source
}

// New returns a generator.
func New(r *rand.Rand) *Generator { return &Generator{r: r} }

func (g *Generator) chance(percent int) bool { return g.r.IntN(100) < percent }

func pick[T any](g *Generator, items ...T) T { return items[g.r.IntN(len(items))] }

// constant is the SQL of a value of a type with its type.
func constant(value string, t Type) string {
	switch t {
	case Bool:
		return value
	case Int4:
		if value[0] != '-' {
			return value
		}
	case Text:
		return "'" + value + "'"
	}
	return "CAST('" + value + "' AS " + string(t) + ")"
}

// value is a random constant of a column as SQL.
func (g *Generator) value(c column) string {
	if g.chance(15) {
		return "CAST(NULL AS " + string(c.typ) + ")"
	}
	if wild := g.wild(c.typ); !c.tame && len(wild) > 0 && g.chance(40) {
		return constant(pick(g, wild...), c.typ)
	}
	return constant(pick(g, pools[c.typ].tame...), c.typ)
}

// Schema makes the next database.
func (g *Generator) Schema() *Schema {
	s := &Schema{}
	g.s = s
	for i := range 3 + g.r.IntN(2) {
		t := &table{name: fmt.Sprintf("t%d", i), key: g.chance(60), cols: []column{{"id", Int4, true}}}
		for k := range 6 + g.r.IntN(6) {
			typ := g.anyOf()
			if k == 0 {
				typ = Int4
			}
			t.cols = append(t.cols, column{fmt.Sprintf("c%d", k), typ, k == 0 || g.chance(50)})
		}
		t.start = pick(g, 0, 1, 7, 20, 40, 40)
		t.big = i == 0 && g.chance(25)
		s.tables = append(s.tables, t)
		g.create(t)
	}
	s.step("old", "BEGIN ISOLATION LEVEL REPEATABLE READ")
	s.step("old", "SELECT count(*) FROM t0")
	for _, t := range s.tables {
		g.change(t, "", 3000000)
	}
	s.step("own", "BEGIN")
	for _, t := range s.tables {
		g.change(t, "own", 5000000)
	}
	return s
}

func (s *Schema) step(session, format string, args ...any) {
	s.Steps = append(s.Steps, Step{session, fmt.Sprintf(format, args...)})
}

// row is a row's values as SQL.
func (g *Generator) row(t *table, id int) string {
	vals := []string{fmt.Sprint(id)}
	for _, c := range t.cols[1:] {
		vals = append(vals, g.value(c))
	}
	return "(" + strings.Join(vals, ", ") + ")"
}

func (g *Generator) rows(t *table, from, n int) string {
	var all []string
	for i := range n {
		all = append(all, g.row(t, from+i))
	}
	return strings.Join(all, ", ")
}

// create makes a table: often in bulk, which writes segments, and with changes
// after that.
func (g *Generator) create(t *table) {
	var names, defs []string
	for _, c := range t.cols {
		names = append(names, c.name)
		defs = append(defs, c.name+" "+string(c.typ))
	}
	switch {
	case t.big:
		g.s.step("", "CREATE TABLE %s AS SELECT %s FROM (VALUES %s) a(%s), generate_series(0, %d) g(i)",
			t.name, g.spread(t), g.rows(t, 1, 20), strings.Join(names, ", "), pick(g, 150, 400, 1000))
	case t.start > 0 && g.chance(75):
		g.s.step("", "CREATE TABLE %s AS SELECT * FROM (VALUES %s) v(%s)", t.name, g.rows(t, 1, t.start), strings.Join(names, ", "))
	default:
		g.s.step("", "CREATE TABLE %s (%s)", t.name, strings.Join(defs, ", "))
	}
	if t.key {
		g.s.step("", "ALTER TABLE %s ADD PRIMARY KEY (id)", t.name)
	}
	if n := pick(g, 0, 0, 5, 30); n > 0 {
		g.s.step("", "INSERT INTO %s VALUES %s", t.name, g.rows(t, 1000000, n))
	}
	if g.chance(60) && !g.Portable {
		keys := []string{pick(g, names...)}
		if second := pick(g, names...); second != keys[0] && g.chance(60) {
			keys = append(keys, second)
		}
		g.s.step("", "CREATE INDEX ON %s (%s)", t.name, strings.Join(keys, ", "))
	}
	g.change(t, "", 2000000)
}

// spread are the columns of a table of many rows, by number of the round g.i:
// the same values again, in order, in runs, all different, or NULL for a while.
func (g *Generator) spread(t *table) string {
	items := []string{"a.id + 20 * g.i AS id"}
	for _, c := range t.cols[1:] {
		a := "a." + c.name
		e := a
		switch form := g.r.IntN(5); {
		case form == 0 && c.tame && (c.typ == Int4 || c.typ == Int8 || c.typ == Date || c.typ == Float8):
			// DuckDB's series are of BIGINT, and it adds none of them to a date.
			e = a + " + CAST(g.i" + pick(g, "", " / 16", " % 7") + " AS integer)"
		case form == 1 && c.typ == Text:
			e = a + " || g.i" + pick(g, "", " % 50")
		case form == 2:
			e = fmt.Sprintf("CASE WHEN g.i %s %d THEN %s END", pick(g, "<", ">=", "%"+" 9 <"), pick(g, 3, 60, 120), a)
		case form == 3:
			e = fmt.Sprintf("CASE WHEN g.i < %d THEN %s ELSE %s END", pick(g, 60, 120, 140), g.value(c), pick(g, a, g.value(c)))
		}
		items = append(items, fmt.Sprintf("CAST(%s AS %s) AS %s", e, c.typ, c.name))
	}
	return strings.Join(items, ", ")
}

// change writes some inserts, updates and deletes of a table.
func (g *Generator) change(t *table, session string, from int) {
	for range g.r.IntN(4) {
		c := pick(g, t.cols[1:]...)
		switch g.r.IntN(4) {
		case 0, 1:
			g.s.step(session, "UPDATE %s SET %s = %s WHERE id %% %d = %d", t.name, c.name, g.value(c), 2+g.r.IntN(9), g.r.IntN(3))
		case 2:
			g.s.step(session, "DELETE FROM %s WHERE id %% %d = %d", t.name, 3+g.r.IntN(9), g.r.IntN(3))
		default:
			n := 1 + g.r.IntN(6)
			g.s.step(session, "INSERT INTO %s VALUES %s", t.name, g.rows(t, from, n))
			from += n
		}
	}
}
