package ml

import (
	"math"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// maxTerms bounds the size of the Gram matrix (8 bytes · 2 · p²/2).
const maxTerms = 2000

// microsPerSecond turns timestamps into seconds.
const microsPerSecond = 1e6

// Feature is one input column and how it becomes terms.
type Feature struct {
	Name string
	Type types.Type
	// Categories of a text feature in the order of first appearance, with the
	// index of each one's term in Terms; nil for a number.
	Categories []string `json:",omitempty"`
	Terms      []int    `json:",omitempty"`
	// Term is the index of a number's term, Mean its training mean.
	Term int     `json:",omitempty"`
	Mean float64 `json:",omitempty"`
}

// nullCategory stands for NULL among the categories; no SQL text contains a zero byte.
const nullCategory = "\x00null"

// categorical reports whether the feature enters one-hot.
func (f *Feature) categorical() bool { return f.Type.IsString() }

// term is one non-zero entry of a row of the design matrix.
type term struct {
	index int
	value float64
}

// design turns batches into sparse rows of the design matrix. Terms are
// numbered: 0 the intercept, then the numbers, then categories as they appear.
type design struct {
	features  []Feature
	codes     []map[string]int // per feature: category → term
	intercept bool
	terms     int
	// frozen designs give unseen categories no term.
	frozen bool

	numbers [][]float64
	cats    [][]int
}

// newDesign checks the features' types.
func newDesign(features []Feature, intercept bool) (*design, error) {
	d := &design{features: features, intercept: intercept, codes: make([]map[string]int, len(features))}
	if intercept {
		d.terms = 1
	}
	for i := range features {
		f := &features[i]
		switch {
		case f.categorical():
			d.codes[i] = map[string]int{}
		case f.Type.IsNumber(), f.Type.Kind == types.Bool, f.Type.Kind == types.Date,
			f.Type.Kind == types.Timestamp, f.Type.Kind == types.TimestampTZ:
			f.Term = d.terms
			d.terms++
		default:
			return nil, sqlstate.New(sqlstate.FeatureNotSupported, "feature %q has type %s, which a model cannot use", f.Name, f.Type).
				WithHint("Cast it to a number or to text in the query.")
		}
	}
	d.numbers = make([][]float64, len(features))
	d.cats = make([][]int, len(features))
	return d, nil
}

// load converts the feature columns of b; row then reads them.
func (d *design) load(cols []*vector.Vector, sel []int32, n int) error {
	for i := range d.features {
		if d.features[i].categorical() {
			if err := d.loadCategories(i, cols[i], sel, n); err != nil {
				return err
			}
			continue
		}
		d.numbers[i] = toFloats(d.numbers[i], cols[i], sel, n)
	}
	return nil
}

// loadCategories maps the column's texts to terms, −1 for one without a term.
func (d *design) loadCategories(i int, v *vector.Vector, sel []int32, n int) error {
	if cap(d.cats[i]) < n {
		d.cats[i] = make([]int, n)
	}
	out := d.cats[i][:n]
	d.cats[i] = out
	var byCode []int // dictionary code → term+1, 0 unknown yet
	if v.Enc == vector.Dict {
		byCode = make([]int, v.Dict.Len)
	}
	return eachRow(sel, n, func(r int) error {
		var text string
		switch {
		case v.IsNull(r):
			text = nullCategory
		case byCode != nil:
			c := v.Codes[r]
			if byCode[c] == 0 {
				t, err := d.category(i, v.Dict.Str[c])
				if err != nil {
					return err
				}
				byCode[c] = t + 2
			}
			out[r] = byCode[c] - 2
			return nil
		case v.Enc == vector.Const:
			text = v.Str[0]
		default:
			text = v.Str[r]
		}
		t, err := d.category(i, text)
		out[r] = t
		return err
	})
}

// category returns the term of a category of feature i, adding one unless frozen.
func (d *design) category(i int, text string) (int, error) {
	if t, ok := d.codes[i][text]; ok {
		return t, nil
	}
	if d.frozen {
		return -1, nil
	}
	if d.terms >= maxTerms {
		return 0, sqlstate.New(sqlstate.ProgramLimitExceeded,
			"feature %q brings the model to more than %d terms", d.features[i].Name, maxTerms).
			WithHint("Leave out columns with many distinct values, or group them in the query.")
	}
	text = string(append([]byte(nil), text...)) // it may point into a mapped segment
	f := &d.features[i]
	f.Categories = append(f.Categories, text)
	f.Terms = append(f.Terms, d.terms)
	d.codes[i][text] = d.terms
	d.terms++
	return d.terms - 1, nil
}

// row appends the terms of loaded row r in ascending order of index; ok is
// false if a number is missing.
func (d *design) row(terms []term, r int) (_ []term, ok bool) {
	if d.intercept {
		terms = append(terms, term{0, 1})
	}
	for i := range d.features {
		f := &d.features[i]
		if f.categorical() {
			continue
		}
		x := d.numbers[i][r]
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return terms, false
		}
		if x != 0 {
			terms = append(terms, term{f.Term, x})
		}
	}
	numbers := len(terms)
	for i := range d.features {
		if d.features[i].categorical() && d.cats[i][r] >= 0 {
			terms = append(terms, term{d.cats[i][r], 1})
			for k := len(terms) - 1; k > numbers && terms[k].index < terms[k-1].index; k-- {
				terms[k], terms[k-1] = terms[k-1], terms[k]
			}
		}
	}
	return terms, true
}

// eachRow calls fn for the rows of sel, or for all n rows.
func eachRow(sel []int32, n int, fn func(r int) error) error {
	if sel != nil {
		for _, r := range sel {
			if err := fn(int(r)); err != nil {
				return err
			}
		}
		return nil
	}
	for r := 0; r < n; r++ {
		if err := fn(r); err != nil {
			return err
		}
	}
	return nil
}

// toFloats converts a numeric column to doubles at the rows' own indexes, NaN for NULL.
func toFloats(out []float64, v *vector.Vector, sel []int32, n int) []float64 {
	if cap(out) < n {
		out = make([]float64, n)
	}
	out = out[:n]
	scale := 1.0
	switch v.Type.Kind {
	case types.Numeric:
		scale = math.Pow10(int(v.Type.Scale))
	case types.Timestamp, types.TimestampTZ:
		scale = microsPerSecond
	}
	_ = eachRow(sel, n, func(r int) error {
		d := v.Datum(r)
		switch d.Physical() {
		case types.PhysNone:
			out[r] = math.NaN()
		case types.PhysFloat32, types.PhysFloat64:
			out[r] = d.Float()
		case types.PhysInt128:
			out[r] = d.Int128().Float64() / scale
		default:
			out[r] = float64(d.Int()) / scale
		}
		return nil
	})
	return out
}
