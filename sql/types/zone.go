package types

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"
	_ "time/tzdata" // zones must work where the machine has no database of them

	"htapdb/sql/sqlstate"
)

// zones caches loaded locations by the name as given, up to maxZones spellings.
var (
	zones     sync.Map
	zoneCount atomic.Int32
)

const maxZones = 2000

// Zone returns the location of an IANA time zone name, of "UTC" or of a fixed
// offset such as "+02" or "-03:30" (ISO sense, east positive); "" is UTC.
// An unknown name is InvalidParameterValue.
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
	if strings.EqualFold(name, "local") {
		return nil, errSyntax
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		// Names are matched without regard to case, as in PostgreSQL.
		loc, err = time.LoadLocation(titleZone(name))
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
