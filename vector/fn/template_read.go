package fn

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"htapdb/sql/sqlstate"
)

// templateReader reads a text by the nodes of a template.
type templateReader struct {
	s     string // all of the text
	at    int
	parts templateParts
	exact bool // FX: each node takes its width
	// extra is how many more characters were skipped than the template has for it:
	// they are taken off the next ones to skip.
	extra int
}

// run reads node by node, until either ends.
func (r *templateReader) run(nodes []templateNode) error {
	for i := range nodes {
		if r.at >= len(r.s) {
			break
		}
		n := &nodes[i]
		if !r.exact && (n.kind != patternNode || n.spec.key != keyFX) && (n.kind == patternNode || i == 0) {
			r.extra += r.skipBlanks()
			if r.at >= len(r.s) && n.kind != patternNode {
				break
			}
		}
		if n.kind != patternNode {
			r.skip(n)
			continue
		}
		if err := r.pattern(n, digitsEnd(nodes, i)); err != nil {
			return err
		}
		if !r.exact {
			r.extra = r.skipBlanks()
		}
	}
	return nil
}

func (r *templateReader) skipBlanks() (count int) {
	start := r.at
	for r.at < len(r.s) && isTemplateBlank(r.s[r.at]) {
		r.at++
	}
	return r.at - start
}

// skip passes over what a character of the template stands for: any one character;
// for a separator or blank one of those, if there is one.
func (r *templateReader) skip(n *templateNode) {
	switch {
	case r.exact:
		r.skipRune()
	case n.kind == characterNode && r.extra > 0:
		r.extra--
	case n.kind == characterNode:
		r.skipRune()
	default:
		r.extra--
		if c := r.s[r.at]; isTemplateBlank(c) || isSeparator(c) {
			r.at++
			r.extra++
		}
	}
}

func (r *templateReader) skipRune() {
	_, n := utf8.DecodeRuneInString(r.s[r.at:])
	r.at += n
}

// digitsEnd reports that what follows node i does not begin with a digit, so
// that its number may be as long as its digits go.
func digitsEnd(nodes []templateNode, i int) bool {
	if nodes[i].ordinal != 0 || i+1 == len(nodes) {
		return true
	}
	next := &nodes[i+1]
	if next.kind == patternNode {
		return !next.spec.number
	}
	return len(next.text) != 1 || next.text[0] < '0' || next.text[0] > '9'
}

// pattern reads the text of one pattern.
func (r *templateReader) pattern(n *templateNode, open bool) error {
	p, spec := &r.parts, n.spec
	if spec.calendar != anyCalendar {
		if p.calendar != anyCalendar && p.calendar != spec.calendar {
			return sqlstate.New(sqlstate.InvalidDatetimeFormat, "invalid combination of date conventions").
				WithHint("Do not mix Gregorian and ISO week date conventions in a formatting template.")
		}
		p.calendar = spec.calendar
	}
	number := func(dst *int) error {
		_, err := r.number(dst, n, len(spec.name), open)
		return err
	}
	switch spec.key {
	case keyFX:
		r.exact = true
		return nil
	case keyAM, keyAMDots:
		p.twelve = true
		return r.word(n, &p.pm, 0, 1, n.pick(false, "AM", "", "A.M.", ""), n.pick(true, "", "PM", "", "P.M."))
	case keyAD, keyADDots:
		return r.word(n, &p.bc, 0, 1, n.pick(false, "AD", "", "A.D.", ""), n.pick(true, "", "BC", "", "B.C."))
	case keyMonthName:
		return r.word(n, &p.month, 1, 1, monthNames...)
	case keyMonthShort:
		return r.word(n, &p.month, 1, 1, shortNames(monthNames)...)
	case keyDayName:
		return r.weekday(n, dayNames)
	case keyDayShort:
		return r.weekday(n, shortNames(dayNames))
	case keyRoman:
		return r.word(n, &p.month, 12, -1, romanNumbers...)
	case keyZone, keyOffset:
		return sqlstate.New(sqlstate.FeatureNotSupported, "formatting field \"%s\" is only supported in to_char", spec.name)
	case keyHour12:
		p.twelve = true
		return r.fixed(&p.hour, n, 2, open)
	case keyHour24:
		return r.fixed(&p.hour, n, 2, open)
	case keyMinute:
		return number(&p.minute)
	case keySecond:
		return number(&p.second)
	case keySecondOfDay:
		return number(&p.secondOfDay)
	case keyMillis:
		return r.fraction(&p.millis, n, 3, open)
	case keyMicros:
		return r.fraction(&p.micros, n, 6, open)
	case keyFraction:
		p.decimals = spec.digits
		return r.micros(n, open)
	case keyZoneHour:
		return r.zoneHour(n, open)
	case keyZoneMinute:
		if p.zoneSign == 0 {
			p.zoneSign = 1
		}
		return r.fixed(&p.zoneMinute, n, 2, open)
	}
	return r.datePattern(n, open, number)
}

// datePattern is pattern for the numbers of dates.
func (r *templateReader) datePattern(n *templateNode, open bool, number func(*int) error) error {
	p := &r.parts
	switch n.spec.key {
	case keyMonth:
		return number(&p.month)
	case keyDay:
		return number(&p.day)
	case keyDayOfYear:
		return number(&p.dayOfYear)
	case keyISODayOfYear:
		return r.fixed(&p.dayOfYear, n, 3, open)
	case keyWeekday:
		return number(&p.weekday)
	case keyISODay:
		err := r.fixed(&p.weekday, n, 1, open)
		// Monday is 1 here and 2 there.
		if p.weekday++; p.weekday > 7 {
			p.weekday = 1
		}
		return err
	case keyWeek, keyISOWeek:
		return number(&p.week)
	case keyWeekOfMonth:
		return number(&p.weekOfMonth)
	case keyQuarter:
		var ignored int // which day of the quarter it would be is not clear
		return number(&ignored)
	case keyCC:
		return number(&p.century)
	case keyJulian:
		return number(&p.julian)
	case keyYearComma:
		return r.yearComma(n)
	case keyYear, keyISOYear:
		p.yearDigits = n.spec.digits
		var year int
		used, err := r.number(&year, n, n.spec.digits, open)
		if err != nil {
			return err
		}
		if used < 4 && n.spec.digits < 4 {
			year = nearYear(year)
		}
		return setPart(&p.year, year, n)
	}
	return nil
}

// nearYear puts a year of up to three digits next to 2020.
func nearYear(y int) int {
	switch {
	case y < 70:
		return y + 2000
	case y < 100:
		return y + 1900
	case y < 520:
		return y + 2000
	case y < 1000:
		return y + 1000
	}
	return y
}

func shortNames(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = n[:3]
	}
	return out
}

func badTemplate(in string, n *templateNode, detail string, args ...any) error {
	return sqlstate.New(sqlstate.InvalidDatetimeFormat, "invalid value \"%s\" for \"%s\"", firstRunes(in, 10), n.spec.name).WithDetail(detail, args...)
}

// firstRunes is the start of s for a message.
func firstRunes(s string, count int) string { return s[:offset(s, count)] }

// setPart stores a part, which the text may repeat but not contradict.
func setPart(dst *int, v int, n *templateNode) error {
	if *dst != 0 && *dst != v {
		return sqlstate.New(sqlstate.InvalidDatetimeFormat, "conflicting values for \"%s\" field in formatting string", n.spec.name).
			WithDetail("This value contradicts a previous setting for the same field type.")
	}
	*dst = v
	return nil
}

// word reads one of the names, in any case; the first stands for base, each next for step more.
func (r *templateReader) word(n *templateNode, dst *int, base, step int, names ...string) error {
	in := r.s[r.at:]
	for i, name := range names {
		if len(in) >= len(name) && strings.EqualFold(in[:len(name)], name) {
			r.at += len(name)
			return setPart(dst, base+i*step, n)
		}
	}
	return badTemplate(in, n, "The given value did not match any of the allowed values for this field.")
}

// weekday reads a day's name: 1 is Sunday, which is one more than the value that a
// weekday before may not contradict (PostgreSQL compares so).
func (r *templateReader) weekday(n *templateNode, names []string) error {
	err := r.word(n, &r.parts.weekday, 0, 1, names...)
	r.parts.weekday++
	return err
}

// fixed reads a number of width digits, or as many as there are if open.
func (r *templateReader) fixed(dst *int, n *templateNode, width int, open bool) error {
	_, err := r.number(dst, n, width, open)
	return err
}

// number reads a number and returns how many characters it took, blanks before it
// included. open or FM takes all digits, else there have to be exactly width characters.
func (r *templateReader) number(dst *int, n *templateNode, width int, open bool) (used int, err error) {
	start := r.at
	r.skipBlanks()
	in := r.s[r.at:]
	var v, length int
	var inRange bool
	if n.fill || open {
		v, length, inRange = leadingNumber(in)
	} else {
		if len(in) < width {
			return 0, sqlstate.New(sqlstate.InvalidDatetimeFormat, "source string too short for \"%s\" formatting field", n.spec.name).
				WithDetail("Field requires %d characters, but only %d remain.", width, len(in))
		}
		if v, length, inRange = leadingNumber(in[:width]); length > 0 && length < width {
			return 0, badTemplate(in[:width], n, "Field requires %d characters, but only %d could be parsed.", width, length)
		}
	}
	if r.at += length; length == 0 {
		return 0, badTemplate(in[:min(len(in), width)], n, "Value must be an integer.")
	}
	if !inRange {
		return 0, sqlstate.New(sqlstate.DatetimeFieldOverflow, "value for \"%s\" in source string is out of range", n.spec.name).
			WithDetail("Value must be in the range %d to %d.", math.MinInt32, math.MaxInt32)
	}
	used = r.at - start
	if n.ordinal != 0 && n.spec.key != keyZoneHour && n.spec.key != keyZoneMinute {
		r.at = min(r.at+2, len(r.s)) // whatever it says
	}
	return used, setPart(dst, v, n)
}

// leadingNumber reads blanks, a sign and digits.
func leadingNumber(s string) (v, length int, inRange bool) {
	i := 0
	for i < len(s) && isTemplateBlank(s[i]) {
		i++
	}
	begin := i
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	digits := i
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	if i == digits {
		return 0, 0, false
	}
	n, err := strconv.ParseInt(s[begin:i], 10, 32)
	return int(n), i, err == nil
}

// fraction reads decimals of a second: 25 is .25 and 025 is .025.
func (r *templateReader) fraction(dst *int, n *templateNode, places int, open bool) error {
	var v int
	used, err := r.number(&v, n, places, open)
	if err != nil {
		return err
	}
	for ; used < places; used++ {
		if v > math.MaxInt32/10 {
			break
		}
		v *= 10
	}
	return setPart(dst, v, n)
}

// micros reads the decimals of FF1 to FF6 as µs.
func (r *templateReader) micros(n *templateNode, open bool) error {
	var v int
	used, err := r.number(&v, n, n.spec.digits, open)
	if err != nil {
		return err
	}
	for ; used < 6 && v <= math.MaxInt32/10; used++ {
		v *= 10
	}
	return setPart(&r.parts.micros, v, n)
}

// zoneHour reads the sign and hours of an offset. A minus that was skipped as a
// separator is its sign.
func (r *templateReader) zoneHour(n *templateNode, open bool) error {
	sign := 1
	switch c := r.s[min(r.at, len(r.s)-1)]; {
	case r.at == len(r.s):
	case c == '-':
		sign = -1
		r.at++
	case c == '+' || c == ' ':
		r.at++
	case r.extra > 0 && r.s[r.at-1] == '-':
		sign = -1
	}
	r.parts.zoneSign = sign
	return r.fixed(&r.parts.zoneHour, n, 2, open)
}

// yearComma reads 2,024.
func (r *templateReader) yearComma(n *templateNode) error {
	in := r.s[r.at:]
	thousands, used, ok := leadingNumber(in)
	bad := sqlstate.New(sqlstate.InvalidDatetimeFormat, "invalid input string for \"Y,YYY\"")
	if used == 0 || !ok || used >= len(in) || in[used] != ',' {
		return bad
	}
	rest := in[used+1:]
	// Of the rest at most three characters are the year's.
	years, length, _ := leadingNumber(rest[:min(3, len(rest))])
	if length == 0 {
		return bad
	}
	r.at += used + 1 + length
	r.parts.yearDigits = 4
	if n.ordinal != 0 {
		r.at = min(r.at+2, len(r.s))
	}
	if thousands > math.MaxInt32/1000-1 || thousands < math.MinInt32/1000+1 {
		return sqlstate.New(sqlstate.DatetimeFieldOverflow, "value for \"Y,YYY\" in source string is out of range")
	}
	return setPart(&r.parts.year, years+thousands*1000, n)
}
