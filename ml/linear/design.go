package linear

import (
	"math"

	"htapdb/ml"
	"htapdb/sql/sqlstate"
)

// maxTerms bounds the size of the Gram matrix (8 bytes · 2 · p²/2).
const maxTerms = 2000

// design lays out the terms of a model: 0 the intercept if there is one, then for each
// feature in order a number's one term, or a category's texts and, last, NULL.
type design struct {
	features  []ml.Feature
	intercept bool
	// first is the index of each feature's first term.
	first []int
	terms int
	// names are those of the terms.
	names []string
}

// nullTerm names the term of a categorical feature's NULL.
const nullTerm = "NULL"

// newDesign lays out the terms of features whose categories are known.
func newDesign(features []ml.Feature, intercept bool) (*design, error) {
	d := &design{features: features, intercept: intercept}
	if intercept {
		d.terms, d.names = 1, []string{"(intercept)"}
	}
	for _, f := range features {
		d.first = append(d.first, d.terms)
		if f.Kind == ml.Number {
			d.terms, d.names = d.terms+1, append(d.names, f.Name)
			continue
		}
		d.terms += len(f.Categories) + 1
		if d.terms > maxTerms {
			return nil, sqlstate.New(sqlstate.ProgramLimitExceeded,
				"feature %q brings the model to more than %d terms", f.Name, maxTerms).
				WithHint("Leave out columns with many distinct values, or group them in the query.")
		}
		for _, c := range f.Categories {
			d.names = append(d.names, f.Name+"="+c)
		}
		d.names = append(d.names, f.Name+" IS "+nullTerm)
	}
	return d, nil
}

// term is one non-zero entry of a row of the design matrix.
type term struct {
	index int
	value float64
}

// row appends the terms of a block's row in ascending order of index.
func (d *design) row(terms []term, b *ml.Block, r int) []term {
	if d.intercept {
		terms = append(terms, term{0, 1})
	}
	for i := range d.features {
		if d.features[i].Kind == ml.Number {
			if x := b.Columns[i].Numbers[r]; x != 0 {
				terms = append(terms, term{d.first[i], x})
			}
			continue
		}
		switch c := b.Columns[i].Codes[r]; {
		case c >= 0:
			terms = append(terms, term{d.first[i] + int(c), 1})
		case c == ml.Missing:
			terms = append(terms, term{d.first[i] + len(d.features[i].Categories), 1})
		}
	}
	return terms
}

// fitted is a linear predictor.
type fitted struct {
	*design
	coefficients []float64
	// means stand for missing numbers, by feature.
	means []float64
}

// scores computes the linear predictor column by column.
func (f *fitted) scores(b *ml.Block, out []float64) {
	base := 0.0
	if f.intercept {
		base = f.coefficients[0]
	}
	for i := range out[:b.Rows] {
		out[i] = base
	}
	for i := range f.features {
		if f.features[i].Kind == ml.Number {
			w, mean := f.coefficients[f.first[i]], f.means[i]
			for r, x := range b.Columns[i].Numbers {
				if math.IsNaN(x) {
					x = mean
				}
				out[r] += w * x
			}
			continue
		}
		null := len(f.features[i].Categories)
		weights := f.coefficients[f.first[i]:]
		for r, c := range b.Columns[i].Codes {
			switch {
			case c >= 0:
				out[r] += weights[c]
			case c == ml.Missing:
				out[r] += weights[null]
			}
		}
	}
}

func (f *fitted) encode(e *ml.Encoder) {
	intercept := int64(0)
	if f.intercept {
		intercept = 1
	}
	e.Int(intercept)
	e.Floats(f.coefficients)
	e.Floats(f.means)
}

func decode(d *ml.Decoder, m *ml.Model) (*fitted, error) {
	intercept := d.Index(2) == 1
	f := &fitted{coefficients: d.Floats(), means: d.Floats()}
	if d.Err() != nil {
		return nil, d.Err()
	}
	var err error
	if f.design, err = newDesign(m.Features, intercept); err != nil {
		return nil, err
	}
	if len(f.coefficients) != f.terms || len(f.means) != len(m.Features) {
		d.Fail("%d coefficients and %d means for %d terms", len(f.coefficients), len(f.means), f.terms)
	}
	return f, d.Err()
}

// Terms implements ml.Describer.
func (f *fitted) Terms() []ml.Term {
	nan := math.NaN()
	out := make([]ml.Term, f.terms)
	for i := range out {
		n := i
		if !f.intercept {
			n++
		}
		out[i] = ml.Term{Number: n, Name: f.names[i], Coefficient: f.coefficients[i], StdErr: nan, Statistic: nan, P: nan, Low: nan, High: nan, VIF: nan}
	}
	return out
}
