package ml

import (
	"encoding/json"
	"math"
	"sort"
	"strconv"
	"sync"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// Model is a trained model. It is immutable; make one with Train or Decode.
type Model struct {
	// Format is the version of the serialized form.
	Format    int
	Algorithm string
	Features  []Feature
	Target    string
	// TargetType is the type of the target column in training.
	TargetType types.Type
	Intercept  bool
	// Coefficients are the weights of the terms (see Feature.Term and Feature.Terms).
	Coefficients []float64
	// Classes are the two values of a classifier's target as text; the second
	// is the one whose probability PredictProba gives.
	Classes []string `json:",omitempty"`
	// Rows were used in training, Skipped were left out.
	Rows, Skipped int64
	Metrics       map[string]float64

	prepare sync.Once
	// weights are the category weights by feature, nil for numbers; made on first use.
	weights []map[string]float64
}

// formatVersion is the serialized form that this code writes.
const formatVersion = 1

// Encode returns the serialized form.
func (m *Model) Encode() ([]byte, error) {
	m.Format = formatVersion
	b, err := json.Marshal(m)
	if err != nil {
		return nil, sqlstate.Wrap(sqlstate.InternalError, err, "encoding a model")
	}
	return b, nil
}

// Decode reads the form that Encode wrote.
func Decode(b []byte) (*Model, error) {
	m := &Model{}
	if err := json.Unmarshal(b, m); err != nil {
		return nil, sqlstate.Wrap(sqlstate.DataCorrupted, err, "model cannot be read")
	}
	if m.Format != formatVersion {
		return nil, sqlstate.New(sqlstate.FeatureNotSupported, "model has format %d, this version reads %d", m.Format, formatVersion)
	}
	for _, f := range m.Features {
		for _, t := range append([]int{f.Term}, f.Terms...) {
			if t < 0 || t >= len(m.Coefficients) && !(f.categorical() && t == 0) {
				return nil, sqlstate.New(sqlstate.DataCorrupted, "model feature %q refers to term %d of %d", f.Name, t, len(m.Coefficients))
			}
		}
	}
	return m, nil
}

// Classifier reports whether the model predicts one of two classes.
func (m *Model) Classifier() bool { return len(m.Classes) == 2 }

// ResultType is the type of Predict's result: the target's for a classifier,
// DOUBLE PRECISION for a regression.
func (m *Model) ResultType() types.Type {
	if m.Classifier() {
		return m.TargetType
	}
	return types.TFloat8
}

// Predict computes the predictions of the rows sel (all n rows if nil) of the
// feature columns, in the order of Features, into out: a flat vector of
// ResultType with n rows.
func (m *Model) Predict(cols []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
	if !m.Classifier() {
		return m.scores(cols, sel, n, out.F64)
	}
	scores := make([]float64, n)
	if err := m.scores(cols, sel, n, scores); err != nil {
		return err
	}
	var classes [2]types.Datum
	for i, text := range m.Classes {
		classes[i] = classDatum(text, m.TargetType)
	}
	return eachRow(sel, n, func(r int) error {
		c := classes[0]
		if scores[r] >= 0 {
			c = classes[1]
		}
		out.Set(r, c)
		return nil
	})
}

// PredictProba computes the probability of Classes[1] into out, DOUBLE PRECISION.
func (m *Model) PredictProba(cols []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
	if !m.Classifier() {
		return sqlstate.New(sqlstate.WrongObjectType, "predict_proba needs a classifier, and the model is a %s", m.Algorithm)
	}
	if err := m.scores(cols, sel, n, out.F64); err != nil {
		return err
	}
	return eachRow(sel, n, func(r int) error {
		out.F64[r] = logit(out.F64[r])
		return nil
	})
}

// scores computes the linear predictor column by column, so that each feature
// is read once and dictionary columns look up one weight per code.
func (m *Model) scores(cols []*vector.Vector, sel []int32, n int, out []float64) error {
	if len(cols) != len(m.Features) {
		return sqlstate.New(sqlstate.InternalError, "model has %d features, got %d columns", len(m.Features), len(cols))
	}
	m.prepare.Do(m.indexCategories)
	base := 0.0
	if m.Intercept {
		base = m.Coefficients[0]
	}
	for i := range out[:n] {
		out[i] = base
	}
	var numbers []float64
	for i := range m.Features {
		f := &m.Features[i]
		if f.categorical() {
			addCategories(m.weights[i], cols[i], sel, n, out)
			continue
		}
		w := m.Coefficients[f.Term]
		numbers = toFloats(numbers, cols[i], sel, n)
		_ = eachRow(sel, n, func(r int) error {
			x := numbers[r]
			if math.IsNaN(x) {
				x = f.Mean
			}
			out[r] += w * x
			return nil
		})
	}
	return nil
}

// indexCategories builds the weights by category.
func (m *Model) indexCategories() {
	m.weights = make([]map[string]float64, len(m.Features))
	for i := range m.Features {
		f := &m.Features[i]
		if !f.categorical() {
			continue
		}
		m.weights[i] = make(map[string]float64, len(f.Categories))
		for k, c := range f.Categories {
			m.weights[i][c] = m.Coefficients[f.Terms[k]]
		}
	}
}

// addCategories adds the weights of a text feature.
func addCategories(weights map[string]float64, v *vector.Vector, sel []int32, n int, out []float64) {
	var byCode []float64
	if v.Enc == vector.Dict {
		byCode = make([]float64, v.Dict.Len)
		for k, s := range v.Dict.Str[:v.Dict.Len] {
			byCode[k] = weights[s]
		}
	}
	_ = eachRow(sel, n, func(r int) error {
		switch {
		case v.IsNull(r):
			out[r] += weights[nullCategory]
		case byCode != nil:
			out[r] += byCode[v.Codes[r]]
		case v.Enc == vector.Const:
			out[r] += weights[v.Str[0]]
		default:
			out[r] += weights[v.Str[r]]
		}
		return nil
	})
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

// sortIntegers sorts texts of integers by value.
func sortIntegers(texts []string) {
	sort.Slice(texts, func(i, j int) bool {
		a, _ := strconv.ParseInt(texts[i], 10, 64)
		b, _ := strconv.ParseInt(texts[j], 10, 64)
		return a < b
	})
}
