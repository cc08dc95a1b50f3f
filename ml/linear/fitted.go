package linear

import (
	"fmt"
	"math"

	"htapdb/ml"
)

// fitted is a linear predictor with what inference knows of its terms.
type fitted struct {
	*design
	// base is the prediction where numbers are at their shifts and categories at their
	// references; shifts are the means of numbers that are far from zero, 0 for others.
	base float64
	// coefficients are those of the terms, constant that of the intercept.
	constant     float64
	coefficients []float64
	// means and shifts are by feature, 0 for categories.
	means, shifts []float64
	// constantErr and errs are standard errors, inflation the terms' variance
	// inflation factors; NaN where there is none.
	constantErr     float64
	errs, inflation []float64
	// freedom is the residual's degrees of freedom for Student's t; 0 for the normal
	// distribution, and where there are no standard errors.
	freedom int64
}

// scores computes the predictor column by column.
func (f *fitted) scores(b *ml.Block, out []float64) {
	out = out[:b.Rows]
	for i := range out {
		out[i] = f.base
	}
	for i := range f.features {
		if f.features[i].Kind == ml.Number {
			f.addNumber(i, b.Columns[i].Numbers, out)
		} else {
			f.addCategory(i, b.Columns[i].Codes, out)
		}
	}
}

func (f *fitted) addNumber(i int, xs, out []float64) {
	w, shift, mean := f.coefficients[f.first[i]], f.shifts[i], f.means[i]
	if w == 0 {
		return // a term that was dropped must not make NaN of an infinite number
	}
	for r, x := range xs[:len(out)] {
		if math.IsNaN(x) {
			x = mean
		}
		out[r] += float64(w * (x - shift))
	}
}

func (f *fitted) addCategory(i int, codes []int32, out []float64) {
	for r, c := range codes[:len(out)] {
		if t := f.level(i, c); t >= 0 {
			out[r] += f.coefficients[t]
		}
	}
}

// encode writes what decode reads.
func (f *fitted) encode(e *ml.Encoder) {
	intercept := int64(0)
	if f.intercept {
		intercept = 1
	}
	e.Int(intercept)
	for _, n := range f.nulls {
		null := int64(0)
		if n {
			null = 1
		}
		e.Int(null)
	}
	e.Float(f.base)
	e.Float(f.constant)
	e.Float(f.constantErr)
	e.Int(f.freedom)
	for _, list := range [][]float64{f.coefficients, f.errs, f.inflation, f.means, f.shifts} {
		e.Floats(list)
	}
}

func decode(d *ml.Decoder, m *ml.Model) (*fitted, error) {
	intercept := d.Index(2) == 1
	nulls := make([]bool, len(m.Features))
	for i := range nulls {
		nulls[i] = d.Index(2) == 1
	}
	f := &fitted{base: d.Float(), constant: d.Float(), constantErr: d.Float(), freedom: d.Int()}
	for _, list := range []*[]float64{&f.coefficients, &f.errs, &f.inflation, &f.means, &f.shifts} {
		*list = d.Floats()
	}
	if f.freedom < 0 {
		d.Fail("%d degrees of freedom", f.freedom)
	}
	if d.Err() != nil {
		return nil, d.Err()
	}
	var err error
	if f.design, err = newDesign(m.Features, intercept, nulls); err != nil {
		return nil, err
	}
	if len(f.coefficients) != f.terms || len(f.errs) != f.terms || len(f.inflation) != f.terms ||
		len(f.means) != len(m.Features) || len(f.shifts) != len(m.Features) {
		d.Fail("%d coefficients and %d means for %d terms and %d features", len(f.coefficients), len(f.means), f.terms, len(m.Features))
	}
	return f, d.Err()
}

// confidence is the level of the intervals of ml.Term.
const confidence = 0.95

// Terms implements ml.Describer.
func (f *fitted) Terms() []ml.Term {
	var out []ml.Term
	// The quantile of the interval costs more than all else, and is the same for all.
	quantile := twoSidedQuantile(confidence, f.freedom)
	add := func(name string, coefficient, err, inflation float64) {
		t := ml.Term{Number: len(out), Name: name, Coefficient: coefficient, StdErr: err, VIF: inflation}
		if !f.intercept {
			t.Number++
		}
		t.Statistic = coefficient / err
		if math.IsInf(t.Statistic, 0) {
			t.Statistic = math.NaN() // a fit without residuals
		}
		t.P = twoSided(t.Statistic, f.freedom)
		t.Low, t.High = coefficient-quantile*err, coefficient+quantile*err
		out = append(out, t)
	}
	if f.intercept {
		add("(intercept)", f.constant, f.constantErr, math.NaN())
	}
	for i, name := range f.names() {
		add(name, f.coefficients[i], f.errs[i], f.inflation[i])
	}
	return out
}

// dropped words the notices about terms without a coefficient.
func dropped(d *design, aliased, constant func(term int) bool) (notices []string, count int) {
	var same, combined []string
	for i, name := range d.names() {
		switch {
		case constant(i):
			same = append(same, name)
		case aliased(i):
			combined = append(combined, name)
		}
	}
	if len(same) > 0 {
		notices = append(notices, fmt.Sprintf("%s left out: %s in all rows used", listed(same), either(len(same), "it has the same value", "each has one value")))
	}
	if len(combined) > 0 {
		notices = append(notices, fmt.Sprintf("%s left out: %s determined by the other terms", listed(combined), either(len(combined), "it is", "they are")))
	}
	return notices, len(same) + len(combined)
}

// maxListed bounds the names in a notice.
const maxListed = 8

// listed words "term x is" and "terms x, y and 3 more are".
func listed(names []string) string {
	if len(names) == 1 {
		return fmt.Sprintf("term %q is", names[0])
	}
	text, shown := "terms ", min(len(names), maxListed)
	for i, name := range names[:shown] {
		switch {
		case i > 0 && i == len(names)-1:
			text += " and "
		case i > 0:
			text += ", "
		}
		text += fmt.Sprintf("%q", name)
	}
	if more := len(names) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text + " are"
}

func either(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
