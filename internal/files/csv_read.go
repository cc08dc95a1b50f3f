package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// csvReader parses records into vectors.
type csvReader struct {
	s     *csvScanner
	cols  []Column
	batch *vector.Batch
	// pending are records that inference has read already.
	pending [][]heldField
}

// heldField is a field that outlives its record.
type heldField struct {
	text   string
	quoted bool
}

// NewCSVReader returns a reader of records with exactly the given columns; name is for errors.
func NewCSVReader(r io.Reader, name string, columns []Column, o CSVOptions) (Reader, error) {
	o, err := o.normalized()
	if err != nil {
		return nil, err
	}
	c := &csvReader{s: newCSVScanner(r, name, o), cols: columns}
	if o.Header {
		if _, err := c.s.record(); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Columns implements Reader.
func (c *csvReader) Columns() []Column { return c.cols }

// Close implements Reader.
func (c *csvReader) Close() error { return nil }

// Next implements Reader.
func (c *csvReader) Next() (*vector.Batch, error) {
	if c.batch == nil {
		ts := make([]types.Type, len(c.cols))
		for i := range c.cols {
			ts[i] = c.cols[i].Type
		}
		c.batch = vector.NewBatch(ts, vector.MaxBatch)
	}
	c.batch.Resize(vector.MaxBatch)
	n := 0
	for n < vector.MaxBatch {
		rec, err := c.nextRecord()
		if err != nil {
			return nil, err
		}
		if rec == nil {
			break
		}
		if err := c.store(rec, n); err != nil {
			return nil, err
		}
		n++
	}
	if n == 0 {
		return nil, nil
	}
	valid := make([][]uint8, len(c.batch.Cols))
	for i, v := range c.batch.Cols {
		valid[i] = v.Valid
	}
	c.batch.Resize(n)
	for i, v := range c.batch.Cols {
		if valid[i] != nil {
			v.Valid = valid[i][:n]
		}
	}
	return c.batch, nil
}

// nextRecord returns the next record, from inference's or from the file.
func (c *csvReader) nextRecord() ([]field, error) {
	if len(c.pending) == 0 {
		return c.s.record()
	}
	held := c.pending[0]
	c.pending = c.pending[1:]
	fields := make([]field, len(held))
	for i, h := range held {
		fields[i] = field{[]byte(h.text), h.quoted}
	}
	return fields, nil
}

// store parses one record into row n.
func (c *csvReader) store(rec []field, n int) error {
	if len(rec) < len(c.cols) {
		return c.s.bad("missing data for column %q", c.cols[len(rec)].Name)
	}
	if len(rec) > len(c.cols) {
		return c.s.bad("extra data after last expected column")
	}
	for i := range rec {
		if err := c.set(c.batch.Cols[i], n, &rec[i]); err != nil {
			return c.located(err, i, rec[i].text)
		}
	}
	return nil
}

// set parses one field.
func (c *csvReader) set(v *vector.Vector, n int, f *field) error {
	if !f.quoted && string(f.text) == c.s.o.Null {
		v.SetNull(n)
		return nil
	}
	text := f.text
	if c.s.o.Text {
		text = unescape(text)
	}
	if v.Type.Kind == types.Int8 && len(text) > 0 && len(text) < 19 {
		if x, ok := plainInt(text); ok {
			v.I64[n] = x
			return nil
		}
	}
	if v.Type.IsString() {
		if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
			return sqlstate.New(sqlstate.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\"")
		}
	}
	d, err := c.s.o.Style.Parse(string(text), v.Type)
	if err != nil {
		return err
	}
	v.Set(n, d)
	return nil
}

// plainInt parses digits with an optional sign, at most 18 of them.
func plainInt(b []byte) (int64, bool) {
	neg := b[0] == '-'
	if neg {
		b = b[1:]
	}
	if len(b) == 0 {
		return 0, false
	}
	x := int64(0)
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		x = x*10 + int64(c-'0')
	}
	if neg {
		x = -x
	}
	return x, true
}

// located adds where in the file a value is.
func (c *csvReader) located(err error, col int, text []byte) error {
	var e *sqlstate.Error
	if !errors.As(err, &e) {
		return err
	}
	if len(text) > 100 {
		text = append(bytes.ToValidUTF8(text[:100], nil), "..."...)
	}
	copied := *e
	return copied.WithWhere("%s, line %d, column %s: %s", c.s.name, c.s.line, c.cols[col].Name, strconv.Quote(string(text)))
}

// sampleRows is how many records inference looks at.
const sampleRows = 10_000

// candidates are the types that inference tries, the narrowest first.
var candidates = []types.Type{types.TBool, types.TInt8, types.TFloat8, types.TDate, types.TTimestamp, types.TTimestampTZ, types.TText}

// OpenCSV returns a reader of a file whose columns are not known: names come
// from the header, if there is one, and types from a sample. A value further
// down that does not fit its column's type is an error that names the line.
func OpenCSV(r io.Reader, name string, o CSVOptions) (Reader, error) {
	o, err := o.normalized()
	if err != nil {
		return nil, err
	}
	c := &csvReader{s: newCSVScanner(r, name, o)}
	for len(c.pending) < sampleRows {
		rec, err := c.s.record()
		if err != nil {
			return nil, err
		}
		if rec == nil {
			break
		}
		held := make([]heldField, len(rec))
		for i, f := range rec {
			held[i] = heldField{string(f.text), f.quoted}
		}
		if len(c.pending) > 0 && len(held) != len(c.pending[0]) {
			return nil, c.s.bad("the line has %d fields, the first one %d", len(held), len(c.pending[0]))
		}
		c.pending = append(c.pending, held)
	}
	if len(c.pending) == 0 {
		return nil, c.s.bad("the file is empty")
	}
	header := o.Header
	if !o.HeaderSet {
		header = c.looksLikeHeader()
	}
	first := c.pending[0]
	if header {
		c.pending = c.pending[1:]
	}
	seen := map[string]bool{}
	for i := range first {
		col := Column{Name: fmt.Sprintf("column%d", i+1), Type: c.infer(i)}
		if header && first[i].text != "" {
			col.Name = first[i].text
		}
		for base, k := col.Name, 2; seen[col.Name]; k++ {
			col.Name = fmt.Sprintf("%s_%d", base, k)
		}
		seen[col.Name] = true
		c.cols = append(c.cols, col)
	}
	return c, nil
}

// looksLikeHeader guesses: no field of the first record is empty or repeats,
// and either some column is typed below but not in it, or all columns are text
// and none of its fields is found again.
func (c *csvReader) looksLikeHeader() bool {
	if len(c.pending) < 2 {
		return false
	}
	first := c.pending[0]
	rest := &csvReader{s: c.s, pending: c.pending[1:]}
	allText, again := true, false
	names := map[string]bool{}
	for i, f := range first {
		if f.text == "" || names[f.text] {
			return false
		}
		names[f.text] = true
		t := rest.infer(i)
		if t.Kind != types.Text {
			allText = false
			if _, err := types.Parse(f.text, t, nil); err != nil {
				return true
			}
		}
		for _, rec := range rest.pending {
			again = again || rec[i].text == f.text
		}
	}
	return allText && !again
}

// infer returns the first candidate that parses every sampled value of column i.
func (c *csvReader) infer(i int) types.Type {
	k, any := 0, false
	for _, rec := range c.pending {
		f := rec[i]
		if !f.quoted && f.text == c.s.o.Null {
			continue
		}
		any = true
		for !fits(f.text, candidates[k]) {
			k++
		}
	}
	if !any {
		return types.TText
	}
	return candidates[k]
}

// fits reports whether text is a value of t as a person would write it: PostgreSQL's
// parsers take more ('t' for true, 'now' for a time) than inference should.
func fits(text string, t types.Type) bool {
	if t.Kind == types.Text {
		return true
	}
	if text == "" {
		return false
	}
	switch t.Kind {
	case types.Bool:
		return text == "true" || text == "false" || text == "TRUE" || text == "FALSE"
	case types.Date, types.Timestamp, types.TimestampTZ:
		if len(text) < len("2001-01-01") || text[0] < '0' || text[0] > '9' || text[4] != '-' {
			return false
		}
		if (t.Kind == types.Date) != (len(text) == len("2001-01-01")) || (t.Kind == types.Timestamp && !types.DependsOnSession(text, types.TTimestampTZ)) {
			return false
		}
	case types.Int8, types.Float8:
		if c := text[len(text)-1]; c < '0' || c > '9' || text[0] == '0' && len(text) > 1 && text[1] >= '0' && text[1] <= '9' {
			return false // "007" is a code, "inf" a word
		}
	}
	_, err := types.Parse(text, t, nil)
	return err == nil
}
