package types

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	_ "time/tzdata" // zones must work where the machine has no database of them
	"unicode"

	"htapdb/sql/sqlstate"
)

// zones caches loaded locations by the name as given, up to maxZones spellings.
var (
	zones     sync.Map
	zoneCount atomic.Int32
)

const maxZones = 2000

// Zone returns the location that a session's TimeZone names: an IANA name in any
// case, "" (UTC), a number of hours east ("-5", "3.5"), an interval east
// ("INTERVAL '-08:00'"), or POSIX's form, whose offset counts west: "+04:00" and "XYZ4" are four hours
// behind Greenwich, "<-04>+04" too. An unknown name is InvalidParameterValue.
func Zone(name string) (*time.Location, error) {
	if loc, ok := zones.Load(name); ok {
		return loc.(*time.Location), nil
	}
	_, loc, err := loadZone(name)
	if err != nil {
		return nil, badZone(name)
	}
	if zoneCount.Add(1) <= maxZones {
		zones.Store(name, loc)
	}
	return loc, nil
}

func badZone(name string) error {
	return sqlstate.New(sqlstate.InvalidParameterValue, "time zone %q not recognized", name)
}

// SessionZone returns the name under which SHOW prints a value of TimeZone: with
// the database's capitals, hours and intervals in POSIX's form.
func SessionZone(value string) (name string, err error) {
	name, _, err = loadZone(value)
	if err != nil {
		return "", sqlstate.New(sqlstate.InvalidParameterValue, "invalid value for parameter \"TimeZone\": %q", value)
	}
	return name, nil
}

// ExprZone returns the zone that AT TIME ZONE and its like name: an abbreviation
// first, then what Zone knows but for bare numbers, which are POSIX offsets.
func ExprZone(name string) (ZoneRef, error) {
	if a, ok := lookupAbbreviation(name); ok {
		if a.loc != nil {
			return ZoneRef{loc: a.loc, abbrev: name}, nil
		}
		return ZoneRef{loc: time.FixedZone(name, a.offset)}, nil
	}
	loc, err := namedZone(name)
	if err != nil {
		return ZoneRef{}, badZone(name)
	}
	return ZoneRef{loc: loc}, nil
}

// namedZone finds an IANA name or a POSIX offset.
func namedZone(name string) (*time.Location, error) {
	if loc, ok := zones.Load("=" + name); ok {
		return loc.(*time.Location), nil
	}
	_, loc, err := loadNamed(name)
	if err == nil && zoneCount.Add(1) <= maxZones {
		zones.Store("="+name, loc)
	}
	return loc, err
}

// maxPosixHours bounds the hours of an offset.
const maxPosixHours = 167

// posixZone reads an optional abbreviation, letters or <…>, and an offset that
// counts west of Greenwich. Rules for summer time are not read.
func posixZone(name string) (loc *time.Location, ok bool) {
	s, abbrev := name, ""
	if end := strings.IndexByte(s, '>'); end > 0 && s[0] == '<' {
		abbrev, s = s[1:end], s[end+1:]
	} else {
		s = strings.TrimLeftFunc(s, unicode.IsLetter)
		abbrev = strings.ToUpper(name[:len(name)-len(s)])
	}
	sign := -1
	if s != "" && (s[0] == '+' || s[0] == '-') {
		if s[0] == '-' {
			sign = 1
		}
		s = s[1:]
	}
	parts := strings.Split(s, ":")
	if len(parts) > 3 {
		return nil, false
	}
	seconds := 0
	for i, unit := range []int{3600, 60, 1} {
		if i >= len(parts) {
			break
		}
		n, rest, digits := leadingInt(parts[i])
		if rest != "" || digits == 0 || i == 0 && n > maxPosixHours || i > 0 && n > 59 {
			return nil, false
		}
		seconds += n * unit
	}
	return time.FixedZone(abbrev, sign*seconds), true
}

// offsetZone is the zone of a number of seconds east; its name is POSIX's.
func offsetZone(seconds int) (string, *time.Location) {
	abs, plus, minus := seconds, "+", "-"
	if seconds < 0 {
		abs, plus, minus = -seconds, "-", "+"
	}
	text := fmt.Sprintf("%02d", abs/3600)
	if abs%3600 != 0 {
		text += fmt.Sprintf(":%02d", abs/60%60)
		if abs%60 != 0 {
			text += fmt.Sprintf(":%02d", abs%60)
		}
	}
	return "<" + plus + text + ">" + minus + text, time.FixedZone(plus+text, seconds)
}

// loadZone reads a value of TimeZone.
func loadZone(name string) (canonical string, loc *time.Location, err error) {
	if name == "" {
		return "UTC", time.UTC, nil
	}
	if len(name) > 8 && strings.EqualFold(name[:8], "interval") {
		text, ok := strings.CutPrefix(strings.TrimSpace(name[8:]), "'")
		text, quoted := strings.CutSuffix(text, "'")
		v, err := ParseInterval(text, "")
		if !ok || !quoted || err != nil || v.Months != 0 || v.Days != 0 {
			return "", nil, errSyntax
		}
		canonical, loc = offsetZone(int(v.Micros / MicrosPerSecond))
		return canonical, loc, nil
	}
	if hours, err := strconv.ParseFloat(name, 64); err == nil && math.Abs(hours) <= maxPosixHours {
		canonical, loc = offsetZone(int(math.Round(hours * 3600)))
		return canonical, loc, nil
	}
	return loadNamed(name)
}

// loadNamed finds a name in the database, without regard to case as in
// PostgreSQL, or reads a POSIX offset.
func loadNamed(name string) (canonical string, loc *time.Location, err error) {
	switch {
	case name == "" || strings.EqualFold(name, "local") || strings.Contains(name, ".."):
		return "", nil, errSyntax
	case strings.EqualFold(name, "utc"):
		return "UTC", time.UTC, nil
	}
	for _, spelling := range []string{name, titleZone(name), strings.ToUpper(name)} {
		if loc, err = time.LoadLocation(spelling); err == nil {
			return spelling, loc, nil
		}
	}
	if posix, ok := posixZone(name); ok {
		return strings.ToUpper(name), posix, nil
	}
	return "", nil, err
}

// titleZone writes a zone name the way the database does: "europe/berlin" → "Europe/Berlin".
func titleZone(name string) string {
	b := []byte(strings.ToLower(name))
	up := true
	for i, c := range b {
		if up && c >= 'a' && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
		up = c == '/' || c == '_' || c == '-'
	}
	return string(b)
}

// OffsetAt returns the zone's offset from UTC in seconds at an instant, µs since 1970-01-01 UTC.
func OffsetAt(loc *time.Location, us int64) int64 {
	if loc == nil || loc == time.UTC {
		return 0
	}
	_, offset := time.Unix(floorDiv(us, MicrosPerSecond), 0).In(loc).Zone()
	return int64(offset)
}

// LocalMicros turns an instant into the zone's wall clock, µs since 1970-01-01 00:00 local.
func LocalMicros(loc *time.Location, us int64) int64 {
	return us + OffsetAt(loc, us)*MicrosPerSecond
}

// InstantMicros turns a wall clock of the zone into an instant. A time that the
// clock skips is read with the offset before the change; one that comes twice
// is standard time, as in PostgreSQL.
func InstantMicros(loc *time.Location, local int64) int64 {
	if loc == nil || loc == time.UTC {
		return local
	}
	before := OffsetAt(loc, local-MicrosPerDay)
	after := OffsetAt(loc, local+MicrosPerDay)
	if before == after {
		return local - before*MicrosPerSecond
	}
	early, late := local-before*MicrosPerSecond, local-after*MicrosPerSecond
	earlyFits := OffsetAt(loc, early) == before
	lateFits := OffsetAt(loc, late) == after
	if lateFits && (!earlyFits || after < before) {
		return late
	}
	return early
}
