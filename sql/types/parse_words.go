package types

import (
	"errors"
	"strings"
)

// errInfinity is the internal sign for the special values that are not supported.
var errInfinity = errors.New("infinity")

// monthNames are matched by their first three letters or in full.
var monthNames = []string{
	"january", "february", "march", "april", "may", "june", "july",
	"august", "september", "october", "november", "december",
}

var dayNames = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

// lookupName returns the index of a full name or a three-letter form of it, −1 if none.
func lookupName(names []string, w string) int {
	for i, n := range names {
		if w == n || w == n[:3] || w == "sept" && n == "september" {
			return i
		}
	}
	return -1
}

// wordScan is the state of reading a date and time in words.
type wordScan struct {
	datetime
	nums  []dateNumber
	named int // a month given by name, 0 if none
	bc    bool
	pm    int // 0 unknown, 1 AM, 2 PM
}

// dateNumber is a number of a date with how many digits it was written.
type dateNumber struct{ v, digits int }

// scanWords reads dates in the other orders that PostgreSQL accepts: 1/8/1999
// (month first), 19990108, January 8, 1999, 8-Jan-1999, Jan-08-1999; with a clock,
// AM or PM, a zone, BC.
func scanWords(s string) (datetime, error) {
	var w wordScan
	if strings.EqualFold(strings.TrimLeft(s, "+-"), "infinity") {
		return w.datetime, errInfinity
	}
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' }) {
		if err := w.word(word); err != nil {
			return w.datetime, err
		}
	}
	if err := w.finishDate(); err != nil {
		return w.datetime, err
	}
	if w.pm != 0 {
		if !w.hasTime || w.micros >= 13*MicrosPerHour {
			return w.datetime, errRange
		}
		w.micros %= 12 * MicrosPerHour
		if w.pm == 2 {
			w.micros += 12 * MicrosPerHour
		}
	}
	if !w.hasDate && !w.hasTime {
		return w.datetime, errSyntax
	}
	return w.datetime, w.check(w.bc)
}

// word reads one blank-separated word.
func (w *wordScan) word(word string) error {
	if strings.Contains(word, ":") && !strings.ContainsAny(word[:1], "+-") {
		return w.clockWord(word)
	}
	c := word[0]
	switch {
	case c == '+' || c == '-':
		if !w.hasTime {
			return errSyntax
		}
		return w.scanZone(word)
	case c >= '0' && c <= '9':
		return w.dateWord(word)
	}
	return w.nameWord(word)
}

// clockWord reads a word with a clock in it, perhaps after a date and a 'T'.
func (w *wordScan) clockWord(word string) error {
	if i := strings.IndexAny(word, "Tt"); i > 0 && i < strings.IndexByte(word, ':') {
		if err := w.dateWord(word[:i]); err != nil {
			return err
		}
		word = word[i+1:]
	}
	if w.hasTime {
		return errSyntax
	}
	rest, err := w.scanClock(word)
	if err != nil || rest == "" {
		return err
	}
	if w.meridiem(rest) {
		return nil
	}
	return w.scanZone(rest)
}

func (w *wordScan) meridiem(word string) bool {
	switch strings.ToLower(word) {
	case "am":
		w.pm = 1
	case "pm":
		w.pm = 2
	default:
		return false
	}
	return true
}

// nameWord reads a month, a weekday (ignored), an era, AM or PM, or a zone.
func (w *wordScan) nameWord(word string) error {
	low := strings.ToLower(word)
	if i := strings.IndexByte(low, '-'); i > 0 && lookupName(monthNames, low[:i]) >= 0 {
		return w.dateWord(word)
	}
	if m := lookupName(monthNames, low); m >= 0 && w.named == 0 {
		w.named = m + 1
		return nil
	}
	if lookupName(dayNames, low) >= 0 || low == "ad" {
		return nil
	}
	if low == "bc" {
		w.bc = true
		return nil
	}
	if w.meridiem(low) {
		return nil
	}
	if w.hasOffset || w.zone != nil {
		return errSyntax
	}
	return w.scanZone(word)
}

// dateWord reads numbers joined by - / or . with possibly a month's name among them.
func (w *wordScan) dateWord(word string) error {
	for _, part := range strings.FieldsFunc(word, func(r rune) bool { return r == '-' || r == '/' || r == '.' }) {
		v, rest, n := leadingInt(part)
		switch {
		case n > 0 && rest == "":
			w.nums = append(w.nums, dateNumber{v, n})
		case n == 0 && w.named == 0:
			m := lookupName(monthNames, strings.ToLower(part))
			if m < 0 {
				return errSyntax
			}
			w.named = m + 1
		default:
			return errSyntax
		}
	}
	return nil
}

// finishDate assigns the numbers to year, month and day: eight or six digits
// alone are YYYYMMDD or YYMMDD, a number of three digits or more is the year, the rest is
// in the order month, day, year.
func (w *wordScan) finishDate() error {
	n := w.nums
	if len(n) == 0 && w.named == 0 {
		return nil
	}
	w.hasDate = true
	if len(n) == 1 && w.named == 0 && (n[0].digits == 8 || n[0].digits == 6) {
		v := n[0].v
		w.year, w.month, w.day = v/10000, v/100%100, v%100
		if n[0].digits == 6 {
			w.year = twoDigitYear(w.year)
		}
		return nil
	}
	want := 3
	if w.named != 0 {
		want = 2
	}
	if len(n) != want {
		return errSyntax
	}
	first := n[0].digits > 2 // the year comes first
	if first {
		w.setYear(n[0])
		n = n[1:]
	} else {
		w.setYear(n[len(n)-1])
		n = n[:len(n)-1]
	}
	if w.named != 0 {
		w.month, w.day = w.named, n[0].v
	} else {
		w.month, w.day = n[0].v, n[1].v
	}
	return nil
}

func (w *wordScan) setYear(n dateNumber) {
	w.year = n.v
	if n.digits <= 2 {
		w.year = twoDigitYear(n.v)
	}
}

// twoDigitYear puts 0–69 into the 2000s and 70–99 into the 1900s.
func twoDigitYear(y int) int {
	if y < 70 {
		return 2000 + y
	}
	return 1900 + y
}
