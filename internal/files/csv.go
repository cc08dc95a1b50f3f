package files

import (
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// CSVOptions are the options of COPY for its csv and text formats.
type CSVOptions struct {
	// Text is PostgreSQL's text format: no quotes, backslash escapes.
	Text bool
	// Delimiter separates fields; 0 is a comma, or a tab in the text format.
	Delimiter byte
	// Quote and Escape are those of CSV; 0 is a double quote, and the quote itself.
	Quote, Escape byte
	// Null is the unquoted field that means NULL: "" by default, \N in the text format.
	Null string
	// NullSet says that Null was given.
	NullSet bool
	// Header says that the first line names the columns; HeaderSet that it was
	// given. Without it OpenCSV guesses and a reader with given columns takes no header.
	Header, HeaderSet bool
	// Style is how dates, times and intervals are read and written; nil is UTC and ISO.
	Style *types.TextStyle
}

// normalized fills in the defaults and checks the rest.
func (o CSVOptions) normalized() (CSVOptions, error) {
	def := func(b *byte, d byte) {
		if *b == 0 {
			*b = d
		}
	}
	if o.Text {
		def(&o.Delimiter, '\t')
		if !o.NullSet {
			o.Null = `\N`
		}
	} else {
		def(&o.Delimiter, ',')
		def(&o.Quote, '"')
		def(&o.Escape, o.Quote)
	}
	if o.Delimiter == '\n' || o.Delimiter == '\r' || o.Delimiter == o.Quote {
		return o, sqlstate.New(sqlstate.InvalidParameterValue, "COPY delimiter cannot be %q", string(rune(o.Delimiter)))
	}
	return o, nil
}
