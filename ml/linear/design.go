package linear

import (
	"htapdb/ml"
	"htapdb/sql/sqlstate"
)

// maxTerms bounds the number of terms: 2,000 take 160 MB and half a minute to solve.
const maxTerms = 2000

// tooManyTerms is the error for more than that.
func tooManyTerms(feature string) error {
	return sqlstate.New(sqlstate.ProgramLimitExceeded, "feature %q brings the model to more than %d terms", feature, maxTerms).
		WithHint("Leave out columns with many distinct values, or group them in the query.")
}

// tooManyNumbers refuses features whose numbers alone are more terms than a model may
// have: before the rows are read, since a number is a term whatever is in its column.
func tooManyNumbers(features []ml.Feature) error {
	numbers := 0
	for _, f := range features {
		if f.Kind != ml.Number {
			continue
		}
		if numbers++; numbers > maxTerms {
			return sqlstate.New(sqlstate.ProgramLimitExceeded, "feature %q brings the model to more than %d terms", f.Name, maxTerms).
				WithHint("Leave out columns, or train a model of trees.")
		}
	}
	return nil
}

// design lays out the terms of a model.
type design struct {
	features  []ml.Feature
	intercept bool
	// nulls tells for each feature whether it is a category of which training saw NULL.
	nulls []bool
	// first is the term of each number and of each category's first level that has
	// one; terms are counted from 0 without the intercept. levels is how many levels
	// a category has, skipped is 1 if its first is the reference, else 0.
	first, levels, skipped []int
	terms                  int
}

// newDesign lays out the terms of features whose categories are known.
func newDesign(features []ml.Feature, intercept bool, nulls []bool) (*design, error) {
	d := &design{features: features, intercept: intercept, nulls: nulls}
	reference := 0
	if intercept {
		reference = 1
	}
	for i, f := range features {
		d.first = append(d.first, d.terms)
		levels, skipped, terms := 0, 0, 1
		if f.Kind == ml.Category {
			if levels = len(f.Categories); nulls[i] {
				levels++
			}
			skipped, reference = reference, 1
			terms = max(levels-skipped, 0)
		}
		d.levels, d.skipped = append(d.levels, levels), append(d.skipped, skipped)
		if d.terms += terms; d.terms > maxTerms {
			return nil, tooManyTerms(f.Name)
		}
	}
	return d, nil
}

// level returns the term of a code of categorical feature i, −1 for the reference and
// for what training has not seen.
func (d *design) level(i int, code int32) int {
	at := int(code)
	if code == ml.Missing && d.nulls[i] {
		at = len(d.features[i].Categories)
	}
	if at -= d.skipped[i]; at < 0 {
		return -1
	}
	return d.first[i] + at
}

// names are those of the terms, without the intercept.
func (d *design) names() []string {
	out := make([]string, 0, d.terms)
	for i, f := range d.features {
		if f.Kind == ml.Number {
			out = append(out, f.Name)
			continue
		}
		for at := d.skipped[i]; at < d.levels[i]; at++ {
			if at < len(f.Categories) {
				out = append(out, f.Name+" = "+f.Categories[at])
			} else {
				out = append(out, f.Name+" IS NULL")
			}
		}
	}
	return out
}

// numbers are the features that are numbers.
func (d *design) numbers() (out []int) {
	for i, f := range d.features {
		if f.Kind == ml.Number {
			out = append(out, i)
		}
	}
	return out
}
