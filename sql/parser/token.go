package parser

// tokenKind is the lexical class of a token.
type tokenKind uint8

const (
	// tokEOF ends every token list.
	tokEOF tokenKind = iota
	// tokWord is an unquoted identifier or keyword; text is folded.
	tokWord
	// tokQuotedIdent is "…"; text is the name.
	tokQuotedIdent
	// tokInteger and tokDecimal are numbers; text has no underscores.
	tokInteger
	tokDecimal
	// tokString is any string constant; text is decoded.
	tokString
	// tokBits and tokHex are B'…' and X'…'; text is the digits.
	tokBits
	tokHex
	// tokParam is $n; text is the digits.
	tokParam
	// tokQuestion is ?, a parameter or, between operands, an operator.
	tokQuestion
	// tokOp is an operator.
	tokOp
	// tokPunct is one of ( ) [ ] , ; : . and :: := => ..
	tokPunct
	// tokError stands for text that is no token; lexer.err says why.
	tokError
)

// token is one lexical element with its byte range in the text.
type token struct {
	kind       tokenKind
	start, end int32
	text       string
}

// loc is the token's position for a node.
func (t token) loc() Loc { return Loc(t.start) }

// isWord reports whether t is the unquoted word w (lower case).
func (t token) isWord(w string) bool { return t.kind == tokWord && t.text == w }

// isPunct reports whether t is the punctuation or operator s.
func (t token) isPunct(s string) bool { return t.kind == tokPunct && t.text == s }

// isOp reports whether t is the operator s.
func (t token) isOp(s string) bool { return t.kind == tokOp && t.text == s }

// category is the keyword category of the token; a quoted identifier is never
// a keyword.
func (t token) category() keywordCategory {
	if t.kind != tokWord {
		return notKeyword
	}
	return keywords[t.text]
}

// isName reports whether t may be the name of a column, table or other object.
func (t token) isName() bool {
	if t.kind == tokQuotedIdent {
		return true
	}
	if t.kind != tokWord {
		return false
	}
	c := keywords[t.text]
	return c <= colName
}

// isLabel reports whether t may follow AS, or a point: any word may.
func (t token) isLabel() bool { return t.kind == tokWord || t.kind == tokQuotedIdent }
