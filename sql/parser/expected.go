package parser

import "slices"

// trace records, in a second run over a text with an error, which words and
// signs the grammar would have taken at the tokens around it. The first run
// does not pay for it.
type trace struct {
	// from is the first token index that is recorded.
	from int
	// words has the expectations by token index.
	words map[int][]string
	// operand and name have the token indexes where an expression, or a name,
	// could begin.
	operand, name map[int]bool
	// required is the one word that had to come at the error, or "".
	required string
}

// tracedTokens is how many tokens after the first one are recorded.
const tracedTokens = 8

// newTrace returns a trace for an error at the token with index at: that token
// and the one before are recorded.
func newTrace(at int) *trace {
	return &trace{
		from: at - 1, words: map[int][]string{}, operand: map[int]bool{}, name: map[int]bool{},
	}
}

// has reports whether w would have been taken at token i.
func (tr *trace) has(i int, w string) bool { return slices.Contains(tr.words[i], w) }

// expected notes that w would be taken n tokens ahead.
func (p *parser) expected(n int, w string) {
	if p.trace == nil || p.err != nil {
		return
	}
	if i := p.index() + n; i >= p.trace.from && i <= p.trace.from+tracedTokens {
		p.trace.words[i] = append(p.trace.words[i], w)
	}
}

// required notes that nothing but w could stand here, before the error.
func (p *parser) required(w string) {
	if p.trace != nil && p.err == nil {
		p.trace.required = w
	}
}

// expectedOperand notes that an expression could begin here.
func (p *parser) expectedOperand() {
	if p.trace != nil && p.err == nil && p.index() >= p.trace.from {
		p.trace.operand[p.index()] = true
	}
}

// expectedName notes that a name could stand here.
func (p *parser) expectedName() {
	if p.trace != nil && p.err == nil && p.index() >= p.trace.from {
		p.trace.name[p.index()] = true
	}
}
