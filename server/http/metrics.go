package http

import (
	"sort"
	"strings"

	"htapdb/htap"

	"github.com/prometheus/client_golang/prometheus"
)

// collector turns DB.Status into metrics at each scrape.
type collector struct{ db *htap.DB }

// help is the text of the metrics that DB.Status names; one that is missing
// here has its name in words.
var help = map[string]string{
	"commits_total":                "Transactions committed.",
	"rollbacks_total":              "Transactions rolled back.",
	"queries_total":                "SELECT statements run.",
	"writes_total":                 "INSERT, UPDATE and DELETE statements run.",
	"utility_statements_total":     "Other statements run.",
	"freshness_waits_total":        "Queries that waited for the columns to catch up.",
	"freshness_wait_seconds_total": "Time that queries waited for the columns to catch up.",
	"rows_written_total":           "Row versions written by transactions.",
	"rows_loaded_total":            "Rows written by bulk loads.",
	"lock_waits_total":             "Statements that waited for a lock.",
	"deadlocks_total":              "Statements that failed because of a deadlock (40P01).",
	"serialization_failures_total": "Statements that failed because of a newer version (40001).",
	"unique_violations_total":      "Statements that failed because of a unique key (23505).",
	"syncs_total":                  "Syncs of the log.",
	"sync_seconds_total":           "Time that commits waited for syncs of the log.",
	"feed_events_total":            "Events of the change feed applied to the columns.",
	"versions_collected_total":     "Row versions removed by garbage collection.",
	"plans_total":                  "Statements that were bound and planned; the others had a plan.",
	"plans_cached":                 "Plans that texts have in the cache.",
	"plan_cache_bytes":             "Estimated size of the cached plans.",
	"memory_used_bytes":            "Memory that the engine has reserved.",
	"memory_limit_bytes":           "Limit of the engine's memory.",
	"sessions":                     "Open sessions.",
	"locks_held":                   "Row and table locks held.",
	"open_snapshots":               "Snapshots in use.",
	"row_store_bytes":              "Size of the row store on disk.",
	"row_cache_bytes":              "Size of the row store's block cache.",
	"feed_lag_seconds":             "How far the columns are behind the newest visible commit.",
	"workers":                      "Analytic worker threads.",
}

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
	errorsTotal  = prometheus.NewDesc("htap_errors_total", "Statements that failed, by class of SQLSTATE.", []string{"class"}, nil)
)

// errorClass returns the class of a counter errors_CC_total, "" for another.
func errorClass(name string) string {
	class, ok := strings.CutPrefix(name, "errors_")
	class, ok2 := strings.CutSuffix(class, "_total")
	if !ok || !ok2 || len(class) != 2 {
		return ""
	}
	return class
}

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
			if class := errorClass(n); class != "" {
				ch <- prometheus.MustNewConstMetric(errorsTotal, kind, values[n], class)
				continue
			}
			text := help[n]
			if text == "" {
				text = strings.ReplaceAll(n, "_", " ") + "."
			}
			ch <- prometheus.MustNewConstMetric(prometheus.NewDesc("htap_"+n, text, nil, nil), kind, values[n])
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
