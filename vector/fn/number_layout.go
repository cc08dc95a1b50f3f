package fn

import (
	"strings"

	"htapdb/sql/sqlstate"
)

// numberLayout lays the digits of one number out over a template.
type numberLayout struct {
	*numberTemplate
	whole, decimals int
	anchor          signPlace
	bracket         bool

	digits string // with a point if there are decimals
	next   int    // the digit to write
	// last is the index of the last digit that FM shows, −1 if all are shown.
	last   int
	blanks int // digit places before the number's first
	places int // written so far
	count  int // the index of the last place
	neg    bool
	signed bool // the sign is written, or will be by a pattern of its own
	inside bool // the place before showed a digit
	out    []byte
	err    error
}

// layout is a layout whose places are the template's.
func (t *numberTemplate) layout() numberLayout {
	return numberLayout{numberTemplate: t, whole: t.whole + t.shift, decimals: t.decimals, anchor: t.anchor, bracket: t.bracket, last: -1}
}

// layOut writes a text that is no row of digits: a Roman numeral, or what stands
// for a number with an exponent.
func (t *numberTemplate) layOut(text string, roman bool) string {
	if !roman {
		return text
	}
	l := t.layout()
	l.digits = text
	l.run()
	return l.text()
}

// number writes digits, or # in all places if there are too few of them.
//
// Errors: 22P02 TH after a text that ends in no digit.
func (l *numberLayout) number(digits string, neg bool) (string, error) {
	whole := strings.IndexByte(digits, '.')
	if whole < 0 {
		whole = len(digits)
	}
	if whole < l.whole {
		l.blanks = l.whole - whole
	} else if whole > l.whole {
		digits = strings.Repeat("#", l.whole) + "." + strings.Repeat("#", l.decimals)
	}
	l.digits, l.neg = digits, neg
	l.prepare()
	l.run()
	return l.text(), l.err
}

// text is what was written up to a place beyond the number's end, which has
// nothing to show and ends it.
func (l *numberLayout) text() string {
	text, _, _ := strings.Cut(string(l.out), "\x00")
	return text
}

// prepare decides where the sign goes and which decimals FM drops.
func (l *numberLayout) prepare() {
	if l.plus || l.minus {
		l.signed = l.minus // MI and SG are the sign, beside PL there is one more
	} else {
		if !l.neg && l.fill {
			l.bracket = false
		}
		l.signed = !l.neg && l.fill && !l.anchored
		if l.anchor == signBefore && l.whole == l.signPlaces {
			l.anchor = signAfter
		}
	}
	l.count = l.decimals + l.whole - 1
	if l.fill && l.point {
		l.last = lastDecimal(l.digits)
		if l.last >= 0 && l.zeroEnd > l.blanks {
			l.last = max(l.last, min(len(l.digits)-1, l.zeroEnd-l.blanks))
		}
	}
	if !l.signed && l.blanks == 0 {
		l.count++
	}
}

// lastDecimal is the index of the last decimal that is not 0, or of the point; −1
// without a point.
func lastDecimal(digits string) int {
	at := strings.IndexByte(digits, '.')
	if at < 0 {
		return -1
	}
	for i := at + 1; i < len(digits); i++ {
		if digits[i] != '0' {
			at = i
		}
	}
	return at
}

// run writes node by node.
func (l *numberLayout) run() {
	for i := range l.nodes {
		n := &l.nodes[i]
		switch n.key {
		case numText:
			l.out = append(l.out, n.text...)
		case numNine, numZero, numPoint:
			if !l.roman {
				l.place(n.key)
			}
		case numComma:
			if l.inside {
				l.out = append(l.out, ',')
			} else {
				l.pad()
			}
		case numCurrency:
			l.out = append(l.out, ' ') // the currency of the locale C
		case numRoman:
			text := l.digits
			if n.lower {
				text = strings.ToLower(text)
			}
			if !l.fill {
				text = strings.Repeat(" ", max(romanWidth-len(text), 0)) + text
			}
			l.out = append(l.out, text...)
		case numOrdinal:
			l.ordinal(!n.lower)
		case numMinus:
			l.signIf(l.neg)
		case numPlus:
			l.signIf(!l.neg && !l.roman)
		case numSign:
			if l.roman {
				l.out = append(l.out, 0) // it has none, and ends the text
			} else {
				l.sign()
			}
		}
	}
}

// ordinal writes the number's ending, if it is whole and not negative.
func (l *numberLayout) ordinal(upper bool) {
	if l.roman || strings.HasPrefix(l.digits, "#") || l.neg || l.point {
		return
	}
	if c := l.digits[len(l.digits)-1]; c < '0' || c > '9' {
		l.err = sqlstate.New(sqlstate.InvalidTextRepresentation, "\"%s\" is not a number", l.digits)
		return
	}
	l.out = append(l.out, ordinal([]byte(l.digits), upper)...)
}

func (l *numberLayout) pad() {
	if !l.fill {
		l.out = append(l.out, ' ')
	}
}

func (l *numberLayout) sign() {
	if l.neg {
		l.out = append(l.out, '-')
	} else {
		l.out = append(l.out, '+')
	}
}

// signIf writes the sign, or a blank in its place.
func (l *numberLayout) signIf(show bool) {
	if show {
		l.sign()
	} else {
		l.pad()
	}
}

// endsAtPoint reports that FM shows no decimal at all.
func (l *numberLayout) endsAtPoint() bool {
	return l.last >= 0 && l.last < len(l.digits) && l.digits[l.last] == '.'
}

// bareZero reports that the next digit is the 0 before a point, which 9 does not show.
func (l *numberLayout) bareZero() bool {
	return !l.zero && l.next == 0 && l.digits != "" && l.digits[0] == '0' && l.decimals != 0
}

// place writes a digit place or the point.
func (l *numberLayout) place(key numberKey) {
	l.inside = false
	zeroStart := max(l.zeroStart-1, 0)
	if !l.signed && (l.places >= l.blanks || l.zero && zeroStart == l.places) && (!l.bareZero() || l.endsAtPoint()) {
		l.leadingSign()
	}
	switch {
	case l.places < l.blanks && (zeroStart > l.places || !l.zero):
		l.pad()
	case l.places < l.blanks:
		l.out, l.inside = append(l.out, '0'), true
	default:
		l.digit(key)
	}
	end := l.count
	if l.blanks > 0 {
		end++
	}
	if l.point {
		end++
	}
	if l.last >= 0 && l.last == l.next {
		end = l.places
	}
	if l.places+1 == end {
		switch {
		case l.signed && l.bracket && l.neg:
			l.out = append(l.out, '>')
		case l.signed && l.bracket:
			l.out = append(l.out, ' ')
		case l.anchored && l.anchor == signAfter:
			l.sign()
		}
	}
	l.places++
}

// leadingSign writes the sign before the first digit.
func (l *numberLayout) leadingSign() {
	switch {
	case l.anchored:
		if l.anchor != signBefore {
			return
		}
		l.sign()
	case l.bracket && l.neg:
		l.out = append(l.out, '<')
	case l.bracket:
		l.out = append(l.out, ' ')
	case l.neg:
		l.out = append(l.out, '-')
	default:
		l.pad()
	}
	l.signed = true
}

// digit writes the next digit or the point.
func (l *numberLayout) digit(key numberKey) {
	c := byte(0)
	if l.next < len(l.digits) {
		c = l.digits[l.next]
	}
	switch {
	case c == '.':
		if l.last < 0 || !l.endsAtPoint() || l.fill {
			l.out = append(l.out, '.')
		}
	case l.last >= 0 && l.next > l.last && key != numZero:
	case l.bareZero():
		if !l.fill {
			l.out = append(l.out, ' ')
		} else if l.endsAtPoint() {
			l.out = append(l.out, '0')
		}
	default:
		l.out, l.inside = append(l.out, c), true
	}
	if c != 0 {
		l.next++
	}
}
