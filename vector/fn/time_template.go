package fn

import (
	"strings"
	"sync/atomic"
	"unicode/utf8"
)

// timeKey is a pattern of the templates of to_char, to_date and to_timestamp.
type timeKey uint8

const (
	keyFX timeKey = iota // the text has exactly the template's width
	keyAM
	keyAMDots
	keyAD
	keyADDots
	keyCC
	keyDayName
	keyDayShort
	keyDayOfYear
	keyDay
	keyWeekday
	keyFraction // FF1 to FF6, with its digits
	keyHour12
	keyHour24
	keyISODayOfYear
	keyISODay
	keyISOWeek
	keyISOYear // IYYY, IYY, IY, I, with its digits
	keyJulian
	keyMonthName
	keyMonthShort
	keyMonth
	keyMinute
	keyMillis
	keyOffset
	keyQuarter
	keyRoman
	keySecond
	keySecondOfDay
	keyZoneHour
	keyZoneMinute
	keyZone
	keyMicros
	keyWeek
	keyWeekOfMonth
	keyYear // YYYY, YYY, YY, Y, with its digits
	keyYearComma
)

// letterCase is the case in which a pattern was written.
type letterCase uint8

const (
	upperCase letterCase = iota
	titleCase
	lowerCase
)

// Which calendar a pattern belongs to; one template may use one of them.
const (
	anyCalendar = iota
	gregorianCalendar
	isoCalendar
)

// timeSpec is a pattern's spelling and properties.
type timeSpec struct {
	name     string // upper case
	key      timeKey
	digits   int  // of FFn, years
	number   bool // its text is digits
	calendar uint8
}

// timeSpecs are the patterns; of two that fit, the first counts.
var timeSpecs = []timeSpec{
	{"A.D.", keyADDots, 0, false, anyCalendar}, {"A.M.", keyAMDots, 0, false, anyCalendar},
	{"AD", keyAD, 0, false, anyCalendar}, {"AM", keyAM, 0, false, anyCalendar},
	{"B.C.", keyADDots, 0, false, anyCalendar}, {"BC", keyAD, 0, false, anyCalendar}, {"CC", keyCC, 0, true, anyCalendar},
	{"DAY", keyDayName, 0, false, anyCalendar}, {"DDD", keyDayOfYear, 0, true, gregorianCalendar}, {"DD", keyDay, 0, true, gregorianCalendar},
	{"DY", keyDayShort, 0, false, anyCalendar}, {"D", keyWeekday, 0, true, gregorianCalendar},
	{"FF1", keyFraction, 1, true, anyCalendar}, {"FF2", keyFraction, 2, true, anyCalendar}, {"FF3", keyFraction, 3, true, anyCalendar},
	{"FF4", keyFraction, 4, true, anyCalendar}, {"FF5", keyFraction, 5, true, anyCalendar}, {"FF6", keyFraction, 6, true, anyCalendar},
	{"FX", keyFX, 0, false, anyCalendar}, {"HH24", keyHour24, 0, true, anyCalendar}, {"HH12", keyHour12, 0, true, anyCalendar}, {"HH", keyHour12, 0, true, anyCalendar},
	{"IDDD", keyISODayOfYear, 0, true, isoCalendar}, {"ID", keyISODay, 0, true, isoCalendar}, {"IW", keyISOWeek, 0, true, isoCalendar},
	{"IYYY", keyISOYear, 4, true, isoCalendar}, {"IYY", keyISOYear, 3, true, isoCalendar}, {"IY", keyISOYear, 2, true, isoCalendar}, {"I", keyISOYear, 1, true, isoCalendar},
	{"J", keyJulian, 0, true, anyCalendar}, {"MI", keyMinute, 0, true, anyCalendar}, {"MM", keyMonth, 0, true, gregorianCalendar},
	{"MONTH", keyMonthName, 0, false, gregorianCalendar}, {"MON", keyMonthShort, 0, false, gregorianCalendar}, {"MS", keyMillis, 0, true, anyCalendar},
	{"OF", keyOffset, 0, false, anyCalendar}, {"P.M.", keyAMDots, 0, false, anyCalendar}, {"PM", keyAM, 0, false, anyCalendar},
	{"Q", keyQuarter, 0, true, anyCalendar}, {"RM", keyRoman, 0, false, gregorianCalendar},
	{"SSSSS", keySecondOfDay, 0, true, anyCalendar}, {"SSSS", keySecondOfDay, 0, true, anyCalendar}, {"SS", keySecond, 0, true, anyCalendar},
	{"TZH", keyZoneHour, 0, false, anyCalendar}, {"TZM", keyZoneMinute, 0, true, anyCalendar}, {"TZ", keyZone, 0, false, anyCalendar},
	{"US", keyMicros, 0, true, anyCalendar}, {"WW", keyWeek, 0, true, gregorianCalendar}, {"W", keyWeekOfMonth, 0, true, gregorianCalendar},
	{"Y,YYY", keyYearComma, 0, true, gregorianCalendar}, {"YYYY", keyYear, 4, true, gregorianCalendar}, {"YYY", keyYear, 3, true, gregorianCalendar},
	{"YY", keyYear, 2, true, gregorianCalendar}, {"Y", keyYear, 1, true, gregorianCalendar},
}

// templateKind is what a node of a template is.
type templateKind uint8

const (
	patternNode   templateKind = iota
	characterNode              // one character, copied or skipped
	separatorNode              // punctuation
	blankNode
)

// templateNode is a pattern with its modifiers, or one character.
type templateNode struct {
	kind   templateKind
	spec   *timeSpec
	letter letterCase
	// fill is FM before it (no padding), local TM; ordinal is 't' or 'T' for th or TH after it.
	fill, local bool
	ordinal     byte
	text        string
}

// timeTemplate is a parsed template.
type timeTemplate struct {
	text  string
	nodes []templateNode
}

// lastTimeTemplate is the template that was parsed last: most calls have the same.
var lastTimeTemplate atomic.Pointer[timeTemplate]

// parseTimeTemplate cuts a template into nodes.
func parseTimeTemplate(text string) *timeTemplate {
	if t := lastTimeTemplate.Load(); t != nil && t.text == text {
		return t
	}
	t := &timeTemplate{text: text}
	for s := text; s != ""; {
		n := templateNode{}
		if len(s) >= 2 {
			switch s[:2] {
			case "FM", "fm":
				n.fill, s = true, s[2:]
			case "TM", "tm":
				n.local, s = true, s[2:]
			}
		}
		if spec, letter := matchTimeSpec(s); spec != nil {
			n.spec, n.letter, s = spec, letter, s[len(spec.name):]
			if len(s) >= 2 {
				switch s[:2] {
				case "TH", "th":
					n.ordinal, s = s[0], s[2:]
				case "SP":
					s = s[2:] // spelled out: not implemented in PostgreSQL either
				}
			}
			t.nodes = append(t.nodes, n)
			continue
		}
		if s != "" {
			t.nodes, s = appendCharacters(t.nodes, s)
		}
	}
	lastTimeTemplate.Store(t)
	return t
}

// appendCharacters appends the character at the start of s, or those in quotes.
func appendCharacters(nodes []templateNode, s string) ([]templateNode, string) {
	take := func(kind templateKind) {
		_, n := utf8.DecodeRuneInString(s)
		nodes = append(nodes, templateNode{kind: kind, text: s[:n]})
		s = s[n:]
	}
	if s[0] == '"' {
		for s = s[1:]; s != ""; {
			if s[0] == '"' {
				return nodes, s[1:]
			}
			if s[0] == '\\' && len(s) > 1 {
				s = s[1:]
			}
			take(characterNode)
		}
		return nodes, s
	}
	if strings.HasPrefix(s, `\"`) {
		s = s[1:]
	}
	switch {
	case isSeparator(s[0]):
		take(separatorNode)
	case isTemplateBlank(s[0]):
		take(blankNode)
	default:
		take(characterNode)
	}
	return nodes, s
}

// isSeparator reports ASCII punctuation.
func isSeparator(c byte) bool { return c > ' ' && c < 0x7f && !isLetterOrDigit(c) }

func isLetterOrDigit(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
}

func isTemplateBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// timeSpecIndex leads from a first letter, in upper case, to the patterns.
var timeSpecIndex = func() (index ['Z' - 'A' + 1][]*timeSpec) {
	for i := range timeSpecs {
		c := timeSpecs[i].name[0] - 'A'
		index[c] = append(index[c], &timeSpecs[i])
	}
	return index
}()

// matchTimeSpec finds the pattern at the start of s: all its letters in upper case or in
// lower case, names with a capital too.
func matchTimeSpec(s string) (*timeSpec, letterCase) {
	if s == "" || s[0]|0x20 < 'a' || s[0]|0x20 > 'z' {
		return nil, upperCase
	}
	for _, spec := range timeSpecIndex[s[0]&^0x20-'A'] {
		if len(s) < len(spec.name) {
			continue
		}
		head := s[:len(spec.name)]
		switch {
		case head == spec.name:
			return spec, upperCase
		case !strings.EqualFold(head, spec.name):
		case head == strings.ToLower(spec.name):
			return spec, lowerCase
		case head[1:] == strings.ToLower(spec.name[1:]) && spec.isName():
			return spec, titleCase
		}
	}
	return nil, upperCase
}

func (s *timeSpec) isName() bool {
	return s.key == keyMonthName || s.key == keyMonthShort || s.key == keyDayName || s.key == keyDayShort
}

// monthNames and dayNames are in the form of Month and Day.
var (
	monthNames = []string{
		"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
	}
	dayNames = []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	// romanNumbers run down, so that XII is found before XI and X.
	romanNumbers = []string{"XII", "XI", "X", "IX", "VIII", "VII", "VI", "V", "IV", "III", "II", "I"}
)
