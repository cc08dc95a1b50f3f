package driver

import (
	"net/url"
	"sort"
	"strconv"
	"strings"

	"htapdb/htap"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// name is a parsed data source name.
type name struct {
	// dir is "" for a database in memory.
	dir string
	// options open the database; optionText is their text, to compare.
	options    []htap.Option
	optionText string
	// settings are applied to each connection, in order.
	settings []setting
}

// setting is one variable of a connection.
type setting struct{ name, value string }

// shortSettings are settings that a name may spell without "htap.".
var shortSettings = map[string]string{
	"route": "htap.route", "freshness": "htap.freshness", "freshness_timeout": "htap.freshness_timeout",
	"optimizer": "htap.optimizer", "batch_size": "htap.batch_size",
}

// databaseOptions read the options of the database.
var databaseOptions = map[string]func(value string) (htap.Option, error){
	"memory_limit": func(v string) (htap.Option, error) {
		n, ok := parseSize(v)
		if !ok {
			return nil, sqlstate.New(sqlstate.InvalidParameterValue, "invalid value %q", v).WithHint("Sizes are such as '64MB', '2GB' and bytes without a unit.")
		}
		return htap.WithMemoryLimit(n), nil
	},
	"workers": func(v string) (htap.Option, error) {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return nil, sqlstate.New(sqlstate.InvalidParameterValue, "invalid value %q: workers are at least 1", v)
		}
		return htap.WithWorkers(n), nil
	},
	"synchronous_commit": func(v string) (htap.Option, error) {
		on, ok := types.ParseBool(v)
		if !ok {
			return nil, sqlstate.New(sqlstate.InvalidParameterValue, "invalid value %q: it is on or off", v)
		}
		return htap.WithSynchronousCommit(on), nil
	},
	"simd":  func(v string) (htap.Option, error) { return htap.WithSIMD(v), nil },
	"files": func(v string) (htap.Option, error) { return htap.WithFiles(v), nil },
}

// parseName reads "dir?option=value&…".
func parseName(dsn string) (n name, err error) {
	dir, query, _ := strings.Cut(dsn, "?")
	if dir != ":memory:" {
		n.dir = dir
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return n, sqlstate.New(sqlstate.InvalidParameterValue, "invalid options in %q: %v", dsn, err)
	}
	keys := make([]string, 0, len(values))
	for k := range values {
		keys = append(keys, k)
	}
	sort.Strings(keys) // the order of a map would make the text differ
	var texts []string
	for _, k := range keys {
		v := values[k][len(values[k])-1]
		key := strings.ToLower(k)
		if read, ok := databaseOptions[key]; ok {
			option, err := read(v)
			if err != nil {
				return n, sqlstate.Wrap(sqlstate.InvalidParameterValue, err, "option %q: %v", k, err)
			}
			n.options = append(n.options, option)
			texts = append(texts, key+"="+v)
			continue
		}
		if full, ok := shortSettings[key]; ok {
			key = full
		}
		n.settings = append(n.settings, setting{key, v})
	}
	n.optionText = strings.Join(texts, "&")
	return n, checkSettings(n.settings)
}

// checkSettings refuses unknown names early: sql.Open tells of a typing error,
// not the first query.
func checkSettings(settings []setting) error {
	for _, s := range settings {
		if !htap.IsSetting(s.name) {
			return sqlstate.New(sqlstate.UndefinedObject, "unknown option %q", s.name).
				WithHint("Options are route, freshness, freshness_timeout, memory_limit, workers, synchronous_commit, simd, files, and settings by name.")
		}
	}
	return nil
}

// parseSize reads bytes, with a binary unit if there is one.
func parseSize(v string) (int64, bool) {
	v = strings.ToUpper(strings.TrimSpace(v))
	shift := 0
	for unit, s := range map[string]int{"KB": 10, "MB": 20, "GB": 30, "TB": 40} {
		if rest, ok := strings.CutSuffix(v, unit); ok {
			v, shift = strings.TrimSpace(rest), s
		}
	}
	f, err := strconv.ParseFloat(v, 64)
	if err != nil || f <= 0 || f > 1<<50 {
		return 0, false
	}
	return int64(f * float64(int64(1)<<shift)), true
}
