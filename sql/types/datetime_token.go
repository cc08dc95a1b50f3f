package types

// A text of a date, time or interval is first cut into fields by their looks and
// then decoded from left to right (intervals: from right to left), as
// PostgreSQL documents it in the appendix "Date/Time Input Interpretation".

// fieldKind is what a field of a date's text looks like.
type fieldKind uint8

const (
	numberField  fieldKind = iota // digits, possibly with a point
	dateField                     // joined by -, / or .
	timeField                     // with colons
	zoneField                     // a sign and digits
	wordField                     // letters, in lower case
	specialField                  // a sign and letters
)

// textField is one field with its text, in lower case.
type textField struct {
	kind fieldKind
	text string
}

// maxFields is PostgreSQL's limit on the fields of one text.
const maxFields = 25

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// isPunct reports ASCII punctuation.
func isPunct(c byte) bool { return c > ' ' && c < 0x7f && !isDigit(c) && !isAlpha(c) }

// fieldScanner cuts a text into fields.
type fieldScanner struct {
	s  string
	at int
}

func (f *fieldScanner) peek() byte {
	if f.at < len(f.s) {
		return f.s[f.at]
	}
	return 0
}

func (f *fieldScanner) skip(ok func(byte) bool) {
	for f.at < len(f.s) && ok(f.s[f.at]) {
		f.at++
	}
}

// splitFields cuts s. ok is false for a character that belongs nowhere.
func splitFields(s string) (out []textField, ok bool) {
	f := fieldScanner{s: lowerASCII(s)}
	var fixed [8]textField
	out = fixed[:0]
	for f.at < len(f.s) {
		c := f.s[f.at]
		if isBlank(c) {
			f.at++
			continue
		}
		if len(out) == maxFields {
			return nil, false
		}
		start := f.at
		kind := numberField
		switch {
		case isDigit(c):
			kind = f.number()
		case c == '.':
			f.at++
			f.skip(isDigit)
		case isAlpha(c):
			kind = f.word()
		case c == '+' || c == '-':
			f.at++
			f.skip(isBlank)
			switch next := f.peek(); {
			case isDigit(next) || next == '.':
				kind = zoneField
				begin := f.at
				f.skip(func(c byte) bool { return isDigit(c) || c == ':' || c == '.' || c == '-' })
				out = append(out, textField{kind, f.s[start:start+1] + f.s[begin:f.at]})
			case isAlpha(next):
				begin := f.at
				f.skip(isAlpha)
				out = append(out, textField{specialField, f.s[start:start+1] + f.s[begin:f.at]})
			default:
				return nil, false
			}
			continue
		case isPunct(c):
			f.at++ // ignore other punctuation but use it as delimiter
			continue
		default:
			return nil, false
		}
		out = append(out, textField{kind, f.s[start:f.at]})
	}
	return out, true
}

// number takes a field that begins with a digit.
func (f *fieldScanner) number() fieldKind {
	f.skip(isDigit)
	switch d := f.peek(); d {
	case ':':
		f.skip(func(c byte) bool { return isDigit(c) || c == ':' || c == '.' })
		return timeField
	case '-', '/', '.':
		f.at++
		if !isDigit(f.peek()) {
			// The second part is a month's name.
			f.skip(func(c byte) bool { return isDigit(c) || isAlpha(c) || c == d })
			return dateField
		}
		kind := dateField
		if d == '.' {
			kind = numberField
		}
		f.skip(isDigit)
		if f.peek() == d {
			kind = dateField
			f.skip(func(c byte) bool { return isDigit(c) || c == d })
		}
		return kind
	}
	return numberField
}

// word takes a field that begins with a letter: a word, or a date or a zone's
// name with punctuation in it.
func (f *fieldScanner) word() fieldKind {
	start := f.at
	f.skip(isAlpha)
	c := f.peek()
	joined := c == '-' || c == '/' || c == '.'
	if c == '+' || isDigit(c) {
		_, known := dateWords[f.s[start:f.at]]
		joined = !known
	}
	if !joined {
		return wordField
	}
	f.skip(func(c byte) bool {
		return isDigit(c) || isAlpha(c) || c == '+' || c == '-' || c == '/' || c == '_' || c == '.' || c == ':'
	})
	return dateField
}

// lowerASCII is s with its ASCII letters in lower case.
func lowerASCII(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= 'A' && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if b[i] >= 'A' && b[i] <= 'Z' {
					b[i] |= 0x20
				}
			}
			return string(b)
		}
	}
	return s
}

// wordClass is what a word in a date's text is.
type wordClass uint8

const (
	ignoredWord wordClass = iota // at, on
	monthWord
	weekdayWord
	meridiemWord // value 1 AM, 2 PM
	eraWord      // value 1 BC
	summerWord   // DST after a zone
	unitWord     // announces what the next number is: y2001m02d04
	timeWord     // the t of ISO 8601
	relativeWord // now, today …
	midnightWord // allballs
	epochWord
	infinityWord
)

// dateWord is a word with its meaning.
type dateWord struct {
	class wordClass
	value int
}

// The units that a unitWord announces.
const (
	unitYear = iota + 1
	unitMonth
	unitDay
	unitHour
	unitMinute
	unitSecond
	unitJulian
	unitTime
	unitOther // a unit that no date takes
)

// The values of relative words.
const (
	wordNow = iota
	wordToday
	wordTomorrow
	wordYesterday
)

// dateWords are the words of dates in lower case.
var dateWords = func() map[string]dateWord {
	m := map[string]dateWord{
		"at": {ignoredWord, 0}, "on": {ignoredWord, 0}, "am": {meridiemWord, 1}, "pm": {meridiemWord, 2},
		"ad": {eraWord, 0}, "bc": {eraWord, 1}, "dst": {summerWord, 0}, "t": {timeWord, unitTime},
		"y": {unitWord, unitYear}, "m": {unitWord, unitMonth}, "d": {unitWord, unitDay}, "h": {unitWord, unitHour},
		"mm": {unitWord, unitMinute}, "s": {unitWord, unitSecond},
		"j": {unitWord, unitJulian}, "jd": {unitWord, unitJulian}, "julian": {unitWord, unitJulian},
		"dow": {unitWord, unitOther}, "doy": {unitWord, unitOther}, "isodow": {unitWord, unitOther}, "isoyear": {unitWord, unitOther},
		"now": {relativeWord, wordNow}, "today": {relativeWord, wordToday},
		"tomorrow": {relativeWord, wordTomorrow}, "yesterday": {relativeWord, wordYesterday},
		"allballs": {midnightWord, 0}, "epoch": {epochWord, 0},
		"infinity": {infinityWord, 0}, "+infinity": {infinityWord, 0}, "-infinity": {infinityWord, 0},
		"sept": {monthWord, 9}, "tues": {weekdayWord, 2}, "weds": {weekdayWord, 3}, "thur": {weekdayWord, 4}, "thurs": {weekdayWord, 4},
	}
	for i, name := range monthNames {
		m[name], m[name[:3]] = dateWord{monthWord, i + 1}, dateWord{monthWord, i + 1}
	}
	for i, name := range dayNames {
		m[name], m[name[:3]] = dateWord{weekdayWord, i}, dateWord{weekdayWord, i}
	}
	return m
}()

var monthNames = []string{
	"january", "february", "march", "april", "may", "june", "july",
	"august", "september", "october", "november", "december",
}

var dayNames = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
