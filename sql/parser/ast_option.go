package parser

import "strings"

// OptionValue is one value in SET, COPY, EXPLAIN, WITH (…): values that name
// settings, not expressions.
type OptionValue struct {
	Loc
	Kind OptionKind
	// Text is the word (folded unless quoted), the string decoded, or the
	// number with its sign.
	Text string
}

// OptionKind is the spelling of an OptionValue.
type OptionKind uint8

// The spellings of an option's value. True, false, on, off and * are words.
const (
	OptionWord OptionKind = iota
	OptionString
	OptionNumber
)

// Option is a named option: FORMAT csv, HEADER, fillfactor = 100.
type Option struct {
	Loc
	// Name is lower case; a dotted name keeps its points.
	Name string
	// Values is empty for an option that was only named, which means true.
	Values []OptionValue
	// List is true when the values were in parentheses: FORCE_QUOTE (a, b).
	List bool
}

// Text returns the text of the option's only value; ok is false when it has
// none or several.
func (o *Option) Text() (text string, ok bool) {
	if len(o.Values) != 1 {
		return "", false
	}
	return o.Values[0].Text, true
}

// Bool reads the option as a Boolean as PostgreSQL does: named alone it is
// true; true, on, 1 and false, off, 0 in any case. Other values are not ok.
func (o *Option) Bool() (value, ok bool) {
	if len(o.Values) == 0 {
		return true, true
	}
	text, ok := o.Text()
	if !ok {
		return false, false
	}
	switch strings.ToLower(text) {
	case "true", "on", "1":
		return true, true
	case "false", "off", "0":
		return false, true
	}
	return false, false
}
