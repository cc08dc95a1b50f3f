package types

import (
	"errors"
	"math"
	"strings"
	"time"
)

// errInfinity is the internal sign for the special values that are not supported.
var errInfinity = errors.New("infinity")

// errZone is the internal sign for an offset from UTC beyond what zones have.
var errZone = errors.New("zone displacement")

// partSet is a set of the parts that a text has given.
type partSet uint16

const (
	yearPart partSet = 1 << iota
	monthPart
	dayPart
	hourPart
	minutePart
	secondPart
	zonePart
	dayOfYearPart
	meridiemPart
	eraPart
	weekdayPart
	summerPart

	dateParts = yearPart | monthPart | dayPart
	timeParts = hourPart | minutePart | secondPart
)

// datetime is what a text says about a date and a time of day.
type datetime struct {
	year, month, day int
	dayOfYear        int
	micros           int64 // since midnight, once finished
	hour, minute     int
	second           int
	fraction         int64 // µs
	parts            partSet

	offset int // seconds east of UTC
	zone   ZoneRef
	named  bool // zone, instead of offset

	epoch    bool
	bc       bool
	meridiem int
	julian   bool
	twoDigit bool // the year, to be put into its century
	textName bool // the month was given by name
	clock    bool // a time of day alone is wanted
	style    *TextStyle
	// What the value depends on besides the text: the order of its numbers and the
	// time of the statement.
	ordered, relative bool
}

func (dt *datetime) has(p partSet) bool { return dt.parts&p == p }

// decode reads the fields of a date and time, or of a time of day if clock is set.
func (dt *datetime) decode(s string) error {
	fields, ok := splitFields(s)
	if !ok || len(fields) == 0 {
		return errSyntax
	}
	unit := 0 // announced for the next number
	for i := range fields {
		got, err := dt.field(fields, i, &unit)
		if err != nil {
			return err
		}
		if got&dt.parts != 0 {
			return errSyntax
		}
		dt.parts |= got
	}
	return dt.finish()
}

// field decodes field i and returns the parts that it gave.
func (dt *datetime) field(fields []textField, i int, unit *int) (partSet, error) {
	f := fields[i]
	switch f.kind {
	case dateField:
		return dt.dateField(fields, i, unit)
	case timeField:
		if *unit != 0 && *unit != unitTime {
			return 0, errSyntax
		}
		*unit = 0
		if err := dt.clockField(f.text); err != nil {
			return 0, err
		}
		return timeParts, nil
	case zoneField:
		return zonePart, dt.offsetField(f.text)
	case numberField:
		if *unit != 0 {
			u := *unit
			*unit = 0
			return dt.unitField(f.text, u)
		}
		return dt.plainNumber(fields, i)
	}
	return dt.wordField(fields, i, unit)
}

// dateField decodes a field with -, / or . in it: a date, a zone's name, or a
// time of day run together with its zone.
func (dt *datetime) dateField(fields []textField, i int, unit *int) (partSet, error) {
	s := fields[i].text
	if *unit == unitJulian && !dt.clock {
		*unit = 0
		days, rest, n := leadingInt(s)
		if n == 0 {
			return 0, errSyntax
		}
		dt.setJulian(int64(days))
		return dateParts | timeParts | zonePart, dt.offsetField(rest)
	}
	isDate := *unit == 0 && dt.parts&(monthPart|dayPart) != monthPart|dayPart
	if dt.clock {
		last := fields[len(fields)-1].kind
		isDate = i == 0 && len(fields) >= 2 && (last == dateField || fields[1].kind == timeField)
	}
	if isDate {
		return dt.joinedDate(s)
	}
	if !isDigit(s[0]) && (*unit == 0 || dt.clock) {
		if err := dt.namedField(s); err != nil {
			return 0, badZone(s)
		}
		return zonePart, nil
	}
	if *unit != 0 && *unit != unitTime && !dt.clock || dt.has(timeParts) {
		return 0, errSyntax
	}
	*unit = 0
	at := strings.IndexByte(s, '-')
	if at < 0 {
		return 0, errSyntax
	}
	if err := dt.offsetField(s[at:]); err != nil {
		return 0, err
	}
	given := dt.parts
	if dt.clock {
		given |= dateParts
	}
	got, err := dt.runTogether(s[:at], given)
	return got | zonePart, err
}

// joinedDate decodes a date whose parts are joined by punctuation.
func (dt *datetime) joinedDate(s string) (got partSet, err error) {
	// A month's name first, which makes the rest clear.
	var numbers []string
	for f := (fieldScanner{s: s}); f.at < len(s); f.at++ { // one character separates
		f.skip(func(c byte) bool { return !isDigit(c) && !isAlpha(c) })
		if f.at == len(s) {
			return 0, errSyntax
		}
		start := f.at
		if isDigit(s[start]) {
			f.skip(isDigit)
			numbers = append(numbers, s[start:f.at])
			continue
		}
		f.skip(isAlpha)
		w, ok := dateWords[s[start:f.at]]
		switch {
		case ok && w.class == ignoredWord:
		case !ok || w.class != monthWord || (dt.parts|got)&monthPart != 0:
			return got, errSyntax
		default:
			dt.month, dt.textName = w.value, true
			got |= monthPart
		}
	}
	textName := got&monthPart != 0
	for _, n := range numbers {
		part, err := dt.number(n, textName, dt.parts|got)
		if err != nil {
			return got, err
		}
		if part&(dt.parts|got) != 0 {
			return got, errSyntax
		}
		got |= part
	}
	if (dt.parts|got)&^(dayOfYearPart|zonePart) != dateParts {
		return got, errSyntax
	}
	return got, nil
}

// clockField decodes h:mm[:ss[.f]]; with one colon and a point it is m:ss.f.
func (dt *datetime) clockField(s string) error {
	var err error
	dt.hour, dt.minute, dt.second, dt.fraction, err = decodeClock(s, false)
	if err == nil && !dt.clock && dt.overflows() {
		return errRange
	}
	return err
}

// decodeClock reads h:mm[:ss[.f]]; minutes says that two parts are m:ss.
func decodeClock(s string, minutes bool) (h, m, sec int, fraction int64, err error) {
	var n int
	if h, s, n = leadingInt(s); n == 0 || s == "" || s[0] != ':' {
		return 0, 0, 0, 0, errSyntax
	}
	if n > 9 {
		return 0, 0, 0, 0, errRange
	}
	m, s, n = leadingInt(s[1:])
	switch {
	case n > 9:
		return 0, 0, 0, 0, errRange
	case s == "":
		if minutes {
			h, m, sec = 0, h, m
		}
	case s[0] == '.':
		h, m, sec = 0, h, m
		fraction, err = decodeFraction(s)
	case s[0] == ':':
		if sec, s, n = leadingInt(s[1:]); n > 9 {
			return 0, 0, 0, 0, errRange
		}
		if s != "" {
			if s[0] != '.' {
				return 0, 0, 0, 0, errSyntax
			}
			fraction, err = decodeFraction(s)
		}
	default:
		err = errSyntax
	}
	if err == nil && (m > 59 || sec > 60) {
		err = errRange
	}
	return h, m, sec, fraction, err
}

// decodeFraction reads .digits as µs, rounded half to even.
func decodeFraction(s string) (int64, error) {
	us, rest := scanFraction(s[1:])
	if rest != "" {
		return 0, errSyntax
	}
	return us, nil
}

// overflows reports a time of day beyond 24:00:00.
func (dt *datetime) overflows() bool {
	return dt.hour < 0 || dt.hour > 24 || dt.minute < 0 || dt.minute > 59 || dt.second < 0 || dt.second > 60 || dt.timeMicros() > MicrosPerDay
}

func (dt *datetime) timeMicros() int64 {
	return int64(dt.hour)*MicrosPerHour + int64(dt.minute)*MicrosPerMinute + int64(dt.second)*MicrosPerSecond + dt.fraction
}

// maxOffsetHours bounds the hours of an offset from UTC in a text.
const maxOffsetHours = 15

// offsetField decodes {+|-}h[h][[:]mm[:ss]].
func (dt *datetime) offsetField(s string) error {
	offset, err := decodeOffset(s)
	dt.offset = offset
	return err
}

func decodeOffset(s string) (offset int, err error) {
	if s == "" || s[0] != '+' && s[0] != '-' {
		return 0, errSyntax
	}
	h, rest, n := leadingInt(s[1:])
	if n == 0 {
		return 0, errSyntax
	}
	m, sec := 0, 0
	switch {
	case rest != "" && rest[0] == ':':
		m, rest, _ = leadingInt(rest[1:])
		if rest != "" && rest[0] == ':' {
			sec, rest, _ = leadingInt(rest[1:])
		}
	case rest == "" && n > 2:
		h, m = h/100, h%100
	}
	if h > maxOffsetHours || m > 59 || sec > 59 {
		return 0, errZone
	}
	if rest != "" {
		return 0, errSyntax
	}
	offset = h*3600 + m*60 + sec
	if s[0] == '-' {
		offset = -offset
	}
	return offset, nil
}

// namedField decodes the name of a zone.
func (dt *datetime) namedField(s string) error {
	loc, err := namedZone(s)
	if err != nil {
		return errSyntax
	}
	dt.zone, dt.named = ZoneRef{loc: loc}, true
	return nil
}

// setJulian sets the date of a Julian day.
func (dt *datetime) setJulian(day int64) {
	c := CivilFromDays(day + int64(MinDate))
	dt.year, dt.month, dt.day, dt.julian = c.Year, c.Month, c.Day, true
}

// finish checks the parts and puts them together.
func (dt *datetime) finish() error {
	if err := dt.checkDate(); err != nil {
		return err
	}
	if dt.meridiem != 0 {
		if dt.hour > 12 {
			return errRange
		}
		dt.hour %= 12
		if dt.meridiem == 2 {
			dt.hour += 12
		}
	}
	if dt.clock && dt.overflows() {
		return errRange
	}
	dt.micros = dt.timeMicros()
	switch {
	case dt.epoch && !dt.clock:
		return nil
	case dt.clock && !dt.has(timeParts), !dt.clock && !dt.has(dateParts):
		return errSyntax
	case dt.has(summerPart) && dt.named:
		return errSyntax
	case dt.clock && dt.named && !dt.has(dateParts):
		if dt.zone.abbrev == "" && !fixedOffset(dt.zone.loc) {
			return errSyntax // the date decides what the zone's offset is
		}
	}
	return nil
}

// fixedOffset reports a zone without changes.
func fixedOffset(loc *time.Location) bool {
	start, end := time.Unix(0, 0).In(loc).ZoneBounds()
	return start.IsZero() && end.IsZero()
}

// checkDate validates the date and turns its year into the astronomical count.
func (dt *datetime) checkDate() error {
	if dt.has(yearPart) && !dt.julian {
		switch {
		case dt.bc:
			if dt.year <= 0 {
				return errRange
			}
			dt.year = 1 - dt.year
		case dt.twoDigit:
			if dt.year < 70 {
				dt.year += 2000
			} else if dt.year < 100 {
				dt.year += 1900
			}
		case dt.year <= 0:
			return errRange // there is no year 0
		}
	}
	if dt.has(dayOfYearPart) {
		c := CivilFromDays(DaysFromCivil(dt.year, 1, 1) + int64(dt.dayOfYear) - 1)
		dt.year, dt.month, dt.day = c.Year, c.Month, c.Day
	}
	switch {
	case dt.has(monthPart) && (dt.month < 1 || dt.month > 12), dt.has(dayPart) && (dt.day < 1 || dt.day > 31):
		return errRange
	case dt.has(dateParts) && dt.day > DaysInMonth(dt.year, dt.month):
		return errRange
	}
	return nil
}

// setNow sets the date or all of the statement's now in the session's zone.
func (dt *datetime) setNow(word int) (partSet, error) {
	dt.relative = true
	if dt.style.NowMicros == 0 {
		return 0, errSyntax
	}
	local := LocalMicros(dt.style.Zone, dt.style.NowMicros)
	days, of := SplitMicros(local)
	switch word {
	case wordTomorrow:
		days++
	case wordYesterday:
		days--
	}
	c := CivilFromDays(days)
	dt.year, dt.month, dt.day, dt.julian = c.Year, c.Month, c.Day, true
	if word != wordNow {
		return dateParts, nil
	}
	dt.hour, dt.minute, dt.second = int(of/MicrosPerHour), int(of/MicrosPerMinute%60), int(of/MicrosPerSecond%60)
	dt.fraction = of % MicrosPerSecond
	dt.offset = int(OffsetAt(dt.style.Zone, dt.style.NowMicros))
	if dt.clock {
		return timeParts, nil
	}
	return dateParts | timeParts | zonePart, nil
}

// maxInt32 bounds the numbers of a date.
const maxInt32 = math.MaxInt32
