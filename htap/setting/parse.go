package setting

import (
	"math"
	"strconv"
	"strings"
	"time"

	"htapdb/internal/memory"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// words takes one of a list of words, in any case.
func words(list ...string) reader {
	return func(text string) (string, any, string, error) {
		for _, w := range list {
			if strings.EqualFold(text, w) {
				return w, w, "", nil
			}
		}
		return "", nil, "Valid values are " + strings.Join(list, ", ") + ".", nil
	}
}

// anyText takes every text.
func anyText(text string) (string, any, string, error) { return text, text, "", nil }

func boolean(text string) (string, any, string, error) {
	b, ok := types.ParseBool(text)
	switch {
	case !ok:
		return "", nil, "Valid values are on and off.", nil
	case b:
		return "on", true, "", nil
	}
	return "off", false, "", nil
}

// syncCommit knows the words that tell how far replicas are waited for: there
// are none, and each of them waits for the local disk.
func syncCommit(text string) (string, any, string, error) {
	switch word := strings.ToLower(text); word {
	case "local", "remote_write", "remote_apply":
		return word, true, "", nil
	}
	return boolean(text)
}

// between takes the whole numbers of a range.
func between(lo, hi int) reader {
	return func(text string) (string, any, string, error) {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < lo || n > hi {
			return "", nil, "Valid values are " + strconv.Itoa(lo) + " to " + strconv.Itoa(hi) + ".", nil
		}
		return strconv.Itoa(n), n, "", nil
	}
}

func encoding(text string) (string, any, string, error) {
	switch strings.ToUpper(strings.Trim(text, "'")) {
	case "UTF8", "UTF-8", "UNICODE":
		return "UTF8", "UTF8", "", nil
	}
	return "", nil, "", sqlstate.New(sqlstate.InvalidParameterValue, "client_encoding %q is not supported", text).
		WithHint("The encoding is UTF8.")
}

func zone(text string) (string, any, string, error) {
	if strings.EqualFold(text, "default") || strings.EqualFold(text, "local") {
		return "UTC", "UTC", "", nil
	}
	name, err := types.SessionZone(text)
	return name, name, "", err
}

func dateStyle(text string) (string, any, string, error) {
	s, err := types.ParseDateStyle(text, types.DateStyle{})
	return s.String(), s, "", err
}

// fullDateStyle adds to a value of DateStyle what it leaves as it is. A value that
// is none stays, for dateStyle to refuse.
func fullDateStyle(old any, text string) string {
	s, err := types.ParseDateStyle(text, old.(types.DateStyle))
	if err != nil {
		return text
	}
	return s.String()
}

func intervalStyle(text string) (string, any, string, error) {
	s, err := types.ParseIntervalStyle(text)
	return s.String(), s, "", err
}

// Exact is the value of htap.freshness for an answer that misses no commit.
const Exact time.Duration = -1

func freshness(text string) (string, any, string, error) {
	if strings.EqualFold(text, "exact") {
		return "exact", Exact, "", nil
	}
	d, ok := ParseDuration(text)
	if !ok {
		return "", nil, "Valid values are 'exact' and durations such as '100ms'.", nil
	}
	return formatDuration(d), d, "", nil
}

func durationText(text string) (string, any, string, error) {
	d, ok := ParseDuration(text)
	if !ok {
		return "", nil, "Valid values are durations such as '500ms', '30s', '2min' and milliseconds without a unit.", nil
	}
	return formatDuration(d), d, "", nil
}

// unit is a unit of durations; the largest that divides one prints it.
type unit struct {
	name string
	size time.Duration
}

var (
	durationUnits = []unit{{"d", 24 * time.Hour}, {"h", time.Hour}, {"min", time.Minute}, {"s", time.Second},
		{"ms", time.Millisecond}, {"us", time.Microsecond}}
	durationAliases = map[string]string{"µs": "us", "sec": "s", "m": "min"}
	// byteShifts are the units of sizes as powers of two.
	byteShifts = map[string]uint{"b": 0, "kb": 10, "kib": 10, "mb": 20, "mib": 20, "gb": 30, "gib": 30, "tb": 40, "tib": 40}
)

// maxDuration is PostgreSQL's limit, 2³¹−1 ms.
const maxDuration = math.MaxInt32 * time.Millisecond

// ParseDuration reads PostgreSQL's spelling of a duration; a bare number is
// milliseconds. What is finer than a microsecond is rounded.
func ParseDuration(text string) (time.Duration, bool) {
	x, name, ok := quantity(text)
	if !ok {
		return 0, false
	}
	if name == "" {
		name = "ms"
	}
	if a := durationAliases[name]; a != "" {
		name = a
	}
	for _, u := range durationUnits {
		if u.name == name {
			d := x * float64(u.size)
			return time.Duration(d).Round(time.Microsecond), d <= float64(maxDuration)
		}
	}
	return 0, false
}

// quantity splits a number that is not negative from its unit.
func quantity(text string) (x float64, unit string, ok bool) {
	text = strings.TrimSpace(text)
	if at := strings.IndexFunc(text, func(r rune) bool { return (r < '0' || r > '9') && r != '.' }); at >= 0 {
		text, unit = text[:at], strings.TrimSpace(text[at:])
	}
	x, err := strconv.ParseFloat(text, 64)
	return x, unit, err == nil && x >= 0
}

func formatDuration(d time.Duration) string {
	if d == 0 {
		return "0"
	}
	for _, u := range durationUnits {
		if d%u.size == 0 {
			return strconv.FormatInt(int64(d/u.size), 10) + u.name
		}
	}
	return d.String()
}

func bytesText(text string) (string, any, string, error) {
	n, ok := ParseBytes(text)
	if !ok {
		return "", nil, "Valid values are sizes such as '64MB', '2GB' and bytes without a unit.", nil
	}
	if n == 0 {
		return "0", n, "", nil
	}
	return strings.ReplaceAll(text, " ", ""), n, "", nil
}

// ParseBytes reads a size with a binary unit; a bare number is bytes.
func ParseBytes(text string) (int64, bool) {
	x, unit, ok := quantity(text)
	if unit == "" {
		unit = "b"
	}
	shift, known := byteShifts[strings.ToLower(unit)]
	x *= float64(int64(1) << shift)
	return int64(x), ok && known && x < math.MaxInt64
}

// FormatBytes writes a size with a binary unit, for messages.
func FormatBytes(n int64) string { return memory.Format(n) }

// syntaxOfList is the error of a list that cannot be read.
func syntaxOfList(name, text string) error {
	return sqlstate.New(sqlstate.InvalidParameterValue, "invalid value for parameter %q: %q", name, text).
		WithDetail("List syntax is invalid.")
}
