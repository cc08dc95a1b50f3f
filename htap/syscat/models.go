package syscat

import (
	"encoding/json"
	"math"

	"htapdb/htap/catalog"
	"htapdb/ml"
	"htapdb/rowstore"
	"htapdb/sql/plan"
	"htapdb/sql/types"
)

// mlRelations are those of the schema ml.
func mlRelations() []relation {
	return []relation{
		{"ml", "models", []plan.TableColumn{vcol("schema", types.TText), vcol("name", types.TText), vcol("id", types.TInt8),
			vcol("version", types.TInt4), vcol("algorithm", types.TText), vcol("task", types.TText), vcol("target", types.TText),
			vcol("features", types.TJSON), vcol("classes", types.TJSON), vcol("options", types.TJSON),
			vcol("trained_at", types.TTimestampTZ), vcol("snapshot_ts", types.TInt8), vcol("row_count", types.TInt8),
			vcol("metrics", types.TJSON), vcol("notices", types.TJSON), vcol("query", types.TText)}, modelRows},
		{"ml", "coefficients", []plan.TableColumn{vcol("model", types.TText), vcol("version", types.TInt4), vcol("partition", types.TText),
			vcol("term_no", types.TInt4), vcol("term", types.TText), vcol("coefficient", types.TFloat8), vcol("std_err", types.TFloat8),
			vcol("t", types.TFloat8), vcol("p_value", types.TFloat8), vcol("conf_low", types.TFloat8), vcol("conf_high", types.TFloat8),
			vcol("vif", types.TFloat8), vcol("schema", types.TText)}, coefficientRows},
		{"ml", "importances", []plan.TableColumn{vcol("model", types.TText), vcol("version", types.TInt4), vcol("partition", types.TText),
			vcol("feature", types.TText), vcol("gain", types.TFloat8), vcol("share", types.TFloat8), vcol("splits", types.TInt8),
			vcol("schema", types.TText)}, importanceRows},
		{"ml", "clusters", []plan.TableColumn{vcol("model", types.TText), vcol("version", types.TInt4), vcol("partition", types.TText),
			vcol("cluster", types.TInt4), vcol("row_count", types.TInt8), vcol("term", types.TText), vcol("center", types.TFloat8),
			vcol("schema", types.TText)}, clusterRows},
		{"ml", "algorithms", []plan.TableColumn{vcol("name", types.TText), vcol("aliases", types.TJSON), vcol("tasks", types.TJSON),
			vcol("help", types.TText), vcol("options", types.TJSON)}, algorithmRows},
	}
}

// jsonText is a value as JSON; a nil list is an empty one.
func jsonText[T any](v []T) types.Datum {
	if v == nil {
		v = []T{}
	}
	return jsonOf(v)
}

func jsonOf(v any) types.Datum {
	b, err := json.Marshal(v)
	if err != nil {
		return types.NullDatum // there are only texts and finite numbers
	}
	return text(string(b))
}

func modelRows(x *reader) (rows [][]types.Datum) {
	for _, m := range x.cat.Models() {
		options := m.Options
		if options == nil {
			options = map[string]string{}
		}
		at := rowstore.Timestamp(m.SnapshotTS).Micros()
		rows = append(rows, []types.Datum{text(m.Schema), text(m.Name), types.NewInt64(int64(m.ID)), types.NewInt32(int32(m.Version)),
			text(m.Algorithm), orNull(m.Task), orNull(m.Target), jsonText(m.Features), jsonText(m.Classes), jsonOf(options),
			types.NewInt64(at), types.NewInt64(int64(m.SnapshotTS)), types.NewInt64(m.RowCount),
			jsonOf(m.Metrics), jsonText(m.Notices), text(m.Query)})
	}
	return rows
}

// number is a double, NULL for NaN.
func number(v float64) types.Datum {
	if math.IsNaN(v) {
		return types.NullDatum
	}
	return types.NewFloat64(v)
}

// orNull is a text, NULL if it is empty.
func orNull(s string) types.Datum {
	if s == "" {
		return types.NullDatum
	}
	return text(s)
}

func names(tasks []ml.Task) (out []string) {
	for _, t := range tasks {
		out = append(out, t.String())
	}
	return out
}

// each calls f with the decoded models.
func (x *reader) each(f func(m *catalog.Model, decoded *ml.Model)) {
	for _, m := range x.cat.Models() {
		decoded, err := x.env.Model(m)
		if err != nil {
			// One that cannot be read must not hide the others.
			x.env.Warn("model %q is left out: %v", m.Name, err)
			continue
		}
		f(m, decoded)
	}
}

func importanceRows(x *reader) (rows [][]types.Datum) {
	x.each(func(m *catalog.Model, decoded *ml.Model) {
		d, ok := decoded.Fitted.(ml.Importancer)
		if !ok {
			return
		}
		list, all := d.Importances(), 0.0
		for _, i := range list {
			all += i.Gain
		}
		for _, i := range list {
			// Of a model that never splits no feature has a share.
			rows = append(rows, []types.Datum{text(m.Name), types.NewInt32(int32(m.Version)), types.NullDatum,
				text(decoded.Features[i.Feature].Name), number(i.Gain), number(i.Gain / all), types.NewInt64(i.Splits), text(m.Schema)})
		}
	})
	return rows
}

func clusterRows(x *reader) (rows [][]types.Datum) {
	x.each(func(m *catalog.Model, decoded *ml.Model) {
		c, ok := decoded.Fitted.(ml.Clusterer)
		if !ok {
			return
		}
		for i, cluster := range c.Clusters() {
			for k, name := range cluster.Names {
				rows = append(rows, []types.Datum{text(m.Name), types.NewInt32(int32(m.Version)), types.NullDatum, types.NewInt32(int32(i + 1)),
					types.NewInt64(cluster.Rows), text(name), number(cluster.Center[k]), text(m.Schema)})
			}
		}
	})
	return rows
}

func coefficientRows(x *reader) (rows [][]types.Datum) {
	x.each(func(m *catalog.Model, decoded *ml.Model) {
		d, ok := decoded.Fitted.(ml.Describer)
		if !ok {
			return
		}
		for _, t := range d.Terms() {
			rows = append(rows, []types.Datum{text(m.Name), types.NewInt32(int32(m.Version)), types.NullDatum, types.NewInt32(int32(t.Number)),
				text(t.Name), number(t.Coefficient), number(t.StdErr), number(t.Statistic), number(t.P), number(t.Low), number(t.High),
				number(t.VIF), text(m.Schema)})
		}
	})
	return rows
}

// optionRow is an option of an algorithm as ml.algorithms shows it.
type optionRow struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Default string   `json:"default"`
	Min     *float64 `json:"min,omitempty"`
	Max     *float64 `json:"max,omitempty"`
	Choices []string `json:"choices,omitempty"`
	Help    string   `json:"help"`
}

func algorithmRows(x *reader) (rows [][]types.Datum) {
	for _, e := range x.env.Algorithms() {
		var options []optionRow
		for i := range e.Options {
			o := &e.Options[i]
			row := optionRow{Name: o.Name, Type: o.Kind.String(), Default: o.Default, Choices: o.Choices, Help: o.Help}
			if o.Kind == ml.NumberOption || o.Kind == ml.IntegerOption {
				row.Min = &o.Min
				if o.Max < math.MaxFloat64 {
					row.Max = &o.Max
				}
			}
			options = append(options, row)
		}
		rows = append(rows, []types.Datum{text(e.Name), jsonText(e.Aliases), jsonText(names(e.Tasks)), text(e.Help), jsonText(options)})
	}
	return rows
}
