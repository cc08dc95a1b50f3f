package ml

import (
	"math"
	"sort"
	"strconv"
	"sync"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// microsPerSecond turns timestamps into seconds.
const microsPerSecond = 1e6

// readNumbers appends a column's rows as doubles, NaN for NULL: those of sel, or all n.
func readNumbers(out []float64, v *vector.Vector, sel []int32, n int) []float64 {
	if v.Enc == vector.Flat && v.Valid == nil && v.Type.Kind == types.Float8 {
		if sel == nil {
			return append(out, v.F64[:n]...)
		}
		for _, r := range sel {
			out = append(out, v.F64[r])
		}
		return out
	}
	scale := 1.0
	switch v.Type.Kind {
	case types.Numeric:
		scale = math.Pow10(int(v.Type.Scale))
	case types.Timestamp, types.TimestampTZ:
		scale = microsPerSecond
	}
	eachRow(sel, n, func(r int) {
		d, x := v.Datum(r), 0.0
		switch d.Physical() {
		case types.PhysNone:
			x = math.NaN()
		case types.PhysFloat32, types.PhysFloat64:
			x = d.Float()
		case types.PhysInt128:
			x = d.Int128().Float64() / scale
		default:
			x = float64(d.Int()) / scale
		}
		out = append(out, x)
	})
	return out
}

// eachRow calls f for the rows of sel, or for all n rows.
func eachRow(sel []int32, n int, f func(r int)) {
	if sel != nil {
		for _, r := range sel {
			f(int(r))
		}
		return
	}
	for r := range n {
		f(r)
	}
}

// coder gives texts their codes.
type coder interface {
	code(text string) (int32, error)
}

// readCodes appends the codes of a column of texts, Missing for NULL. A dictionary is
// looked up once a batch, not once a row.
func readCodes(out []int32, v *vector.Vector, sel []int32, n int, c coder) (_ []int32, err error) {
	const unknown = math.MinInt32
	var byCode []int32
	if v.Enc == vector.Dict {
		byCode = make([]int32, v.Dict.Len)
		for i := range byCode {
			byCode[i] = unknown
		}
	}
	eachRow(sel, n, func(r int) {
		code := Missing
		var e error
		switch {
		case v.IsNull(r):
		case byCode != nil:
			k := v.Codes[r]
			if byCode[k] == unknown {
				byCode[k], e = c.code(v.Dict.Str[k])
			}
			code = byCode[k]
		case v.Enc == vector.Const:
			code, e = c.code(v.Str[0])
		default:
			code, e = c.code(v.Str[r])
		}
		if e != nil && err == nil {
			err = e
		}
		out = append(out, code)
	})
	return out, err
}

// known are the categories of a model.
type known map[string]int32

func (k known) code(text string) (int32, error) {
	if c, ok := k[text]; ok {
		return c, nil
	}
	return Unseen, nil
}

// maxCategories bounds the distinct texts of a column: their dictionary is a part of
// the model.
const maxCategories = 1 << 20

// arriving are the categories of a training, numbered as they come.
type arriving struct {
	column string
	memory Account
	held   *int64
	codes  map[string]int32
	texts  []string
}

// categoryBytes is what a text takes beside its bytes, in the map and the list.
const categoryBytes = 64

func (a *arriving) code(text string) (int32, error) {
	if c, ok := a.codes[text]; ok {
		return c, nil
	}
	if len(a.texts) >= maxCategories {
		return 0, sqlstate.New(sqlstate.ProgramLimitExceeded, "column %q has more than %d distinct values", a.column, maxCategories).
			WithHint("Leave it out, or group its values in the query.")
	}
	n := int64(len(text)) + categoryBytes
	if err := a.memory.Reserve(n); err != nil {
		return 0, err
	}
	*a.held += n
	text = string([]byte(text)) // it may point into a mapped segment
	if a.codes == nil {
		a.codes = map[string]int32{}
	}
	c := int32(len(a.texts))
	a.codes[text] = c
	a.texts = append(a.texts, text)
	return c, nil
}

// ordered returns the texts in the order of less and, by arrival, their places in it.
func (a *arriving) ordered(less func(a, b string) bool) (texts []string, place []int32) {
	by := make([]int32, len(a.texts))
	for i := range by {
		by[i] = int32(i)
	}
	sort.Slice(by, func(i, j int) bool { return less(a.texts[by[i]], a.texts[by[j]]) })
	texts, place = make([]string, len(by)), make([]int32, len(by))
	for i, at := range by {
		texts[i], place[at] = a.texts[at], int32(i)
	}
	return texts, place
}

// classText is the class of a target value as text.
func classText(d types.Datum, t types.Type) string {
	switch {
	case t.IsString():
		return d.Str()
	case t.Kind == types.Bool:
		return strconv.FormatBool(d.Bool())
	}
	return strconv.FormatInt(d.Int(), 10)
}

// classLess is the order of classes.
func classLess(t types.Type) func(a, b string) bool {
	if !t.IsInteger() {
		return func(a, b string) bool { return a < b }
	}
	return func(a, b string) bool {
		x, _ := strconv.ParseInt(a, 10, 64) // classText wrote them
		y, _ := strconv.ParseInt(b, 10, 64)
		return x < y
	}
}

// classDatum is the inverse of classText.
func classDatum(text string, t types.Type) types.Datum {
	switch {
	case t.IsString():
		return types.NewString(text)
	case t.Kind == types.Bool:
		return types.NewBool(text == "true")
	}
	v, _ := strconv.ParseInt(text, 10, 64)
	return types.NewInt(t.Physical(), v)
}

// blocks recycles the blocks of predictions, so that a prediction of one row
// allocates nothing.
var blocks = sync.Pool{New: func() any { return &predictionBlock{} }}

// predictionBlock is a block with room to read into.
type predictionBlock struct {
	Block
	// columns are as many as the widest model had; the block has the first of them.
	columns []Column
	numbers [][]float64
	codes   [][]int32
	out     []float64
}

// read reads the rows of the feature columns. Flat columns of doubles are taken as
// they are.
func (p *predictionBlock) read(m *Model, cols []*vector.Vector, sel []int32, n int) {
	k := len(m.Features)
	for len(p.columns) < k {
		p.columns, p.numbers, p.codes = append(p.columns, Column{}), append(p.numbers, nil), append(p.codes, nil)
	}
	p.Columns = p.columns[:k]
	p.Rows = n
	if sel != nil {
		p.Rows = len(sel)
	}
	for i := range m.Features {
		v := cols[i]
		if m.Features[i].Kind == Category {
			p.codes[i], _ = readCodes(p.codes[i][:0], v, sel, n, m.categories[i]) // known categories make no errors
			p.Columns[i] = Column{Codes: p.codes[i]}
			continue
		}
		if sel == nil && v.Enc == vector.Flat && v.Valid == nil && v.Type.Kind == types.Float8 {
			p.Columns[i] = Column{Numbers: v.F64[:n]}
			continue
		}
		p.numbers[i] = readNumbers(p.numbers[i][:0], v, sel, n)
		p.Columns[i] = Column{Numbers: p.numbers[i]}
	}
	if cap(p.out) < p.Rows {
		p.out = make([]float64, p.Rows)
	}
	p.out = p.out[:p.Rows]
}
