package types

import (
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

// Zone returns the location of a session's time zone: an IANA name, "UTC", a
// fixed offset such as "+02" or "-03:30" or hours such as "3" (ISO sense, east
// positive), or POSIX's form with an abbreviation; "" is UTC. An unknown name is
// InvalidParameterValue.
func Zone(name string) (*time.Location, error) {
	if loc, ok := zones.Load(name); ok {
		return loc.(*time.Location), nil
	}
	loc, err := loadZone(name)
	if err != nil {
		return nil, sqlstate.New(sqlstate.InvalidParameterValue, "time zone %q not recognized", name)
	}
	if zoneCount.Add(1) <= maxZones {
		zones.Store(name, loc)
	}
	return loc, nil
}

// ExprZone returns the zone that AT TIME ZONE and its like name. Other than for
// a session, an offset without a name is POSIX's: "+03" is west of Greenwich.
func ExprZone(name string) (*time.Location, error) {
	if name == "" {
		return nil, sqlstate.New(sqlstate.InvalidParameterValue, "time zone %q not recognized", name)
	}
	if c := name[0]; c == '+' || c == '-' || c >= '0' && c <= '9' {
		if loc, ok := posixZone(name); ok {
			return loc, nil
		}
		return nil, sqlstate.New(sqlstate.InvalidParameterValue, "time zone %q not recognized", name)
	}
	if hours, ok := zoneAbbreviations[strings.ToUpper(name)]; ok {
		return time.FixedZone(name, hours*3600), nil
	}
	return Zone(name)
}

// maxPosixHours bounds the hours of a POSIX offset.
const maxPosixHours = 167

// posixZone reads an optional abbreviation, letters or <…>, and an offset that
// counts west of Greenwich. Rules for summer time are not read.
func posixZone(name string) (loc *time.Location, ok bool) {
	s := name
	if end := strings.IndexByte(s, '>'); end > 0 && s[0] == '<' {
		s = s[end+1:]
	} else {
		s = strings.TrimLeftFunc(s, unicode.IsLetter)
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
	return time.FixedZone(name, sign*seconds), true
}

func loadZone(name string) (*time.Location, error) {
	switch strings.ToUpper(name) {
	case "", "UTC", "GMT", "Z", "ZULU", "ETC/UTC":
		return time.UTC, nil
	}
	if name[0] == '+' || name[0] == '-' {
		if offset, rest, ok := parseOffset(name); ok && rest == "" {
			return time.FixedZone(name, offset), nil
		}
	}
	if hours, err := strconv.ParseFloat(name, 64); err == nil && math.Abs(hours) <= maxPosixHours {
		return time.FixedZone(name, int(hours*3600)), nil
	}
	if strings.EqualFold(name, "local") {
		return nil, errSyntax
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		// Names are matched without regard to case, as in PostgreSQL.
		loc, err = time.LoadLocation(titleZone(name))
	}
	if err != nil {
		if posix, ok := posixZone(name); ok {
			return posix, nil
		}
	}
	return loc, err
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
