package fn

import (
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"htapdb/sql/sqlstate"
)

// numberKey is a pattern of the templates of to_char for numbers.
type numberKey uint8

const (
	numText  numberKey = iota // characters that are copied
	numNine                   // a digit
	numZero                   // a digit that is shown
	numPoint                  // . and D
	numComma                  // , and G
	numCurrency
	numMinus   // MI
	numPlus    // PL
	numSign    // SG
	numAnchor  // S
	numBracket // PR
	numOrdinal // TH
	numRoman
	numShift    // V
	numExponent // EEEE
	numFill     // FM
	numBlank    // B
	numNothing  // C and SP
)

// numberSpecs are the patterns in upper case, longer before shorter. Those of
// one case only are listed so.
var numberSpecs = []struct {
	name string
	key  numberKey
}{
	{"EEEE", numExponent}, {"FM", numFill}, {"MI", numMinus}, {"PL", numPlus}, {"PR", numBracket}, {"RN", numRoman},
	{"SG", numSign}, {"SP", numNothing}, {"TH", numOrdinal}, {"9", numNine}, {"0", numZero}, {",", numComma}, {".", numPoint},
	{"B", numBlank}, {"C", numNothing}, {"D", numPoint}, {"G", numComma}, {"L", numCurrency}, {"S", numAnchor}, {"V", numShift},
}

// numberNode is one pattern, or text.
type numberNode struct {
	key   numberKey
	lower bool
	text  string
}

// signPlace is where S puts the sign.
type signPlace uint8

const (
	noAnchor signPlace = iota
	signBefore
	signAfter
)

// numberTemplate is a parsed template.
type numberTemplate struct {
	source string
	nodes  []numberNode
	// whole and decimals are the digit places before and after the point, shift
	// those after V.
	whole, decimals, shift int
	// zeroStart is the place of the first 0 before the point, from 1; zeroEnd the
	// place of the last one, the decimals counted on.
	zeroStart, zeroEnd int
	signPlaces         int // digit places before S
	anchor             signPlace
	fill               bool // FM
	zero, point        bool
	anchored           bool // S
	minus, plus        bool
	bracket, roman     bool
	shifted, exponent  bool
	blank              bool
}

// lastNumberTemplate is the template that was parsed last.
var lastNumberTemplate atomic.Pointer[numberTemplate]

// parseNumberTemplate reads a template.
//
// Errors: 42601 patterns that exclude each other.
func parseNumberTemplate(source string) (*numberTemplate, error) {
	if t := lastNumberTemplate.Load(); t != nil && t.source == source {
		return t, nil
	}
	t := &numberTemplate{source: source}
	for s := source; s != ""; {
		node, n := matchNumberSpec(s)
		if n == 0 {
			s = t.appendText(s)
			continue
		}
		t.nodes = append(t.nodes, node)
		s = s[n:]
		if err := t.note(node.key); err != nil {
			return nil, err
		}
	}
	lastNumberTemplate.Store(t)
	return t, nil
}

// matchNumberSpec finds the pattern at the start of s; n is its length.
func matchNumberSpec(s string) (node numberNode, n int) {
	for _, spec := range numberSpecs {
		if len(s) < len(spec.name) {
			continue
		}
		switch head := s[:len(spec.name)]; head {
		case spec.name:
			return numberNode{key: spec.key}, len(head)
		case strings.ToLower(spec.name):
			return numberNode{key: spec.key, lower: true}, len(head)
		}
	}
	return node, 0
}

// appendText appends a character, or those in quotes, and returns the rest.
func (t *numberTemplate) appendText(s string) string {
	take := func() {
		_, n := utf8.DecodeRuneInString(s)
		t.nodes = append(t.nodes, numberNode{key: numText, text: s[:n]})
		s = s[n:]
	}
	if s[0] != '"' {
		if strings.HasPrefix(s, `\"`) {
			s = s[1:]
		}
		take()
		return s
	}
	for s = s[1:]; s != ""; {
		if s[0] == '"' {
			return s[1:]
		}
		if s[0] == '\\' && len(s) > 1 {
			s = s[1:]
		}
		take()
	}
	return s
}

func badNumberTemplate(text string) error { return sqlstate.New(sqlstate.SyntaxError, "%s", text) }

// note takes a pattern's effect on the whole.
func (t *numberTemplate) note(key numberKey) error {
	if t.exponent && key != numExponent {
		return badNumberTemplate(`"EEEE" must be the last pattern used`)
	}
	switch key {
	case numNine:
		switch {
		case t.bracket:
			return badNumberTemplate(`"9" must be ahead of "PR"`)
		case t.shifted:
			t.shift++
		case t.point:
			t.decimals++
		default:
			t.whole++
		}
	case numZero:
		if t.bracket {
			return badNumberTemplate(`"0" must be ahead of "PR"`)
		}
		if !t.zero && !t.point {
			t.zero, t.zeroStart = true, t.whole+1
		}
		if t.point {
			t.decimals++
		} else {
			t.whole++
		}
		t.zeroEnd = t.whole + t.decimals
	case numBlank:
		t.blank = t.blank || t.whole == 0 && t.decimals == 0 && !t.zero
	case numPoint:
		if t.point {
			return badNumberTemplate("multiple decimal points")
		}
		if t.shifted {
			return badNumberTemplate(`cannot use "V" and decimal point together`)
		}
		t.point = true
	case numFill:
		t.fill = true
	case numRoman:
		t.roman = true
	case numShift:
		if t.point {
			return badNumberTemplate(`cannot use "V" and decimal point together`)
		}
		t.shifted = true
	case numExponent:
		if t.exponent {
			return badNumberTemplate(`cannot use "EEEE" twice`)
		}
		if t.blank || t.fill || t.anchored || t.bracket || t.minus || t.plus || t.roman || t.shifted {
			return badNumberTemplate(`"EEEE" is incompatible with other formats`)
		}
		t.exponent = true
	default:
		return t.noteSign(key)
	}
	return nil
}

// noteSign is note for the patterns of signs.
func (t *numberTemplate) noteSign(key numberKey) error {
	if t.anchored && (key == numMinus || key == numPlus || key == numSign || key == numBracket) {
		return badNumberTemplate(`cannot use "S" and "PL"/"MI"/"SG"/"PR" together`)
	}
	switch key {
	case numAnchor:
		if t.anchored {
			return badNumberTemplate(`cannot use "S" twice`)
		}
		if t.plus || t.minus || t.bracket {
			return badNumberTemplate(`cannot use "S" and "PL"/"MI"/"SG"/"PR" together`)
		}
		t.anchored = true
		t.anchor, t.signPlaces = signBefore, t.whole
		if t.point {
			t.anchor, t.signPlaces = signAfter, 0
		}
	case numMinus:
		t.minus = true
	case numPlus:
		t.plus = true
	case numSign:
		t.minus, t.plus = true, true
	case numBracket:
		if t.plus || t.minus {
			return badNumberTemplate(`cannot use "PR" and "S"/"PL"/"MI"/"SG" together`)
		}
		t.bracket = true
	}
	return nil
}
