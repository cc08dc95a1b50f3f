package htap

import (
	"sort"
	"strconv"
	"strings"
	"time"

	"htapdb/internal/memory"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// setting is one variable of SET and SHOW.
type setting struct {
	name string
	// def is the default; check normalizes a value or refuses it.
	def   string
	check func(value string) (string, error)
	// report has PostgreSQL clients told of changes.
	report bool
	// fixed settings can only be read.
	fixed bool
	about string
}

// settings are the known ones by lower-case name.
var settings = func() map[string]*setting {
	m := map[string]*setting{}
	for i := range settingList {
		m[strings.ToLower(settingList[i].name)] = &settingList[i]
	}
	return m
}()

var settingList = []setting{
	{name: "htap.route", def: "auto", check: oneOf("auto", "row", "column"), about: "which copy of a table scans read"},
	{name: "htap.freshness", def: "exact", check: freshnessValue, about: "'exact', or how old an analytic answer may be"},
	{name: "htap.freshness_timeout", def: "30s", check: durationValue, about: "how long a query waits for fresh columns"},
	{name: "htap.memory_limit", def: "0", check: bytesValue, about: "memory of one query, 0 for the database's limit"},
	{name: "htap.workers", def: "0", check: intValue(0, 1024), about: "worker threads of one query, 0 for all"},
	{name: "htap.batch_size", def: strconv.Itoa(vector.MaxBatch), check: intValue(1, vector.MaxBatch), about: "rows of a batch"},
	{name: "htap.simd", def: "auto", check: oneOf("auto", "go", "avx2", "avx512"), about: "SIMD level of the process"},
	{name: "htap.optimizer", def: "on", check: boolValue, about: "whether plans are optimized"},
	{name: "synchronous_commit", def: "on", check: syncValue, about: "whether a commit waits until it is durable"},
	{name: "statement_timeout", def: "0", check: durationValue, about: "how long a statement may run, 0 for ever"},
	{name: "lock_timeout", def: "0", check: durationValue, about: "how long a statement waits for a lock, 0 for ever"},
	{name: "default_transaction_isolation", def: "read committed", check: isolationValue},
	{name: "default_transaction_read_only", def: "off", check: boolValue, report: true},
	{name: "transaction_isolation", def: "read committed", check: isolationValue},
	{name: "transaction_read_only", def: "off", check: boolValue},
	{name: "search_path", def: `"$user", public`, check: anyValue},
	{name: "application_name", def: "", check: anyValue, report: true},
	{name: "client_encoding", def: "UTF8", check: encodingValue, report: true},
	{name: "DateStyle", def: "ISO, MDY", check: dateStyleValue, report: true},
	{name: "IntervalStyle", def: "postgres", check: intervalStyleValue, report: true},
	{name: "TimeZone", def: "UTC", check: zoneValue, report: true},
	{name: "standard_conforming_strings", def: "on", check: oneOf("on"), report: true},
	{name: "extra_float_digits", def: "1", check: intValue(-15, 3)},
	{name: "client_min_messages", def: "notice", check: anyValue},
	{name: "bytea_output", def: "hex", check: oneOf("hex")},
	{name: "idle_in_transaction_session_timeout", def: "0", check: durationValue},
	{name: "row_security", def: "on", check: boolValue},
	{name: "jit", def: "off", check: boolValue},
	{name: "server_version", def: serverVersion, fixed: true, report: true},
	{name: "server_version_num", def: "150000", fixed: true},
	{name: "server_encoding", def: "UTF8", fixed: true, report: true},
	{name: "integer_datetimes", def: "on", fixed: true, report: true},
	{name: "is_superuser", def: "on", fixed: true, report: true},
	{name: "session_authorization", def: "htap", fixed: true, report: true},
	{name: "in_hot_standby", def: "off", fixed: true, report: true},
	{name: "max_identifier_length", def: "63", fixed: true},
}

// serverVersion is what clients that look for a PostgreSQL version see.
const serverVersion = "15.0 (htapdb " + Version + ")"

// Version is the engine's version.
const Version = "0.1.0"

// lookupSetting returns the setting, nil for a dotted name that nobody knows,
// which is stored as text, and 42704 for anything else.
func lookupSetting(name string) (*setting, error) {
	key := strings.ToLower(name)
	switch key {
	case "time zone":
		key = "timezone"
	case "names":
		key = "client_encoding"
	}
	if s := settings[key]; s != nil {
		return s, nil
	}
	if strings.Contains(name, ".") && !strings.HasPrefix(key, "htap.") {
		return nil, nil
	}
	e := sqlstate.New(sqlstate.UndefinedObject, "unrecognized configuration parameter %q", name)
	if strings.HasPrefix(key, "htap.") {
		var names []string
		for _, s := range settingList {
			if strings.HasPrefix(s.name, "htap.") {
				names = append(names, s.name)
			}
		}
		sort.Strings(names)
		return nil, e.WithHint("There are %s.", strings.Join(names, ", "))
	}
	return nil, e
}

// vars are a session's settings: values that differ from the defaults.
type vars struct {
	values map[string]string
	// defaults override the list's, by the database's options.
	defaults map[string]string
	frequent
}

// frequent are settings that every statement reads, parsed.
type frequent struct {
	route, optimizer, zone, isolation string
	readOnly, sync                    bool
	statementTimeout, lockTimeout     time.Duration
	memoryLimit                       int64
	style                             types.TextStyle
}

// put changes a value, drop takes it back to the default.
func (v *vars) put(key, value string) {
	v.values[key] = value
	v.refresh()
}

func (v *vars) drop(key string) {
	delete(v.values, key)
	v.refresh()
}

// refresh reads the frequent settings again.
func (v *vars) refresh() {
	v.frequent = frequent{
		route: v.get("htap.route"), optimizer: v.get("htap.optimizer"), zone: v.get("timezone"),
		isolation: v.get("default_transaction_isolation"), readOnly: v.on("default_transaction_read_only"),
		sync: v.on("synchronous_commit"), statementTimeout: v.duration("statement_timeout"),
		lockTimeout: v.duration("lock_timeout"), memoryLimit: v.bytes("htap.memory_limit"),
	}
	// The values were checked when they were set.
	v.style.Zone, _ = types.Zone(v.zone)
	v.style.Date, _ = types.ParseDateStyle(v.get("datestyle"), types.DateStyle{})
	v.style.Interval, _ = types.ParseIntervalStyle(v.get("intervalstyle"))
}

// get returns the value of a known setting.
func (v *vars) get(name string) string {
	key := strings.ToLower(name)
	if x, ok := v.values[key]; ok {
		return x
	}
	if x, ok := v.defaults[key]; ok {
		return x
	}
	if s := settings[key]; s != nil {
		return s.def
	}
	return ""
}

func (v *vars) duration(name string) time.Duration {
	d, _ := parseDuration(v.get(name))
	return d
}

func (v *vars) integer(name string) int {
	n, _ := strconv.Atoi(v.get(name))
	return n
}

func (v *vars) on(name string) bool { return v.get(name) != "off" }

// bytes returns a size in bytes.
func (v *vars) bytes(name string) int64 {
	n, _ := parseBytes(v.get(name))
	return n
}

func badValue(value, want string) error {
	return sqlstate.New(sqlstate.InvalidParameterValue, "invalid value %q", value).WithHint("Valid values are %s.", want)
}

func anyValue(v string) (string, error) { return v, nil }

func oneOf(values ...string) func(string) (string, error) {
	return func(v string) (string, error) {
		for _, x := range values {
			if strings.EqualFold(v, x) {
				return x, nil
			}
		}
		return "", badValue(v, strings.Join(values, ", "))
	}
}

func boolValue(v string) (string, error) {
	b, ok := types.ParseBool(v)
	switch {
	case !ok:
		return "", badValue(v, "on and off")
	case b:
		return "on", nil
	}
	return "off", nil
}

func syncValue(v string) (string, error) {
	switch strings.ToLower(v) {
	case "local", "remote_write", "remote_apply":
		return "on", nil
	}
	return boolValue(v)
}

func intValue(lo, hi int) func(string) (string, error) {
	return func(v string) (string, error) {
		n, err := strconv.Atoi(v)
		if err != nil || n < lo || n > hi {
			return "", badValue(v, strconv.Itoa(lo)+" to "+strconv.Itoa(hi))
		}
		return strconv.Itoa(n), nil
	}
}

func encodingValue(v string) (string, error) {
	switch strings.ToUpper(strings.Trim(v, "'")) {
	case "UTF8", "UTF-8", "UNICODE":
		return "UTF8", nil
	}
	return "", sqlstate.New(sqlstate.InvalidParameterValue, "client_encoding %q is not supported", v).WithHint("The encoding is UTF8.")
}

func zoneValue(v string) (string, error) {
	if strings.EqualFold(v, "default") || strings.EqualFold(v, "local") {
		return "UTC", nil
	}
	return types.SessionZone(v)
}

func dateStyleValue(v string) (string, error) {
	s, err := types.ParseDateStyle(v, types.DateStyle{})
	return s.String(), err
}

func intervalStyleValue(v string) (string, error) {
	s, err := types.ParseIntervalStyle(v)
	return s.String(), err
}

func isolationValue(v string) (string, error) {
	return oneOf("read committed", "repeatable read", "read uncommitted", "serializable")(v)
}

// freshnessValue accepts exact or a duration.
func freshnessValue(v string) (string, error) {
	if strings.EqualFold(v, "exact") {
		return "exact", nil
	}
	if _, ok := parseDuration(v); !ok {
		return "", badValue(v, "'exact' and durations such as '100ms'")
	}
	return v, nil
}

func durationValue(v string) (string, error) {
	if _, ok := parseDuration(v); !ok {
		return "", badValue(v, "durations such as '500ms', '30s', '2min' and milliseconds without a unit")
	}
	return v, nil
}

// durationUnits and byteUnits (as shifts) stand outside the functions: settings
// are read several times in every statement.
var (
	durationUnits = map[string]time.Duration{"us": time.Microsecond, "µs": time.Microsecond, "ms": time.Millisecond,
		"s": time.Second, "sec": time.Second, "min": time.Minute, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
	byteUnits = map[string]uint{"b": 0, "kb": 10, "kib": 10, "mb": 20, "mib": 20, "gb": 30, "gib": 30, "tb": 40, "tib": 40}
)

// parseDuration reads PostgreSQL's spelling of a duration; a bare number is milliseconds.
func parseDuration(v string) (time.Duration, bool) {
	v = strings.TrimSpace(v)
	at := strings.IndexFunc(v, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	number, unit := v, "ms"
	if at >= 0 {
		number, unit = v[:at], strings.TrimSpace(v[at:])
	}
	x, err := strconv.ParseFloat(number, 64)
	if err != nil || x < 0 {
		return 0, false
	}
	u, ok := durationUnits[unit]
	return time.Duration(x * float64(u)), ok
}

func bytesValue(v string) (string, error) {
	if _, ok := parseBytes(v); !ok {
		return "", badValue(v, "sizes such as '64MB', '2GB' and bytes without a unit")
	}
	return v, nil
}

// parseBytes reads a size with a binary unit.
func parseBytes(v string) (int64, bool) {
	v = strings.TrimSpace(v)
	at := strings.IndexFunc(v, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	number, unit := v, "b"
	if at >= 0 {
		number, unit = v[:at], strings.ToLower(strings.TrimSpace(v[at:]))
	}
	x, err := strconv.ParseFloat(number, 64)
	if err != nil || x < 0 {
		return 0, false
	}
	shift, ok := byteUnits[unit]
	return int64(x * float64(int64(1)<<shift)), ok
}

// FormatBytes writes a size with a binary unit, for messages.
func FormatBytes(n int64) string { return memory.Format(n) }
