package http

import (
	"sort"

	"htapdb/htap"

	"github.com/prometheus/client_golang/prometheus"
)

// collector turns DB.Status into metrics at each scrape.
type collector struct{ db *htap.DB }

// tableLabels are the labels of the metrics of a table.
var tableLabels = []string{"table"}

var (
	tableRows    = prometheus.NewDesc("htap_table_rows", "Visible rows of a table.", tableLabels, nil)
	tableLag     = prometheus.NewDesc("htap_table_lag_seconds", "How far the columns of a table are behind the newest visible commit.", tableLabels, nil)
	tableDelta   = prometheus.NewDesc("htap_table_delta_rows", "Rows of a table that are not sealed into segments yet.", tableLabels, nil)
	tableBytes   = prometheus.NewDesc("htap_table_column_bytes", "Size of a table's column segments.", tableLabels, nil)
	tableLive    = prometheus.NewDesc("htap_table_columns_live", "1 while a table's columns can be read, else 0.", tableLabels, nil)
	buildInfo    = prometheus.NewDesc("htap_build_info", "1, with the engine's version.", []string{"version"}, nil)
	startSeconds = prometheus.NewDesc("htap_start_time_seconds", "When the database was opened, in seconds since 1970.", nil, nil)
)

// Describe implements prometheus.Collector: the set of metrics varies, so it
// describes none.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	s := c.db.Status()
	emit := func(values map[string]float64, kind prometheus.ValueType) {
		names := make([]string, 0, len(values))
		for n := range values {
			names = append(names, n)
		}
		sort.Strings(names)
		for _, n := range names {
			ch <- prometheus.MustNewConstMetric(prometheus.NewDesc("htap_"+n, "See docs/operations.", nil, nil), kind, values[n])
		}
	}
	emit(s.Counters, prometheus.CounterValue)
	emit(s.Gauges, prometheus.GaugeValue)
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(buildInfo, 1, s.Version)
	gauge(startSeconds, float64(s.StartMicros)/1e6)
	for _, t := range s.Tables {
		live := 0.0
		if t.State == "live" {
			live = 1
		}
		gauge(tableRows, float64(t.Rows), t.Name)
		gauge(tableLag, float64(t.LagMicros)/1e6, t.Name)
		gauge(tableDelta, float64(t.DeltaRows), t.Name)
		gauge(tableBytes, float64(t.ColumnBytes), t.Name)
		gauge(tableLive, live, t.Name)
	}
}
