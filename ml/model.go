package ml

import (
	"encoding/binary"
	"hash/crc32"
	"slices"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// Model is what training has made: the features and the target as they were learned,
// and what the algorithm knows of them. It is immutable and safe for concurrent use.
type Model struct {
	Algorithm string
	Task      Task
	Features  []Feature
	Target    Target
	// Rows were used in training, Skipped were left out.
	Rows, Skipped int64
	Metrics       []Metric
	Notices       []string
	Fitted        Fitted

	// categories are the codes of the text features' values.
	categories []known
	// classes are the values of the target.
	classes []types.Datum
}

// finish makes what predictions look up.
func (m *Model) finish() {
	m.categories = make([]known, len(m.Features))
	for i := range m.Features {
		if m.Features[i].Kind != Category {
			continue
		}
		m.categories[i] = make(known, len(m.Features[i].Categories))
		for c, text := range m.Features[i].Categories {
			m.categories[i][text] = int32(c)
		}
	}
	for _, text := range m.Target.Classes {
		m.classes = append(m.classes, classDatum(text, m.Target.Type))
	}
}

// Classifier reports whether the model predicts one of the target's values.
func (m *Model) Classifier() bool { return m.Task == Classification }

// ResultType is the type of Predict's result: the target's for a classifier, INTEGER
// for the number of a cluster, from 1, else DOUBLE PRECISION.
func (m *Model) ResultType() types.Type {
	switch m.Task {
	case Classification:
		return m.Target.Type
	case Clustering:
		return types.TInt4
	}
	return types.TFloat8
}

// Predict computes the predictions of the rows sel (all n rows if nil) of the feature
// columns, in the order of Features and of their kinds, into out: a flat vector of
// ResultType with n rows.
func (m *Model) Predict(cols []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
	p, err := m.read(cols, sel, n)
	if err != nil {
		return err
	}
	defer blocks.Put(p)
	m.Fitted.Predict(&p.Block, p.out)
	i := 0
	switch m.Task {
	case Classification:
		eachRow(sel, n, func(r int) {
			out.Set(r, m.classes[int(p.out[i])])
			i++
		})
	case Clustering:
		eachRow(sel, n, func(r int) {
			out.I32[r] = int32(p.out[i]) + 1
			i++
		})
	default:
		scatter(out.F64, p.out, sel)
	}
	return nil
}

// Probability computes the probability of the class with a number into out, DOUBLE
// PRECISION. The model must be a Prober.
func (m *Model) Probability(class int, cols []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
	p, err := m.read(cols, sel, n)
	if err != nil {
		return err
	}
	defer blocks.Put(p)
	m.Fitted.(Prober).Probabilities(&p.Block, class, p.out)
	scatter(out.F64, p.out, sel)
	return nil
}

func (m *Model) read(cols []*vector.Vector, sel []int32, n int) (*predictionBlock, error) {
	if len(cols) != len(m.Features) {
		return nil, sqlstate.New(sqlstate.InternalError, "model has %d features, got %d columns", len(m.Features), len(cols))
	}
	p := blocks.Get().(*predictionBlock)
	p.read(m, cols, sel, n)
	return p, nil
}

// scatter puts the results of the rows sel to their places.
func scatter(out, results []float64, sel []int32) {
	if sel == nil {
		copy(out, results)
		return
	}
	for i, r := range sel {
		out[r] = results[i]
	}
}

// formatVersion is the serialized form that this code writes. Format 1 was JSON.
const formatVersion = 2

// magic begins the serialized form; JSON began with a brace.
const magic = "htapml"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Encode returns the serialized form: magic, format, algorithm, what all models have,
// the algorithm's part, and a checksum of all before it.
func (m *Model) Encode() []byte {
	e := &Encoder{b: []byte(magic)}
	e.Int(formatVersion)
	e.Text(m.Algorithm)
	e.Int(int64(m.Task))
	e.Int(int64(len(m.Features)))
	for _, f := range m.Features {
		e.Text(f.Name)
		e.Int(int64(f.Kind))
		e.sqlType(f.Type)
		e.Texts(f.Categories)
	}
	e.Text(m.Target.Name)
	e.sqlType(m.Target.Type)
	e.Texts(m.Target.Classes)
	e.Int(m.Rows)
	e.Int(m.Skipped)
	e.Int(int64(len(m.Metrics)))
	for _, metric := range m.Metrics {
		e.Text(metric.Name)
		e.Float(metric.Value)
	}
	e.Texts(m.Notices)
	m.Fitted.Encode(e)
	return Sum(e.b)
}

// Sum appends the checksum that ends a serialized model to it, in its array if there is room.
func Sum(state []byte) []byte {
	return binary.LittleEndian.AppendUint32(state, crc32.Checksum(state, castagnoli))
}

// Decode reads the form that Encode wrote. Errors: 0A000 for a format that this
// program does not read, XX001 for damage.
func (r *Registry) Decode(b []byte) (*Model, error) {
	if len(b) > 0 && b[0] == '{' {
		return nil, wrongFormat(1)
	}
	if len(b) < len(magic)+4 || string(b[:len(magic)]) != magic {
		return nil, sqlstate.New(sqlstate.DataCorrupted, "model cannot be read: it does not begin like one")
	}
	body, sum := b[:len(b)-4], binary.LittleEndian.Uint32(b[len(b)-4:])
	if crc32.Checksum(body, castagnoli) != sum {
		return nil, sqlstate.New(sqlstate.DataCorrupted, "model cannot be read: its checksum is wrong")
	}
	d := NewDecoder(body[len(magic):])
	if format := d.Int(); d.err == nil && format != formatVersion {
		return nil, wrongFormat(format)
	}
	m := &Model{Algorithm: d.Text()}
	e, err := r.Lookup(m.Algorithm)
	if d.err != nil {
		return nil, d.err
	}
	if err != nil {
		return nil, err
	}
	m.decode(d)
	if (!slices.Contains(e.Info().Tasks, m.Task) || m.Classifier() != (len(m.Target.Classes) > 0)) && d.err == nil {
		d.Fail("%s makes no %s with %d classes", m.Algorithm, m.Task, len(m.Target.Classes))
	}
	if d.err == nil {
		m.Fitted, err = e.Decode(d, m)
	}
	switch {
	case d.err != nil:
		return nil, d.err
	case err != nil:
		return nil, err
	case len(d.b) > 0:
		return nil, sqlstate.New(sqlstate.DataCorrupted, "model cannot be read: %d bytes are left over", len(d.b))
	}
	m.finish()
	return m, nil
}

func wrongFormat(have int64) error {
	return sqlstate.New(sqlstate.FeatureNotSupported, "model has format %d, this version reads %d", have, formatVersion).
		WithHint("Train it again with CREATE OR REPLACE MODEL.")
}

// featureBytes is the least that a feature takes: an empty name, a kind, four numbers of
// its type and an empty list.
const featureBytes = 7

// decode reads what all models have.
func (m *Model) decode(d *Decoder) {
	m.Task = Task(d.Index(int(Clustering) + 1))
	for range d.length(featureBytes) {
		if d.err != nil {
			return
		}
		f := Feature{Name: d.Text(), Kind: Kind(d.Index(int(Category) + 1)), Type: d.sqlType()}
		f.Categories = d.Texts()
		m.Features = append(m.Features, f)
	}
	m.Target.Name = d.Text()
	m.Target.Type = d.sqlType()
	m.Target.Classes = d.Texts()
	m.Rows, m.Skipped = d.Int(), d.Int()
	for range d.length(9) {
		if d.err != nil {
			return
		}
		m.Metrics = append(m.Metrics, Metric{Name: d.Text(), Value: d.Float()})
	}
	m.Notices = d.Texts()
}
