package tpch

import (
	"fmt"
	"math"
)

// BatchRows is the most rows a batch has.
const BatchRows = 2048

// Variant is a family of generators whose data differ in comments and addresses, and only there.
type Variant uint8

// The variants.
const (
	// DBGen is the benchmark's own generator: the data of Generate and of the specification.
	DBGen Variant = iota
	// DuckDB is the generator of DuckDB's releases until 1.5, whose query results DuckDB publishes. Its
	// text is the first 10 MiB of the benchmark's, and the overflow that shapes dbgen's addresses is
	// repaired in it. It is here to check against those results.
	DuckDB
)

// maxScale is the largest scale factor the specification knows.
const maxScale = 100_000

// Vector is a column of a batch. The field that the column's Kind names has Batch.Rows values, the
// others are nil.
type Vector struct {
	Ints    []int64  // integers; decimals times 10^Scale
	Dates   []int32  // days since 1970-01-01
	Strings []string // text
}

// Batch is consecutive rows of a table, at most BatchRows. Its slices are reused: they are valid until
// the function that got the batch returns. Strings may be kept.
type Batch struct {
	Table   *Table
	Rows    int
	Columns []Vector // one for each of Table.Columns
}

// Generate makes part `part` of `parts` of a table, both counted from one, and hands its rows to emit in
// key order. The parts one after the other are the whole table; lineitem is divided by orders, so its
// parts differ a little in size, and tables too small to divide are in part 1.
//
// An error of emit ends the work and is returned as it is.
func Generate(table string, sf float64, part, parts int, emit func(Batch) error) error {
	return DBGen.Generate(table, sf, part, parts, emit)
}

// Generate is the function Generate for the variant's data.
func (v Variant) Generate(table string, sf float64, part, parts int, emit func(Batch) error) error {
	t, err := FindTable(table)
	if err != nil {
		return err
	}
	first, count, err := t.share(sf, part, parts)
	if err != nil {
		return err
	}
	b := newBuilder(t, emit)
	if err := t.fill(b, job{sf: sf, variant: v, first: first, count: count}); err != nil {
		return err
	}
	return b.flush()
}

// job is the part of a table that a fill function makes: driving rows first … first+count-1, from zero.
type job struct {
	sf           float64
	variant      Variant
	first, count int64
}

// stream returns the stream of a seed at the job's first row.
func (j job) stream(seed uint64, perRow int64) stream { return newStream(seed, perRow, j.first) }

// keys returns the stream of a seed that draws keys of 1 … high.
func (j job) keys(seed uint64, perRow, high int64) keyStream {
	return newKeyStream(seed, perRow, j.first, j.sf, high)
}

// RowCount returns the number of rows that the table has at a scale factor. For lineitem it draws the
// length of every order: some milliseconds for each unit of scale.
func RowCount(table string, sf float64) (int64, error) {
	t, err := FindTable(table)
	if err != nil {
		return 0, err
	}
	_, count, err := t.share(sf, 1, 1)
	if err != nil {
		return 0, err
	}
	switch t.Name {
	case "partsupp":
		return count * suppliersPerPart, nil
	case "lineitem":
		return countLines(count), nil
	}
	return count, nil
}

// share returns the driving rows of a part: the first, from zero, and how many. The last part takes what
// the division leaves over.
func (t *Table) share(sf float64, part, parts int) (first, count int64, err error) {
	if !(sf > 0 && sf <= maxScale) || scaled(suppliersPerScale, sf) < 1 {
		return 0, 0, fmt.Errorf("tpch: scale factor %v is not in 0.0001 … %d", sf, maxScale)
	}
	if parts < 1 || part < 1 || part > parts {
		return 0, 0, fmt.Errorf("tpch: part %d of %d does not exist", part, parts)
	}
	if t.fixed {
		if part == 1 {
			count = t.base
		}
		return 0, count, nil
	}
	total := scaled(t.base, sf)
	count = total / int64(parts)
	first = count * int64(part-1)
	if part == parts {
		count = total - first
	}
	return first, count, nil
}

// scaled returns a row count at a scale factor.
func scaled(base int64, sf float64) int64 { return int64(math.Floor(float64(base) * sf)) }

// builder collects rows and emits batches. A table's fill function appends one value to every column,
// then calls endRow.
type builder struct {
	table *Table
	emit  func(Batch) error
	rows  int
	cols  []builderColumn
	out   []Vector
}

// builderColumn is a column being filled. A string is either appended to constants, for the words of
// short lists, or written to text and closed with endText, or a comment; a column does one of the three.
type builderColumn struct {
	ints    []int64
	dates   []int32
	strings []string
	text    []byte
	ends    []int

	comments []comment // become text when the batch is complete
}

func newBuilder(t *Table, emit func(Batch) error) *builder {
	b := &builder{
		table: t, emit: emit,
		cols: make([]builderColumn, len(t.Columns)),
		out:  make([]Vector, len(t.Columns)),
	}
	for i, c := range t.Columns {
		switch c.Kind {
		case KindInt:
			b.cols[i].ints = make([]int64, 0, BatchRows)
		case KindDate:
			b.cols[i].dates = make([]int32, 0, BatchRows)
		case KindString:
			b.cols[i].strings = make([]string, 0, BatchRows)
		}
	}
	return b
}

func (c *builderColumn) int(v int64)       { c.ints = append(c.ints, v) }
func (c *builderColumn) date(v int32)      { c.dates = append(c.dates, v) }
func (c *builderColumn) constant(s string) { c.strings = append(c.strings, s) }
func (c *builderColumn) endText()          { c.ends = append(c.ends, len(c.text)) }
func (c *builderColumn) comment(v comment) { c.comments = append(c.comments, v) }

// endRows closes n rows, and hands the batch over when fewer than room rows more would fit.
func (b *builder) endRows(n, room int) error {
	b.rows += n
	if b.rows+room <= BatchRows {
		return nil
	}
	return b.flush()
}

// flush hands over the rows collected so far, if there are any.
func (b *builder) flush() error {
	if b.rows == 0 {
		return nil
	}
	for i := range b.cols {
		c := &b.cols[i]
		c.cutText()
		b.out[i] = Vector{Ints: c.ints, Dates: c.dates, Strings: c.strings}
	}
	err := b.emit(Batch{Table: b.table, Rows: b.rows, Columns: b.out})
	b.rows = 0
	for i := range b.cols {
		c := &b.cols[i]
		c.ints, c.dates, c.strings = c.ints[:0], c.dates[:0], c.strings[:0]
		c.text, c.ends, c.comments = c.text[:0], c.ends[:0], c.comments[:0]
	}
	return err
}

// cutText makes the column's strings from its text, if it has any: one allocation for all of a batch's.
func (c *builderColumn) cutText() {
	c.text, c.ends = appendComments(c.text, c.ends, c.comments)
	all, start := string(c.text), 0
	for _, end := range c.ends {
		c.strings = append(c.strings, all[start:end])
		start = end
	}
}

// Values returns the slice that holds the column's values: an []int64, []int32 or []string.
func (v Vector) Values() any {
	switch {
	case v.Dates != nil:
		return v.Dates
	case v.Strings != nil:
		return v.Strings
	}
	return v.Ints
}
